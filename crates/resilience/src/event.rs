//! What happens to calls and targets, one event at a time.
//!
//! Every call ends in exactly one of `Answered`, `Failed` and `Cancelled`; a stream that was
//! answered ends besides in exactly one of `StreamFinished`, `StreamFailed` and `StreamCancelled`.

use std::sync::Arc;
use std::time::Duration;

use interline_core::{CallId, Error, ErrorKind, Operation, ProviderId, Target};

use crate::{RetryDenial, SkipReason};

/// Something that happened to a call or to a target.
///
/// Attempts are numbered from 1 over all targets of the call.
/// Errors in events hold the vendor's words, which may quote the prompt: log their kind and status,
/// not their message, where that matters.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum CallEvent {
    /// A target is about to be called.
    AttemptStarted {
        /// Which call.
        call: CallId,
        /// What it is counted under.
        route: Arc<str>,
        /// What it asks for.
        operation: Operation,
        /// Where it goes.
        target: Target,
        /// Which attempt.
        attempt: u32,
    },
    /// An attempt failed before content reached the caller.
    AttemptFailed {
        /// Which call.
        call: CallId,
        /// What it is counted under.
        route: Arc<str>,
        /// What it asks for.
        operation: Operation,
        /// Where it went.
        target: Target,
        /// Which attempt.
        attempt: u32,
        /// How it failed.
        error: Error,
        /// How long it took.
        duration: Duration,
    },
    /// A target was passed over without an attempt; told once per call and target.
    Skipped {
        /// Which call.
        call: CallId,
        /// What it is counted under.
        route: Arc<str>,
        /// What it asks for.
        operation: Operation,
        /// Who was passed over.
        target: Target,
        /// Why.
        reason: SkipReason,
        /// How long until asking again makes sense.
        retry_in: Duration,
    },
    /// The call goes on to a target that it has not tried yet.
    FellBack {
        /// Which call.
        call: CallId,
        /// What it is counted under.
        route: Arc<str>,
        /// What it asks for.
        operation: Operation,
        /// Who failed, or was passed over.
        from: Target,
        /// Who is next.
        to: Target,
        /// Which attempt comes now.
        attempt: u32,
        /// How `from` failed; `Rejected` where it was passed over.
        reason: ErrorKind,
    },
    /// The call waits and then asks a target that it has tried before, or that asked to wait.
    Retrying {
        /// Which call.
        call: CallId,
        /// What it is counted under.
        route: Arc<str>,
        /// What it asks for.
        operation: Operation,
        /// Who is asked again.
        target: Target,
        /// Which attempt comes next.
        attempt: u32,
        /// Why the target was not free at once.
        reason: ErrorKind,
        /// How long the call waits.
        delay: Duration,
    },
    /// An attempt stays silent, so another target is asked beside it.
    Hedged {
        /// Which call.
        call: CallId,
        /// What it is counted under.
        route: Arc<str>,
        /// What it asks for.
        operation: Operation,
        /// Who stays silent.
        from: Target,
        /// Who is asked besides.
        to: Target,
        /// Which attempt that is.
        attempt: u32,
        /// How long `from` was given.
        after: Duration,
    },
    /// An attempt was given up because another one, beside it, answered first. The vendor may charge
    /// for it.
    AttemptAbandoned {
        /// Which call.
        call: CallId,
        /// What it is counted under.
        route: Arc<str>,
        /// What it asked for.
        operation: Operation,
        /// Who was too slow.
        target: Target,
        /// Which attempt.
        attempt: u32,
        /// How long it had taken.
        duration: Duration,
    },
    /// The call would go on, but must not; told once per call.
    RetryDenied {
        /// Which call.
        call: CallId,
        /// What it is counted under.
        route: Arc<str>,
        /// What it asks for.
        operation: Operation,
        /// Who would have been asked.
        target: Target,
        /// Which attempt that would have been.
        attempt: u32,
        /// Why not.
        reason: RetryDenial,
    },
    /// The vendor refuses the credential of a target: somebody must look at it.
    CredentialRejected {
        /// Which call.
        call: CallId,
        /// What it is counted under.
        route: Arc<str>,
        /// Whose credential.
        target: Target,
        /// Which attempt.
        attempt: u32,
        /// `Authentication`, `Permission` or `QuotaExhausted`.
        kind: ErrorKind,
        /// The vendor's HTTP status, where there was one.
        status: Option<u16>,
    },
    /// A target answered; for a stream: its first content came.
    Answered {
        /// Which call.
        call: CallId,
        /// What it is counted under.
        route: Arc<str>,
        /// What it asks for.
        operation: Operation,
        /// Who answered.
        target: Target,
        /// Which attempt, so how many there were.
        attempt: u32,
        /// Whether another target than the first choice answered. A retry on the same target is none.
        is_fallback: bool,
        /// Since the call began.
        duration: Duration,
    },
    /// The call failed.
    Failed {
        /// Which call.
        call: CallId,
        /// What it is counted under.
        route: Arc<str>,
        /// What it asks for.
        operation: Operation,
        /// The last target that was tried, if any was.
        target: Option<Target>,
        /// How many attempts there were.
        attempts: u32,
        /// What the caller gets.
        error: Error,
        /// Since the call began.
        duration: Duration,
    },
    /// The caller went away before there was an answer.
    Cancelled {
        /// Which call.
        call: CallId,
        /// What it is counted under.
        route: Arc<str>,
        /// What it asks for.
        operation: Operation,
        /// The last target that was tried, if any was.
        target: Option<Target>,
        /// How many attempts there were.
        attempts: u32,
        /// Since the call began.
        duration: Duration,
    },
    /// A stream came to its terminal event.
    StreamFinished {
        /// Which call.
        call: CallId,
        /// What it is counted under.
        route: Arc<str>,
        /// Who answered.
        target: Target,
        /// Which attempt.
        attempt: u32,
        /// Since the call began.
        duration: Duration,
    },
    /// A stream failed after content had reached the caller.
    StreamFailed {
        /// Which call.
        call: CallId,
        /// What it is counted under.
        route: Arc<str>,
        /// Who failed.
        target: Target,
        /// Which attempt.
        attempt: u32,
        /// What the caller gets.
        error: Error,
        /// Since the call began.
        duration: Duration,
    },
    /// The caller dropped a stream before its end.
    StreamCancelled {
        /// Which call.
        call: CallId,
        /// What it is counted under.
        route: Arc<str>,
        /// Who was answering.
        target: Target,
        /// Which attempt.
        attempt: u32,
        /// Since the call began.
        duration: Duration,
    },
    /// A provider was asked how it is. Belongs to no call.
    HealthChecked {
        /// Who was asked.
        provider: ProviderId,
        /// What stands in the way of calls; `None` where nothing does.
        error: Option<Error>,
        /// How long it took.
        duration: Duration,
    },
    /// A target is treated otherwise from now on. Belongs to no call.
    HealthChanged {
        /// Whose health.
        target: Target,
        /// How it is treated now.
        state: HealthState,
    },
}

/// How a target is treated.
///
/// Times that simply run out are not announced: nothing runs in the background that could.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HealthState {
    /// It is called.
    Available,
    /// It is passed over.
    Skipped {
        /// Why.
        reason: SkipReason,
        /// For how long.
        duration: Duration,
    },
    /// One call finds out whether it is back.
    Probing,
    /// It is called less than others: it is slow, or fails more than they do.
    Degraded,
}
