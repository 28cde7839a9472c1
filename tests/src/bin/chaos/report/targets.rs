//! What the project set out to reach, beside what was reached: some scenarios' figures, with their targets.

use super::document::{Document, Summary};
use super::markdown::percent;

/// A target and its figure.
#[derive(Debug)]
pub(crate) struct Row {
    /// Which scenario.
    pub(crate) scenario: &'static str,
    /// What is measured.
    pub(crate) what: &'static str,
    /// What it should be.
    pub(crate) target: String,
    /// What it is.
    pub(crate) figure: String,
    /// Whether that is as it should be.
    pub(crate) is_held: bool,
}

/// Which figure of a scenario, and the limit that was set for it.
#[derive(Clone, Copy, Debug)]
enum Target {
    /// At least this share of calls is answered in the storm.
    Success(f64),
    /// At most so many attempts per call of the storm.
    Attempts(f64),
    /// Open within so many milliseconds.
    Open(f64),
    /// At most so many milliseconds lost before the attempt that answers, p99.
    Added(f64),
    /// Failures come within so many milliseconds, p99.
    Failure(f64),
    /// All calls from 15 s after the heal are answered.
    Healed(f64),
}

const TARGETS: [(&str, Target); 12] = [
    ("one-down-reset", Target::Success(0.999)),
    ("one-down-reset", Target::Attempts(1.05)),
    ("one-down-reset", Target::Open(1_000.0)),
    ("one-down-reset", Target::Added(50.0)),
    ("one-blackhole", Target::Success(0.999)),
    ("one-blackhole", Target::Open(5_000.0)),
    ("uniform-20", Target::Success(0.93)),
    ("uniform-20", Target::Attempts(1.20)),
    ("total-outage", Target::Attempts(0.3)),
    ("total-outage", Target::Failure(5.0)),
    ("total-outage", Target::Healed(1.0)),
    ("one-down-reset", Target::Healed(1.0)),
];

/// The targets whose scenarios were played.
pub(crate) fn of(document: &Document) -> Vec<Row> {
    let row = |(name, target): &(&'static str, Target)| {
        let played = document.summary.iter().find(|row| row.name == *name)?;
        Some(target.row(name, played))
    };
    TARGETS.iter().filter_map(row).collect()
}

impl Target {
    fn row(self, scenario: &'static str, played: &Summary) -> Row {
        let share = |what, limit: f64, value: f64| Row {
            scenario,
            what,
            target: format!("≥ {}", percent(limit)),
            figure: percent(value),
            is_held: value >= limit,
        };
        let times = |what, limit: f64, value: f64| Row {
            scenario,
            what,
            target: format!("≤ {limit:.2}×"),
            figure: format!("{value:.3}×"),
            is_held: value <= limit,
        };
        let millis = |what, limit: f64, value: Option<f64>| Row {
            scenario,
            what,
            target: format!("≤ {limit:.0} ms"),
            figure: value.map_or_else(|| "never".to_owned(), |value| format!("{value:.0} ms")),
            is_held: value.is_some_and(|value| value <= limit),
        };
        match self {
            Self::Success(limit) => share("success", limit, played.success_rate),
            Self::Attempts(limit) => times("attempts per call", limit, played.amplification),
            Self::Open(limit) => millis("time to open", limit, played.time_to_open_ms),
            Self::Added(limit) => {
                millis("added by failover, p99", limit, Some(played.added_p99_ms))
            }
            Self::Failure(limit) => {
                millis("time to an error, p99", limit, Some(played.failure_p99_ms))
            }
            Self::Healed(limit) => share(
                "success from 15 s after the heal",
                limit,
                played.success_after_heal,
            ),
        }
    }
}
