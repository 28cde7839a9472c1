//! What a breaker is told and what it tells: verdicts, tickets, changes.

use std::time::Duration;

use super::status::Mode;

/// How an admitted request ended, as far as the target's health goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The target did its work; a refusal on the ground of content is work too.
    Success {
        /// How long the first token took, where there was one.
        first_token: Option<Duration>,
    },
    /// The target failed.
    Failure {
        /// How.
        cause: Cause,
        /// How long the vendor asked to wait, where it did.
        retry_after: Option<Duration>,
    },
    /// Nothing was learnt about the target: cancelled, rate limited, the caller's mistake, our own.
    Ignored,
}

impl Verdict {
    /// A success of which no first token is known.
    pub const SUCCESS: Self = Self::Success { first_token: None };

    /// A failure that the target or the connection reported.
    pub const ERROR: Self = Self::Failure {
        cause: Cause::Error,
        retry_after: None,
    };

    /// A request given up because [`Breaker::stalled`](super::Breaker::stalled) said so.
    pub const STALL: Self = Self::Failure {
        cause: Cause::Stall,
        retry_after: None,
    };
}

/// How a target failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// With an error, a broken answer or a timeout.
    Error,
    /// By having too much to do. Counts half: it answers, and asks for less rather than for nothing.
    Overload,
    /// By silence towards everybody. Younger requests have not had the time to fail yet, so they are
    /// not held against it.
    Stall,
}

/// Which rule tripped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Trip {
    /// So many failures within a window.
    Count,
    /// More failures in a row than chance explains.
    Streak,
    /// Too large a share of failures.
    Ratio,
    /// Too large a share of slow successes.
    Slow,
    /// More failures than others have.
    Outlier,
    /// Probes failed.
    Probe,
}

impl Trip {
    /// The stable snake_case code that users and metrics see.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Streak => "streak",
            Self::Ratio => "ratio",
            Self::Slow => "slow",
            Self::Outlier => "outlier",
            Self::Probe => "probe",
        }
    }
}

/// A target is treated otherwise from now on.
///
/// Times that simply run out are not told: nothing runs in the background that could.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// It is out of service.
    Opened {
        /// Why.
        trip: Trip,
        /// For how long at least.
        duration: Duration,
    },
    /// It stays out of service for longer, because the vendor asked for it.
    Extended {
        /// For how long from now.
        duration: Duration,
    },
    /// Requests find out whether it is back.
    Probing,
    /// It is back.
    Closed {
        /// How long until it gets its full share; zero for at once.
        ramp: Duration,
    },
    /// It gets a small share of the requests.
    Degraded {
        /// Why.
        trip: Trip,
    },
    /// Somebody decided instead of the breaker, or left it to the breaker again.
    Forced(Mode),
}

/// What an admitted request remembers: plain data, settled once through
/// [`Breaker::settle`](super::Breaker::settle).
#[derive(Clone, Copy, Debug)]
#[must_use = "a ticket that is never settled holds a probe's place until its lease is over"]
pub struct BreakerTicket {
    /// The how-manyth request it is.
    pub(crate) sequence: u64,
    /// When it was sent, in nanoseconds since the circuit's origin.
    pub(crate) sent_nanos: u64,
    /// Decides the jitter, should this request trip the breaker.
    pub(crate) draw: f64,
    pub(crate) period: u32,
    pub(crate) role: Role,
    pub(crate) change: Option<Change>,
}

impl BreakerTicket {
    /// Whether this request finds out if the target is back: prefer a cheap one.
    #[must_use]
    pub fn is_probe(&self) -> bool {
        self.role == Role::Probe
    }

    /// Whether this request was let through although its target is out of service: no retry.
    #[must_use]
    pub fn is_last_resort(&self) -> bool {
        self.role == Role::LastResort
    }

    /// What admitting this request changed.
    #[must_use]
    pub const fn change(&self) -> Option<Change> {
        self.change
    }
}

/// Why a request was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Ordinary,
    /// It holds a lease.
    Probe,
    LastResort,
}
