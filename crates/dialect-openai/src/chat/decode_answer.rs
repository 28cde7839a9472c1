//! Reads what an assistant said: the same fields in whole messages and in stream deltas.
//!
//! Lenient on purpose: strict types reject real answers of servers that call themselves compatible.
//! What is not understood stays where it is, for [`interline_core::Extra`].

use interline_core::{Media, MediaSource, Part, PartKind, Reasoning, ToolCall};
use serde_json::{Map, Value};

use super::adapt_messages::thinking_words;
use super::{FORMAT, reasoning_details};

/// What an assistant says and thinks, as far as it is text.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Said {
    pub(crate) thoughts: String,
    pub(crate) text: String,
}

/// Takes content and thinking out of an assistant's fields.
///
/// Content is a string or a list of parts, thinking ones among them; thinking stands there or under
/// any of the names that vendors use. Some vendors say the same under two names, so the first that
/// says anything counts.
/// `reasoning_details` stays: it may hold signatures that its vendor wants back.
///
/// `Err` where content is neither text nor a list.
pub(crate) fn take_said(fields: &mut Map<String, Value>) -> Result<Said, ()> {
    let text = |value: Option<Value>| match value {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    let content = text(fields.remove("reasoning_content"));
    let plain = text(fields.remove("reasoning"));
    let beside = content
        .or(plain)
        .or_else(|| details_text(fields.get("reasoning_details")?));
    let mut said = match fields.remove("content") {
        None | Some(Value::Null) => Said::default(),
        Some(Value::String(text)) => Said {
            text,
            ..Said::default()
        },
        Some(Value::Array(parts)) => said_in(&parts),
        Some(_) => return Err(()),
    };
    if let Some(thoughts) = beside {
        said.thoughts = thoughts;
    }
    Ok(said)
}

/// Makes content that came as a list of texts and thinking what callers of this format read: a
/// string, and the thinking beside it. Lists with anything else in them stay. Tells whether anything
/// changed.
pub(crate) fn flatten_content(document: &mut Value) -> bool {
    let Some(Value::Array(choices)) = document.get_mut("choices") else {
        return false;
    };
    let mut changed = false;
    for choice in choices {
        for place in ["message", "delta"] {
            if let Some(Value::Object(fields)) = choice.get_mut(place) {
                changed |= flatten_fields(fields);
            }
        }
    }
    changed
}

fn flatten_fields(fields: &mut Map<String, Value>) -> bool {
    let Some(Value::Array(parts)) = fields.get("content") else {
        return false;
    };
    let is_plain =
        |part: &Value| thinking_words(part).is_some() || part.get("type") == Some(&"text".into());
    if !parts.iter().all(is_plain) {
        return false;
    }
    let said = said_in(parts);
    let text = if said.text.is_empty() {
        Value::Null
    } else {
        said.text.into()
    };
    fields.insert("content".into(), text);
    if !said.thoughts.is_empty() {
        fields
            .entry("reasoning_content")
            .or_insert_with(|| said.thoughts.into());
    }
    true
}

fn said_in(parts: &[Value]) -> Said {
    let mut said = Said::default();
    for part in parts {
        if let Some(words) = thinking_words(part) {
            said.thoughts.push_str(&words);
        } else if let Some(text) = part.get("text").and_then(Value::as_str) {
            said.text.push_str(text);
        }
    }
    said
}

/// The words in `reasoning_details`.
fn details_text(details: &Value) -> Option<String> {
    let words: String = details
        .as_array()?
        .iter()
        .filter_map(|detail| {
            let text = detail.get("text").or_else(|| detail.get("summary"))?;
            text.as_str()
        })
        .collect();
    (!words.is_empty()).then_some(words)
}

/// The refusal in an assistant's fields.
pub(crate) fn take_refusal(fields: &mut Map<String, Value>) -> Option<String> {
    match fields.remove("refusal") {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// Arguments as JSON text; some servers send the object itself.
pub(crate) fn arguments(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// A call id for servers that give none: unique within the answer, and across answers as far as
/// their ids are.
pub(crate) fn made_up_id(answer: &str, choice: u32, index: usize) -> String {
    if answer.is_empty() {
        format!("call_{choice}_{index}")
    } else {
        format!("call_{answer}_{choice}_{index}")
    }
}

/// The parts of a whole message; what is left in `fields` is unknown.
///
/// `Err` says what breaks the format.
pub(crate) fn take_parts(
    fields: &mut Map<String, Value>,
    answer: &str,
    choice: u32,
) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let said = take_said(fields).map_err(|()| "`content` is neither text nor a list".to_owned())?;
    let signature = fields
        .get("reasoning_details")
        .and_then(reasoning_details::sign);
    if !said.thoughts.is_empty() || signature.is_some() {
        let mut reasoning = Reasoning::new(said.thoughts);
        reasoning.signature = signature;
        parts.push(Part::reasoning(reasoning));
    }
    if !said.text.is_empty() {
        parts.push(Part::text(said.text));
    }
    if let Some(refusal) = take_refusal(fields) {
        parts.push(Part::new(PartKind::Refusal(refusal)));
    }
    take_media(fields, &mut parts);
    take_tool_calls(fields, answer, choice, &mut parts)?;
    Ok(parts)
}

/// Pictures and sound that the model made.
fn take_media(fields: &mut Map<String, Value>, parts: &mut Vec<Part>) {
    if let Some(Value::Array(images)) = fields.get("images") {
        let urls: Vec<_> = images
            .iter()
            .filter_map(|image| image.pointer("/image_url/url")?.as_str())
            .map(|url| Part::image(Media::from_url(url)))
            .collect();
        if urls.len() == images.len() {
            parts.extend(urls);
            fields.remove("images");
        }
    }
    match fields.remove("audio") {
        Some(Value::Object(mut audio)) => {
            if let Some(Value::String(data)) = audio.remove("data") {
                let part = Part::new(PartKind::Audio(Media::new(MediaSource::Base64(data))));
                parts.push(part.with_extra(interline_core::Extra::new(FORMAT, audio)));
            } else {
                fields.insert("audio".into(), audio.into());
            }
        }
        Some(Value::Null) | None => {}
        Some(other) => {
            fields.insert("audio".into(), other);
        }
    }
}

fn take_tool_calls(
    fields: &mut Map<String, Value>,
    answer: &str,
    choice: u32,
    parts: &mut Vec<Part>,
) -> Result<(), String> {
    let calls = match fields.remove("tool_calls") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(calls)) => calls,
        Some(_) => return Err("`tool_calls` is not a list".to_owned()),
    };
    for (index, call) in calls.into_iter().enumerate() {
        let Some(function) = call.get("function").filter(|value| value.is_object()) else {
            // A custom tool, or something newer: whole, for callers of this format.
            parts.push(Part::other(FORMAT, call));
            continue;
        };
        let id = call
            .get("id")
            .and_then(Value::as_str)
            .filter(|id| !id.is_empty());
        let id = id.map_or_else(|| made_up_id(answer, choice, index), str::to_owned);
        parts.push(tool_call(id, function)?);
    }
    // The older way to ask for one function.
    if let Some(function @ Value::Object(_)) = fields.remove("function_call") {
        parts.push(tool_call(made_up_id(answer, choice, 0), &function)?);
    }
    Ok(())
}

fn tool_call(id: String, function: &Value) -> Result<Part, String> {
    let name = function
        .get("name")
        .and_then(Value::as_str)
        .ok_or_else(|| "a tool call has no name".to_owned())?;
    let arguments = arguments(function.get("arguments"));
    Ok(Part::tool_call(ToolCall::new(id, name, arguments)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(fields: &Value, expected: &Value) {
        for place in ["message", "delta"] {
            let mut document = json!({"choices": [{"index": 0, place: fields}]});
            let changed = flatten_content(&mut document);
            assert_eq!(&document["choices"][0][place], expected);
            assert_eq!(changed, fields != expected);
        }
    }

    #[test]
    fn texts_and_thinking_in_a_list_become_what_callers_read() {
        let thinking = json!({"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]});
        let text = json!({"type": "text", "text": "Yes."});
        check(
            &json!({"content": [thinking, text], "x": 1}),
            &json!({"content": "Yes.", "reasoning_content": "hm", "x": 1}),
        );
        check(
            &json!({"content": [thinking]}),
            &json!({"content": null, "reasoning_content": "hm"}),
        );
    }

    #[test]
    fn strings_and_lists_with_other_parts_stay() {
        for content in [
            json!("Yes."),
            Value::Null,
            json!([{"type": "text", "text": "Yes."}, {"type": "reference", "reference_ids": [1]}]),
        ] {
            let fields = json!({ "content": content });
            check(&fields, &fields);
        }
    }
}
