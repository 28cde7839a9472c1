//! A whole answer of Converse.
//!
//! The body names no model, so the answer is the asked model's, or that of the model which a prompt
//! router chose. Metrics, the guardrail's trace and other fields no type knows stay in the extra.

use bytes::Bytes;
use interline_core::{ChatResponse, Choice, Error, ModelId, PartKind, RawBody, Result};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::model_family::ModelFamily;
use crate::{FORMAT, block_decode, format, stop_reason, usage};
use interline_transport::json::{Fields, Flaw};

/// Top-level fields that become typed and nothing else.
const KNOWN: [&str; 3] = ["output", "stopReason", "usage"];

/// Reads an answer of `model`.
///
/// # Errors
/// `Protocol` where the body is not JSON or breaks the format.
pub fn decode_response(model: &ModelId, body: Bytes) -> Result<ChatResponse> {
    let value: Value = serde_json::from_slice(&body)
        .map_err(|source| Error::protocol("the answer is not JSON").with_source(source))?;
    let mut answer = read(model, &value, &body).map_err(|flaw| flaw.into_protocol("the answer"))?;
    answer.raw = Some(RawBody::new(FORMAT, body));
    Ok(answer)
}

fn read(model: &ModelId, value: &Value, body: &[u8]) -> Result<ChatResponse, Flaw> {
    let fields = Fields::of(value)?;
    let output = fields.required_object("output")?;
    let in_output = |flaw: Flaw| flaw.within("output");
    let message = output.required_object("message").map_err(in_output)?;
    let in_message = |flaw: Flaw| in_output(flaw.within("message"));
    let blocks = message.list("content").map_err(in_message)?;
    let spellings = Spellings::of(body);
    let mut parts = block_decode::parts(blocks, |index| spellings.get(index))
        .map_err(|flaw| in_message(flaw.within("content")))?;
    let signatures = format::of_signatures(ModelFamily::of(model.as_str()));
    for part in &mut parts {
        if let PartKind::Reasoning(thought) = &mut part.kind
            && let Some(signature) = thought.signature.as_mut().filter(|_| !thought.redacted)
        {
            signature.format = signatures.clone();
        }
    }
    let mut choice = Choice::new(0, parts)
        .with_finish_reason(fields.str("stopReason")?.map(stop_reason::decode));
    choice.stop_sequence = stop_reason::stop_sequence(value);
    choice.extra = format::extra(message.rest(&["role", "content"]));
    let mut answer = ChatResponse::new(answering(value).unwrap_or(model.as_str()), [choice]);
    if let Some(counts) = fields.object("usage")? {
        answer.usage = usage::read(counts).map_err(|flaw| flaw.within("usage"))?;
    }
    answer.extra = format::extra(fields.rest(&KNOWN));
    Ok(answer)
}

/// The model that a prompt router chose.
pub(crate) fn answering(answer: &Value) -> Option<&str> {
    answer
        .pointer("/trace/promptRouter/invokedModelId")?
        .as_str()
}

/// The arguments of calls as the vendor wrote them: a value that was read loses its spelling.
#[derive(Default)]
struct Spellings<'a>(Vec<Option<&'a str>>);

impl<'a> Spellings<'a> {
    fn of(body: &'a [u8]) -> Self {
        #[derive(Deserialize)]
        struct Answer<'a> {
            #[serde(borrow)]
            output: Output<'a>,
        }
        #[derive(Deserialize)]
        struct Output<'a> {
            #[serde(borrow)]
            message: Message<'a>,
        }
        #[derive(Deserialize)]
        struct Message<'a> {
            #[serde(borrow, default)]
            content: Vec<Block<'a>>,
        }
        #[derive(Deserialize)]
        struct Block<'a> {
            #[serde(borrow, default, rename = "toolUse")]
            tool_use: Option<ToolUse<'a>>,
        }
        #[derive(Deserialize)]
        struct ToolUse<'a> {
            #[serde(borrow, default)]
            input: Option<&'a RawValue>,
        }
        let Ok(answer) = serde_json::from_slice::<Answer<'a>>(body) else {
            return Self::default();
        };
        let of_block = |block: &Block<'a>| Some(block.tool_use.as_ref()?.input?.get());
        Self(answer.output.message.content.iter().map(of_block).collect())
    }

    fn get(&self, block: usize) -> Option<&'a str> {
        *self.0.get(block)?
    }
}

#[cfg(test)]
mod tests {
    use interline_core::{ErrorKind, FinishReason};
    use serde_json::json;

    use super::*;

    fn decoded(body: &str) -> Result<ChatResponse> {
        decode_response(&"m".into(), Bytes::copy_from_slice(body.as_bytes()))
    }

    #[test]
    fn an_answer_is_read_whole() {
        let body = r#"{"output":{"message":{"role":"assistant","content":[
            {"reasoningContent":{"reasoningText":{"text":"hm","signature":"s"}}},
            {"text":"Hi."},
            {"toolUse":{"toolUseId":"t","name":"f","input":{"b": 1.50, "a":2}}}]}},
            "stopReason":"tool_use","usage":{"inputTokens":3,"outputTokens":2,"totalTokens":5},
            "metrics":{"latencyMs":7},"additionalModelResponseFields":{"stop_sequence":"END"},
            "trace":{"promptRouter":{"invokedModelId":"chosen"}}}"#;
        let answer = decoded(body).expect("a good answer");
        assert_eq!(
            (answer.text().as_str(), answer.reasoning_text().as_str()),
            ("Hi.", "hm")
        );
        let call = answer.tool_calls().next().expect("a call");
        assert_eq!(call.arguments, r#"{"b": 1.50, "a":2}"#);
        assert_eq!(answer.finish_reason(), Some(&FinishReason::ToolCalls));
        assert_eq!(answer.choices[0].stop_sequence.as_deref(), Some("END"));
        assert_eq!(answer.usage.total_tokens(), Some(5));
        assert_eq!(answer.model, "chosen");
        assert_eq!(
            answer.extra.get(&FORMAT, "metrics"),
            Some(&json!({"latencyMs": 7}))
        );
        assert!(answer.raw.is_some());
    }

    #[test]
    fn every_reason_has_its_word() {
        let reason = |word: &str| {
            let body = json!({"output": {"message": {"content": []}}, "stopReason": word});
            let answer = decoded(&body.to_string()).expect("a good answer");
            answer
                .finish_reason()
                .expect("a reason")
                .as_str()
                .to_owned()
        };
        for (word, expected) in [
            ("end_turn", "stop"),
            ("stop_sequence", "stop"),
            ("tool_use", "tool_calls"),
            ("max_tokens", "length"),
            ("model_context_window_exceeded", "length"),
            ("guardrail_intervened", "content_filter"),
            ("content_filtered", "content_filter"),
            ("malformed_tool_use", "error"),
            ("later", "later"),
        ] {
            assert_eq!(reason(word), expected);
        }
    }

    #[test]
    fn what_breaks_the_format_is_named() {
        for (body, told) in [
            ("<html>", "the answer is not JSON"),
            ("{}", "the answer: output: field required"),
            (
                r#"{"output":{"message":{"content":[{"text":1}]}}}"#,
                "the answer: output.message.content[0].text: must be text",
            ),
        ] {
            let error = decoded(body).expect_err("broken");
            assert_eq!((error.kind(), error.message()), (ErrorKind::Protocol, told));
        }
    }
}
