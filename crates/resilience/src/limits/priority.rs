//! How urgent a call is, and how much of a limit calls of that urgency may use.

use std::fmt;

/// How urgent a call is.
///
/// Under a limit the more urgent ones find room that the less urgent ones may not use, and they wait
/// in front of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Priority {
    /// Somebody waits for it and everything hangs on it.
    Critical,
    /// Somebody waits for it.
    #[default]
    Standard,
    /// Nobody waits for it: batches, background work.
    Low,
}

impl Priority {
    /// All priorities, most urgent first.
    pub const ALL: [Self; 3] = [Self::Critical, Self::Standard, Self::Low];

    /// The stable word for it: `critical`, `standard` or `low`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Standard => "standard",
            Self::Low => "low",
        }
    }

    /// The priority with that [name](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Its place among all of them, from 0 for the most urgent.
    pub(crate) const fn rank(self) -> usize {
        match self {
            Self::Critical => 0,
            Self::Standard => 1,
            Self::Low => 2,
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The share of each bucket, in [0, 1], that calls of a priority may fill.
///
/// Shares keep room free rather than throughput: a low call that finds a bucket less than 70 % full goes
/// ahead, so low calls alone can use a limit almost whole.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Shares {
    /// For [`Priority::Critical`]. Default: 1 (resilience.md §2.5).
    pub critical: f64,
    /// For [`Priority::Standard`]. Default: 0.9 (resilience.md §2.5).
    pub standard: f64,
    /// For [`Priority::Low`]. Default: 0.7 (resilience.md §2.5).
    pub low: f64,
}

impl Default for Shares {
    fn default() -> Self {
        Self::new(1.0, 0.9, 0.7)
    }
}

impl Shares {
    /// Shares for critical, standard and low calls; what is not in [0, 1] counts as the nearest end.
    #[must_use]
    pub const fn new(critical: f64, standard: f64, low: f64) -> Self {
        Self {
            critical: critical.clamp(0.0, 1.0),
            standard: standard.clamp(0.0, 1.0),
            low: low.clamp(0.0, 1.0),
        }
    }

    /// The share for one priority.
    #[must_use]
    pub const fn of(&self, priority: Priority) -> f64 {
        match priority {
            Priority::Critical => self.critical,
            Priority::Standard => self.standard,
            Priority::Low => self.low,
        }
    }
}
