//! Writes a conversation as `instructions` and items.

use interline_core::{
    ChatRequest, Extra, Message, Part, PartKind, Reasoning, Result, Role, ToolCall, ToolResult,
};
use serde_json::{Map, Value, json};

use super::encode_content::{Speaker, encode_content};
use super::item::{ITEM, Place, place_of};
use super::{FORMAT, custom_tool, reasoning_item};
use crate::chat::merge::{merge_missing, object};
use crate::{DeveloperRole, EarlierReasoning, Quirks};

/// A conversation on the wire.
pub(crate) struct Input {
    /// What the application instructs, where it stands apart.
    pub(crate) instructions: Option<String>,
    /// The rest, oldest first.
    pub(crate) items: Vec<Value>,
}

/// Writes the conversation of a request.
///
/// # Errors
/// `Unsupported` with the path of a part that the format cannot carry.
pub(crate) fn encode_input(request: &ChatRequest, quirks: &Quirks) -> Result<Input> {
    let instructions = instructions(&request.messages);
    let skipped = usize::from(instructions.is_some());
    let mut writer = Writer {
        items: Vec::with_capacity(request.messages.len()),
        quirks,
    };
    for (position, message) in request.messages.iter().enumerate().skip(skipped) {
        writer.message(message, &format!("messages[{position}]"))?;
    }
    Ok(Input {
        instructions,
        items: writer.items,
    })
}

/// The leading system message as one text, where it is nothing but text and did not stand among the
/// items; a conversation needs an item, so one that consists of nothing else stays there.
fn instructions(messages: &[Message]) -> Option<String> {
    let [first, _, ..] = messages else {
        return None;
    };
    if first.role != Role::System || is_of_format(&first.extra) || first.parts.is_empty() {
        return None;
    }
    let texts: Option<Vec<&str>> = first.parts.iter().map(plain_text).collect();
    Some(texts?.join("\n\n"))
}

fn plain_text(part: &Part) -> Option<&str> {
    part.as_text().filter(|_| !is_of_format(&part.extra))
}

fn is_of_format(extra: &Extra) -> bool {
    extra.format() == Some(&FORMAT)
}

struct Writer<'a> {
    items: Vec<Value>,
    quirks: &'a Quirks,
}

/// Content that becomes one `message` item.
struct Content<'a> {
    /// The fields of the item that the parts came in.
    item: Option<&'a Map<String, Value>>,
    parts: Vec<(&'a Part, Value)>,
}

impl Writer<'_> {
    /// Writes one message: runs of content become `message` items, everything else an item of its own.
    fn message(&mut self, message: &Message, path: &str) -> Result<()> {
        let speaker = match message.role {
            Role::Assistant => Speaker::Model,
            _ => Speaker::Others,
        };
        // Unknown fields of the message are those of its first item.
        let mut extra = message.extra.for_format(&FORMAT);
        let mut open: Option<Content<'_>> = None;
        for (position, part) in message.parts.iter().enumerate() {
            if let Some(item) = self.own_item(part, path, position)? {
                self.close(&mut open, message, &mut extra);
                self.items.extend(item);
                continue;
            }
            let path = format!("{path}.parts[{position}]");
            let written = encode_content(part, speaker, &path)?;
            let item = part.extra.get(&FORMAT, ITEM).and_then(Value::as_object);
            if open.as_ref().is_some_and(|content| content.item != item) {
                self.close(&mut open, message, &mut extra);
            }
            let content = open.get_or_insert_with(|| Content {
                item,
                parts: Vec::new(),
            });
            content.parts.push((part, written));
        }
        self.close(&mut open, message, &mut extra);
        Ok(())
    }

    /// The item of a part that is one by itself: `None` for content, `Some(None)` for what is not sent.
    fn own_item(&self, part: &Part, path: &str, position: usize) -> Result<Option<Option<Value>>> {
        let mut fields = match &part.kind {
            PartKind::ToolCall(call) if custom_tool::is_call(part) => custom_call(call),
            PartKind::ToolCall(call) => function_call(call),
            PartKind::ToolResult(result) => {
                call_output(result, &format!("{path}.parts[{position}]"))?
            }
            PartKind::Reasoning(reasoning) => return Ok(Some(self.thinking(reasoning))),
            PartKind::Other { format, value }
                if *format == FORMAT && place_of(part, value) == Place::Items =>
            {
                return Ok(Some(Some(value.clone())));
            }
            _ => return Ok(None),
        };
        if let Some(extra) = part.extra.for_format(&FORMAT) {
            merge_missing(&mut fields, extra);
        }
        if let PartKind::ToolResult(_) = part.kind {
            fields
                .entry("type")
                .or_insert_with(|| "function_call_output".into());
        }
        Ok(Some(Some(fields.into())))
    }

    /// Earlier thinking returns to the format that signed it and to no other; what nobody signed goes
    /// to vendors whose models expect it.
    fn thinking(&self, reasoning: &Reasoning) -> Option<Value> {
        if let Some(signature) = &reasoning.signature {
            if signature.format != FORMAT {
                return None;
            }
            let item = Value::Object(reasoning_item::write(reasoning, ""));
            return (!reasoning_item::is_sealed(&item)).then_some(item);
        }
        let expected = matches!(
            self.quirks.earlier_reasoning,
            EarlierReasoning::ReasoningContent | EarlierReasoning::ReasoningContentRequired
        );
        (expected && !reasoning.text.is_empty()).then(|| {
            json!({
                "type": "reasoning",
                "id": format!("rs_{}", self.items.len()),
                "summary": [],
                "content": [{"type": "reasoning_text", "text": reasoning.text}],
            })
        })
    }

    /// Ends a run of content.
    fn close(
        &mut self,
        open: &mut Option<Content<'_>>,
        message: &Message,
        extra: &mut Option<&Map<String, Value>>,
    ) {
        let Some(content) = open.take() else {
            return;
        };
        let role = match &message.role {
            Role::System => "system",
            Role::Developer => match self.quirks.developer_role {
                DeveloperRole::AsSystem => "system",
                DeveloperRole::Kept => "developer",
            },
            Role::Assistant => "assistant",
            Role::Other(word) => word,
            _ => "user",
        };
        let mut fields = object([("role", role.into())]);
        for more in [content.item, extra.take()].into_iter().flatten() {
            merge_missing(&mut fields, more);
        }
        // An item that the vendor has a name for is one of its own making, all fields said.
        let named = fields.contains_key("id") && message.role == Role::Assistant;
        if named {
            fields
                .entry("type")
                .or_insert_with(|| Value::from("message"));
        }
        let said = match content.parts.as_slice() {
            [(part, _)] if !named && is_bare_text(part) => {
                Value::from(part.as_text().unwrap_or_default())
            }
            _ => {
                let parts = content.parts.into_iter().map(|(_, mut written)| {
                    if named && written["type"] == "output_text" {
                        with_annotations(&mut written);
                    }
                    written
                });
                parts.collect()
            }
        };
        fields.insert("content".into(), said);
        self.items.push(fields.into());
    }
}

/// Whether the part is text without anything that only an object could say.
fn is_bare_text(part: &Part) -> bool {
    let more = part.extra.for_format(&FORMAT);
    part.as_text().is_some() && more.is_none_or(|more| more.keys().all(|key| key == ITEM))
}

/// The format demands the list, even where it is empty.
fn with_annotations(part: &mut Value) {
    if let Some(fields) = part.as_object_mut() {
        fields.entry("annotations").or_insert_with(|| json!([]));
    }
}

fn function_call(call: &ToolCall) -> Map<String, Value> {
    let arguments = match call.arguments.trim() {
        "" => "{}",
        _ => &call.arguments,
    };
    object([
        ("type", "function_call".into()),
        ("call_id", call.id.as_str().into()),
        ("name", call.name.as_str().into()),
        ("arguments", arguments.into()),
    ])
}

/// A call of a tool that takes plain text.
fn custom_call(call: &ToolCall) -> Map<String, Value> {
    object([
        ("type", custom_tool::CALL.into()),
        ("call_id", call.id.as_str().into()),
        ("name", call.name.as_str().into()),
        ("input", custom_tool::input_of(&call.arguments).into()),
    ])
}

/// What a tool gave back, without the type of the item, which depends on the tool.
fn call_output(result: &ToolResult, path: &str) -> Result<Map<String, Value>> {
    let output = match result.content.as_slice() {
        [] => "".into(),
        [part] if is_bare_text(part) => part.as_text().unwrap_or_default().into(),
        parts => {
            let parts = parts.iter().enumerate().map(|(position, part)| {
                encode_content(
                    part,
                    Speaker::Others,
                    &format!("{path}.content[{position}]"),
                )
            });
            Value::Array(parts.collect::<Result<_>>()?)
        }
    };
    Ok(object([
        ("call_id", result.call_id.as_str().into()),
        ("output", output),
    ]))
}

#[cfg(test)]
mod tests;
