//! A whole answer for a caller of this format.
//!
//! An answer that came in this format goes back as it came, with only its model renamed where asked.
//! Another vendor's is written from types: only the first choice, because the format has one; parts
//! that the format has no block for (pictures, sound, another vendor's own blocks) are left out.

use bytes::Bytes;
use interline_core::{ChatResponse, Choice, Origin, Part, PartKind, ToolCall};
use serde_json::{Map, Value, json};

use crate::block_encode::{self, Reader};
use crate::stop_reason::{self, AsksForTools};
use crate::{FORMAT, format, ids, usage};

/// Writes the body, in which the answering model is called `model`.
#[must_use]
pub fn encode_response(response: &ChatResponse, model: &str) -> Bytes {
    if let Some(raw) = &response.raw
        && raw.format == FORMAT
    {
        if response.model == model {
            return raw.body.clone();
        }
        let renamed =
            Origin::new(FORMAT, raw.body.clone()).with_keys(&[("model", Some(Value::from(model)))]);
        if let Ok(renamed) = renamed {
            return renamed;
        }
    }
    Bytes::from(Value::Object(from_types(response, model)).to_string())
}

fn from_types(response: &ChatResponse, model: &str) -> Map<String, Value> {
    let empty = Choice::default();
    let choice = response.choices.first().unwrap_or(&empty);
    let id = match response.id.as_str() {
        "" => ids::made_message_id(choice.parts.iter().filter_map(spoken)),
        id => id.to_owned(),
    };
    let asks = if choice.tool_calls().next().is_some() {
        AsksForTools::Yes
    } else {
        AsksForTools::No
    };
    let stop_sequence = choice.stop_sequence.as_deref();
    let stop_reason = stop_reason::to_wire(choice.finish_reason.as_ref(), stop_sequence, asks);

    let mut usage = usage::to_wire(&response.usage);
    if let Some(Value::Object(own)) = response.extra.get(&FORMAT, "usage") {
        for (key, value) in own {
            usage.entry(key.as_str()).or_insert_with(|| value.clone());
        }
    }
    let mut body = Map::new();
    body.insert("type".into(), json!("message"));
    body.insert("role".into(), json!("assistant"));
    body.insert("model".into(), json!(model));
    body.insert("content".into(), Value::Array(content(choice, &id)));
    body.insert("id".into(), json!(id));
    body.insert("stop_reason".into(), json!(stop_reason));
    body.insert("stop_sequence".into(), json!(stop_sequence));
    body.insert("usage".into(), Value::Object(usage));
    format::merge_extra(&mut body, &response.extra);
    body
}

fn content(choice: &Choice, message_id: &str) -> Vec<Value> {
    let mut tools = 0;
    let mut blocks = Vec::new();
    for part in &choice.parts {
        let named = match &part.kind {
            PartKind::ToolCall(call) => {
                tools += 1;
                named(call, message_id, tools - 1)
            }
            _ => None,
        };
        // What cannot be written for a caller is left out: `Reader::Caller` never refuses a part.
        if let Ok(Some(block)) = block_encode::block(named.as_ref().unwrap_or(part), Reader::Caller)
        {
            blocks.push(block);
        }
    }
    blocks
}

/// The call with an id, where its vendor gave it none.
fn named(call: &ToolCall, message_id: &str, index: u32) -> Option<Part> {
    call.id.is_empty().then(|| {
        let id = ids::made_tool_id(message_id, index);
        Part::tool_call(ToolCall::new(
            id,
            call.name.as_str(),
            call.arguments.as_str(),
        ))
    })
}

fn spoken(part: &Part) -> Option<&str> {
    match &part.kind {
        PartKind::Text(text) | PartKind::Refusal(text) => Some(text),
        PartKind::ToolCall(call) => Some(&call.arguments),
        PartKind::Reasoning(reasoning) => Some(&reasoning.text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use interline_core::{FinishReason, RawBody, Reasoning, Usage};

    use super::*;
    use crate::decode_response;

    fn sent(response: &ChatResponse) -> Value {
        serde_json::from_slice(&encode_response(response, "chat")).expect("JSON")
    }

    #[test]
    fn another_vendors_answer_is_written_from_types() {
        let mut usage = Usage::new(10, 5);
        usage.cached_input_tokens = Some(4);
        let choice = Choice::new(
            0,
            [
                Part::reasoning(Reasoning::new("hm")),
                Part::text("On it."),
                Part::tool_call(ToolCall::new("functions.add:0", "add", r#"{"a":1}"#)),
            ],
        )
        .with_finish_reason(FinishReason::ToolCalls);
        let mut response = ChatResponse::new("gpt-4o", [choice]).with_usage(usage);
        response.id = "chatcmpl-1".into();
        assert_eq!(
            sent(&response),
            json!({
                "id": "chatcmpl-1", "type": "message", "role": "assistant", "model": "chat",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": ""},
                    {"type": "text", "text": "On it."},
                    {"type": "tool_use", "id": "functions_add_0", "name": "add", "input": {"a": 1}},
                ],
                "stop_reason": "tool_use", "stop_sequence": null,
                "usage": {"input_tokens": 6, "output_tokens": 5,
                    "cache_read_input_tokens": 4, "cache_creation_input_tokens": 0},
            })
        );
    }

    #[test]
    fn another_vendors_proof_is_sealed_and_opened_when_it_returns() {
        let format = interline_core::FormatId::from_static("a.format");
        let proof = |value| interline_core::Signature::new(format.clone(), value);
        let parts = [
            Part::reasoning(Reasoning::new("hm").with_signature(proof("p:1"))),
            Part::reasoning(Reasoning::redacted(proof("p2"))),
        ];
        let sent = sent(&ChatResponse::new("m", [Choice::new(0, parts.clone())]));
        assert_eq!(
            sent["content"],
            json!([
                {"type": "thinking", "thinking": "hm",
                 "signature": "interline.signature.1:a.format:p:1"},
                {"type": "redacted_thinking", "data": "interline.signature.1:a.format:p2"},
            ])
        );
        let returned = crate::block_decode::content(&sent["content"]).expect("good blocks");
        assert_eq!(returned, parts);
    }

    #[test]
    fn missing_ids_are_made() {
        let call = Part::tool_call(ToolCall::new("", "add", "{}"));
        let sent = sent(&ChatResponse::new("m", [Choice::new(0, [call])]));
        let id = sent["id"].as_str().expect("an id");
        assert!(id.starts_with("msg_"), "{id}");
        assert_eq!(sent["content"][0]["id"], format!("toolu_{id}_0"));
        assert_eq!(sent["stop_reason"], "tool_use");
    }

    #[test]
    fn an_answer_of_this_format_goes_back_as_it_came() {
        let body = Bytes::from_static(
            br#"{"x": 1.0, "model":"claude", "content":[],"stop_reason":"end_turn"}"#,
        );
        let response = decode_response(body.clone()).expect("good");
        assert_eq!(encode_response(&response, "claude"), body);
        assert_eq!(
            encode_response(&response, "chat"),
            r#"{"x":1.0,"model":"chat","content":[],"stop_reason":"end_turn"}"#
        );
    }

    #[test]
    fn an_answer_of_another_format_is_not_mistaken_for_ours() {
        let mut response = ChatResponse::new("m", [Choice::new(0, [Part::text("a")])]);
        let other = interline_core::FormatId::from_static("other.format");
        response.raw = Some(RawBody::new(other, Bytes::from_static(b"{}")));
        assert_eq!(sent(&response)["content"][0]["text"], "a");
    }
}
