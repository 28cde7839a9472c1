//! Spellings that mean the same in Google's format, or that declared quirks change.

use serde_json::{Map, Value, json};

use super::{Equivalence, rename};

/// The protocols of this format.
const APIS: &[&str] = &["gemini.", "vertex.generate", "vertex.stream"];

/// The rules.
pub(super) const RULES: &[Equivalence] = &[
    Equivalence {
        apis: APIS,
        reason: "JSON of protocol buffers takes a field's name in snake case, too",
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
        reason: "base64 comes in two alphabets",
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
        reason: "one part stands for a list of it, and false is the default of `thought`",
        apply: |key, value| {
            if key == "parts" && value.is_object() {
                *value = json!([value.take()]);
            }
            if let Value::Object(fields) = value {
                fields.retain(|key, field| key != "thought" || *field != json!(false));
            }
        },
    },
    Equivalence {
        apis: APIS,
        reason: "the role of system instructions is not read, and empty ones instruct nothing",
        apply: |_, value| {
            if let Value::Object(fields) = value {
                if let Some(Value::Object(instruction)) = fields.get_mut("systemInstruction") {
                    instruction.remove("role");
                }
                let silent = json!({"parts": [{"text": ""}]});
                fields.retain(|key, field| key != "systemInstruction" || *field != silent);
            }
        },
    },
    Equivalence {
        apis: APIS,
        reason: "empty settings set nothing",
        apply: |_, value| {
            if let Value::Object(fields) = value {
                fields.retain(|key, field| key != "generationConfig" || *field != json!({}));
            }
        },
    },
    Equivalence {
        apis: APIS,
        reason: "schemas come in Google's own dialect or as JSON Schema, each under a name of its own",
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

/// Google's dialect writes the names of types in capitals.
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
