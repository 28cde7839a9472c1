//! Turns a vendor's failure into the one error. The error object is the same as of Chat Completions.

use bytes::Bytes;
use http::HeaderMap;
use interline_core::{Error, ErrorKind, Phase, RetryHint, WireError};
use serde_json::{Map, Value};

use super::FORMAT;
use crate::chat::decode_error as chat;

/// The status of an exchange whose failure stands in its body.
const OK: u16 = 200;

/// Reads an answer whose status says failure.
///
/// Never fails itself: a body that is no error object becomes part of the message, redacted.
/// The error has kind, phase `BeforeOutput`, retry hint, status, the vendor's code or type, its
/// `param` and the body for callers of this format.
#[must_use]
pub fn decode_error(status: u16, headers: &HeaderMap, body: Bytes) -> Error {
    let wire = WireError::new(FORMAT, status, body.clone());
    chat::decode_error(status, headers, body).with_wire(wire)
}

/// The error that a vendor reports inside a 200, in the document `body`.
///
/// The caller says how far the answer had come.
pub(crate) fn in_band(error: &Value, body: Bytes) -> Error {
    let wire = WireError::new(FORMAT, OK, body.clone());
    chat::in_band(error, body).with_wire(wire)
}

/// The failure of an answer that ended as failed or cancelled, in its own words where it has any.
pub(crate) fn failed(response: &Map<String, Value>, body: Bytes) -> Error {
    match response.get("error").filter(|error| !error.is_null()) {
        Some(error) => in_band(error, body),
        None => Error::new(
            ErrorKind::Unavailable,
            "the vendor failed while it answered and gave no reason",
        )
        .with_phase(Phase::BeforeOutput)
        .with_retry(RetryHint::Backoff)
        .with_status(OK)
        .with_wire(WireError::new(FORMAT, OK, body)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(error: Value, kind: ErrorKind) {
        let response = Map::from_iter([("error".to_owned(), error)]);
        let error = failed(&response, Bytes::from_static(b"{}"));
        assert_eq!(error.kind(), kind);
        assert_eq!(error.wire().map(|wire| &wire.format), Some(&FORMAT));
        assert_eq!(error.status(), Some(200));
    }

    /// Codes by OpenAI's reference of the response object; hand-written.
    #[test]
    fn codes_inside_a_200_tell_the_kind() {
        let error = |code: &str| json!({"code": code, "message": "m"});
        check(error("server_error"), ErrorKind::Unavailable);
        check(error("rate_limit_exceeded"), ErrorKind::RateLimited);
        check(error("invalid_prompt"), ErrorKind::InvalidRequest);
        check(error("invalid_image"), ErrorKind::InvalidRequest);
        check(
            error("image_content_policy_violation"),
            ErrorKind::ContentFiltered,
        );
        check(error("context_length_exceeded"), ErrorKind::ContextLength);
        check(Value::Null, ErrorKind::Unavailable);
    }

    #[test]
    fn a_refused_call_is_of_this_format() {
        let body =
            Bytes::from(json!({"error": {"message": "m", "code": "invalid_api_key"}}).to_string());
        let error = decode_error(401, &HeaderMap::new(), body.clone());
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert_eq!(error.wire(), Some(&WireError::new(FORMAT, 401, body)));
    }
}
