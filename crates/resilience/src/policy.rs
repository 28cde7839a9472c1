//! How hard to try: attempt caps, retry counts, backoff, timeouts.
//!
//! Defaults follow the project's contract page where it names a number, and the official vendor
//! SDKs (read 2026) where it does not; each field says which.

use std::time::Duration;

use interline_core::ErrorKind;

use crate::HedgePolicy;

/// How hard to try for one call.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AttemptPolicy {
    /// Attempts over all targets together, at least 1; a hedge comes on top. Default: the number of
    /// candidates, at least 3 (contract).
    pub max_attempts: Option<u32>,
    /// Retries on one target, used only where no other target is free. Default: 1 (contract).
    pub same_target: u32,
    /// Retries on one target per kind of failure.
    pub retries: RetryCounts,
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// Pauses before the same target is asked again.
    pub backoff: Backoff,
    /// The longest announced wait that is sat out. Default: 10 s (chosen, not measured): longer than
    /// that, a caller is better served by the error and its delay.
    pub short_wait: Duration,
    /// When a second attempt sets out beside a silent one; `None` for never. Default: never, because
    /// it costs money. Needs [`Call::with_memory`](crate::Call::with_memory).
    pub hedge: Option<HedgePolicy>,
}

impl Default for AttemptPolicy {
    fn default() -> Self {
        Self {
            max_attempts: None,
            same_target: 1,
            retries: RetryCounts::default(),
            timeouts: Timeouts::default(),
            backoff: Backoff::default(),
            short_wait: Duration::from_secs(10),
            hedge: None,
        }
    }
}

impl AttemptPolicy {
    /// Caps the attempts over all targets; 0 counts as 1.
    #[must_use]
    pub const fn with_max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = Some(attempts);
        self
    }

    /// Caps the retries on one target.
    #[must_use]
    pub const fn with_same_target(mut self, retries: u32) -> Self {
        self.same_target = retries;
        self
    }

    /// Sets the retries per kind of failure.
    #[must_use]
    pub const fn with_retries(mut self, retries: RetryCounts) -> Self {
        self.retries = retries;
        self
    }

    /// Sets the timeouts.
    #[must_use]
    pub const fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets the pauses.
    #[must_use]
    pub const fn with_backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Sets when a second attempt sets out beside a silent one.
    #[must_use]
    pub fn with_hedge(mut self, hedge: impl Into<Option<HedgePolicy>>) -> Self {
        self.hedge = hedge.into();
        self
    }

    /// The cap that holds for a call with this many candidates.
    #[must_use]
    pub fn attempt_cap(&self, candidates: usize) -> u32 {
        let by_number = u32::try_from(candidates).unwrap_or(u32::MAX).max(3);
        self.max_attempts.unwrap_or(by_number).max(1)
    }
}

/// Retries on one target per kind of failure; the caps of [`AttemptPolicy`] hold besides.
///
/// Kinds that are not named here are never retried on the same target: a credential or a request
/// does not get better by asking again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryCounts {
    /// After a rate limit that announces a wait of at most [`AttemptPolicy::short_wait`]. Default: 1.
    pub rate_limited: u32,
    /// After silence: no first token, or an unary answer that stalled. Default: 1.
    pub timeout: u32,
    /// After a vendor's own failure. Default: 1.
    pub unavailable: u32,
    /// After a vendor that has too much to do. Default: 1.
    pub overloaded: u32,
    /// After an answer that breaks the vendor's own format. Default: 1.
    pub protocol: u32,
}

impl Default for RetryCounts {
    fn default() -> Self {
        Self::all(1)
    }
}

impl RetryCounts {
    /// The same count for every kind.
    #[must_use]
    pub const fn all(count: u32) -> Self {
        Self {
            rate_limited: count,
            timeout: count,
            unavailable: count,
            overloaded: count,
            protocol: count,
        }
    }

    /// The count for one kind of failure.
    #[must_use]
    pub const fn for_kind(&self, kind: ErrorKind) -> u32 {
        match kind {
            ErrorKind::RateLimited => self.rate_limited,
            ErrorKind::Timeout(_) => self.timeout,
            ErrorKind::Unavailable => self.unavailable,
            ErrorKind::Overloaded => self.overloaded,
            ErrorKind::Protocol => self.protocol,
            _ => 0,
        }
    }
}

/// How long to wait for what. The connect timeout is the provider's own.
///
/// Keep `first_token` well below the patience of callers: silence goes on to the next target only
/// if that timer runs out first; a total timeout ends the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Streams: from the start of an attempt to the first content. Default: 30 s (contract).
    pub first_token: Duration,
    /// Without a sign of life while we wait for the vendor: between frames of a stream once content
    /// flows, and between the headers and the end of an unary answer. Default: 20 s (contract).
    pub idle: Duration,
    /// The whole call over all attempts, a stream's end included. Default: 600 s (contract).
    pub total: Duration,
    /// Streams: without new content although the vendor sends signs of life, counted only while we
    /// wait for it. Default: 120 s (chosen, not measured).
    pub progress: Duration,
    /// Unary calls: the whole of one attempt. An unary answer shows nothing before it is complete, so
    /// its first token cannot be timed. Default: ten times `first_token` (chosen, not measured), 300 s
    /// where that is left alone.
    pub unary: Option<Duration>,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            first_token: Duration::from_secs(30),
            idle: Duration::from_secs(20),
            total: Duration::from_secs(600),
            progress: Duration::from_secs(120),
            unary: None,
        }
    }
}

impl Timeouts {
    /// Bounds the wait for a stream's first content.
    #[must_use]
    pub const fn with_first_token(mut self, limit: Duration) -> Self {
        self.first_token = limit;
        self
    }

    /// Bounds the wait for the next sign of life.
    #[must_use]
    pub const fn with_idle(mut self, limit: Duration) -> Self {
        self.idle = limit;
        self
    }

    /// Bounds the whole call.
    #[must_use]
    pub const fn with_total(mut self, limit: Duration) -> Self {
        self.total = limit;
        self
    }

    /// Bounds the wait for new content where only signs of life come.
    #[must_use]
    pub const fn with_progress(mut self, limit: Duration) -> Self {
        self.progress = limit;
        self
    }

    /// Bounds one attempt of an unary call.
    #[must_use]
    pub const fn with_unary(mut self, limit: Duration) -> Self {
        self.unary = Some(limit);
        self
    }

    /// The bound of one attempt of an unary call.
    #[must_use]
    pub fn unary_limit(&self) -> Duration {
        self.unary
            .unwrap_or_else(|| self.first_token.saturating_mul(10))
    }
}

/// Pauses before the same target is asked again: `rand[0, min(cap, base · 2ⁿ))` after retry n.
///
/// Full jitter, because callers that failed together must not come back together.
/// Going on to another target costs no pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backoff {
    /// The bound of the first pause. Default: 500 ms, as in the official vendor SDKs.
    pub base: Duration,
    /// The bound of every pause. Default: 8 s, as in the official vendor SDKs.
    pub cap: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new(Duration::from_millis(500), Duration::from_secs(8))
    }
}

impl Backoff {
    /// Pauses that start below `base` and never exceed `cap`.
    #[must_use]
    pub const fn new(base: Duration, cap: Duration) -> Self {
        Self { base, cap }
    }
}
