//! What one scenario of the process tier counted and checked.

use std::fmt;
use std::time::Duration;

/// What came of one scenario.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ProcessReport {
    /// Calls to the gateway.
    pub requests: u64,
    /// Calls that were answered whole.
    pub successes: u64,
    /// Attempts that vendors received for them.
    pub attempts: u64,
    /// Faults that took effect.
    pub faults_fired: u64,
    /// What was checked.
    pub checks: Vec<Check>,
    durations: Vec<Duration>,
}

/// A figure that was held against a limit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Check {
    /// The invariant in `docs/resilience.md`, such as `I18`; `seen` for what the scenario itself expects; `control` for
    /// a negative control, which shows that a check can fail.
    pub invariant: &'static str,
    /// What was measured.
    pub what: String,
    /// The figure.
    pub figure: f64,
    /// What it is held against.
    pub limit: f64,
    /// How it has to relate to the limit.
    pub relation: Relation,
}

/// How a figure has to relate to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Relation {
    /// Not above it.
    AtMost,
    /// Not below it.
    AtLeast,
    /// The same whole number.
    Exactly,
}

impl Check {
    /// Whether it held.
    #[must_use]
    pub fn is_held(&self) -> bool {
        match self.relation {
            Relation::AtMost => self.figure <= self.limit,
            Relation::AtLeast => self.figure >= self.limit,
            Relation::Exactly => (self.figure - self.limit).abs() < 0.5,
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let relation = match self.relation {
            Relation::AtMost => "at most",
            Relation::AtLeast => "at least",
            Relation::Exactly => "exactly",
        };
        let Self {
            invariant,
            what,
            figure,
            limit,
            ..
        } = self;
        let digits = |value: f64| if value.fract() == 0.0 { 0 } else { 3 };
        let (a, b) = (digits(*figure), digits(*limit));
        write!(
            f,
            "{invariant}: {what}: {figure:.a$} ({relation} {limit:.b$})"
        )
    }
}

impl ProcessReport {
    /// Whether every check held.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.checks.iter().all(Check::is_held)
    }

    /// The time below which half of the calls ended; zero without a call.
    #[must_use]
    pub fn p50(&self) -> Duration {
        percentile(&self.durations, 50)
    }

    /// The time below which 99 of 100 calls ended; zero without a call.
    #[must_use]
    pub fn p99(&self) -> Duration {
        percentile(&self.durations, 99)
    }

    pub(super) fn took(&mut self, duration: Duration) {
        self.durations.push(duration);
    }

    pub(super) fn at_most(
        &mut self,
        invariant: &'static str,
        what: impl Into<String>,
        figure: f64,
        limit: f64,
    ) {
        self.check(invariant, what, figure, limit, Relation::AtMost);
    }

    pub(super) fn at_least(
        &mut self,
        invariant: &'static str,
        what: impl Into<String>,
        figure: f64,
        limit: f64,
    ) {
        self.check(invariant, what, figure, limit, Relation::AtLeast);
    }

    pub(super) fn exactly(
        &mut self,
        invariant: &'static str,
        what: impl Into<String>,
        figure: usize,
        expected: usize,
    ) {
        let (figure, expected) = (figure as f64, expected as f64);
        self.check(invariant, what, figure, expected, Relation::Exactly);
    }

    /// Counts faults that fired, and checks that they did.
    pub(super) fn fired(&mut self, what: impl Into<String>, times: usize, at_least: usize) {
        self.faults_fired += times as u64;
        let what = format!("faults fired: {}", what.into());
        self.at_least("I26", what, times as f64, at_least as f64);
    }

    fn check(
        &mut self,
        invariant: &'static str,
        what: impl Into<String>,
        figure: f64,
        limit: f64,
        relation: Relation,
    ) {
        self.checks.push(Check {
            invariant,
            what: what.into(),
            figure,
            limit,
            relation,
        });
    }
}

/// The value below which so many of a hundred lie; zero where there is none.
pub(super) fn percentile(values: &[Duration], percent: usize) -> Duration {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let place = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_held_against_their_limits() {
        let mut report = ProcessReport::default();
        report.at_most("I1", "lost", 0.0, 0.0);
        report.at_least("I6", "success", 0.9995, 0.999);
        report.exactly("seen", "calls", 3, 3);
        assert!(report.is_passed());
        report.fired("signals", 0, 1);
        assert!(!report.is_passed());
        let said = report.checks.last().map(ToString::to_string);
        assert_eq!(
            said.as_deref(),
            Some("I26: faults fired: signals: 0 (at least 1)")
        );
    }
}
