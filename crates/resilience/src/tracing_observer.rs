//! Writes what happens to calls and targets as `tracing` events.
//!
//! Each event has its level from [`CallEvent::severity`].
//! Errors are logged by kind and status, never by message: a vendor's words may quote the prompt.
//! The target of all events is `interline`, for filters such as `RUST_LOG=interline=warn`.

use tracing::{debug, error, info, warn};

use crate::{CallEvent, HealthState, Observer, Severity};

/// Writes one event at the level of a severity: `tracing` wants the level at compile time.
macro_rules! tell {
    ($severity:expr, $($field:tt)+) => {
        match $severity {
            Severity::Debug => debug!(target: "interline", $($field)+),
            Severity::Info => info!(target: "interline", $($field)+),
            Severity::Warn => warn!(target: "interline", $($field)+),
            Severity::Error => error!(target: "interline", $($field)+),
        }
    };
}

/// Writes what happens to calls and targets as `tracing` events.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingObserver;

impl Observer for TracingObserver {
    fn on_event(&self, event: &CallEvent) {
        let severity = event.severity();
        match event {
            CallEvent::AttemptStarted {
                call,
                route,
                operation,
                target,
                attempt,
            } => tell!(severity, %call, %route, %operation, provider = %target.provider,
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
            } => tell!(severity, %call, %route, %operation, provider = %target.provider,
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
            } => tell!(severity, %call, %route, %operation, provider = %target.provider,
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
            } => tell!(severity, %call, %route, %operation, %from, %to, attempt, %reason,
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
            } => tell!(severity, %call, %route, %operation, provider = %target.provider,
                model = %target.model, attempt, %reason, delay_ms = millis(*delay),
                "asking the same target again"
            ),
            CallEvent::Hedged {
                call,
                route,
                operation,
                from,
                to,
                attempt,
                after,
            } => tell!(severity, %call, %route, %operation, %from, %to, attempt,
                after_ms = millis(*after), "asking another target beside a silent one"
            ),
            CallEvent::AttemptAbandoned {
                call,
                route,
                operation,
                target,
                attempt,
                duration,
            } => tell!(severity, %call, %route, %operation, provider = %target.provider,
                model = %target.model, attempt, ms = millis(*duration),
                "another attempt answered first"
            ),
            CallEvent::RetryDenied {
                call,
                route,
                operation,
                target,
                attempt,
                reason,
            } => tell!(severity, %call, %route, %operation, provider = %target.provider,
                model = %target.model, attempt, %reason, "no further attempt is allowed"
            ),
            CallEvent::CredentialRejected {
                call,
                route,
                target,
                attempt,
                kind,
                status,
            } => tell!(severity, %call, %route, provider = %target.provider,
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
            } => tell!(severity, %call, %route, %operation, provider = %target.provider,
                model = %target.model, attempt, is_fallback, ms = millis(*duration), "answered"
            ),
            CallEvent::Cancelled {
                call,
                route,
                operation,
                attempts,
                duration,
                ..
            } => tell!(severity, %call, %route, %operation, attempts, ms = millis(*duration),
                "the caller went away"
            ),
            CallEvent::StreamFinished {
                call,
                route,
                target,
                attempt,
                duration,
            } => tell!(severity, %call, %route, provider = %target.provider,
                model = %target.model, attempt, ms = millis(*duration), "stream finished"
            ),
            CallEvent::StreamCancelled {
                call,
                route,
                target,
                attempt,
                duration,
            } => tell!(severity, %call, %route, provider = %target.provider,
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
            } => tell!(severity, %call, %route, provider = %target.provider,
                model = %target.model, attempt, kind = %error.kind(), ms = millis(*duration),
                "stream failed after content"
            ),
            CallEvent::Failed {
                call,
                route,
                operation,
                attempts,
                error,
                duration,
                ..
            } => tell!(severity, %call, %route, %operation, attempts, kind = %error.kind(),
                ms = millis(*duration), "call failed"
            ),
            CallEvent::HealthChecked {
                provider,
                error,
                duration,
            } => match error {
                None => tell!(severity, %provider, ms = millis(*duration), "health check passed"),
                Some(error) => tell!(severity, %provider, kind = %error.kind(),
                    status = error.status(), ms = millis(*duration), "health check failed"
                ),
            },
            CallEvent::HealthChanged { target, state } => match state {
                HealthState::Skipped { reason, duration } => tell!(severity,
                    provider = %target.provider, model = %target.model, %reason,
                    for_ms = millis(*duration), "target is skipped from now on"
                ),
                HealthState::Probing => tell!(severity, provider = %target.provider,
                    model = %target.model, "target is probed"
                ),
                HealthState::Degraded => tell!(severity, provider = %target.provider,
                    model = %target.model, "target does worse than others and is called less"
                ),
                HealthState::Available => tell!(severity, provider = %target.provider,
                    model = %target.model, "target is back"
                ),
            },
        }
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
