//! How targets are doing, as the balancer sees it.

use std::time::Duration;

use crate::Target;

/// A view on the health of targets: fast, lock-free for readers, never asynchronous.
pub trait HealthView: Send + Sync {
    /// How `target` is doing now. A target that was never called is well.
    fn health(&self, target: &Target) -> TargetHealth;
}

/// How a target is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct TargetHealth {
    /// How long until calls are allowed again; `None` where they are allowed now.
    pub closed_for: Option<Duration>,
    /// Failures in the recent window.
    pub recent_failures: u32,
}

impl TargetHealth {
    /// A target that may be called.
    #[must_use]
    pub const fn available(recent_failures: u32) -> Self {
        Self {
            closed_for: None,
            recent_failures,
        }
    }

    /// A target that is skipped for a while.
    #[must_use]
    pub const fn closed_for(duration: Duration, recent_failures: u32) -> Self {
        Self {
            closed_for: Some(duration),
            recent_failures,
        }
    }

    /// Whether calls are allowed now.
    #[must_use]
    pub const fn is_available(&self) -> bool {
        self.closed_for.is_none()
    }
}
