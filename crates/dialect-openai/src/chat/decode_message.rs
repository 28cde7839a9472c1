//! Reads a conversation.

use interline_core::{
    CacheControl, Media, MediaSource, Message, Part, PartKind, Reasoning, Result, Role, ToolCall,
};
use serde_json::Value;

use super::FORMAT;
use super::decode_part::decode_content;
use super::fields::{Fields, invalid};

/// Reads `messages`.
pub(crate) fn decode_messages(messages: Vec<Value>) -> Result<Vec<Message>> {
    let mut legacy = LegacyCalls(0);
    messages
        .into_iter()
        .enumerate()
        .map(|(position, message)| {
            let fields = Fields::of(message, format!("messages[{position}]"))?;
            decode_message(fields, &mut legacy)
        })
        .collect()
}

/// Ids for the older `function_call`, which has none: its result is the next `function` message.
struct LegacyCalls(usize);

impl LegacyCalls {
    fn next(&mut self) -> String {
        self.0 += 1;
        self.current()
    }

    fn current(&self) -> String {
        format!("call_legacy_{}", self.0)
    }
}

fn decode_message(mut fields: Fields, legacy: &mut LegacyCalls) -> Result<Message> {
    let role = fields.required_string("role")?;
    let content_path = fields.path_of("content");
    let content = fields
        .take("content")
        .map(|content| decode_content(content, &content_path))
        .transpose()?;
    let required = |content: Option<Vec<Part>>| {
        content.ok_or_else(|| invalid(&content_path, "is required: a string or an array of parts"))
    };
    let (role, mut parts) = match role.as_str() {
        "assistant" => {
            let said = content.unwrap_or_default();
            (Role::Assistant, assistant_parts(&mut fields, said, legacy)?)
        }
        "tool" => {
            let id = fields.required_string("tool_call_id")?;
            let result = Part::tool_result(id, content.unwrap_or_default());
            (Role::Tool, vec![result])
        }
        "function" => {
            let result = Part::tool_result(legacy.current(), content.unwrap_or_default());
            (Role::Tool, vec![result])
        }
        "system" => (Role::System, required(content)?),
        "developer" => (Role::Developer, required(content)?),
        "user" => (Role::User, required(content)?),
        _ => (Role::Other(role), required(content)?),
    };
    mark_last(&mut parts, fields.cache_control()?);
    let mut message = Message::new(role, parts);
    message.name = fields.string("name")?;
    Ok(message.with_extra(fields.into_extra()))
}

/// A mark on a whole message stands behind its last part.
fn mark_last(parts: &mut [Part], mark: Option<CacheControl>) {
    if let (Some(last), Some(mark)) = (parts.last_mut(), mark) {
        last.cache_control = Some(mark);
    }
}

fn assistant_parts(
    fields: &mut Fields,
    said: Vec<Part>,
    legacy: &mut LegacyCalls,
) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    // Servers use both names; what one of them sent comes back under it.
    for key in ["reasoning_content", "reasoning"] {
        if parts.is_empty() && fields.peek(key).is_some_and(Value::is_string) {
            let thoughts = fields.string(key)?.unwrap_or_default();
            parts.push(Part::reasoning(Reasoning::new(thoughts)));
        }
    }
    // An empty text beside tool calls says nothing, and other formats refuse it.
    parts.extend(said.into_iter().filter(|part| part.as_text() != Some("")));
    if let Some(refusal) = fields.string("refusal")? {
        parts.push(Part::new(PartKind::Refusal(refusal)));
    }
    if let Some(mut audio) = fields.object("audio")? {
        let id = audio.required_string("id")?;
        let media = Media::new(MediaSource::FileId(id));
        parts.push(Part::new(PartKind::Audio(media)));
    }
    let calls_path = fields.path_of("tool_calls");
    for (position, call) in fields
        .array("tool_calls")?
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        parts.push(decode_tool_call(call, format!("{calls_path}[{position}]"))?);
    }
    if let Some(mut function) = fields.object("function_call")? {
        let name = function.required_string("name")?;
        let arguments = function.string("arguments")?.unwrap_or_default();
        parts.push(Part::tool_call(ToolCall::new(
            legacy.next(),
            name,
            arguments,
        )));
    }
    Ok(parts)
}

fn decode_tool_call(call: Value, path: String) -> Result<Part> {
    if call.get("function").is_none_or(Value::is_null) && call.get("custom").is_some() {
        return Ok(Part::other(FORMAT, call));
    }
    let mut fields = Fields::of(call, path)?;
    let id = fields.required_string("id")?;
    fields.take("type");
    let mut function = fields
        .object("function")?
        .ok_or_else(|| invalid(&fields.path_of("function"), "is required"))?;
    let name = function.required_string("name")?;
    // Some clients send the arguments as they would be after parsing.
    let arguments = match function.take("arguments") {
        None => String::new(),
        Some(Value::String(arguments)) => arguments,
        Some(other) => other.to_string(),
    };
    fields.keep_rest("function", function);
    Ok(Part::tool_call(ToolCall::new(id, name, arguments)).with_extra(fields.into_extra()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decode(messages: Value) -> Vec<Message> {
        let Value::Array(messages) = messages else {
            panic!("an array");
        };
        decode_messages(messages).expect("good messages")
    }

    #[test]
    fn an_assistants_turn_becomes_parts_in_a_sensible_order() {
        let messages = decode(
            json!([{"role": "assistant", "content": "", "reasoning_content": "hm",
            "tool_calls": [{"id": "a", "type": "function", "new": 1,
                "function": {"name": "f", "arguments": "{}"}}]}]),
        );
        let [thought, call] = messages[0].parts.as_slice() else {
            panic!("two parts: {messages:?}");
        };
        assert_eq!(thought.kind, PartKind::Reasoning(Reasoning::new("hm")));
        assert_eq!(call.kind, PartKind::ToolCall(ToolCall::new("a", "f", "{}")));
        assert_eq!(call.extra.get(&FORMAT, "new"), Some(&json!(1)));
    }

    #[test]
    fn an_older_function_result_finds_its_call() {
        let messages = decode(json!([
            {"role": "assistant", "content": null, "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "7"}
        ]));
        let PartKind::ToolCall(call) = &messages[0].parts[0].kind else {
            panic!("a call: {messages:?}");
        };
        let PartKind::ToolResult(result) = &messages[1].parts[0].kind else {
            panic!("a result: {messages:?}");
        };
        assert_eq!(result.call_id, call.id);
    }

    #[test]
    fn marks_and_unknown_fields_stay_with_their_message() {
        let messages = decode(json!([{"role": "user", "content": "hi", "weight": 0,
            "cache_control": {"type": "ephemeral", "ttl": "1h"}}]));
        let mark = messages[0].parts[0].cache_control.as_ref().expect("a mark");
        assert_eq!(mark.ttl.as_deref(), Some("1h"));
        assert_eq!(messages[0].extra.get(&FORMAT, "weight"), Some(&json!(0)));
    }
}
