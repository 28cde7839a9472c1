//! Core's parts to wire blocks.
//!
//! - Text of white space alone is left out: Bedrock refuses it.
//! - Thinking returns only to who issued it, of Claude's models anybody who runs them; another vendor's stays behind, and so do the
//!   pieces of earlier answers that only another format knows.
//! - A cache mark becomes a `cachePoint` behind its block where the model takes one.
//! - Arguments that are no JSON object travel under `invalid_arguments`, because the format demands one.

use interline_core::{
    CacheControl, Error, ErrorKind, Part, PartKind, Reasoning, ToolCall, ToolResult,
};
use serde_json::{Map, Value, json};

use crate::block_decode::{CACHE_POINT, CITED, GUARDED, JSON, REASONING, cited_text};
use crate::ids::tool_id;
use crate::media::{self, DocumentNames};
use crate::model_family::ModelFamily;
use crate::{FORMAT, format};
use interline_transport::json::Fields;

/// Who speaks in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaker {
    User,
    Model,
}

/// Writes the blocks of one request.
#[derive(Debug)]
pub(crate) struct BlockWriter {
    family: ModelFamily,
    names: DocumentNames,
}

impl BlockWriter {
    pub(crate) fn new(family: ModelFamily) -> Self {
        Self {
            family,
            names: DocumentNames::default(),
        }
    }

    /// The block of a part, and the cache point behind it; none where the part stays behind.
    ///
    /// # Errors
    /// `Unsupported` for what the format cannot carry; what [`media::encode`] says.
    pub(crate) fn blocks(&mut self, part: &Part, speaker: Speaker) -> Result<Vec<Value>, Error> {
        let Some(block) = self.block(part, speaker)? else {
            return Ok(Vec::new());
        };
        let mark = part.cache_control.as_ref();
        let point = mark
            .filter(|_| self.family.caches_messages())
            .map(cache_point);
        Ok([block].into_iter().chain(point).collect())
    }

    fn block(&mut self, part: &Part, speaker: Speaker) -> Result<Option<Value>, Error> {
        Ok(match &part.kind {
            PartKind::Text(text) => text_block(part, text),
            PartKind::Refusal(text) => plain(text),
            PartKind::ToolCall(call) => Some(tool_use(part, call)),
            PartKind::ToolResult(result) => Some(self.tool_result(part, result)?),
            PartKind::Reasoning(reasoning) => thinking(part, reasoning, self.family),
            PartKind::Other { format, value } if *format == FORMAT => Some(value.clone()),
            PartKind::Other { .. } if speaker == Speaker::Model => None,
            PartKind::Other { format, .. } => return Err(foreign(format.as_str())),
            _ => media::encode(part, &mut self.names)?,
        })
    }

    fn tool_result(&mut self, part: &Part, result: &ToolResult) -> Result<Value, Error> {
        let mut content = Vec::new();
        for piece in &result.content {
            content.extend(self.result_content(piece)?);
        }
        let mut wire = Map::new();
        wire.insert("toolUseId".into(), json!(tool_id(&result.call_id)));
        wire.insert("content".into(), Value::Array(content));
        if let Some(is_error) = result.is_error {
            let status = if is_error { "error" } else { "success" };
            wire.insert("status".into(), json!(status));
        }
        Ok(wrapped("toolResult", wire, part))
    }

    fn result_content(&mut self, piece: &Part) -> Result<Option<Value>, Error> {
        match &piece.kind {
            PartKind::Text(text) => {
                let is_json = piece.extra.get(&FORMAT, JSON).is_some();
                let value = is_json.then(|| serde_json::from_str::<Value>(text).ok());
                Ok(match value.flatten() {
                    Some(value) => Some(json!({JSON: value})),
                    None => (!text.is_empty()).then(|| json!({"text": text})),
                })
            }
            _ => self.block(piece, Speaker::User),
        }
    }
}

/// The mark as it stands on the wire.
pub(crate) fn cache_point(mark: &CacheControl) -> Value {
    let mut point = json!({"type": "default"});
    if let Some(ttl) = &mark.ttl {
        point["ttl"] = json!(ttl);
    }
    json!({CACHE_POINT: point})
}

fn foreign(format: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("bedrock.converse cannot carry a piece of {format}"),
    )
}

fn plain(text: &str) -> Option<Value> {
    (!text.trim().is_empty()).then(|| json!({"text": text}))
}

/// Text, in the wrapping it came in while that still says the same.
fn text_block(part: &Part, text: &str) -> Option<Value> {
    if let Some(wrapping) = part.extra.get(&FORMAT, GUARDED)
        && wrapping.pointer("/text/text").and_then(Value::as_str) == Some(text)
    {
        return Some(json!({GUARDED: wrapping}));
    }
    if let Some(wrapping) = part.extra.get(&FORMAT, CITED)
        && let Ok(fields) = Fields::of(wrapping)
        && cited_text(fields).is_ok_and(|said| said == text)
    {
        return Some(json!({CITED: wrapping}));
    }
    plain(text)
}

fn tool_use(part: &Part, call: &ToolCall) -> Value {
    let mut wire = Map::new();
    wire.insert("toolUseId".into(), json!(tool_id(&call.id)));
    wire.insert("name".into(), json!(call.name));
    wire.insert("input".into(), call.arguments_object());
    wrapped("toolUse", wire, part)
}

/// The block under its key, with the fields no type knows.
fn wrapped(key: &str, mut wire: Map<String, Value>, part: &Part) -> Value {
    let rest = part.extra.get(&FORMAT, key).and_then(Value::as_object);
    for (name, value) in rest.into_iter().flatten() {
        wire.entry(name.as_str()).or_insert_with(|| value.clone());
    }
    json!({key: wire})
}

fn thinking(part: &Part, reasoning: &Reasoning, family: ModelFamily) -> Option<Value> {
    let content = match format::own_signature(reasoning, family) {
        Some(hidden) if reasoning.redacted => json!({"redactedContent": hidden}),
        Some(signature) => {
            json!({"reasoningText": {"text": reasoning.text, "signature": signature}})
        }
        None if reasoning.signature.is_none() && part.extra.get(&FORMAT, REASONING).is_some() => {
            json!({"reasoningText": {"text": reasoning.text}})
        }
        None => return None,
    };
    Some(json!({REASONING: content}))
}

#[cfg(test)]
mod tests {
    use interline_core::{FormatId, Media, Signature};

    use super::*;
    use crate::block_decode;

    const FOREIGN: FormatId = FormatId::from_static("other.format");

    fn written(model: &str, parts: &[Part], speaker: Speaker) -> Value {
        let mut writer = BlockWriter::new(ModelFamily::of(model));
        let blocks = parts.iter().map(|part| writer.blocks(part, speaker));
        let blocks: Result<Vec<_>, _> = blocks.collect();
        blocks.expect("encodable").concat().into()
    }

    #[track_caller]
    fn round_trip(blocks: &Value) {
        let parts = block_decode::parts(blocks.as_array().expect("a list"), |_| None);
        let parts = parts.expect("good blocks");
        let model = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
        assert_eq!(&written(model, &parts, Speaker::Model), blocks);
    }

    #[test]
    fn every_block_survives() {
        round_trip(&json!([
            {"text": "a"}, {"cachePoint": {"type": "default", "ttl": "1h"}},
            {"guardContent": {"text": {"text": "q", "qualifiers": ["query"]}}},
            {"guardContent": {"image": {"format": "png", "source": {"bytes": "AA"}}}},
            {"citationsContent": {"content": [{"text": "x"}], "citations": []}},
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
            {"reasoningContent": {"reasoningText": {"text": "hm"}}},
            {"reasoningContent": {"redactedContent": "x"}},
            {"toolUse": {"toolUseId": "i", "name": "f", "input": {"a": 1}, "type": "tool_use"}},
            {"toolUse": {"toolUseId": "i", "name": "f", "input": {}, "type": "server_tool_use"}},
            {"toolResult": {"toolUseId": "i", "status": "error", "content": [
                {"text": "no"}, {"json": {"a": [1]}}, {"searchResult": {"source": "s"}},
                {"image": {"format": "png", "source": {"bytes": "AA"}}},
            ]}},
            {"toolResult": {"toolUseId": "i", "content": []}},
            {"somethingNew": {"a": 1}},
        ]));
    }

    #[test]
    fn foreign_thinking_blank_text_and_foreign_pieces_stay_behind() {
        let parts = [
            Part::reasoning(Reasoning::new("hm").with_signature(Signature::new(FOREIGN, "s"))),
            Part::reasoning(Reasoning::new("hm")),
            Part::other(FOREIGN, json!({})),
            Part::text(" \n").with_cache_control(CacheControl::ephemeral()),
            Part::text("hi"),
        ];
        let model = "amazon.nova-lite-v1:0";
        assert_eq!(
            written(model, &parts, Speaker::Model),
            json!([{"text": "hi"}])
        );
        let mut writer = BlockWriter::new(ModelFamily::of(model));
        let error = writer
            .blocks(&parts[2], Speaker::User)
            .expect_err("foreign");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }

    #[test]
    fn cache_marks_go_only_to_models_that_take_them() {
        let marked = [Part::text("a").with_cache_control(CacheControl::ephemeral())];
        let sent = |model| written(model, &marked, Speaker::User);
        let point = json!({"cachePoint": {"type": "default"}});
        assert_eq!(sent("amazon.nova-lite-v1:0"), json!([{"text": "a"}, point]));
        assert_eq!(
            sent("us.meta.llama4-maverick-17b-instruct-v1:0"),
            json!([{"text": "a"}])
        );
    }

    #[test]
    fn results_hold_text_json_and_media() {
        let picture = Part::image(Media::inline("image/png", "AA"));
        let result = Part::tool_result("a b", [Part::text("{}"), Part::text(""), picture])
            .with_tool_error(Some(false));
        assert_eq!(
            written("m", &[result], Speaker::User),
            json!([{"toolResult": {"toolUseId": "a_b", "status": "success", "content": [
                {"text": "{}"}, {"image": {"format": "png", "source": {"bytes": "AA"}}},
            ]}}])
        );
    }

    #[test]
    fn arguments_are_always_an_object() {
        let input = |text: &str| {
            let call = Part::tool_call(ToolCall::new("i", "f", text));
            written("m", &[call], Speaker::Model)[0]["toolUse"]["input"].clone()
        };
        assert_eq!(input(""), json!({}));
        assert_eq!(input("[1]"), json!({"invalid_arguments": "[1]"}));
    }
}
