//! Sample: a JSON value that satisfies a JSON Schema, the same one every time.
//!
//! Deliberately small: `type`, `enum`, `const`, `default`, `properties`, `items`, `anyOf`/`oneOf`/`allOf`, local `$ref`, lower bounds.
//! Everything else is ignored.

use serde_json::{Map, Value, json};

/// Nesting at which a recursive schema ends in null; chosen, not measured.
const MAX_DEPTH: usize = 16;

/// The sample value of `schema`.
pub(crate) fn sample(schema: &Value) -> Value {
    value_of(schema, schema, 0)
}

fn value_of(schema: &Value, root: &Value, depth: usize) -> Value {
    if depth > MAX_DEPTH {
        return Value::Null;
    }
    if let Some(fixed) = fixed_value(schema) {
        return fixed.clone();
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let resolved = target.strip_prefix('#').and_then(|path| root.pointer(path));
        return resolved.map_or(Value::Null, |inner| value_of(inner, root, depth + 1));
    }
    for combined in ["anyOf", "oneOf", "allOf"] {
        if let Some(first) = schema.get(combined).and_then(|all| all.get(0)) {
            return value_of(first, root, depth + 1);
        }
    }
    match type_of(schema) {
        "object" => object_of(schema, root, depth),
        "array" => match schema.get("items") {
            Some(items) => json!([value_of(items, root, depth + 1)]),
            None => json!([]),
        },
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "boolean" => json!(true),
        "null" => Value::Null,
        _ => json!("sample"),
    }
}

fn fixed_value(schema: &Value) -> Option<&Value> {
    schema
        .get("const")
        .or_else(|| schema.get("default"))
        .or_else(|| schema.get("enum").and_then(|values| values.get(0)))
}

fn type_of(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(name)) => name,
        // A list of types allows any of them.
        Some(Value::Array(names)) => names.first().and_then(Value::as_str).unwrap_or("string"),
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        Some(_) => "string",
        None => "object",
    }
}

fn object_of(schema: &Value, root: &Value, depth: usize) -> Value {
    let members: Map<String, Value> = schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, inner)| (name.clone(), value_of(inner, root, depth + 1)))
        .collect();
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::sample;
    use serde_json::{Value, json};

    #[track_caller]
    fn check(schema: &Value, expected: &Value) {
        assert_eq!(&sample(schema), expected);
    }

    #[test]
    fn every_supported_keyword_shapes_the_value() {
        check(&json!({}), &json!({}));
        check(&json!({"type": ["string", "null"]}), &json!("sample"));
        check(&json!({"enum": ["b", "a"]}), &json!("b"));
        check(
            &json!({"anyOf": [{"type": "integer", "minimum": 3}]}),
            &json!(3),
        );
        check(
            &json!({
                "type": "object",
                "properties": {
                    "city": {"type": "string"},
                    "days": {"type": "array", "items": {"$ref": "#/$defs/day"}},
                    "metric": {"type": "boolean"}
                },
                "$defs": {"day": {"type": "number"}}
            }),
            &json!({"city": "sample", "days": [1], "metric": true}),
        );
    }

    #[test]
    fn recursive_schema_ends() {
        let schema = json!({"type": "object", "properties": {"next": {"$ref": "#"}}});
        assert!(sample(&schema).to_string().contains("null"));
    }
}
