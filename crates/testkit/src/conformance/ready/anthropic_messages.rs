//! Anthropic's Messages, its list of models and its count of tokens.

use interline_core::{FinishReason, FormatId, Usage};
use serde_json::{Value, json};

use super::{PIECES, TEXT, arguments, other_arguments};
use crate::conformance::requests::TOOL;
use crate::conformance::{Answer, Answers, Said, Slot};

const FORMAT: FormatId = FormatId::from_static("anthropic.messages");

/// The vendor's proof of its thinking.
const SIGNATURE: &str = "Y29uZm9ybWFuY2Utc2lnbmF0dXJl";

pub(in crate::conformance) fn answers() -> Answers {
    let tools = |count: usize| -> Vec<Value> { (0..count).map(tool_use).collect() };
    Answers::new(refusal)
        .with(
            Slot::Text,
            whole(&[text_block(TEXT)], "end_turn").says(super::text()),
        )
        .with(Slot::TextStream, text_stream().says(super::text()))
        .with(Slot::Tool, whole(&tools(1), "tool_use").says(super::tool()))
        .with(Slot::ToolStream, tool_stream(1).says(super::tool()))
        .with(
            Slot::ParallelTools,
            whole(&tools(2), "tool_use").says(super::parallel_tools()),
        )
        .with(
            Slot::ParallelToolsStream,
            tool_stream(2).says(super::parallel_tools()),
        )
        .with(
            Slot::Structured,
            whole(&[text_block(&super::structured())], "end_turn")
                .says(Said::text(super::structured())),
        )
        .with(Slot::Reasoning, reasoning().says(signed()))
        .with(Slot::ReasoningStream, reasoning_stream().says(signed()))
        .with(Slot::Usage, usage().says(counted()))
        .with(Slot::UsageStream, usage_stream().says(counted()))
        .with(Slot::StreamError, stream_error())
        .with(Slot::Health, models())
        .with(
            Slot::Models,
            models().says(Said::models(["acme-large", "acme-small"])),
        )
        .with(
            Slot::TokenCount,
            Answer::json(&json!({"input_tokens": 2095})).says(Said::tokens(2095)),
        )
        .with_native_request(FORMAT, native_request())
}

fn refusal(status: u16, message: &str) -> Answer {
    let kind = match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    };
    Answer::json(&json!({
        "type": "error",
        "error": {"type": kind, "message": message},
        "request_id": "req_conformance",
    }))
}

fn text_block(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn input(place: usize) -> Value {
    if place == 0 {
        arguments()
    } else {
        other_arguments()
    }
}

fn tool_use(place: usize) -> Value {
    json!({"type": "tool_use", "id": format!("toolu_{place}"), "name": TOOL, "input": input(place)})
}

fn message(blocks: &[Value], stop: &str, usage: &Value) -> Answer {
    Answer::json(&json!({
        "id": "msg_conformance",
        "type": "message",
        "role": "assistant",
        "model": "conformance-model",
        "content": blocks,
        "stop_reason": stop,
        "stop_sequence": null,
        "usage": usage,
    }))
}

fn whole(blocks: &[Value], stop: &str) -> Answer {
    message(
        blocks,
        stop,
        &json!({"input_tokens": 21, "output_tokens": 6}),
    )
}

fn stream(events: &[Value]) -> Answer {
    let text: String = events
        .iter()
        .map(|event| {
            let name = event
                .get("type")
                .and_then(Value::as_str)
                .unwrap_or_default();
            format!("event: {name}\ndata: {event}\n\n")
        })
        .collect();
    Answer::event_stream(text).with_terminal("\"message_stop\"")
}

fn start(usage: &Value) -> Value {
    json!({"type": "message_start", "message": {
        "id": "msg_conformance",
        "type": "message",
        "role": "assistant",
        "model": "conformance-model",
        "content": [],
        "stop_reason": null,
        "stop_sequence": null,
        "usage": usage,
    }})
}

fn begin(index: usize, block: &Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn delta(index: usize, delta: &Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn stop(index: usize) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

fn end(reason: &str, usage: &Value) -> [Value; 2] {
    [
        json!({
            "type": "message_delta",
            "delta": {"stop_reason": reason, "stop_sequence": null},
            "usage": usage,
        }),
        json!({"type": "message_stop"}),
    ]
}

/// A stream of blocks whose usage is that of [`super::text`].
fn blocks(blocks: Vec<Value>, reason: &str) -> Answer {
    let mut events = vec![
        start(&json!({"input_tokens": 21, "output_tokens": 1})),
        json!({"type": "ping"}),
    ];
    events.extend(blocks);
    events.extend(end(reason, &json!({"output_tokens": 6})));
    stream(&events)
}

fn text_stream() -> Answer {
    let mut events = vec![begin(0, &text_block(""))];
    events.extend(PIECES.map(|piece| delta(0, &json!({"type": "text_delta", "text": piece}))));
    events.push(stop(0));
    blocks(events, "end_turn")
}

fn tool_stream(count: usize) -> Answer {
    let mut events = Vec::new();
    for place in 0..count {
        let mut block = tool_use(place);
        block["input"] = json!({});
        events.push(begin(place, &block));
        let input = input(place).to_string();
        let (first, second) = input.split_at(5);
        for piece in ["", first, second] {
            let part = json!({"type": "input_json_delta", "partial_json": piece});
            events.push(delta(place, &part));
        }
        events.push(stop(place));
    }
    blocks(events, "tool_use")
}

fn signed() -> Said {
    super::reasoning()
        .with_signature(SIGNATURE)
        .with_finish(FinishReason::Stop)
}

fn reasoning() -> Answer {
    let thinking = json!({
        "type": "thinking",
        "thinking": "Where does it rain?",
        "signature": SIGNATURE,
    });
    whole(&[thinking, text_block("Bergen.")], "end_turn")
}

fn reasoning_stream() -> Answer {
    let thinking = |text: &str| delta(0, &json!({"type": "thinking_delta", "thinking": text}));
    let events = vec![
        begin(
            0,
            &json!({"type": "thinking", "thinking": "", "signature": ""}),
        ),
        thinking("Where does "),
        thinking("it rain?"),
        delta(
            0,
            &json!({"type": "signature_delta", "signature": SIGNATURE}),
        ),
        stop(0),
        begin(1, &text_block("")),
        delta(1, &json!({"type": "text_delta", "text": "Bergen."})),
        stop(1),
    ];
    blocks(events, "end_turn")
}

/// The format counts what was cached apart from the input, and thinking within the output.
fn counted() -> Said {
    let mut usage = Usage::new(100, 40);
    usage.cached_input_tokens = Some(60);
    usage.cache_write_tokens = Some(10);
    Said::text("Counted.").with_usage(usage)
}

fn read() -> Value {
    json!({
        "input_tokens": 30,
        "cache_read_input_tokens": 60,
        "cache_creation_input_tokens": 10,
        "output_tokens": 1,
    })
}

fn usage() -> Answer {
    let mut usage = read();
    usage["output_tokens"] = 40.into();
    message(&[text_block("Counted.")], "end_turn", &usage)
}

fn usage_stream() -> Answer {
    let mut events = vec![start(&read()), begin(0, &text_block(""))];
    events.push(delta(0, &json!({"type": "text_delta", "text": "Counted."})));
    events.push(stop(0));
    // Figures of the output are cumulative: the last word counts, nothing is added up.
    events.extend(end("end_turn", &json!({"output_tokens": 40})));
    stream(&events)
}

fn stream_error() -> Answer {
    let events = [
        start(&json!({"input_tokens": 21, "output_tokens": 1})),
        begin(0, &text_block("")),
        delta(0, &json!({"type": "text_delta", "text": "Grü"})),
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    ];
    stream(&events).says(Said::text("Grü"))
}

fn models() -> Answer {
    let model = |id: &str| {
        json!({
            "type": "model", "id": id, "display_name": id, "created_at": "2025-02-19T00:00:00Z",
        })
    };
    Answer::json(&json!({
        "data": [model("acme-large"), model("acme-small")],
        "first_id": "acme-large",
        "last_id": "acme-small",
        "has_more": false,
    }))
}

fn native_request() -> Value {
    json!({
        "max_tokens": 99,
        "model": "conformance-asked-model",
        "messages": [{"role": "user", "content": "as in the body"}],
        "temperature": 0.5,
    })
}
