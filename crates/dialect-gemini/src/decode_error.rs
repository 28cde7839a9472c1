//! A vendor's error answers to core's errors, by tables.
//!
//! A body is a `google.rpc.Status`: its `status` word decides, then the reasons in its details and
//! phrases that split a word into kinds core keeps apart; the HTTP status decides where the word is
//! unknown or absent (`cloud.google.com/apis/design/errors`,
//! `ai.google.dev/gemini-api/docs/troubleshooting`).

use bytes::Bytes;
use http::HeaderMap;
use interline_core::{Error, ErrorKind, RetryHint, WireError};
use interline_transport::{
    VENDOR_TIMEOUT, VendorError, kind_by_status, kind_in, retry_after_in_body, retry_hint,
};
use serde_json::Value;

use crate::FORMAT;

/// Kinds by `status`.
const WORDS: [(&str, ErrorKind); 16] = [
    ("INVALID_ARGUMENT", ErrorKind::InvalidRequest),
    ("FAILED_PRECONDITION", ErrorKind::InvalidRequest),
    ("OUT_OF_RANGE", ErrorKind::InvalidRequest),
    ("ALREADY_EXISTS", ErrorKind::InvalidRequest),
    ("UNAUTHENTICATED", ErrorKind::Authentication),
    ("PERMISSION_DENIED", ErrorKind::Permission),
    ("NOT_FOUND", ErrorKind::NotFound),
    ("RESOURCE_EXHAUSTED", ErrorKind::RateLimited),
    ("ABORTED", ErrorKind::Unavailable),
    ("CANCELLED", ErrorKind::Unavailable),
    ("DATA_LOSS", ErrorKind::Unavailable),
    ("UNKNOWN", ErrorKind::Unavailable),
    ("INTERNAL", ErrorKind::Unavailable),
    ("UNIMPLEMENTED", ErrorKind::Unsupported),
    ("UNAVAILABLE", ErrorKind::Unavailable),
    ("DEADLINE_EXCEEDED", VENDOR_TIMEOUT),
];

/// Kinds by the `reason` of a `google.rpc.ErrorInfo`, which says more than the word.
const REASONS: [(&str, ErrorKind); 7] = [
    ("API_KEY_INVALID", ErrorKind::Authentication),
    ("ACCESS_TOKEN_EXPIRED", ErrorKind::Authentication),
    ("ACCESS_TOKEN_TYPE_UNSUPPORTED", ErrorKind::Authentication),
    ("CREDENTIALS_MISSING", ErrorKind::Authentication),
    ("SERVICE_DISABLED", ErrorKind::Permission),
    ("BILLING_DISABLED", ErrorKind::QuotaExhausted),
    ("RATE_LIMIT_EXCEEDED", ErrorKind::RateLimited),
];

/// Phrases in lower case that tell kinds apart, each within the kind that its word gave.
const PHRASES: [(ErrorKind, &str, ErrorKind); 12] = [
    (
        ErrorKind::InvalidRequest,
        "api key not valid",
        ErrorKind::Authentication,
    ),
    (
        ErrorKind::InvalidRequest,
        "api key expired",
        ErrorKind::Authentication,
    ),
    (
        ErrorKind::InvalidRequest,
        "exceeds the maximum number of tokens",
        ErrorKind::ContextLength,
    ),
    (
        ErrorKind::InvalidRequest,
        "exceeds the maximum allowed input length",
        ErrorKind::ContextLength,
    ),
    (
        ErrorKind::InvalidRequest,
        "payload size exceeds the limit",
        ErrorKind::PayloadTooLarge,
    ),
    (
        ErrorKind::InvalidRequest,
        "user location is not supported",
        ErrorKind::Permission,
    ),
    (
        ErrorKind::InvalidRequest,
        "enable billing",
        ErrorKind::Permission,
    ),
    (
        ErrorKind::RateLimited,
        "credits are depleted",
        ErrorKind::QuotaExhausted,
    ),
    (
        ErrorKind::RateLimited,
        "spending cap",
        ErrorKind::QuotaExhausted,
    ),
    // A quota of nothing, such as a model outside the free tier: waiting does not help.
    (
        ErrorKind::RateLimited,
        "limit: 0,",
        ErrorKind::QuotaExhausted,
    ),
    (ErrorKind::RateLimited, "overloaded", ErrorKind::Overloaded),
    (ErrorKind::Unavailable, "overloaded", ErrorKind::Overloaded),
];

/// Reads an answer whose status is not a success.
///
/// The error has kind, phase, retry hint, status, the `status` word as vendor code, the field at fault
/// where the details name one, and the body as it came; the message is the vendor's, redacted.
#[must_use]
pub fn decode_error(status: u16, headers: &HeaderMap, body: Bytes) -> Error {
    let value: Option<Value> = serde_json::from_slice(&body).ok();
    let told = Told::of(value.as_ref());
    let hint = retry_hint(status, headers, value.as_ref());
    let wire = WireError::new(FORMAT, status, body);
    told.error.refused(told.kind(status), hint, wire)
}

/// Whether a body with a success is an error all the same.
pub(crate) fn is_error(value: &Value) -> bool {
    status_of(value).is_some_and(Value::is_object)
}

/// Reads an error that came inside a 200: in a stream, or instead of an answer.
pub(crate) fn decode_in_band(value: &Value, body: Bytes) -> Error {
    let told = Told::of(Some(value));
    let hint = retry_after_in_body(value).map_or(RetryHint::Backoff, RetryHint::After);
    let kind = told.kind(told.number.unwrap_or(500));
    let wire = WireError::new(FORMAT, 200, body);
    told.error.in_band(kind, hint, wire)
}

/// The `error` of a body; streams without `alt=sse` wrap it in an array.
fn status_of(body: &Value) -> Option<&Value> {
    body.get(0).unwrap_or(body).get("error")
}

/// What an error body tells.
#[derive(Default)]
struct Told<'a> {
    /// Its code is the `status` word.
    error: VendorError<'a>,
    number: Option<u16>,
    reason: Option<&'a str>,
}

impl<'a> Told<'a> {
    /// Reads Google's shape, and the plain `error` or `message` texts that proxies in front of it send.
    fn of(body: Option<&'a Value>) -> Self {
        let mut told = Self::default();
        let Some(body) = body else {
            return told;
        };
        let text = |value: &'a Value, key: &str| value.get(key).and_then(Value::as_str);
        let error = status_of(body).unwrap_or(&Value::Null);
        let details = error.get("details").and_then(Value::as_array);
        let details = || details.into_iter().flatten();
        let number = error.get("code").and_then(Value::as_u64);
        told.number = number.and_then(|number| u16::try_from(number).ok());
        told.reason = details().find_map(|detail| text(detail, "reason"));
        told.error.code = text(error, "status");
        told.error.message = text(error, "message")
            .or(error.as_str())
            .or_else(|| text(body, "message"))
            .filter(|message| !message.is_empty());
        told.error.param = details()
            .filter_map(|detail| detail.get("fieldViolations")?.as_array()?.first())
            .find_map(|violation| text(violation, "field"))
            .filter(|field| !field.is_empty());
        told
    }

    fn kind(&self, status: u16) -> ErrorKind {
        let by_reason = self.reason.and_then(|reason| kind_in(&REASONS, &reason));
        let by_word = || self.error.code.and_then(|word| kind_in(&WORDS, &word));
        let kind = by_reason
            .or_else(by_word)
            .unwrap_or_else(|| kind_by_status(&[], status));
        let message = self.error.message.unwrap_or_default().to_lowercase();
        PHRASES
            .iter()
            .find(|(within, phrase, _)| *within == kind && message.contains(phrase))
            .map_or(kind, |(_, _, kind)| *kind)
    }
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
    fn check(status: u16, word: &str, message: &str, kind: ErrorKind) {
        let body = json!({"error": {"code": status, "message": message, "status": word}});
        let error = decode(status, &body.to_string());
        assert_eq!(error.kind(), kind, "{status} {word} {message}");
        assert_eq!(error.vendor_code(), Some(word));
        assert_eq!(error.status(), Some(status));
        assert_eq!(error.phase(), Phase::BeforeOutput);
    }

    #[test]
    fn every_documented_word_has_its_kind() {
        use ErrorKind as K;
        check(400, "INVALID_ARGUMENT", "no", K::InvalidRequest);
        check(400, "FAILED_PRECONDITION", "no", K::InvalidRequest);
        check(401, "UNAUTHENTICATED", "no", K::Authentication);
        check(403, "PERMISSION_DENIED", "no", K::Permission);
        check(404, "NOT_FOUND", "no", K::NotFound);
        check(429, "RESOURCE_EXHAUSTED", "no", K::RateLimited);
        check(499, "CANCELLED", "no", K::Unavailable);
        check(500, "INTERNAL", "no", K::Unavailable);
        check(501, "UNIMPLEMENTED", "no", K::Unsupported);
        check(503, "UNAVAILABLE", "no", K::Unavailable);
        check(504, "DEADLINE_EXCEEDED", "no", VENDOR_TIMEOUT);
        check(402, "SOMETHING_NEW", "no", K::QuotaExhausted);
        check(418, "SOMETHING_NEW", "no", K::InvalidRequest);
        check(302, "SOMETHING_NEW", "no", K::Protocol);
    }

    #[test]
    fn phrases_split_the_words() {
        use ErrorKind as K;
        let mistake = |message, kind| check(400, "INVALID_ARGUMENT", message, kind);
        mistake(
            "API key expired. Please renew the API key.",
            K::Authentication,
        );
        mistake(
            "The input token count (9) exceeds the maximum number of tokens allowed (8).",
            K::ContextLength,
        );
        mistake(
            "Request payload size exceeds the limit: 20971520 bytes.",
            K::PayloadTooLarge,
        );
        check(
            400,
            "FAILED_PRECONDITION",
            "User location is not supported for the API use.",
            K::Permission,
        );
        let quota = |message, kind| check(429, "RESOURCE_EXHAUSTED", message, kind);
        quota(
            "Resource has been exhausted (e.g. check quota).",
            K::RateLimited,
        );
        quota("Your prepayment credits are depleted.", K::QuotaExhausted);
        quota(
            "* Quota exceeded for metric: m, limit: 0, model: g",
            K::QuotaExhausted,
        );
        quota(
            "* Quota exceeded for metric: m, limit: 20, model: g",
            K::RateLimited,
        );
        check(
            503,
            "UNAVAILABLE",
            "The model is overloaded.",
            K::Overloaded,
        );
    }

    #[test]
    fn details_name_reason_field_and_wait() {
        let with_details = |status: u16, word: &str, details: Value| {
            let body = json!({"error": {"code": status, "message": "m", "status": word,
                "details": details}});
            decode(status, &body.to_string())
        };
        let info = json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "API_KEY_INVALID"}]);
        let error = with_details(400, "INVALID_ARGUMENT", info);
        assert_eq!(error.kind(), ErrorKind::Authentication);

        let violations = json!([{"@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": "contents[1].parts[0]", "description": "d"}]}]);
        let error = with_details(400, "INVALID_ARGUMENT", violations);
        assert_eq!(error.param(), Some("contents[1].parts[0]"));

        let wait = json!([{"@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": "36s"}]);
        let error = with_details(429, "RESOURCE_EXHAUSTED", wait);
        assert_eq!(error.retry(), RetryHint::After(Duration::from_secs(36)));
    }

    #[test]
    fn a_stream_wraps_its_error_in_an_array() {
        let body = r#"[{"error":{"code":404,"message":"gone","status":"NOT_FOUND"}}]"#;
        let error = decode(404, body);
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::NotFound, "gone")
        );
        let value: Value = serde_json::from_str(body).expect("JSON");
        assert!(is_error(&value) && !is_error(&json!({"error": null})));
    }

    #[test]
    fn a_page_from_a_proxy_is_judged_by_its_status() {
        let error = decode(502, "<html>Bad gateway</html>");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.message().starts_with("status 502: <html>"), "{error}");
        assert_eq!(decode(403, "").message(), "status 403 with an empty body");
        assert_eq!(decode(503, r#"{"error":"busy"}"#).message(), "busy");
    }

    #[test]
    fn the_callers_mistake_is_never_worth_a_retry_and_keys_are_masked() {
        assert_eq!(decode(400, "{}").retry(), RetryHint::Never);
        assert_eq!(decode(503, "{}").retry(), RetryHint::Backoff);
        let echoed =
            r#"{"error":{"code":400,"message":"API key AIzaSyA-1234567890abcdef not valid"}}"#;
        let error = decode(400, echoed);
        assert!(!error.to_string().contains("1234567890"), "{error}");
        assert_eq!(
            error.wire().map(|wire| &wire.body[..]),
            Some(echoed.as_bytes())
        );
    }

    #[test]
    fn an_error_inside_a_success_has_no_status() {
        let value = json!({"error": {"code": 429, "message": "slow down"}});
        let error = decode_in_band(&value, Bytes::new());
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.retry(), RetryHint::Backoff);
        assert_eq!(error.status(), None);
    }
}
