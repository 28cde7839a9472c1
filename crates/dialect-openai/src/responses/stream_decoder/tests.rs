//! Streams that are not recorded; all of them are hand-written from OpenAI's reference.

use interline_core::{ErrorKind, FinishReason, PartKind, Signature, Usage};
use serde_json::json;

use super::*;

fn event(data: &Value) -> SseEvent {
    let name = type_of(data).to_owned();
    SseEvent::new(Some(name), data.to_string())
}

/// The events of a stream up to its end or error.
fn run(steps: &[Value]) -> (Vec<StreamEvent>, Result<()>) {
    let mut decoder = StreamDecoder::new();
    let mut events = Vec::new();
    for step in steps {
        match decoder.push(event(step)) {
            Ok(frame) => {
                assert!(frame.raw.is_some(), "every event travels on");
                events.extend(frame.events);
            }
            Err(error) => return (events, Err(error)),
        }
    }
    (events, decoder.finish().map(drop))
}

#[track_caller]
fn check(steps: &[Value], expected: &[StreamEvent]) {
    let (events, end) = run(steps);
    end.expect("a complete answer");
    assert_eq!(events, expected);
}

fn text(text: &str) -> StreamEvent {
    StreamEvent::Text {
        choice: 0,
        text: text.into(),
    }
}

fn finished(reason: FinishReason) -> StreamEvent {
    StreamEvent::Finished {
        choice: 0,
        reason,
        stop_sequence: None,
    }
}

fn text_delta(delta: &str) -> Value {
    json!({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": delta})
}

fn completed() -> Value {
    json!({"type": "response.completed", "response": {"status": "completed"}})
}

fn started(id: &str) -> StreamEvent {
    StreamEvent::Started {
        id: (!id.is_empty()).then(|| id.to_owned()),
        model: None,
        created: None,
    }
}

#[test]
fn an_answer_begins_is_told_in_deltas_and_ends_with_usage() {
    check(
        &[
            json!({"type": "response.created", "response": {"id": "resp_1", "status": "in_progress"}}),
            json!({"type": "response.in_progress", "response": {"id": "resp_1"}}),
            json!({"type": "response.output_item.added", "output_index": 0,
                   "item": {"type": "message", "content": []}}),
            json!({"type": "keepalive", "sequence_number": 3}),
            text_delta("Hel"),
            text_delta("lo"),
            json!({"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": "Hello"}),
            json!({"type": "response.output_item.done", "output_index": 0, "item":
                   {"type": "message", "content": [{"type": "output_text", "text": "Hello"}]}}),
            json!({"type": "response.completed", "response": {
                   "status": "completed", "usage": {"input_tokens": 3, "output_tokens": 2}}}),
        ],
        &[
            started("resp_1"),
            text("Hel"),
            text("lo"),
            finished(FinishReason::Stop),
            StreamEvent::Usage(Usage::new(3, 2)),
            StreamEvent::End,
        ],
    );
}

#[test]
fn what_no_delta_told_is_told_at_the_end_of_its_item() {
    let start = |index, id: &str| StreamEvent::ToolCallStart {
        choice: 0,
        index,
        id: id.into(),
        name: "f".into(),
    };
    let delta = |index, arguments: &str| StreamEvent::ToolCallDelta {
        choice: 0,
        index,
        arguments: arguments.into(),
    };
    let item = |id: &str, arguments: &str| json!({"type": "function_call", "call_id": id, "name": "f", "arguments": arguments});
    check(
        &[
            text_delta("Hé"),
            json!({"type": "response.output_item.done", "output_index": 0, "item": {"type": "message",
                   "content": [{"type": "output_text", "text": "Hélas"}, {"type": "refusal", "refusal": "No."}]}}),
            json!({"type": "response.output_item.added", "output_index": 1, "item": item("a", "")}),
            json!({"type": "response.output_item.added", "output_index": 2, "item": item("b", "")}),
            json!({"type": "response.function_call_arguments.delta", "output_index": 2, "delta": "{}"}),
            json!({"type": "response.function_call_arguments.done", "output_index": 1, "arguments": "{\"x\":1}"}),
            json!({"type": "response.output_item.done", "output_index": 1, "item": item("a", "{\"x\":1}")}),
            json!({"type": "response.output_item.done", "output_index": 2, "item": item("b", "{}")}),
            json!({"type": "response.output_item.done", "output_index": 3, "item": {
                   "type": "custom_tool_call", "call_id": "c", "name": "f", "input": "plain"}}),
            completed(),
        ],
        &[
            text("Hé"),
            text("las"),
            StreamEvent::Refusal {
                choice: 0,
                text: "No.".into(),
            },
            start(0, "a"),
            start(1, "b"),
            delta(1, "{}"),
            delta(0, "{\"x\":1}"),
            start(2, "c"),
            delta(2, "{\"input\":\"plain\"}"),
            started(""),
            finished(FinishReason::ToolCalls),
            StreamEvent::End,
        ],
    );
}

#[test]
fn thinking_is_told_once_and_signed_by_its_item() {
    let item = json!({"type": "reasoning", "id": "rs_1", "encrypted_content": "gAAA",
                      "summary": [{"type": "summary_text", "text": "Hm."}],
                      "content": [{"type": "reasoning_text", "text": "Hm hm hm."}]});
    check(
        &[
            json!({"type": "response.reasoning_summary_text.delta", "output_index": 0,
                   "summary_index": 0, "delta": "Hm."}),
            json!({"type": "response.reasoning_text.delta", "output_index": 0,
                   "content_index": 0, "delta": "Hm hm hm."}),
            json!({"type": "response.output_item.done", "output_index": 0, "item": item}),
            completed(),
        ],
        &[
            StreamEvent::Reasoning {
                choice: 0,
                text: "Hm.".into(),
            },
            StreamEvent::ReasoningSignature {
                choice: 0,
                signature: Signature::new(FORMAT, item.to_string()),
            },
            started(""),
            finished(FinishReason::Stop),
            StreamEvent::End,
        ],
    );
}

#[test]
fn tools_that_the_vendor_runs_come_whole() {
    let item = json!({"type": "web_search_call", "id": "ws_1", "status": "completed"});
    let (events, end) = run(&[
        json!({"type": "response.output_item.added", "output_index": 0, "item": {"type": "web_search_call"}}),
        json!({"type": "response.web_search_call.searching", "output_index": 0}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": item}),
        completed(),
    ]);
    end.expect("a complete answer");
    let StreamEvent::Part { part, .. } = &events[0] else {
        panic!("{events:?}");
    };
    assert_eq!(
        part.kind,
        PartKind::Other {
            format: FORMAT,
            value: item
        }
    );
}

#[test]
fn a_refusal_is_told_in_deltas() {
    check(
        &[
            json!({"type": "response.refusal.delta", "output_index": 0, "content_index": 0, "delta": "I "}),
            json!({"type": "response.refusal.delta", "output_index": 0, "content_index": 0, "delta": "won't."}),
            json!({"type": "response.refusal.done", "output_index": 0, "content_index": 0, "refusal": "I won't."}),
            completed(),
        ],
        &[
            StreamEvent::Refusal {
                choice: 0,
                text: "I ".into(),
            },
            StreamEvent::Refusal {
                choice: 0,
                text: "won't.".into(),
            },
            started(""),
            finished(FinishReason::Stop),
            StreamEvent::End,
        ],
    );
}

#[test]
fn a_filtered_answer_ends_with_its_reason() {
    let (events, end) = run(&[
        text_delta("Once"),
        json!({"type": "response.incomplete", "response": {
               "status": "incomplete", "incomplete_details": {"reason": "content_filter"}}}),
    ]);
    end.expect("a complete answer");
    assert!(
        events.contains(&finished(FinishReason::ContentFilter)),
        "{events:?}"
    );
}

#[track_caller]
fn check_failure(steps: &[Value], kind: ErrorKind, phase: Phase, message: &str) {
    let (_, end) = run(steps);
    let error = end.expect_err("a failure");
    assert_eq!((error.kind(), error.phase()), (kind, phase), "{error}");
    assert!(error.message().contains(message), "{error}");
}

#[test]
fn failures_are_errors_that_tell_whether_content_came() {
    let failed = json!({"type": "response.failed", "response": {
        "status": "failed", "error": {"code": "server_error", "message": "The model broke."}}});
    let before = Phase::BeforeOutput;
    let after = Phase::AfterOutput;
    let broke = "The model broke.";
    check_failure(
        std::slice::from_ref(&failed),
        ErrorKind::Unavailable,
        before,
        broke,
    );
    check_failure(
        &[text_delta("a"), failed],
        ErrorKind::Unavailable,
        after,
        broke,
    );
    // The reference has the fields beside the type; servers put them into an object.
    check_failure(
        &[
            json!({"type": "error", "code": "rate_limit_exceeded", "message": "Slow.", "param": null}),
        ],
        ErrorKind::RateLimited,
        before,
        "Slow.",
    );
    check_failure(
        &[json!({"type": "error", "error": {"type": "server_error", "message": "Gone."}})],
        ErrorKind::Unavailable,
        before,
        "Gone.",
    );
}

#[test]
fn a_stream_without_its_terminal_event_was_cut() {
    check_failure(
        &[text_delta("a")],
        ErrorKind::Protocol,
        Phase::AfterOutput,
        "response.completed",
    );
    check_failure(
        &[],
        ErrorKind::Protocol,
        Phase::BeforeOutput,
        "response.completed",
    );
    let mut decoder = StreamDecoder::new();
    let error = decoder
        .push(SseEvent::new(None, "[DONE]"))
        .expect_err("cut");
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[test]
fn a_broken_event_is_a_protocol_error() {
    for (step, message) in [
        (json!([1]), "not a JSON object"),
        (json!({"sequence_number": 1}), "no `type`"),
        (
            json!({"type": "response.completed"}),
            "without its `response`",
        ),
        (
            json!({"type": "response.output_text.delta"}),
            "no text `delta`",
        ),
        (json!({"type": "response.output_item.done"}), "no `item`"),
    ] {
        check_failure(&[step], ErrorKind::Protocol, Phase::BeforeOutput, message);
    }
}

#[test]
fn a_server_that_tells_everything_at_the_end_loses_nothing() {
    let output = json!([{"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}]);
    check(
        &[json!({"type": "response.completed", "response": {"id": "r", "output": output}})],
        &[
            started("r"),
            text("Hi"),
            finished(FinishReason::Stop),
            StreamEvent::End,
        ],
    );
}

#[test]
fn a_whole_answer_in_place_of_a_stream_is_read() {
    let answer = json!({"id": "r", "status": "completed", "output": [
        {"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}]});
    let mut decoder = StreamDecoder::new();
    let frame = decoder
        .push(SseEvent::bare_json(answer.to_string()))
        .expect("an answer");
    assert_eq!(frame.raw, None);
    assert!(frame.events.contains(&text("Hi")));
    assert!(frame.is_end());
    assert_eq!(decoder.finish().expect("complete"), None);
}

#[test]
fn memory_is_bounded_however_many_items_are_opened() {
    let mut decoder = StreamDecoder::new();
    let item = json!({"type": "message"});
    let error = (0..2_000).find_map(|place| {
        let step =
            json!({"type": "response.output_item.added", "output_index": place, "item": item});
        decoder.push(event(&step)).err()
    });
    assert_eq!(error.expect("too many").kind(), ErrorKind::Protocol);
}
