//! Spellings that mean the same in OpenAI's formats, or that a vendor's declared quirks change.

use serde_json::{Value, json};

use super::{Equivalence, rename};

/// The protocols of the recorded servers that the kind `local` calls.
const LOCAL: &[&str] = &[
    "gpustack.",
    "huggingface.",
    "llamacpp.",
    "ollama.",
    "vercel-gateway.",
    "vllm.",
    "zai.",
];

/// The rules; they look for keys that other formats do not have.
pub(super) const RULES: &[Equivalence] = &[
    Equivalence {
        apis: &[],
        reason: "`max_tokens` and `max_completion_tokens` are one bound; quirks say which name a vendor reads",
        apply: |_, value| {
            if let Value::Object(fields) = value {
                rename(fields, "max_completion_tokens", "max_tokens");
            }
        },
    },
    Equivalence {
        apis: &[],
        reason: "a string is short for a list of it, in `input` and `stop`",
        apply: |key, value| {
            if ["input", "stop"].contains(&key) && value.is_string() {
                *value = json!([value.take()]);
            }
        },
    },
    Equivalence {
        apis: &[],
        reason: "an address is short for an object with `url`, in `image_url`",
        apply: |key, value| {
            if key == "image_url" && value.is_string() {
                *value = json!({"url": value.take()});
            }
        },
    },
    Equivalence {
        apis: &[],
        reason: "a message that calls tools may say nothing: empty content is none",
        apply: |_, value| {
            if let Value::Object(fields) = value
                && fields.contains_key("tool_calls")
                && [json!(""), json!([])].contains(fields.get("content").unwrap_or(&Value::Null))
            {
                fields.remove("content");
            }
        },
    },
    Equivalence {
        apis: &[],
        reason: "`function` is the type of a tool that has no type",
        apply: |_, value| {
            if let Value::Object(fields) = value
                && fields.get("function").is_some_and(Value::is_object)
            {
                fields.entry("type").or_insert_with(|| "function".into());
            }
        },
    },
    Equivalence {
        apis: &[],
        reason: "a document without a name is called document.pdf, because the reference demands a name",
        apply: |key, value| {
            if key == "file"
                && let Value::Object(fields) = value
            {
                fields.retain(|key, name| key != "filename" || name != "document.pdf");
            }
        },
    },
    Equivalence {
        apis: LOCAL,
        reason: "`local` sends thoughts under both of their names, because servers read one or the other",
        apply: |_, value| {
            if let Value::Object(fields) = value {
                rename(fields, "reasoning_content", "reasoning");
                if fields.get("reasoning") == fields.get("reasoning_content") {
                    fields.remove("reasoning_content");
                }
            }
        },
    },
    Equivalence {
        apis: &["deepseek."],
        reason: "DeepSeek wants thoughts beside calls; a blank stands for those that are not known",
        apply: |_, value| {
            if let Value::Object(fields) = value {
                fields.retain(|key, thoughts| {
                    let unknown = thoughts.as_str().is_some_and(|text| text.trim().is_empty());
                    key != "reasoning_content" || !unknown
                });
            }
        },
    },
    Equivalence {
        apis: &["vercel-gateway."],
        reason: "marks for a cache are no part of the format; `local` leaves them out",
        apply: |_, value| {
            if let Value::Object(fields) = value {
                fields.remove("cache_control");
            }
        },
    },
];
