//! Murmur's complaints, `{"trouble": {"code": …, "words": …}}`, with a status or inside an answer.

use bytes::Bytes;
use http::HeaderMap;
use interline_core::{Error, ErrorKind, FormatId, RetryHint, WireError};
use interline_transport::{VendorError, kind_by_status, kind_in, retry_hint};
use serde_json::Value;

const FORMAT: FormatId = FormatId::from_static("murmur.talk");

/// What codes mean, where they say more than the status.
const CODES: [(&str, ErrorKind); 2] = [
    ("too_long", ErrorKind::ContextLength),
    ("crowded", ErrorKind::Overloaded),
];

/// What statuses mean; others are judged by their class.
const STATUSES: [(u16, ErrorKind); 6] = [
    (401, ErrorKind::Authentication),
    (402, ErrorKind::QuotaExhausted),
    (403, ErrorKind::Permission),
    (404, ErrorKind::NotFound),
    (413, ErrorKind::PayloadTooLarge),
    (429, ErrorKind::RateLimited),
];

/// The error of an answer whose status is not a success.
pub(super) fn refused(status: u16, headers: &HeaderMap, body: Bytes) -> Error {
    let value: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (told, kind) = read(&value["trouble"]);
    let kind = kind.unwrap_or_else(|| kind_by_status(&STATUSES, status));
    let hint = retry_hint(status, headers, None);
    told.refused(kind, hint, WireError::new(FORMAT, status, body))
}

/// The error that came inside a success.
pub(super) fn in_band(trouble: &Value, body: Bytes) -> Error {
    let (told, kind) = read(trouble);
    let kind = kind.unwrap_or(ErrorKind::Unavailable);
    told.in_band(kind, RetryHint::Backoff, WireError::new(FORMAT, 200, body))
}

fn read(trouble: &Value) -> (VendorError<'_>, Option<ErrorKind>) {
    let mut told = VendorError::default();
    told.message = trouble["words"].as_str();
    told.code = trouble["code"].as_str();
    let kind = told.code.and_then(|code| kind_in(&CODES, &code));
    (told, kind)
}
