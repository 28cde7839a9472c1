//! Writes a whole answer for a caller of this format.

use bytes::Bytes;
use interline_core::{ChatResponse, Choice, FinishReason, Origin, Part, PartKind, RawBody};
use serde_json::{Map, Value, json};

use super::merge::{merge_extra, object, set};
use super::{FORMAT, logprobs, usage};

/// Writes a whole answer; `model` is the name the caller is to see.
///
/// An answer of this format leaves as it came, byte for byte, with only `model` replaced where it
/// differs. Any other is written from the types: thinking as `reasoning_content`, pictures as
/// `images`; what another vendor signed or sealed stays behind.
#[must_use]
pub fn encode_response(response: &ChatResponse, model: &str) -> Bytes {
    if let Some(raw) = response.raw.as_ref().filter(|raw| raw.format == FORMAT)
        && let Some(body) = pass_through(raw, &response.model, model)
    {
        return body;
    }
    let choices: Vec<Value> = response.choices.iter().map(encode_choice).collect();
    let mut out = object([
        ("id", response.id.as_str().into()),
        ("object", "chat.completion".into()),
        ("created", response.created.unwrap_or(0).into()),
        ("model", model.into()),
        ("choices", choices.into()),
    ]);
    set(&mut out, "usage", usage::write(&response.usage));
    merge_extra(&mut out, &response.extra);
    Bytes::from(Value::Object(out).to_string())
}

fn pass_through(raw: &RawBody, own: &str, model: &str) -> Option<Bytes> {
    if own == model {
        return Some(raw.body.clone());
    }
    Origin::new(FORMAT, raw.body.clone())
        .with_keys(&[("model", Some(model.into()))])
        .ok()
}

fn encode_choice(choice: &Choice) -> Value {
    let mut out = object([
        ("index", choice.index.into()),
        ("message", encode_message(choice).into()),
        ("logprobs", logprobs::write(&choice.logprobs)),
        ("finish_reason", finish_word(choice.finish_reason.as_ref())),
    ]);
    set(&mut out, "stop_reason", choice.stop_sequence.as_deref());
    merge_extra(&mut out, &choice.extra);
    out.into()
}

/// The word of a finish reason; a reason that only one vendor knows keeps its own word.
pub(crate) fn finish_word(reason: Option<&FinishReason>) -> Value {
    reason.map_or(Value::Null, |reason| reason.as_str().into())
}

fn encode_message(choice: &Choice) -> Map<String, Value> {
    let mut out = object([("role", "assistant".into())]);
    let mut refusal = String::new();
    let mut calls = Vec::new();
    let mut images = Vec::new();
    for part in &choice.parts {
        match &part.kind {
            PartKind::Refusal(text) => refusal.push_str(text),
            PartKind::ToolCall(call) => calls.push(json!({
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            })),
            PartKind::Image(media) => images.extend(
                media
                    .to_url()
                    .map(|url| json!({"type": "image_url", "image_url": {"url": url}})),
            ),
            PartKind::Audio(media) => {
                if let interline_core::MediaSource::Base64(data) = &media.source {
                    let mut audio = object([("data", data.as_str().into())]);
                    merge_extra(&mut audio, &part.extra);
                    out.insert("audio".into(), audio.into());
                }
            }
            PartKind::Other { format, value } if *format == FORMAT => calls.push(value.clone()),
            _ => {}
        }
    }
    let text = Part::joined_text(&choice.parts);
    let said = !text.is_empty() || (refusal.is_empty() && calls.is_empty());
    out.insert(
        "content".into(),
        if said { text.into() } else { Value::Null },
    );
    let refusal = (!refusal.is_empty()).then_some(refusal);
    out.insert("refusal".into(), refusal.map_or(Value::Null, Value::from));
    let thoughts = choice.reasoning_text();
    set(
        &mut out,
        "reasoning_content",
        (!thoughts.is_empty()).then_some(thoughts),
    );
    set(&mut out, "tool_calls", (!calls.is_empty()).then_some(calls));
    set(&mut out, "images", (!images.is_empty()).then_some(images));
    out
}
