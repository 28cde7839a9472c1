//! A connection's rate limits: `limits: { rpm: 60, tpm: 100000, concurrency: 8 }`.

use interline_resilience::LimitConfig;
use serde_json::{Value, json};

use super::located::Located;
use super::mistakes::Mistakes;

/// The keys, with what they limit.
const KEYS: [(&str, &str); 7] = [
    ("rpm", "requests per minute"),
    ("tpm", "tokens per minute, read and written together"),
    (
        "itpm",
        "tokens read per minute, without those from the vendor's cache",
    ),
    ("otpm", "tokens written per minute"),
    ("rpd", "requests per day"),
    ("tpd", "tokens per day, read and written together"),
    ("concurrency", "calls at a time"),
];

/// Reads the limits, and notes what is none.
pub(super) fn read(path: &str, value: &Located<Value>, mistakes: &mut Mistakes<'_>) -> LimitConfig {
    let mut limits = LimitConfig::new();
    let Some(entries) = value.value.as_object() else {
        let message = "must hold keys with numbers, such as { rpm: 60 }";
        mistakes.add(path, value.place, message);
        return limits;
    };
    for (key, number) in entries {
        let path = format!("{path}.{key}");
        let Some(limit) = slot(&mut limits, key) else {
            let known: Vec<_> = KEYS.iter().map(|(key, _)| format!("`{key}`")).collect();
            let message = format!("is unknown: use {}", known.join(", "));
            mistakes.add(&path, value.place, message);
            continue;
        };
        match number.as_u64().filter(|number| *number > 0) {
            Some(number) => *limit = Some(number),
            None => mistakes.add(&path, value.place, "must be a whole number from 1"),
        }
    }
    limits
}

/// JSON Schema of the key.
pub(super) fn schema() -> Value {
    let limit = |what: &str| json!({ "type": "integer", "minimum": 1, "description": what });
    let properties: serde_json::Map<_, _> = KEYS
        .iter()
        .map(|(key, what)| {
            (
                (*key).to_owned(),
                limit(&format!("At most so many {what}.")),
            )
        })
        .collect();
    json!({
        "type": "object",
        "description": "What the connection is sent at most, over all its models together.",
        "properties": properties,
        "additionalProperties": false,
    })
}

fn slot<'a>(limits: &'a mut LimitConfig, key: &str) -> Option<&'a mut Option<u64>> {
    Some(match key {
        "rpm" => &mut limits.rpm,
        "tpm" => &mut limits.tpm,
        "itpm" => &mut limits.itpm,
        "otpm" => &mut limits.otpm,
        "rpd" => &mut limits.rpd,
        "tpd" => &mut limits.tpd,
        "concurrency" => &mut limits.concurrency,
        _ => return None,
    })
}
