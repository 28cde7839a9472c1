//! How much of a limit calls of a priority may use.

pub use interline_core::Priority;

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
            // What is not known to be more urgent is the least urgent.
            _ => self.low,
        }
    }
}
