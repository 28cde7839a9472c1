//! From what a vendor's error body tells to core's error, alike in every format.
//!
//! Which kind it is, the dialect's own tables say; [`kind_in`] and [`kind_by_status`] look it up.

use interline_core::{Error, ErrorKind, Phase, RetryHint, TimeoutStage, WireError};

use crate::{body_snippet, redact};

/// What an error body tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VendorError<'a> {
    /// The vendor's sentence, not empty.
    pub message: Option<&'a str>,
    /// The vendor's own error code or type.
    pub code: Option<&'a str>,
    /// The request field at fault.
    pub param: Option<&'a str>,
    /// The vendor's id of the exchange.
    pub request_id: Option<&'a str>,
}

impl VendorError<'_> {
    /// The error of an answer whose status, that of `wire`, is not a success. A body without a message
    /// becomes one; either is redacted.
    #[must_use]
    pub fn refused(self, kind: ErrorKind, hint: RetryHint, wire: WireError) -> Error {
        let status = wire.status;
        let message = match self.message {
            Some(message) => redact(message),
            None if wire.body.is_empty() => format!("status {status} with an empty body"),
            None => format!("status {status}: {}", body_snippet(&wire.body)),
        };
        self.error(kind, message, hint, wire).with_status(status)
    }

    /// The error that came inside a success, in a stream or instead of an answer; it has no status.
    #[must_use]
    pub fn in_band(self, kind: ErrorKind, hint: RetryHint, wire: WireError) -> Error {
        let message = match self.message {
            Some(message) => redact(message),
            None => "the vendor reported an error without a message".to_owned(),
        };
        self.error(kind, message, hint, wire)
    }

    fn error(self, kind: ErrorKind, message: String, hint: RetryHint, wire: WireError) -> Error {
        let error = Error::new(kind, message)
            .with_phase(Phase::BeforeOutput)
            .with_retry(if may_pass(kind) {
                hint
            } else {
                RetryHint::Never
            })
            .with_vendor_code(self.code.map(str::to_owned))
            .with_request_id(self.request_id.map(str::to_owned))
            .with_wire(wire);
        match self.param {
            Some(param) => error.with_param(param),
            None => error,
        }
    }
}

/// Whether an error of this kind may be gone later, whatever the vendor says about waiting.
const fn may_pass(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::RateLimited
            | ErrorKind::Overloaded
            | ErrorKind::Unavailable
            | ErrorKind::Protocol
            | ErrorKind::Timeout(_)
    )
}

/// The kind that stands beside `key`.
#[must_use]
pub fn kind_in<K: PartialEq>(table: &[(K, ErrorKind)], key: &K) -> Option<ErrorKind> {
    let (_, kind) = table.iter().find(|(known, _)| known == key)?;
    Some(*kind)
}

/// The vendor gave up on its own model: like a timer of ours for the first content.
pub const VENDOR_TIMEOUT: ErrorKind = ErrorKind::Timeout(TimeoutStage::FirstToken);

/// What a status says at every vendor that gives it no meaning of its own. A conflict, a failed
/// dependency (the model behind the API), a too early request and a call that the vendor cancelled are
/// the vendor's affairs, not the caller's.
const STATUSES: [(u16, ErrorKind); 13] = [
    (401, ErrorKind::Authentication),
    (402, ErrorKind::QuotaExhausted),
    (403, ErrorKind::Permission),
    (404, ErrorKind::NotFound),
    (408, VENDOR_TIMEOUT),
    (409, ErrorKind::Unavailable),
    (413, ErrorKind::PayloadTooLarge),
    (424, ErrorKind::Unavailable),
    (425, ErrorKind::Unavailable),
    (429, ErrorKind::RateLimited),
    (499, ErrorKind::Unavailable),
    (504, VENDOR_TIMEOUT),
    (529, ErrorKind::Overloaded),
];

/// The kind that stands beside `status` in the vendor's `own` table, else what the status says
/// everywhere, else what its class says: 4xx is the caller's mistake, 5xx a vendor that is
/// unavailable, anything else, such as a redirect, no answer that makes sense.
#[must_use]
pub fn kind_by_status(own: &[(u16, ErrorKind)], status: u16) -> ErrorKind {
    let known = kind_in(own, &status).or_else(|| kind_in(&STATUSES, &status));
    known.unwrap_or(match status {
        400..=499 => ErrorKind::InvalidRequest,
        500.. => ErrorKind::Unavailable,
        _ => ErrorKind::Protocol,
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use interline_core::FormatId;

    use super::*;

    fn wire(status: u16, body: &'static str) -> WireError {
        WireError::new(FormatId::from_static("f"), status, Bytes::from(body))
    }

    #[track_caller]
    fn check(error: VendorError<'_>, body: &'static str, refused: &str, in_band: &str) {
        let kind = ErrorKind::Overloaded;
        let error = [
            error.refused(kind, RetryHint::Backoff, wire(503, body)),
            error.in_band(kind, RetryHint::Backoff, wire(200, body)),
        ];
        assert_eq!(error.each_ref().map(Error::message), [refused, in_band]);
        assert_eq!(error.each_ref().map(Error::status), [Some(503), None]);
    }

    #[test]
    fn the_message_is_the_vendors_or_made_of_the_body() {
        let unsaid = "the vendor reported an error without a message";
        let said = VendorError {
            message: Some("busy"),
            ..VendorError::default()
        };
        check(said, "{}", "busy", "busy");
        check(VendorError::default(), "<p>", "status 503: <p>", unsaid);
        let empty = "status 503 with an empty body";
        check(VendorError::default(), "", empty, unsaid);
    }

    #[test]
    fn waiting_is_advised_only_against_what_may_pass() {
        let retry = |kind| {
            let error = VendorError::default().refused(kind, RetryHint::Backoff, wire(429, ""));
            error.retry()
        };
        assert_eq!(retry(ErrorKind::RateLimited), RetryHint::Backoff);
        assert_eq!(retry(ErrorKind::QuotaExhausted), RetryHint::Never);
    }

    #[test]
    fn a_status_means_what_the_vendor_says_else_what_it_means_everywhere_else_its_class() {
        let own = [(498, ErrorKind::Overloaded)];
        let kinds = [498, 424, 418, 599, 302].map(|status| kind_by_status(&own, status));
        assert_eq!(
            kinds,
            [
                ErrorKind::Overloaded,
                ErrorKind::Unavailable,
                ErrorKind::InvalidRequest,
                ErrorKind::Unavailable,
                ErrorKind::Protocol
            ]
        );
    }
}
