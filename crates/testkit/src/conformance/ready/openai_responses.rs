//! OpenAI's Responses. Several choices, embeddings and models are those of its other formats: vendors
//! that have both serve with the other what this one cannot say.

use interline_core::{FinishReason, FormatId};
use serde_json::{Value, json};

use super::{PIECES, TEXT, arguments, other_arguments};
use crate::conformance::requests::TOOL;
use crate::conformance::{Answer, Answers, Said, Slot};

const FORMAT: FormatId = FormatId::from_static("openai.responses");

/// The vendor's thoughts, encrypted.
const SIGNATURE: &str = "Y29uZm9ybWFuY2Utc2lnbmF0dXJl";

pub(in crate::conformance) fn answers() -> Answers {
    let calls = |count: usize| -> Vec<Value> { (0..count).map(call).collect() };
    let structured = [message(&super::structured())];
    let counted = || Said::text("Counted.").with_usage(super::usage());
    super::openai_chat::answers()
        .with(Slot::Text, whole(&[message(TEXT)]).says(super::text()))
        .with(
            Slot::TextStream,
            text_stream(&PIECES, &tokens()).says(super::text()),
        )
        .with(Slot::Tool, whole(&calls(1)).says(super::tool()))
        .with(Slot::ToolStream, tool_stream(1).says(super::tool()))
        .with(
            Slot::ParallelTools,
            whole(&calls(2)).says(super::parallel_tools()),
        )
        .with(
            Slot::ParallelToolsStream,
            tool_stream(2).says(super::parallel_tools()),
        )
        .with(
            Slot::Structured,
            whole(&structured).says(Said::text(super::structured())),
        )
        .with(
            Slot::Reasoning,
            whole(&[thoughts(), message("Bergen.")]).says(signed()),
        )
        .with(Slot::ReasoningStream, reasoning_stream().says(signed()))
        .with(
            Slot::Usage,
            Answer::json(&response(&[message("Counted.")], &all_tokens())).says(counted()),
        )
        .with(
            Slot::UsageStream,
            text_stream(&["Counted."], &all_tokens()).says(counted()),
        )
        .with(Slot::StreamError, stream_error())
        .with_native_request(FORMAT, native_request())
}

fn tokens() -> Value {
    json!({"input_tokens": 21, "output_tokens": 6, "total_tokens": 27})
}

fn all_tokens() -> Value {
    json!({
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": 60},
        "output_tokens": 40,
        "output_tokens_details": {"reasoning_tokens": 25},
        "total_tokens": 140,
    })
}

fn response(output: &[Value], usage: &Value) -> Value {
    json!({
        "id": "resp_conformance",
        "object": "response",
        "created_at": 1_754_000_000,
        "status": "completed",
        "error": null,
        "incomplete_details": null,
        "model": "conformance-model",
        "output": output,
        "usage": usage,
    })
}

fn whole(output: &[Value]) -> Answer {
    Answer::json(&response(output, &tokens()))
}

fn content(text: &str) -> Value {
    json!({"type": "output_text", "text": text, "annotations": []})
}

fn message(text: &str) -> Value {
    json!({
        "type": "message", "id": "msg_conformance", "status": "completed", "role": "assistant",
        "content": [content(text)],
    })
}

fn call(place: usize) -> Value {
    let arguments = if place == 0 {
        arguments()
    } else {
        other_arguments()
    };
    json!({
        "type": "function_call", "id": format!("fc_{place}"), "call_id": format!("call_{place}"),
        "status": "completed", "name": TOOL, "arguments": arguments.to_string(),
    })
}

fn thoughts() -> Value {
    json!({
        "type": "reasoning", "id": "rs_conformance", "encrypted_content": SIGNATURE,
        "summary": [{"type": "summary_text", "text": "Where does it rain?"}],
    })
}

fn signed() -> Said {
    super::reasoning()
        .with_signature(SIGNATURE)
        .with_finish(FinishReason::Stop)
}

/// The events of a stream, named and numbered; the first and the last hold the answer so far.
fn stream(items: Vec<Value>, output: &[Value], usage: &Value) -> Answer {
    let mut begun = response(&[], &Value::Null);
    begun["status"] = "in_progress".into();
    let mut events = vec![
        json!({"type": "response.created", "response": begun}),
        json!({"type": "response.in_progress", "response": begun}),
    ];
    events.extend(items);
    events.push(json!({"type": "response.completed", "response": response(output, usage)}));
    written(events).with_terminal("\"response.completed\"")
}

fn written(events: Vec<Value>) -> Answer {
    let text: String = (0_u64..)
        .zip(events)
        .map(|(number, mut event)| {
            event["sequence_number"] = number.into();
            let name = event
                .get("type")
                .and_then(Value::as_str)
                .unwrap_or_default();
            format!("event: {name}\ndata: {event}\n\n")
        })
        .collect();
    Answer::event_stream(text)
}

/// An item's beginning, without what its deltas tell.
fn added(place: usize, item: &Value, empty: &str) -> Value {
    let mut begun = item.clone();
    begun["status"] = "in_progress".into();
    begun[empty] = match &item[empty] {
        Value::String(_) => "".into(),
        _ => json!([]),
    };
    json!({"type": "response.output_item.added", "output_index": place, "item": begun})
}

fn done(place: usize, item: &Value) -> Value {
    json!({"type": "response.output_item.done", "output_index": place, "item": item})
}

fn spoken(place: usize, pieces: &[&str]) -> Vec<Value> {
    let item = message(&pieces.concat());
    let event = |kind: &str, key: &str, value: Value| {
        json!({
            "type": kind, "item_id": "msg_conformance", "output_index": place,
            "content_index": 0, key: value,
        })
    };
    let mut events = vec![
        added(place, &item, "content"),
        event("response.content_part.added", "part", content("")),
    ];
    let delta = |piece: &&str| event("response.output_text.delta", "delta", (*piece).into());
    events.extend(pieces.iter().map(delta));
    events.push(event(
        "response.output_text.done",
        "text",
        pieces.concat().into(),
    ));
    events.push(event(
        "response.content_part.done",
        "part",
        content(&pieces.concat()),
    ));
    events.push(done(place, &item));
    events
}

fn text_stream(pieces: &[&str], usage: &Value) -> Answer {
    stream(spoken(0, pieces), &[message(&pieces.concat())], usage)
}

fn tool_stream(count: usize) -> Answer {
    let calls: Vec<Value> = (0..count).map(call).collect();
    let mut events = Vec::new();
    for (place, item) in calls.iter().enumerate() {
        let event = |kind: &str, key: &str, text: &str| {
            json!({
                "type": format!("response.function_call_arguments.{kind}"),
                "item_id": item["id"], "output_index": place, key: text,
            })
        };
        let arguments = item["arguments"].as_str().unwrap_or_default();
        let (first, second) = arguments.split_at(5);
        events.push(added(place, item, "arguments"));
        events.push(event("delta", "delta", first));
        events.push(event("delta", "delta", second));
        events.push(event("done", "arguments", arguments));
        events.push(done(place, item));
    }
    stream(events, &calls, &tokens())
}

fn reasoning_stream() -> Answer {
    let item = thoughts();
    let summary = |kind: &str, key: &str, value: Value| {
        json!({
            "type": format!("response.reasoning_summary_{kind}"), "item_id": "rs_conformance",
            "output_index": 0, "summary_index": 0, key: value,
        })
    };
    let part = |text: &str| json!({"type": "summary_text", "text": text});
    let mut events = vec![
        added(0, &item, "summary"),
        summary("part.added", "part", part("")),
        summary("text.delta", "delta", "Where does ".into()),
        summary("text.delta", "delta", "it rain?".into()),
        summary("text.done", "text", "Where does it rain?".into()),
        summary("part.done", "part", part("Where does it rain?")),
        done(0, &item),
    ];
    events.extend(spoken(1, &["Ber", "gen."]));
    stream(events, &[item, message("Bergen.")], &tokens())
}

fn stream_error() -> Answer {
    let begun = json!({"type": "response.created", "response": response(&[], &Value::Null)});
    let mut failed = response(&[], &Value::Null);
    failed["status"] = "failed".into();
    failed["error"] = json!({"code": "server_error", "message": "The server had an error."});
    let mut events = vec![begun];
    events.extend(spoken(0, &["Grü", "ße"]).into_iter().take(3));
    events.push(json!({"type": "response.failed", "response": failed}));
    written(events).says(Said::text("Grü"))
}

fn native_request() -> Value {
    json!({
        "model": "conformance-asked-model",
        "input": [{"type": "message", "role": "user", "content": "as in the body"}],
        "temperature": 0.5,
        "max_output_tokens": 99,
    })
}
