//! Makes a JSON Schema one that Anthropic's structured outputs accept.
//!
//! They demand `additionalProperties: false` on every object and refuse bounds on numbers, text and
//! arrays (`platform.claude.com/docs/en/build-with-claude/structured-outputs`).
//! Objects that say nothing are closed; a refused bound moves into the description, where the model
//! still reads it. An answer may then break such a bound: the schema's shape is enforced, its bounds
//! are not.

use serde_json::{Map, Value, json};

/// Bounds that are refused wherever they stand.
const REFUSED: [&str; 11] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];

/// Keys that hold schemas by name, in a list, or alone.
const NAMED: [&str; 3] = ["properties", "$defs", "definitions"];
const LISTED: [&str; 4] = ["anyOf", "allOf", "oneOf", "prefixItems"];
const ALONE: [&str; 2] = ["items", "not"];

/// The schema, closed and without the bounds that Claude's structured outputs refuse; those move into
/// the description, where the model still reads them.
#[must_use]
pub fn accepted(schema: &Value) -> Value {
    let Value::Object(map) = schema else {
        return schema.clone();
    };
    let mut out = Map::new();
    let mut moved = Vec::new();
    for (key, value) in map {
        let name = key.as_str();
        if is_refused(name, value) {
            moved.push(format!("{name}: {value}"));
        } else if NAMED.contains(&name) {
            out.insert(key.clone(), each_field(value));
        } else if LISTED.contains(&name) {
            out.insert(key.clone(), each_item(value));
        } else if ALONE.contains(&name) {
            out.insert(key.clone(), accepted(value));
        } else {
            out.insert(key.clone(), value.clone());
        }
    }
    if out.get("type") == Some(&json!("object")) || out.contains_key("properties") {
        out.entry("additionalProperties").or_insert(json!(false));
    }
    if !moved.is_empty() {
        let bounds = moved.join(", ");
        let description = match out.get("description").and_then(Value::as_str) {
            Some(description) => format!("{description} ({bounds})"),
            None => bounds,
        };
        out.insert("description".into(), json!(description));
    }
    Value::Object(out)
}

fn is_refused(key: &str, value: &Value) -> bool {
    // `minItems` may be 0 or 1.
    REFUSED.contains(&key) || key == "minItems" && value.as_u64().is_none_or(|items| items > 1)
}

fn each_field(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, schema)| (name.clone(), accepted(schema)))
            .collect::<Map<String, Value>>()
            .into(),
        other => other.clone(),
    }
}

fn each_item(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(accepted).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(schema: &Value, expected: &Value) {
        assert_eq!(&accepted(schema), expected);
        assert_eq!(
            &accepted(expected),
            expected,
            "a second pass changes nothing"
        );
    }

    #[test]
    fn objects_are_closed_at_every_depth() {
        check(
            &json!({"type": "object", "properties": {
                "a": {"type": "array", "items": {"type": "object", "properties": {}}},
            }}),
            &json!({"type": "object", "additionalProperties": false, "properties": {
                "a": {"type": "array", "items":
                    {"type": "object", "properties": {}, "additionalProperties": false}},
            }}),
        );
    }

    #[test]
    fn bounds_move_into_the_description() {
        check(
            &json!({"type": "integer", "maximum": 9, "minimum": 1, "description": "A digit"}),
            &json!({"type": "integer", "description": "A digit (maximum: 9, minimum: 1)"}),
        );
        check(
            &json!({"type": "array", "minItems": 1, "items": {"type": "string", "maxLength": 3}}),
            &json!({"type": "array", "minItems": 1, "items":
                {"type": "string", "description": "maxLength: 3"}}),
        );
    }

    #[test]
    fn a_property_that_is_called_like_a_bound_stays() {
        let schema = json!({"type": "object", "additionalProperties": false,
            "properties": {"minimum": {"type": "integer"}}});
        check(&schema, &schema);
    }

    #[test]
    fn an_explicit_map_is_left_for_the_vendor_to_judge() {
        let schema = json!({"type": "object", "additionalProperties": {"type": "string"}});
        check(&schema, &schema);
    }
}
