//! Google's own schema notation as JSON Schema.
//!
//! Requests go out with JSON Schema (`parametersJsonSchema`, `responseJsonSchema`), which Google takes
//! beside its older notation; only recorded requests still hold that: upper-case types, `nullable`,
//! bounds as text, `snake_case` keys.

use serde_json::{Map, Value, json};

use crate::camel_case;

/// Keys that hold schemas by name, in a list, or alone.
const NAMED: [&str; 3] = ["properties", "$defs", "defs"];
const LISTED: [&str; 4] = ["anyOf", "oneOf", "allOf", "prefixItems"];
const ALONE: [&str; 3] = ["items", "additionalProperties", "not"];

/// Bounds that protocol buffers write as text.
const BOUNDS: [&str; 6] = [
    "minItems",
    "maxItems",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
];

/// The schema as JSON Schema; one that is JSON Schema already stays as it is.
pub(crate) fn to_json_schema(schema: &Value) -> Value {
    let Value::Object(map) = schema else {
        return schema.clone();
    };
    let mut out = Map::new();
    for (key, value) in map {
        let key = camel_case::name(key);
        let value = match key.as_str() {
            _ if value.is_null() => continue,
            "nullable" => continue,
            "type" => match type_name(value) {
                Some(value) => value,
                None => continue,
            },
            name if NAMED.contains(&name) => each_field(value),
            name if LISTED.contains(&name) => each_item(value),
            name if ALONE.contains(&name) => to_json_schema(value),
            name if BOUNDS.contains(&name) => bound(value),
            _ => value.clone(),
        };
        out.insert(key, value);
    }
    if map.get("nullable") == Some(&json!(true))
        && let Some(Value::String(name)) = out.get("type")
    {
        out.insert("type".into(), json!([name, "null"]));
    }
    Value::Object(out)
}

/// `STRING` as `string`; nothing for a type that says nothing.
fn type_name(value: &Value) -> Option<Value> {
    match value {
        Value::String(name) if name == "TYPE_UNSPECIFIED" => None,
        Value::String(name) => Some(json!(name.to_ascii_lowercase())),
        other => Some(other.clone()),
    }
}

fn bound(value: &Value) -> Value {
    let number = value.as_str().and_then(|text| text.parse::<u64>().ok());
    number.map_or_else(|| value.clone(), |number| json!(number))
}

fn each_field(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, schema)| (name.clone(), to_json_schema(schema)))
            .collect::<Map<String, Value>>()
            .into(),
        other => other.clone(),
    }
}

fn each_item(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(to_json_schema).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn googles_notation_becomes_json_schema_at_every_depth() {
        let google = json!({"type": "OBJECT", "property_ordering": ["my_type"], "properties": {
            "my_type": {"type": "STRING", "nullable": true, "maxLength": "9"},
            "tags": {"type": "ARRAY", "items": {"type": "TYPE_UNSPECIFIED", "any_of": [{"type": "NUMBER"}]}},
        }});
        let wanted = json!({"type": "object", "propertyOrdering": ["my_type"], "properties": {
            "my_type": {"type": ["string", "null"], "maxLength": 9},
            "tags": {"type": "array", "items": {"anyOf": [{"type": "number"}]}},
        }});
        assert_eq!(to_json_schema(&google), wanted);
        assert_eq!(
            to_json_schema(&wanted),
            wanted,
            "a second pass changes nothing"
        );
    }
}
