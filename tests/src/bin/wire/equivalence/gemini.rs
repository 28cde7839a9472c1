//! What says the same to Google.

use serde_json::{Map, Value, json};

use super::{Equivalence, rename};

/// The protocols of Google's formats.
const APIS: &[&str] = &[
    "gemini.",
    "vertex.generate",
    "vertex.stream",
    "vertex.predict",
];

/// The rules.
pub(super) const RULES: &[Equivalence] = &[
    Equivalence {
        apis: APIS,
        reason: "protocol buffers' JSON reads snake_case and camelCase alike",
        apply: |_, value| {
            if let Value::Object(fields) = value {
                let spelled = std::mem::take(fields).into_iter();
                *fields = spelled
                    .map(|(key, value)| (camel_case(&key), value))
                    .collect();
            }
        },
    },
    Equivalence {
        apis: APIS,
        reason: "bytes may be in either alphabet of base64",
        apply: |key, value| {
            if key == "data"
                && let Value::String(text) = value
            {
                *text = text.replace('-', "+").replace('_', "/");
            }
        },
    },
    Equivalence {
        apis: APIS,
        reason: "one part stands for a list of it",
        apply: |key, value| {
            if key == "parts" && value.is_object() {
                *value = json!([value.take()]);
            }
        },
    },
    Equivalence {
        apis: APIS,
        reason: "protocol buffers leave out what is false, and an empty text beside other facts",
        apply: |_, value| {
            if let Value::Object(fields) = value {
                fields.retain(|key, field| key != "thought" || *field != json!(false));
                if fields.len() > 1 && fields.get("text").is_some_and(|text| text == "") {
                    fields.remove("text");
                }
            }
        },
    },
    Equivalence {
        apis: APIS,
        reason: "system instructions and texts to embed have no speaker, and empty instructions instruct nothing",
        apply: |key, value| {
            if let Value::Object(fields) = value {
                if ["systemInstruction", "content"].contains(&key) {
                    fields.remove("role");
                }
                let silent = json!({"parts": [{"text": ""}]});
                fields.retain(|key, field| key != "systemInstruction" || *field != silent);
            }
        },
    },
    Equivalence {
        apis: APIS,
        reason: "settings without any are none",
        apply: |_, value| {
            if let Value::Object(fields) = value {
                fields.retain(|key, field| key != "generationConfig" || *field != json!({}));
            }
        },
    },
    Equivalence {
        apis: APIS,
        reason: "a schema may be JSON Schema or in Google's own notation, each under a name of its own",
        apply: |_, value| {
            if let Value::Object(fields) = value {
                as_json_schema(fields, "parameters", "parametersJsonSchema");
                as_json_schema(fields, "responseSchema", "responseJsonSchema");
            }
        },
    },
];

fn camel_case(key: &str) -> String {
    let mut words = key.split('_');
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.extend(letters);
    }
    out
}

fn as_json_schema(fields: &mut Map<String, Value>, own: &str, standard: &str) {
    rename(fields, own, standard);
    if let Some(schema) = fields.get_mut(standard) {
        lower_types(schema);
    }
}

/// Google's notation has the names of types in capitals.
fn lower_types(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(lower_types),
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                match field {
                    Value::String(word) if key == "type" => word.make_ascii_lowercase(),
                    other => lower_types(other),
                }
            }
        }
        _ => {}
    }
}
