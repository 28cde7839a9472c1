//! What a call knows of one of its candidates: asked or not, how often, and whether it may be again.

use interline_core::{Error, ErrorKind, SameTarget};
use tokio::time::Instant;

use crate::backoff::jittered;
use crate::timeouts::later;
use crate::{AttemptPolicy, Skip, SkipReason};

/// What a call knows of one of its candidates.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    pub(crate) state: State,
    attempts: u32,
    /// The kinds of failure that it was asked again for, after a pause.
    retried: Vec<ErrorKind>,
    stale: StaleRetry,
    admitted: Admitted,
    /// Until when the vendor asked to be left alone.
    announced: Option<Instant>,
}

/// Where a candidate stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum State {
    /// It has not been asked.
    #[default]
    Untried,
    /// It has not been asked, because the admission refused.
    Refused {
        /// Why, and for how long from then.
        skip: Skip,
        /// When waiting for it would be over.
        ready_at: Instant,
    },
    /// A stale connection was all that failed; ask again at once.
    AtOnce {
        /// How it failed.
        kind: ErrorKind,
    },
    /// It failed, and may be asked again.
    Retryable {
        /// From when on.
        ready_at: Instant,
        /// How it failed.
        kind: ErrorKind,
    },
    /// It is not asked any more in this call.
    Spent,
}

/// Whether the one retry for a stale connection is used up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum StaleRetry {
    #[default]
    Unused,
    Used,
}

/// Whether the admission let the last attempt through of its own accord.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Admitted {
    #[default]
    Freely,
    AsLastResort,
}

impl Standing {
    /// Whether it has not been asked, refused or not.
    pub(crate) const fn is_untried(&self) -> bool {
        matches!(self.state, State::Untried | State::Refused { .. })
    }

    /// Whether there was no attempt at it.
    pub(crate) const fn is_new(&self) -> bool {
        self.attempts == 0
    }

    /// Whether limits that are used up are all that keeps it from being asked.
    pub(crate) fn is_limited(&self) -> bool {
        matches!(self.state, State::Refused { skip, .. } if skip.reason == SkipReason::Limited)
    }

    /// The failure for which it is asked again first of all: only its connection was stale.
    pub(crate) const fn at_once(&self) -> Option<ErrorKind> {
        match self.state {
            State::AtOnce { kind } => Some(kind),
            _ => None,
        }
    }

    /// How often it was asked again after a pause.
    pub(crate) fn retries(&self) -> u32 {
        u32::try_from(self.retried.len()).unwrap_or(u32::MAX)
    }

    /// Until when the vendor asked to be left alone, where it did.
    pub(crate) const fn announced(&self) -> Option<Instant> {
        self.announced
    }

    /// Takes note of an announced delay.
    pub(crate) fn announce(&mut self, error: &Error, now: Instant) {
        if let Some(delay) = error.retry_after() {
            self.announced = self.announced.max(Some(later(now, delay)));
        }
    }

    /// Takes note of a refusal of the admission; `draw` in [0, 1) decides the jitter.
    pub(crate) fn refuse(&mut self, skip: Skip, now: Instant, draw: f64) {
        if skip.reason.is_a_wait() {
            self.announced = self.announced.max(Some(later(now, skip.retry_in)));
        }
        let ready_at = later(now, jittered(skip.retry_in, draw));
        self.state = State::Refused { skip, ready_at };
    }

    /// Takes note that the call turns to it again, having waited for this kind of failure.
    ///
    /// Every wait is used up here, whatever comes of it, so that their number is bounded.
    pub(crate) fn begin_retry(&mut self, reason: ErrorKind) {
        match self.state {
            State::AtOnce { .. } => self.stale = StaleRetry::Used,
            State::Retryable { .. } => self.retried.push(reason),
            State::Untried | State::Refused { .. } | State::Spent => {}
        }
        self.state = State::Spent;
    }

    /// Takes note that it was refused even after the wait: only ill health leaves a last resort.
    pub(crate) fn refused_after_wait(&mut self) {
        let is_paused = matches!(
            self.state,
            State::Refused { skip, .. } if skip.reason.is_a_wait()
        );
        if is_paused || !self.is_new() {
            self.state = State::Spent;
        }
    }

    /// Takes note that it is asked although it is ill: one attempt, no retry.
    pub(crate) const fn become_last_resort(&mut self) {
        self.admitted = Admitted::AsLastResort;
    }

    /// Takes note that an attempt at it begins.
    pub(crate) const fn begin_attempt(&mut self) {
        self.attempts += 1;
        self.state = State::Spent;
    }

    /// Whether nothing but a stale connection failed, for the first time.
    pub(crate) fn may_retry_at_once(&self, error: &Error) -> bool {
        error.same_target() == SameTarget::AtOnce && self.stale == StaleRetry::Unused
    }

    /// Whether it may be asked again after a pause.
    pub(crate) fn may_retry(&self, error: &Error, policy: &AttemptPolicy) -> bool {
        let kind = error.kind();
        let same_kind = self
            .retried
            .iter()
            .filter(|earlier| earlier.code() == kind.code())
            .count();
        let is_left = |used: usize, cap: u32| u32::try_from(used).is_ok_and(|used| used < cap);
        self.admitted == Admitted::Freely
            && error.same_target() != SameTarget::Never
            && is_left(self.retried.len(), policy.same_target)
            && is_left(same_kind, policy.retries.for_kind(kind))
            && match (kind, error.retry_after()) {
                (ErrorKind::RateLimited, announced) => {
                    announced.is_some_and(|delay| delay <= policy.short_wait)
                }
                (_, announced) => announced.is_none_or(|delay| delay <= policy.short_wait),
            }
    }
}
