//! Tells the observer what happens to one call, its end exactly once.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use interline_core::{CallId, Error, ErrorKind, HealthImpact, Operation, Target};
use tokio::time::Instant;

use crate::{Call, CallEvent, Observer, RetryDenial, Skip};

/// What every event of one call carries, and who hears it.
#[derive(Clone, Debug)]
pub(crate) struct CallLabels {
    pub(crate) call: CallId,
    pub(crate) route: Arc<str>,
    pub(crate) operation: Operation,
    started: Instant,
    observer: Arc<dyn Observer>,
}

impl CallLabels {
    /// Tells an event.
    pub(crate) fn tell(&self, event: &CallEvent) {
        self.observer.on_event(event);
    }

    /// Time since the call began.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}

/// Tells the observer what happens to one call.
///
/// Dropped before [`CallLog::answered`] or [`CallLog::failed`], it tells that the caller went away.
pub(crate) struct CallLog {
    pub(crate) labels: CallLabels,
    /// The last attempt, if there was one.
    last: Option<(Target, u32)>,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Open,
    Told,
}

impl CallLog {
    /// The log of a call that begins at `started`.
    pub(crate) fn new<P: ?Sized>(
        call: &Call<'_, P>,
        operation: Operation,
        started: Instant,
        observer: Arc<dyn Observer>,
    ) -> Self {
        Self {
            labels: CallLabels {
                call: call.id.clone(),
                route: Arc::clone(&call.route),
                operation,
                started,
                observer,
            },
            last: None,
            end: End::Open,
        }
    }

    pub(crate) fn attempt_started(&mut self, target: &Target, attempt: u32) {
        self.last = Some((target.clone(), attempt));
        self.labels.tell(&CallEvent::AttemptStarted {
            call: self.labels.call.clone(),
            route: self.labels.route.clone(),
            operation: self.labels.operation,
            target: target.clone(),
            attempt,
        });
    }

    pub(crate) fn attempt_failed(
        &self,
        target: &Target,
        attempt: u32,
        error: &Error,
        duration: Duration,
    ) {
        self.labels.tell(&CallEvent::AttemptFailed {
            call: self.labels.call.clone(),
            route: self.labels.route.clone(),
            operation: self.labels.operation,
            target: target.clone(),
            attempt,
            error: error.clone(),
            duration,
        });
        if error.health_impact() == HealthImpact::Credential {
            self.labels.tell(&CallEvent::CredentialRejected {
                call: self.labels.call.clone(),
                route: self.labels.route.clone(),
                target: target.clone(),
                attempt,
                kind: error.kind(),
                status: error.status(),
            });
        }
    }

    pub(crate) fn skipped(&self, target: &Target, skip: Skip) {
        self.labels.tell(&CallEvent::Skipped {
            call: self.labels.call.clone(),
            route: self.labels.route.clone(),
            operation: self.labels.operation,
            target: target.clone(),
            reason: skip.reason,
            retry_in: skip.retry_in,
        });
    }

    pub(crate) fn fell_back(&self, from: &Target, to: &Target, attempt: u32, reason: ErrorKind) {
        self.labels.tell(&CallEvent::FellBack {
            call: self.labels.call.clone(),
            route: self.labels.route.clone(),
            operation: self.labels.operation,
            from: from.clone(),
            to: to.clone(),
            attempt,
            reason,
        });
    }

    pub(crate) fn retrying(
        &self,
        target: &Target,
        attempt: u32,
        reason: ErrorKind,
        delay: Duration,
    ) {
        self.labels.tell(&CallEvent::Retrying {
            call: self.labels.call.clone(),
            route: self.labels.route.clone(),
            operation: self.labels.operation,
            target: target.clone(),
            attempt,
            reason,
            delay,
        });
    }

    pub(crate) fn hedged(&self, from: &Target, to: &Target, attempt: u32, after: Duration) {
        self.labels.tell(&CallEvent::Hedged {
            call: self.labels.call.clone(),
            route: self.labels.route.clone(),
            operation: self.labels.operation,
            from: from.clone(),
            to: to.clone(),
            attempt,
            after,
        });
    }

    pub(crate) fn abandoned(&self, target: &Target, attempt: u32, duration: Duration) {
        self.labels.tell(&CallEvent::AttemptAbandoned {
            call: self.labels.call.clone(),
            route: self.labels.route.clone(),
            operation: self.labels.operation,
            target: target.clone(),
            attempt,
            duration,
        });
    }

    pub(crate) fn retry_denied(&self, target: &Target, attempt: u32, reason: RetryDenial) {
        self.labels.tell(&CallEvent::RetryDenied {
            call: self.labels.call.clone(),
            route: self.labels.route.clone(),
            operation: self.labels.operation,
            target: target.clone(),
            attempt,
            reason,
        });
    }

    pub(crate) fn answered(&mut self, target: &Target, attempt: u32, is_fallback: bool) {
        self.end = End::Told;
        self.labels.tell(&CallEvent::Answered {
            call: self.labels.call.clone(),
            route: self.labels.route.clone(),
            operation: self.labels.operation,
            target: target.clone(),
            attempt,
            is_fallback,
            duration: self.labels.elapsed(),
        });
    }

    pub(crate) fn failed(&mut self, error: &Error) {
        self.end = End::Told;
        let (target, attempts) = self.last.take().unzip();
        self.labels.tell(&CallEvent::Failed {
            call: self.labels.call.clone(),
            route: self.labels.route.clone(),
            operation: self.labels.operation,
            target,
            attempts: attempts.unwrap_or(0),
            error: error.clone(),
            duration: self.labels.elapsed(),
        });
    }
}

impl Drop for CallLog {
    fn drop(&mut self) {
        if self.end == End::Told {
            return;
        }
        let (target, attempts) = self.last.take().unzip();
        self.labels.tell(&CallEvent::Cancelled {
            call: self.labels.call.clone(),
            route: self.labels.route.clone(),
            operation: self.labels.operation,
            target,
            attempts: attempts.unwrap_or(0),
            duration: self.labels.elapsed(),
        });
    }
}

impl fmt::Debug for CallLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallLog")
            .field("call", &self.labels.call)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
