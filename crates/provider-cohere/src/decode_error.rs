//! Cohere's error answers to core's errors, by tables.
//!
//! A body is `{"id", "message"}` without a code: the status decides, then phrases that split a status
//! into kinds that core keeps apart (`docs.cohere.com/reference/errors`, 2026-08).

use bytes::Bytes;
use http::HeaderMap;
use interline_core::{Error, ErrorKind, RetryHint, WireError};
use interline_transport::{VENDOR_TIMEOUT, VendorError, kind_by_status, retry_hint};
use serde_json::Value;

use crate::FORMAT;

/// The header with Cohere's id of the exchange.
pub(crate) const TRACE_ID: &str = "x-debug-trace-id";

/// Kinds by a status that means something of its own here.
const STATUSES: [(u16, ErrorKind); 2] = [
    // Input or output holds a word that the account has blocked.
    (498, ErrorKind::ContentFiltered),
    (501, ErrorKind::Unsupported),
];

/// Phrases in lower case that tell kinds apart, each within the kind that the status gave; the first
/// match wins.
const PHRASES: [(ErrorKind, &str, ErrorKind); 9] = [
    // A bound on the answer above the model's own is a mistake in one figure.
    (
        ErrorKind::InvalidRequest,
        "too many tokens: max tokens must be",
        ErrorKind::InvalidRequest,
    ),
    (
        ErrorKind::InvalidRequest,
        "too many tokens",
        ErrorKind::ContextLength,
    ),
    (
        ErrorKind::InvalidRequest,
        "maximum context length",
        ErrorKind::ContextLength,
    ),
    (
        ErrorKind::InvalidRequest,
        "invalid api token",
        ErrorKind::Authentication,
    ),
    // A trial key's allowance of the month: waiting a minute does not help.
    (
        ErrorKind::RateLimited,
        "calls / month",
        ErrorKind::QuotaExhausted,
    ),
    (
        ErrorKind::RateLimited,
        "calls per month",
        ErrorKind::QuotaExhausted,
    ),
    (
        ErrorKind::RateLimited,
        "billing limit",
        ErrorKind::QuotaExhausted,
    ),
    (ErrorKind::RateLimited, "overloaded", ErrorKind::Overloaded),
    (ErrorKind::Unavailable, "overloaded", ErrorKind::Overloaded),
];

/// Reads an answer whose status is not a success.
///
/// The error has kind, phase, retry hint, status, Cohere's id of
/// the exchange, and the body as it came; the message is Cohere's, redacted.
#[must_use]
pub fn decode_error(status: u16, headers: &HeaderMap, body: Bytes) -> Error {
    let value: Option<Value> = serde_json::from_slice(&body).ok();
    let mut told = told(value.as_ref());
    if told.request_id.is_none() {
        let header = headers.get(TRACE_ID);
        told.request_id = header.and_then(|value| value.to_str().ok());
    }
    let kind = kind(kind_by_status(&STATUSES, status), told.message);
    let hint = retry_hint(status, headers, value.as_ref());
    told.refused(kind, hint, WireError::new(FORMAT, status, body))
}

/// Whether a body with a success is an error all the same: a message in words, and nothing said.
pub(crate) fn is_error(value: &Value) -> bool {
    value.get("message").is_some_and(Value::is_string)
}

/// The error that came inside a success: in a stream, or instead of an answer.
pub(crate) fn in_band(value: &Value, body: Bytes) -> Error {
    let told = told(Some(value));
    let kind = kind(ErrorKind::Unavailable, told.message);
    told.in_band(kind, RetryHint::Backoff, WireError::new(FORMAT, 200, body))
}

/// An answer that ended as failed before it said anything; `reason` is Cohere's word.
pub(crate) fn failed_ending(reason: &str, message: Option<&str>, body: Bytes) -> Error {
    let kind = match reason {
        "TIMEOUT" => VENDOR_TIMEOUT,
        _ => ErrorKind::Unavailable,
    };
    let mut told = VendorError::default();
    told.message = Some(message.unwrap_or("the answer ended as failed"));
    told.code = Some(reason);
    told.in_band(kind, RetryHint::Backoff, WireError::new(FORMAT, 200, body))
}

fn told(body: Option<&Value>) -> VendorError<'_> {
    let text = |key: &str| {
        let text = body?.get(key)?.as_str()?;
        (!text.is_empty()).then_some(text)
    };
    let mut told = VendorError::default();
    told.message = text("message").or_else(|| text("error"));
    told.request_id = text("id");
    told
}

fn kind(by_status: ErrorKind, message: Option<&str>) -> ErrorKind {
    let message = message.unwrap_or_default().to_lowercase();
    PHRASES
        .iter()
        .find(|(within, phrase, _)| *within == by_status && message.contains(phrase))
        .map_or(by_status, |(_, _, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use interline_core::Phase;
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(status: u16, message: &str, kind: ErrorKind) {
        let body = json!({"id": "trace", "message": message}).to_string();
        let error = decode_error(status, &HeaderMap::new(), body.into());
        assert_eq!(error.kind(), kind, "{status} {message}");
        assert_eq!(error.status(), Some(status));
        assert_eq!(error.request_id(), Some("trace"));
        assert_eq!(error.phase(), Phase::BeforeOutput);
    }

    /// The sentences are hand-written after Cohere's documentation.
    #[test]
    fn every_documented_status_has_its_kind() {
        use ErrorKind as K;
        check(400, "invalid request: no", K::InvalidRequest);
        check(401, "invalid api token", K::Authentication);
        check(402, "no", K::QuotaExhausted);
        check(403, "no", K::Permission);
        check(404, "model 'x' not found", K::NotFound);
        check(422, "invalid type", K::InvalidRequest);
        check(429, "limited to 10 API calls / minute", K::RateLimited);
        check(498, "blocked", K::ContentFiltered);
        check(499, "request cancelled", K::Unavailable);
        check(500, "internal server error", K::Unavailable);
        check(501, "no", K::Unsupported);
        check(503, "no", K::Unavailable);
        check(504, "no", VENDOR_TIMEOUT);
    }

    #[test]
    fn phrases_split_the_statuses() {
        use ErrorKind as K;
        check(
            400,
            "too many tokens: total number of tokens in the prompt cannot exceed 8 - received 9",
            K::ContextLength,
        );
        check(
            400,
            "too many tokens: max tokens must be less than or equal to 8",
            K::InvalidRequest,
        );
        check(
            429,
            "You are using a Trial key, which is limited to 1000 API calls / month",
            K::QuotaExhausted,
        );
        check(503, "the model is overloaded", K::Overloaded);
    }

    #[test]
    fn a_page_from_a_proxy_is_judged_by_its_status() {
        let mut headers = HeaderMap::new();
        headers.insert(TRACE_ID, http::HeaderValue::from_static("t1"));
        let error = decode_error(502, &headers, Bytes::from_static(b"<html>"));
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(error.request_id(), Some("t1"));
    }

    #[test]
    fn an_error_inside_a_success_has_no_status() {
        let value = json!({"id": "1", "message": "too busy"});
        assert!(is_error(&value) && !is_error(&json!({"message": {"role": "assistant"}})));
        let error = in_band(&value, Bytes::new());
        assert_eq!(
            (error.kind(), error.status()),
            (ErrorKind::Unavailable, None)
        );
        let error = failed_ending("TIMEOUT", None, Bytes::new());
        assert_eq!(error.kind(), VENDOR_TIMEOUT);
        assert_eq!(error.vendor_code(), Some("TIMEOUT"));
    }
}
