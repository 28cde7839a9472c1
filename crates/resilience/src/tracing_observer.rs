//! Writes what happens to calls and targets as `tracing` events.
//!
//! Severity follows who has to act: a dead credential is an error for the operator, a fallback a
//! warning, the caller's own mistake is nobody's business here but the caller's.
//! Errors are logged by kind and status, never by message: a vendor's words may quote the prompt.
//! The target of all events is `interline`, for filters such as `RUST_LOG=interline=warn`.

use interline_core::{Error, ErrorKind, HealthImpact};
use tracing::{debug, error, info, warn};

use crate::{CallEvent, HealthState, Observer};

/// Writes what happens to calls and targets as `tracing` events.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingObserver;

impl Observer for TracingObserver {
    fn on_event(&self, event: &CallEvent) {
        match event {
            CallEvent::AttemptStarted {
                call,
                route,
                operation,
                target,
                attempt,
            } => debug!(
                target: "interline", %call, %route, %operation, provider = %target.provider,
                model = %target.model, attempt, "attempt started"
            ),
            CallEvent::AttemptFailed {
                call,
                route,
                operation,
                target,
                attempt,
                error,
                duration,
            } => debug!(
                target: "interline", %call, %route, %operation, provider = %target.provider,
                model = %target.model, attempt, kind = %error.kind(), status = error.status(),
                ms = millis(*duration), "attempt failed"
            ),
            CallEvent::Skipped {
                call,
                route,
                operation,
                target,
                reason,
                retry_in,
            } => debug!(
                target: "interline", %call, %route, %operation, provider = %target.provider,
                model = %target.model, %reason, retry_in_ms = millis(*retry_in), "target skipped"
            ),
            CallEvent::FellBack {
                call,
                route,
                operation,
                from,
                to,
                attempt,
                reason,
            } => warn!(
                target: "interline", %call, %route, %operation, %from, %to, attempt, %reason,
                "fell back to another target"
            ),
            CallEvent::Retrying {
                call,
                route,
                operation,
                target,
                attempt,
                reason,
                delay,
            } => info!(
                target: "interline", %call, %route, %operation, provider = %target.provider,
                model = %target.model, attempt, %reason, delay_ms = millis(*delay),
                "asking the same target again"
            ),
            CallEvent::CredentialRejected {
                call,
                route,
                target,
                attempt,
                kind,
                status,
            } => error!(
                target: "interline", %call, %route, provider = %target.provider,
                model = %target.model, attempt, %kind, status,
                "the vendor refuses the credential: check this provider's key and account"
            ),
            CallEvent::Answered {
                call,
                route,
                operation,
                target,
                attempt,
                is_fallback,
                duration,
            } => debug!(
                target: "interline", %call, %route, %operation, provider = %target.provider,
                model = %target.model, attempt, is_fallback, ms = millis(*duration), "answered"
            ),
            CallEvent::Cancelled {
                call,
                route,
                operation,
                attempts,
                duration,
                ..
            } => debug!(
                target: "interline", %call, %route, %operation, attempts, ms = millis(*duration),
                "the caller went away"
            ),
            CallEvent::StreamFinished {
                call,
                route,
                target,
                attempt,
                duration,
            } => debug!(
                target: "interline", %call, %route, provider = %target.provider,
                model = %target.model, attempt, ms = millis(*duration), "stream finished"
            ),
            CallEvent::StreamCancelled {
                call,
                route,
                target,
                attempt,
                duration,
            } => debug!(
                target: "interline", %call, %route, provider = %target.provider,
                model = %target.model, attempt, ms = millis(*duration),
                "the caller dropped the stream"
            ),
            CallEvent::StreamFailed {
                call,
                route,
                target,
                attempt,
                error,
                duration,
            } => warn!(
                target: "interline", %call, %route, provider = %target.provider,
                model = %target.model, attempt, kind = %error.kind(), ms = millis(*duration),
                "stream failed after content"
            ),
            CallEvent::Failed { .. } | CallEvent::HealthChanged { .. } => more(event),
        }
    }
}

/// The events whose severity depends on what they say.
fn more(event: &CallEvent) {
    match event {
        CallEvent::Failed {
            call,
            route,
            operation,
            attempts,
            error,
            duration,
            ..
        } => {
            let (kind, ms) = (error.kind(), millis(*duration));
            if is_callers_own(error) {
                debug!(target: "interline", %call, %route, %operation, attempts, %kind, ms, "call refused");
            } else if kind == ErrorKind::AllTargetsFailed {
                error!(target: "interline", %call, %route, %operation, attempts, %kind, ms, "call failed");
            } else {
                warn!(target: "interline", %call, %route, %operation, attempts, %kind, ms, "call failed");
            }
        }
        CallEvent::HealthChanged { target, state } => match state {
            HealthState::Skipped { reason, duration } => warn!(
                target: "interline", provider = %target.provider, model = %target.model,
                %reason, for_ms = millis(*duration), "target is skipped from now on"
            ),
            HealthState::Probing => info!(
                target: "interline", provider = %target.provider, model = %target.model,
                "target is probed"
            ),
            HealthState::Available => info!(
                target: "interline", provider = %target.provider, model = %target.model,
                "target is back"
            ),
        },
        _ => {}
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

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
