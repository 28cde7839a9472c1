//! The Responses provider over a transport: what it sends, and what it makes of answers, recorded ones
//! among them. Answers without a note are hand-written.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue};
use interline_core::{
    CallContext, ChatRequest, ErrorKind, Message, Origin, PartKind, Phase, Provider, ProviderId,
    StreamEvent,
};
use interline_dialect_openai::responses::{
    FORMAT, ResponsesAdapter, StreamDecoder, decode_response,
};
use interline_dialect_openai::{Endpoint, Quirks};
use interline_transport::{Accept, SseEvent};
use proptest::prelude::{Strategy, any, prop, prop_oneof, proptest};
use serde_json::{Value, json};

use crate::support::answer::Answer;
use crate::support::canned::Canned;

const ANSWER: &str = r#"{"id":"resp_1","object":"response","model":"m","status":"completed",
    "output":[{"type":"message","id":"msg_1","role":"assistant","status":"completed",
    "content":[{"type":"output_text","text":"hi","annotations":[]}]}]}"#;

fn adapter(transport: &Arc<Canned>) -> ResponsesAdapter {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_static("Bearer key"));
    let base = "https://llm.example/base/";
    ResponsesAdapter::new(
        "mine",
        Arc::clone(transport) as _,
        base,
        headers,
        Quirks::new(),
    )
}

fn cx() -> CallContext {
    CallContext::new("c")
}

fn request() -> ChatRequest {
    ChatRequest::new("m", [Message::user("Hi")])
}

fn stream_of(steps: &[Value]) -> String {
    let event = |step: &Value| {
        let name = step["type"].as_str().unwrap_or_default();
        format!("event: {name}\ndata: {step}\n\n")
    };
    steps.iter().map(event).collect()
}

fn short_stream() -> String {
    stream_of(&[
        json!({"type": "response.created", "response": {"id": "resp_1", "model": "m"}}),
        json!({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "h"}),
        json!({"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "i"}),
        json!({"type": "response.completed", "response": {"id": "resp_1", "status": "completed"}}),
    ])
}

#[tokio::test]
async fn a_call_posts_to_its_endpoint_and_forwards_what_belongs_to_the_format() {
    let transport = Arc::new(Canned::json(200, ANSWER));
    let body = Bytes::from_static(br#"{"model":"route","input":"Hi","zebra":1}"#);
    let headers = vec![("openai-beta".to_owned(), "x=1".to_owned())];
    let origin = Origin::new(FORMAT, body).with_headers(headers);
    let endpoint = Endpoint::new("openai/responses").with_query("api-version=1");
    let adapter = adapter(&transport).with_endpoint(endpoint);
    let answer = adapter
        .complete(&cx(), &request().with_origin(origin))
        .await
        .expect("an answer");
    assert_eq!(answer.text(), "hi");
    assert_eq!(answer.raw.expect("the body").format, FORMAT);
    let sent = transport.request();
    assert_eq!(
        sent.url,
        "https://llm.example/base/openai/responses?api-version=1"
    );
    assert_eq!(sent.accept, Accept::Json);
    assert_eq!(sent.headers["openai-beta"], "x=1");
    assert_eq!(sent.headers["authorization"], "Bearer key");
    assert_eq!(sent.body, br#"{"model":"m","input":"Hi","zebra":1}"#[..]);
}

#[tokio::test]
async fn frames_travel_on_as_they_came() {
    let transport = Arc::new(Canned::events(&short_stream()));
    let stream = adapter(&transport).stream(&cx(), &request()).await;
    let frames: Vec<_> = stream.expect("a stream").collect().await;
    let mut names = Vec::new();
    for frame in frames {
        let raw = frame
            .expect("a good frame")
            .raw
            .expect("it came over a wire");
        assert_eq!(raw.format, FORMAT);
        names.extend(raw.event);
    }
    assert_eq!(
        names,
        [
            "response.created",
            "response.output_text.delta",
            "response.output_text.delta",
            "response.completed"
        ]
    );
}

#[tokio::test]
async fn a_refused_call_names_its_target_and_keeps_the_body() {
    let body = r#"{"error":{"message":"No such model.","code":"model_not_found","param":"model"}}"#;
    let transport = Arc::new(Canned::json(400, body));
    let error = adapter(&transport)
        .complete(&cx(), &request())
        .await
        .expect_err("refused");
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::NotFound, Some(400))
    );
    assert_eq!(error.provider().map(ProviderId::as_str), Some("mine"));
    assert_eq!(error.wire().map(|wire| &wire.format), Some(&FORMAT));
}

#[tokio::test]
async fn a_web_page_is_no_answer() {
    let page = Canned::new(200, &[("content-type", "text/html")], b"<html>Hello", 0);
    let error = adapter(&Arc::new(page)).stream(&cx(), &request()).await;
    let error = error.expect_err("a page");
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Protocol, Some(200))
    );
    adapter(&Arc::new(Canned::json(200, "{}")))
        .health_check(&cx())
        .await
        .expect("well");
}

#[tokio::test]
async fn a_stream_cut_anywhere_is_a_protocol_error() {
    let whole = short_stream();
    // Without its last line break the terminal event is not yet over.
    for end in 1..whole.len() - 1 {
        let cut = Canned::new(
            200,
            &[("content-type", "text/event-stream")],
            &whole.as_bytes()[..end],
            0,
        );
        let answer = match adapter(&Arc::new(cut)).stream(&cx(), &request()).await {
            Ok(stream) => Answer::of_stream(stream).await,
            Err(error) => Answer::failed(error),
        };
        let error = answer.failure.expect("a cut stream fails");
        assert_eq!(error.kind(), ErrorKind::Protocol, "{end}: {error}");
        let after = error.phase() == Phase::AfterOutput;
        assert_eq!(after, !answer.text.is_empty(), "{end}");
    }
}

/// What a whole answer and the events of a stream have in common.
fn content(answer: &Answer, signatures: &[Value], others: &[Value]) -> String {
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {signatures:?} {others:?}",
        answer.text, answer.reasoning, answer.refusal, answer.calls, answer.finish, answer.usage
    )
}

#[test]
fn recorded_streams_say_what_their_last_event_repeats() {
    let mut seen = 0;
    for (id, body) in recorded_streams() {
        let mut decoder = StreamDecoder::new();
        let mut events = Vec::new();
        let mut last = None;
        for data in body.lines().filter_map(|line| line.strip_prefix("data:")) {
            let event = SseEvent::new(None, data.trim().to_owned());
            events.extend(decoder.push(event).expect("a good event").events);
            let document: Value = serde_json::from_str(data).unwrap_or_default();
            if document["type"] == "response.completed" {
                last = Some(document["response"].to_string());
            }
        }
        let last = last.unwrap_or_else(|| panic!("{id} has no last event"));
        let whole = decode_response(last.into()).expect("an answer");
        let (mut signed, mut others) = (Vec::new(), Vec::new());
        for event in &events {
            match event {
                StreamEvent::ReasoningSignature { signature, .. } => {
                    signed.push(comparable(&signature.value, &id));
                }
                StreamEvent::Part { part, .. } => {
                    if let PartKind::Other { value, .. } = &part.kind {
                        others.push(value.clone());
                    }
                }
                _ => {}
            }
        }
        let (mut own_signed, mut own_others) = (Vec::new(), Vec::new());
        for part in &whole.choices[0].parts {
            match &part.kind {
                PartKind::Reasoning(reasoning) => {
                    let signature = reasoning.signature.iter();
                    own_signed.extend(signature.map(|own| comparable(&own.value, &id)));
                }
                PartKind::Other { value, .. } => own_others.push(value.clone()),
                _ => {}
            }
        }
        assert_eq!(
            content(&Answer::of_events(&events), &signed, &others),
            content(&Answer::of_response(&whole), &own_signed, &own_others),
            "{id}"
        );
        seen += 1;
    }
    eprintln!("{seen} recorded streams of Responses");
}

/// A reasoning item without what vendors say differently each time: OpenAI encrypts anew, and
/// OpenRouter names its items anew.
fn comparable(item: &str, case: &str) -> Value {
    let mut item: Value = serde_json::from_str(item).expect("an item");
    let fields = item.as_object_mut().expect("an object");
    let sealed = fields.remove("encrypted_content");
    fields.insert(
        "sealed".into(),
        sealed.is_some_and(|it| it.is_string()).into(),
    );
    if case.starts_with("openrouter/") {
        fields.remove("id");
    }
    item
}

/// Name and body of every recorded stream that succeeded.
fn recorded_streams() -> Vec<(String, String)> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/fixtures/wire");
    let mut found = Vec::new();
    for vendor in ["azure", "deepseek", "openai", "openrouter", "xai"] {
        let Ok(entries) = fs::read_dir(Path::new(root).join(vendor)) else {
            continue;
        };
        for entry in entries.flatten() {
            let text = fs::read_to_string(entry.path()).unwrap_or_default();
            let case: Value = serde_json::from_str(&text).unwrap_or_default();
            let protocol = case["api"].as_str().unwrap_or_default();
            let body = case["response"]["body"].as_str().unwrap_or_default();
            if protocol.ends_with(".responses") && body.contains("response.completed") {
                let id = case["id"].as_str().unwrap_or_default();
                found.push((id.to_owned(), body.to_owned()));
            }
        }
    }
    if found.is_empty() {
        eprintln!("SKIPPED: no recorded traffic at {root}");
    }
    found
}

/// Events as a broken server could send them: known words with values of any kind.
fn events() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        any::<String>(),
        prop::sample::select(vec![
            "response.created",
            "response.completed",
            "response.incomplete",
            "response.failed",
            "response.output_item.added",
            "response.output_item.done",
            "response.output_text.delta",
            "response.output_text.done",
            "response.refusal.delta",
            "response.reasoning_text.delta",
            "response.reasoning_summary_text.done",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "error",
        ])
        .prop_map(str::to_owned),
    ];
    let leaf = prop_oneof![
        any::<u64>().prop_map(Value::from),
        prop::sample::select(vec![
            "é",
            "ab",
            "completed",
            "message",
            "reasoning",
            "function_call"
        ])
        .prop_map(Value::from),
    ];
    let inner = prop::collection::hash_map(
        prop::sample::select(vec![
            "type",
            "id",
            "name",
            "arguments",
            "content",
            "summary",
            "text",
            "status",
            "output",
            "error",
        ])
        .prop_map(str::to_owned),
        prop_oneof![
            leaf.clone(),
            leaf.clone().prop_map(|leaf| json!([leaf])),
            leaf.clone()
                .prop_map(|leaf| json!([{"type": "output_text", "text": leaf}])),
        ],
        0..5,
    );
    let outer = prop::collection::hash_map(
        prop::sample::select(vec![
            "item",
            "response",
            "delta",
            "text",
            "output_index",
            "content_index",
            "logprobs",
        ])
        .prop_map(str::to_owned),
        prop_oneof![leaf, inner.prop_map(|fields| json!(fields))],
        0..5,
    );
    (word, outer).prop_map(|(word, outer)| {
        let mut event = json!(outer);
        event["type"] = word.into();
        event
    })
}

proptest! {
    #[test]
    fn no_stream_panics_and_calls_are_numbered_in_order(
        steps in prop::collection::vec(events(), 0..20)
    ) {
        let mut decoder = StreamDecoder::new();
        let mut begun = 0;
        for step in steps {
            let Ok(frame) = decoder.push(SseEvent::new(None, step.to_string())) else {
                break;
            };
            for event in frame.events {
                match event {
                    StreamEvent::ToolCallStart { index, .. } => {
                        assert_eq!(index, begun);
                        begun += 1;
                    }
                    StreamEvent::ToolCallDelta { index, .. } => assert!(index < begun),
                    _ => {}
                }
            }
        }
        let _ = decoder.finish();
    }

    #[test]
    fn no_body_panics(body in prop::collection::vec(any::<u8>(), 0..200), step in events()) {
        let _ = decode_response(Bytes::from(body));
        let _ = decode_response(Bytes::from(step["response"].to_string()));
    }
}
