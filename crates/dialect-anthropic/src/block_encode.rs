//! Core's parts to content blocks.
//!
//! What has no block here follows the reader: a user's part that cannot be carried is `Unsupported`,
//! because the question would be another one; in the model's own turns it is left out, because only
//! its maker understands it.

use interline_core::{
    CacheControl, Error, ErrorKind, Part, PartKind, Reasoning, ToolCall, ToolResult,
};
use serde_json::{Map, Value, json};

use crate::media::{self, Purpose};
use crate::{FORMAT, format, ids, sealed};

/// Who reads the block, which decides what may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// The vendor reads what the user or the application says.
    VendorFromUser,
    /// The vendor reads what a model said earlier.
    VendorFromModel,
    /// The caller reads an answer.
    Caller,
}

/// Writes one part; `None` where it says nothing to its reader.
///
/// # Errors
/// `Unsupported` for a user's part that the format cannot carry, `InvalidRequest` for a picture of
/// unknown type.
pub(crate) fn block(part: &Part, reader: Reader) -> Result<Option<Value>, Error> {
    let block = match &part.kind {
        // Anthropic refuses empty text.
        PartKind::Text(text) | PartKind::Refusal(text) if text.is_empty() => None,
        PartKind::Text(text) | PartKind::Refusal(text) => {
            Some(json!({"type": "text", "text": text}))
        }
        PartKind::ToolCall(call) => Some(tool_use(call)),
        PartKind::ToolResult(result) => Some(tool_result(result)?),
        PartKind::Reasoning(reasoning) => thinking(reasoning, reader),
        PartKind::Other { format, value } if *format == FORMAT => return Ok(Some(value.clone())),
        PartKind::Image(media) if reader == Reader::VendorFromUser => Some(json!({
            "type": "image",
            "source": media::encode(media, Purpose::Picture)?,
        })),
        PartKind::File(media) if reader == Reader::VendorFromUser => {
            let source = media::encode(media, Purpose::Document)?;
            let mut block = json!({"type": "document", "source": source});
            if let Some(name) = &media.name {
                block["title"] = json!(name);
            }
            Some(block)
        }
        other if reader == Reader::VendorFromUser => return Err(unsupported(other)),
        _ => None,
    };
    Ok(block.map(|block| dressed(block, part, reader)))
}

/// Adds the cache mark, which answers do not have, and the fields that no type knows.
fn dressed(block: Value, part: &Part, reader: Reader) -> Value {
    let Value::Object(mut object) = block else {
        return block;
    };
    format::merge_extra(&mut object, &part.extra);
    if reader != Reader::Caller && !matches!(part.kind, PartKind::Reasoning(_)) {
        insert_cache_control(&mut object, part.cache_control.as_ref());
    }
    Value::Object(object)
}

/// Adds a cache mark to a block or a tool; a richer one that is there already stands.
pub(crate) fn insert_cache_control(object: &mut Map<String, Value>, mark: Option<&CacheControl>) {
    if let Some(mark) = mark {
        object.entry("cache_control").or_insert_with(|| {
            let mut wire = json!({"type": "ephemeral"});
            if let Some(ttl) = &mark.ttl {
                wire["ttl"] = json!(ttl);
            }
            wire
        });
    }
}

/// A `tool_use` block.
///
/// The input must be an object: arguments that are none travel as text under one key, so that the
/// model can see what it wrote.
pub(crate) fn tool_use(call: &ToolCall) -> Value {
    json!({
        "type": "tool_use",
        "id": ids::tool_id(&call.id),
        "name": call.name,
        "input": call.arguments_object(),
    })
}

fn tool_result(result: &ToolResult) -> Result<Value, Error> {
    let mut content = Vec::new();
    for part in &result.content {
        content.extend(block(part, Reader::VendorFromUser)?);
    }
    let mut wire = json!({
        "type": "tool_result",
        "tool_use_id": ids::tool_id(&result.call_id),
    });
    if !content.is_empty() {
        wire["content"] = Value::Array(content);
    }
    if let Some(is_error) = result.is_error {
        wire["is_error"] = json!(is_error);
    }
    Ok(wire)
}

/// A thinking block. The vendor takes back only what it signed itself; a caller sees all of it, other
/// formats' proofs sealed, and a blank one where there is none.
fn thinking(reasoning: &Reasoning, reader: Reader) -> Option<Value> {
    let signature = reasoning
        .signature
        .as_ref()
        .filter(|signature| reader == Reader::Caller || signature.format == FORMAT)
        .map(sealed::seal);
    match (signature, reasoning.redacted) {
        (Some(data), true) => Some(json!({"type": "redacted_thinking", "data": data})),
        (Some(signature), false) => Some(json!({
            "type": "thinking", "thinking": reasoning.text, "signature": signature,
        })),
        (None, false) if reader == Reader::Caller && !reasoning.text.is_empty() => Some(json!({
            "type": "thinking", "thinking": reasoning.text, "signature": "",
        })),
        (None, _) => None,
    }
}

fn unsupported(kind: &PartKind) -> Error {
    let what = match kind {
        PartKind::Audio(_) => "sound",
        PartKind::Other { format, .. } => {
            return Error::new(
                ErrorKind::Unsupported,
                format!("anthropic.messages cannot carry a part that only {format} knows"),
            );
        }
        _ => "this part",
    };
    Error::new(
        ErrorKind::Unsupported,
        format!("anthropic.messages cannot carry {what} in a message"),
    )
}

#[cfg(test)]
mod tests {
    use interline_core::{FormatId, Media, Signature};

    use super::*;

    const FOREIGN: FormatId = FormatId::from_static("other.format");

    fn sent(part: &Part) -> Option<Value> {
        block(part, Reader::VendorFromModel).expect("encodable")
    }

    #[test]
    fn only_own_signatures_go_back_to_the_vendor() {
        let own = Reasoning::new("hm").with_signature(Signature::new(FORMAT, "sig"));
        let foreign = Reasoning::new("hm").with_signature(Signature::new(FOREIGN, "sig"));
        assert!(sent(&Part::reasoning(own)).is_some());
        assert_eq!(sent(&Part::reasoning(foreign.clone())), None);
        assert_eq!(sent(&Part::reasoning(Reasoning::new("hm"))), None);
        let shown = |reasoning| {
            let block = block(&Part::reasoning(reasoning), Reader::Caller).expect("encodable");
            block.expect("shown to callers")["signature"].clone()
        };
        assert_eq!(shown(Reasoning::new("hm")), "");
        let sealed = shown(foreign).as_str().map(sealed::open);
        assert_eq!(sealed, Some(Signature::new(FOREIGN, "sig")));
    }

    #[test]
    fn hidden_thinking_goes_back_whole() {
        let hidden = Reasoning::redacted(Signature::new(FORMAT, "xyz"));
        assert_eq!(
            sent(&Part::reasoning(hidden)),
            Some(json!({"type": "redacted_thinking", "data": "xyz"}))
        );
    }

    #[track_caller]
    fn check_input(arguments: &str, input: &Value) {
        let call = ToolCall::new("id", "add", arguments);
        assert_eq!(&tool_use(&call)["input"], input);
    }

    #[test]
    fn a_tools_input_is_always_an_object() {
        check_input(r#"{"a":1}"#, &json!({"a": 1}));
        check_input("", &json!({}));
        check_input("[1]", &json!({"invalid_arguments": "[1]"}));
        check_input(r#"{"a":"#, &json!({"invalid_arguments": "{\"a\":"}));
    }

    #[test]
    fn a_users_sound_is_unsupported_and_a_models_is_left_out() {
        let sound = Part::new(PartKind::Audio(Media::inline("audio/wav", "AAAA")));
        let error = block(&sound, Reader::VendorFromUser).expect_err("no sound");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(sent(&sound), None);
    }

    #[test]
    fn pictures_and_failures_survive_in_tool_results() {
        let part = Part::tool_result("t:1", [Part::image(Media::inline("image/png", "AAAA"))])
            .with_tool_error(Some(true))
            .with_cache_control(CacheControl::ephemeral());
        assert_eq!(
            block(&part, Reader::VendorFromUser).expect("encodable"),
            Some(json!({
                "type": "tool_result",
                "tool_use_id": "t_1",
                "is_error": true,
                "content": [{"type": "image", "source":
                    {"type": "base64", "media_type": "image/png", "data": "AAAA"}}],
                "cache_control": {"type": "ephemeral"},
            }))
        );
    }
}
