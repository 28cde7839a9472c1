//! Google's generateContent, its list of models, embeddings and count of tokens.

use interline_core::{FinishReason, FormatId, Usage};
use serde_json::{Value, json};

use super::{PIECES, TEXT, arguments, other_arguments};
use crate::conformance::requests::TOOL;
use crate::conformance::{Answer, Answers, Said, Slot};

const FORMAT: FormatId = FormatId::from_static("gemini.generate_content");

/// The vendor's proof of its thinking.
const SIGNATURE: &str = "Y29uZm9ybWFuY2Utc2lnbmF0dXJl";

pub(in crate::conformance) fn answers() -> Answers {
    let calls = |count: usize| -> Vec<Value> { (0..count).map(call).collect() };
    let whole =
        |parts: &[Value]| Answer::json(&step(&[candidate(0, parts, Some("STOP"))], &tokens()));
    Answers::new(refusal)
        .with(Slot::Text, whole(&[text(TEXT)]).says(super::text()))
        .with(Slot::TextStream, text_stream().says(super::text()))
        .with(Slot::Tool, whole(&calls(1)).says(super::tool()))
        .with(
            Slot::ToolStream,
            stream(&[calls(1)], &tokens()).says(super::tool()),
        )
        .with(
            Slot::ParallelTools,
            whole(&calls(2)).says(super::parallel_tools()),
        )
        .with(
            Slot::ParallelToolsStream,
            stream(&[vec![call(0)], vec![call(1)]], &tokens()).says(super::parallel_tools()),
        )
        .with(Slot::Choices, choices().says(super::choices()))
        .with(Slot::ChoicesStream, choices_stream().says(super::choices()))
        .with(
            Slot::Structured,
            whole(&[text(&super::structured())]).says(Said::text(super::structured())),
        )
        .with(Slot::Reasoning, whole(&thoughts()).says(signed()))
        .with(
            Slot::ReasoningStream,
            stream(&thoughts().map(|part| vec![part]), &tokens()).says(signed()),
        )
        .with(Slot::Usage, usage().says(counted()))
        .with(
            Slot::UsageStream,
            stream(&[vec![text("Counted.")]], &all_tokens()).says(counted()),
        )
        .with(Slot::StreamError, stream_error())
        .with(Slot::Health, models())
        .with(
            Slot::Models,
            models().says(Said::models(["acme-large", "acme-small"])),
        )
        .with(Slot::Embeddings, embeddings())
        .with(
            Slot::TokenCount,
            Answer::json(&json!({"totalTokens": 2095})).says(Said::tokens(2095)),
        )
        .with_native_request(FORMAT, native_request())
}

fn refusal(status: u16, message: &str) -> Answer {
    let word = match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        500 => "INTERNAL",
        504 => "DEADLINE_EXCEEDED",
        501.. => "UNAVAILABLE",
        400 | 422 => "INVALID_ARGUMENT",
        // Words that Google does not have for the status.
        _ => "",
    };
    let mut error = json!({"code": status, "message": message, "status": word});
    if let (true, Some(fields)) = (word.is_empty(), error.as_object_mut()) {
        fields.remove("status");
    }
    Answer::json(&json!({"error": error}))
}

fn text(text: &str) -> Value {
    json!({"text": text})
}

fn call(place: usize) -> Value {
    let arguments = if place == 0 {
        arguments()
    } else {
        other_arguments()
    };
    json!({"functionCall": {"name": TOOL, "args": arguments}})
}

fn candidate(index: u32, parts: &[Value], finish: Option<&str>) -> Value {
    let mut candidate = json!({"content": {"parts": parts, "role": "model"}, "index": index});
    if let Some(finish) = finish {
        candidate["finishReason"] = finish.into();
    }
    candidate
}

fn step(candidates: &[Value], usage: &Value) -> Value {
    json!({
        "candidates": candidates,
        "usageMetadata": usage,
        "modelVersion": "conformance-model",
        "responseId": "conformance",
    })
}

fn tokens() -> Value {
    json!({"promptTokenCount": 21, "candidatesTokenCount": 6, "totalTokenCount": 27})
}

/// Steps with a carriage return before each line feed, as this vendor sends them; the last one has the
/// finish reason.
fn events(steps: &[Value]) -> Answer {
    let text: String = steps
        .iter()
        .map(|step| format!("data: {step}\r\n\r\n"))
        .collect();
    Answer::event_stream(text).with_terminal("\"finishReason\":\"STOP\"")
}

fn stream(steps: &[Vec<Value>], usage: &Value) -> Answer {
    let last = steps.len().saturating_sub(1);
    let steps: Vec<Value> = steps
        .iter()
        .enumerate()
        .map(|(place, parts)| {
            let finish = (place == last).then_some("STOP");
            step(&[candidate(0, parts, finish)], usage)
        })
        .collect();
    events(&steps)
}

fn text_stream() -> Answer {
    stream(&PIECES.map(|piece| vec![text(piece)]), &tokens())
}

fn choices() -> Answer {
    let candidates = [
        candidate(0, &[text("One.")], Some("STOP")),
        candidate(1, &[text("Two.")], Some("STOP")),
    ];
    Answer::json(&step(&candidates, &tokens()))
}

fn choices_stream() -> Answer {
    let steps = [
        step(
            &[
                candidate(0, &[text("On")], None),
                candidate(1, &[text("T")], None),
            ],
            &tokens(),
        ),
        step(
            &[
                candidate(0, &[text("e.")], Some("STOP")),
                candidate(1, &[text("wo.")], Some("STOP")),
            ],
            &tokens(),
        ),
    ];
    events(&steps)
}

fn signed() -> Said {
    super::reasoning()
        .with_signature(SIGNATURE)
        .with_finish(FinishReason::Stop)
}

fn thoughts() -> [Value; 2] {
    [
        json!({"text": "Where does it rain?", "thought": true}),
        json!({"text": "Bergen.", "thoughtSignature": SIGNATURE}),
    ]
}

/// The format counts thinking apart from the output.
fn all_tokens() -> Value {
    json!({
        "promptTokenCount": 100,
        "cachedContentTokenCount": 60,
        "candidatesTokenCount": 15,
        "thoughtsTokenCount": 25,
        "totalTokenCount": 140,
    })
}

fn counted() -> Said {
    Said::text("Counted.").with_usage(super::usage())
}

fn usage() -> Answer {
    Answer::json(&step(
        &[candidate(0, &[text("Counted.")], Some("STOP"))],
        &all_tokens(),
    ))
}

fn stream_error() -> Answer {
    let said = step(&[candidate(0, &[text("Grü")], None)], &tokens());
    let error = json!({"error": {"code": 503, "message": "Overloaded.", "status": "UNAVAILABLE"}});
    events(&[said, error]).says(Said::text("Grü"))
}

fn models() -> Answer {
    let model = |id: &str| {
        json!({
            "name": format!("models/{id}"),
            "displayName": id,
            "inputTokenLimit": 1000,
            "outputTokenLimit": 100,
            "supportedGenerationMethods": ["generateContent"],
        })
    };
    Answer::json(&json!({"models": [model("acme-large"), model("acme-small")]}))
}

fn embeddings() -> Answer {
    let vectors = vec![vec![0.25, -0.5, 0.75], vec![0.0, 1.0, -0.5]];
    let values: Vec<Value> = vectors
        .iter()
        .map(|vector| json!({"values": vector}))
        .collect();
    Answer::json(&json!({"embeddings": values}))
        .says(Said::embeddings(vectors).with_usage(Usage::default()))
}

/// The model stands in the path.
fn native_request() -> Value {
    json!({
        "contents": [{"role": "user", "parts": [{"text": "as in the body"}]}],
        "generationConfig": {"temperature": 0.5, "maxOutputTokens": 99},
    })
}
