//! A vendor's whole answer.
//!
//! Tool arguments keep the model's own spelling. Fields that no type knows (`container`,
//! `stop_details`, `context_management`, the vendor's own counts in `usage`) become the answer's extra,
//! and the body itself travels along.

use bytes::Bytes;
use interline_core::{ChatResponse, Choice, Error, Part, PartKind, RawBody, Result};
use interline_transport::body_snippet;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::usage::{self, WireUsage};
use crate::{FORMAT, block_decode, decode_error, format, stop_reason};
use interline_transport::json::{Fields, Flaw};

/// Top-level fields that become typed.
const KNOWN: [&str; 8] = [
    "id",
    "type",
    "role",
    "model",
    "content",
    "stop_reason",
    "stop_sequence",
    "usage",
];

/// Reads the body of a successful answer.
///
/// # Errors
/// `Protocol` where the body is not a message of this format; what the body says where it is an error.
pub fn decode_response(body: Bytes) -> Result<ChatResponse> {
    let value: Value = serde_json::from_slice(&body).map_err(|source| {
        let start = body_snippet(&body);
        Error::protocol(format!("the answer is not JSON: {start}")).with_source(source)
    })?;
    if value.get("type").and_then(Value::as_str) == Some("error") {
        return Err(decode_error::decode_in_band(&value, body));
    }
    let mut response = read(&value).map_err(|flaw| flaw.into_protocol("the answer"))?;
    keep_spelling(&body, &mut response);
    response.raw = Some(RawBody::new(FORMAT, body));
    Ok(response)
}

fn read(value: &Value) -> Result<ChatResponse, Flaw> {
    let fields = Fields::of(value)?;
    let content = fields
        .array("content")?
        .ok_or_else(|| Flaw::missing("content"))?;
    let mut parts: Vec<Part> = Vec::with_capacity(content.len());
    for (index, block) in content.iter().enumerate() {
        let part =
            block_decode::part(block).map_err(|flaw| flaw.within(index).within("content"))?;
        parts.push(part);
    }
    let mut choice = Choice::new(0, parts)
        .with_finish_reason(fields.str("stop_reason")?.map(stop_reason::to_core));
    choice.stop_sequence = fields.str("stop_sequence")?.map(str::to_owned);

    let mut response = ChatResponse::new(fields.str("model")?.unwrap_or_default(), [choice]);
    response.id = fields.str("id")?.unwrap_or_default().to_owned();
    let mut rest = fields.rest(&KNOWN);
    rest.retain(|_, value| !value.is_null());
    if let Some(counts) = fields.object("usage")? {
        let mut wire = WireUsage::default();
        wire.update(counts).map_err(|flaw| flaw.within("usage"))?;
        response.usage = wire.to_core();
        let unknown = counts.rest(&usage::KNOWN);
        if !unknown.is_empty() {
            rest.insert("usage".into(), Value::Object(unknown));
        }
    }
    response.extra = format::extra(rest);
    Ok(response)
}

/// Replaces re-written tool inputs by the bytes that the vendor sent.
fn keep_spelling(body: &[u8], response: &mut ChatResponse) {
    #[derive(Deserialize)]
    struct Message<'a> {
        #[serde(borrow)]
        content: Vec<Block<'a>>,
    }
    #[derive(Deserialize)]
    struct Block<'a> {
        #[serde(borrow, default)]
        input: Option<&'a RawValue>,
    }
    let Ok(message) = serde_json::from_slice::<Message<'_>>(body) else {
        return;
    };
    let parts = response
        .choices
        .iter_mut()
        .flat_map(|choice| choice.parts.iter_mut());
    // One part per block: both lists run in step.
    for (part, block) in parts.zip(message.content) {
        if let (PartKind::ToolCall(call), Some(input)) = (&mut part.kind, block.input) {
            input.get().clone_into(&mut call.arguments);
        }
    }
}

#[cfg(test)]
mod tests {
    use interline_core::{ErrorKind, FinishReason, ToolCall};
    use serde_json::json;

    use super::*;

    fn decode(body: &str) -> Result<ChatResponse> {
        decode_response(Bytes::copy_from_slice(body.as_bytes()))
    }

    /// A hand-written answer.
    const ANSWER: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"m",
        "content":[
            {"type":"thinking","thinking":"hm","signature":"sig"},
            {"type":"server_tool_use","id":"s","name":"web_search","input":{}},
            {"type":"text","text":"a","citations":null},
            {"type":"tool_use","id":"t","name":"add","input":{"b": 1.50, "a":2},"caller":{"type":"direct"}}],
        "stop_reason":"tool_use","stop_sequence":null,"container":{"id":"c"},
        "usage":{"input_tokens":1,"cache_read_input_tokens":2,"output_tokens":3,"service_tier":"x"}}"#;

    #[test]
    fn an_answer_becomes_typed_and_arguments_keep_their_spelling() {
        let response = decode(ANSWER).expect("a good answer");
        assert_eq!(response.id, "msg_1");
        assert_eq!(response.text(), "a");
        assert_eq!(response.reasoning_text(), "hm");
        let calls: Vec<&ToolCall> = response.tool_calls().collect();
        assert_eq!(calls, [&ToolCall::new("t", "add", r#"{"b": 1.50, "a":2}"#)]);
        assert_eq!(response.finish_reason(), Some(&FinishReason::ToolCalls));
        assert_eq!(response.usage.input_tokens, Some(3));
        assert_eq!(
            response.extra.get(&FORMAT, "container"),
            Some(&json!({"id": "c"}))
        );
        assert_eq!(response.raw.expect("kept").body, ANSWER.as_bytes());
    }

    #[track_caller]
    fn broken(body: &str, message: &str) {
        let error = decode(body).expect_err(body);
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert_eq!(error.message(), message);
    }

    #[test]
    fn a_broken_answer_is_a_protocol_error_that_names_the_place() {
        broken("<html>", "the answer is not JSON: <html>");
        broken("[]", "the answer: must be an object");
        broken("{}", "the answer: content: field required");
        broken(
            r#"{"content":[{"type":"text"}]}"#,
            "the answer: content[0].text: field required",
        );
        broken(
            r#"{"content":[],"usage":{"input_tokens":"1"}}"#,
            "the answer: usage.input_tokens: must be a whole number, 0 or more",
        );
    }

    #[test]
    fn an_error_in_a_success_is_what_it_says() {
        let error = decode(r#"{"type":"error","error":{"type":"overloaded_error","message":"x"}}"#)
            .expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Overloaded);
    }
}
