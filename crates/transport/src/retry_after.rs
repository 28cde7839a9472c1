//! How long a vendor asks to wait, in all the forms vendors say it.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use interline_core::RetryHint;
use serde_json::Value;

/// How long the headers ask to wait.
#[must_use]
pub fn retry_after(_headers: &HeaderMap, _now: SystemTime) -> Option<Duration> {
    None
}

/// How long an error body asks to wait (Google's `RetryInfo`).
#[must_use]
pub fn retry_after_in_body(_body: &Value) -> Option<Duration> {
    None
}

/// Whether and when trying again may help, from status, headers and error body.
#[must_use]
pub fn retry_hint(_status: u16, _headers: &HeaderMap, _body: Option<&Value>) -> RetryHint {
    RetryHint::Backoff
}
