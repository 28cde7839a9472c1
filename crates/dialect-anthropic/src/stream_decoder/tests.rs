//! Rules of reading a stream. All events here are hand-written.

use interline_core::{ErrorKind, FinishReason, Part, Reasoning, Signature, Usage};
use interline_transport::SseForm;
use serde_json::json;

use super::*;

fn event(value: &Value) -> SseEvent {
    let name = value["type"].as_str().map(str::to_owned);
    SseEvent::new(name, value.to_string())
}

/// All events of a stream that is fine.
fn decode(events: &[Value]) -> Vec<StreamEvent> {
    let mut decoder = StreamDecoder::new();
    events
        .iter()
        .flat_map(|value| decoder.push(event(value)).expect("a good event").events)
        .collect()
}

const fn whole(part: Part) -> StreamEvent {
    StreamEvent::Part { choice: 0, part }
}

fn block_start(index: u64, block: &Value) -> Value {
    json!({"type": "content_block_start", "index": index, "content_block": block})
}

fn block_delta(index: u64, delta: &Value) -> Value {
    json!({"type": "content_block_delta", "index": index, "delta": delta})
}

fn block_stop(index: u64) -> Value {
    json!({"type": "content_block_stop", "index": index})
}

#[test]
fn a_text_answer_is_start_words_usage_finish_and_end() {
    let events = decode(&[
        json!({"type": "message_start", "message": {"id": "msg_1", "model": "m", "content": [],
            "usage": {"input_tokens": 5, "cache_read_input_tokens": 2, "output_tokens": 1}}}),
        json!({"type": "ping"}),
        block_start(0, &json!({"type": "text", "text": ""})),
        block_delta(0, &json!({"type": "text_delta", "text": "Hi"})),
        block_stop(0),
        json!({"type": "message_delta", "usage": {"output_tokens": 4},
            "delta": {"stop_reason": "stop_sequence", "stop_sequence": "END"}}),
        json!({"type": "message_stop"}),
    ]);
    let mut usage = Usage::new(7, 1);
    usage.cached_input_tokens = Some(2);
    let mut last = usage;
    last.output_tokens = Some(4);
    assert_eq!(
        events,
        [
            StreamEvent::Started {
                id: Some("msg_1".into()),
                model: Some("m".into()),
                created: None
            },
            StreamEvent::Usage(usage),
            StreamEvent::Text {
                choice: 0,
                text: "Hi".into()
            },
            StreamEvent::Usage(last),
            StreamEvent::Finished {
                choice: 0,
                reason: FinishReason::Stop,
                stop_sequence: Some("END".into()),
            },
            StreamEvent::End,
        ]
    );
}

#[test]
fn tools_are_counted_apart_from_blocks_and_empty_arguments_are_an_object() {
    let tool = |id: &str| json!({"type": "tool_use", "id": id, "name": "n", "input": {}});
    let events = decode(&[
        block_start(3, &tool("a")),
        block_delta(3, &json!({"type": "input_json_delta", "partial_json": ""})),
        block_delta(
            3,
            &json!({"type": "input_json_delta", "partial_json": "{\"x\":1}"}),
        ),
        block_stop(3),
        block_start(7, &tool("b")),
        block_stop(7),
    ]);
    let start = |index, id: &str| StreamEvent::ToolCallStart {
        choice: 0,
        index,
        id: id.into(),
        name: "n".into(),
    };
    let delta = |index, arguments: &str| StreamEvent::ToolCallDelta {
        choice: 0,
        index,
        arguments: arguments.into(),
    };
    assert_eq!(
        events,
        [
            start(0, "a"),
            delta(0, "{\"x\":1}"),
            start(1, "b"),
            delta(1, "{}")
        ]
    );
}

#[test]
fn a_server_tool_comes_whole_and_is_no_tool_call() {
    let block = json!({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}});
    let events = decode(&[
        block_start(0, &block),
        block_delta(
            0,
            &json!({"type": "input_json_delta", "partial_json": "{\"query\":"}),
        ),
        block_delta(
            0,
            &json!({"type": "input_json_delta", "partial_json": "\"x\"}"}),
        ),
        block_stop(0),
    ]);
    let mut expected = block;
    expected["input"] = json!({"query": "x"});
    assert_eq!(events, [whole(Part::other(FORMAT, expected))]);
}

#[test]
fn thinking_keeps_its_signature_and_hidden_thinking_its_data() {
    let events = decode(&[
        block_start(
            0,
            &json!({"type": "thinking", "thinking": "", "signature": ""}),
        ),
        block_delta(0, &json!({"type": "thinking_delta", "thinking": "hm"})),
        block_delta(0, &json!({"type": "signature_delta", "signature": "sig"})),
        block_stop(0),
        block_start(1, &json!({"type": "redacted_thinking", "data": "xyz"})),
        block_stop(1),
    ]);
    let hidden = Reasoning::redacted(Signature::new(FORMAT, "xyz"));
    assert_eq!(
        events,
        [
            StreamEvent::Reasoning {
                choice: 0,
                text: "hm".into()
            },
            StreamEvent::ReasoningSignature {
                choice: 0,
                signature: Signature::new(FORMAT, "sig")
            },
            whole(Part::reasoning(hidden)),
        ]
    );
}

#[test]
fn pings_and_unknown_events_travel_on_without_meaning() {
    let mut decoder = StreamDecoder::new();
    for value in [
        json!({"type": "ping"}),
        json!({"type": "something_new", "x": 1}),
    ] {
        let frame = decoder.push(event(&value)).expect("no error");
        assert!(frame.events.is_empty());
        assert_eq!(frame.raw.expect("kept").data, value.to_string());
    }
}

fn text_event() -> SseEvent {
    event(&block_delta(0, &json!({"type": "text_delta", "text": "a"})))
}

#[test]
fn an_error_event_keeps_its_kind_and_knows_the_phase() {
    let overloaded = json!({"type": "error",
        "error": {"type": "overloaded_error", "message": "Overloaded"}});
    let mut decoder = StreamDecoder::new();
    let early = decoder.push(event(&overloaded)).expect_err("an error");
    assert_eq!(early.kind(), ErrorKind::Overloaded);
    assert_eq!(early.phase(), Phase::BeforeOutput);
    assert!(early.other_target());

    let mut decoder = StreamDecoder::new();
    decoder.push(text_event()).expect("text");
    let late = decoder.push(event(&overloaded)).expect_err("an error");
    assert_eq!(late.phase(), Phase::AfterOutput);
    assert!(!late.other_target());
}

#[test]
fn a_bare_error_document_in_the_body_is_an_error_too() {
    let bare =
        SseEvent::bare_json(r#"{"type":"error","error":{"type":"api_error","message":"x"}}"#);
    assert_eq!(bare.form, SseForm::BareJson);
    let error = StreamDecoder::new().push(bare).expect_err("an error");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[test]
fn a_stream_without_its_end_was_cut() {
    let mut decoder = StreamDecoder::new();
    assert_eq!(
        decoder.finish().expect_err("cut").phase(),
        Phase::BeforeOutput
    );
    decoder.push(text_event()).expect("text");
    let cut = decoder.finish().expect_err("cut");
    assert_eq!(cut.kind(), ErrorKind::Protocol);
    assert_eq!(cut.phase(), Phase::AfterOutput);
    decoder
        .push(event(&json!({"type": "message_stop"})))
        .expect("the end");
    decoder.finish().expect("complete");
}

#[track_caller]
fn broken(data: &str, message: &str) {
    let error = StreamDecoder::new()
        .push(SseEvent::new(None, data.to_owned()))
        .expect_err(data);
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert_eq!(error.message(), message);
}

#[test]
fn an_event_that_breaks_the_format_is_named() {
    broken("{", "an event of the stream is not JSON");
    broken(
        "[]",
        "stream event an event without a type: must be an object",
    );
    broken(
        r#"{"type":"content_block_delta","index":0}"#,
        "stream event content_block_delta: delta: field required",
    );
    broken(
        r#"{"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta"}}"#,
        "stream event content_block_delta: delta: arguments for block 4, which is no tool call",
    );
}
