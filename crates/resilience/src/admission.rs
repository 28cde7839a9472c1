//! May this target be called now? The place where breakers, limiters and budgets plug in.
//!
//! An admission is asked before every attempt and told how the attempt ended, through a [`Permit`]
//! that settles exactly once, even where the caller goes away.
//! It is synchronous: a decision reads state that is already there and never waits.

use std::fmt;
use std::time::Duration;

use interline_core::{Error, Target};
use tokio::time::Instant;

/// Decides before every attempt whether a target may be called.
pub trait Admission: fmt::Debug + Send + Sync {
    /// Asks for a permit to call `target` now.
    fn admit(&self, target: &Target, now: Instant) -> Admit;

    /// Gives a permit although [`Admission::admit`] refused.
    ///
    /// The engine asks for it at most once in a call, for the least bad target, where nobody else is
    /// left: ill health must never strand a caller.
    fn admit_anyway(&self, target: &Target, now: Instant) -> Permit;
}

/// The answer of an [`Admission`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Admit {
    /// Go ahead, and settle the permit.
    Go(Permit),
    /// Not now.
    Skip(Skip),
}

/// Why a target is passed over, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Skip {
    /// Why.
    pub reason: SkipReason,
    /// How long until asking again makes sense.
    pub retry_in: Duration,
}

impl Skip {
    /// Passes over for `reason` during `retry_in`.
    #[must_use]
    pub const fn new(reason: SkipReason, retry_in: Duration) -> Self {
        Self { reason, retry_in }
    }
}

/// Why a target is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SkipReason {
    /// It failed too often lately.
    Unhealthy,
    /// It failed too often, and another call is just finding out whether it is back.
    Probing,
    /// The vendor asked to wait, and the time is not over. Never overridden: it is not ill.
    Paused,
    /// The vendor refuses the credential.
    Credential,
}

impl SkipReason {
    /// The stable snake_case code that users and metrics see.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unhealthy => "unhealthy",
            Self::Probing => "probing",
            Self::Paused => "paused",
            Self::Credential => "credential",
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// How an admitted attempt ended.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Outcome<'a> {
    /// It answered; for a stream: up to its terminal event.
    Success,
    /// It failed; the error says whose health that speaks of.
    Failure(&'a Error),
    /// The caller went away first; this says nothing about the target.
    Cancelled,
}

/// What an [`Admission`] keeps inside a [`Permit`] to learn how the attempt ended.
pub trait Lease: fmt::Debug + Send + Sync {
    /// Takes note of the end; called exactly once.
    fn settle(self: Box<Self>, outcome: Outcome<'_>, now: Instant);
}

/// The right to make one attempt.
///
/// Dropped without [`Permit::settle`], it reports [`Outcome::Cancelled`].
#[derive(Debug)]
#[must_use = "a dropped permit counts as a cancelled attempt"]
pub struct Permit {
    lease: Option<Box<dyn Lease>>,
}

impl Permit {
    /// A permit that tells `lease` how the attempt ended.
    pub fn new(lease: impl Lease + 'static) -> Self {
        Self {
            lease: Some(Box::new(lease)),
        }
    }

    /// A permit whose end nobody wants to know.
    pub const fn unobserved() -> Self {
        Self { lease: None }
    }

    /// Reports how the attempt ended.
    pub fn settle(mut self, outcome: Outcome<'_>, now: Instant) {
        if let Some(lease) = self.lease.take() {
            lease.settle(outcome, now);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(lease) = self.lease.take() {
            lease.settle(Outcome::Cancelled, Instant::now());
        }
    }
}

/// Lets every attempt through: no breaker.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlwaysAdmit;

impl Admission for AlwaysAdmit {
    fn admit(&self, _: &Target, _: Instant) -> Admit {
        Admit::Go(Permit::unobserved())
    }

    fn admit_anyway(&self, _: &Target, _: Instant) -> Permit {
        Permit::unobserved()
    }
}
