//! A request in this format, as a client of Google's sent it.
//!
//! No gateway takes such requests; this is for tools that replay recorded traffic or compare it with
//! what [`crate::encode_request`] writes. Both spellings of field names are read. Calls and results
//! without ids are matched as Google matches them: by name, in order.

use bytes::Bytes;
use interline_core::{
    ChatBody, ChatRequest, Error, Message, ModelId, Origin, Part, PartKind, Result, Role,
};
use serde_json::{Map, Value, json};

use crate::{FORMAT, call_ids, camel_case, format, generation_config, part_decode, tools};
use interline_transport::json::{Fields, Flaw};

/// Top-level fields that become typed and nothing else.
const KNOWN: [&str; 5] = [
    "contents",
    "systemInstruction",
    "tools",
    tools::CONFIG_KEY,
    generation_config::KEY,
];

/// Reads a request body; the model stands in the address it was sent to.
///
/// # Errors
/// `InvalidRequest` with the path of the value at fault as `param`.
pub fn decode_request(model: impl Into<ModelId>, body: Bytes) -> Result<ChatRequest> {
    let value: Value = serde_json::from_slice(&body).map_err(|source| {
        Error::invalid_request(format!("request body is not valid JSON: {source}"))
    })?;
    match read(&camel_case::names(&value)) {
        Ok(typed) => {
            Ok(ChatRequest::from_body(model, typed).with_origin(Origin::new(FORMAT, body)))
        }
        Err(flaw) => Err(flaw.into_invalid_request()),
    }
}

fn read(value: &Value) -> Result<ChatBody, Flaw> {
    let fields = Fields::of(value)?;
    let mut body = ChatBody::default();
    let mut rest = fields.rest_without_nulls(&KNOWN);
    if let Some(config) = fields.object(generation_config::KEY)? {
        let unknown = generation_config::decode(config, &mut body)
            .map_err(|flaw| flaw.within(generation_config::KEY))?;
        keep(&mut rest, generation_config::KEY, unknown);
    }
    for (index, tool) in fields.list_or_one("tools").iter().enumerate() {
        let decoded = tools::decode(tool).map_err(|flaw| flaw.within(index).within("tools"))?;
        body.tools.extend(decoded);
    }
    if let Some(config) = fields.object(tools::CONFIG_KEY)? {
        let unknown = tools::decode_config(config, &mut body)
            .map_err(|flaw| flaw.within(tools::CONFIG_KEY))?;
        keep(&mut rest, tools::CONFIG_KEY, unknown);
    }
    body.messages = messages(fields)?;
    body.extra = format::extra(rest);
    Ok(body)
}

fn keep(rest: &mut Map<String, Value>, key: &str, unknown: Map<String, Value>) {
    if !unknown.is_empty() {
        rest.insert(key.to_owned(), Value::Object(unknown));
    }
}

/// `systemInstruction` as the first message, then `contents`.
fn messages(fields: Fields<'_>) -> Result<Vec<Message>, Flaw> {
    let mut messages = Vec::new();
    if let Some(instruction) = fields.object("systemInstruction")? {
        let parts = parts(instruction).map_err(|flaw| flaw.within("systemInstruction"))?;
        messages.push(Message::new(Role::System, parts));
    }
    let contents = fields.list_or_one("contents");
    if contents.is_empty() {
        return Err(Flaw::new("at least one content is required").within("contents"));
    }
    let mut calls = OpenCalls::default();
    for (index, content) in contents.iter().enumerate() {
        let (role, mut parts) =
            content_of(content).map_err(|flaw| flaw.within(index).within("contents"))?;
        calls.give_ids(index, content, &mut parts);
        let mut read = by_role(role, parts);
        if let Some(first) = read.first_mut() {
            let rest = Fields::of(content)?.rest_without_nulls(&["role", "parts"]);
            first.extra = format::extra(rest);
        }
        messages.extend(read);
    }
    Ok(messages)
}

fn content_of(value: &Value) -> Result<(Role, Vec<Part>), Flaw> {
    let fields = Fields::of(value)?;
    let role = match fields.str("role")? {
        None | Some("user" | "function") => Role::User,
        Some("model") => Role::Assistant,
        Some(_) => return Err(Flaw::new("must be `user` or `model`").within("role")),
    };
    Ok((role, parts(fields)?))
}

fn parts(content: Fields<'_>) -> Result<Vec<Part>, Flaw> {
    let mut parts = Vec::new();
    for (index, part) in content.list_or_one("parts").iter().enumerate() {
        let read = part_decode::parts(part, None);
        parts.extend(read.map_err(|flaw| flaw.within(index).within("parts"))?);
    }
    Ok(parts)
}

/// A user's content with results becomes two messages: the results with the pictures beside them, and
/// what the user said before.
fn by_role(role: Role, parts: Vec<Part>) -> Vec<Message> {
    let is_result = |part: &Part| matches!(part.kind, PartKind::ToolResult(_));
    let Some(first) = parts.iter().position(is_result) else {
        return vec![Message::new(role, parts)];
    };
    let mut before = parts;
    let results = before.split_off(first);
    let mut messages = Vec::new();
    if !before.is_empty() {
        messages.push(Message::new(role, before));
    }
    messages.push(Message::new(Role::Tool, results));
    messages
}

/// Calls without a result so far.
#[derive(Default)]
struct OpenCalls(Vec<(String, String)>);

impl OpenCalls {
    /// Gives every call of the content an id, and every result without one the id of its call.
    fn give_ids(&mut self, content: usize, wire: &Value, parts: &mut [Part]) {
        let names = wire.get("parts").and_then(Value::as_array);
        let names = names.into_iter().flatten();
        let mut result_names = names.filter_map(|part| part.get("functionResponse")?.get("name"));
        let turn = format!("turn{content}");
        let mut made = 0;
        for part in parts {
            let unmatched = match &mut part.kind {
                PartKind::ToolCall(call) => {
                    if call.id.is_empty() {
                        call.id = call_ids::made(&turn, 0, made);
                        made += 1;
                    }
                    self.0.push((call.name.clone(), call.id.clone()));
                    None
                }
                PartKind::ToolResult(result) => {
                    let name = result_names.next().and_then(Value::as_str);
                    let place =
                        self.0
                            .iter()
                            .position(|(open, id)| match result.call_id.as_str() {
                                "" => Some(open.as_str()) == name,
                                call_id => id == call_id,
                            });
                    match place {
                        Some(place) => {
                            result.call_id = self.0.remove(place).1;
                            None
                        }
                        None => {
                            if result.call_id.is_empty() {
                                result.call_id = call_ids::made(&turn, 0, made);
                                made += 1;
                            }
                            name
                        }
                    }
                }
                _ => None,
            };
            // A result whose call is not there keeps its name, which nothing else tells.
            if let Some(name) = unmatched {
                let mut rest = part.extra.for_format(&FORMAT).cloned().unwrap_or_default();
                let inner = rest.entry("functionResponse").or_insert_with(|| json!({}));
                inner["name"] = json!(name);
                part.extra = format::extra(rest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use interline_core::{ErrorKind, ReasoningConfig, ToolChoice};

    use super::*;

    fn decode(body: &Value) -> Result<ChatRequest> {
        decode_request("gemini-2.5-flash", Bytes::from(body.to_string()))
    }

    #[test]
    fn both_spellings_become_typed() {
        let request = decode(&json!({
            "system_instruction": {"parts": {"text": "Be brief."}},
            "contents": [{"parts": [{"text": "hi"}, {"file_data": {"file_uri": "gs://b/c.pdf"}}]}],
            "generation_config": {"top_k": 40.0, "thinking_config": {"thinking_budget": 100}},
            "tool_config": {"function_calling_config": {"mode": "ANY"}},
            "safety_settings": [{"category": "C"}],
        }))
        .expect("a good request");
        assert_eq!(request.messages[0], Message::system("Be brief."));
        assert_eq!(request.messages[1].parts.len(), 2);
        assert_eq!(request.params.top_k, Some(40));
        assert_eq!(request.tool_choice, Some(ToolChoice::Required));
        assert_eq!(request.reasoning, Some(ReasoningConfig::budget(100)));
        let settings = request.extra.get(&FORMAT, "safetySettings");
        assert_eq!(settings, Some(&json!([{"category": "C"}])));
        assert!(request.origin_in(&FORMAT).is_some());
    }

    #[test]
    fn results_without_ids_find_their_calls_by_name_and_order() {
        let call = |name: &str| json!({"functionCall": {"name": name, "args": {}}});
        let result = |name: &str| json!({"functionResponse": {"name": name, "response": {}}});
        let request = decode(&json!({"contents": [
            {"role": "user", "parts": [{"text": "go"}]},
            {"role": "model", "parts": [call("a"), call("b"), call("a")]},
            {"role": "user", "parts": [result("b"), result("a"), result("a"), result("lost")]},
        ]}))
        .expect("a good request");
        let ids = |message: usize| {
            let parts = request.messages[message].parts.iter();
            parts.map(|part| match &part.kind {
                PartKind::ToolCall(call) => call.id.clone(),
                PartKind::ToolResult(result) => result.call_id.clone(),
                other => panic!("{other:?}"),
            })
        };
        let (calls, results): (Vec<_>, Vec<_>) = (ids(1).collect(), ids(2).collect());
        assert_eq!(
            results[..3],
            [calls[1].clone(), calls[0].clone(), calls[2].clone()]
        );
        assert_eq!(request.messages[2].role, Role::Tool);
        let lost = request.messages[2].parts[3]
            .extra
            .get(&FORMAT, "functionResponse");
        assert_eq!(lost, Some(&json!({"name": "lost"})));
    }

    #[track_caller]
    fn refused(body: &Value, message: &str) {
        let error = decode(body).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.message(), message);
    }

    #[test]
    fn mistakes_are_named_with_their_path() {
        refused(&json!([]), "request body: must be an object");
        refused(&json!({}), "contents: at least one content is required");
        refused(
            &json!({"contents": [{"role": "robot", "parts": []}]}),
            "contents[0].role: must be `user` or `model`",
        );
        refused(
            &json!({"contents": [{"parts": [{"text": 5}]}]}),
            "contents[0].parts[0].text: must be text",
        );
        refused(
            &json!({"contents": [{"parts": []}], "generationConfig": {"seed": "x"}}),
            "generationConfig.seed: must be a whole number",
        );
    }
}
