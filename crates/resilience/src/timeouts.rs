//! Which timer of an attempt runs out next, and waiting for an attempt no longer than that.
//!
//! Every wait of an attempt that has not answered yet goes through [`within`]; a committed stream
//! keeps its own timer, see `stream_guard`.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use interline_core::{Error, Result, TimeoutStage};
use tokio::time::{Instant, sleep_until};

use crate::Timeouts;
use crate::progress::AttemptProgress;

/// A moment after which an attempt is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) at: Instant,
    pub(crate) stage: TimeoutStage,
    pub(crate) length: Duration,
}

impl Limit {
    /// A limit of `length` from `start`.
    pub(crate) fn new(stage: TimeoutStage, start: Instant, length: Duration) -> Self {
        Self {
            at: later(start, length),
            stage,
            length,
        }
    }

    /// The one that comes first; `self` where they come together.
    pub(crate) fn earlier(self, other: Self) -> Self {
        if other.at < self.at { other } else { self }
    }

    /// What the attempt fails with when the limit is met.
    pub(crate) fn error(&self) -> Error {
        Error::timeout(self.stage, self.length)
    }
}

/// The limits of one attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttemptLimits<'a> {
    /// The end of the whole call.
    pub(crate) total: Limit,
    pub(crate) timeouts: &'a Timeouts,
}

impl AttemptLimits<'_> {
    /// What an unary attempt is waiting for: its whole answer, and signs of life once it has begun.
    pub(crate) fn unary(&self, progress: &AttemptProgress) -> Limit {
        let whole = Limit::new(
            TimeoutStage::FirstToken,
            progress.started(),
            self.timeouts.unary_limit(),
        );
        let limit = self.total.earlier(whole);
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
        self.total.earlier(Limit::new(
            TimeoutStage::FirstToken,
            progress.started(),
            self.timeouts.first_token,
        ))
    }
}

/// Waits for `attempt` until the limit, which is asked anew whenever the attempt stirs.
pub(crate) async fn within<T>(
    attempt: impl Future<Output = Result<T>>,
    limit: impl Fn() -> Limit,
) -> Result<T> {
    let mut attempt = pin!(attempt);
    let mut timer = pin!(sleep_until(limit().at));
    poll_fn(|cx| {
        if let Poll::Ready(result) = attempt.as_mut().poll(cx) {
            return Poll::Ready(result);
        }
        loop {
            let limit = limit();
            if Instant::now() >= limit.at {
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
