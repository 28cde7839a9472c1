//! What to do after a failure, and whom to ask when nobody is free at once.
//!
//! Two pure decisions. [`judge`] looks at one failure: return it, ask the same target at once, later,
//! or no more. [`choose`] looks at all candidates when every untried one was refused: sit out the
//! shortest wait that is worth it, else try the least bad target, else give up.
//! Going on to an untried target that is free needs no decision: it comes first and costs no pause.
//!
//! Why a wait for a healthy target comes before an attempt at an ill one: an ill target may swallow
//! a whole timeout, a short announced wait does not.

use std::time::Duration;

use interline_core::{Error, ErrorKind};
use tokio::time::Instant;

use crate::backoff::jittered;
use crate::standing::{Standing, State};
use crate::timeouts::later;
use crate::{AttemptPolicy, SkipReason};

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The caller gets it as it is.
    Return,
    /// The call goes on; the standing of the candidate says how.
    GoOn,
}

/// Judges a failure of a candidate that was just asked; `draw` in [0, 1) decides the pause.
pub(crate) fn judge(
    standing: &mut Standing,
    error: &Error,
    policy: &AttemptPolicy,
    now: Instant,
    draw: f64,
) -> Verdict {
    standing.announce(error, now);
    if standing.may_retry_at_once(error) {
        standing.state = State::AtOnce { kind: error.kind() };
        return Verdict::GoOn;
    }
    if !error.other_target() {
        return Verdict::Return;
    }
    standing.state = if standing.may_retry(error, policy) {
        let pause = policy
            .backoff
            .pause_with_floor(standing.retries(), error.retry_after(), draw);
        State::Retryable {
            ready_at: later(now, pause),
            kind: error.kind(),
        }
    } else {
        State::Spent
    };
    Verdict::GoOn
}

/// Whom to ask when no untried candidate is free.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Choice {
    /// This one, from that moment on.
    Retry {
        /// Which candidate.
        index: usize,
        /// From when on.
        at: Instant,
        /// Why it was not free at once.
        reason: ErrorKind,
    },
    /// This one, although it is refused.
    LastResort {
        /// Which candidate.
        index: usize,
    },
    /// Nobody.
    GiveUp,
}

/// Whether the call may still ask a target that is refused for ill health. Once per call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LastResort {
    /// It may.
    Unused,
    /// It has.
    Used,
}

/// Chooses whom to ask when every untried candidate was refused.
pub(crate) fn choose(
    standings: &[Standing],
    policy: &AttemptPolicy,
    now: Instant,
    deadline: Instant,
    last_resort: LastResort,
) -> Choice {
    let wait = standings
        .iter()
        .enumerate()
        .filter_map(|(index, standing)| {
            wait_for(standing, policy).map(|(at, why)| (index, at, why))
        })
        .filter(|(_, at, _)| *at < deadline)
        .min_by_key(|(_, at, _)| *at);
    let is_short =
        |at: Instant| at.saturating_duration_since(now) <= jittered(policy.short_wait, 1.0);
    let retry = |(index, at, reason)| Choice::Retry { index, at, reason };
    if let Some(wait) = wait.filter(|(_, at, _)| is_short(*at)) {
        return retry(wait);
    }
    match least_bad(standings).filter(|_| last_resort == LastResort::Unused) {
        Some(index) => Choice::LastResort { index },
        None => wait.map_or(Choice::GiveUp, retry),
    }
}

/// From when on, and why not now, a candidate may be asked.
fn wait_for(standing: &Standing, policy: &AttemptPolicy) -> Option<(Instant, ErrorKind)> {
    match standing.state {
        State::Retryable { ready_at, kind } => Some((ready_at, kind)),
        State::Refused { skip, ready_at }
            if skip.reason.is_a_wait() && skip.retry_in <= policy.short_wait =>
        {
            Some((ready_at, ErrorKind::RateLimited))
        }
        State::Refused { .. } | State::Untried | State::AtOnce { .. } | State::Spent => None,
    }
}

/// The refused candidate that is most likely to answer: ill before locked out, soonest due first.
fn least_bad(standings: &[Standing]) -> Option<usize> {
    standings
        .iter()
        .enumerate()
        .filter_map(|(index, standing)| match standing.state {
            State::Refused { skip, .. } => match skip.reason {
                SkipReason::Unhealthy | SkipReason::Probing | SkipReason::Host => {
                    Some((index, 0, skip.retry_in))
                }
                SkipReason::Credential => Some((index, 1, skip.retry_in)),
                // The vendor's own wish, its limits and the operator's money are not overridden.
                SkipReason::Paused | SkipReason::Limited | SkipReason::Budget => None,
            },
            _ => None,
        })
        .min_by_key(|(_, rank, due)| (*rank, *due))
        .map(|(index, ..)| index)
}

/// How long until the first vendor that announced a wait is free again, where one did.
pub(crate) fn announced_wait(standings: &[Standing], now: Instant) -> Option<Duration> {
    standings
        .iter()
        .filter_map(Standing::announced)
        .filter_map(|at| at.checked_duration_since(now))
        .filter(|wait| !wait.is_zero())
        .min()
}
