//! What one scenario of the sockets tier saw, counted and found.

use std::fmt;
use std::time::Duration;

use super::stage::{Called, Ended};

/// What came of one scenario.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SocketReport {
    /// The scenario's name.
    pub name: &'static str,
    /// Calls through the engine.
    pub requests: u64,
    /// Calls that were answered whole.
    pub successes: u64,
    /// Attempts of all calls.
    pub attempts: u64,
    /// Faults that took effect, by the vendors' own count.
    pub faults_fired: u64,
    /// What was checked.
    pub findings: Vec<Finding>,
    /// What the client saw of each fault.
    pub seen: Vec<Seen>,
    durations: Vec<Duration>,
}

/// One thing that was checked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Finding {
    /// The invariant in `docs/resilience.md`, such as `I18`, or `seen` for what the scenario itself expects.
    pub invariant: &'static str,
    /// How often it was checked.
    pub checked: u64,
    /// What broke it; empty where it held.
    pub breaches: Vec<String>,
}

/// What the client saw of one fault.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Seen {
    /// The fault and the kind of call.
    pub fault: String,
    /// The first attempt's error, or that there was none.
    pub attempt: String,
    /// How the call ended.
    pub ended: String,
}

/// Breaches that a finding lists; the rest is only counted, so that a report stays readable.
const LISTED_BREACHES: usize = 20;

impl SocketReport {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }

    /// Whether every check held.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.breaches.is_empty())
    }

    /// The breaches of all checks, each with its invariant.
    #[must_use]
    pub fn breaches(&self) -> Vec<String> {
        let findings = self.findings.iter();
        let named = |finding: &Finding| -> Vec<String> {
            let name = finding.invariant;
            let breaches = finding.breaches.iter();
            breaches.map(|breach| format!("{name}: {breach}")).collect()
        };
        findings.flat_map(named).collect()
    }

    /// The time below which half of the calls ended; zero without a call.
    #[must_use]
    pub fn p50(&self) -> Duration {
        self.percentile(50)
    }

    /// The time below which 99 of 100 calls ended; zero without a call.
    #[must_use]
    pub fn p99(&self) -> Duration {
        self.percentile(99)
    }

    fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.durations.clone();
        sorted.sort_unstable();
        let place = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
        sorted.get(place).copied().unwrap_or_default()
    }

    /// Counts a call.
    pub(super) fn count(&mut self, called: &Called) {
        self.requests += 1;
        self.attempts += called.attempts.len() as u64;
        self.successes += u64::from(matches!(called.ended, Ended::Whole { .. }));
        self.durations.push(called.duration);
    }

    /// Notes what the client saw.
    pub(super) fn saw(&mut self, fault: impl Into<String>, called: &Called) {
        self.seen.push(Seen {
            fault: fault.into(),
            attempt: called.first_error().map_or("answered".to_owned(), shown),
            ended: called.ended.to_string(),
        });
    }

    /// Notes what a row of many calls showed.
    pub(super) fn note(&mut self, fault: String, attempt: String, ended: &str) {
        self.seen.push(Seen {
            fault,
            attempt,
            ended: ended.to_owned(),
        });
    }

    /// Adds what another report of the same scenario has.
    pub(super) fn absorb(&mut self, other: Self) {
        self.requests += other.requests;
        self.successes += other.successes;
        self.attempts += other.attempts;
        self.faults_fired += other.faults_fired;
        self.durations.extend(other.durations);
        self.seen.extend(other.seen);
        for finding in other.findings {
            for _ in finding.breaches.len() as u64..finding.checked {
                self.check(finding.invariant, None);
            }
            for breach in finding.breaches {
                self.check(finding.invariant, Some(breach));
            }
        }
    }

    /// Notes a check of an invariant; `breach` says what broke it.
    pub(super) fn check(&mut self, invariant: &'static str, breach: Option<String>) {
        let known = self
            .findings
            .iter()
            .position(|finding| finding.invariant == invariant);
        let place = known.unwrap_or_else(|| {
            self.findings.push(Finding {
                invariant,
                checked: 0,
                breaches: Vec::new(),
            });
            self.findings.len() - 1
        });
        let Some(finding) = self.findings.get_mut(place) else {
            return;
        };
        finding.checked += 1;
        if finding.breaches.len() < LISTED_BREACHES {
            finding.breaches.extend(breach);
        }
    }
}

/// Kind, phase and the answers that follow from an error.
pub(super) fn shown(error: &interline_core::Error) -> String {
    let billed = if error.maybe_billed() {
        ", maybe billed"
    } else {
        ""
    };
    let fault = error
        .connection_fault()
        .map_or(String::new(), |fault| format!("/{fault:?}"));
    format!(
        "{}{fault} {:?}, health {:?}{billed}",
        error.kind(),
        error.phase(),
        error.health_impact()
    )
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} | {} | {}", self.fault, self.attempt, self.ended)
    }
}
