//! A vendor's whole answer.
//!
//! A blocked prompt is an answer that was filtered whole: Google sends it with a success, names the
//! reason in `promptFeedback` and counts its tokens. Fields that no type knows (`groundingMetadata`,
//! `safetyRatings`, `createTime`, …) become extra, of the answer or of its choice, and the body itself
//! travels along.

use bytes::Bytes;
use interline_core::{ChatResponse, Choice, Error, FinishReason, Part, PartKind, RawBody, Result};
use interline_transport::body_snippet;
use serde_json::Value;

use crate::answer::{self, Answer, Candidate};
use crate::finish_reason::{self, AsksForTools};
use crate::{FORMAT, call_ids, decode_error, format};
use interline_transport::json::Flaw;

/// Reads the body of a successful answer.
///
/// # Errors
/// `Protocol` where the body is not an answer of this format; what the body says where it is an error.
pub fn decode_response(body: Bytes) -> Result<ChatResponse> {
    let value: Value = serde_json::from_slice(&body).map_err(|source| {
        let start = body_snippet(&body);
        Error::protocol(format!("the answer is not JSON: {start}")).with_source(source)
    })?;
    if decode_error::is_error(&value) {
        return Err(decode_error::decode_in_band(&value, body));
    }
    let mut response = answer::read(&value, &body)
        .and_then(|answer| response(answer, &body))
        .map_err(|flaw| flaw.into_protocol("the answer"))?;
    response.raw = Some(RawBody::new(FORMAT, body));
    Ok(response)
}

fn response(mut answer: Answer, body: &[u8]) -> Result<ChatResponse, Flaw> {
    let mut choices = Vec::new();
    if answer.is_blocked {
        let blocked = Choice::new(0, []).with_finish_reason(FinishReason::ContentFilter);
        choices.push(blocked);
    } else if answer.candidates.is_empty() {
        return Err(Flaw::missing("candidates"));
    }
    let id = match answer.id.as_str() {
        "" => call_ids::made_response_id(body),
        id => id.to_owned(),
    };
    choices.extend(
        answer
            .candidates
            .drain(..)
            .map(|candidate| choice(candidate, &id)),
    );
    let mut response = ChatResponse::new(answer.model.unwrap_or_default(), choices);
    response.id = answer.id;
    response.usage = answer.usage.unwrap_or_default();
    response.extra = format::extra(answer.extra);
    Ok(response)
}

fn choice(candidate: Candidate, response_id: &str) -> Choice {
    let asks = match candidate.has_calls() {
        true => AsksForTools::Yes,
        false => AsksForTools::No,
    };
    let reason = candidate
        .finish
        .map(|reason| finish_reason::with_calls(reason, asks));
    let mut choice = Choice::new(candidate.index, candidate.parts).with_finish_reason(reason);
    give_ids(&mut choice.parts, response_id, candidate.index);
    choice.logprobs = candidate.logprobs;
    choice.extra = format::extra(candidate.extra);
    choice
}

fn give_ids(parts: &mut [Part], response_id: &str, choice: u32) {
    let mut index = 0;
    for part in parts {
        if let PartKind::ToolCall(call) = &mut part.kind {
            if call.id.is_empty() {
                call.id = call_ids::made(response_id, choice, index);
            }
            index += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use interline_core::{ErrorKind, ToolCall};
    use serde_json::json;

    use super::*;

    fn decode(body: &str) -> Result<ChatResponse> {
        decode_response(Bytes::copy_from_slice(body.as_bytes()))
    }

    /// A hand-written answer.
    const ANSWER: &str = r#"{"responseId":"r1","modelVersion":"m","candidates":[{"index":0,
        "content":{"role":"model","parts":[
            {"text":"hm","thought":true},
            {"executableCode":{"language":"PYTHON","code":"1"}},
            {"text":"a"},
            {"functionCall":{"name":"add","args":{"b": 1.50}},"thoughtSignature":"s"},
            {"functionCall":{"id":"x","name":"add"}}]},
        "finishReason":"STOP","groundingMetadata":{"webSearchQueries":["q"]}}],
        "usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":2,"thoughtsTokenCount":3,
            "trafficType":"ON_DEMAND"},"createTime":"t"}"#;

    #[test]
    fn an_answer_becomes_typed() {
        let response = decode(ANSWER).expect("a good answer");
        assert_eq!((response.id.as_str(), response.model.as_str()), ("r1", "m"));
        assert_eq!(response.text(), "a");
        assert_eq!(response.reasoning_text(), "hm");
        let calls: Vec<&ToolCall> = response.tool_calls().collect();
        assert_eq!(
            calls,
            [
                &ToolCall::new("gcall_r1_0", "add", r#"{"b": 1.50}"#),
                &ToolCall::new("x", "add", "{}"),
            ]
        );
        assert_eq!(response.finish_reason(), Some(&FinishReason::ToolCalls));
        assert_eq!(response.usage.output_tokens, Some(5));
        let extra = response.extra.for_format(&FORMAT).expect("unknown fields");
        assert_eq!(extra["createTime"], "t");
        assert_eq!(extra["usageMetadata"], json!({"trafficType": "ON_DEMAND"}));
        let grounding = response.choices[0].extra.get(&FORMAT, "groundingMetadata");
        assert_eq!(grounding, Some(&json!({"webSearchQueries": ["q"]})));
        assert_eq!(response.raw.expect("kept").body, ANSWER.as_bytes());
    }

    #[test]
    fn a_blocked_prompt_is_an_answer_that_was_filtered_whole() {
        let response = decode(
            r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},
                "usageMetadata":{"promptTokenCount":7}}"#,
        )
        .expect("an answer");
        assert_eq!(response.finish_reason(), Some(&FinishReason::ContentFilter));
        assert_eq!(response.text(), "");
        assert_eq!(response.usage.input_tokens, Some(7));
        let feedback = response.extra.get(&FORMAT, "promptFeedback");
        assert_eq!(
            feedback,
            Some(&json!({"blockReason": "PROHIBITED_CONTENT"}))
        );
    }

    #[test]
    fn a_filtered_candidate_keeps_what_came() {
        let response = decode(
            r#"{"candidates":[{"finishReason":"SAFETY","safetyRatings":[{"blocked":true}]}]}"#,
        )
        .expect("an answer");
        assert_eq!(response.finish_reason(), Some(&FinishReason::ContentFilter));
        assert!(
            response.choices[0]
                .extra
                .get(&FORMAT, "safetyRatings")
                .is_some()
        );
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
        broken("{}", "the answer: candidates: field required");
        broken(
            r#"{"candidates":[{"content":{"parts":[{"text":1}]}}]}"#,
            "the answer: candidates[0].content.parts[0].text: must be text",
        );
        broken(
            r#"{"candidates":[{}],"usageMetadata":{"promptTokenCount":"1"}}"#,
            "the answer: usageMetadata.promptTokenCount: must be a whole number, 0 or more",
        );
    }

    #[test]
    fn an_error_in_a_success_is_what_it_says() {
        let error = decode(r#"{"error":{"code":503,"message":"x","status":"UNAVAILABLE"}}"#);
        assert_eq!(error.expect_err("an error").kind(), ErrorKind::Unavailable);
    }
}
