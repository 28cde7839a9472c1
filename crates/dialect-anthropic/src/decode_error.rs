//! A vendor's error answers to core's errors, by tables.
//!
//! The body's `error.type` decides, then phrases that split a type into kinds core keeps apart; the
//! status decides where the type is unknown, absent, or `invalid_request_error`, which Anthropic uses
//! for client errors of every status (`platform.claude.com/docs/en/api/errors`).

use bytes::Bytes;
use http::HeaderMap;
use interline_core::{Error, ErrorKind, RetryHint, WireError};
use interline_transport::{VENDOR_TIMEOUT, VendorError, kind_by_status, kind_in, retry_hint};
use serde_json::Value;

use crate::FORMAT;

/// Kinds by `error.type`.
const TYPES: [(&str, ErrorKind); 11] = [
    ("invalid_request_error", ErrorKind::InvalidRequest),
    ("authentication_error", ErrorKind::Authentication),
    ("billing_error", ErrorKind::QuotaExhausted),
    ("permission_error", ErrorKind::Permission),
    ("not_found_error", ErrorKind::NotFound),
    ("conflict_error", ErrorKind::Unavailable),
    ("request_too_large", ErrorKind::PayloadTooLarge),
    ("rate_limit_error", ErrorKind::RateLimited),
    ("timeout_error", VENDOR_TIMEOUT),
    ("api_error", ErrorKind::Unavailable),
    ("overloaded_error", ErrorKind::Overloaded),
];

/// Kinds by a status that means something of its own here, where the type says nothing.
const STATUSES: [(u16, ErrorKind); 1] = [(524, VENDOR_TIMEOUT)];

/// Phrases in lower case that tell kinds apart where the type says `invalid_request_error`.
const PHRASES: [(&str, ErrorKind); 6] = [
    ("prompt is too long", ErrorKind::ContextLength),
    ("exceed context limit", ErrorKind::ContextLength),
    ("maximum context length", ErrorKind::ContextLength),
    ("credit balance is too low", ErrorKind::QuotaExhausted),
    ("api usage limits", ErrorKind::QuotaExhausted),
    ("content filtering policy", ErrorKind::ContentFiltered),
];

/// Reads an answer whose status is not a success.
///
/// The error has kind, phase, retry hint, status, vendor code, the field at fault where the message
/// begins with its path, request id, and the body as it came; the message is the vendor's, redacted.
#[must_use]
pub fn decode_error(status: u16, headers: &HeaderMap, body: Bytes) -> Error {
    let value: Option<Value> = serde_json::from_slice(&body).ok();
    let mut told = read(value.as_ref());
    let header_id = ["request-id", "x-request-id"]
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok());
    told.request_id = header_id.or(told.request_id);
    let kind = kind(told.code, told.message, Some(status));
    let hint = retry_hint(status, headers, value.as_ref());
    told.refused(kind, hint, WireError::new(FORMAT, status, body))
}

/// Reads an error that came inside a 200: an `error` event, or a body of that type.
pub(crate) fn decode_in_band(value: &Value, body: Bytes) -> Error {
    let told = read(Some(value));
    let kind = kind(told.code, told.message, None);
    told.in_band(kind, RetryHint::Backoff, WireError::new(FORMAT, 200, body))
}

/// Reads Anthropic's shape, and the plain `error`, `message` or `detail` texts that proxies in front of
/// it send.
fn read(body: Option<&Value>) -> VendorError<'_> {
    let mut told = VendorError::default();
    let Some(body) = body else {
        return told;
    };
    // Google, which serves this format too, sends its own errors, at times in a list of one.
    let body = body.get(0).unwrap_or(body);
    let error = body.get("error").unwrap_or(&Value::Null);
    told.code = text(error, "type").or_else(|| text(error, "status"));
    told.message = text(error, "message")
        .or(error.as_str())
        .or_else(|| text(body, "message"))
        .or_else(|| text(body, "detail"))
        .filter(|message| !message.is_empty());
    told.param = told.message.and_then(path_at_start);
    told.request_id = text(body, "request_id");
    told
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

fn kind(code: Option<&str>, message: Option<&str>, status: Option<u16>) -> ErrorKind {
    let by_code = code.and_then(|code| kind_in(&TYPES, &code));
    let kind = match (by_code, status) {
        (Some(ErrorKind::InvalidRequest), Some(status)) => kind_by_status(&STATUSES, status),
        (Some(kind), _) => kind,
        (None, Some(status)) => kind_by_status(&STATUSES, status),
        (None, None) => ErrorKind::Unavailable,
    };
    if kind != ErrorKind::InvalidRequest {
        return kind;
    }
    let message = message.unwrap_or_default().to_lowercase();
    PHRASES
        .iter()
        .find(|(phrase, _)| message.contains(phrase))
        .map_or(kind, |(_, kind)| *kind)
}

/// The path that a message such as `tools.0.name: Field required` begins with.
fn path_at_start(message: &str) -> Option<&str> {
    let (path, _) = message.split_once(": ")?;
    let in_path = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._[]".contains(c);
    (!path.is_empty() && path.chars().all(in_path)).then_some(path)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use interline_core::Phase;
    use serde_json::json;

    use super::*;

    fn decode(status: u16, body: &str) -> Error {
        decode_error(
            status,
            &HeaderMap::new(),
            Bytes::copy_from_slice(body.as_bytes()),
        )
    }

    #[track_caller]
    fn check(status: u16, code: &str, message: &str, kind: ErrorKind) {
        let body = json!({"type": "error", "error": {"type": code, "message": message}});
        let error = decode(status, &body.to_string());
        assert_eq!(error.kind(), kind, "{status} {code} {message}");
        assert_eq!(error.vendor_code(), Some(code));
        assert_eq!(error.status(), Some(status));
        assert_eq!(error.phase(), Phase::BeforeOutput);
    }

    #[test]
    fn every_documented_type_has_its_kind() {
        use ErrorKind as K;
        check(400, "invalid_request_error", "no", K::InvalidRequest);
        check(401, "authentication_error", "no", K::Authentication);
        check(402, "billing_error", "no", K::QuotaExhausted);
        check(403, "permission_error", "no", K::Permission);
        check(404, "not_found_error", "no", K::NotFound);
        check(413, "request_too_large", "no", K::PayloadTooLarge);
        check(429, "rate_limit_error", "no", K::RateLimited);
        check(500, "api_error", "no", K::Unavailable);
        check(504, "timeout_error", "no", VENDOR_TIMEOUT);
        check(529, "overloaded_error", "no", K::Overloaded);
        check(418, "invalid_request_error", "no", K::InvalidRequest);
        check(413, "invalid_request_error", "no", K::PayloadTooLarge);
        check(503, "something_new", "no", K::Unavailable);
    }

    #[test]
    fn phrases_split_the_invalid_request() {
        use ErrorKind as K;
        let check = |message, kind| check(400, "invalid_request_error", message, kind);
        check(
            "prompt is too long: 210000 tokens > 200000 maximum",
            K::ContextLength,
        );
        check(
            "input length and `max_tokens` exceed context limit: 9",
            K::ContextLength,
        );
        check(
            "Your credit balance is too low to access the API.",
            K::QuotaExhausted,
        );
        check(
            "You have reached your specified API usage limits.",
            K::QuotaExhausted,
        );
        check(
            "Output blocked by content filtering policy",
            K::ContentFiltered,
        );
    }

    #[test]
    fn the_path_in_the_message_is_the_param() {
        let error = decode(
            400,
            r#"{"error":{"type":"invalid_request_error","message":"tools.0.name: Field required"}}"#,
        );
        assert_eq!(error.param(), Some("tools.0.name"));
        assert_eq!(path_at_start("Sorry, no: never"), None);
    }

    #[test]
    fn a_page_from_a_proxy_is_judged_by_its_status() {
        let error = decode(502, "<html>Bad gateway</html>");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.message().starts_with("status 502: <html>"), "{error}");
        assert_eq!(decode(403, "").message(), "status 403 with an empty body");
        assert_eq!(decode(302, "").kind(), ErrorKind::Protocol);
        assert_eq!(decode(503, r#"{"error":"busy"}"#).message(), "busy");
    }

    #[test]
    fn googles_own_errors_are_judged_by_their_status() {
        let body = r#"[{"error":{"code":429,"message":"Quota exceeded.",
            "status":"RESOURCE_EXHAUSTED"}}]"#;
        let error = decode(429, body);
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.vendor_code(), Some("RESOURCE_EXHAUSTED"));
        assert_eq!(error.message(), "Quota exceeded.");
    }

    #[test]
    fn the_body_travels_along_and_ids_come_from_header_or_body() {
        let body = r#"{"error":{"type":"api_error","message":"x"},"request_id":"req_1"}"#;
        let error = decode(500, body);
        assert_eq!(error.request_id(), Some("req_1"));
        assert_eq!(
            error.wire().map(|wire| &wire.body[..]),
            Some(body.as_bytes())
        );
        let mut headers = HeaderMap::new();
        headers.insert("request-id", "req_2".parse().expect("a header"));
        let error = decode_error(500, &headers, Bytes::copy_from_slice(body.as_bytes()));
        assert_eq!(error.request_id(), Some("req_2"));
    }

    #[test]
    fn the_callers_mistake_is_never_worth_a_retry() {
        assert_eq!(decode(400, "{}").retry(), RetryHint::Never);
        assert_eq!(decode(401, "{}").retry(), RetryHint::Never);
    }

    #[test]
    fn what_may_pass_is_worth_a_retry_after_the_announced_wait() {
        assert_eq!(decode(529, "{}").retry(), RetryHint::Backoff);
        assert_eq!(decode(500, "{}").retry(), RetryHint::Backoff);
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "3".parse().expect("a header"));
        let limited = decode_error(429, &headers, Bytes::new());
        assert_eq!(limited.retry_after(), Some(Duration::from_secs(3)));
    }

    #[test]
    fn keys_in_a_vendors_words_are_masked() {
        let error = decode(
            401,
            r#"{"error":{"type":"authentication_error","message":"bad key sk-ant-api03-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"}}"#,
        );
        assert!(!error.message().contains("AbCdEfGh"), "{error}");
    }

    #[test]
    fn an_error_inside_a_success_has_no_status() {
        let value = json!({"type": "error",
            "error": {"type": "overloaded_error", "message": "Overloaded"}, "request_id": "r"});
        let error = decode_in_band(&value, Bytes::new());
        assert_eq!(error.kind(), ErrorKind::Overloaded);
        assert_eq!(error.retry(), RetryHint::Backoff);
        assert_eq!(error.status(), None);
        assert_eq!(error.request_id(), Some("r"));
    }
}
