//! The typed errors that the transport and the dialects make of each fault on the wire.
//!
//! A copy of their tables on purpose: the suite says what must come of a fault and would not notice
//! a mistake that it shares. Messages quote the prompt, as vendors' messages do.

use std::time::Duration;

use interline_core::{ConnectionFault, Error, ErrorKind, Phase, RetryHint, TimeoutStage};

use super::retry_after::RetryAfterForm;

/// What stands in every prompt and must never be seen in what the engine says of its own accord.
pub(crate) const CANARY: &str = "canary-7f3a";

/// A request that got no connection.
pub(crate) fn unconnected(fault: ConnectionFault) -> Error {
    Error::new(ErrorKind::Unavailable, "no connection")
        .with_phase(Phase::BeforeSend)
        .with_retry(RetryHint::Backoff)
        .with_connection_fault(fault)
}

/// A connection that did not come about in time.
pub(crate) fn connect_timeout(limit: Duration) -> Error {
    Error::timeout(TimeoutStage::Connect, limit).with_connection_fault(ConnectionFault::Connect)
}

/// A connection that closed before an answer: `Reset` where it was new, `Stale` where it was pooled.
pub(crate) fn unanswered(fault: ConnectionFault) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        "the connection was closed before an answer",
    )
    .with_phase(Phase::BeforeOutput)
    .with_retry(RetryHint::Backoff)
    .with_connection_fault(fault)
}

/// A body that broke off.
pub(crate) fn broken_off() -> Error {
    Error::new(ErrorKind::Unavailable, "the body broke off")
        .with_phase(Phase::BeforeOutput)
        .with_retry(RetryHint::Backoff)
        .with_connection_fault(ConnectionFault::Reset)
}

/// An answer whose status is no success.
pub(crate) fn refused(status: u16, form: RetryAfterForm) -> Error {
    let kind = match status {
        401 => ErrorKind::Authentication,
        402 => ErrorKind::QuotaExhausted,
        403 => ErrorKind::Permission,
        404 => ErrorKind::NotFound,
        408 => ErrorKind::Timeout(TimeoutStage::FirstToken),
        413 => ErrorKind::PayloadTooLarge,
        429 => ErrorKind::RateLimited,
        498 | 529 => ErrorKind::Overloaded,
        400..=499 => ErrorKind::InvalidRequest,
        _ => ErrorKind::Unavailable,
    };
    let hint = match kind {
        ErrorKind::RateLimited
        | ErrorKind::Overloaded
        | ErrorKind::Unavailable
        | ErrorKind::Timeout(_) => form.hint(status),
        _ => RetryHint::Never,
    };
    said(kind, hint).with_status(status)
}

/// A rate limit's sibling that waiting does not mend.
pub(crate) fn quota_exhausted() -> Error {
    said(ErrorKind::QuotaExhausted, RetryHint::Never)
        .with_status(429)
        .with_vendor_code(Some("insufficient_quota".to_owned()))
}

/// A refusal by the vendor's policy.
pub(crate) fn content_filtered() -> Error {
    said(ErrorKind::ContentFiltered, RetryHint::Never)
        .with_status(400)
        .with_vendor_code(Some("content_policy_violation".to_owned()))
}

/// An error event within a stream that began well; it has no status.
pub(crate) fn overloaded_event() -> Error {
    said(ErrorKind::Overloaded, RetryHint::Backoff)
        .with_vendor_code(Some("overloaded_error".to_owned()))
}

/// A success whose body is none.
pub(crate) fn malformed(what: &str) -> Error {
    Error::protocol(format!("the answer is {what}, near `{CANARY}`")).with_status(200)
}

fn said(kind: ErrorKind, hint: RetryHint) -> Error {
    Error::new(kind, format!("cannot serve `{CANARY}`"))
        .with_phase(Phase::BeforeOutput)
        .with_retry(hint)
}

#[cfg(test)]
mod tests {
    use interline_core::HealthImpact;

    use super::*;

    #[test]
    fn each_fault_speaks_of_the_health_it_should() {
        let absent = RetryAfterForm::Absent;
        for (error, health) in [
            (unconnected(ConnectionFault::Connect), HealthImpact::Host),
            (connect_timeout(Duration::from_secs(5)), HealthImpact::Host),
            (unanswered(ConnectionFault::Reset), HealthImpact::Endpoint),
            (unanswered(ConnectionFault::Stale), HealthImpact::None),
            (refused(500, absent), HealthImpact::Endpoint),
            (refused(529, absent), HealthImpact::Endpoint),
            (refused(429, absent), HealthImpact::RateLimit),
            (refused(401, absent), HealthImpact::Credential),
            (refused(404, absent), HealthImpact::None),
            (quota_exhausted(), HealthImpact::Credential),
            (content_filtered(), HealthImpact::None),
            (malformed("HTML"), HealthImpact::Endpoint),
        ] {
            assert_eq!(error.health_impact(), health, "{error}");
        }
    }
}
