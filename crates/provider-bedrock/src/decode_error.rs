//! Bedrock's errors to core's errors, by tables.
//!
//! The type of an exception decides: it stands in the header `x-amzn-errortype`, in the body's `__type`,
//! or names a message of a stream. Phrases split it into kinds core keeps apart; the HTTP status decides
//! where no type is given
//! (`docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html` and the API
//! reference of Converse and ConverseStream).

use bytes::Bytes;
use http::HeaderMap;
use interline_core::{Error, ErrorKind, RetryHint, WireError};
use interline_transport::{VENDOR_TIMEOUT, VendorError, kind_by_status, kind_in, retry_hint};
use serde_json::Value;

use crate::FORMAT;

/// Kinds by the exception's type.
const TYPES: [(&str, ErrorKind); 25] = [
    ("ValidationException", ErrorKind::InvalidRequest),
    ("ValidationError", ErrorKind::InvalidRequest),
    ("SerializationException", ErrorKind::InvalidRequest),
    ("AccessDeniedException", ErrorKind::Permission),
    ("AccessDenied", ErrorKind::Permission),
    ("NotAuthorized", ErrorKind::Permission),
    ("OptInRequired", ErrorKind::Permission),
    ("UnrecognizedClientException", ErrorKind::Authentication),
    ("InvalidClientTokenId", ErrorKind::Authentication),
    ("InvalidSignatureException", ErrorKind::Authentication),
    ("SignatureDoesNotMatch", ErrorKind::Authentication),
    ("IncompleteSignature", ErrorKind::Authentication),
    ("IncompleteSignatureException", ErrorKind::Authentication),
    (
        "MissingAuthenticationTokenException",
        ErrorKind::Authentication,
    ),
    ("ExpiredTokenException", ErrorKind::Authentication),
    ("RequestExpired", ErrorKind::Authentication),
    ("ResourceNotFoundException", ErrorKind::NotFound),
    ("ThrottlingException", ErrorKind::RateLimited),
    ("ServiceQuotaExceededException", ErrorKind::QuotaExhausted),
    ("ModelTimeoutException", VENDOR_TIMEOUT),
    ("ModelErrorException", ErrorKind::Unavailable),
    ("ModelNotReadyException", ErrorKind::Unavailable),
    ("ModelStreamErrorException", ErrorKind::Unavailable),
    ("InternalServerException", ErrorKind::Unavailable),
    ("ServiceUnavailableException", ErrorKind::Unavailable),
];

/// Kinds by a status that means something of its own here, where no type is given.
const STATUSES: [(u16, ErrorKind); 1] = [(501, ErrorKind::Unsupported)];

/// Phrases in lower case that tell kinds apart, each within the kind that the type gave.
const PHRASES: [(ErrorKind, &str, ErrorKind); 17] = {
    use ErrorKind as K;
    [
        (K::InvalidRequest, "input is too long", K::ContextLength),
        (K::InvalidRequest, "prompt is too long", K::ContextLength),
        (K::InvalidRequest, "too many input tokens", K::ContextLength),
        (
            K::InvalidRequest,
            "maximum context length",
            K::ContextLength,
        ),
        (K::InvalidRequest, "context window", K::ContextLength),
        (K::InvalidRequest, "exceed context limit", K::ContextLength),
        (K::InvalidRequest, "input tokens exceeded", K::ContextLength),
        (
            K::InvalidRequest,
            "model identifier is invalid",
            K::NotFound,
        ),
        (
            K::InvalidRequest,
            "content filtering policy",
            K::ContentFiltered,
        ),
        (K::InvalidRequest, "blocked by", K::ContentFiltered),
        (
            K::InvalidRequest,
            "request entity too large",
            K::PayloadTooLarge,
        ),
        // Wrong keys are refused with the type of a missing permission.
        (K::Permission, "authentication failed", K::Authentication),
        (K::Permission, "security token", K::Authentication),
        (K::Permission, "signature", K::Authentication),
        (K::Permission, "bearer token", K::Authentication),
        (K::Unavailable, "too many connections", K::Overloaded),
        (K::Unavailable, "overloaded", K::Overloaded),
    ]
};

/// Reads an answer whose status is not a success.
///
/// The error has kind, phase, retry hint, status, the exception's type as vendor code and the body as it
/// came; the message is the vendor's, redacted.
#[must_use]
pub fn decode_error(status: u16, headers: &HeaderMap, body: Bytes) -> Error {
    let value: Option<Value> = serde_json::from_slice(&body).ok();
    let header = headers
        .get("x-amzn-errortype")
        .and_then(|value| value.to_str().ok());
    let told = VendorError::default();
    let (code, message) = read(header, value.as_ref());
    let kind = kind(code, message, || kind_by_status(&STATUSES, status));
    let hint = retry_hint(status, headers, value.as_ref());
    let told = with(told, code, message);
    told.refused(kind, hint, WireError::new(FORMAT, status, body))
}

/// Reads an exception that came as a message of a stream, under its `name`.
pub(crate) fn decode_in_band(name: &str, payload: Bytes) -> Error {
    let value: Option<Value> = serde_json::from_slice(&payload).ok();
    let (_, message) = read(None, value.as_ref());
    let kind = kind(Some(name), message, || ErrorKind::Unavailable);
    let told = with(VendorError::default(), Some(name), message);
    told.in_band(
        kind,
        RetryHint::Backoff,
        WireError::new(FORMAT, 200, payload),
    )
}

fn with<'a>(
    mut told: VendorError<'a>,
    code: Option<&'a str>,
    message: Option<&'a str>,
) -> VendorError<'a> {
    told.code = code;
    told.message = message;
    told
}

/// The exception's bare type and its sentence.
fn read<'a>(
    header: Option<&'a str>,
    body: Option<&'a Value>,
) -> (Option<&'a str>, Option<&'a str>) {
    let text = |pointer: &str| body?.pointer(pointer)?.as_str();
    let code = header
        .or_else(|| text("/__type"))
        .or_else(|| text("/Output/__type"))
        .or_else(|| text("/code"));
    // The type is framed by its name space: `com.amazon.coral#Type` or `Type:http://…`.
    let bare = |code: &'a str| {
        let code = code.split(':').next().unwrap_or_default();
        code.rsplit('#').next().unwrap_or_default().trim()
    };
    let message = text("/message")
        .or_else(|| text("/Message"))
        .or_else(|| text("/error/message"))
        .filter(|message| !message.is_empty());
    (code.map(bare).filter(|code| !code.is_empty()), message)
}

fn kind(
    code: Option<&str>,
    message: Option<&str>,
    otherwise: impl FnOnce() -> ErrorKind,
) -> ErrorKind {
    // Streams name a type as a member: with a small first letter.
    let capital = |code: &str| {
        let mut letters = code.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    let by_type = code.and_then(|code| kind_in(&TYPES, &capital(code).as_str()));
    let kind = by_type.unwrap_or_else(otherwise);
    let message = message.unwrap_or_default().to_lowercase();
    PHRASES
        .iter()
        .find(|(within, phrase, _)| *within == kind && message.contains(phrase))
        .map_or(kind, |(_, _, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use interline_core::Phase;
    use serde_json::json;

    use super::*;

    fn decode(status: u16, kind: &str, body: &str) -> Error {
        let mut headers = HeaderMap::new();
        if !kind.is_empty() {
            headers.insert("x-amzn-errortype", kind.parse().expect("a header"));
        }
        decode_error(status, &headers, Bytes::copy_from_slice(body.as_bytes()))
    }

    #[track_caller]
    fn check(status: u16, name: &str, message: &str, kind: ErrorKind) {
        let error = decode(status, name, &json!({"message": message}).to_string());
        assert_eq!(error.kind(), kind, "{status} {name} {message}");
        assert_eq!(
            error.vendor_code(),
            Some(name).filter(|name| !name.is_empty())
        );
        assert_eq!(
            (error.status(), error.phase()),
            (Some(status), Phase::BeforeOutput)
        );
    }

    #[test]
    fn every_documented_type_has_its_kind() {
        use ErrorKind as K;
        check(400, "ValidationException", "no", K::InvalidRequest);
        check(403, "AccessDeniedException", "no", K::Permission);
        check(403, "UnrecognizedClientException", "no", K::Authentication);
        check(403, "ExpiredTokenException", "no", K::Authentication);
        check(404, "ResourceNotFoundException", "no", K::NotFound);
        check(408, "ModelTimeoutException", "no", VENDOR_TIMEOUT);
        check(424, "ModelErrorException", "no", K::Unavailable);
        check(429, "ThrottlingException", "no", K::RateLimited);
        check(429, "ModelNotReadyException", "no", K::Unavailable);
        check(
            400,
            "ServiceQuotaExceededException",
            "no",
            K::QuotaExhausted,
        );
        check(500, "InternalServerException", "no", K::Unavailable);
        check(503, "ServiceUnavailableException", "no", K::Unavailable);
        check(429, "SomethingNew", "no", K::RateLimited);
        check(418, "", "no", K::InvalidRequest);
    }

    #[test]
    fn phrases_split_the_types() {
        use ErrorKind as K;
        let mistake = |message, kind| check(400, "ValidationException", message, kind);
        mistake("The provided model identifier is invalid.", K::NotFound);
        mistake("Input is too long for requested model.", K::ContextLength);
        mistake(
            "The model returned the following errors: prompt is too long: 9 tokens > 8 maximum",
            K::ContextLength,
        );
        mistake(
            "Output blocked by content filtering policy",
            K::ContentFiltered,
        );
        let denied = |message, kind| check(403, "AccessDeniedException", message, kind);
        denied(
            "Authentication failed: Please make sure your API Key is valid.",
            K::Authentication,
        );
        denied(
            "User: u is not authorized to perform: bedrock:InvokeModel",
            K::Permission,
        );
        let busy = "Too many connections, please wait before trying again.";
        check(503, "ServiceUnavailableException", busy, K::Overloaded);
    }

    #[test]
    fn the_type_is_read_from_header_or_body_without_its_name_space() {
        let url = "ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/";
        assert_eq!(
            decode(400, url, "{}").vendor_code(),
            Some("ValidationException")
        );
        let body = r#"{"__type":"com.amazon.coral.service#UnrecognizedClientException",
            "Message":"The security token included in the request is invalid."}"#;
        let error = decode(403, "", body);
        assert_eq!(error.vendor_code(), Some("UnrecognizedClientException"));
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert!(error.message().starts_with("The security token"), "{error}");
        let unknown =
            r#"{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"}}"#;
        let error = decode(404, "", unknown);
        assert_eq!(error.vendor_code(), Some("UnknownOperationException"));
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn only_what_may_pass_is_worth_a_retry() {
        let retry = |status, name| decode(status, name, "{}").retry();
        assert_eq!(retry(400, "ValidationException"), RetryHint::Never);
        assert_eq!(retry(429, "ThrottlingException"), RetryHint::Backoff);
        assert_eq!(retry(424, "ModelErrorException"), RetryHint::Backoff);
        assert_eq!(
            retry(503, "ServiceUnavailableException"),
            RetryHint::Backoff
        );
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", "7".parse().expect("a header"));
        let error = decode_error(429, &headers, Bytes::new());
        assert_eq!(error.retry(), RetryHint::After(Duration::from_secs(7)));
    }

    #[test]
    fn a_page_from_a_proxy_is_judged_by_its_status() {
        let error = decode(502, "", "<html>Bad gateway</html>");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.message().starts_with("status 502: <html>"), "{error}");
    }

    #[test]
    fn an_exception_in_a_stream_has_no_status() {
        let payload = Bytes::from_static(br#"{"message":"slow down"}"#);
        let error = decode_in_band("throttlingException", payload);
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(
            (error.status(), error.vendor_code()),
            (None, Some("throttlingException"))
        );
        assert_eq!(error.message(), "slow down");
        assert_eq!(error.retry(), RetryHint::Backoff);
        let error = decode_in_band("somethingNew", Bytes::from_static(b"?"));
        assert_eq!(error.kind(), ErrorKind::Unavailable);
    }
}
