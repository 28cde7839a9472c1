//! What Cohere's second API answers. Written by hand from its public reference.

use interline::{FinishReason, FormatId, Usage};
use interline_testkit::conformance::{Answer, Answers, Said, Slot};
use serde_json::{Value, json};

const FORMAT: FormatId = FormatId::from_static("cohere.chat");
const TOOL: &str = "lookup";
const CITIES: [&str; 2] = ["Bergen", "Oslo"];

pub(crate) fn answers() -> Answers {
    let text = || Said::text("Grüße!").with_finish(FinishReason::Stop);
    let thought = || Said::text("Bergen.").with_reasoning("Where does it rain?");
    let schema = json!({"city": "Bergen"}).to_string();
    let counted = || Said::text("Counted.").with_usage(usage());
    let models = || {
        Answer::json(&json!({"models": [{"name": "acme-large", "endpoints": ["chat"]}]}))
            .says(Said::models(["acme-large"]))
    };
    Answers::new(|_, message| Answer::json(&json!({"id": "conformance", "message": message})))
        .with(
            Slot::Text,
            whole(&[said("Grüße!")], "COMPLETE").says(text()),
        )
        .with(
            Slot::TextStream,
            stream(&pieces(&["Grü", "ße!"]), "COMPLETE").says(text()),
        )
        .with(Slot::Tool, tools(1).says(called(1)))
        .with(Slot::ToolStream, tool_stream(1).says(called(1)))
        .with(Slot::ParallelTools, tools(2).says(called(2)))
        .with(Slot::ParallelToolsStream, tool_stream(2).says(called(2)))
        .with(
            Slot::Structured,
            whole(&[said(&schema)], "COMPLETE").says(Said::text(schema.clone())),
        )
        .with(
            Slot::Reasoning,
            whole(
                &[
                    json!({"type": "thinking", "thinking": "Where does it rain?"}),
                    said("Bergen."),
                ],
                "COMPLETE",
            )
            .says(thought()),
        )
        .with(Slot::ReasoningStream, reasoning_stream().says(thought()))
        .with(
            Slot::Usage,
            whole(&[said("Counted.")], "COMPLETE").says(counted()),
        )
        .with(
            Slot::UsageStream,
            stream(&pieces(&["Counted."]), "COMPLETE").says(counted()),
        )
        .with(Slot::StreamError, stream_error())
        .with(Slot::Health, models())
        .with(Slot::Models, models())
        .with(Slot::Embeddings, embeddings())
        .with_native_request(
            FORMAT,
            json!({
                "model": "asked",
                "messages": [{"role": "user", "content": "as in the body"}],
                "temperature": 0.5,
            }),
        )
}

fn said(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn tokens() -> Value {
    json!({
        "billed_units": {"input_tokens": 5, "output_tokens": 7},
        "tokens": {"input_tokens": 71, "output_tokens": 9},
    })
}

/// What was billed is less than what was read.
fn usage() -> Usage {
    let mut usage = Usage::new(71, 9);
    usage.billed_input_tokens = Some(5);
    usage.billed_output_tokens = Some(7);
    usage
}

fn answer(message: &Value, finish: &str) -> Answer {
    Answer::json(&json!({
        "id": "conformance", "finish_reason": finish, "message": message, "usage": tokens(),
    }))
}

fn whole(content: &[Value], finish: &str) -> Answer {
    answer(&json!({"role": "assistant", "content": content}), finish)
}

fn call(place: usize) -> Value {
    json!({"id": format!("lookup_{place}"), "type": "function", "function": {
        "name": TOOL, "arguments": json!({"city": CITIES[place]}).to_string(),
    }})
}

fn called(count: usize) -> Said {
    (0..count).fold(
        Said::default().with_finish(FinishReason::ToolCalls),
        |said, place| said.with_tool_call(TOOL, json!({"city": CITIES[place]})),
    )
}

fn tools(count: usize) -> Answer {
    let calls: Vec<Value> = (0..count).map(call).collect();
    answer(
        &json!({"role": "assistant", "tool_calls": calls}),
        "TOOL_CALL",
    )
}

fn event(kind: &str, index: usize, message: &Value) -> Value {
    json!({"type": kind, "index": index, "delta": {"message": message}})
}

fn content(index: usize, content: &Value) -> Value {
    event("content-delta", index, &json!({"content": content}))
}

fn pieces(texts: &[&str]) -> Vec<Value> {
    let begin = event(
        "content-start",
        0,
        &json!({"content": {"type": "text", "text": ""}}),
    );
    let deltas = texts.iter().map(|text| content(0, &json!({"text": text})));
    let end = json!({"type": "content-end", "index": 0});
    std::iter::once(begin).chain(deltas).chain([end]).collect()
}

fn stream(events: &[Value], finish: &str) -> Answer {
    let start = json!({"type": "message-start", "id": "conformance", "delta": {"message": {
        "role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": [],
    }}});
    let end = json!({"type": "message-end", "delta": {"finish_reason": finish, "usage": tokens()}});
    let text: String = std::iter::once(&start)
        .chain(events)
        .chain([&end])
        .map(|event| {
            format!(
                "event: {}\ndata: {event}\n\n",
                event["type"].as_str().expect("a type")
            )
        })
        .collect();
    Answer::event_stream(text + "data: [DONE]\n\n").with_terminal("\"message-end\"")
}

fn tool_stream(count: usize) -> Answer {
    let mut events = Vec::new();
    for place in 0..count {
        let mut begun = call(place);
        let arguments = begun["function"]["arguments"]
            .as_str()
            .expect("text")
            .to_owned();
        begun["function"]["arguments"] = "".into();
        events.push(event(
            "tool-call-start",
            place,
            &json!({"tool_calls": begun}),
        ));
        let (first, second) = arguments.split_at(5);
        for piece in [first, second] {
            let call = json!({"function": {"arguments": piece}});
            events.push(event(
                "tool-call-delta",
                place,
                &json!({"tool_calls": call}),
            ));
        }
        events.push(json!({"type": "tool-call-end", "index": place}));
    }
    stream(&events, "TOOL_CALL")
}

fn reasoning_stream() -> Answer {
    let begin = |index, kind: &str| {
        event(
            "content-start",
            index,
            &json!({"content": {"type": kind, kind: ""}}),
        )
    };
    let events = [
        begin(0, "thinking"),
        content(0, &json!({"thinking": "Where does "})),
        content(0, &json!({"thinking": "it rain?"})),
        json!({"type": "content-end", "index": 0}),
        begin(1, "text"),
        content(1, &json!({"text": "Bergen."})),
        json!({"type": "content-end", "index": 1}),
    ];
    stream(&events, "COMPLETE")
}

fn stream_error() -> Answer {
    let events = format!(
        "event: content-delta\ndata: {}\n\nevent: message-end\ndata: {}\n\n",
        content(0, &json!({"text": "Grü"})),
        json!({"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "overloaded"}}),
    );
    Answer::event_stream(events)
}

fn embeddings() -> Answer {
    let vectors = vec![vec![0.25, -0.5, 0.75], vec![0.0, 1.0, -0.5]];
    let body = json!({
        "id": "conformance",
        "embeddings": {"float": vectors},
        "texts": [],
        "meta": {"billed_units": {"input_tokens": 9}},
        "response_type": "embeddings_by_type",
    });
    Answer::json(&body).says(Said::embeddings(vectors))
}
