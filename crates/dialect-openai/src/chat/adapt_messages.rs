//! Changes what a vendor takes differently inside messages, on the JSON itself.
//!
//! Both ways to write a request end here: bytes that arrived keep every field and part that no quirk
//! names, and messages written from the types are written as the reference has them.

use interline_core::{ChatRequest, PartKind, Role};
use serde_json::{Map, Value, json};

use super::call_ids::nine_alphanumeric;
use super::{
    CallIds, DeveloperRole, DocumentParts, EarlierReasoning, ParticipantNames, Quirks, SoundParts,
};

/// The names under which vendors take thinking as text, best known first.
const THOUGHT_FIELDS: [&str; 2] = ["reasoning_content", "reasoning"];

/// Whether messages of this request may have to change; decides whether their bytes are read at all.
pub(crate) fn may_change(request: &ChatRequest, quirks: &Quirks) -> bool {
    let always = quirks.call_ids != CallIds::Any
        || !quirks.refused_message_fields.is_empty()
        || !matches!(
            quirks.documents,
            DocumentParts::Inline | DocumentParts::InlineOrAddress
        )
        || quirks.sound != SoundParts::Object;
    always
        || request.messages.iter().any(|message| {
            (message.role == Role::Developer && quirks.developer_role == DeveloperRole::AsSystem)
                || (message.name.is_some() && quirks.participant_names == ParticipantNames::Dropped)
                || message.any_part(|part| matches!(part, PartKind::Reasoning(_)))
        })
}

/// Makes messages of the reference's form the vendor's. Tells whether anything changed.
pub(crate) fn adapt(messages: &mut [Value], quirks: &Quirks) -> bool {
    let mut changed = false;
    for message in messages.iter_mut().filter_map(Value::as_object_mut) {
        changed |= adapt_message(message, quirks);
    }
    changed
}

fn adapt_message(message: &mut Map<String, Value>, quirks: &Quirks) -> bool {
    let mut changed = false;
    let role = message.get("role").and_then(Value::as_str).unwrap_or("");
    let is_assistant = role == "assistant";
    if role == "developer" && quirks.developer_role == DeveloperRole::AsSystem {
        message.insert("role".into(), "system".into());
        changed = true;
    }
    if quirks.participant_names == ParticipantNames::Dropped {
        changed |= message.remove("name").is_some();
    }
    if is_assistant {
        changed |= match quirks.earlier_reasoning {
            EarlierReasoning::ThinkingParts => thoughts_into_content(message),
            EarlierReasoning::Dropped => take_thinking_parts(message).is_some(),
            EarlierReasoning::ReasoningContent
            | EarlierReasoning::ReasoningContentRequired
            | EarlierReasoning::EitherName => thinking_parts_into(message, "reasoning_content"),
            EarlierReasoning::ReasoningDetails => thinking_parts_into(message, "reasoning"),
        };
    }
    for field in quirks.refused_message_fields {
        if let Some(value) = message.remove(*field) {
            changed = true;
            if *field == "refusal" {
                keep_as_content(message, value);
            }
        }
    }
    if quirks.call_ids == CallIds::NineAlphanumeric {
        changed |= adapt_call_ids(message);
    }
    if let Some(Value::Array(parts)) = message.get_mut("content") {
        for part in parts.iter_mut().filter_map(Value::as_object_mut) {
            changed |= adapt_document(part, quirks.documents) || adapt_sound(part, quirks.sound);
        }
    }
    changed
}

/// The words of a part of type `thinking`.
pub(crate) fn thinking_words(part: &Value) -> Option<String> {
    if part.get("type")?.as_str()? != "thinking" {
        return None;
    }
    Some(match part.get("thinking")? {
        Value::String(words) => words.clone(),
        Value::Array(pieces) => pieces
            .iter()
            .filter_map(|piece| piece.get("text")?.as_str())
            .collect(),
        _ => return None,
    })
}

/// Takes the parts of type `thinking` out of the content; `None` where there are none.
fn take_thinking_parts(message: &mut Map<String, Value>) -> Option<String> {
    let Some(Value::Array(parts)) = message.get_mut("content") else {
        return None;
    };
    let before = parts.len();
    let mut thoughts = String::new();
    parts.retain(|part| match thinking_words(part) {
        Some(words) => {
            thoughts.push_str(&words);
            false
        }
        None => true,
    });
    let nothing_left = parts.is_empty();
    if parts.len() == before {
        return None;
    }
    if nothing_left {
        let calls = message.get("tool_calls").is_some_and(Value::is_array);
        let silence = if calls { Value::Null } else { "".into() };
        message.insert("content".into(), silence);
    }
    Some(thoughts)
}

fn thinking_parts_into(message: &mut Map<String, Value>, field: &str) -> bool {
    let Some(thoughts) = take_thinking_parts(message) else {
        return false;
    };
    if !THOUGHT_FIELDS
        .iter()
        .any(|known| message.contains_key(*known))
    {
        message.insert(field.to_owned(), thoughts.into());
    }
    true
}

/// Puts thinking beside the content in front of it.
fn thoughts_into_content(message: &mut Map<String, Value>) -> bool {
    let mut thoughts = String::new();
    let mut changed = false;
    for field in THOUGHT_FIELDS {
        let Some(value) = message.remove(field) else {
            continue;
        };
        changed = true;
        if let Value::String(words) = value
            && thoughts.is_empty()
        {
            thoughts = words;
        }
    }
    if thoughts.is_empty() {
        return changed;
    }
    let thinking = json!({
        "type": "thinking", "thinking": [{"type": "text", "text": thoughts}], "closed": true,
    });
    let mut parts = vec![thinking];
    match message.remove("content") {
        Some(Value::String(text)) if !text.is_empty() => {
            parts.push(json!({"type": "text", "text": text}));
        }
        Some(Value::Array(said)) => parts.extend(said),
        _ => {}
    }
    message.insert("content".into(), parts.into());
    true
}

/// A refusal that may not stand in a field of its own is what was said.
fn keep_as_content(message: &mut Map<String, Value>, refusal: Value) {
    let silent = match message.get("content") {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    };
    if silent && refusal.is_string() {
        message.insert("content".into(), refusal);
    }
}

fn adapt_call_ids(message: &mut Map<String, Value>) -> bool {
    let mut changed = false;
    let mut replace = |id: Option<&mut Value>| {
        if let Some(id) = id
            && let Some(shorter) = id.as_str().and_then(nine_alphanumeric)
        {
            *id = shorter.into();
            changed = true;
        }
    };
    replace(message.get_mut("tool_call_id"));
    if let Some(Value::Array(calls)) = message.get_mut("tool_calls") {
        for call in calls {
            replace(call.get_mut("id"));
        }
    }
    changed
}

fn adapt_document(part: &mut Map<String, Value>, documents: DocumentParts) -> bool {
    if part.get("type").and_then(Value::as_str) != Some("file") {
        return false;
    }
    let Some(Value::Object(file)) = part.get("file") else {
        return false;
    };
    let text = |key: &str| file.get(key).and_then(Value::as_str).map(str::to_owned);
    let (id, data, name) = (text("file_id"), text("file_data"), text("filename"));
    let mut out = Map::new();
    match (documents, data, id) {
        (DocumentParts::DocumentUrl, Some(data), _) => {
            out.insert("type".into(), "document_url".into());
            out.insert("document_url".into(), data.into());
            super::merge::set(&mut out, "document_name", name);
        }
        (DocumentParts::DocumentUrl, None, Some(id)) => {
            out.insert("type".into(), "file".into());
            out.insert("file_id".into(), id.into());
        }
        (DocumentParts::FileUrl, Some(data), _) => {
            // An address stays; of inline data only the base64 is wanted.
            let bare = match data.split_once(";base64,") {
                Some((scheme, bare)) if scheme.starts_with("data:") => bare.to_owned(),
                _ => data,
            };
            out.insert("type".into(), "file_url".into());
            out.insert("file_url".into(), json!({ "url": bare }));
            super::merge::set(&mut out, "file_name", name);
        }
        _ => return false,
    }
    part.remove("file");
    part.extend(out);
    true
}

fn adapt_sound(part: &mut Map<String, Value>, sound: SoundParts) -> bool {
    if sound == SoundParts::Object
        || part.get("type").and_then(Value::as_str) != Some("input_audio")
    {
        return false;
    }
    let Some(data) = part.get("input_audio").and_then(|audio| audio.get("data")) else {
        return false;
    };
    let data = data.clone();
    part.insert("input_audio".into(), data);
    true
}

#[cfg(test)]
mod tests;
