//! Streams written by hand after Cohere's documentation.

use interline_core::ErrorKind;
use proptest::prelude::{any, prop, proptest};

use super::*;

fn event(value: &Value) -> SseEvent {
    let name = value["type"].as_str().map(str::to_owned);
    SseEvent::new(name, value.to_string())
}

/// The events of a stream, and how it ended.
fn read(stream: &[Value]) -> (Vec<StreamEvent>, Result<()>) {
    let mut decoder = StreamDecoder::new();
    let mut events = Vec::new();
    for value in stream {
        match decoder.push(event(value)) {
            Ok(frame) => events.extend(frame.events),
            Err(error) => return (events, Err(error)),
        }
    }
    let end = decoder.finish();
    (events, end)
}

fn start() -> Value {
    json!({"type": "message-start", "id": "r1", "delta": {"message": {
        "role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}}})
}

fn text(text: &str) -> Value {
    json!({"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": text}}}})
}

fn call(kind: &str, index: u32, call: &Value) -> Value {
    json!({"type": kind, "index": index, "delta": {"message": {"tool_calls": call}}})
}

fn end(reason: &str) -> Value {
    json!({"type": "message-end", "delta": {"finish_reason": reason, "usage": {
        "tokens": {"input_tokens": 5, "output_tokens": 2}}}})
}

#[test]
fn the_model_is_the_one_that_was_asked() {
    let mut decoder = StreamDecoder::new().with_model("command-a");
    let frame = decoder.push(event(&start())).expect("a good event");
    let started = StreamEvent::Started {
        id: Some("r1".into()),
        model: Some("command-a".into()),
        created: None,
    };
    assert_eq!(frame.events, [started]);
}

#[test]
fn a_plan_and_calls_stream_in_order() {
    let begin = |id: &str, name: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": ""}});
    let more = |text: &str| json!({"function": {"arguments": text}});
    let (events, ending) = read(&[
        start(),
        json!({"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I will"}}}),
        call("tool-call-start", 0, &begin("a", "f")),
        call("tool-call-delta", 0, &more("{\"x\"")),
        call("tool-call-delta", 0, &more(":1}")),
        json!({"type": "tool-call-end", "index": 0}),
        call("tool-call-start", 1, &json!([begin("b", "g")])),
        json!({"type": "tool-call-end", "index": 1}),
        end("TOOL_CALL"),
    ]);
    ending.expect("complete");
    let begun = |index, id: &str, name: &str| StreamEvent::ToolCallStart {
        choice: 0,
        index,
        id: id.to_owned(),
        name: name.to_owned(),
    };
    let piece = |arguments: &str| StreamEvent::ToolCallDelta {
        choice: 0,
        index: 0,
        arguments: arguments.to_owned(),
    };
    assert_eq!(
        events[1..6],
        [
            StreamEvent::Reasoning {
                choice: 0,
                text: "I will".to_owned()
            },
            begun(0, "a", "f"),
            piece("{\"x\""),
            piece(":1}"),
            begun(1, "b", "g"),
        ]
    );
    assert!(matches!(
        &events[6],
        StreamEvent::Finished {
            reason: FinishReason::ToolCalls,
            ..
        }
    ));
    assert_eq!(events.last(), Some(&StreamEvent::End));
}

#[test]
fn thinking_text_citations_and_figures_are_kept_apart() {
    let cited = json!({"start": 0, "end": 1, "text": "a", "sources": []});
    let (events, _) = read(&[
        start(),
        json!({"type": "content-start", "index": 0,
               "delta": {"message": {"content": {"type": "thinking", "thinking": "h"}}}}),
        json!({"type": "content-delta", "index": 0,
               "delta": {"message": {"content": {"thinking": "m"}}}}),
        text("a"),
        json!({"type": "citation-start", "index": 0, "delta": {"message": {"citations": cited}}}),
        json!({"type": "content-delta", "index": 1, "logprobs": {"logprobs": [-0.5]},
               "delta": {"message": {"content": {"text": "b"}}}}),
    ]);
    let said = |event: &StreamEvent| match event {
        StreamEvent::Reasoning { text, .. } => format!("~{text}"),
        StreamEvent::Text { text, .. } => text.clone(),
        StreamEvent::Part { part, .. } => part
            .extra
            .get(&FORMAT, CITATIONS)
            .expect("citations")
            .to_string(),
        StreamEvent::Logprobs { .. } => "#".to_owned(),
        other => format!("{other:?}"),
    };
    let said: Vec<String> = events.iter().skip(1).map(said).collect();
    assert_eq!(
        said,
        ["~h", "~m", "a", &json!([cited]).to_string(), "b", "#"]
    );
}

#[track_caller]
fn fails(stream: &[Value], kind: ErrorKind, phase: Phase) {
    let (_, ending) = read(stream);
    let error = ending.expect_err("failed");
    assert_eq!((error.kind(), error.phase()), (kind, phase), "{error}");
}

#[test]
fn a_stream_without_its_end_was_cut() {
    fails(&[start()], ErrorKind::Protocol, Phase::BeforeOutput);
    fails(
        &[start(), text("a")],
        ErrorKind::Protocol,
        Phase::AfterOutput,
    );
    let mut decoder = StreamDecoder::new();
    let error = decoder
        .push(SseEvent::new(None, "[DONE]"))
        .expect_err("cut");
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[test]
fn a_failed_ending_is_an_error_with_the_vendors_words() {
    fails(
        &[start(), end("ERROR")],
        ErrorKind::Unavailable,
        Phase::BeforeOutput,
    );
    fails(
        &[start(), text("a"), end("ERROR")],
        ErrorKind::Unavailable,
        Phase::AfterOutput,
    );
    let told = json!({"type": "message-end",
        "delta": {"finish_reason": "ERROR", "error": "the model is gone"}});
    let (_, ending) = read(&[start(), told]);
    assert_eq!(ending.expect_err("failed").message(), "the model is gone");
}

#[test]
fn an_error_inside_the_stream_is_what_it_says() {
    let error = json!({"id": "1", "message": "the model is overloaded"});
    fails(
        &[start(), error],
        ErrorKind::Overloaded,
        Phase::BeforeOutput,
    );
}

#[test]
fn what_breaks_the_format_is_named() {
    fails(&[json!([])], ErrorKind::Protocol, Phase::BeforeOutput);
    let stray = call(
        "tool-call-delta",
        3,
        &json!({"function": {"arguments": "x"}}),
    );
    fails(&[stray], ErrorKind::Protocol, Phase::BeforeOutput);
    fails(
        &[json!({"type": "message-end"})],
        ErrorKind::Protocol,
        Phase::BeforeOutput,
    );
}

#[test]
fn an_answer_in_one_piece_is_streamed_as_such() {
    let body = json!({"id": "r", "finish_reason": "COMPLETE", "message": {
        "role": "assistant", "content": [{"type": "text", "text": "Hi."}],
        "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}],
        "citations": [{"start": 0}]}});
    let mut decoder = StreamDecoder::new();
    let frame = decoder
        .push(SseEvent::bare_json(body.to_string()))
        .expect("read");
    assert!(frame.is_end() && frame.raw.is_none());
    assert_eq!(frame.events.len(), 8, "{frame:?}");
    decoder.finish().expect("complete");
}

#[test]
fn calls_without_end_are_refused() {
    let mut decoder = StreamDecoder::new();
    let begin = json!({"id": "a", "function": {"name": "f"}});
    let mut refused = None;
    for index in 0..=MAX_CALLS {
        refused = decoder
            .push(event(&call("tool-call-start", index, &begin)))
            .err();
    }
    let error = refused.expect("too many");
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(events in prop::collection::vec(any::<Vec<u8>>(), 0..8)) {
        let mut decoder = StreamDecoder::new();
        for data in events {
            let _ = decoder.push(SseEvent::new(None, data));
        }
        let _ = decoder.finish();
    }
}
