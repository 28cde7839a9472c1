//! The error of a call that nobody is left to serve.
//!
//! Built from kinds, statuses and skip reasons only: a vendor's own words may quote the prompt or a
//! secret, and one vendor's words would mislead about the others.

use std::fmt;
use std::time::Duration;

use interline_core::{AttemptRecord, Error, ErrorKind, Phase, RetryHint, Target};

use crate::{RetryDenial, SkipReason};

/// What a caller is told to wait for rate limits that announce no delay; chosen, not measured.
const UNANNOUNCED_WAIT: Duration = Duration::from_secs(1);

/// What is known when nobody is left.
#[derive(Debug)]
pub(crate) struct Exhausted<'a> {
    pub(crate) records: &'a [AttemptRecord],
    pub(crate) passed_over: &'a [PassedOver],
    /// Candidates that were neither asked nor passed over.
    pub(crate) not_asked: usize,
    /// Why there was no further attempt, where the policy would have allowed one.
    pub(crate) denied: Option<RetryDenial>,
    pub(crate) phase: Phase,
    /// How long until the first vendor that announced a wait is free.
    pub(crate) wait: Option<Duration>,
}

/// A target that was never called, and why.
#[derive(Debug)]
pub(crate) struct PassedOver {
    pub(crate) target: Target,
    pub(crate) reason: SkipReason,
    /// How long until it may be called, where that is known.
    pub(crate) wait: Option<Duration>,
}

impl Exhausted<'_> {
    /// `AllTargetsFailed` with the attempts, and with the wait where waiting would help.
    ///
    /// Its source is of kind `RateLimited` where nothing but rate limits and announced waits stood in the way.
    /// `Budget` where nobody was asked because of nothing but money.
    pub(crate) fn into_error(self) -> Error {
        if self.is_only_money() {
            return Error::new(ErrorKind::Budget, self.to_string());
        }
        let hint = match self.wait {
            Some(wait) => RetryHint::After(wait),
            None if self.is_only_waiting() => RetryHint::After(UNANNOUNCED_WAIT),
            None if self.is_transient() => RetryHint::Backoff,
            None => RetryHint::Never,
        };
        let error = Error::new(ErrorKind::AllTargetsFailed, self.to_string())
            .with_phase(self.phase)
            .with_retry(hint)
            .with_attempts(self.records.to_vec());
        if self.is_only_waiting() {
            let why = "every target asked to wait";
            return error.with_source(Error::new(ErrorKind::RateLimited, why));
        }
        error
    }

    /// Whether nothing is wrong but that every vendor wants to be left alone for a while.
    fn is_only_waiting(&self) -> bool {
        let asked = |one: &PassedOver| one.reason.is_a_wait();
        let limited = |record: &AttemptRecord| record.kind == Some(ErrorKind::RateLimited);
        let is_anybody_there = !self.passed_over.is_empty() || !self.records.is_empty();
        is_anybody_there && self.passed_over.iter().all(asked) && self.records.iter().all(limited)
    }

    /// Whether nobody was asked, and what is left of a budget is all that stood in the way.
    fn is_only_money(&self) -> bool {
        let unpaid = |one: &PassedOver| one.reason == SkipReason::Budget;
        self.records.is_empty()
            && !self.passed_over.is_empty()
            && self.passed_over.iter().all(unpaid)
    }

    /// Whether the same call may go better another time.
    fn is_transient(&self) -> bool {
        let is_ill =
            |one: &PassedOver| !matches!(one.reason, SkipReason::Credential | SkipReason::Budget);
        self.passed_over.iter().any(is_ill)
            || self.records.iter().any(|record| {
                matches!(
                    record.kind,
                    Some(
                        ErrorKind::RateLimited
                            | ErrorKind::Overloaded
                            | ErrorKind::Unavailable
                            | ErrorKind::Timeout(_)
                            | ErrorKind::Protocol
                            | ErrorKind::Rejected
                    )
                )
            })
    }
}

impl fmt::Display for Exhausted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no target answered")?;
        let mut separator = ": ";
        for record in self.records {
            write!(f, "{separator}{}", record.target)?;
            if let Some(kind) = record.kind {
                write!(f, " {kind}")?;
            }
            if let Some(status) = record.status {
                write!(f, " (status {status})")?;
            }
            separator = ", ";
        }
        for one in self.passed_over {
            write!(f, "{separator}{one}")?;
            separator = ", ";
        }
        let cap = "the attempt cap is reached";
        let why = self.denied.map_or(cap, RetryDenial::reason);
        match (self.not_asked, self.denied) {
            (0, None) => Ok(()),
            (0, Some(_)) => write!(f, "{separator}no further attempt: {why}"),
            (more, _) => write!(f, "{separator}{more} more not asked: {why}"),
        }
    }
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.reason {
            SkipReason::Unhealthy => "it failed too often lately",
            SkipReason::Probing => "it failed too often lately, and another call is trying it",
            SkipReason::Paused => "its vendor asked to wait",
            SkipReason::Credential => "its vendor refuses the credential",
            SkipReason::Host => "its host cannot be reached",
            SkipReason::Limited => "its rate limits are used up",
            SkipReason::Budget => "what is left of a budget does not pay for it",
        };
        write!(f, "{} not called: {why}", self.target)?;
        match self.wait.filter(|_| self.reason.is_a_wait()) {
            Some(wait) => write!(f, " ({} s to go)", wait.as_secs_f64().ceil()),
            None => Ok(()),
        }
    }
}
