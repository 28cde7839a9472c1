//! A request without the freedoms of the format, so that two that mean the same are equal.
//!
//! The freedoms: both spellings of names, both notations of schemas, both alphabets of base64, one
//! value for a list of one, absent for `null`, empty and default values, tools in one object or in
//! several, the instruction's role (which Google ignores), and results of one round in one content
//! or in several.

use serde_json::{Map, Value, json};

/// Fields whose values are the caller's own data.
const FOREIGN: [&str; 3] = ["args", "response", "parametersJsonSchema"];

pub(crate) fn canonical(request: &Value) -> Value {
    let mut request = spelled(request);
    let fields = request.as_object_mut().expect("an object");
    if let Some(instruction) = fields.get_mut("systemInstruction") {
        instruction
            .as_object_mut()
            .expect("an object")
            .remove("role");
        parts(instruction);
    }
    if fields
        .get("systemInstruction")
        .is_some_and(|value| value["parts"] == json!([]))
    {
        fields.remove("systemInstruction");
    }
    let contents = fields.get_mut("contents").expect("contents");
    for content in contents.as_array_mut().expect("an array") {
        parts(content);
    }
    if let Some(tools) = fields.remove("tools") {
        let mut joined = Map::new();
        for tool in tools.as_array().expect("an array") {
            joined.extend(tool.as_object().expect("an object").clone());
        }
        if !joined.is_empty() {
            fields.insert("tools".into(), Value::Object(joined));
        }
    }
    if let Some(config) = fields.get_mut("generationConfig") {
        generation_config(config.as_object_mut().expect("an object"));
    }
    fields.retain(|_, value| *value != json!({}));
    request
}

fn generation_config(config: &mut Map<String, Value>) {
    // `1` and `1.0` are the same number and not the same JSON.
    for key in ["temperature", "topP", "topK"] {
        if let Some(number) = config.get_mut(key) {
            *number = json!(number.as_f64());
        }
    }
    if let Some(schema) = config.remove("responseSchema") {
        config.insert("responseJsonSchema".into(), schema);
    }
}

fn parts(content: &mut Value) {
    let parts = &mut content["parts"];
    if parts.is_object() {
        *parts = json!([parts.take()]);
    }
    let parts = parts.as_array_mut().expect("parts");
    for part in &mut *parts {
        let part = part.as_object_mut().expect("a part");
        if part.get("thought") == Some(&json!(false)) {
            part.remove("thought");
        }
        if part.contains_key("thought") {
            part.entry("text").or_insert(json!(""));
        }
        if let Some(Value::String(data)) = part.get_mut("inlineData").map(|data| &mut data["data"])
        {
            *data = data.replace('-', "+").replace('_', "/");
        }
    }
    parts.retain(|part| *part != json!({"text": ""}));
}

/// One spelling and one notation, without `null`s.
fn spelled(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(spelled).collect(),
        Value::Object(map) => {
            let mut out = Map::new();
            for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
                let key = camel(key);
                match key.as_str() {
                    "parameters" => {
                        out.insert("parametersJsonSchema".into(), lower_case_types(value));
                    }
                    "responseSchema" | "responseJsonSchema" => {
                        out.insert(key, lower_case_types(value));
                    }
                    name if FOREIGN.contains(&name) => {
                        out.insert(key, value.clone());
                    }
                    _ => {
                        out.insert(key, spelled(value));
                    }
                }
            }
            Value::Object(out)
        }
        other => other.clone(),
    }
}

fn camel(key: &str) -> String {
    let mut words = key.split('_');
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at(word.len().min(1));
        out.push_str(&first.to_uppercase());
        out.push_str(rest);
    }
    out
}

fn lower_case_types(schema: &Value) -> Value {
    match schema {
        Value::Array(items) => items.iter().map(lower_case_types).collect(),
        Value::Object(map) => {
            let fields = map.iter().map(|(key, value)| {
                let value = match (key.as_str(), value) {
                    ("type", Value::String(name)) => json!(name.to_lowercase()),
                    _ => lower_case_types(value),
                };
                (key.clone(), value)
            });
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}
