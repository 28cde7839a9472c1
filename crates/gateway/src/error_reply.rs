//! Writes a failure as an HTTP reply in the caller's own format.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use interline_core::CallId;

use crate::failure::Failure;
use crate::inbound::Inbound;
use crate::reply_headers;

/// SDKs do not wait longer than this, and come back at once instead: a budget that starts anew tomorrow would
/// be asked three times. The limit of OpenAI's and Anthropic's own.
const LONGEST_SDK_WAIT: Duration = Duration::from_secs(60);

/// The reply that tells a caller of `format` about `failure`.
///
/// Waiting helps where `retry-after` is there; everywhere else `x-should-retry: false` keeps SDKs
/// from repeating what this gateway has already tried on every target.
pub(crate) fn of(format: &dyn Inbound, failure: &Failure, id: &CallId) -> Response {
    let mut response = Response::new(Body::from(body(format, failure, id)));
    *response.status_mut() =
        StatusCode::from_u16(failure.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    let delay = failure.retry_after();
    if let Some(delay) = delay {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(delay)));
    }
    if delay.is_none_or(|delay| delay > LONGEST_SDK_WAIT) {
        headers.insert("x-should-retry", HeaderValue::from_static("false"));
    }
    reply_headers::of_failure(headers, failure);
    response
}

/// The vendor's own body where the formats match and the mistake was the caller's; else ours.
fn body(format: &dyn Inbound, failure: &Failure, id: &CallId) -> Bytes {
    match failure.wire() {
        Some(wire) if wire.format == format.format() && !wire.body.is_empty() => wire.body.clone(),
        _ => Bytes::from(format.encode_error(failure, id).to_string()),
    }
}

/// Rounded up, because coming back too early is worse than too late.
fn whole_seconds(delay: Duration) -> u64 {
    delay.as_secs() + u64::from(delay.subsec_nanos() > 0)
}
