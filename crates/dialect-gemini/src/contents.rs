//! Messages to `systemInstruction` and `contents`.
//!
//! - Instructions (`system`, `developer`) go to `systemInstruction`, wherever they stand: the format
//!   knows no other place. Instructions alone become the user's turn, because a request without
//!   contents is refused.
//! - The model's neighbouring messages become one: Google wants a call right after the user's turn.
//! - The results of one round of calls become one turn, results first: Google counts them against the
//!   calls. The user's own messages stay apart.
//! - Gemini 3 and later refuse a call in the history that lacks its signature. Where another vendor
//!   made the call, or the caller's format lost the signature, the mark that Google documents for that
//!   takes its place.

use interline_core::{Error, ErrorKind, Message, Role};
use serde_json::{Map, Value, json};

use crate::Quirks;
use crate::call_ids::CallNames;
use crate::format;
use crate::model_family::ModelFamily;
use crate::part_decode::SIGNATURE;
use crate::part_encode::PartWriter;

/// What Google takes in place of a signature (`ai.google.dev/gemini-api/docs/thought-signatures`).
const NO_SIGNATURE: &str = "skip_thought_signature_validator";

/// The conversation as it goes out.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Conversation {
    /// The parts of `systemInstruction`.
    pub(crate) system: Vec<Value>,
    pub(crate) contents: Vec<Value>,
}

/// Who speaks in a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    User,
    Tools,
    Model,
}

/// A content under construction.
struct Turn {
    speaker: Speaker,
    parts: Vec<Value>,
    rest: Map<String, Value>,
}

/// Writes the conversation.
///
/// # Errors
/// `Unsupported` for a role or part that the format cannot carry, `InvalidRequest` for what no vendor
/// takes; both with the message's place as `param`.
pub(crate) fn encode(
    messages: &[Message],
    family: ModelFamily,
    quirks: &Quirks,
) -> Result<Conversation, Error> {
    let names = CallNames::of(messages);
    let writer = PartWriter {
        names: &names,
        call_ids: quirks.call_ids,
    };
    let mut system = Vec::new();
    let mut turns: Vec<Turn> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let speaker = match &message.role {
            Role::System | Role::Developer => {
                system.extend(said(writer, message, index)?);
                continue;
            }
            Role::User => Speaker::User,
            Role::Tool => Speaker::Tools,
            Role::Assistant => Speaker::Model,
            other => {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    format!("gemini.generate_content has no role {other:?}"),
                )
                .with_param(format!("messages[{index}].role")));
            }
        };
        let parts = match speaker {
            Speaker::Model => writer
                .turn_of_model(&message.parts)
                .map_err(|error| error.with_param(format!("messages[{index}]")))?,
            Speaker::User | Speaker::Tools => said(writer, message, index)?,
        };
        if parts.is_empty() {
            continue;
        }
        let mut rest = Map::new();
        format::merge_extra(&mut rest, &message.extra);
        match open_turn(&mut turns, speaker) {
            Some(turn) => {
                turn.parts.extend(parts);
                turn.rest.extend(rest);
            }
            None => turns.push(Turn {
                speaker,
                parts,
                rest,
            }),
        }
    }
    if turns.is_empty() && !system.is_empty() {
        turns.push(Turn {
            speaker: Speaker::User,
            parts: std::mem::take(&mut system),
            rest: Map::new(),
        });
    }
    let contents = turns.into_iter().map(|turn| turn.into_content(family));
    Ok(Conversation {
        system,
        contents: contents.collect(),
    })
}

fn said(writer: PartWriter<'_>, message: &Message, index: usize) -> Result<Vec<Value>, Error> {
    let mut parts = Vec::new();
    for (position, part) in message.parts.iter().enumerate() {
        let wire = writer
            .said_by_user(part)
            .map_err(|error| error.with_param(format!("messages[{index}].parts[{position}]")))?;
        parts.extend(wire);
    }
    Ok(parts)
}

/// The turn that more of `speaker` belongs to: the last one of the model, or the results of the round
/// of calls that is under way.
fn open_turn(turns: &mut [Turn], speaker: Speaker) -> Option<&mut Turn> {
    match speaker {
        Speaker::User => None,
        Speaker::Model => turns.last_mut().filter(|turn| turn.speaker == speaker),
        Speaker::Tools => turns
            .iter_mut()
            .rev()
            .take_while(|turn| turn.speaker != Speaker::Model)
            .find(|turn| turn.speaker == speaker),
    }
}

impl Turn {
    fn into_content(mut self, family: ModelFamily) -> Value {
        match self.speaker {
            Speaker::User => {}
            // A stable sort: results come first, and everything else keeps its order.
            Speaker::Tools => self
                .parts
                .sort_by_key(|part| part.get("functionResponse").is_none()),
            Speaker::Model if family.wants_signatures => self.mark_unsigned_call(),
            Speaker::Model => {}
        }
        let role = match self.speaker {
            Speaker::User | Speaker::Tools => "user",
            Speaker::Model => "model",
        };
        let mut content = Map::new();
        content.insert("role".into(), json!(role));
        content.insert("parts".into(), Value::Array(self.parts));
        for (key, value) in self.rest {
            content.entry(key).or_insert(value);
        }
        Value::Object(content)
    }

    /// Of parallel calls only the first carries a signature.
    fn mark_unsigned_call(&mut self) {
        let is_call = |part: &&mut Value| part.get("functionCall").is_some();
        if let Some(Value::Object(call)) = self.parts.iter_mut().find(is_call) {
            call.entry(SIGNATURE).or_insert_with(|| json!(NO_SIGNATURE));
        }
    }
}

#[cfg(test)]
mod tests {
    use interline_core::{Part, ToolCall};

    use super::*;

    #[track_caller]
    fn check(model: &str, messages: &[Message], expected: &Value) {
        let family = ModelFamily::of(model);
        let conversation = encode(messages, family, &Quirks::default()).expect("encodable");
        let sent = json!({"system": conversation.system, "contents": conversation.contents});
        assert_eq!(&sent, expected);
    }

    fn said_by(role: &str, text: &str) -> Value {
        json!({"role": role, "parts": [{"text": text}]})
    }

    #[test]
    fn instructions_move_to_the_top_and_the_users_messages_stay_apart() {
        check(
            "gemini-2.5-flash",
            &[
                Message::system("a"),
                Message::user("hi"),
                Message::new(Role::Developer, [Part::text("b")]),
                Message::user("you"),
                Message::assistant("yes"),
                Message::assistant("?"),
            ],
            &json!({
                "system": [{"text": "a"}, {"text": "b"}],
                "contents": [said_by("user", "hi"), said_by("user", "you"),
                    {"role": "model", "parts": [{"text": "yes"}, {"text": "?"}]}],
            }),
        );
        check(
            "gemini-2.5-flash",
            &[Message::system("do it")],
            &json!({"system": [], "contents": [said_by("user", "do it")]}),
        );
    }

    fn calls() -> [Message; 4] {
        [
            Message::new(
                Role::Assistant,
                [
                    Part::tool_call(ToolCall::new("1", "a", "{}")),
                    Part::tool_call(ToolCall::new("2", "b", "{}")),
                ],
            ),
            Message::tool_result("1", "x"),
            Message::user("and?"),
            Message::tool_result("2", "y"),
        ]
    }

    #[test]
    fn results_of_parallel_calls_share_one_turn() {
        let result = |id: &str, name: &str, text: &str| json!({"functionResponse": {"id": id, "name": name, "response": {"result": text}}});
        let call =
            |id: &str, name: &str| json!({"functionCall": {"id": id, "name": name, "args": {}}});
        let contents = |first: Value| {
            json!({"system": [], "contents": [
                {"role": "model", "parts": [first, call("2", "b")]},
                {"role": "user", "parts": [result("1", "a", "x"), result("2", "b", "y")]},
                said_by("user", "and?"),
            ]})
        };
        check("gemini-2.5-flash", &calls(), &contents(call("1", "a")));
        let mut marked = call("1", "a");
        marked["thoughtSignature"] = json!("skip_thought_signature_validator");
        check("gemini-3-flash-preview", &calls(), &contents(marked));
    }

    #[track_caller]
    fn refused(messages: &[Message], kind: ErrorKind, param: &str) {
        let family = ModelFamily::of("gemini-2.5-flash");
        let error = encode(messages, family, &Quirks::default()).expect_err("refused");
        assert_eq!(
            (error.kind(), error.param()),
            (kind, Some(param)),
            "{error}"
        );
    }

    #[test]
    fn what_cannot_be_carried_names_its_place() {
        let narrator = Message::new(Role::Other("narrator".into()), [Part::text("a")]);
        refused(
            &[Message::user("a"), narrator],
            ErrorKind::Unsupported,
            "messages[1].role",
        );
        refused(
            &[Message::tool_result("lost", "x")],
            ErrorKind::InvalidRequest,
            "messages[0].parts[0]",
        );
    }
}
