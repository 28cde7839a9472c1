//! Tests of writing streams: the official order of events, errors, relayed frames, and that what is
//! accumulated from the events says what they say.

use bytes::Bytes;
use interline_core::{FormatId, FunctionTool, Message, Origin, Signature};
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};

use super::*;
use crate::responses::{decode_request, encode_response, reasoning_item};

const OTHER: FormatId = FormatId::from_static("anthropic.messages");

fn request() -> ChatRequest {
    ChatRequest::new("chat", [Message::user("hi")])
}

fn identity() -> Identity {
    Identity::new("1", 7)
}

fn encoder() -> StreamEncoder {
    StreamEncoder::new(&request(), identity())
}

fn parsed(frames: &[RawFrame]) -> Vec<Value> {
    let value = |frame: &RawFrame| serde_json::from_slice(&frame.data).expect("JSON");
    frames.iter().map(value).collect()
}

/// Writes each event as a frame of its own.
fn written(events: &[StreamEvent]) -> Vec<Value> {
    let mut encoder = encoder();
    let frames = events
        .iter()
        .flat_map(|event| encoder.encode(&Frame::of([event.clone()])))
        .collect::<Vec<_>>();
    for frame in &frames {
        let named = frame.event.as_deref().expect("a name");
        let value: Value = serde_json::from_slice(&frame.data).expect("JSON");
        assert_eq!(value["type"], named);
    }
    parsed(&frames)
}

fn names(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["type"].as_str().expect("a type"))
        .map(|name| name.strip_prefix("response.").unwrap_or(name))
        .collect()
}

fn text(text: &str) -> StreamEvent {
    StreamEvent::Text {
        choice: 0,
        text: text.to_owned(),
    }
}

fn thought(text: &str) -> StreamEvent {
    StreamEvent::Reasoning {
        choice: 0,
        text: text.to_owned(),
    }
}

fn signed(value: &str) -> StreamEvent {
    StreamEvent::ReasoningSignature {
        choice: 0,
        signature: Signature::new(OTHER, value),
    }
}

fn call(index: u32, id: &str, name: &str) -> StreamEvent {
    StreamEvent::ToolCallStart {
        choice: 0,
        index,
        id: id.to_owned(),
        name: name.to_owned(),
    }
}

fn arguments(index: u32, arguments: &str) -> StreamEvent {
    StreamEvent::ToolCallDelta {
        choice: 0,
        index,
        arguments: arguments.to_owned(),
    }
}

fn finished(reason: FinishReason) -> StreamEvent {
    StreamEvent::Finished {
        choice: 0,
        reason,
        stop_sequence: None,
    }
}

fn started() -> StreamEvent {
    StreamEvent::Started {
        id: Some("chatcmpl-1".to_owned()),
        model: Some("gpt-x".to_owned()),
        created: Some(9),
    }
}

#[test]
fn an_answer_is_told_in_the_official_order() {
    let events = written(&[
        started(),
        thought("hm"),
        signed("sig"),
        text("Hel"),
        text("lo"),
        call(0, "c1", "f"),
        arguments(0, "{\"a\":"),
        arguments(0, "1}"),
        finished(FinishReason::ToolCalls),
        StreamEvent::Usage(Usage::new(3, 5)),
        StreamEvent::End,
    ]);
    assert_eq!(
        names(&events),
        [
            "created",
            "in_progress",
            "output_item.added",
            "reasoning_summary_part.added",
            "reasoning_summary_text.delta",
            "reasoning_summary_text.done",
            "reasoning_summary_part.done",
            "output_item.done",
            "output_item.added",
            "content_part.added",
            "output_text.delta",
            "output_text.delta",
            "output_text.done",
            "content_part.done",
            "output_item.done",
            "output_item.added",
            "function_call_arguments.delta",
            "function_call_arguments.delta",
            "function_call_arguments.done",
            "output_item.done",
            "completed",
        ]
    );
    for (number, event) in (0_u64..).zip(&events) {
        assert_eq!(event["sequence_number"], number);
    }
    let response = &events[20]["response"];
    assert_eq!(response["id"], "resp_1");
    assert_eq!(response["model"], "gpt-x");
    assert_eq!(response["created_at"], 9);
    assert_eq!(response["status"], "completed");
    assert_eq!(
        response["usage"],
        json!({"input_tokens": 3, "output_tokens": 5, "total_tokens": 8,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens_details": {"reasoning_tokens": 0}})
    );
    let sealed = response["output"][0]["encrypted_content"]
        .as_str()
        .expect("sealed");
    assert_eq!(
        response["output"],
        json!([
            {"id": "rs_1_0", "type": "reasoning", "encrypted_content": sealed,
                "summary": [{"type": "summary_text", "text": "hm"}]},
            {"id": "msg_1_1", "type": "message", "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": "Hello", "annotations": [], "logprobs": []}]},
            {"id": "fc_1_2", "type": "function_call", "status": "completed", "call_id": "c1",
                "name": "f", "arguments": "{\"a\":1}"},
        ])
    );
    assert_eq!(events[14]["item"], response["output"][1]);
    assert_eq!(events[8]["item"]["content"], json!([]));
}

#[test]
fn parallel_calls_may_come_by_turns() {
    let events = written(&[
        call(0, "a", "f"),
        call(1, "b", "g"),
        arguments(0, "{}"),
        arguments(1, "[]"),
        StreamEvent::End,
    ]);
    let output = &events.last().expect("events")["response"]["output"];
    assert_eq!(
        (&output[0]["arguments"], &output[1]["arguments"]),
        (&json!("{}"), &json!("[]"))
    );
    let done: Vec<&Value> = events
        .iter()
        .filter(|event| event["type"] == "response.output_item.done")
        .map(|event| &event["item"]["call_id"])
        .collect();
    assert_eq!(done, ["a", "b"]);
}

#[track_caller]
fn check_end(reason: FinishReason, name: &str, details: &Value, item: &str) {
    let events = written(&[text("x"), finished(reason), StreamEvent::End]);
    let last = events.last().expect("events");
    assert_eq!(last["type"], format!("response.{name}"));
    assert_eq!(last["response"]["status"], name);
    assert_eq!(&last["response"]["incomplete_details"], details);
    assert_eq!(last["response"]["output"][0]["status"], item);
}

#[test]
fn the_end_says_why() {
    use FinishReason as F;
    check_end(F::Stop, "completed", &Value::Null, "completed");
    check_end(
        F::Other("pause_turn".into()),
        "completed",
        &Value::Null,
        "completed",
    );
    check_end(
        F::Length,
        "incomplete",
        &json!({"reason": "max_output_tokens"}),
        "incomplete",
    );
    check_end(
        F::ContentFilter,
        "incomplete",
        &json!({"reason": "content_filter"}),
        "incomplete",
    );
    check_end(F::Error, "failed", &Value::Null, "incomplete");
}

#[test]
fn a_failure_ends_with_what_came_and_why() {
    let body = json!({"error": {"message": "gone", "type": "server_error", "param": null,
        "code": "protocol", "attempts": [{"provider": "a"}]}});
    let mut encoder = encoder();
    let mut frames = encoder.encode(&Frame::of([text("He")]));
    frames.extend(encoder.error(&body));
    let events = parsed(&frames);
    let last = events.last().expect("events");
    assert_eq!(last["type"], "response.failed");
    assert_eq!(last["sequence_number"], events.len() - 1);
    assert_eq!(
        last["response"]["error"],
        json!({"code": "protocol", "message": "gone", "attempts": [{"provider": "a"}]})
    );
    let came = &last["response"]["output"][0];
    assert_eq!(came["status"], "incomplete");
    assert_eq!(came["content"][0]["text"], "He");
    assert!(encoder.error(&body).is_empty(), "one end is enough");
    let mut early = self::encoder();
    assert_eq!(
        names(&parsed(&early.error(&body))),
        ["created", "in_progress", "failed"]
    );
}

fn raw(data: &Value) -> Frame {
    let data = Bytes::from(data.to_string());
    Frame::new(RawFrame::new(FORMAT, None, data), Vec::new())
}

#[test]
fn frames_of_this_format_pass_with_continuous_numbers() {
    let created = json!({"type": "response.created", "response": {"id": "resp_v"}, "sequence_number": 3, "new": 1});
    let late = json!({"type": "response.brand_new", "sequence_number": 9});
    let mut encoder = encoder();
    let first = encoder.encode(&raw(&created));
    assert_eq!(first[0].data, Bytes::from(created.to_string()));
    assert_eq!(first[0].event.as_deref(), Some("response.created"));
    let second = parsed(&encoder.encode(&raw(&late)));
    assert_eq!(second[0]["sequence_number"], 4);
    let done = Frame::new(
        RawFrame::new(FORMAT, None, Bytes::from_static(b"[DONE]")),
        Vec::new(),
    );
    assert!(encoder.encode(&done).is_empty());
    let failed = parsed(&encoder.error(&json!({"error": {"code": "timeout", "message": "m"}})));
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["sequence_number"], 5);
    assert_eq!(failed[0]["response"]["id"], "resp_v");
}

#[test]
fn calls_of_custom_tools_carry_plain_text() {
    let body =
        json!({"model": "m", "input": "x", "tools": [{"type": "custom", "name": "apply_patch"}]});
    let inbound = decode_request(Bytes::from(body.to_string()), Vec::new()).expect("good");
    let mut encoder = StreamEncoder::new(&inbound.request, identity());
    let frames = encoder.encode(&Frame::of([
        call(0, "c1", "apply_patch"),
        arguments(0, r#"{"input":"*** Be"#),
        arguments(0, r#"gin\n"}"#),
        finished(FinishReason::ToolCalls),
        StreamEvent::End,
    ]));
    let events = parsed(&frames);
    assert_eq!(
        names(&events[2..]),
        [
            "output_item.added",
            "custom_tool_call_input.delta",
            "custom_tool_call_input.done",
            "output_item.done",
            "completed"
        ]
    );
    assert_eq!(events[3]["delta"], "*** Begin\n");
    assert_eq!(
        events[6]["response"]["output"][0],
        json!({"id": "ctc_1_0", "type": "custom_tool_call", "status": "completed",
            "call_id": "c1", "name": "apply_patch", "input": "*** Begin\n"})
    );
    assert_eq!(events[6]["response"]["tools"], body["tools"]);
}

#[test]
fn log_probabilities_of_chat_completions_stand_beside_the_text() {
    let figures = json!([{"token": "x", "logprob": -0.1, "bytes": [120], "top_logprobs": []}]);
    let value = interline_core::Extra::new(
        chat::FORMAT,
        Map::from_iter([("content".to_owned(), figures.clone())]),
    );
    let events = written(&[
        text("x"),
        StreamEvent::Logprobs { choice: 0, value },
        StreamEvent::End,
    ]);
    let output = &events.last().expect("events")["response"]["output"];
    assert_eq!(output[0]["content"][0]["logprobs"], figures);
}

#[test]
fn a_whole_answer_says_what_the_stream_says() {
    let request = request().with_tool(FunctionTool::new("f", json!({"type": "object"})));
    let body = json!({"model": "chat", "input": "hi", "tool_choice": "required"});
    let request = request.with_origin(Origin::new(FORMAT, Bytes::from(body.to_string())));
    let mut answer = interline_core::ChatResponse::new(
        "gpt-x",
        [interline_core::Choice::new(
            0,
            [
                Part::reasoning(Reasoning::redacted(Signature::new(OTHER, "hidden"))),
                Part::text("Yes."),
            ],
        )
        .with_finish_reason(FinishReason::Length)],
    )
    .with_usage(Usage::new(1, 2));
    answer.created = Some(4);
    let whole = encode_response(&answer, &request, identity());
    let whole: Value = serde_json::from_slice(&whole).expect("JSON");
    assert_eq!(whole["status"], "incomplete");
    assert_eq!(whole["created_at"], 4);
    assert_eq!(whole["tool_choice"], "required");
    assert_eq!(whole["output"][0]["summary"], json!([]));
    assert_eq!(whole["output"][1]["content"][0]["text"], "Yes.");
    let item = whole["output"][0].as_object().cloned().expect("an item");
    assert!(reasoning_item::read(item).redacted);
    answer.raw = Some(interline_core::RawBody::new(
        FORMAT,
        Bytes::from_static(b"{\"raw\":1}"),
    ));
    assert_eq!(
        encode_response(&answer, &request, identity()),
        Bytes::from_static(b"{\"raw\":1}")
    );
}

/// What a client that believes the deltas has at the end.
#[derive(Debug, Default)]
struct Client {
    items: std::collections::BTreeMap<u64, Value>,
    last: Option<Value>,
}

impl Client {
    #[track_caller]
    fn take(&mut self, number: usize, event: &Value) {
        assert!(self.last.is_none(), "nothing follows the last event");
        assert_eq!(event["sequence_number"], number);
        let name = event["type"].as_str().expect("a type");
        let place = event["output_index"].as_u64();
        let own = place.and_then(|place| self.items.get_mut(&place));
        let grow = |value: &mut Value| {
            let more = event["delta"].as_str().expect("a delta");
            *value = format!("{}{more}", value.as_str().unwrap_or_default()).into();
        };
        if let (Some(item), Some(id)) = (&own, event["item_id"].as_str()) {
            assert_eq!(item["id"], id);
        }
        let content = || event["content_index"].as_u64().expect("a place") as usize;
        match name.strip_prefix("response.").unwrap_or(name) {
            "created" | "in_progress" => assert_eq!(event["response"]["output"], json!([])),
            "output_item.added" => {
                assert!(own.is_none());
                self.items
                    .insert(place.expect("a place"), event["item"].clone());
            }
            "content_part.added" => {
                let parts = own.expect("open")["content"].as_array_mut();
                let parts = parts.expect("a list");
                assert_eq!(parts.len(), content());
                parts.push(event["part"].clone());
            }
            "output_text.delta" => grow(&mut own.expect("open")["content"][content()]["text"]),
            "refusal.delta" => grow(&mut own.expect("open")["content"][content()]["refusal"]),
            "content_part.done" => {
                assert_eq!(own.expect("open")["content"][content()], event["part"]);
            }
            "output_text.done" => {
                assert_eq!(
                    own.expect("open")["content"][content()]["text"],
                    event["text"]
                );
            }
            "reasoning_summary_part.added" => {
                own.expect("open")["summary"] = json!([event["part"]]);
            }
            "reasoning_summary_text.delta" => grow(&mut own.expect("open")["summary"][0]["text"]),
            "reasoning_summary_part.done" => {
                assert_eq!(own.expect("open")["summary"][0], event["part"]);
            }
            "function_call_arguments.delta" => grow(&mut own.expect("open")["arguments"]),
            "function_call_arguments.done" => {
                assert_eq!(own.expect("open")["arguments"], event["arguments"]);
            }
            "output_item.done" => {
                let mut item = event["item"].clone();
                let own = own.expect("open");
                // What the deltas do not tell.
                for key in ["status", "encrypted_content"] {
                    item.as_object_mut().expect("an item").remove(key);
                    own.as_object_mut().expect("an item").remove(key);
                }
                assert_eq!(own, &item);
                *own = event["item"].clone();
            }
            "completed" | "incomplete" | "failed" => {
                let items: Vec<&Value> = self.items.values().collect();
                assert_eq!(json!(items), event["response"]["output"]);
                self.last = Some(event.clone());
            }
            "refusal.done" | "reasoning_summary_text.done" => {}
            other => panic!("unknown event {other}"),
        }
    }
}

/// A piece of an answer: its kind, its text, and the signature of a thought.
type Piece = (String, String, Option<String>);

/// What the events say, each piece in the order of its beginning.
fn said(events: &[StreamEvent]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut calls = std::collections::BTreeMap::new();
    let grow = |pieces: &mut Vec<Piece>, kind: &str, text: &str| match pieces.last_mut() {
        _ if text.is_empty() => {}
        // A signed thought is whole.
        Some((last, whole, None)) if last == kind => whole.push_str(text),
        _ => pieces.push((kind.to_owned(), text.to_owned(), None)),
    };
    for event in events {
        match event {
            StreamEvent::Text { choice: 1, .. } => {}
            StreamEvent::Text { text, .. } => grow(&mut pieces, "text", text),
            StreamEvent::Refusal { text, .. } => grow(&mut pieces, "refusal", text),
            StreamEvent::Reasoning { text, .. } => grow(&mut pieces, "thought", text),
            StreamEvent::ReasoningSignature { signature, .. } => {
                let value = Some(signature.value.clone());
                match pieces.last_mut() {
                    Some((kind, _, own)) if kind == "thought" => *own = value,
                    _ => pieces.push(("thought".to_owned(), String::new(), value)),
                }
            }
            StreamEvent::ToolCallStart {
                index, id, name, ..
            } => {
                calls.insert(*index, pieces.len());
                pieces.push((format!("call {id} {name}"), String::new(), None));
            }
            StreamEvent::ToolCallDelta {
                index, arguments, ..
            } => {
                if let Some(place) = calls.get(index) {
                    let place: usize = *place;
                    pieces[place].1.push_str(arguments);
                }
            }
            _ => {}
        }
    }
    pieces
}

/// The same of an answer's items.
fn output(items: &Value) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for item in items.as_array().expect("a list") {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match item["type"].as_str().expect("a type") {
            "message" => {
                for part in item["content"].as_array().expect("a list") {
                    let (kind, key) = match part["type"].as_str() {
                        Some("refusal") => ("refusal", "refusal"),
                        _ => ("text", "text"),
                    };
                    pieces.push((kind.to_owned(), text(&part[key]), None));
                }
            }
            "reasoning" => {
                let thought = reasoning_item::read(item.as_object().cloned().expect("an item"));
                let signature = thought.signature.map(|signature| signature.value);
                pieces.push(("thought".to_owned(), thought.text, signature));
            }
            _ => pieces.push((
                format!("call {} {}", text(&item["call_id"]), text(&item["name"])),
                text(&item["arguments"]),
                None,
            )),
        }
    }
    pieces
}

fn events() -> impl Strategy<Value = Vec<StreamEvent>> {
    let words = "[a-z\"\\\\{}é\n]{0,4}";
    let step = prop_oneof![
        4 => words.prop_map(|words| text(&words)),
        3 => words.prop_map(|words| thought(&words)),
        1 => words.prop_map(|text| StreamEvent::Refusal { choice: 0, text }),
        1 => "[a-z]{1,3}".prop_map(|value| signed(&value)),
        2 => (0_u32..3, "[a-z]{1,3}").prop_map(|(index, id)| call(index, &id, "f")),
        3 => (0_u32..3, words).prop_map(|(index, words)| arguments(index, &words)),
        1 => Just(StreamEvent::Text { choice: 1, text: "beyond the first answer".to_owned() }),
        1 => Just(StreamEvent::Usage(Usage::new(1, 1))),
    ];
    (prop::collection::vec(step, 0..24), any::<bool>()).prop_map(|(mut events, finish)| {
        if finish {
            events.push(finished(FinishReason::Stop));
        }
        events.push(StreamEvent::Usage(Usage::new(2, 3)));
        events.push(StreamEvent::End);
        events
    })
}

proptest! {
    #[test]
    fn what_is_accumulated_says_what_the_events_say(events in events()) {
        let mut client = Client::default();
        for (number, event) in written(&events).iter().enumerate() {
            client.take(number, event);
        }
        let last = client.last.expect("an end");
        assert_eq!(last["type"], "response.completed");
        assert_eq!(last["response"]["usage"]["total_tokens"], 5);
        // A signature closes a thought, so thoughts next to one another stay apart.
        let expected = said(&events);
        assert_eq!(output(&last["response"]["output"]), expected);
    }
}
