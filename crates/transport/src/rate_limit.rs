//! What response headers say around an answer: request id, rate limits, processing time.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use interline_core::ResponseMeta;

use crate::told_limits;

/// Names that begin so hold rate limits.
const RATE_LIMIT_PREFIXES: [&str; 5] = [
    "x-ratelimit",
    "anthropic-ratelimit",
    "ratelimit",
    "retry-after",
    "x-ms-retry-after",
];

/// Names of the vendor's id of the exchange, best first.
const REQUEST_ID_HEADERS: [&str; 8] = [
    "x-request-id",
    "request-id",
    "apim-request-id",
    "x-amzn-requestid",
    "x-inference-request-id",
    "mistral-correlation-id",
    "x-generation-id",
    "x-ds-trace-id",
];

/// Names of the vendor's own working time in milliseconds, best first.
const PROCESSING_HEADERS: [&str; 2] = ["openai-processing-ms", "x-envoy-upstream-service-time"];

/// The rate-limit headers in lower case, as they came: `x-ratelimit-*`, `anthropic-ratelimit-*`,
/// `ratelimit-*`, `retry-after*`. Values that are not ASCII text are left out.
#[must_use]
pub fn rate_limit_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| {
            RATE_LIMIT_PREFIXES
                .iter()
                .any(|prefix| name.as_str().starts_with(prefix))
        })
        .filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        })
        .collect()
}

/// What the headers say around an answer.
pub(crate) fn response_meta(headers: &HeaderMap) -> ResponseMeta {
    let text = |name: &&str| headers.get(*name)?.to_str().ok();
    let mut meta = ResponseMeta::default();
    meta.request_id = REQUEST_ID_HEADERS.iter().find_map(text).map(str::to_owned);
    meta.rate_limit = rate_limit_headers(headers);
    if !meta.rate_limit.is_empty() {
        meta.limits = told_limits(headers, SystemTime::now());
    }
    meta.processing = PROCESSING_HEADERS
        .iter()
        .find_map(text)
        .and_then(|millis| millis.trim().parse().ok())
        .map(Duration::from_millis);
    meta
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    #[test]
    fn rate_limit_headers_are_kept_as_they_came() {
        let mut all = headers(&[
            ("x-ratelimit-remaining-tokens", "149984"),
            ("content-type", "application/json"),
            ("anthropic-ratelimit-requests-reset", "2026-01-01T00:00:00Z"),
            ("retry-after-ms", "12"),
            ("retry-after", "1"),
            ("limit", "no"),
        ]);
        all.insert("x-ratelimit-odd", HeaderValue::from_bytes(b"\xff").unwrap());
        let mut names: Vec<_> = rate_limit_headers(&all)
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                "anthropic-ratelimit-requests-reset=2026-01-01T00:00:00Z",
                "retry-after-ms=12",
                "retry-after=1",
                "x-ratelimit-remaining-tokens=149984",
            ]
        );
    }

    #[test]
    fn request_id_and_processing_time_are_found() {
        let meta = response_meta(&headers(&[
            ("request-id", "req_2"),
            ("x-request-id", "req_1"),
            ("openai-processing-ms", "417"),
        ]));
        assert_eq!(meta.request_id.as_deref(), Some("req_1"));
        assert_eq!(meta.processing, Some(Duration::from_millis(417)));
        let meta = response_meta(&headers(&[
            ("request-id", "a"),
            ("openai-processing-ms", "-"),
        ]));
        assert_eq!(meta.request_id.as_deref(), Some("a"));
        assert_eq!(meta.processing, None);
        assert_eq!(response_meta(&HeaderMap::new()), ResponseMeta::default());
    }
}
