//! How long a vendor asks to wait, in all the forms vendors say it.
//!
//! Header order and forms follow what the official OpenAI and Anthropic clients accept:
//! milliseconds first, then `retry-after` in seconds, fractions or as an HTTP date; Go durations
//! such as `6m0s` besides, and Google's `RetryInfo` in the body.
//! What the wait is worth, such as a cap, is the engine's decision.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, StatusCode, header};
use interline_core::RetryHint;
use serde_json::Value;

use crate::duration::duration_of;

/// Headers that hold milliseconds, best first.
const MILLISECOND_HEADERS: [&str; 2] = ["retry-after-ms", "x-ms-retry-after-ms"];

/// The longest wait that is believed: the longest window by which vendors limit is a day.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the headers ask to wait. More than a day is taken for a mistake and asks nothing.
///
/// `retry-after-ms` and `x-ms-retry-after-ms` win over `retry-after`, unless they say zero: Azure
/// rounds a wait below a second down in one header and up in the other.
/// An HTTP date counts from the response's own `date` where there is one, because clocks differ,
/// else from `now`. A date in the past, a negative number and garbage ask nothing.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let from_milliseconds = MILLISECOND_HEADERS
        .iter()
        .find_map(|name| decimal(text(name)?, 1e-3));
    let wait = from_milliseconds
        .filter(|wait| !wait.is_zero())
        .or_else(|| {
            let value = text(header::RETRY_AFTER.as_str())?;
            decimal(value, 1.0)
                .or_else(|| duration_of(value))
                .or_else(|| until(value, text(header::DATE.as_str()), now))
        })
        .or(from_milliseconds)?;
    Some(wait).filter(|wait| *wait <= LONGEST)
}

/// How long an error body asks to wait: Google's `RetryInfo`, in an object or the first of an array.
#[must_use]
pub fn retry_after_in_body(body: &Value) -> Option<Duration> {
    let body = body.get(0).unwrap_or(body);
    let error = body.get("error").unwrap_or(body);
    let wait = error
        .get("details")?
        .as_array()?
        .iter()
        .filter(|detail| {
            detail
                .get("@type")
                .and_then(Value::as_str)
                .is_some_and(|name| name.ends_with("google.rpc.RetryInfo"))
        })
        .find_map(|detail| duration_of(detail.get("retryDelay")?.as_str()?))?;
    Some(wait).filter(|wait| *wait <= LONGEST)
}

/// Whether and when trying again may help, from status, headers and error body.
///
/// `x-should-retry` overrides the status. Without it 408, 409, 424, 425, 429, 498 and all 5xx but 501
/// and 505 may be tried again, after the wait that headers or body ask for.
#[must_use]
pub fn retry_hint(status: u16, headers: &HeaderMap, body: Option<&Value>) -> RetryHint {
    let told = headers
        .get("x-should-retry")
        .and_then(|value| value.to_str().ok())
        .map(|value| value.trim().to_ascii_lowercase());
    let worth = match told.as_deref() {
        Some("true") => true,
        Some("false") => false,
        _ => is_transient(status),
    };
    if !worth {
        return RetryHint::Never;
    }
    let wait =
        retry_after(headers, SystemTime::now()).or_else(|| body.and_then(retry_after_in_body));
    wait.map_or(RetryHint::Backoff, RetryHint::After)
}

/// Whether the same request may be answered later.
fn is_transient(status: u16) -> bool {
    /// Groq's word for "no capacity for this tier".
    const CAPACITY_EXCEEDED: u16 = 498;
    match StatusCode::from_u16(status) {
        Ok(
            StatusCode::REQUEST_TIMEOUT
            | StatusCode::CONFLICT
            | StatusCode::FAILED_DEPENDENCY
            | StatusCode::TOO_EARLY
            | StatusCode::TOO_MANY_REQUESTS,
        ) => true,
        Ok(StatusCode::NOT_IMPLEMENTED | StatusCode::HTTP_VERSION_NOT_SUPPORTED) => false,
        Ok(other) => other.is_server_error() || status == CAPACITY_EXCEEDED,
        Err(_) => false,
    }
}

/// A plain decimal number of units of `unit_seconds`; no sign, no exponent.
fn decimal(text: &str, unit_seconds: f64) -> Option<Duration> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !plain || text.is_empty() {
        return None;
    }
    let seconds = text.parse::<f64>().ok()? * unit_seconds;
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

/// From the response's date, or `now`, to the HTTP date in `text`.
fn until(text: &str, date: Option<&str>, now: SystemTime) -> Option<Duration> {
    let then = httpdate::parse_http_date(text).ok()?;
    let from = date
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or(now);
    then.duration_since(from).ok()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use http::{HeaderName, HeaderValue};
    use serde_json::json;

    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT.
    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(784_111_777)
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_bytes(value.as_bytes()).unwrap(),
                )
            })
            .collect()
    }

    #[track_caller]
    fn check(pairs: &[(&'static str, &str)], expected: Option<Duration>) {
        assert_eq!(retry_after(&headers(pairs), now()), expected, "{pairs:?}");
    }

    fn millis(millis: u64) -> Option<Duration> {
        Some(Duration::from_millis(millis))
    }

    #[test]
    fn every_form_of_the_header_is_read() {
        check(&[("retry-after-ms", "1500")], millis(1500));
        check(
            &[("retry-after-ms", "0.5")],
            Some(Duration::from_micros(500)),
        );
        check(&[("x-ms-retry-after-ms", "250")], millis(250));
        check(&[("retry-after", "20")], millis(20_000));
        check(&[("retry-after", " 2.5 ")], millis(2500));
        check(&[("retry-after", "0")], millis(0));
        check(&[("retry-after", "6m0s")], millis(360_000));
        check(&[("retry-after", "7.66s")], millis(7660));
        check(&[("retry-after", "20ms")], millis(20));
        check(
            &[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")],
            millis(10_000),
        );
        check(
            &[("retry-after", "Sunday, 06-Nov-94 08:49:47 GMT")],
            millis(10_000),
        );
        check(
            &[("retry-after", "Sun Nov  6 08:49:47 1994")],
            millis(10_000),
        );
    }

    #[test]
    fn milliseconds_win_and_garbage_falls_through() {
        check(
            &[("retry-after-ms", "10"), ("retry-after", "9")],
            millis(10),
        );
        check(
            &[("retry-after-ms", "soon"), ("retry-after", "9")],
            millis(9000),
        );
        check(
            &[("retry-after-ms", "-1"), ("x-ms-retry-after-ms", "5")],
            millis(5),
        );
        check(
            &[("retry-after-ms", "0"), ("retry-after", "1")],
            millis(1000),
        );
        check(&[("retry-after-ms", "0")], millis(0));
    }

    #[test]
    fn a_date_counts_from_the_servers_own_clock() {
        let pairs = [
            ("retry-after", "Tue, 01 Jan 2030 00:00:30 GMT"),
            ("date", "Tue, 01 Jan 2030 00:00:00 GMT"),
        ];
        check(&pairs, millis(30_000));
    }

    #[test]
    fn the_past_and_garbage_ask_nothing() {
        for value in [
            "",
            "-5",
            "+5",
            "soon",
            "NaN",
            "inf",
            "1e9",
            "5 5",
            "1.2.3",
            ".",
            "0x10",
            "5,",
            "\u{fc}",
            "Sun, 06 Nov 1994 08:49:27 GMT",
            "Sun, 99 Nov 1994 08:49:27 GMT",
        ] {
            check(&[("retry-after", value)], None);
        }
        check(&[], None);
    }

    #[test]
    fn absurd_values_ask_nothing() {
        check(&[("retry-after", "86400")], Some(LONGEST));
        check(&[("retry-after", "99999999999999999999999")], None);
        check(&[("retry-after", &"9".repeat(400))], None);
        check(&[("retry-after-ms", "99999999999999999999999")], None);
        check(&[("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT")], None);
        check(&[("retry-after", "999999h")], None);
    }

    #[test]
    fn googles_retry_info_is_read_from_the_body() {
        let info =
            json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3.5s"});
        let help = json!({"@type": "type.googleapis.com/google.rpc.Help"});
        let error = json!({"error": {"code": 429, "details": [help, info]}});
        assert_eq!(retry_after_in_body(&error), millis(3500));
        assert_eq!(retry_after_in_body(&json!([error])), millis(3500));
        for body in [
            json!(null),
            json!("RetryInfo"),
            json!({"error": {"details": "x"}}),
            json!({"error": {"details": [{"retryDelay": "3s"}]}}),
            json!({"error": {"details": [{"@type": "google.rpc.RetryInfo", "retryDelay": 3}]}}),
            json!({"error": {"details": [{"@type": "google.rpc.RetryInfo", "retryDelay": "-3s"}]}}),
        ] {
            assert_eq!(retry_after_in_body(&body), None, "{body}");
        }
    }

    #[track_caller]
    fn check_hint(status: u16, pairs: &[(&'static str, &str)], expected: RetryHint) {
        let hint = retry_hint(status, &headers(pairs), None);
        assert_eq!(hint, expected, "{status} {pairs:?}");
    }

    #[test]
    fn the_status_decides_unless_the_vendor_says_otherwise() {
        for status in [408, 409, 424, 425, 429, 498, 500, 502, 503, 504, 520, 529] {
            check_hint(status, &[], RetryHint::Backoff);
            check_hint(status, &[("x-should-retry", "false")], RetryHint::Never);
        }
        for status in [400, 401, 402, 403, 404, 413, 422, 501, 505, 200] {
            check_hint(status, &[("retry-after", "3")], RetryHint::Never);
            check_hint(status, &[("x-should-retry", "true")], RetryHint::Backoff);
        }
        let wait = RetryHint::After(Duration::from_secs(3));
        check_hint(429, &[("retry-after", "3")], wait);
        check_hint(
            400,
            &[("retry-after", "3"), ("x-should-retry", "True")],
            wait,
        );
        check_hint(429, &[("x-should-retry", "maybe")], RetryHint::Backoff);
    }

    #[test]
    fn the_body_is_asked_where_the_headers_are_silent() {
        let body = json!({"error": {"details": [
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"},
        ]}});
        let hint = |pairs| retry_hint(429, &headers(pairs), Some(&body));
        assert_eq!(hint(&[]), RetryHint::After(Duration::from_secs(7)));
        assert_eq!(
            hint(&[("retry-after", "2")]),
            RetryHint::After(Duration::from_secs(2))
        );
    }
}
