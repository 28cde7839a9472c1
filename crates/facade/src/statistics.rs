//! How targets, routes and tasks fared since the start, in figures that fit on a screen.
//!
//! Metrics say the same over time to those who collect them; this is for whoever looks now.
//! Everything is bounded: names are configured ones, histograms have a fixed number of buckets.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use interline_core::{NanoUsd, Usage};

/// Buckets of a histogram: four for each doubling of a tenth of a millisecond, so that a figure is off by at
/// most a fifth, up to about two hours.
const BUCKETS: usize = 104;
const PER_DOUBLING: f64 = 4.0;
const SMALLEST_SECONDS: f64 = 0.0001;

/// Answers before a share of them means anything. Chosen, not measured.
const ENOUGH_ANSWERS: u64 = 20;

/// The share of calls that their first choice should answer, below which somebody should look.
const PRIMARY_HIT_RATE: f64 = 0.95;

/// How targets, routes and tasks fared since the start.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Statistics {
    /// Each target, by provider and model; models that nobody configured are `other`.
    pub targets: Vec<TargetStatistics>,
    /// Each route; calls that name a target or a model are `direct`.
    pub routes: Vec<RouteStatistics>,
    /// What the router decided.
    pub decisions: Vec<DecisionStatistics>,
}

/// How one target fared.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TargetStatistics {
    /// The connection.
    pub provider: String,
    /// The model.
    pub model: String,
    /// Attempts that are over.
    pub attempts: u64,
    /// Those of them that failed, by the code of the failure.
    pub failures: BTreeMap<&'static str, u64>,
    /// Calls that it answered, and how many of those as a fallback.
    pub answers: u64,
    /// See `answers`.
    pub fallback_answers: u64,
    /// How long attempts took, failed ones included.
    pub duration: Percentiles,
    /// How long the first content of streams took.
    pub first_token: Percentiles,
    /// Tokens that answers read, as far as vendors told.
    pub input_tokens: u64,
    /// Tokens that answers wrote, as far as vendors told.
    pub output_tokens: u64,
    /// What answers cost, as far as it is known.
    pub cost: NanoUsd,
}

impl TargetStatistics {
    /// The share of attempts that did not fail; `None` before the first.
    #[must_use]
    pub fn success_rate(&self) -> Option<f64> {
        let failed: u64 = self.failures.values().sum();
        share(self.attempts.saturating_sub(failed), self.attempts)
    }

    /// The share of its answers that it gave as a fallback; `None` before the first.
    #[must_use]
    pub fn fallback_share(&self) -> Option<f64> {
        share(self.fallback_answers, self.answers)
    }
}

/// How one route fared.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RouteStatistics {
    /// The route's name.
    pub name: String,
    /// Calls that were answered.
    pub answers: u64,
    /// Those of them that the first choice answered.
    pub primary_answers: u64,
}

impl RouteStatistics {
    /// The share of answers that came from the first choice; `None` before the first.
    #[must_use]
    pub fn primary_hit_rate(&self) -> Option<f64> {
        share(self.primary_answers, self.answers)
    }

    /// Whether somebody should look: below 95 %, over at least 20 answers.
    #[must_use]
    pub fn is_alarming(&self) -> bool {
        self.answers >= ENOUGH_ANSWERS
            && self
                .primary_hit_rate()
                .is_some_and(|rate| rate < PRIMARY_HIT_RATE)
    }
}

/// What the router decided for one task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecisionStatistics {
    /// The task; `unknown` where nobody could tell.
    pub task: &'static str,
    /// How dear the target is that answered, in a word.
    pub tier: &'static str,
    /// How many calls.
    pub calls: u64,
}

/// Three percentiles of durations; zero before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Percentiles {
    /// Half of them were shorter.
    pub p50: Duration,
    /// 95 % of them were shorter.
    pub p95: Duration,
    /// 99 % of them were shorter.
    pub p99: Duration,
}

/// Collects them.
#[derive(Debug, Default)]
pub(crate) struct Collected(Mutex<Books>);

#[derive(Debug, Default)]
struct Books {
    targets: BTreeMap<(String, String), Figures>,
    routes: BTreeMap<String, RouteStatistics>,
    decisions: BTreeMap<(&'static str, &'static str), u64>,
}

#[derive(Debug, Default)]
struct Figures {
    so_far: TargetStatistics,
    duration: Histogram,
    first_token: Histogram,
}

/// An answer, in names that may be labels.
pub(crate) struct Answered<'a> {
    pub(crate) provider: &'a str,
    pub(crate) model: String,
    pub(crate) route: String,
    pub(crate) is_fallback: bool,
    /// The task and the tier, where the router chose.
    pub(crate) decision: Option<(&'static str, &'static str)>,
}

impl Collected {
    pub(crate) fn attempt(
        &self,
        provider: &str,
        model: String,
        duration: Duration,
        failure: Option<&'static str>,
    ) {
        let mut books = self.books();
        let figures = books.target(provider, model);
        figures.so_far.attempts += 1;
        figures.duration.note(duration);
        if let Some(code) = failure {
            *figures.so_far.failures.entry(code).or_default() += 1;
        }
    }

    pub(crate) fn first_token(&self, provider: &str, model: String, after: Duration) {
        self.books().target(provider, model).first_token.note(after);
    }

    pub(crate) fn answered(&self, answer: Answered<'_>) {
        let mut books = self.books();
        let fallbacks = u64::from(answer.is_fallback);
        let figures = books.target(answer.provider, answer.model);
        figures.so_far.answers += 1;
        figures.so_far.fallback_answers += fallbacks;
        let route = books.routes.entry(answer.route).or_default();
        route.answers += 1;
        route.primary_answers += 1 - fallbacks;
        if let Some(decision) = answer.decision {
            *books.decisions.entry(decision).or_default() += 1;
        }
    }

    pub(crate) fn used(&self, provider: &str, model: String, usage: &Usage, cost: Option<NanoUsd>) {
        let mut books = self.books();
        let figures = &mut books.target(provider, model).so_far;
        let add = |sum: u64, tokens: Option<u64>| sum.saturating_add(tokens.unwrap_or(0));
        figures.input_tokens = add(figures.input_tokens, usage.input_tokens);
        figures.output_tokens = add(figures.output_tokens, usage.output_tokens);
        figures.cost = figures.cost + cost.unwrap_or_default();
    }

    pub(crate) fn report(&self) -> Statistics {
        let books = self.books();
        let target = |((provider, model), figures): (&(String, String), &Figures)| {
            let mut one = figures.so_far.clone();
            one.provider.clone_from(provider);
            one.model.clone_from(model);
            one.duration = figures.duration.percentiles();
            one.first_token = figures.first_token.percentiles();
            one
        };
        let route = |(name, figures): (&String, &RouteStatistics)| {
            let mut one = figures.clone();
            one.name.clone_from(name);
            one
        };
        let decision =
            |((task, tier), calls): (&(&'static str, &'static str), &u64)| DecisionStatistics {
                task,
                tier,
                calls: *calls,
            };
        Statistics {
            targets: books.targets.iter().map(target).collect(),
            routes: books.routes.iter().map(route).collect(),
            decisions: books.decisions.iter().map(decision).collect(),
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // A panic under the lock leaves sums of whole steps behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn target(&mut self, provider: &str, model: String) -> &mut Figures {
        self.targets
            .entry((provider.to_owned(), model))
            .or_default()
    }
}

#[derive(Debug)]
struct Histogram {
    buckets: [u64; BUCKETS],
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            buckets: [0; BUCKETS],
            total: 0,
        }
    }
}

impl Histogram {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a logarithm of a duration is small, and negative ones become the first bucket"
    )]
    fn note(&mut self, duration: Duration) {
        let doublings = (duration.as_secs_f64() / SMALLEST_SECONDS).log2();
        let bucket = (doublings * PER_DOUBLING).max(0.0) as usize;
        if let Some(count) = self.buckets.get_mut(bucket.min(BUCKETS - 1)) {
            *count += 1;
            self.total += 1;
        }
    }

    fn percentiles(&self) -> Percentiles {
        Percentiles {
            p50: self.below(50),
            p95: self.below(95),
            p99: self.below(99),
        }
    }

    /// The upper bound of the bucket in which that percentile lies.
    fn below(&self, percent: u64) -> Duration {
        if self.total == 0 {
            return Duration::ZERO;
        }
        let rank = (self.total * percent).div_ceil(100);
        let mut seen = 0;
        let mut bound = SMALLEST_SECONDS;
        for count in self.buckets {
            bound *= (1.0 / PER_DOUBLING).exp2();
            seen += count;
            if seen >= rank {
                break;
            }
        }
        Duration::from_secs_f64(bound)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share to look at: 52 bits of a count are plenty"
)]
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(millis: impl Iterator<Item = u64>, p50: f64, p99: f64) {
        let mut histogram = Histogram::default();
        for one in millis {
            histogram.note(Duration::from_millis(one));
        }
        let found = histogram.percentiles();
        let near = |found: Duration, wanted: f64| {
            let ratio = found.as_secs_f64() * 1000.0 / wanted;
            assert!((0.99..=1.2).contains(&ratio), "{found:?} for {wanted} ms");
        };
        near(found.p50, p50);
        near(found.p99, p99);
    }

    #[test]
    fn percentiles_are_off_by_at_most_a_fifth() {
        check(1..=100, 50.0, 99.0);
        check(std::iter::repeat_n(7, 5), 7.0, 7.0);
        check((0..98).map(|_| 10).chain([900, 900]), 10.0, 900.0);
        assert_eq!(Histogram::default().percentiles(), Percentiles::default());
    }

    #[test]
    fn extremes_have_a_bucket() {
        let mut histogram = Histogram::default();
        histogram.note(Duration::ZERO);
        histogram.note(Duration::MAX);
        assert_eq!(histogram.total, 2);
    }

    #[test]
    fn a_route_alarms_below_its_rate_and_not_before_it_means_anything() {
        let route = |answers, primary_answers| RouteStatistics {
            answers,
            primary_answers,
            ..RouteStatistics::default()
        };
        assert!(!route(0, 0).is_alarming());
        assert!(!route(19, 0).is_alarming());
        assert!(route(100, 94).is_alarming());
        assert!(!route(100, 95).is_alarming());
    }
}
