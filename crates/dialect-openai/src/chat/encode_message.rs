//! Writes a conversation.
//!
//! The format keeps tool results in messages of their own that hold text only.
//! Pictures and other media that a tool gave back therefore follow in one `user` message behind the
//! run of tool messages, each under a line that names its call.

use interline_core::{
    Media, MediaSource, Message, Part, PartKind, Result, Role, ToolCall, ToolResult,
};
use serde_json::{Map, Value, json};

use super::adapt_messages::adapt;
use super::encode_part::{encode_part, unsupported};
use super::merge::{merge_extra, object, set};
use super::{CacheMarks, EarlierReasoning, FORMAT, Quirks, TextParts, reasoning_details};

/// Writes a conversation, oldest message first, in the vendor's form.
pub(crate) fn encode_messages(messages: &[Message], quirks: &Quirks) -> Result<Vec<Value>> {
    let mut writer = Writer {
        out: Vec::with_capacity(messages.len()),
        media: Vec::new(),
        quirks,
    };
    for (position, message) in messages.iter().enumerate() {
        let path = format!("messages[{position}]");
        if message.role == Role::Assistant {
            writer.assistant(message, &path)?;
        } else {
            writer.other(message, &path)?;
        }
    }
    writer.flush_media();
    if writer.out.is_empty() && !messages.is_empty() {
        return Err(unsupported(
            "messages",
            "mean nothing to vendors of this format",
        ));
    }
    adapt(&mut writer.out, quirks);
    Ok(writer.out)
}

/// Writes messages as the reference has them.
struct Writer<'a> {
    out: Vec<Value>,
    /// What tools gave back and their messages cannot hold.
    media: Vec<Value>,
    quirks: &'a Quirks,
}

impl Writer<'_> {
    fn flush_media(&mut self) {
        if !self.media.is_empty() {
            let content = std::mem::take(&mut self.media);
            self.out.push(json!({"role": "user", "content": content}));
        }
    }

    fn push(&mut self, message: &Message, mut fields: Map<String, Value>) {
        set(&mut fields, "name", message.name.as_deref());
        merge_extra(&mut fields, &message.extra);
        self.out.push(fields.into());
    }

    /// System, developer, user and tool messages; results of tools come first, because they must
    /// stand right behind the message that asked for them.
    fn other(&mut self, message: &Message, path: &str) -> Result<()> {
        let mut said = Vec::new();
        for (position, part) in message.parts.iter().enumerate() {
            let path = format!("{path}.parts[{position}]");
            match &part.kind {
                PartKind::ToolResult(result) => {
                    let fields = self.tool_result(result, &path)?;
                    // A name and unknown fields of another role are not the tool's.
                    if message.role == Role::Tool {
                        self.push(message, fields);
                    } else {
                        self.out.push(fields.into());
                    }
                }
                // Only assistants think; a stray thought of another role says nothing to a vendor.
                PartKind::Reasoning(_) => {}
                _ if message.role == Role::Tool => {
                    return Err(unsupported(&path, "is not a tool result"));
                }
                _ => said.push((part, encode_part(part, &path, self.quirks)?)),
            }
        }
        if message.role == Role::Tool || (said.is_empty() && !message.parts.is_empty()) {
            return Ok(());
        }
        self.flush_media();
        let role = match &message.role {
            Role::System => "system",
            Role::Developer => "developer",
            Role::Other(word) => word,
            _ => "user",
        };
        let texts = match role {
            "user" => TextParts::Kept,
            _ => self.quirks.text_parts,
        };
        let fields = object([
            ("role", role.into()),
            ("content", self.content(said, texts)),
        ]);
        self.push(message, fields);
        Ok(())
    }

    fn tool_result(&mut self, result: &ToolResult, path: &str) -> Result<Map<String, Value>> {
        let mut texts = Vec::new();
        let mut media = Vec::new();
        for (position, part) in result.content.iter().enumerate() {
            let path = format!("{path}.content[{position}]");
            let encoded = encode_part(part, &path, self.quirks)?;
            if encoded["type"] == "text" {
                texts.push((part, encoded));
            } else {
                media.push(encoded);
            }
        }
        if !media.is_empty() {
            let label = format!("Returned by tool call {}:", result.call_id);
            self.media.push(json!({"type": "text", "text": label}));
            if texts.is_empty() {
                let pointer = Value::from("The result follows in the next user message.");
                self.media.append(&mut media);
                return Ok(tool_message(result, pointer));
            }
            self.media.append(&mut media);
        }
        let content = self.content(texts, self.quirks.text_parts);
        Ok(tool_message(result, content))
    }

    fn assistant(&mut self, message: &Message, path: &str) -> Result<()> {
        self.flush_media();
        let mut said = Vec::new();
        let mut calls = Vec::new();
        let mut refusal = String::new();
        let mut thoughts = String::new();
        let mut details = Vec::new();
        let mut fields = object([("role", "assistant".into())]);
        for (position, part) in message.parts.iter().enumerate() {
            let path = format!("{path}.parts[{position}]");
            match &part.kind {
                PartKind::Text(_) => said.push((part, encode_part(part, &path, self.quirks)?)),
                PartKind::ToolCall(call) => {
                    let mut fields = object([
                        ("id", call.id.as_str().into()),
                        ("type", "function".into()),
                        (
                            "function",
                            json!({"name": call.name, "arguments": arguments(call)}),
                        ),
                    ]);
                    merge_extra(&mut fields, &part.extra);
                    calls.push(Value::Object(fields));
                }
                PartKind::Refusal(text) => refusal.push_str(text),
                PartKind::Reasoning(reasoning) => match &reasoning.signature {
                    None => thoughts.push_str(&reasoning.text),
                    // A signature of another format means that another vendor owns the thought.
                    Some(signature) => details.extend(reasoning_details::read(signature)),
                },
                PartKind::Audio(media) => {
                    let id = earlier_audio(media, part).ok_or_else(|| {
                        unsupported(&path, "is audio of the assistant without an id")
                    })?;
                    fields.insert("audio".into(), json!({"id": id}));
                }
                PartKind::Other { format, value } if *format == FORMAT => {
                    // Only custom tool calls stand among the calls; other unknown parts are content.
                    if value.get("custom").is_some() {
                        calls.push(value.clone());
                    } else {
                        said.push((part, value.clone()));
                    }
                }
                // The state of another vendor's own tools means nothing here.
                PartKind::Other { .. } => {}
                _ => {
                    return Err(unsupported(
                        &path,
                        "cannot stand in an assistant message of this format",
                    ));
                }
            }
        }
        let heard_nothing = said.is_empty() && calls.is_empty() && refusal.is_empty();
        let thought_nothing = thoughts.is_empty() && details.is_empty();
        let is_foreign = heard_nothing && thought_nothing && !fields.contains_key("audio");
        if is_foreign && !message.parts.is_empty() && message.extra.is_empty() {
            // A turn of which only another vendor knows what it means is none here.
            return Ok(());
        }
        let silent = said.is_empty()
            && (!calls.is_empty() || !refusal.is_empty() || fields.contains_key("audio"));
        let said = if silent {
            Value::Null
        } else {
            self.content(said, self.quirks.text_parts)
        };
        fields.insert("content".into(), said);
        if !calls.is_empty() {
            fields.insert("tool_calls".into(), calls.into());
        }
        if !refusal.is_empty() {
            fields.insert("refusal".into(), refusal.into());
        }
        let calls = fields.contains_key("tool_calls");
        self.put_thinking(&mut fields, thoughts, details, calls);
        self.push(message, fields);
        Ok(())
    }

    /// What the model thought earlier, where the vendor looks for it.
    fn put_thinking(
        &self,
        fields: &mut Map<String, Value>,
        thoughts: String,
        details: Vec<Value>,
        calls_tools: bool,
    ) {
        /// Stands for thinking that is not known; the vendor refuses an empty text.
        const BLANK: &str = " ";
        let field = match self.quirks.earlier_reasoning {
            EarlierReasoning::Dropped => return,
            EarlierReasoning::ReasoningDetails => {
                if !details.is_empty() {
                    fields.insert("reasoning_details".into(), details.into());
                }
                "reasoning"
            }
            EarlierReasoning::ReasoningContentRequired if calls_tools && thoughts.is_empty() => {
                fields.insert("reasoning_content".into(), BLANK.into());
                return;
            }
            EarlierReasoning::EitherName => {
                if !thoughts.is_empty() {
                    fields.insert("reasoning".into(), thoughts.as_str().into());
                }
                "reasoning_content"
            }
            EarlierReasoning::ReasoningContent
            | EarlierReasoning::ReasoningContentRequired
            | EarlierReasoning::ThinkingParts => "reasoning_content",
        };
        if !thoughts.is_empty() {
            fields.insert(field.into(), thoughts.into());
        }
    }

    /// One plain text stands as a string, because not every server takes a list.
    fn content(&self, mut parts: Vec<(&Part, Value)>, texts: TextParts) -> Value {
        let marks = self.quirks.cache_marks;
        let plain = |part: &Part| {
            part.as_text().is_some()
                && part.extra.for_format(&FORMAT).is_none()
                && (marks == CacheMarks::Dropped || part.cache_control.is_none())
        };
        let all_plain = parts.iter().all(|(part, _)| plain(part));
        if all_plain && (parts.len() < 2 || texts == TextParts::Joined) {
            let texts: Vec<&str> = parts
                .iter()
                .filter_map(|(part, _)| part.as_text())
                .collect();
            return texts.join("\n\n").into();
        }
        parts
            .iter_mut()
            .map(|(_, value)| value.take())
            .collect::<Vec<_>>()
            .into()
    }
}

/// Servers parse the arguments, so that a call without any needs an empty object.
fn arguments(call: &ToolCall) -> &str {
    if call.arguments.trim().is_empty() {
        "{}"
    } else {
        &call.arguments
    }
}

fn tool_message(result: &ToolResult, content: Value) -> Map<String, Value> {
    object([
        ("role", "tool".into()),
        ("tool_call_id", result.call_id.as_str().into()),
        ("content", content),
    ])
}

/// The id under which the vendor keeps what the assistant said aloud.
fn earlier_audio(media: &Media, part: &Part) -> Option<String> {
    if let MediaSource::FileId(id) = &media.source {
        return Some(id.clone());
    }
    part.extra
        .get(&FORMAT, "id")
        .and_then(Value::as_str)
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use interline_core::{CacheControl, Reasoning, Signature};

    use super::*;

    fn encode(messages: &[Message], quirks: &Quirks) -> Value {
        encode_messages(messages, quirks)
            .expect("carried by the format")
            .into()
    }

    #[test]
    fn media_of_tool_results_follow_the_run_of_tool_messages() {
        let picture = Part::image(Media::from_url("https://x.example/a.png"));
        let messages = [
            Message::new(
                Role::Assistant,
                [
                    Part::tool_call(ToolCall::new("a", "shot", "{}")),
                    Part::tool_call(ToolCall::new("b", "time", "{}")),
                ],
            ),
            Message::new(
                Role::User,
                [
                    Part::tool_result("a", [Part::text("done"), picture]),
                    Part::tool_result("b", [Part::text("noon")]),
                    Part::text("Well?"),
                ],
            ),
        ];
        let out = encode(&messages, &Quirks::default());
        let roles: Vec<_> = out
            .as_array()
            .expect("an array")
            .iter()
            .map(|m| &m["role"])
            .collect();
        assert_eq!(roles, ["assistant", "tool", "tool", "user", "user"]);
        assert_eq!(out[1]["content"], "done");
        assert_eq!(out[3]["content"][0]["text"], "Returned by tool call a:");
        assert_eq!(out[3]["content"][1]["type"], "image_url");
        assert_eq!(out[4]["content"], "Well?");
    }

    #[test]
    fn state_of_other_vendors_is_never_sent() {
        let foreign = interline_core::FormatId::from_static("foreign");
        let signed = Reasoning::new("hm").with_signature(Signature::new(foreign.clone(), "sig"));
        let messages = [Message::new(
            Role::Assistant,
            [
                Part::reasoning(signed),
                Part::other(foreign, json!({"secret": 1})),
                Part::text("Yes."),
            ],
        )];
        let quirks = Quirks::default().with_earlier_reasoning(EarlierReasoning::ReasoningContent);
        let out = encode(&messages, &quirks);
        assert_eq!(out, json!([{"role": "assistant", "content": "Yes."}]));
    }

    #[test]
    fn a_turn_that_only_another_vendor_understands_is_left_out() {
        let foreign = interline_core::FormatId::from_static("foreign");
        let turn = Message::new(
            Role::Assistant,
            [Part::other(foreign, json!({"type": "web_search_call"}))],
        );
        let out = encode(&[turn.clone(), Message::user("And?")], &Quirks::default());
        assert_eq!(out, json!([{"role": "user", "content": "And?"}]));
        let error = encode_messages(&[turn], &Quirks::default()).expect_err("nothing is left");
        assert_eq!(error.kind(), interline_core::ErrorKind::Unsupported);
    }

    #[test]
    fn unsigned_thoughts_are_sent_where_the_vendor_expects_them() {
        let messages = [Message::new(
            Role::Assistant,
            [Part::reasoning(Reasoning::new("hm")), Part::text("Yes.")],
        )];
        let quirks = Quirks::default().with_earlier_reasoning(EarlierReasoning::ReasoningContent);
        assert_eq!(encode(&messages, &quirks)[0]["reasoning_content"], "hm");
        let out = encode(&messages, &Quirks::default());
        assert_eq!(out[0].get("reasoning_content"), None);
        let quirks = Quirks::default().with_earlier_reasoning(EarlierReasoning::EitherName);
        let out = encode(&messages, &quirks);
        assert_eq!(out[0]["reasoning_content"], "hm");
        assert_eq!(out[0]["reasoning"], "hm");
    }

    #[test]
    fn several_texts_are_joined_where_the_vendor_takes_strings_only() {
        let messages = [
            Message::new(
                Role::System,
                [Part::text("Be brief."), Part::text("Be kind.")],
            ),
            Message::new(Role::User, [Part::text("a"), Part::text("b")]),
        ];
        let quirks = Quirks::default().with_text_parts(TextParts::Joined);
        let out = encode(&messages, &quirks);
        assert_eq!(out[0]["content"], "Be brief.\n\nBe kind.");
        assert!(out[1]["content"].is_array());
        let out = encode(&messages, &Quirks::default());
        assert!(out[0]["content"].is_array());
    }

    #[test]
    fn sealed_thinking_returns_where_it_came_from_and_nowhere_else() {
        let details = json!([{"type": "reasoning.encrypted", "data": "x"}]);
        let sealed = Reasoning::new("").with_signature(Signature::new(FORMAT, details.to_string()));
        let messages = [Message::new(
            Role::Assistant,
            [
                Part::reasoning(Reasoning::new("hm")),
                Part::reasoning(sealed),
                Part::text("Yes."),
            ],
        )];
        let quirks = Quirks::default().with_earlier_reasoning(EarlierReasoning::ReasoningDetails);
        let out = encode(&messages, &quirks);
        assert_eq!(out[0]["reasoning"], "hm");
        assert_eq!(out[0]["reasoning_details"], details);
        let quirks = Quirks::default().with_earlier_reasoning(EarlierReasoning::ReasoningContent);
        let out = encode(&messages, &quirks);
        assert_eq!(
            out,
            json!([{"role": "assistant", "content": "Yes.", "reasoning_content": "hm"}])
        );
    }

    #[test]
    fn calls_without_known_thinking_get_a_blank_where_the_vendor_asks_for_some() {
        let call = || Part::tool_call(ToolCall::new("a", "f", "{}"));
        let messages = [
            Message::new(Role::Assistant, [call()]),
            Message::new(
                Role::Assistant,
                [Part::reasoning(Reasoning::new("hm")), call()],
            ),
            Message::assistant("Yes."),
        ];
        let quirks =
            Quirks::default().with_earlier_reasoning(EarlierReasoning::ReasoningContentRequired);
        let out = encode(&messages, &quirks);
        assert_eq!(out[0]["reasoning_content"], " ");
        assert_eq!(out[1]["reasoning_content"], "hm");
        assert_eq!(out[2].get("reasoning_content"), None);
    }

    #[test]
    fn marks_for_a_cache_are_sent_where_the_vendor_knows_them() {
        let part = Part::text("Be brief.").with_cache_control(CacheControl::ephemeral());
        let messages = [Message::new(Role::System, [part])];
        let quirks = Quirks::default().with_cache_marks(CacheMarks::Kept);
        assert_eq!(
            encode(&messages, &quirks)[0]["content"],
            json!([{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}])
        );
        assert_eq!(
            encode(&messages, &Quirks::default())[0]["content"],
            "Be brief."
        );
    }
}
