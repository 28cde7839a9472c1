//! What Bedrock's Converse and ConverseStream answer. Written by hand from their public reference.

use interline::bedrock::{EventMessage, FORMAT};
use interline::{FinishReason, Usage};
use interline_testkit::conformance::{Answer, Answers, Said, Slot};
use serde_json::{Value, json};

const TOOL: &str = "lookup";
const CITIES: [&str; 2] = ["Bergen", "Oslo"];

pub(crate) fn answers() -> Answers {
    let text = || Said::text("Grüße!").with_finish(FinishReason::Stop);
    let thought = || {
        Said::text("Bergen.")
            .with_reasoning("Where does it rain?")
            .with_signature("proof-1")
    };
    let schema = json!({"city": "Bergen"}).to_string();
    let counted = || Said::text("Counted.").with_usage(usage());
    let vectors = vec![vec![0.25, -0.5, 0.75], vec![0.0, 1.0, -0.5]];
    Answers::new(|_, message| Answer::json(&json!({"message": message})))
        .with(
            Slot::Text,
            whole(&[said("Grüße!")], "end_turn").says(text()),
        )
        .with(
            Slot::TextStream,
            stream(&pieces(0, &["Grü", "ße!"]), "end_turn").says(text()),
        )
        .with(Slot::Tool, tools(1).says(called(1)))
        .with(Slot::ToolStream, tool_stream(1).says(called(1)))
        .with(Slot::ParallelTools, tools(2).says(called(2)))
        .with(Slot::ParallelToolsStream, tool_stream(2).says(called(2)))
        .with(
            Slot::Structured,
            whole(&[said(&schema)], "end_turn").says(Said::text(schema.clone())),
        )
        .with(Slot::Reasoning, reasoning().says(thought()))
        .with(Slot::ReasoningStream, reasoning_stream().says(thought()))
        .with(
            Slot::Usage,
            whole(&[said("Counted.")], "end_turn").says(counted()),
        )
        .with(
            Slot::UsageStream,
            stream(&pieces(0, &["Counted."]), "end_turn").says(counted()),
        )
        .with(Slot::StreamError, stream_error())
        .with(
            Slot::Health,
            Answer::json(&json!({"asyncInvokeSummaries": []})),
        )
        .with(
            Slot::Models,
            Answer::json(&json!({"modelSummaries": [{"modelId": "acme-large"}]}))
                .says(Said::models(["acme-large"])),
        )
        .with(
            Slot::Embeddings,
            Answer::json(&json!({"id": "conformance", "embeddings": vectors}))
                .says(Said::embeddings(vectors)),
        )
        .with(
            Slot::TokenCount,
            Answer::json(&json!({"inputTokens": 42})).says(Said::tokens(42)),
        )
        .with_native_request(
            FORMAT,
            json!({
                "messages": [{"role": "user", "content": [{"text": "as in the body"}]}],
                "inferenceConfig": {"temperature": 0.5},
                "performanceConfig": {"latency": "optimized"},
            }),
        )
}

fn said(text: &str) -> Value {
    json!({"text": text})
}

fn tokens() -> Value {
    json!({
        "inputTokens": 11, "outputTokens": 9, "totalTokens": 80,
        "cacheReadInputTokens": 40, "cacheWriteInputTokens": 20,
    })
}

/// What was cached is part of what was read.
fn usage() -> Usage {
    let mut usage = Usage::new(71, 9);
    usage.cached_input_tokens = Some(40);
    usage.cache_write_tokens = Some(20);
    usage
}

fn whole(content: &[Value], stop: &str) -> Answer {
    Answer::json(&json!({
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop, "usage": tokens(), "metrics": {"latencyMs": 1},
    }))
}

fn id(place: usize) -> String {
    format!("tooluse_{place}")
}

fn called(count: usize) -> Said {
    (0..count).fold(
        Said::default().with_finish(FinishReason::ToolCalls),
        |said, place| said.with_tool_call(TOOL, json!({"city": CITIES[place]})),
    )
}

fn tools(count: usize) -> Answer {
    let call = |place| {
        let input = json!({"city": CITIES[place]});
        json!({"toolUse": {"toolUseId": id(place), "name": TOOL, "input": input}})
    };
    let calls: Vec<Value> = (0..count).map(call).collect();
    whole(&calls, "tool_use")
}

fn reasoning() -> Answer {
    let thought = json!({"text": "Where does it rain?", "signature": "proof-1"});
    let thought = json!({"reasoningContent": {"reasoningText": thought}});
    whole(&[thought, said("Bergen.")], "end_turn")
}

fn event(name: &str, payload: &Value) -> EventMessage {
    EventMessage::event(name, payload.to_string())
}

fn delta(block: usize, delta: &Value) -> EventMessage {
    event(
        "contentBlockDelta",
        &json!({"contentBlockIndex": block, "delta": delta, "p": "abc"}),
    )
}

fn end(block: usize) -> EventMessage {
    event("contentBlockStop", &json!({"contentBlockIndex": block}))
}

fn pieces(block: usize, texts: &[&str]) -> Vec<EventMessage> {
    let deltas = texts.iter().map(|text| delta(block, &said(text)));
    deltas.chain([end(block)]).collect()
}

fn body(messages: &[EventMessage]) -> Answer {
    let start = event("messageStart", &json!({"role": "assistant"}));
    let bytes: Vec<u8> = std::iter::once(&start)
        .chain(messages)
        .flat_map(|message| message.to_bytes().expect("a short message"))
        .collect();
    Answer::new(200, "application/vnd.amazon.eventstream", bytes)
}

fn stream(blocks: &[EventMessage], stop: &str) -> Answer {
    let last = [
        event("messageStop", &json!({"stopReason": stop})),
        event("metadata", &json!({"usage": tokens(), "metrics": {}})),
    ];
    body(&[blocks, &last].concat()).with_terminal("messageStop")
}

fn tool_stream(count: usize) -> Answer {
    let mut events = Vec::new();
    for (place, city) in CITIES.iter().enumerate().take(count) {
        let tool = json!({"toolUse": {"toolUseId": id(place), "name": TOOL}});
        events.push(event(
            "contentBlockStart",
            &json!({"contentBlockIndex": place, "start": tool}),
        ));
        let arguments = json!({"city": city}).to_string();
        let (first, second) = arguments.split_at(5);
        for piece in ["", first, second] {
            events.push(delta(place, &json!({"toolUse": {"input": piece}})));
        }
        events.push(end(place));
    }
    stream(&events, "tool_use")
}

fn reasoning_stream() -> Answer {
    let thought = |key: &str, text: &str| delta(0, &json!({"reasoningContent": {key: text}}));
    let mut events = vec![
        thought("text", "Where does "),
        thought("text", "it rain?"),
        thought("signature", "proof-1"),
        end(0),
    ];
    events.extend(pieces(1, &["Bergen."]));
    stream(&events, "end_turn")
}

fn stream_error() -> Answer {
    let told = r#"{"message":"overloaded"}"#;
    body(&[
        delta(0, &said("Grü")),
        EventMessage::exception("serviceUnavailableException", told),
    ])
}
