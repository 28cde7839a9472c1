//! Spellings that mean the same in the Responses format.

use serde_json::{Value, json};

use super::Equivalence;

/// The protocols of the format.
const APIS: &[&str] = &[
    "azure.responses",
    "deepseek.responses",
    "openai.responses",
    "openrouter.responses",
    "xai.responses",
];

/// The rules; `input` is a list already.
pub(super) const RULES: &[Equivalence] = &[
    Equivalence {
        apis: APIS,
        reason: "a string is short for one message of the user, in the `input` of Responses",
        apply: |key, value| {
            if key == "input"
                && let Some([Value::String(text)]) = value.as_array().map(Vec::as_slice)
            {
                *value = json!([{"role": "user", "content": text}]);
            }
        },
    },
    Equivalence {
        apis: APIS,
        reason: "an item with a role is a message, whether it says so or not",
        apply: |_, value| {
            if let Value::Object(fields) = value
                && fields.contains_key("role")
                && fields.get("type").is_some_and(|word| word == "message")
            {
                fields.remove("type");
            }
        },
    },
    Equivalence {
        apis: APIS,
        reason: "a string is short for one part of text, in the items of Responses",
        apply: |key, value| {
            if ["content", "output"].contains(&key)
                && let Some([part]) = value.as_array().map(Vec::as_slice)
                && let Some(text) = bare_text(part)
            {
                *value = text.into();
            }
        },
    },
];

fn bare_text(part: &Value) -> Option<String> {
    let fields = part.as_object()?;
    let word = fields.get("type")?;
    let is_bare = fields.len() == 2 && (word == "input_text" || word == "output_text");
    let text = fields.get("text")?.as_str()?;
    is_bare.then(|| text.to_owned())
}
