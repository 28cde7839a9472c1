//! How loudly each event is told: who has to act on it.
//!
//! Debug: nobody. Info: nobody, but it explains what comes next. Warn: somebody should look into it
//! soon. Error: a caller lost out, or will until somebody acts.
//! A thing is told loudly once: the failed attempt behind a fallback, or behind a failed call, stays
//! at debug.

use interline_core::{Error, ErrorKind, HealthImpact};

use crate::{CallEvent, HealthState};

/// How loudly an event is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Nobody has to act.
    Debug,
    /// Nobody has to act; it explains what comes next.
    Info,
    /// Somebody should look into it soon.
    Warn,
    /// Somebody must act, or callers lose out.
    Error,
}

impl CallEvent {
    /// How loudly it is told.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::AttemptStarted { .. }
            | Self::AttemptFailed { .. }
            | Self::Skipped { .. }
            | Self::AttemptAbandoned { .. }
            | Self::Answered { .. }
            | Self::Cancelled { .. }
            | Self::StreamFinished { .. }
            | Self::StreamCancelled { .. } => Severity::Debug,
            Self::Retrying { .. } | Self::Hedged { .. } => Severity::Info,
            Self::FellBack { .. } | Self::StreamFailed { .. } | Self::RetryDenied { .. } => {
                Severity::Warn
            }
            Self::CredentialRejected { .. } => Severity::Error,
            Self::Failed { error, .. } => of_failed_call(error),
            Self::HealthChecked { error, .. } => match error {
                None => Severity::Debug,
                Some(error) if error.health_impact() == HealthImpact::Credential => Severity::Error,
                Some(_) => Severity::Warn,
            },
            Self::HealthChanged { state, .. } => match state {
                HealthState::Available | HealthState::Probing => Severity::Info,
                HealthState::Skipped { .. } | HealthState::Degraded => Severity::Warn,
            },
        }
    }
}

fn of_failed_call(error: &Error) -> Severity {
    if is_callers_own(error) {
        Severity::Debug
    } else if error.kind() == ErrorKind::AllTargetsFailed {
        Severity::Error
    } else {
        Severity::Warn
    }
}

/// Whether the caller has to mend the request, and nobody else anything.
fn is_callers_own(error: &Error) -> bool {
    error.health_impact() == HealthImpact::None
        && matches!(
            error.kind(),
            ErrorKind::InvalidRequest
                | ErrorKind::PayloadTooLarge
                | ErrorKind::NotFound
                | ErrorKind::ContextLength
                | ErrorKind::ContentFiltered
                | ErrorKind::Unsupported
        )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use interline_core::{CallId, Operation, RetryHint, Target};

    use super::*;
    use crate::{RetryDenial, SkipReason};

    fn target() -> Target {
        Target::new("a", "m")
    }

    fn failed(kind: ErrorKind) -> CallEvent {
        CallEvent::Failed {
            call: CallId::new("1"),
            route: "chat".into(),
            operation: Operation::Chat,
            target: Some(target()),
            attempts: 1,
            error: Error::new(kind, "why").with_retry(RetryHint::Backoff),
            duration: Duration::ZERO,
        }
    }

    fn health(state: HealthState) -> CallEvent {
        CallEvent::HealthChanged {
            target: target(),
            state,
        }
    }

    fn skipped(reason: SkipReason) -> CallEvent {
        health(HealthState::Skipped {
            reason,
            duration: Duration::ZERO,
        })
    }

    #[track_caller]
    fn check(event: &CallEvent, expected: Severity) {
        assert_eq!(event.severity(), expected, "{event:?}");
    }

    #[test]
    fn the_callers_mistake_is_nobodys_alarm() {
        for kind in [
            ErrorKind::InvalidRequest,
            ErrorKind::PayloadTooLarge,
            ErrorKind::NotFound,
            ErrorKind::ContextLength,
            ErrorKind::ContentFiltered,
            ErrorKind::Unsupported,
        ] {
            check(&failed(kind), Severity::Debug);
        }
    }

    #[test]
    fn a_call_that_nobody_serves_is_an_error_and_other_failures_warn() {
        check(&failed(ErrorKind::AllTargetsFailed), Severity::Error);
        check(&failed(ErrorKind::Internal), Severity::Warn);
        check(&failed(ErrorKind::Unavailable), Severity::Warn);
    }

    #[test]
    fn fallbacks_trips_and_denials_warn_and_recoveries_inform() {
        let (call, route) = (CallId::new("1"), std::sync::Arc::<str>::from("chat"));
        let fell_back = CallEvent::FellBack {
            call: call.clone(),
            route: route.clone(),
            operation: Operation::Chat,
            from: target(),
            to: target(),
            attempt: 2,
            reason: ErrorKind::Unavailable,
        };
        check(&fell_back, Severity::Warn);
        let denied = CallEvent::RetryDenied {
            call: call.clone(),
            route: route.clone(),
            operation: Operation::Chat,
            target: target(),
            attempt: 2,
            reason: RetryDenial::Budget,
        };
        check(&denied, Severity::Warn);
        check(&skipped(SkipReason::Unhealthy), Severity::Warn);
        check(&skipped(SkipReason::Paused), Severity::Warn);
        check(&health(HealthState::Probing), Severity::Info);
        check(&health(HealthState::Available), Severity::Info);
        let dead_key = CallEvent::CredentialRejected {
            call,
            route,
            target: target(),
            attempt: 1,
            kind: ErrorKind::Authentication,
            status: Some(401),
        };
        check(&dead_key, Severity::Error);
        for (found, severity) in [
            (None, Severity::Debug),
            (Some(ErrorKind::Unavailable), Severity::Warn),
            (Some(ErrorKind::Authentication), Severity::Error),
        ] {
            let checked = CallEvent::HealthChecked {
                provider: "a".into(),
                error: found.map(|kind| Error::new(kind, "why")),
                duration: Duration::ZERO,
            };
            check(&checked, severity);
        }
    }
}
