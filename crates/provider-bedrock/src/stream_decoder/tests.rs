//! Streams of ConverseStream, hand-written after the API reference (read in August 2026).

use interline_core::{ErrorKind, ToolCall, Usage};
use interline_testkit::{Item, Transcript};
use proptest::prelude::{Strategy, any, prop, proptest};

use super::*;

fn event(name: &str, payload: &Value) -> EventMessage {
    EventMessage::event(name, payload.to_string())
}

fn delta(index: u64, delta: &Value) -> EventMessage {
    let payload = json!({"contentBlockIndex": index, "delta": delta, "p": "abc"});
    event("contentBlockDelta", &payload)
}

fn start(index: u64, start: &Value) -> EventMessage {
    event(
        "contentBlockStart",
        &json!({"contentBlockIndex": index, "start": start}),
    )
}

fn stop(index: u64) -> EventMessage {
    event("contentBlockStop", &json!({"contentBlockIndex": index}))
}

fn message_start() -> EventMessage {
    event("messageStart", &json!({"role": "assistant", "p": "ab"}))
}

fn message_stop(reason: &str) -> EventMessage {
    event("messageStop", &json!({"stopReason": reason}))
}

fn read(messages: &[EventMessage]) -> Result<Transcript> {
    let mut decoder = StreamDecoder::new("m");
    let mut events = Vec::new();
    for message in messages {
        events.extend(decoder.push(message.clone())?.events);
    }
    events.extend(decoder.finish()?.events);
    Ok(Transcript::of(&events))
}

#[test]
fn thinking_text_and_calls_come_in_order() {
    let transcript = read(&[
        message_start(),
        delta(0, &json!({"reasoningContent": {"text": "h"}})),
        delta(0, &json!({"reasoningContent": {"text": "m"}})),
        delta(0, &json!({"reasoningContent": {"signature": "s"}})),
        stop(0),
        delta(1, &json!({"reasoningContent": {"redactedContent": "x"}})),
        stop(1),
        delta(2, &json!({"text": ""})),
        delta(2, &json!({"text": "Hi."})),
        stop(2),
        start(3, &json!({"toolUse": {"toolUseId": "a", "name": "f"}})),
        delta(3, &json!({"toolUse": {"input": ""}})),
        delta(3, &json!({"toolUse": {"input": "{\"a\":"}})),
        delta(3, &json!({"toolUse": {"input": "1}"}})),
        stop(3),
        start(4, &json!({"toolUse": {"toolUseId": "b", "name": "g"}})),
        stop(4),
        message_stop("tool_use"),
        event(
            "metadata",
            &json!({"usage": {"inputTokens": 3, "outputTokens": 2}, "metrics": {}}),
        ),
    ])
    .expect("a good stream");
    let signature = |text| Signature::new(FORMAT, text);
    assert_eq!(
        transcript.items,
        [
            Item::Thinking("hm".into(), Some(signature("s"))),
            Item::Whole(Part::reasoning(Reasoning::redacted(signature("x")))),
            Item::Text("Hi.".into()),
            Item::Tool(ToolCall::new("a", "f", "{\"a\":1}")),
            Item::Tool(ToolCall::new("b", "g", "")),
        ]
    );
    assert_eq!(transcript.finish, Some((FinishReason::ToolCalls, None)));
    assert_eq!(transcript.usage, Usage::new(3, 2));
    assert!(transcript.ended);
}

#[test]
fn the_vendors_own_tools_come_out_whole() {
    let own = json!({"toolUseId": "t", "name": "nova_code_interpreter", "type": "server_tool_use"});
    let result = json!({"toolUseId": "t", "status": "success", "type": "r"});
    let transcript = read(&[
        start(0, &json!({"toolUse": own})),
        delta(0, &json!({"toolUse": {"input": "{\"snippet\":\"1\"}"}})),
        stop(0),
        start(1, &json!({"toolResult": result})),
        delta(1, &json!({"toolResult": [{"json": {"stdOut": "1"}}]})),
        message_stop("end_turn"),
    ])
    .expect("a good stream");
    let mut call = own;
    call["input"] = json!({"snippet": "1"});
    let mut given = result;
    given["content"] = json!([{"json": {"stdOut": "1"}}]);
    assert_eq!(
        transcript.items,
        [
            Item::Whole(Part::other(FORMAT, json!({"toolUse": call}))),
            Item::Whole(Part::other(FORMAT, json!({"toolResult": given}))),
        ]
    );
}

#[test]
fn citations_pictures_and_unknown_pieces_are_kept() {
    let transcript = read(&[
        delta(0, &json!({"citation": {"title": "t"}})),
        start(1, &json!({"image": {"format": "webp"}})),
        delta(1, &json!({"image": {"source": {"bytes": "AAAA"}}})),
        stop(1),
        delta(2, &json!({"later": 1})),
        event("later", &json!({})),
        message_stop("end_turn"),
    ])
    .expect("a good stream");
    let cited = format::mark("citation", json!({"title": "t"}));
    assert_eq!(
        transcript.items,
        [
            Item::Whole(Part::text("").with_extra(cited)),
            Item::Whole(Part::image(Media::inline("image/webp", "AAAA"))),
            Item::Whole(Part::other(FORMAT, json!({"later": 1}))),
        ]
    );
}

#[track_caller]
fn fails(messages: &[EventMessage], kind: ErrorKind, phase: Phase) {
    let error = read(messages).expect_err("a failure");
    assert_eq!((error.kind(), error.phase()), (kind, phase), "{error}");
}

#[test]
fn every_documented_exception_is_told_before_and_after_content() {
    // Hand-written from the API reference of ConverseStream: no recording of them exists.
    for (name, kind) in [
        ("internalServerException", ErrorKind::Unavailable),
        ("modelStreamErrorException", ErrorKind::Unavailable),
        ("serviceUnavailableException", ErrorKind::Unavailable),
        ("throttlingException", ErrorKind::RateLimited),
        ("validationException", ErrorKind::InvalidRequest),
    ] {
        let exception = EventMessage::exception(name, r#"{"message":"told"}"#);
        fails(
            &[message_start(), exception.clone()],
            kind,
            Phase::BeforeOutput,
        );
        let text = delta(0, &json!({"text": "a"}));
        fails(
            &[message_start(), text, exception],
            kind,
            Phase::AfterOutput,
        );
    }
}

#[test]
fn a_stream_that_does_not_stop_was_cut() {
    fails(&[], ErrorKind::Protocol, Phase::BeforeOutput);
    fails(&[message_start()], ErrorKind::Protocol, Phase::BeforeOutput);
    let text = delta(0, &json!({"text": "a"}));
    fails(
        &[message_start(), text, stop(0)],
        ErrorKind::Protocol,
        Phase::AfterOutput,
    );
}

#[test]
fn what_breaks_the_format_is_named() {
    for (message, told) in [
        (
            EventMessage::event("messageStop", "{"),
            "`messageStop` of the stream is not JSON",
        ),
        (
            message_stop_without_reason(),
            "`messageStop` of the stream: stopReason: field required",
        ),
        (
            delta(7, &json!({"toolUse": {"input": "{}"}})),
            "`contentBlockDelta` of the stream: contentBlockIndex: no tool call has begun here",
        ),
    ] {
        let error = read(&[message]).expect_err("broken");
        assert_eq!((error.kind(), error.message()), (ErrorKind::Protocol, told));
    }
}

fn message_stop_without_reason() -> EventMessage {
    event("messageStop", &json!({}))
}

#[test]
fn what_is_gathered_is_bounded() {
    let own = json!({"toolUseId": "t", "name": "n", "type": "server_tool_use"});
    let piece = delta(0, &json!({"toolUse": {"input": "x".repeat(1024 * 1024)}}));
    let mut messages = vec![start(0, &json!({"toolUse": own}))];
    messages.extend(std::iter::repeat_n(piece, 5));
    fails(&messages, ErrorKind::Protocol, Phase::BeforeOutput);
    let begin = |index| start(index, &json!({"toolUse": {"toolUseId": "a", "name": "f"}}));
    let many: Vec<_> = (0..300).map(begin).collect();
    fails(&many, ErrorKind::Protocol, Phase::AfterOutput);
}

/// JSON of a few levels, with the format's own keys among its keys.
fn json() -> impl Strategy<Value = Value> {
    let leaf = prop::sample::select(vec![
        json!(null),
        json!(1),
        json!("text"),
        json!([]),
        json!({}),
    ]);
    leaf.prop_recursive(4, 24, 4, |inner| {
        let key = prop::sample::select(vec![
            "contentBlockIndex",
            "delta",
            "start",
            "toolUse",
            "toolResult",
            "toolUseId",
            "name",
            "input",
            "text",
            "reasoningContent",
            "signature",
            "citation",
            "image",
            "source",
            "bytes",
            "usage",
            "inputTokens",
            "stopReason",
            "type",
        ]);
        prop::collection::hash_map(key, inner, 0..4).prop_map(|map| {
            map.into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()
        })
    })
}

proptest! {
    #[test]
    fn no_events_panic(steps in prop::collection::vec((0_usize..8, json(), any::<bool>()), 0..12)) {
        const NAMES: [&str; 8] = ["messageStart", "contentBlockStart", "contentBlockDelta",
            "contentBlockStop", "messageStop", "metadata", "later", ""];
        let mut decoder = StreamDecoder::new("m");
        for (name, payload, is_exception) in steps {
            let payload = payload.to_string();
            let message = if is_exception && name == 0 {
                EventMessage::exception("throttlingException", payload)
            } else {
                EventMessage::event(NAMES[name], payload)
            };
            if decoder.push(message).is_err() {
                break;
            }
        }
        let _ = decoder.finish();
    }
}
