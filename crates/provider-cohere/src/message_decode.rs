//! Reads messages: a conversation that a client sent, and the message of an answer.

use interline_core::{Media, Message, Part, PartKind, Role, ToolCall};
use serde_json::{Map, Value};

use crate::FORMAT;
use crate::fields::{Fields, Flaw};
use crate::format::{Thought, extra};

/// Reads a conversation.
pub(crate) fn conversation(messages: Vec<Value>) -> Result<Vec<Message>, Flaw> {
    messages
        .into_iter()
        .enumerate()
        .map(|(position, message)| message_of(message, format!("messages[{position}]")))
        .collect()
}

fn message_of(value: Value, path: String) -> Result<Message, Flaw> {
    let mut fields = Fields::of(value, path)?;
    let role = fields.required_string("role")?;
    let (role, parts) = match role.as_str() {
        "assistant" => (Role::Assistant, said_by_model(&mut fields)?),
        "tool" => {
            let id = fields.required_string("tool_call_id")?;
            let result = Part::tool_result(id, content(&mut fields)?);
            (Role::Tool, vec![result])
        }
        "system" => (Role::System, content(&mut fields)?),
        "developer" => (Role::Developer, content(&mut fields)?),
        "user" => (Role::User, content(&mut fields)?),
        _ => (Role::Other(role), content(&mut fields)?),
    };
    Ok(Message::new(role, parts).with_extra(extra(fields.into_rest())))
}

/// Takes what a model said out of its message: the plan, the content, the calls.
pub(crate) fn said_by_model(message: &mut Fields) -> Result<Vec<Part>, Flaw> {
    let mut parts = Vec::new();
    if let Some(plan) = message.string("tool_plan")?.filter(|plan| !plan.is_empty()) {
        parts.push(Thought::ToolPlan.part(plan, Map::new()));
    }
    parts.extend(content(message)?);
    let path = message.path_of("tool_calls");
    for (position, call) in message
        .array("tool_calls")?
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        parts.push(call_of(call, format!("{path}[{position}]"))?);
    }
    Ok(parts)
}

fn call_of(value: Value, path: String) -> Result<Part, Flaw> {
    let mut fields = Fields::of(value, path)?;
    let id = fields.string("id")?.unwrap_or_default();
    fields.take("type");
    let path = fields.path_of("function");
    let mut function = fields
        .object("function")?
        .ok_or_else(|| Flaw::new(path, "is required"))?;
    let name = function.required_string("name")?;
    let call = ToolCall::new(id, name, arguments(&mut function));
    let unknown = function.into_rest();
    if !unknown.is_empty() {
        fields.keep("function", unknown.into());
    }
    Ok(Part::tool_call(call).with_extra(extra(fields.into_rest())))
}

/// The arguments as text; some clients send them as they would be after parsing.
pub(crate) fn arguments(function: &mut Fields) -> String {
    match function.take("arguments") {
        None => String::new(),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    }
}

/// Takes the content: text, or a list of blocks.
fn content(message: &mut Fields) -> Result<Vec<Part>, Flaw> {
    let path = message.path_of("content");
    match message.take("content") {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(vec![Part::text(text)]),
        Some(Value::Array(blocks)) => blocks
            .into_iter()
            .enumerate()
            .map(|(position, block)| block_of(block, format!("{path}[{position}]")))
            .collect(),
        Some(_) => Err(Flaw::new(path, "must be a string or an array of blocks")),
    }
}

fn block_of(value: Value, path: String) -> Result<Part, Flaw> {
    let kind = value.get("type").and_then(Value::as_str);
    let part = match kind {
        Some("text") => {
            let mut block = Fields::of(value, path)?;
            block.take("type");
            let text = block.required_string("text")?;
            Part::text(text).with_extra(extra(block.into_rest()))
        }
        Some("thinking") => {
            let mut block = Fields::of(value, path)?;
            let text = block.required_string("thinking")?;
            Thought::Thinking.part(text, block.into_rest())
        }
        Some("image_url") => {
            let mut block = Fields::of(value, path)?;
            block.take("type");
            let mut image = match block.take("image_url") {
                // Older clients send the bare address.
                Some(Value::String(url)) => Media::from_url(url),
                Some(image) => {
                    let mut image = Fields::of(image, block.path_of("image_url"))?;
                    let media = Media::from_url(image.required_string("url")?);
                    match image.string("detail")? {
                        Some(detail) => media.with_detail(detail),
                        None => media,
                    }
                }
                None => return Err(Flaw::new(block.path_of("image_url"), "is required")),
            };
            if image.mime.as_deref() == Some("") {
                image.mime = None;
            }
            Part::new(PartKind::Image(image)).with_extra(extra(block.into_rest()))
        }
        Some(_) => Part::other(FORMAT, value),
        None => {
            return Err(Flaw::new(
                format!("{path}.type"),
                "is required and must be a string",
            ));
        }
    };
    Ok(part)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(message: Value) -> Message {
        let mut messages = conversation(vec![message]).expect("a good message");
        messages.remove(0)
    }

    #[test]
    fn an_assistants_message_holds_plan_thinking_text_and_calls_in_order() {
        let message = read(json!({
            "role": "assistant", "tool_plan": "I will add.",
            "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"}],
            "tool_calls": [{"id": "c1", "type": "function",
                            "function": {"name": "add", "arguments": "{\"x\":1}"}}],
            "citations": [{"start": 0}],
        }));
        assert_eq!(message.parts.len(), 4);
        assert_eq!(Thought::of(&message.parts[0]), Some(Thought::ToolPlan));
        assert_eq!(Thought::of(&message.parts[1]), Some(Thought::Thinking));
        assert_eq!(message.text(), "a");
        let call = PartKind::ToolCall(ToolCall::new("c1", "add", "{\"x\":1}"));
        assert_eq!(message.parts[3].kind, call);
        let citations = message.extra.get(&FORMAT, "citations");
        assert_eq!(citations, Some(&json!([{"start": 0}])));
    }

    #[test]
    fn results_keep_documents() {
        let document = json!({"type": "document", "document": {"id": "1", "data": {"a": 1}}});
        let message = read(json!({
            "role": "tool", "tool_call_id": "c1",
            "content": [document, {"type": "text", "text": "x"}],
        }));
        let PartKind::ToolResult(result) = &message.parts[0].kind else {
            panic!("a result");
        };
        assert_eq!(result.call_id, "c1");
        assert_eq!(
            result.content,
            [Part::other(FORMAT, document), Part::text("x")]
        );
    }

    #[test]
    fn pictures_come_by_address_and_inline() {
        let message = read(json!({"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "https://x.example/a.png", "detail": "low"}},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        ]}));
        let media: Vec<&Media> = message
            .parts
            .iter()
            .filter_map(|part| match &part.kind {
                PartKind::Image(media) => Some(media),
                _ => None,
            })
            .collect();
        assert_eq!(media[0].detail.as_deref(), Some("low"));
        assert_eq!(
            media[1].to_url().as_deref(),
            Some("data:image/png;base64,AAAA")
        );
    }

    #[track_caller]
    fn refused(message: Value, expected: &str) {
        let flaw = conversation(vec![message]).expect_err("refused");
        assert_eq!(flaw.into_invalid_request().message(), expected);
    }

    #[test]
    fn mistakes_are_named_by_their_path() {
        refused(json!(1), "`messages[0]` must be an object");
        refused(
            json!({}),
            "`messages[0].role` is required and must be a string",
        );
        refused(
            json!({"role": "user", "content": 1}),
            "`messages[0].content` must be a string or an array of blocks",
        );
        refused(
            json!({"role": "user", "content": [{"type": "text", "text": 1}]}),
            "`messages[0].content[0].text` must be a string",
        );
        refused(
            json!({"role": "assistant", "tool_calls": [{"id": "1"}]}),
            "`messages[0].tool_calls[0].function` is required",
        );
    }
}
