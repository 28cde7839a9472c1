//! What is remembered of one attempt: enough to explain it, never a vendor's words or a secret.

use std::time::Duration;

use crate::{ErrorKind, Target};

/// One attempt that failed, or that answered where `kind` is `None`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AttemptRecord {
    /// Where it went.
    pub target: Target,
    /// How it failed; `None` where it answered.
    pub kind: Option<ErrorKind>,
    /// The vendor's HTTP status, where there was one.
    pub status: Option<u16>,
    /// How long it took.
    pub duration: Duration,
    /// Whether the vendor may charge for it although nobody got its answer.
    pub maybe_billed: bool,
    /// Whether it was made beside another one that stayed silent, to answer sooner.
    pub is_hedge: bool,
}

impl AttemptRecord {
    /// An attempt at `target` that took `duration` and answered.
    #[must_use]
    pub const fn answered(target: Target, duration: Duration) -> Self {
        Self {
            target,
            kind: None,
            status: None,
            duration,
            maybe_billed: false,
            is_hedge: false,
        }
    }

    /// An attempt at `target` that took `duration` and failed with `error`.
    #[must_use]
    pub fn failed(target: Target, duration: Duration, error: &crate::Error) -> Self {
        Self {
            target,
            kind: Some(error.kind()),
            status: error.status(),
            duration,
            maybe_billed: error.maybe_billed(),
            is_hedge: false,
        }
    }

    /// Says that it was made beside another one that stayed silent.
    #[must_use]
    pub const fn as_hedge(mut self) -> Self {
        self.is_hedge = true;
        self
    }
}
