//! OpenAI's Chat Completions, Embeddings and Models.

use interline_core::{FormatId, Usage};
use serde_json::{Value, json};

use super::{PIECES, TEXT, arguments, other_arguments};
use crate::conformance::requests::TOOL;
use crate::conformance::{Answer, Answers, Said, Slot};

const FORMAT: FormatId = FormatId::from_static("openai.chat");

pub(in crate::conformance) fn answers() -> Answers {
    Answers::new(refusal)
        .with(Slot::Text, whole(message(TEXT), "stop").says(super::text()))
        .with(Slot::TextStream, text_stream().says(super::text()))
        .with(
            Slot::Tool,
            whole(calls(1), "tool_calls").says(super::tool()),
        )
        .with(Slot::ToolStream, tool_stream(1).says(super::tool()))
        .with(
            Slot::ParallelTools,
            whole(calls(2), "tool_calls").says(super::parallel_tools()),
        )
        .with(
            Slot::ParallelToolsStream,
            tool_stream(2).says(super::parallel_tools()),
        )
        .with(Slot::Choices, choices().says(super::choices()))
        .with(Slot::ChoicesStream, choices_stream().says(super::choices()))
        .with(
            Slot::Structured,
            whole(message(&super::structured()), "stop").says(Said::text(super::structured())),
        )
        .with(Slot::Reasoning, reasoning().says(super::reasoning()))
        .with(
            Slot::ReasoningStream,
            reasoning_stream().says(super::reasoning()),
        )
        .with(Slot::Usage, usage().says(counted()))
        .with(Slot::UsageStream, usage_stream().says(counted()))
        .with(Slot::StreamError, stream_error())
        .with(Slot::Health, models())
        .with(
            Slot::Models,
            models().says(Said::models(["acme-large", "acme-small"])),
        )
        .with(Slot::Embeddings, embeddings())
        .with_native_request(FORMAT, native_request())
}

fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(&json!({
        "error": {"message": message, "type": kind(status), "param": null, "code": null}
    }))
}

const fn kind(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        429 => "rate_limit_error",
        500.. => "server_error",
        _ => "invalid_request_error",
    }
}

fn body(choices: &[Value], usage: &Value) -> Answer {
    Answer::json(&json!({
        "id": "chatcmpl-conformance",
        "object": "chat.completion",
        "created": 1_754_000_000,
        "model": "conformance-model",
        "choices": choices,
        "usage": usage,
    }))
}

fn tokens() -> Value {
    json!({"prompt_tokens": 21, "completion_tokens": 6, "total_tokens": 27})
}

fn choice(index: u32, message: &Value, finish: &str) -> Value {
    json!({"index": index, "message": message, "logprobs": null, "finish_reason": finish})
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "reads better where it is called"
)]
fn whole(message: Value, finish: &str) -> Answer {
    body(&[choice(0, &message, finish)], &tokens())
}

fn message(text: &str) -> Value {
    json!({"role": "assistant", "content": text, "refusal": null})
}

/// The calls' ids have nine letters and digits, as the strictest of these vendors makes them.
fn call(place: usize) -> (String, String) {
    let arguments = if place == 0 {
        arguments()
    } else {
        other_arguments()
    };
    (format!("callconf{place}"), arguments.to_string())
}

fn calls(count: usize) -> Value {
    let calls: Vec<Value> = (0..count)
        .map(|place| {
            let (id, arguments) = call(place);
            json!({"id": id, "type": "function", "function": {"name": TOOL, "arguments": arguments}})
        })
        .collect();
    json!({"role": "assistant", "content": null, "tool_calls": calls})
}

fn choices() -> Answer {
    let choices = [
        choice(0, &message("One."), "stop"),
        choice(1, &message("Two."), "stop"),
    ];
    body(&choices, &tokens())
}

fn chunk(choices: &Value, usage: &Value) -> Value {
    json!({
        "id": "chatcmpl-conformance",
        "object": "chat.completion.chunk",
        "created": 1_754_000_000,
        "model": "conformance-model",
        "choices": choices,
        "usage": usage,
    })
}

fn delta(index: u32, delta: &Value) -> Value {
    let choices = json!([{"index": index, "delta": delta, "finish_reason": null}]);
    chunk(&choices, &Value::Null)
}

fn finish(index: u32, reason: &str) -> Value {
    let choices = json!([{"index": index, "delta": {}, "finish_reason": reason}]);
    chunk(&choices, &Value::Null)
}

fn stream(chunks: &[Value], usage: &Value) -> Answer {
    let chunks = chunks.iter().chain([usage]);
    let mut text: String = chunks.map(|chunk| format!("data: {chunk}\n\n")).collect();
    text.push_str("data: [DONE]\n\n");
    Answer::event_stream(text).with_terminal("[DONE]")
}

fn usage_chunk(usage: &Value) -> Value {
    chunk(&json!([]), usage)
}

fn text_stream() -> Answer {
    let mut chunks = vec![delta(0, &json!({"role": "assistant", "content": ""}))];
    chunks.extend(PIECES.map(|piece| delta(0, &json!({"content": piece}))));
    chunks.push(finish(0, "stop"));
    stream(&chunks, &usage_chunk(&tokens()))
}

fn tool_stream(count: usize) -> Answer {
    let mut chunks = vec![delta(0, &json!({"role": "assistant", "content": null}))];
    for place in 0..count {
        let (id, arguments) = call(place);
        let (first, second) = arguments.split_at(5);
        let part = |function: Value, id: Option<&str>| {
            let mut call = json!({"index": place, "function": function});
            if let Some(id) = id {
                call["id"] = id.into();
                call["type"] = "function".into();
            }
            delta(0, &json!({"tool_calls": [call]}))
        };
        chunks.push(part(json!({"name": TOOL, "arguments": ""}), Some(&id)));
        chunks.push(part(json!({"arguments": first}), None));
        chunks.push(part(json!({"arguments": second}), None));
    }
    chunks.push(finish(0, "tool_calls"));
    stream(&chunks, &usage_chunk(&tokens()))
}

fn choices_stream() -> Answer {
    let pieces = [(0, "On"), (1, "T"), (0, "e."), (1, "wo.")];
    let mut chunks: Vec<Value> = pieces
        .iter()
        .map(|(index, text)| delta(*index, &json!({"content": text})))
        .collect();
    chunks.extend([finish(0, "stop"), finish(1, "stop")]);
    stream(&chunks, &usage_chunk(&tokens()))
}

fn reasoning() -> Answer {
    let message = json!({
        "role": "assistant",
        "content": "Bergen.",
        "reasoning_content": "Where does it rain?",
    });
    whole(message, "stop")
}

fn reasoning_stream() -> Answer {
    let chunks = [
        delta(
            0,
            &json!({"role": "assistant", "reasoning_content": "Where does "}),
        ),
        delta(0, &json!({"reasoning_content": "it rain?"})),
        delta(0, &json!({"content": "Bergen."})),
        finish(0, "stop"),
    ];
    stream(&chunks, &usage_chunk(&tokens()))
}

fn counted() -> Said {
    Said::text("Counted.").with_usage(super::usage())
}

fn all_tokens() -> Value {
    json!({
        "prompt_tokens": 100,
        "prompt_tokens_details": {"cached_tokens": 60},
        "completion_tokens": 40,
        "completion_tokens_details": {"reasoning_tokens": 25},
        "total_tokens": 140,
    })
}

fn usage() -> Answer {
    body(&[choice(0, &message("Counted."), "stop")], &all_tokens())
}

fn usage_stream() -> Answer {
    let chunks = [delta(0, &json!({"content": "Counted."})), finish(0, "stop")];
    stream(&chunks, &usage_chunk(&all_tokens()))
}

fn stream_error() -> Answer {
    let error = json!({"error": {
        "message": "The server had an error.", "type": "server_error", "param": null, "code": null,
    }});
    Answer::events(&[delta(0, &json!({"content": "Grü"})), error]).says(Said::text("Grü"))
}

fn models() -> Answer {
    let model = |id: &str| json!({"id": id, "object": "model", "created": 1, "owned_by": "acme"});
    Answer::json(&json!({"object": "list", "data": [model("acme-large"), model("acme-small")]}))
}

/// The second vector comes first: the place is told, not meant.
fn embeddings() -> Answer {
    let vector = |index: usize, numbers: [f32; 3]| json!({"object": "embedding", "index": index, "embedding": numbers});
    let body = json!({
        "object": "list",
        "model": "conformance-model",
        "data": [vector(1, [0.0, 1.0, -0.5]), vector(0, [0.25, -0.5, 0.75])],
        "usage": {"prompt_tokens": 9, "total_tokens": 9},
    });
    let mut usage = Usage::default();
    usage.input_tokens = Some(9);
    let vectors = vec![vec![0.25, -0.5, 0.75], vec![0.0, 1.0, -0.5]];
    Answer::json(&body).says(Said::embeddings(vectors).with_usage(usage))
}

fn native_request() -> Value {
    json!({
        "model": "conformance-asked-model",
        "messages": [{"role": "user", "content": "as in the body"}],
        "temperature": 0.5,
        "top_p": 0.75,
    })
}
