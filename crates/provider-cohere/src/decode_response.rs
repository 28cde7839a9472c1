//! Cohere's whole answer.
//!
//! Citations stay among the choice's unknown fields; `usage` stays whole among the answer's, because
//! it counts more than core has words for. An answer that ended as failed before anything was said is
//! an error, so that another target is tried; one that failed later is what it is.

use bytes::Bytes;
use interline_core::{ChatResponse, Choice, Error, FinishReason, Part, RawBody, Result};
use interline_transport::body_snippet;
use serde_json::Value;

use crate::fields::{Fields, Flaw};
use crate::format::{extra, object};
use crate::{FORMAT, decode_error, finish_reason, message_decode, usage};

/// Reads the body of a successful answer. Cohere does not name the model in it.
///
/// # Errors
/// `Protocol` where the body is not an answer of this format; what the body says where it is an error.
pub fn decode_response(body: Bytes) -> Result<ChatResponse> {
    let value: Value = serde_json::from_slice(&body).map_err(|source| {
        let start = body_snippet(&body);
        Error::protocol(format!("the answer is not JSON: {start}")).with_source(source)
    })?;
    if decode_error::is_error(&value) {
        return Err(decode_error::in_band(&value, body));
    }
    let Answer { response, reason } =
        read(value).map_err(|flaw| flaw.into_protocol("the answer"))?;
    let mut response = response;
    let is_silent = response
        .choices
        .iter()
        .all(|choice| choice.parts.is_empty());
    if response.finish_reason() == Some(&FinishReason::Error) && is_silent {
        return Err(decode_error::failed_ending(&reason, None, body));
    }
    response.raw = Some(RawBody::new(FORMAT, body));
    Ok(response)
}

struct Answer {
    response: ChatResponse,
    /// Cohere's own word for why it ended.
    reason: String,
}

fn read(value: Value) -> Result<Answer, Flaw> {
    let mut fields = Fields::of(value, "")?;
    let id = fields.string("id")?.unwrap_or_default();
    let reason = fields.string("finish_reason")?;
    let mut message = fields
        .object("message")?
        .ok_or_else(|| Flaw::new("message", "is required"))?;
    message.take("role");
    let mut parts = message_decode::said_by_model(&mut message)?;
    parts.retain(|part| part.as_text() != Some(""));
    let mut choice = Choice::new(0, parts);
    choice.finish_reason = reason.as_deref().map(finish_reason::decode);
    choice.extra = extra(message.into_rest());
    if let Some(figures) = fields.take("logprobs") {
        choice.logprobs = extra(object([("logprobs", figures)]));
    }
    let mut response = ChatResponse::new("", [choice]);
    response.id = id;
    let rest = fields.into_rest();
    if let Some(counts) = rest.get("usage") {
        response.usage = usage::read(counts);
    }
    response.extra = extra(rest);
    Ok(Answer {
        response,
        reason: reason.unwrap_or_default(),
    })
}

/// The events that say the same as a whole answer.
pub(crate) fn parts_of(response: ChatResponse) -> (Vec<Part>, Option<FinishReason>) {
    let choice = response.choices.into_iter().next().unwrap_or_default();
    (choice.parts, choice.finish_reason)
}

#[cfg(test)]
mod tests {
    use interline_core::{ErrorKind, ToolCall};
    use serde_json::json;

    use super::*;
    use crate::format::Thought;

    fn decode(body: &Value) -> Result<ChatResponse> {
        decode_response(body.to_string().into())
    }

    /// A hand-written answer.
    fn answer() -> Value {
        json!({
            "id": "r1", "finish_reason": "TOOL_CALL",
            "message": {
                "role": "assistant", "tool_plan": "I will add.",
                "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"}],
                "tool_calls": [{"id": "c1", "type": "function",
                                "function": {"name": "add", "arguments": "{\"x\": 1}"}}],
                "citations": [{"start": 0, "end": 1}],
            },
            "usage": {"tokens": {"input_tokens": 5, "output_tokens": 2, "image_tokens": 3},
                      "billed_units": {"input_tokens": 1, "output_tokens": 1}},
            "logprobs": [{"token_ids": [1], "logprobs": [-0.5]}], "prompt": "p",
        })
    }

    #[test]
    fn an_answer_becomes_typed() {
        let response = decode(&answer()).expect("a good answer");
        assert_eq!(response.id, "r1");
        assert_eq!(response.text(), "a");
        assert_eq!(response.reasoning_text(), "I will add.hm");
        let calls: Vec<&ToolCall> = response.tool_calls().collect();
        assert_eq!(calls, [&ToolCall::new("c1", "add", "{\"x\": 1}")]);
        assert_eq!(response.finish_reason(), Some(&FinishReason::ToolCalls));
        assert_eq!(response.usage.total_tokens(), Some(7));
        let choice = &response.choices[0];
        assert_eq!(Thought::of(&choice.parts[0]), Some(Thought::ToolPlan));
        let cited = choice.extra.get(&FORMAT, "citations");
        assert_eq!(cited, Some(&json!([{"start": 0, "end": 1}])));
        assert!(choice.logprobs.get(&FORMAT, "logprobs").is_some());
        let counted = response.extra.get(&FORMAT, "usage").expect("kept");
        assert_eq!(counted["tokens"]["image_tokens"], 3);
        assert_eq!(response.extra.get(&FORMAT, "prompt"), Some(&json!("p")));
        assert_eq!(response.raw.expect("kept").body, answer().to_string());
    }

    #[test]
    fn an_answer_that_failed_before_it_began_is_an_error() {
        let failed = json!({"id": "r", "finish_reason": "ERROR", "message": {"role": "assistant"}});
        let error = decode(&failed).expect_err("failed");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let mut later = answer();
        later["finish_reason"] = "ERROR".into();
        let response = decode(&later).expect("something was said");
        assert_eq!(response.finish_reason(), Some(&FinishReason::Error));
    }

    #[track_caller]
    fn broken(body: &Value, message: &str) {
        let error = decode(body).expect_err("broken");
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert_eq!(error.message(), message);
    }

    #[test]
    fn a_broken_answer_is_a_protocol_error_that_names_the_place() {
        broken(&json!([]), "the answer must be an object");
        broken(&json!({}), "the answer: `message` is required");
        broken(
            &json!({"message": {"content": [{"type": "text", "text": 1}]}}),
            "the answer: `message.content[0].text` must be a string",
        );
        let error = decode_response(Bytes::from_static(b"<html>")).expect_err("a page");
        assert_eq!(error.message(), "the answer is not JSON: <html>");
    }

    #[test]
    fn an_error_in_a_success_is_what_it_says() {
        let error = decode(&json!({"id": "1", "message": "the model is overloaded"}));
        assert_eq!(error.expect_err("an error").kind(), ErrorKind::Overloaded);
    }
}
