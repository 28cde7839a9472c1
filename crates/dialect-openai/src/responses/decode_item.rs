//! Reads one item of an answer's `output` into parts.

use interline_core::{Extra, Part, PartKind, ToolCall};
use serde_json::{Map, Value};

use super::item::{ITEM, type_of};
use super::{FORMAT, custom_tool, reasoning_item};
use crate::chat::fields::Fields;

/// What an item said.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) parts: Vec<Part>,
    /// Log-probabilities of its text, as they are on the wire.
    pub(crate) logprobs: Vec<Value>,
}

/// Reads an item of an answer. What no type knows becomes a part, whole.
///
/// # Errors
/// What is wrong, for a message that names the item.
pub(crate) fn decode_item(item: Value) -> Result<Said, &'static str> {
    let word = type_of(&item).to_owned();
    let Value::Object(fields) = item else {
        return Err("is no object");
    };
    let part = match word.as_str() {
        "message" => return message(fields),
        "reasoning" => Part::reasoning(reasoning_item::read(fields)),
        "function_call" => call(fields)?,
        custom_tool::CALL => custom_call(fields)?,
        _ => Part::other(FORMAT, Value::Object(fields)),
    };
    Ok(Said {
        parts: vec![part],
        logprobs: Vec::new(),
    })
}

/// A function that the caller is asked to run.
fn call(mut fields: Map<String, Value>) -> Result<Part, &'static str> {
    let name = text(&mut fields, "name").ok_or("has no `name`")?;
    let arguments = text(&mut fields, "arguments").unwrap_or_default();
    let id = call_id(&fields);
    fields.remove("call_id");
    fields.remove("type");
    let call = Part::tool_call(ToolCall::new(id, name, arguments));
    Ok(call.with_extra(Extra::new(FORMAT, fields)))
}

/// The id that the result refers to; servers without it take the item's own.
pub(crate) fn call_id(fields: &Map<String, Value>) -> String {
    let text = |key: &str| {
        let text = fields.get(key)?.as_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    text("call_id").or_else(|| text("id")).unwrap_or_default()
}

/// A call of a tool that takes plain text.
fn custom_call(fields: Map<String, Value>) -> Result<Part, &'static str> {
    Fields::of(Value::Object(fields), "output")
        .and_then(custom_tool::decode_call)
        .map_err(|_| "lacks the fields of a call")
}

fn message(mut item: Map<String, Value>) -> Result<Said, &'static str> {
    let content = match item.remove("content") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(content)) => content,
        // Servers of one's own write the text itself.
        Some(Value::String(text)) => {
            vec![serde_json::json!({"type": "output_text", "text": text})]
        }
        Some(_) => return Err("has content that is no list"),
    };
    item.remove("type");
    item.remove("role");
    let mut said = Said::default();
    for piece in content {
        let part = piece_of_content(piece, &item, &mut said.logprobs)?;
        said.parts.push(part);
    }
    Ok(said)
}

fn piece_of_content(
    piece: Value,
    item: &Map<String, Value>,
    logprobs: &mut Vec<Value>,
) -> Result<Part, &'static str> {
    let word = type_of(&piece).to_owned();
    let Value::Object(mut fields) = piece else {
        return Err("has content that is no object");
    };
    let kind = match word.as_str() {
        "output_text" | "text" => {
            let text = text(&mut fields, "text").ok_or("has a text without `text`")?;
            if let Some(Value::Array(steps)) = fields.remove("logprobs") {
                logprobs.extend(steps);
            }
            PartKind::Text(text)
        }
        "refusal" => {
            let words = text(&mut fields, "refusal").ok_or("has a refusal without `refusal`")?;
            PartKind::Refusal(words)
        }
        _ => return Ok(Part::other(FORMAT, Value::Object(fields))),
    };
    fields.remove("type");
    fields.retain(|_, value| !is_empty(value));
    if !item.is_empty() {
        fields.insert(ITEM.to_owned(), Value::Object(item.clone()));
    }
    Ok(Part::new(kind).with_extra(Extra::new(FORMAT, fields)))
}

/// Whether a field says nothing: `annotations` are there even where there is none.
fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}

fn text(fields: &mut Map<String, Value>, key: &str) -> Option<String> {
    match fields.remove(key) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use interline_core::Signature;
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn parts(item: Value) -> Vec<Part> {
        decode_item(item).expect("a good item").parts
    }

    #[test]
    fn a_message_becomes_its_texts_and_refusals() {
        let said = parts(json!({
            "type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
            "content": [
                {"type": "output_text", "text": "Hi", "annotations": [], "logprobs": []},
                {"type": "refusal", "refusal": "No."},
            ],
        }));
        assert_eq!(said[0].as_text(), Some("Hi"));
        assert_eq!(said[1].kind, PartKind::Refusal("No.".into()));
        assert_eq!(
            said[0]
                .extra
                .for_format(&FORMAT)
                .map(|fields| Value::Object(fields.clone())),
            Some(json!({"item": {"id": "msg_1", "status": "completed"}}))
        );
    }

    #[test]
    fn calls_keep_both_their_ids() {
        let said = parts(json!({
            "type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f",
            "namespace": "n", "arguments": "{\"a\":1}", "status": "completed",
        }));
        let call = PartKind::ToolCall(ToolCall::new("call_1", "f", "{\"a\":1}"));
        assert_eq!(said[0].kind, call);
        assert_eq!(said[0].extra.get(&FORMAT, "namespace"), Some(&json!("n")));
        let said = parts(json!({"type": "function_call", "id": "fc_1", "name": "f"}));
        let call = PartKind::ToolCall(ToolCall::new("fc_1", "f", ""));
        assert_eq!(said[0].kind, call);
    }

    #[test]
    fn thinking_is_signed_by_the_whole_item() {
        let item = json!({"type": "reasoning", "id": "rs_1", "encrypted_content": "gAAA",
                          "summary": [{"type": "summary_text", "text": "hm"}]});
        let said = parts(item.clone());
        let PartKind::Reasoning(reasoning) = &said[0].kind else {
            panic!("{said:?}");
        };
        assert_eq!(reasoning.text, "hm");
        let signature = Signature::new(FORMAT, item.to_string());
        assert_eq!(reasoning.signature, Some(signature));
    }

    #[test]
    fn what_no_type_knows_stays_whole() {
        let item = json!({"type": "web_search_call", "id": "ws_1", "action": {"query": "q"}});
        assert_eq!(parts(item.clone()), [Part::other(FORMAT, item)]);
    }

    #[test]
    fn a_broken_item_says_what_is_wrong() {
        for item in [
            json!("text"),
            json!({"type": "message", "content": 3}),
            json!({"type": "message", "content": [{"type": "output_text"}]}),
            json!({"type": "function_call"}),
            json!({"type": "custom_tool_call"}),
        ] {
            decode_item(item).expect_err("a broken item");
        }
    }
}
