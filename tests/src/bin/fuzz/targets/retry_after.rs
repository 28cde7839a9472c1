//! What headers and bodies say about waiting.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue};
use interline_transport::{
    parse_duration, rate_limit_headers, retry_after, retry_after_in_body, retry_hint,
};

use crate::seeds;
use crate::target::{Behaviour, Target};

pub(crate) fn target() -> Target {
    Target {
        name: "retry-after".to_owned(),
        promise: "headers, bodies and durations are read or ignored",
        seeds: Box::new(|recordings| {
            let mut all: Vec<Vec<u8>> = seeds::RETRY_AFTER
                .iter()
                .map(|seed| seed.as_bytes().to_vec())
                .collect();
            all.extend(recordings.headers());
            all
        }),
        run: Box::new(run),
    }
}

fn run(input: &[u8], behaviour: &mut Behaviour) {
    let headers = headers(input);
    // A fixed moment, so that the same input gives the same.
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_760_000_000);
    behaviour.note(retry_after(&headers, now));
    behaviour.note(rate_limit_headers(&headers).len());
    let body = serde_json::from_slice(input).ok();
    behaviour.note(body.as_ref().map(retry_after_in_body));
    behaviour.note(format!("{:?}", retry_hint(429, &headers, body.as_ref())));
    if let Ok(text) = std::str::from_utf8(input) {
        match parse_duration(text) {
            Ok(duration) => behaviour.note(duration),
            Err(error) => behaviour.note_message(error.message()),
        }
    }
}

/// A header for each line that is one.
fn headers(input: &[u8]) -> HeaderMap {
    let lines = input.split(|byte| *byte == b'\n');
    let pairs = lines.filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(line[..colon].trim_ascii()).ok()?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
        Some((name, value))
    });
    pairs.take(100).collect()
}
