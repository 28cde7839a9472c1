//! Tests of the stream decoder, over hand-written streams.

use interline_core::{ErrorKind, Signature, Usage};
use serde_json::json;

use super::*;

fn event(value: &Value) -> SseEvent {
    SseEvent::new(None, value.to_string())
}

fn text(text: &str) -> Value {
    json!({"responseId": "r", "modelVersion": "m",
        "candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}]})
}

fn end(parts: &Value) -> Value {
    json!({"responseId": "r", "candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2}})
}

/// The events of a stream that ends well, without its start.
fn events(steps: &[Value]) -> Vec<StreamEvent> {
    let mut decoder = StreamDecoder::new();
    let mut events: Vec<StreamEvent> = steps
        .iter()
        .flat_map(|step| decoder.push(event(step)).expect("a good step").events)
        .collect();
    events.extend(decoder.finish().expect("complete").events);
    assert!(matches!(events.remove(0), StreamEvent::Started { .. }));
    events
}

fn finished(reason: FinishReason) -> StreamEvent {
    StreamEvent::Finished {
        choice: 0,
        reason,
        stop_sequence: None,
    }
}

fn said(text: &str) -> StreamEvent {
    StreamEvent::Text {
        choice: 0,
        text: text.to_owned(),
    }
}

fn signed(signature: &str) -> StreamEvent {
    StreamEvent::ReasoningSignature {
        choice: 0,
        signature: Signature::new(FORMAT, signature),
    }
}

#[test]
fn steps_become_events_and_reasons_come_with_the_end() {
    assert_eq!(
        events(&[
            text("Hel"),
            text("lo"),
            end(&json!([{"text": "", "thoughtSignature": "s"}]))
        ]),
        [
            said("Hel"),
            said("lo"),
            signed("s"),
            StreamEvent::Usage(Usage::new(3, 2)),
            finished(FinishReason::Stop),
            StreamEvent::End,
        ]
    );
}

#[test]
fn calls_come_whole_with_a_made_id_and_their_signature_first() {
    let call = |signature: Value| json!({"functionCall": {"name": "add", "args": {"a": 1}}, "thoughtSignature": signature});
    let start = |index, id: &str| StreamEvent::ToolCallStart {
        choice: 0,
        index,
        id: id.to_owned(),
        name: "add".to_owned(),
    };
    let delta = |index| StreamEvent::ToolCallDelta {
        choice: 0,
        index,
        arguments: r#"{"a":1}"#.to_owned(),
    };
    let steps = [
        json!({"responseId": "r", "candidates": [{"content": {"parts": [call(json!("s"))]}}]}),
        json!({"candidates": [{"content": {"parts": [call(Value::Null)]}, "finishReason": "STOP"}]}),
    ];
    assert_eq!(
        events(&steps),
        [
            signed("s"),
            start(0, "gcall_r_0"),
            delta(0),
            start(1, "gcall_r_1"),
            delta(1),
            finished(FinishReason::ToolCalls),
            StreamEvent::End,
        ]
    );
}

#[test]
fn a_reason_in_every_step_ends_the_answer_once() {
    let last = events(&[end(&json!([{"text": "a"}])), end(&json!([{"text": "b"}]))]);
    let ends = last
        .iter()
        .filter(|event| matches!(event, StreamEvent::Finished { .. }));
    assert_eq!(ends.count(), 1);
}

#[test]
fn an_array_is_read_step_by_step() {
    let steps = [text("Hel"), text("lo"), end(&json!([]))];
    let mut decoder = StreamDecoder::new();
    let frame = decoder
        .push(SseEvent::bare_json(json!(steps).to_string()))
        .expect("a good array");
    let mut read = frame.events;
    read.extend(decoder.finish().expect("complete").events);
    assert_eq!(read[1..], events(&steps));
}

#[test]
fn facts_about_the_text_follow_it() {
    let steps = [json!({"responseId": "r", "candidates": [{
        "content": {"parts": [{"text": "a"}]}, "finishReason": "STOP", "groundingMetadata": {},
        "urlContextMetadata": {"x": 1}, "finishMessage": "m"}]})];
    let about = json!({"urlContextMetadata": {"x": 1}});
    let about = format::extra(about.as_object().expect("an object").clone());
    let part = Part::text("").with_extra(about);
    assert_eq!(events(&steps)[1], StreamEvent::Part { choice: 0, part });
}

#[test]
fn a_blocked_prompt_ends_filtered() {
    let steps = [json!({"promptFeedback": {"blockReason": "SAFETY"}})];
    assert_eq!(
        events(&steps),
        [finished(FinishReason::ContentFilter), StreamEvent::End]
    );
}

#[track_caller]
fn check_cut(steps: &[Value], phase: Phase) {
    let mut decoder = StreamDecoder::new();
    for step in steps {
        decoder.push(event(step)).expect("a good step");
    }
    let error = decoder.finish().expect_err("cut");
    assert_eq!((error.kind(), error.phase()), (ErrorKind::Protocol, phase));
}

#[test]
fn a_stream_without_every_reason_was_cut() {
    check_cut(&[], Phase::BeforeOutput);
    check_cut(
        &[json!({"usageMetadata": {"promptTokenCount": 1}})],
        Phase::BeforeOutput,
    );
    check_cut(&[text("Hel")], Phase::AfterOutput);
    let two = json!({"candidates": [
        {"index": 0, "content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"},
        {"index": 1, "content": {"parts": [{"text": "b"}]}},
    ]});
    check_cut(&[two], Phase::AfterOutput);
}

#[test]
fn an_error_in_the_stream_is_what_it_says() {
    let overloaded = json!({"error": {"code": 503, "status": "UNAVAILABLE",
        "message": "The model is overloaded. Please try again later."}});
    let mut decoder = StreamDecoder::new();
    let error = decoder.push(event(&overloaded)).expect_err("an error");
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    assert_eq!(error.phase(), Phase::BeforeOutput);
    let array = json!([text("Hel"), overloaded]);
    let frame = decoder.push(event(&array)).expect("content first");
    assert_eq!(frame.events.last(), Some(&said("Hel")));
    let error = decoder.finish().expect_err("an error");
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    assert_eq!(error.phase(), Phase::AfterOutput);
}

#[test]
fn a_broken_step_names_its_place_and_a_foreign_end_is_ignored() {
    let mut decoder = StreamDecoder::new();
    let error = decoder
        .push(event(
            &json!({"candidates": [{"content": {"parts": ["x"]}}]}),
        ))
        .expect_err("a broken step");
    assert_eq!(
        error.message(),
        "a step of the stream: candidates[0].content.parts[0]: must be an object"
    );
    let frame = decoder
        .push(SseEvent::new(None, "[DONE]"))
        .expect("ignored");
    assert!(frame.events.is_empty());
    let error = decoder.push(SseEvent::new(None, "{")).expect_err("no JSON");
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[test]
fn a_flood_of_candidates_is_stopped() {
    let many: Vec<Value> = (0..300).map(|index| json!({"index": index})).collect();
    let mut decoder = StreamDecoder::new();
    let flood = event(&json!({"candidates": many}));
    decoder
        .push(flood.clone())
        .expect("the start is told first");
    let error = decoder.push(flood).expect_err("a flood");
    assert_eq!(error.kind(), ErrorKind::Protocol);
}
