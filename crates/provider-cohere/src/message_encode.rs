//! Writes a conversation.
//!
//! - Instructions of either word are `system`; names of participants and marks for a cache have no
//!   place and are left out.
//! - Every tool result is a message of its own and holds text and Cohere's documents; pictures that a
//!   tool gave back are `Unsupported`.
//! - Thoughts return to the field they are marked with. Unmarked ones, which a stream or another
//!   unsigned vendor gave, are the tool plan of a turn that called tools, and are left out of any
//!   other: Cohere does not need them. Signed thoughts belong to the vendor that signed them.
//! - A refusal is what was said. A turn with nothing left to say is left out, because Cohere refuses
//!   empty ones.

use interline_core::{Message, Part, PartKind, Result, Role, ToolCall, ToolResult};
use serde_json::{Map, Value, json};

use crate::FORMAT;
use crate::format::{CITATIONS, Thought, merge_extra, object, set};
use crate::tools::unsupported;

/// Writes a conversation, oldest message first.
///
/// # Errors
/// `Unsupported` for a role or part that the format cannot carry, with its place as parameter.
pub(crate) fn conversation(messages: &[Message]) -> Result<Vec<Value>> {
    let mut out = Vec::with_capacity(messages.len());
    for (position, message) in messages.iter().enumerate() {
        let path = format!("messages[{position}]");
        match &message.role {
            Role::Assistant => out.extend(assistant(message, &path)?),
            Role::System | Role::Developer => other(message, "system", &path, &mut out)?,
            Role::User | Role::Tool => other(message, "user", &path, &mut out)?,
            Role::Other(word) => other(message, word, &path, &mut out)?,
            _ => return Err(unsupported(&path, "has a role that Cohere does not know")),
        }
    }
    Ok(out)
}

/// Everybody but the model. Results of tools come first: they stand right behind the turn that asked.
fn other(message: &Message, role: &str, path: &str, out: &mut Vec<Value>) -> Result<()> {
    let mut said = Vec::new();
    for (position, part) in message.parts.iter().enumerate() {
        let path = format!("{path}.parts[{position}]");
        match &part.kind {
            PartKind::ToolResult(result) => {
                let mut fields = tool_result(result, &path)?;
                if message.role == Role::Tool {
                    merge_extra(&mut fields, &message.extra);
                }
                out.push(fields.into());
            }
            _ if message.role == Role::Tool => {
                return Err(unsupported(&path, "is not a tool result"));
            }
            // Only models think.
            PartKind::Reasoning(_) => {}
            _ => said.extend(block(part, &path)?),
        }
    }
    let is_silent = said.is_empty() && !message.parts.is_empty();
    if message.role != Role::Tool && !is_silent {
        let mut fields = object([("role", role.into()), ("content", content(said))]);
        merge_extra(&mut fields, &message.extra);
        out.push(fields.into());
    }
    Ok(())
}

/// Whether a thought stays behind that no vendor claims: the plan of a turn without calls has no place.
pub(crate) fn drops_a_thought(message: &Message) -> bool {
    let calls = |part: &Part| matches!(part.kind, PartKind::ToolCall(_));
    let is_nobodys = |part: &Part| match &part.kind {
        PartKind::Reasoning(thought) => thought.signature.is_none() && Thought::of(part).is_none(),
        _ => false,
    };
    message.parts.iter().any(is_nobodys) && !message.parts.iter().any(calls)
}

fn tool_result(result: &ToolResult, path: &str) -> Result<Map<String, Value>> {
    let mut blocks = Vec::new();
    for (position, part) in result.content.iter().enumerate() {
        let path = format!("{path}.content[{position}]");
        if matches!(part.kind, PartKind::Image(_)) {
            return Err(unsupported(
                &path,
                "is a picture that a tool gave back: Cohere's tool results hold text and documents",
            ));
        }
        blocks.extend(block(part, &path)?);
    }
    Ok(object([
        ("role", "tool".into()),
        ("tool_call_id", result.call_id.as_str().into()),
        ("content", content(blocks)),
    ]))
}

fn assistant(message: &Message, path: &str) -> Result<Option<Value>> {
    let is_call = |part: &Part| matches!(part.kind, PartKind::ToolCall(_));
    let has_calls = message.parts.iter().any(is_call);
    let mut said = Vec::new();
    let mut calls = Vec::new();
    let mut plan = String::new();
    let mut citations = Vec::new();
    for (position, part) in message.parts.iter().enumerate() {
        let path = format!("{path}.parts[{position}]");
        match &part.kind {
            PartKind::ToolCall(call) => calls.push(written_call(call, part)),
            PartKind::Reasoning(reasoning) => match Thought::of(part) {
                Some(Thought::ToolPlan) => plan.push_str(&reasoning.text),
                Some(Thought::Thinking) => {
                    let mut fields = object([("thinking", reasoning.text.as_str().into())]);
                    merge_extra(&mut fields, &part.extra);
                    said.push(fields.into());
                }
                None if has_calls && reasoning.signature.is_none() => {
                    plan.push_str(&reasoning.text);
                }
                None => {}
            },
            PartKind::Refusal(text) => said.push(json!({"type": "text", "text": text})),
            PartKind::Text(text) => {
                if let Some(Value::Array(cited)) = part.extra.get(&FORMAT, CITATIONS) {
                    citations.extend(cited.iter().cloned());
                    if text.is_empty() {
                        continue;
                    }
                }
                said.extend(block(part, &path)?);
            }
            _ => said.extend(block(part, &path)?),
        }
    }
    // An empty text beside calls says nothing.
    let is_empty = |block: &Value| block["type"] == "text" && block["text"] == "";
    if said.iter().all(is_empty) {
        said.clear();
    }
    let mut fields = object([("role", "assistant".into())]);
    if !plan.is_empty() {
        fields.insert("tool_plan".into(), plan.into());
    }
    if !said.is_empty() {
        fields.insert("content".into(), content(said));
    }
    if !calls.is_empty() {
        fields.insert("tool_calls".into(), calls.into());
    }
    let is_silent = fields.len() == 1;
    if !citations.is_empty() {
        fields.insert(CITATIONS.into(), citations.into());
    }
    merge_extra(&mut fields, &message.extra);
    Ok((!is_silent).then(|| fields.into()))
}

fn written_call(call: &ToolCall, part: &Part) -> Value {
    let arguments = match call.arguments.trim() {
        "" => "{}",
        _ => call.arguments.as_str(),
    };
    let mut function = json!({"name": call.name, "arguments": arguments});
    if let Some(Value::Object(more)) = part.extra.get(&FORMAT, "function") {
        for (key, value) in more {
            if function.get(key).is_none() {
                function[key] = value.clone();
            }
        }
    }
    let mut fields = object([
        ("id", call.id.as_str().into()),
        ("type", "function".into()),
        ("function", function),
    ]);
    merge_extra(&mut fields, &part.extra);
    fields.into()
}

/// One block of content; `None` for what means nothing to Cohere.
fn block(part: &Part, path: &str) -> Result<Option<Value>> {
    let mut fields = match &part.kind {
        PartKind::Text(text) => object([("type", "text".into()), ("text", text.as_str().into())]),
        PartKind::Image(media) => {
            let url = media.to_url().ok_or_else(|| {
                unsupported(
                    path,
                    "is a picture without an address: send a URL or the bytes",
                )
            })?;
            let mut image = object([("url", url.into())]);
            set(&mut image, "detail", media.detail.as_deref());
            object([("type", "image_url".into()), ("image_url", image.into())])
        }
        PartKind::Other { format, value } => {
            // The state of another vendor's own tools means nothing here.
            return Ok((*format == FORMAT).then(|| value.clone()));
        }
        PartKind::Audio(_) => {
            return Err(unsupported(path, "is sound, which Cohere does not take"));
        }
        PartKind::File(_) => {
            return Err(unsupported(path, "is a file, which Cohere does not take"));
        }
        _ => return Err(unsupported(path, "cannot stand in a message of this role")),
    };
    merge_extra(&mut fields, &part.extra);
    fields.remove(CITATIONS);
    Ok(Some(fields.into()))
}

/// One plain text stands as a string.
fn content(mut blocks: Vec<Value>) -> Value {
    if blocks.is_empty() {
        return "".into();
    }
    if let [Value::Object(fields)] = blocks.as_mut_slice()
        && fields.len() == 2
        && fields.get("type").is_some_and(|kind| kind == "text")
        && let Some(text @ Value::String(_)) = fields.remove("text")
    {
        return text;
    }
    blocks.into()
}

#[cfg(test)]
mod tests {
    use interline_core::{ErrorKind, FormatId, Media, MediaSource, Reasoning, Signature};

    use super::*;
    use crate::format::extra;
    use crate::message_decode;

    fn written(messages: &[Message]) -> Value {
        conversation(messages).expect("carried").into()
    }

    #[test]
    fn what_was_read_is_written_again() {
        let conversation = json!([
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [
                {"type": "text", "text": "what?"},
                {"type": "image_url", "image_url": {"url": "https://x.example/a.png", "detail": "low"}},
            ]},
            {"role": "assistant", "tool_plan": "I will add.",
             "tool_calls": [{"id": "c1", "type": "function",
                             "function": {"name": "add", "arguments": "{\"x\": 1}"}}]},
            {"role": "tool", "tool_call_id": "c1", "content": [
                {"type": "document", "document": {"id": "1", "data": {"a": 1}}},
            ]},
            {"role": "assistant",
             "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "2"}],
             "citations": [{"start": 0, "end": 1}]},
        ]);
        let Value::Array(messages) = conversation.clone() else {
            panic!("a list");
        };
        let read = message_decode::conversation(messages).expect("good messages");
        assert_eq!(written(&read), conversation);
    }

    #[test]
    fn results_stand_right_behind_the_turn_that_asked() {
        let messages = [Message::new(
            Role::User,
            [
                Part::text("Well?"),
                Part::tool_result("a", [Part::text("noon")]),
                Part::tool_result("b", []),
            ],
        )];
        assert_eq!(
            written(&messages),
            json!([
                {"role": "tool", "tool_call_id": "a", "content": "noon"},
                {"role": "tool", "tool_call_id": "b", "content": ""},
                {"role": "user", "content": "Well?"},
            ])
        );
    }

    #[test]
    fn unmarked_thoughts_are_the_plan_of_a_turn_with_calls() {
        let thought = || Part::reasoning(Reasoning::new("hm"));
        let call = Part::tool_call(ToolCall::new("a", "f", ""));
        let messages = [
            Message::new(Role::Assistant, [thought(), call]),
            Message::new(Role::Assistant, [thought(), Part::text("Yes.")]),
            Message::new(Role::Assistant, [thought()]),
        ];
        let out = written(&messages);
        assert_eq!(out[0]["tool_plan"], "hm");
        assert_eq!(out[0]["tool_calls"][0]["function"]["arguments"], "{}");
        assert_eq!(out[1], json!({"role": "assistant", "content": "Yes."}));
        assert_eq!(out.as_array().map(Vec::len), Some(2));
        let dropped = messages.each_ref().map(drops_a_thought);
        assert_eq!(dropped, [false, true, true]);
    }

    #[test]
    fn state_of_other_vendors_is_never_sent() {
        let foreign = FormatId::from_static("foreign");
        let signature = Signature::new(foreign.clone(), "sig");
        let messages = [Message::new(
            Role::Assistant,
            [
                Part::reasoning(Reasoning::new("hm").with_signature(signature)),
                Part::other(foreign, json!({"secret": 1})),
                Part::tool_call(ToolCall::new("a", "f", "{}")),
            ],
        )];
        let sent = written(&messages).to_string();
        for secret in ["sig", "secret", "hm"] {
            assert!(!sent.contains(secret), "{sent}");
        }
    }

    #[test]
    fn citations_of_a_stream_return_in_their_field() {
        let cited = |start: u64| {
            let fields = object([(CITATIONS, json!([{"start": start}]))]);
            Part::text("").with_extra(extra(fields))
        };
        let messages = [Message::new(
            Role::Assistant,
            [Part::text("a"), cited(0), Part::text("b"), cited(1)],
        )];
        let out = written(&messages);
        assert_eq!(out[0]["citations"], json!([{"start": 0}, {"start": 1}]));
        assert_eq!(out[0]["content"].as_array().map(Vec::len), Some(2));
    }

    #[track_caller]
    fn refused(part: Part) {
        let error = conversation(&[Message::new(Role::User, [part])]).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(
            error
                .param()
                .is_some_and(|param| param.starts_with("messages[0].parts[0]"))
        );
    }

    #[test]
    fn media_that_cohere_does_not_take_is_refused_by_place() {
        let media = || Media::new(MediaSource::FileId("f".into()));
        refused(Part::image(media()));
        refused(Part::new(PartKind::Audio(media())));
        refused(Part::new(PartKind::File(media())));
        let picture = Part::image(Media::from_url("https://x.example/a.png"));
        refused(Part::tool_result("a", [picture]));
    }
}
