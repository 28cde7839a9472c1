//! Field names in one spelling: Google reads `snake_case` and `camelCase` alike, and clients send both.
//!
//! Names inside a caller's own data stay: tool arguments, tool results and schemas.

use serde_json::{Map, Value};

/// Fields whose values are a caller's own data.
const FOREIGN: [&str; 7] = [
    "args",
    "response",
    "parameters",
    "parametersJsonSchema",
    "responseSchema",
    "responseJsonSchema",
    "labels",
];

/// The value with every field name of the format in `camelCase`.
pub(crate) fn names(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(names).collect(),
        Value::Object(map) => {
            let renamed = map.iter().map(|(key, value)| {
                let key = name(key);
                let value = if FOREIGN.contains(&key.as_str()) {
                    value.clone()
                } else {
                    names(value)
                };
                (key, value)
            });
            Value::Object(renamed.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// `thought_signature` as `thoughtSignature`.
pub(crate) fn name(key: &str) -> String {
    let mut out = String::with_capacity(key.len());
    let mut rest = key.chars().peekable();
    while let Some(c) = rest.next() {
        match rest.peek() {
            Some(next) if c == '_' && !out.is_empty() && next.is_ascii_lowercase() => {
                out.push(next.to_ascii_uppercase());
                rest.next();
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_of_the_format_change_and_a_callers_own_do_not() {
        assert_eq!(
            names(
                &json!({"generation_config": {"top_k": 1}, "contents": [{"parts": [
                    {"function_call": {"name": "a_b", "args": {"my_key": {"in_side": 1}}}},
                ]}]})
            ),
            json!({"generationConfig": {"topK": 1}, "contents": [{"parts": [
                {"functionCall": {"name": "a_b", "args": {"my_key": {"in_side": 1}}}},
            ]}]})
        );
        for same in ["_private", "a__b", "a_", "$defs", "topK", "a_B"] {
            assert_eq!(name(same), if same == "a__b" { "a_B" } else { same });
        }
    }
}
