//! Which timer of an attempt runs out next, and waiting for an attempt no longer than that.
//!
//! Every wait of an attempt that has not answered yet goes through [`within`]; a committed stream
//! keeps its own timer, see `stream_guard`.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use interline_core::{Error, ErrorKind, Phase, Result, RetryHint, TimeoutStage};
use tokio::time::{Instant, sleep_until};

use crate::Timeouts;
use crate::progress::AttemptProgress;
use crate::second_look::SecondLook;

/// A moment after which an attempt is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) at: Instant,
    pub(crate) stage: TimeoutStage,
    pub(crate) length: Duration,
    why: Why,
}

/// Why an attempt is given up then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// A timer of the policy runs out.
    Timer,
    /// Its target says nothing to anybody.
    Stall,
}

impl Limit {
    /// A limit of `length` from `start`.
    pub(crate) fn new(stage: TimeoutStage, start: Instant, length: Duration) -> Self {
        Self {
            at: later(start, length),
            stage,
            length,
            why: Why::Timer,
        }
    }

    /// The moment from which on silence towards everybody is a stall.
    pub(crate) fn stall(start: Instant, length: Duration) -> Self {
        Self {
            why: Why::Stall,
            ..Self::new(TimeoutStage::FirstToken, start, length)
        }
    }

    /// The same at a later moment.
    pub(crate) const fn put_off(mut self, at: Instant) -> Self {
        self.at = at;
        self
    }

    /// The one that comes first; `self` where they come together.
    pub(crate) fn earlier(self, other: Self) -> Self {
        if other.at < self.at { other } else { self }
    }

    /// What the attempt fails with when the limit is met.
    pub(crate) fn error(&self) -> Error {
        match self.why {
            Why::Timer => Error::timeout(self.stage, self.length),
            Why::Stall => Error::new(
                ErrorKind::Timeout(self.stage),
                format!(
                    "stalled: the target has shown nobody a sign of life for {:?}",
                    self.length
                ),
            )
            .with_phase(Phase::BeforeOutput)
            .with_retry(RetryHint::Backoff),
        }
    }
}

/// The limits of one attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttemptLimits<'a> {
    /// The end of the whole call.
    pub(crate) total: Limit,
    pub(crate) timeouts: &'a Timeouts,
    /// How long silence towards everybody is no stall yet.
    pub(crate) stall: Duration,
}

impl AttemptLimits<'_> {
    /// What an unary attempt is waiting for: its whole answer, and signs of life once it has begun.
    pub(crate) fn unary(&self, progress: &AttemptProgress) -> Limit {
        let whole = Limit::new(
            TimeoutStage::FirstToken,
            progress.started(),
            self.timeouts.unary_limit(),
        );
        let limit = self.or_stall(self.total.earlier(whole), progress);
        if !progress.has_headers() {
            return limit;
        }
        limit.earlier(Limit::new(
            TimeoutStage::Idle,
            progress.last_sign(),
            self.timeouts.idle,
        ))
    }

    /// What a streamed attempt is waiting for: its first content.
    pub(crate) fn first_token(&self, progress: &AttemptProgress) -> Limit {
        let first_token = Limit::new(
            TimeoutStage::FirstToken,
            progress.started(),
            self.timeouts.first_token,
        );
        self.or_stall(self.total.earlier(first_token), progress)
    }

    /// Not later than a stall is found.
    fn or_stall(&self, limit: Limit, progress: &AttemptProgress) -> Limit {
        let stall = progress.stall(self.stall);
        stall.map_or(limit, |stall| limit.earlier(stall))
    }
}

/// Waits for `attempt` until the limit, which is asked anew whenever the attempt stirs.
pub(crate) async fn within<T>(
    attempt: impl Future<Output = Result<T>>,
    limit: impl Fn() -> Limit,
) -> Result<T> {
    let mut attempt = pin!(attempt);
    let mut timer = pin!(sleep_until(limit().at));
    let mut look = SecondLook::default();
    poll_fn(|cx| {
        if let Poll::Ready(result) = attempt.as_mut().poll(cx) {
            return Poll::Ready(result);
        }
        loop {
            let now = Instant::now();
            let limit = look.at(limit(), timer.deadline(), now);
            if now >= limit.at {
                return Poll::Ready(Err(limit.error()));
            }
            if timer.deadline() != limit.at {
                timer.as_mut().reset(limit.at);
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    })
    .await
}

/// `start` plus `length`, or a day nobody will see where that is too far for a clock.
pub(crate) fn later(start: Instant, length: Duration) -> Instant {
    const THIRTY_YEARS: Duration = Duration::from_secs(30 * 365 * 24 * 3600);
    start.checked_add(length.min(THIRTY_YEARS)).unwrap_or(start)
}
