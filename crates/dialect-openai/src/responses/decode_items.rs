//! Reads a conversation: items to messages, as the module's documentation tells.

use interline_core::{
    ChatBody, Extra, Message, NativeNeed, Part, PartKind, Result, Role, ToolCall,
};
use serde_json::{Map, Value};

use super::decode_content::decode_content;
use super::item::{ITEM, Place, type_of, unknown};
use super::{FORMAT, custom_tool, reasoning_item};
use crate::chat::fields::{Fields, invalid};

/// Items that stand for something that only the vendor has: an earlier item, the compacted
/// conversation so far, tools it was told of before.
const KEPT_BY_THE_VENDOR: [&str; 4] = [
    "item_reference",
    "compaction",
    "compaction_summary",
    "additional_tools",
];

/// Reads the items of `input` into messages, and notes which of them only a vendor of this format
/// can read.
pub(crate) fn decode_items(items: Vec<Value>, body: &mut ChatBody) -> Result<()> {
    for (position, item) in items.into_iter().enumerate() {
        let path = format!("input[{position}]");
        let word = type_of(&item).to_owned();
        if KEPT_BY_THE_VENDOR.contains(&word.as_str()) {
            let need = NativeNeed::new(FORMAT, word.as_str());
            if !body.native.contains(&need) {
                body.native.push(need);
            }
        }
        decode_item(&word, item, path, &mut body.messages)?;
    }
    Ok(())
}

fn decode_item(word: &str, item: Value, path: String, messages: &mut Vec<Message>) -> Result<()> {
    match word {
        "message" | "" => {
            let fields = Fields::of(item, path)?;
            return decode_message(fields, messages);
        }
        "function_call_output" | custom_tool::RESULT => {
            let result = result(Fields::of(item, path)?)?;
            messages.push(Message::new(Role::Tool, [result]));
        }
        "function_call" => said(messages).push(call(Fields::of(item, path)?)?),
        custom_tool::CALL => {
            said(messages).push(custom_tool::decode_call(Fields::of(item, path)?)?);
        }
        "reasoning" => {
            let item = Fields::of(item, path)?.into_map();
            said(messages).push(Part::reasoning(reasoning_item::read(item)));
        }
        // What a caller's own program answered to a tool of the vendor's.
        _ if word.ends_with("_output") => {
            messages.push(Message::new(Role::Tool, [unknown(item, Place::Items)]));
        }
        _ => said(messages).push(unknown(item, Place::Items)),
    }
    Ok(())
}

/// The parts of the model's turn that is being told.
fn said(messages: &mut Vec<Message>) -> &mut Vec<Part> {
    if messages
        .last()
        .is_none_or(|last| last.role != Role::Assistant)
    {
        messages.push(Message::new(Role::Assistant, []));
    }
    let last = messages
        .last_mut()
        .expect("one has just been pushed where none was");
    &mut last.parts
}

fn decode_message(mut fields: Fields, messages: &mut Vec<Message>) -> Result<()> {
    if fields.take("type").is_none() && fields.peek("role").is_none() {
        return Err(invalid(
            &fields.path_of("type"),
            "is required for anything but a message, and a message needs a `role`",
        ));
    }
    let role = fields.required_string("role")?;
    let path = fields.path_of("content");
    let content = fields.take("content");
    if role == "assistant" {
        let content = content.unwrap_or_else(|| Value::Array(Vec::new()));
        let mut parts = decode_content(content, &path)?;
        let item = fields.into_map();
        for part in &mut parts {
            note_item(part, &item);
        }
        said(messages).extend(parts);
        return Ok(());
    }
    let content =
        content.ok_or_else(|| invalid(&path, "is required: a string or an array of parts"))?;
    let parts = decode_content(content, &path)?;
    fields.keep("type", "message".into());
    let role = match role.as_str() {
        "system" => Role::System,
        "developer" => Role::Developer,
        "user" => Role::User,
        _ => Role::Other(role),
    };
    let extra = Extra::new(FORMAT, fields.into_map());
    messages.push(Message::new(role, parts).with_extra(extra));
    Ok(())
}

/// Notes on a part what the item around it says.
fn note_item(part: &mut Part, item: &Map<String, Value>) {
    if item.is_empty() {
        return;
    }
    let mut fields = part.extra.for_format(&FORMAT).cloned().unwrap_or_default();
    fields.insert(ITEM.to_owned(), Value::Object(item.clone()));
    part.extra = Extra::new(FORMAT, fields);
}

fn call(mut fields: Fields) -> Result<Part> {
    fields.take("type");
    let id = fields.required_string("call_id")?;
    let name = fields.required_string("name")?;
    let arguments = fields.string("arguments")?.unwrap_or_default();
    let call = PartKind::ToolCall(ToolCall::new(id, name, arguments));
    Ok(Part::new(call).with_extra(Extra::new(FORMAT, fields.into_map())))
}

fn result(mut fields: Fields) -> Result<Part> {
    // The rarer of the two words stays, so that the item can be written again.
    if fields
        .peek("type")
        .is_some_and(|word| word == "function_call_output")
    {
        fields.take("type");
    }
    let id = fields.required_string("call_id")?;
    let path = fields.path_of("output");
    let output = fields
        .take("output")
        .ok_or_else(|| invalid(&path, "is required: a string or an array of parts"))?;
    let content = decode_content(output, &path)?;
    Ok(Part::tool_result(id, content).with_extra(Extra::new(FORMAT, fields.into_map())))
}
