//! A caller's request in this format.
//!
//! Everything that core has words for becomes typed, the rest stays as unknown fields, and the bytes
//! themselves travel along as the origin. A wrong request is refused as Anthropic refuses it, with the
//! path, line and column of the value at fault.

use bytes::Bytes;
use interline_core::{
    ChatBody, ChatRequest, Error, Message, NativeNeed, Origin, Part, PartKind, Result, Role,
};
use serde_json::{Map, Value};

use crate::{FORMAT, block_decode, format, settings, tools};
use interline_transport::json::{Fields, Flaw};

/// The headers of a caller that may travel on to a vendor of this format, in lower case.
///
/// Credentials stay behind: they are the gateway's affair.
pub const FORWARDED_HEADERS: &[&str] = &["anthropic-beta", "anthropic-version"];

/// Top-level fields that become typed and nothing else.
const KNOWN: [&str; 12] = [
    "model",
    "messages",
    "system",
    "max_tokens",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "stream",
    "metadata",
    "tools",
    "tool_choice",
];

/// A caller's request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InboundRequest {
    /// The request, with its origin; the model is what the caller typed.
    pub request: ChatRequest,
    /// Whether the caller wants the answer step by step.
    pub stream: bool,
}

/// Reads a request body.
///
/// `headers` are those of [`FORWARDED_HEADERS`] that the caller sent, names in lower case.
///
/// # Errors
/// `InvalidRequest` with the path as `param`, line and column.
pub fn decode_request(body: Bytes, headers: Vec<(String, String)>) -> Result<InboundRequest> {
    decode(body, headers, Purpose::Answer)
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// An answer, whose length must have a bound.
    Answer,
    /// The number of tokens in the prompt.
    Count,
}

pub(crate) fn decode(
    body: Bytes,
    headers: Vec<(String, String)>,
    purpose: Purpose,
) -> Result<InboundRequest> {
    let value: Value = serde_json::from_slice(&body).map_err(|source| {
        Error::invalid_request(format!("request body is not valid JSON: {source}"))
    })?;
    match read(&value, purpose) {
        Ok((model, typed, stream)) => Ok(InboundRequest {
            request: ChatRequest::from_body(model, typed)
                .with_origin(Origin::new(FORMAT, body).with_headers(headers)),
            stream,
        }),
        Err(flaw) => Err(flaw.into_invalid_request_at(&body)),
    }
}

fn read(value: &Value, purpose: Purpose) -> Result<(String, ChatBody, bool), Flaw> {
    let fields = Fields::of(value)?;
    let model = fields.required_str("model")?;
    let mut body = ChatBody::default();
    body.messages = messages(fields)?;
    body.params.max_output_tokens = fields.u64("max_tokens")?;
    if body.params.max_output_tokens.is_none() && purpose == Purpose::Answer {
        return Err(Flaw::missing("max_tokens"));
    }
    body.params.temperature = fields.f64("temperature")?;
    body.params.top_p = fields.f64("top_p")?;
    body.params.top_k = fields.u64("top_k")?;
    body.params.stop = stop_sequences(fields)?;
    for (index, tool) in fields.array("tools")?.into_iter().flatten().enumerate() {
        let tool = tools::decode(tool).map_err(|flaw| flaw.within(index).within("tools"))?;
        body.tools.push(tool);
    }
    if let Some(choice) = fields.get("tool_choice") {
        let (choice, parallel) =
            tools::decode_choice(choice).map_err(|flaw| flaw.within("tool_choice"))?;
        body.tool_choice = Some(choice);
        body.parallel_tool_calls = parallel;
    }
    body.reasoning = settings::reasoning(fields)?;
    body.response_format = settings::response_format(fields)?;
    let mut rest = fields.rest(&KNOWN);
    if let Some(metadata) = fields.object("metadata")? {
        body.user = metadata
            .str("user_id")
            .map_err(|flaw| flaw.within("metadata"))?
            .map(str::to_owned);
        let unknown = metadata.rest(&["user_id"]);
        if !unknown.is_empty() {
            rest.insert("metadata".into(), Value::Object(unknown));
        }
    }
    body.native = native_needs(&rest);
    body.extra = format::extra(rest);
    let stream = fields.bool("stream")?.unwrap_or(false);
    Ok((model.to_owned(), body, stream))
}

/// What only a vendor of this format can carry and without which the answer would be another one:
/// tools behind servers that the vendor calls, a container that it keeps, edits of the conversation
/// that it makes first.
///
/// Clearing away earlier thinking is no such edit: vendors of other formats see none of it anyway, and
/// Claude Code asks for it in every call.
fn native_needs(rest: &Map<String, Value>) -> Vec<NativeNeed> {
    let edits = |value: &Value| {
        let edits = value.get("edits").and_then(Value::as_array);
        let kind = |edit: &Value| edit.get("type").and_then(Value::as_str).map(str::to_owned);
        let is_needed =
            |edit: &Value| !kind(edit).is_some_and(|kind| kind.starts_with("clear_thinking_"));
        edits.is_none_or(|edits| edits.iter().any(is_needed))
    };
    let is_asked = |name: &str| match rest.get(name) {
        None | Some(Value::Null) => false,
        Some(Value::Array(list)) => !list.is_empty(),
        Some(value) => name != "context_management" || edits(value),
    };
    let needs = ["mcp_servers", "container", "context_management"];
    let needs = needs.into_iter().filter(|name| is_asked(name));
    needs.map(|name| NativeNeed::new(FORMAT, name)).collect()
}

fn stop_sequences(fields: Fields<'_>) -> Result<Vec<String>, Flaw> {
    let texts = fields.array("stop_sequences")?.unwrap_or_default();
    let read = |(index, text): (usize, &Value)| match text.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(Flaw::new("must be text")
            .within(index)
            .within("stop_sequences")),
    };
    texts.iter().enumerate().map(read).collect()
}

/// `system` as the first message, then `messages`.
fn messages(fields: Fields<'_>) -> Result<Vec<Message>, Flaw> {
    let mut messages = Vec::new();
    if let Some(system) = fields.get("system") {
        let parts = block_decode::content(system).map_err(|flaw| flaw.within("system"))?;
        // Clients send an empty `system` for none; other formats would take it for an instruction.
        if parts.iter().any(|part| part.as_text() != Some("")) {
            messages.push(Message::new(Role::System, parts));
        }
    }
    let turns = fields
        .array("messages")?
        .ok_or_else(|| Flaw::missing("messages"))?;
    if turns.is_empty() {
        return Err(Flaw::new("at least one message is required").within("messages"));
    }
    for (index, turn) in turns.iter().enumerate() {
        let read = message(turn).map_err(|flaw| flaw.within(index).within("messages"))?;
        messages.extend(read);
    }
    Ok(messages)
}

/// One message of the wire; a user's becomes several where tool results and words alternate.
fn message(value: &Value) -> Result<Vec<Message>, Flaw> {
    let fields = Fields::of(value)?;
    let role = match fields.required_str("role")? {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        // Newer models take instructions in mid-conversation.
        "system" => Role::System,
        _ => return Err(Flaw::new("must be `user` or `assistant`").within("role")),
    };
    let content = fields
        .get("content")
        .ok_or_else(|| Flaw::missing("content"))?;
    let parts = block_decode::content(content).map_err(|flaw| flaw.within("content"))?;
    let extra = format::extra(fields.rest(&["role", "content"]));
    let mut messages = match role {
        Role::User => user_messages(parts),
        role => vec![Message::new(role, parts)],
    };
    if let Some(first) = messages.first_mut() {
        first.extra = extra;
    }
    Ok(messages)
}

/// Splits a user's message into runs of tool results and of everything else.
fn user_messages(parts: Vec<Part>) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    for part in parts {
        let role = match part.kind {
            PartKind::ToolResult(_) => Role::Tool,
            _ => Role::User,
        };
        match messages.last_mut().filter(|last| last.role == role) {
            Some(last) => last.parts.push(part),
            None => messages.push(Message::new(role, [part])),
        }
    }
    if messages.is_empty() {
        messages.push(Message::new(Role::User, []));
    }
    messages
}

#[cfg(test)]
mod tests {
    use interline_core::{ErrorKind, ReasoningConfig, ToolChoice};
    use serde_json::json;

    use super::*;

    fn decode(body: &Value) -> Result<InboundRequest> {
        decode_request(Bytes::from(body.to_string()), Vec::new())
    }

    #[track_caller]
    fn refused(body: &str, message: &str) {
        let error =
            decode_request(Bytes::copy_from_slice(body.as_bytes()), Vec::new()).expect_err(body);
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.message(), message);
    }

    #[test]
    fn an_empty_system_text_is_no_message() {
        let inbound = decode(&json!({"model": "chat", "max_tokens": 1, "system": "",
            "messages": [{"role": "user", "content": "hi"}]}))
        .expect("a good request");
        assert_eq!(inbound.request.messages, [Message::user("hi")]);
    }

    #[test]
    fn every_known_field_becomes_typed() {
        let inbound = decode(&json!({
            "model": "chat", "max_tokens": 100, "temperature": 0.5, "top_p": 0.9, "top_k": 3,
            "stop_sequences": ["END"], "stream": true, "metadata": {"user_id": "u", "x": 1},
            "system": "Be brief.", "messages": [{"role": "user", "content": "hi"}],
            "tools": [{"name": "add", "input_schema": {"type": "object"}}],
            "tool_choice": {"type": "any", "disable_parallel_tool_use": true},
            "thinking": {"type": "enabled", "budget_tokens": 2000}, "container": "c1",
        }))
        .expect("a good request");
        let request = &inbound.request;
        assert!(inbound.stream);
        assert_eq!(request.model.as_str(), "chat");
        assert_eq!(
            request.messages,
            [Message::system("Be brief."), Message::user("hi")]
        );
        assert_eq!(request.params.max_output_tokens, Some(100));
        assert_eq!(request.params.stop, ["END"]);
        assert_eq!(request.user.as_deref(), Some("u"));
        assert_eq!(request.tool_choice, Some(ToolChoice::Required));
        assert_eq!(request.parallel_tool_calls, Some(false));
        assert_eq!(request.reasoning, Some(ReasoningConfig::budget(2000)));
        assert_eq!(request.extra.get(&FORMAT, "container"), Some(&json!("c1")));
        assert_eq!(
            request.extra.get(&FORMAT, "metadata"),
            Some(&json!({"x": 1}))
        );
        assert!(request.origin_in(&FORMAT).is_some());
    }

    #[test]
    fn tool_results_in_a_users_message_become_tool_messages() {
        let inbound = decode(
            &json!({"model": "m", "max_tokens": 1, "messages": [{"role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "1", "content": "a"},
                {"type": "tool_result", "tool_use_id": "2"},
                {"type": "text", "text": "and?"},
            ]}]}),
        )
        .expect("a good request");
        let roles: Vec<&Role> = inbound.request.messages.iter().map(|m| &m.role).collect();
        assert_eq!(roles, [&Role::Tool, &Role::User]);
        assert_eq!(inbound.request.messages[0].parts.len(), 2);
    }

    #[test]
    fn mistakes_are_named_with_path_line_and_column() {
        refused(
            r#"{"model":"m","messages":[{"role":"user","content":"hi"}]}"#,
            "max_tokens: field required (line 1, column 1)",
        );
        refused(
            "{\"model\":\"m\",\"max_tokens\":1,\n \"messages\":[\"hi\"]}",
            "messages[0]: must be an object (line 2, column 14)",
        );
        refused(
            r#"{"model":"m","max_tokens":1,"messages":[{"role":"tool","content":"hi"}]}"#,
            "messages[0].role: must be `user` or `assistant` (line 1, column 49)",
        );
        refused(
            r#"{"model":"m","max_tokens":1,"messages":[]}"#,
            "messages: at least one message is required (line 1, column 40)",
        );
        refused("[]", "request body: must be an object (line 1, column 1)");
        refused(
            "{\"model\":\n",
            "request body is not valid JSON: EOF while parsing a value at line 2 column 0",
        );
    }
}
