//! Turns a vendor's failure into the one error: refused with a status, or reported inside a 200.

use bytes::Bytes;
use http::HeaderMap;
use interline_core::{Error, ErrorKind, Phase, RetryHint, WireError};
use interline_transport::{body_snippet, retry_hint};
use serde_json::Value;

use super::vendor_error::{self, VendorError};
use super::{FORMAT, error_rules};

/// Reads an answer whose status says failure.
///
/// Never fails itself: a body that is no error object becomes part of the message, redacted.
/// The error has kind, phase `BeforeOutput`, retry hint, status, the vendor's code or type, its
/// `param` and the body for callers of this format.
#[must_use]
pub fn decode_error(status: u16, headers: &HeaderMap, body: Bytes) -> Error {
    let document: Option<Value> = serde_json::from_slice(&body).ok();
    // Some gateways wrap the object in a list.
    let described = document
        .as_ref()
        .map(|document| document.get(0).unwrap_or(document))
        .filter(|value| value.is_object() || value.is_string());
    let error = match described {
        Some(document) => VendorError::read(vendor_error::find(document, None).unwrap_or(document)),
        None => VendorError {
            message: unread(&body),
            ..VendorError::default()
        },
    };
    let hint = |kind| hint(kind, status, headers, document.as_ref(), &error);
    let kind = error_rules::classify(status, &error);
    build(kind, hint(kind), &error)
        .with_status(status)
        .with_wire(WireError::new(FORMAT, status, body))
}

/// The error that a vendor reports inside a 200, as `error` in the document `body`.
///
/// The caller says how far the answer had come.
pub(crate) fn in_band(error: &Value, body: Bytes) -> Error {
    const OK: u16 = 200;
    let read = VendorError::read(error);
    let kind = error_rules::classify(OK, &read);
    let status = read.status.unwrap_or(500);
    let hint = hint(kind, status, &HeaderMap::new(), Some(error), &read);
    build(kind, hint, &read)
        .with_status(OK)
        .with_wire(WireError::new(FORMAT, OK, body))
}

fn build(kind: ErrorKind, hint: RetryHint, error: &VendorError) -> Error {
    let built = Error::new(kind, error.message.clone())
        .with_phase(Phase::BeforeOutput)
        .with_retry(hint)
        .with_vendor_code(error.name());
    match &error.param {
        Some(param) => built.with_param(param),
        None => built,
    }
}

/// The vendor's own words about waiting, as far as waiting can help against this kind.
fn hint(
    kind: ErrorKind,
    status: u16,
    headers: &HeaderMap,
    body: Option<&Value>,
    error: &VendorError,
) -> RetryHint {
    if !error_rules::may_pass(kind, error) {
        return RetryHint::Never;
    }
    retry_hint(status, headers, body)
}

fn unread(body: &Bytes) -> String {
    if body.iter().all(u8::is_ascii_whitespace) {
        return "the vendor gave no reason".to_owned();
    }
    format!("the vendor answered: {}", body_snippet(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(status: u16, body: &'static str) -> Error {
        decode_error(
            status,
            &HeaderMap::new(),
            Bytes::from_static(body.as_bytes()),
        )
    }

    #[test]
    fn a_refusal_keeps_status_code_param_and_body() {
        let body =
            r#"{"error":{"message":"bad","type":"invalid_request_error","param":"n","code":null}}"#;
        let error = decode(400, body);
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.phase(), Phase::BeforeOutput);
        assert_eq!(error.retry(), RetryHint::Never);
        assert_eq!(error.status(), Some(400));
        assert_eq!(error.vendor_code(), Some("invalid_request_error"));
        assert_eq!(error.param(), Some("n"));
        assert_eq!(error.wire().expect("the body").body, body.as_bytes());
    }

    #[test]
    fn an_error_in_a_list_is_read() {
        let error = decode(404, r#"[{"error":{"message":"no such model","code":404}}]"#);
        assert_eq!(error.message(), "no such model");
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }

    #[test]
    fn pages_and_silence_become_messages() {
        let error = decode(502, "<html><h1>Bad Gateway</h1></html>");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert!(error.message().contains("Bad Gateway"), "{error}");
        let error = decode(503, "");
        assert_eq!(error.message(), "the vendor gave no reason");
    }

    #[test]
    fn waiting_never_helps_against_an_empty_account_or_a_giant_request() {
        for body in [
            r#"{"error":{"message":"m","code":"insufficient_quota"}}"#,
            r#"{"error":{"message":"Request too large for m on TPM","code":"rate_limit_exceeded"}}"#,
        ] {
            assert_eq!(decode(429, body).retry(), RetryHint::Never, "{body}");
        }
    }
}
