//! How targets are doing, as the balancer sees it.

use std::time::Duration;

use crate::Target;

/// A view on the health of targets: fast, lock-free for readers, never asynchronous.
pub trait HealthView: Send + Sync {
    /// How `target` is doing now. A target that was never called is well.
    fn health(&self, target: &Target) -> TargetHealth;
}

/// How a target is doing.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct TargetHealth {
    /// How long until calls are allowed again; `None` where they are allowed now.
    pub closed_for: Option<Duration>,
    /// Failures in the recent window.
    pub recent_failures: u32,
    /// The share of calls that a target gets while it recovers, 0–1; 1 where it is not recovering, and 0
    /// where it is out of service or, if calls are allowed, a single call may find out whether it is back.
    pub share: f32,
    /// How busy it is, how fast it answers, and how much room its limits leave.
    pub load: TargetLoad,
}

impl Default for TargetHealth {
    fn default() -> Self {
        Self::available(0)
    }
}

impl TargetHealth {
    /// A target that may be called.
    #[must_use]
    pub const fn available(recent_failures: u32) -> Self {
        Self {
            closed_for: None,
            recent_failures,
            share: 1.0,
            load: TargetLoad::UNKNOWN,
        }
    }

    /// A target that is skipped for a while.
    #[must_use]
    pub const fn closed_for(duration: Duration, recent_failures: u32) -> Self {
        Self {
            closed_for: Some(duration),
            recent_failures,
            share: 0.0,
            load: TargetLoad::UNKNOWN,
        }
    }

    /// Says that it recovers, and which share of the calls it gets, 0–1.
    #[must_use]
    pub const fn with_share(mut self, share: f32) -> Self {
        self.share = share;
        self
    }

    /// Says how busy and how fast it is.
    #[must_use]
    pub const fn with_load(mut self, load: TargetLoad) -> Self {
        self.load = load;
        self
    }

    /// Whether calls are allowed now.
    #[must_use]
    pub const fn is_available(&self) -> bool {
        self.closed_for.is_none()
    }
}

/// How busy a target is, how fast it answers, and how much room its limits leave for one more call.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct TargetLoad {
    /// Calls under way, over all routes.
    pub in_flight: u32,
    /// Whether it ever answered, or failed in a way that speaks of its health.
    pub history: History,
    /// How long the first sign of an answer takes, in seconds, as a moving average that follows a rise
    /// at once; failures count as slow answers. `None` where nothing is known.
    pub latency: Option<Faded>,
    /// Failures per call of late, 0–1. `None` where nothing is known.
    pub errors: Option<Faded>,
    /// How full the fullest of its limits would be with one more call: 1 is all of it, more is debt.
    /// `None` where nothing is limited.
    pub used: Option<f32>,
    /// How long its limits have no room for one more call; `None` where they have room now.
    pub limited_for: Option<Duration>,
}

impl TargetLoad {
    /// Nothing is known, and nobody calls.
    pub const UNKNOWN: Self = Self {
        in_flight: 0,
        history: History::None,
        latency: None,
        errors: None,
        used: None,
        limited_for: None,
    };

    /// Says how many calls are under way.
    #[must_use]
    pub const fn with_in_flight(mut self, calls: u32) -> Self {
        self.in_flight = calls;
        self
    }

    /// Says that results are known.
    #[must_use]
    pub const fn with_history(mut self, history: History) -> Self {
        self.history = history;
        self
    }

    /// Says how fast it answers, in seconds.
    #[must_use]
    pub const fn with_latency(mut self, latency: Option<Faded>) -> Self {
        self.latency = latency;
        self
    }

    /// Says how often it failed of late, 0–1.
    #[must_use]
    pub const fn with_errors(mut self, errors: Option<Faded>) -> Self {
        self.errors = errors;
        self
    }

    /// Says how full its limits would be with one more call, and how long there is no room for one.
    #[must_use]
    pub const fn with_limits(mut self, used: Option<f32>, limited_for: Option<Duration>) -> Self {
        self.used = used;
        self.limited_for = limited_for;
        self
    }
}

/// Whether anything is known of how a target does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum History {
    /// Nobody heard from it yet.
    #[default]
    None,
    /// It answered or failed before.
    Some,
}

/// A figure that is worth less the older it is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Faded {
    /// The figure when it was last seen.
    pub value: f32,
    /// How much it is still worth, 0–1: 1 just now.
    pub freshness: f32,
}

impl Faded {
    /// A figure with what it is still worth, 0–1.
    #[must_use]
    pub const fn new(value: f32, freshness: f32) -> Self {
        Self { value, freshness }
    }

    /// The figure, drawn towards `usual` as far as it is no longer fresh.
    #[must_use]
    pub fn or_usual(self, usual: f32) -> f32 {
        usual + (self.value - usual) * self.freshness
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_fades_into_the_usual_one() {
        assert_eq!(Faded::new(5.0, 1.0).or_usual(1.0), 5.0);
        assert_eq!(Faded::new(5.0, 0.5).or_usual(1.0), 3.0);
        assert_eq!(Faded::new(5.0, 0.0).or_usual(1.0), 1.0);
    }

    #[test]
    fn a_target_of_which_nothing_is_known_gets_all_its_calls() {
        let health = TargetHealth::default();
        assert!(health.is_available());
        assert_eq!(health.share, 1.0);
        assert_eq!(health.load.history, History::None);
    }
}
