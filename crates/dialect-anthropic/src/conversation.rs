//! Messages to Anthropic's `system` and strictly alternating `messages`.
//!
//! - Instructions (`system`, `developer`) go to the top-level `system`, wherever they stand: that is
//!   what Anthropic's own OpenAI-compatible endpoint does, and older models know no other place. Those
//!   in mid-conversation thereby lose their place, not their weight.
//! - Instructions alone become the user's turn, because a conversation without messages is refused.
//! - Neighbours of one role become one message; tool results are the user's, and stand first in it,
//!   as Anthropic demands.
//! - Messages that say nothing after translation (only another vendor's thinking) are left out.
//! - White space at the end of a prescribed beginning of the answer is cut: Anthropic refuses it.

use interline_core::{Error, ErrorKind, Message, Part, PartKind, Role};
use serde_json::{Map, Value, json};

use crate::block_encode::{self, Reader};
use crate::format;

/// The conversation as it goes out.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Conversation {
    pub(crate) system: Vec<Value>,
    pub(crate) messages: Vec<Value>,
}

/// A message under construction.
struct Turn {
    role: &'static str,
    blocks: Vec<Value>,
    rest: Map<String, Value>,
}

/// Writes the conversation.
///
/// # Errors
/// `Unsupported` for a role or part that the format cannot carry, with the message's index as
/// `param`; `InvalidRequest` for a picture of unknown type.
pub(crate) fn encode(messages: &[Message]) -> Result<Conversation, Error> {
    let mut system = Vec::new();
    let mut turns: Vec<Turn> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let (role, reader) = match &message.role {
            Role::System | Role::Developer => {
                system.extend(blocks(message, index, Reader::VendorFromUser)?);
                continue;
            }
            Role::User | Role::Tool => ("user", Reader::VendorFromUser),
            Role::Assistant => ("assistant", Reader::VendorFromModel),
            other => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    format!("anthropic.messages has no role {other:?}"),
                )
                .with_param(format!("messages[{index}].role")));
            }
        };
        let blocks = blocks(message, index, reader)?;
        if blocks.is_empty() {
            continue;
        }
        let mut rest = Map::new();
        format::merge_extra(&mut rest, &message.extra);
        match turns.last_mut().filter(|last| last.role == role) {
            Some(last) => {
                last.blocks.extend(blocks);
                last.rest.extend(rest);
            }
            None => turns.push(Turn { role, blocks, rest }),
        }
    }
    if turns.is_empty() && !system.is_empty() {
        turns.push(Turn {
            role: "user",
            blocks: std::mem::take(&mut system),
            rest: Map::new(),
        });
    }
    trim_prescribed_beginning(turns.last_mut());
    Ok(Conversation {
        system,
        messages: turns.into_iter().map(Turn::into_message).collect(),
    })
}

impl Turn {
    fn into_message(mut self) -> Value {
        // A stable sort: results come first, and everything else keeps its order.
        self.blocks
            .sort_by_key(|block| block["type"] != "tool_result");
        let mut message = Map::new();
        message.insert("role".into(), json!(self.role));
        message.insert("content".into(), Value::Array(self.blocks));
        for (key, value) in self.rest {
            message.entry(key).or_insert(value);
        }
        Value::Object(message)
    }
}

fn blocks(message: &Message, index: usize, reader: Reader) -> Result<Vec<Value>, Error> {
    let mut blocks = Vec::new();
    for (position, part) in message.parts.iter().enumerate() {
        let block = block_encode::block(part, reader)
            .map_err(|error| error.with_param(format!("messages[{index}].parts[{position}]")))?;
        blocks.extend(block);
    }
    Ok(blocks)
}

fn trim_prescribed_beginning(last: Option<&mut Turn>) {
    let Some(turn) = last.filter(|turn| turn.role == "assistant") else {
        return;
    };
    if let Some(Value::String(text)) = turn
        .blocks
        .last_mut()
        .and_then(|block| block.get_mut("text"))
    {
        text.truncate(text.trim_end().len());
    }
}

/// Whether the conversation holds thinking that Anthropic did not sign.
///
/// Such thinking comes from another vendor's answer to a caller of this format; Anthropic would refuse
/// a request that brings it back.
pub(crate) fn has_foreign_thinking(messages: &[Message]) -> bool {
    let is_foreign = |part: &Part| match &part.kind {
        PartKind::Reasoning(reasoning) => reasoning
            .signature
            .as_ref()
            .is_none_or(|signature| signature.format != format::FORMAT),
        _ => false,
    };
    messages
        .iter()
        .any(|message| message.parts.iter().any(is_foreign))
}

#[cfg(test)]
mod tests {
    use interline_core::{Reasoning, ToolCall};

    use super::*;

    #[track_caller]
    fn check(messages: &[Message], expected: &Value) {
        let conversation = encode(messages).expect("encodable");
        let sent = json!({"system": conversation.system, "messages": conversation.messages});
        assert_eq!(&sent, expected);
    }

    fn text(text: &str) -> Value {
        json!({"type": "text", "text": text})
    }

    #[test]
    fn instructions_move_to_the_top_wherever_they_stand() {
        check(
            &[
                Message::system("a"),
                Message::user("hi"),
                Message::new(Role::Developer, [Part::text("b")]),
                Message::user("you"),
            ],
            &json!({
                "system": [text("a"), text("b")],
                "messages": [{"role": "user", "content": [text("hi"), text("you")]}],
            }),
        );
    }

    #[test]
    fn instructions_alone_become_the_users_turn() {
        check(
            &[Message::system("do it")],
            &json!({
                "system": [],
                "messages": [{"role": "user", "content": [text("do it")]}],
            }),
        );
    }

    #[test]
    fn results_of_parallel_tools_share_one_message_and_come_first() {
        let calls = [
            Part::tool_call(ToolCall::new("1", "a", "{}")),
            Part::tool_call(ToolCall::new("2", "b", "{}")),
        ];
        let result =
            |id: &str| json!({"type": "tool_result", "tool_use_id": id, "content": [text("ok")]});
        check(
            &[
                Message::new(Role::Assistant, calls),
                Message::tool_result("1", "ok"),
                Message::user("and?"),
                Message::tool_result("2", "ok"),
            ],
            &json!({"system": [], "messages": [
                {"role": "assistant", "content": [
                    {"type": "tool_use", "id": "1", "name": "a", "input": {}},
                    {"type": "tool_use", "id": "2", "name": "b", "input": {}},
                ]},
                {"role": "user", "content": [result("1"), result("2"), text("and?")]},
            ]}),
        );
    }

    #[test]
    fn a_turn_of_foreign_thinking_disappears_and_its_neighbours_join() {
        let thought = Part::reasoning(Reasoning::new("hm"));
        let messages = [
            Message::user("a"),
            Message::new(Role::Assistant, [thought]),
            Message::user("b"),
        ];
        assert!(has_foreign_thinking(&messages));
        check(
            &messages,
            &json!({"system": [],
                "messages": [{"role": "user", "content": [text("a"), text("b")]}]}),
        );
    }

    #[test]
    fn a_prescribed_beginning_loses_its_last_white_space() {
        check(
            &[Message::user("a"), Message::assistant("{ \n")],
            &json!({"system": [], "messages": [
                {"role": "user", "content": [text("a")]},
                {"role": "assistant", "content": [text("{")]},
            ]}),
        );
    }

    #[test]
    fn what_cannot_be_carried_names_its_place() {
        let message = Message::new(Role::Other("narrator".into()), [Part::text("a")]);
        let error = encode(&[Message::user("a"), message]).expect_err("no such role");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.param(), Some("messages[1].role"));
    }
}
