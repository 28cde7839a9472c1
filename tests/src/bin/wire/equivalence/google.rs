//! What says the same to Google.

use serde_json::{Map, Value};

use super::Equivalence;

/// The rules, in the order in which they are applied.
pub(super) const RULES: [Equivalence; 7] = [
    Equivalence {
        reason: "protocol buffers' JSON reads snake_case and camelCase alike",
        apply: |_, value| {
            if let Value::Object(fields) = value {
                *fields = std::mem::take(fields)
                    .into_iter()
                    .map(|(key, field)| (camel_case(&key), field))
                    .collect();
            }
        },
    },
    Equivalence {
        reason: "a schema may be JSON Schema or in Google's own notation, with types in upper case",
        apply: |key, value| match value {
            Value::String(name) if key == "type" => *name = name.to_ascii_lowercase(),
            Value::Object(fields) => {
                rename(fields, "parametersJsonSchema", "parameters");
                rename(fields, "responseJsonSchema", "responseSchema");
            }
            _ => {}
        },
    },
    Equivalence {
        reason: "protocol buffers leave out what is false, and an empty text beside other facts",
        apply: |_, value| {
            if let Value::Object(fields) = value {
                fields.retain(|key, field| key != "thought" || *field != Value::Bool(false));
                if fields.len() > 1 && fields.get("text").is_some_and(|text| text == "") {
                    fields.remove("text");
                }
            }
        },
    },
    Equivalence {
        reason: "settings without any are none",
        apply: |_, value| {
            if let Value::Object(fields) = value {
                fields.retain(|key, field| {
                    key != "generationConfig" || field.as_object().is_none_or(|all| !all.is_empty())
                });
            }
        },
    },
    Equivalence {
        reason: "system instructions and texts to embed have no speaker",
        apply: |key, value| {
            if let Value::Object(fields) = value
                && (key == "systemInstruction" || key == "content")
            {
                fields.remove("role");
            }
        },
    },
    Equivalence {
        reason: "an empty system instruction instructs nothing",
        apply: |_, value| {
            if let Value::Object(fields) = value {
                fields.retain(|key, field| {
                    key != "systemInstruction" || field.pointer("/parts/text") != Some(&"".into())
                });
            }
        },
    },
    Equivalence {
        reason: "bytes may be in either alphabet of base64",
        apply: |key, value| {
            if let Value::String(data) = value
                && key == "data"
            {
                *data = data.replace('-', "+").replace('_', "/");
            }
        },
    },
];

fn rename(fields: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(field) = fields.remove(from) {
        fields.insert(to.to_owned(), field);
    }
}

fn camel_case(key: &str) -> String {
    let mut words = key.split('_');
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}
