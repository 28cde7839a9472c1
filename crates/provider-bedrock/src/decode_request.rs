//! A request in this format, as a client of Bedrock's sent it.
//!
//! No gateway takes such requests; this is for tools that replay recorded traffic or compare it with
//! what [`crate::encode_request`] writes.

use bytes::Bytes;
use interline_core::{
    ChatBody, ChatRequest, Error, Message, ModelId, NativeNeed, Origin, Part, Result, Role,
};
use serde_json::{Map, Value};

use crate::encode_request::INFERENCE;
use crate::{FORMAT, block_decode, format, model_fields, output_config, tool_config};
use interline_transport::json::{Fields, Flaw};

/// Top-level fields that become typed and nothing else.
const KNOWN: [&str; 5] = [
    "messages",
    "system",
    INFERENCE,
    tool_config::KEY,
    "requestMetadata",
];

/// Fields without which the answer would be another one, and which no other format has.
const NATIVE: [&str; 2] = ["guardrailConfig", "promptVariables"];

/// Reads a request body; the model stands in the address it was sent to.
///
/// # Errors
/// `InvalidRequest` with the path of the value at fault as `param`.
pub fn decode_request(model: impl Into<ModelId>, body: Bytes) -> Result<ChatRequest> {
    let value: Value = serde_json::from_slice(&body).map_err(|source| {
        Error::invalid_request(format!("request body is not valid JSON: {source}"))
    })?;
    match read(&value) {
        Ok(typed) => {
            Ok(ChatRequest::from_body(model, typed).with_origin(Origin::new(FORMAT, body)))
        }
        Err(flaw) => Err(flaw.into_invalid_request()),
    }
}

fn read(value: &Value) -> Result<ChatBody, Flaw> {
    let fields = Fields::of(value)?;
    let mut body = ChatBody::default();
    let mut rest = fields.rest(&KNOWN);
    body.messages = messages(fields, &mut rest)?;
    if let Some(config) = fields.object(INFERENCE)? {
        let unknown = inference(config, &mut body).map_err(|flaw| flaw.within(INFERENCE))?;
        let says_nothing = config.rest(&[]).is_empty();
        keep(&mut rest, INFERENCE, unknown, says_nothing);
    }
    if let Some(config) = fields.object(tool_config::KEY)? {
        let unknown =
            tool_config::decode(config, &mut body).map_err(|flaw| flaw.within(tool_config::KEY))?;
        keep(&mut rest, tool_config::KEY, unknown, false);
    }
    body.response_format = fields
        .get(output_config::KEY)
        .and_then(output_config::decode);
    if let Some(more) = fields.get(model_fields::KEY) {
        body.reasoning = model_fields::reasoning(more);
        body.params.top_k = model_fields::top_k(more);
    }
    if let Some(labels) = fields.object("requestMetadata")? {
        for (key, label) in labels.rest(&[]) {
            let Value::String(label) = label else {
                return Err(Flaw::new("must be text")
                    .within(key.as_str())
                    .within("requestMetadata"));
            };
            body.metadata.insert(key, label);
        }
    }
    for field in NATIVE {
        if fields.get(field).is_some() {
            body.native.push(NativeNeed::new(FORMAT, field));
        }
    }
    body.extra = format::extra(rest);
    Ok(body)
}

/// Keeps unknown fields under their object's key, and an object that says nothing as it is.
fn keep(rest: &mut Map<String, Value>, key: &str, unknown: Map<String, Value>, says_nothing: bool) {
    if says_nothing || !unknown.is_empty() {
        rest.insert(key.to_owned(), Value::Object(unknown));
    }
}

fn inference(config: Fields<'_>, body: &mut ChatBody) -> Result<Map<String, Value>, Flaw> {
    body.params.max_output_tokens = config.u64("maxTokens")?;
    body.params.temperature = config.f64("temperature")?;
    body.params.top_p = config.f64("topP")?;
    for (index, text) in config.list("stopSequences")?.iter().enumerate() {
        let Some(text) = text.as_str() else {
            return Err(Flaw::new("must be text")
                .within(index)
                .within("stopSequences"));
        };
        body.params.stop.push(text.to_owned());
    }
    Ok(config.rest(&["maxTokens", "temperature", "topP", "stopSequences"]))
}

/// `system` as the first message, then `messages`.
fn messages(fields: Fields<'_>, rest: &mut Map<String, Value>) -> Result<Vec<Message>, Flaw> {
    let mut messages = Vec::new();
    let system = fields.list("system")?;
    if system.is_empty() {
        rest.extend(
            fields
                .get("system")
                .map(|empty| ("system".to_owned(), empty.clone())),
        );
    } else {
        let parts = block_decode::parts(system, |_| None).map_err(|flaw| flaw.within("system"))?;
        messages.push(Message::new(Role::System, parts));
    }
    let said = fields.list("messages")?;
    if said.is_empty() {
        return Err(Flaw::new("at least one message is required").within("messages"));
    }
    for (index, message) in said.iter().enumerate() {
        let read = of_one(message).map_err(|flaw| flaw.within(index).within("messages"))?;
        messages.extend(read);
    }
    Ok(messages)
}

fn of_one(message: &Value) -> Result<Vec<Message>, Flaw> {
    let fields = Fields::of(message)?;
    let blocks = fields.list("content")?;
    let parts = block_decode::parts(blocks, |_| None).map_err(|flaw| flaw.within("content"))?;
    let mut read = match fields.required_str("role")? {
        "user" => by_speaker(parts),
        "assistant" => vec![Message::new(Role::Assistant, parts)],
        _ => return Err(Flaw::new("must be `user` or `assistant`").within("role")),
    };
    if let Some(first) = read.first_mut() {
        first.extra = format::extra(fields.rest(&["role", "content"]));
    }
    Ok(read)
}

/// A user's message with results becomes several: the results apart from what the user said.
fn by_speaker(parts: Vec<Part>) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    for part in parts {
        let role = match block_decode::is_result(&part) {
            true => Role::Tool,
            false => Role::User,
        };
        match messages.last_mut().filter(|last| last.role == role) {
            Some(last) => last.parts.push(part),
            None => messages.push(Message::new(role, [part])),
        }
    }
    messages
}

#[cfg(test)]
mod tests {
    use interline_core::{ErrorKind, ReasoningConfig, ToolChoice};
    use serde_json::json;

    use super::*;
    use crate::encode_request::from_types;

    const CLAUDE: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

    fn decoded(body: &Value) -> Result<ChatRequest> {
        decode_request(CLAUDE, body.to_string().into())
    }

    #[test]
    fn every_field_survives_the_types() {
        let body = json!({
            "system": [{"text": "s"}, {"cachePoint": {"type": "default"}}],
            "messages": [
                {"role": "user", "content": [{"text": "hi"}]},
                {"role": "assistant", "content": [
                    {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
                    {"toolUse": {"toolUseId": "i", "name": "f", "input": {}}},
                ]},
                {"role": "user", "content": [
                    {"toolResult": {"toolUseId": "i", "content": [{"json": {}}], "status": "success"}},
                    {"text": "go on"},
                ], "later": 1},
            ],
            "inferenceConfig": {"maxTokens": 4000, "stopSequences": ["END"], "later": 1},
            "toolConfig": {"tools": [{"toolSpec": {"name": "f", "inputSchema": {"json": {}}}}],
                "toolChoice": {"auto": {}}},
            "outputConfig": {"textFormat": {"type": "json_schema", "structure":
                {"jsonSchema": {"name": "n", "schema": "{ }"}}}},
            "additionalModelRequestFields": {"thinking": {"type": "enabled", "budget_tokens": 1024}},
            "requestMetadata": {"team": "blue"},
            "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1"},
            "performanceConfig": {"latency": "optimized"},
        });
        let request = decoded(&body).expect("a good request");
        assert_eq!(request.reasoning, Some(ReasoningConfig::budget(1024)));
        assert_eq!(request.tool_choice, Some(ToolChoice::Auto));
        assert_eq!(request.native, [NativeNeed::new(FORMAT, "guardrailConfig")]);
        assert_eq!(request.messages.len(), 5);
        let written = from_types(&request).expect("encodable");
        assert_eq!(Value::Object(written), body);
        let sent = crate::encode_request(&request).expect("encodable");
        let sent: Value = serde_json::from_slice(&sent).expect("JSON");
        assert_eq!(sent, body);
    }

    #[test]
    fn objects_that_say_nothing_survive_too() {
        let body = json!({"system": [], "inferenceConfig": {},
            "messages": [{"role": "user", "content": [{"text": "hi"}]}]});
        let request = decoded(&body).expect("a good request");
        let written = from_types(&request).expect("encodable");
        assert_eq!(Value::Object(written), body);
    }

    #[track_caller]
    fn refused(body: &Value, param: &str) {
        let error = decoded(body).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.param(), Some(param), "{error}");
    }

    #[test]
    fn a_wrong_field_is_named_by_its_path() {
        refused(&json!({}), "messages");
        refused(
            &json!({"messages": [{"role": "model", "content": []}]}),
            "messages[0].role",
        );
        let text = json!({"role": "user", "content": [{"text": 1}]});
        refused(&json!({"messages": [text]}), "messages[0].content[0].text");
        let hi = json!({"role": "user", "content": [{"text": "hi"}]});
        refused(
            &json!({"messages": [hi], "inferenceConfig": {"maxTokens": "9"}}),
            "inferenceConfig.maxTokens",
        );
    }
}
