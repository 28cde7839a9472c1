//! Rules of writing a stream. All events here are hand-written.

use interline_core::{FormatId, Part, Signature};

use super::*;

const FOREIGN: FormatId = FormatId::from_static("other.format");

fn text(text: &str) -> StreamEvent {
    StreamEvent::Text {
        choice: 0,
        text: text.into(),
    }
}

fn thought(text: &str) -> StreamEvent {
    StreamEvent::Reasoning {
        choice: 0,
        text: text.into(),
    }
}

fn started() -> StreamEvent {
    StreamEvent::Started {
        id: Some("chatcmpl-1".into()),
        model: Some("gpt".into()),
        created: None,
    }
}

fn finished(reason: FinishReason) -> StreamEvent {
    StreamEvent::Finished {
        choice: 0,
        reason,
        stop_sequence: None,
    }
}

fn tool_start(index: u32) -> StreamEvent {
    StreamEvent::ToolCallStart {
        choice: 0,
        index,
        id: format!("call_{index}"),
        name: "add".into(),
    }
}

fn tool_delta(index: u32, arguments: &str) -> StreamEvent {
    StreamEvent::ToolCallDelta {
        choice: 0,
        index,
        arguments: arguments.into(),
    }
}

/// What a stream of single-event frames looks like to the caller, one line per event.
fn encode(events: &[StreamEvent]) -> Vec<Value> {
    let mut encoder = StreamEncoder::new(StreamOptions::default());
    events
        .iter()
        .flat_map(|event| encoder.encode(&Frame::of([event.clone()])))
        .map(|raw| {
            let value: Value = serde_json::from_slice(&raw.data).expect("JSON");
            assert_eq!(raw.event.as_deref(), value["type"].as_str());
            value
        })
        .collect()
}

/// The types of the events, with index and delta type where they have one.
fn outline(events: &[Value]) -> Vec<String> {
    let line = |event: &Value| {
        let kind = event["type"].as_str().expect("a type");
        let kind = kind.trim_start_matches("content_");
        let detail = event["delta"]["type"]
            .as_str()
            .or(event["content_block"]["type"].as_str())
            .unwrap_or_default();
        match event["index"].as_u64() {
            Some(index) => format!("{kind} {index} {detail}").trim_end().to_owned(),
            None => kind.to_owned(),
        }
    };
    events.iter().map(line).collect()
}

#[test]
fn blocks_begin_and_end_around_what_they_hold() {
    let events = encode(&[
        started(),
        thought("hm"),
        text("a"),
        text("b"),
        tool_start(0),
        tool_delta(0, "{\"x\":"),
        tool_delta(0, "1}"),
        tool_start(1),
        tool_delta(1, "{}"),
        finished(FinishReason::ToolCalls),
        StreamEvent::Usage(Usage::new(10, 5)),
        StreamEvent::End,
    ]);
    assert_eq!(
        outline(&events),
        [
            "message_start",
            "block_start 0 thinking",
            "block_delta 0 thinking_delta",
            "block_stop 0",
            "block_start 1 text",
            "block_delta 1 text_delta",
            "block_delta 1 text_delta",
            "block_stop 1",
            "block_start 2 tool_use",
            "block_delta 2 input_json_delta",
            "block_delta 2 input_json_delta",
            "block_stop 2",
            "block_start 3 tool_use",
            "block_delta 3 input_json_delta",
            "block_stop 3",
            "message_delta",
            "message_stop",
        ]
    );
    let end = &events[events.len() - 2];
    assert_eq!(
        end["delta"],
        json!({"stop_reason": "tool_use", "stop_sequence": null})
    );
    assert_eq!(end["usage"]["input_tokens"], 10);
    assert_eq!(end["usage"]["output_tokens"], 5);
    assert_eq!(events[0]["message"]["usage"]["input_tokens"], 0);
    assert_eq!(events[0]["message"]["id"], "chatcmpl-1");
}

#[test]
fn a_stream_that_starts_with_content_gets_a_start() {
    let mut encoder = StreamEncoder::new(
        StreamOptions::default()
            .with_model("chat")
            .with_message_id("msg_9"),
    );
    let frames = encoder.encode(&Frame::of([text("a")]));
    let start: Value = serde_json::from_slice(&frames[0].data).expect("JSON");
    assert_eq!(start["message"]["model"], "chat");
    assert_eq!(start["message"]["id"], "msg_9");
}

#[test]
fn late_arguments_reach_their_own_call() {
    let events = encode(&[
        tool_start(0),
        tool_delta(0, "{\"x\":"),
        tool_start(1),
        tool_delta(1, "{}"),
        tool_delta(0, "1}"),
    ]);
    let last = events.last().expect("events");
    assert_eq!(last["index"], 0);
    assert_eq!(last["delta"]["partial_json"], "1}");
}

#[test]
fn signatures_close_their_thinking_and_foreign_ones_are_sealed() {
    let signature = |format| StreamEvent::ReasoningSignature {
        choice: 0,
        signature: Signature::new(format, "sig"),
    };
    let events = encode(&[
        started(),
        thought("a"),
        signature(FORMAT),
        thought("b"),
        signature(FOREIGN),
    ]);
    assert_eq!(
        outline(&events),
        [
            "message_start",
            "block_start 0 thinking",
            "block_delta 0 thinking_delta",
            "block_delta 0 signature_delta",
            "block_stop 0",
            "block_start 1 thinking",
            "block_delta 1 thinking_delta",
            "block_delta 1 signature_delta",
            "block_stop 1",
        ]
    );
    let proofs = events
        .iter()
        .filter_map(|event| event["delta"]["signature"].as_str());
    let proofs: Vec<&str> = proofs.collect();
    let sealed = format!("interline.signature.1:{FOREIGN}:sig");
    assert_eq!(proofs, ["sig", sealed.as_str()]);
}

#[test]
fn whole_parts_of_this_format_are_whole_blocks_and_foreign_ones_are_dropped() {
    let part = |format| StreamEvent::Part {
        choice: 0,
        part: Part::other(format, json!({"type": "server_tool_use", "id": "s"})),
    };
    let events = encode(&[started(), part(FOREIGN), text("a"), part(FORMAT), text("b")]);
    assert_eq!(
        outline(&events),
        [
            "message_start",
            "block_start 0 text",
            "block_delta 0 text_delta",
            "block_stop 0",
            "block_start 1 server_tool_use",
            "block_stop 1",
            "block_start 2 text",
            "block_delta 2 text_delta",
        ]
    );
}

#[test]
fn only_the_first_choice_is_told() {
    let other = StreamEvent::Text {
        choice: 1,
        text: "other".into(),
    };
    assert!(encode(&[other]).is_empty());
}

#[test]
fn an_error_is_the_last_event() {
    let mut encoder = StreamEncoder::new(StreamOptions::default());
    encoder.encode(&Frame::of([started(), text("a")]));
    let body = json!({"type": "error", "error": {"type": "api_error", "message": "cut"}});
    let frames = encoder.error(&body);
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0].event.as_deref(), Some("error"));
    assert!(encoder.error(&body).is_empty());
    assert!(
        encoder
            .encode(&Frame::of([text("b"), StreamEvent::End]))
            .is_empty()
    );
}

fn raw_start() -> Frame {
    let data = r#"{"type":"message_start","message":{"x": 1.0, "model":"claude","id":"msg_1"}}"#;
    Frame::new(
        RawFrame::new(FORMAT, Some("message_start".into()), Bytes::from(data)),
        vec![StreamEvent::Started {
            id: Some("msg_1".into()),
            model: Some("claude".into()),
            created: None,
        }],
    )
}

#[test]
fn frames_of_this_format_pass_unchanged_until_the_end() {
    let mut encoder = StreamEncoder::new(StreamOptions::default().with_model("claude"));
    let start = raw_start();
    assert_eq!(encoder.encode(&start), [start.raw.clone().expect("raw")]);
    let stop = RawFrame::new(FORMAT, Some("message_stop".into()), Bytes::from("{}"));
    let end = Frame::new(stop.clone(), vec![StreamEvent::End]);
    assert_eq!(encoder.encode(&end), [stop]);
    assert!(encoder.encode(&end).is_empty());
}

#[test]
fn a_passing_start_is_renamed_where_asked() {
    let mut encoder = StreamEncoder::new(StreamOptions::default().with_model("chat"));
    let frames = encoder.encode(&raw_start());
    assert_eq!(
        frames[0].data,
        r#"{"type":"message_start","message":{"x":1.0,"model":"chat","id":"msg_1"}}"#
    );
}
