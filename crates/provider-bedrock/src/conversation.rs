//! Messages to Bedrock's `system` and strictly alternating `messages`.
//!
//! - Instructions (`system`, `developer`) go to `system`, wherever they stand: the format knows no other
//!   place. Instructions alone become the user's turn, because a conversation needs one.
//! - Neighbours of one role become one message; tool results are the user's, and stand first in it, as
//!   Claude demands.
//! - Messages that say nothing after translation are left out.
//! - The user speaks first; a conversation that the model begins is `Unsupported`.
//! - White space at the end of a prescribed beginning of the answer is cut: Claude refuses it.

use interline_core::{Error, ErrorKind, Message, Role};
use serde_json::{Map, Value, json};

use crate::block_decode::is_result;
use crate::block_encode::{BlockWriter, Speaker};
use crate::format;
use crate::model_family::ModelFamily;

/// The conversation as it goes out.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Conversation {
    pub(crate) system: Vec<Value>,
    pub(crate) messages: Vec<Value>,
}

/// A message under construction.
struct Turn {
    speaker: Speaker,
    /// The blocks of each part, with the cache point behind it.
    parts: Vec<(Place, Vec<Value>)>,
    rest: Map<String, Value>,
}

/// Where in a message a part stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Results,
    Rest,
}

/// Writes the conversation.
///
/// # Errors
/// `Unsupported` for a role, part or order that the format cannot carry, `InvalidRequest` for a medium
/// of unknown type; both with the place as `param`.
pub(crate) fn encode(messages: &[Message], family: ModelFamily) -> Result<Conversation, Error> {
    let mut writer = BlockWriter::new(family);
    let mut system: Vec<Vec<Value>> = Vec::new();
    let mut turns: Vec<Turn> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let speaker = match &message.role {
            Role::System | Role::Developer => {
                let said = parts(&mut writer, message, index, Speaker::User)?;
                system.extend(said.into_iter().map(|(_, blocks)| blocks));
                continue;
            }
            Role::User | Role::Tool => Speaker::User,
            Role::Assistant => Speaker::Model,
            other => {
                let message = format!("bedrock.converse has no role {other:?}");
                let param = format!("messages[{index}].role");
                return Err(Error::new(ErrorKind::Unsupported, message).with_param(param));
            }
        };
        let parts = parts(&mut writer, message, index, speaker)?;
        if parts.is_empty() {
            continue;
        }
        let mut rest = Map::new();
        format::merge_extra(&mut rest, &message.extra);
        match turns.last_mut().filter(|last| last.speaker == speaker) {
            Some(last) => {
                last.parts.extend(parts);
                last.rest.extend(rest);
            }
            None => turns.push(Turn {
                speaker,
                parts,
                rest,
            }),
        }
    }
    if turns.is_empty() && !system.is_empty() {
        let instructions = std::mem::take(&mut system);
        turns.push(Turn {
            speaker: Speaker::User,
            parts: instructions
                .into_iter()
                .map(|blocks| (Place::Rest, blocks))
                .collect(),
            rest: Map::new(),
        });
    }
    if turns
        .first()
        .is_some_and(|turn| turn.speaker == Speaker::Model)
    {
        let message = "bedrock.converse wants the user to speak first";
        return Err(Error::new(ErrorKind::Unsupported, message).with_param("messages"));
    }
    let mut messages: Vec<Value> = turns.into_iter().map(Turn::into_message).collect();
    trim_prescribed_beginning(messages.last_mut());
    Ok(Conversation {
        system: system.concat(),
        messages,
    })
}

fn parts(
    writer: &mut BlockWriter,
    message: &Message,
    index: usize,
    speaker: Speaker,
) -> Result<Vec<(Place, Vec<Value>)>, Error> {
    let mut parts = Vec::new();
    for (position, part) in message.parts.iter().enumerate() {
        let blocks = writer
            .blocks(part, speaker)
            .map_err(|error| error.with_param(format!("messages[{index}].parts[{position}]")))?;
        if !blocks.is_empty() {
            let place = match is_result(part) {
                true => Place::Results,
                false => Place::Rest,
            };
            parts.push((place, blocks));
        }
    }
    Ok(parts)
}

impl Turn {
    fn into_message(mut self) -> Value {
        // A stable sort: results come first, and everything else keeps its order.
        self.parts.sort_by_key(|(place, _)| *place);
        let blocks: Vec<Value> = self
            .parts
            .into_iter()
            .flat_map(|(_, blocks)| blocks)
            .collect();
        let role = match self.speaker {
            Speaker::User => "user",
            Speaker::Model => "assistant",
        };
        let mut message = Map::new();
        message.insert("role".into(), json!(role));
        message.insert("content".into(), Value::Array(blocks));
        for (key, value) in self.rest {
            message.entry(key).or_insert(value);
        }
        Value::Object(message)
    }
}

fn trim_prescribed_beginning(last: Option<&mut Value>) {
    let Some(message) = last.filter(|message| message["role"] == "assistant") else {
        return;
    };
    let blocks = message.get_mut("content").and_then(Value::as_array_mut);
    if let Some(Value::String(text)) = blocks
        .and_then(|blocks| blocks.last_mut())
        .and_then(|block| block.get_mut("text"))
    {
        text.truncate(text.trim_end().len());
    }
}

#[cfg(test)]
mod tests {
    use interline_core::{CacheControl, Part, Reasoning, ToolCall};

    use super::*;

    fn family() -> ModelFamily {
        ModelFamily::of("us.anthropic.claude-haiku-4-5-20251001-v1:0")
    }

    #[track_caller]
    fn check(messages: &[Message], system: Value, expected: Value) {
        let conversation = encode(messages, family()).expect("encodable");
        let sent = [conversation.system, conversation.messages].map(Value::Array);
        assert_eq!(sent, [system, expected]);
    }

    #[test]
    fn instructions_move_to_the_top_and_neighbours_join() {
        check(
            &[
                Message::system("a"),
                Message::user("hi"),
                Message::new(Role::Developer, [Part::text("b")]),
                Message::user("you"),
            ],
            json!([{"text": "a"}, {"text": "b"}]),
            json!([{"role": "user", "content": [{"text": "hi"}, {"text": "you"}]}]),
        );
        check(
            &[Message::system("do it")],
            json!([]),
            json!([{"role": "user", "content": [{"text": "do it"}]}]),
        );
    }

    #[test]
    fn results_of_parallel_tools_come_first_and_keep_their_cache_points() {
        let calls = [
            Part::tool_call(ToolCall::new("1", "a", "{}")),
            Part::tool_call(ToolCall::new("2", "b", "{}")),
        ];
        let marked = Part::tool_result("2", [Part::text("ok")])
            .with_cache_control(CacheControl::ephemeral());
        let result =
            |id: &str| json!({"toolResult": {"toolUseId": id, "content": [{"text": "ok"}]}});
        check(
            &[
                Message::user("go"),
                Message::new(Role::Assistant, calls),
                Message::tool_result("1", "ok"),
                Message::user("and?"),
                Message::new(Role::Tool, [marked]),
            ],
            json!([]),
            json!([
                {"role": "user", "content": [{"text": "go"}]},
                {"role": "assistant", "content": [
                    {"toolUse": {"toolUseId": "1", "name": "a", "input": {}}},
                    {"toolUse": {"toolUseId": "2", "name": "b", "input": {}}},
                ]},
                {"role": "user", "content": [
                    result("1"), result("2"), {"cachePoint": {"type": "default"}}, {"text": "and?"},
                ]},
            ]),
        );
    }

    #[test]
    fn a_turn_of_foreign_thinking_disappears_and_its_neighbours_join() {
        let thought = Part::reasoning(Reasoning::new("hm"));
        check(
            &[
                Message::user("a"),
                Message::new(Role::Assistant, [thought]),
                Message::user("b"),
            ],
            json!([]),
            json!([{"role": "user", "content": [{"text": "a"}, {"text": "b"}]}]),
        );
    }

    #[test]
    fn a_prescribed_beginning_loses_its_last_white_space() {
        check(
            &[Message::user("a"), Message::assistant("{ \n")],
            json!([]),
            json!([{"role": "user", "content": [{"text": "a"}]},
                {"role": "assistant", "content": [{"text": "{"}]}]),
        );
    }

    #[track_caller]
    fn refused(messages: &[Message], param: &str) {
        let error = encode(messages, family()).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.param(), Some(param));
    }

    #[test]
    fn what_cannot_be_carried_names_its_place() {
        let narrator = Message::new(Role::Other("narrator".into()), [Part::text("a")]);
        refused(&[Message::user("a"), narrator], "messages[1].role");
        refused(&[Message::assistant("hello")], "messages");
        let picture = Part::image(interline_core::Media::from_url("https://h/a.png"));
        let picture = Message::new(Role::User, [Part::text("a"), picture]);
        let error = encode(&[picture], family()).expect_err("not fetched");
        assert_eq!(error.param(), Some("messages[0].parts[1]"));
    }
}
