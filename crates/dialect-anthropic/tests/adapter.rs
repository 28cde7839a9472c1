//! The adapter over a prepared transport: addresses, headers, failures, ends.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, HeaderValue};
use interline_core::{
    CallContext, ChatRequest, Error, ErrorKind, Feature, Frame, Message, ModelLister, Origin,
    Phase, Provider, ProviderId, Result, TokenCounter,
};
use interline_dialect_anthropic::{Endpoints, FORMAT, MessagesAdapter, ModelPlace, Quirks};

use interline_testkit::ReplayTransport;

/// A hand-written answer.
const ANSWER: &str = r#"{"type":"message","id":"msg_1","model":"m","content":[{"type":"text","text":"hi"}],
    "stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}"#;

/// A hand-written stream, and the same one cut.
const STREAM: &str = "event: content_block_delta\n\
    data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hi\"}}\n\n\
    event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
const CUT_STREAM: &str = "event: content_block_delta\n\
    data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hi\"}}\n\n";

/// A hand-written error.
const OVERLOADED: &str =
    r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;

fn replay(status: u16, content_type: &str, body: &'static str) -> Arc<ReplayTransport> {
    let headers = [("content-type", content_type), ("request-id", "req_1")];
    ReplayTransport::new(status, headers, body, 16)
}

fn headers() -> HeaderMap {
    HeaderMap::from_iter([
        (
            http::HeaderName::from_static("x-api-key"),
            HeaderValue::from_static("k"),
        ),
        (
            http::HeaderName::from_static("anthropic-beta"),
            HeaderValue::from_static("b2,b3"),
        ),
    ])
}

fn adapter(transport: &Arc<ReplayTransport>, base_url: &str) -> MessagesAdapter {
    let transport = Arc::<ReplayTransport>::clone(transport);
    let quirks = Quirks::default().with_beta("b1");
    MessagesAdapter::new("claude", transport, base_url, headers(), quirks)
}

fn request() -> ChatRequest {
    ChatRequest::new("m", [Message::user("hi")])
}

async fn complete(
    transport: &Arc<ReplayTransport>,
    base_url: &str,
    request: &ChatRequest,
) -> Result<String> {
    let adapter = adapter(transport, base_url);
    let response = adapter.complete(&CallContext::new("c"), request).await?;
    assert_eq!(response.meta.request_id.as_deref(), Some("req_1"));
    Ok(response.text())
}

async fn frames(transport: &Arc<ReplayTransport>) -> Result<Vec<Result<Frame>>> {
    let adapter = adapter(transport, "https://a.example");
    let stream = adapter.stream(&CallContext::new("c"), &request()).await?;
    Ok(stream.collect().await)
}

#[tokio::test]
async fn the_base_address_keeps_its_path_and_gets_one_v1() {
    for (base_url, url) in [
        ("https://a.example", "https://a.example/v1/messages"),
        ("https://a.example/v1/", "https://a.example/v1/messages"),
        (
            "https://a.example/x/y/",
            "https://a.example/x/y/v1/messages",
        ),
    ] {
        let transport = replay(200, "application/json", ANSWER);
        let text = complete(&transport, base_url, &request()).await;
        assert_eq!(text.expect("an answer"), "hi");
        assert_eq!(transport.last().url, url);
    }
}

#[tokio::test]
async fn version_and_betas_come_from_vendor_connection_and_caller() {
    let transport = replay(200, "application/json", ANSWER);
    let sent = |name: &str| {
        let value = transport.last().headers.get(name).cloned();
        value.expect(name).to_str().expect("text").to_owned()
    };
    complete(&transport, "https://a.example", &request())
        .await
        .expect("an answer");
    assert_eq!(sent("x-api-key"), "k");
    assert_eq!(sent("anthropic-version"), "2023-06-01");
    assert_eq!(sent("anthropic-beta"), "b1,b2,b3");

    let body = Bytes::from_static(br#"{"model":"m","max_tokens":1,"messages":[]}"#);
    let origin = Origin::new(FORMAT, body).with_headers(vec![
        ("anthropic-beta".into(), "b3, b4".into()),
        ("anthropic-version".into(), "2030-01-01".into()),
    ]);
    complete(
        &transport,
        "https://a.example",
        &request().with_origin(origin),
    )
    .await
    .expect("an answer");
    assert_eq!(sent("anthropic-version"), "2030-01-01");
    assert_eq!(sent("anthropic-beta"), "b1,b2,b3,b4");
}

#[track_caller]
fn check(error: &Error, kind: ErrorKind, phase: Phase) {
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(error.phase(), phase, "{error}");
    assert_eq!(error.provider().map(ProviderId::as_str), Some("claude"));
    assert_eq!(error.request_id(), Some("req_1"), "{error}");
}

#[tokio::test]
async fn failures_name_kind_phase_target_and_exchange() {
    let transport = replay(529, "application/json", OVERLOADED);
    let error = complete(&transport, "https://a.example", &request()).await;
    check(
        &error.expect_err("overloaded"),
        ErrorKind::Overloaded,
        Phase::BeforeOutput,
    );
    let transport = replay(200, "text/html", "<html>");
    let error = complete(&transport, "https://a.example", &request()).await;
    check(
        &error.expect_err("a page"),
        ErrorKind::Protocol,
        Phase::BeforeOutput,
    );
}

#[tokio::test]
async fn a_stream_ends_with_its_terminal_frame_whatever_its_content_type() {
    for content_type in ["text/event-stream", "text/plain"] {
        let frames = frames(&replay(200, content_type, STREAM)).await;
        let frames = frames.expect("a stream");
        assert_eq!(frames.len(), 2);
        assert!(frames[1].as_ref().expect("the end").is_end());
    }
}

#[tokio::test]
async fn a_cut_stream_ends_with_an_error_after_output() {
    let frames = frames(&replay(200, "text/event-stream", CUT_STREAM)).await;
    let frames = frames.expect("a stream");
    assert_eq!(frames.len(), 2);
    check(
        frames[1].as_ref().expect_err("cut"),
        ErrorKind::Protocol,
        Phase::AfterOutput,
    );
}

#[tokio::test]
async fn a_document_in_place_of_a_stream_is_an_error_before_output() {
    let error = frames(&replay(200, "application/json", OVERLOADED)).await;
    check(
        &error.expect_err("an error document"),
        ErrorKind::Overloaded,
        Phase::BeforeOutput,
    );
    let error = frames(&replay(200, "application/json", ANSWER)).await;
    check(
        &error.expect_err("a whole answer"),
        ErrorKind::Protocol,
        Phase::BeforeOutput,
    );
}

async fn health(transport: &Arc<ReplayTransport>) -> Result<()> {
    let adapter = adapter(transport, "https://a.example");
    adapter.health_check(&CallContext::new("h")).await
}

#[tokio::test]
async fn health_is_asked_of_the_model_list() {
    let transport = replay(200, "application/json", r#"{"data":[]}"#);
    health(&transport).await.expect("healthy");
    assert_eq!(transport.last().method, "GET");
    assert_eq!(transport.last().url, "https://a.example/v1/models?limit=1");

    let error = health(&replay(401, "application/json", "{}")).await;
    assert_eq!(
        error.expect_err("a wrong key").kind(),
        ErrorKind::Authentication
    );
}

#[test]
fn the_key_is_never_shown_and_capabilities_are_honest() {
    let adapter = adapter(&replay(200, "", ""), "https://user:secret@a.example");
    let shown = format!("{adapter:?}");
    assert!(
        !shown.contains("x-api-key") && !shown.contains("secret"),
        "{shown}"
    );
    let able = |model: &str, feature| {
        adapter
            .capabilities(&model.into())
            .features
            .contains(feature)
    };
    assert!(able("claude-haiku-4-5", Feature::TopK));
    assert!(!able("claude-opus-4-8", Feature::TopK));
    assert!(!able("claude-haiku-4-5", Feature::JsonObject));
    assert!(!able("claude-haiku-4-5", Feature::Audio));
}

#[tokio::test]
async fn tokens_are_counted_without_an_answer() {
    let transport = replay(200, "application/json", r#"{"input_tokens":12}"#);
    let adapter = adapter(&transport, "https://a.example");
    let cx = CallContext::new("c");
    let counted = adapter.count_tokens(&cx, &request()).await;
    assert_eq!(counted.expect("a count"), 12);
    let sent = transport.last();
    assert_eq!(sent.url, "https://a.example/v1/messages/count_tokens");
    assert_eq!(sent.headers["anthropic-beta"], "b1,b2,b3");
    let body: serde_json::Value = serde_json::from_slice(&sent.body).expect("JSON");
    assert_eq!(body["model"], "m");
    assert_eq!(body.get("max_tokens"), None);
}

#[tokio::test]
async fn models_are_listed_page_by_page_until_one_says_nothing_new() {
    let page = r#"{"data":[{"id":"a"},{"id":"b/1"}],"has_more":true,"last_id":"b/1"}"#;
    let transport = replay(200, "application/json", page);
    let adapter = adapter(&transport, "https://a.example");
    let models = adapter.list_models(&CallContext::new("c")).await;
    assert_eq!(models.expect("models").len(), 4);
    let url = transport.last().url;
    assert_eq!(url, "https://a.example/v1/models?limit=1000&after_id=b%2F1");
}

#[tokio::test]
async fn failures_of_siblings_name_target_and_exchange() {
    let transport = replay(529, "application/json", OVERLOADED);
    let adapter = adapter(&transport, "https://a.example");
    let cx = CallContext::new("c");
    let counted = adapter.count_tokens(&cx, &request()).await;
    let listed = adapter.list_models(&cx).await;
    for error in [counted.expect_err("busy"), listed.expect_err("busy")] {
        assert_eq!(error.kind(), ErrorKind::Overloaded);
        assert_eq!(error.provider().map(ProviderId::as_str), Some("claude"));
        assert_eq!(error.request_id(), Some("req_1"));
    }
}

#[tokio::test]
async fn another_vendor_may_want_the_model_in_the_path_and_a_version_in_the_body() {
    let quirks = Quirks::default()
        .with_model_place(ModelPlace::Path)
        .with_body_version("v1");
    let body = br#"{"model":"chat","max_tokens":1,"messages":[{"role":"user","content":"hi"}]}"#;
    let native = request().with_origin(Origin::new(FORMAT, Bytes::from_static(body)));
    for request in [request(), native] {
        let transport = replay(200, "application/json", ANSWER);
        let shared = Arc::<ReplayTransport>::clone(&transport);
        let base_url = "https://a.example/models";
        let adapter = MessagesAdapter::new("c", shared, base_url, headers(), quirks.clone())
            .with_endpoints(Endpoints::new("{model}:ask", "{model}:stream", "count:ask"));
        let cx = CallContext::new("c");
        adapter.complete(&cx, &request).await.expect("an answer");
        let sent = transport.last();
        assert_eq!(sent.url, "https://a.example/models/m:ask");
        let body: serde_json::Value = serde_json::from_slice(&sent.body).expect("JSON");
        assert_eq!(body.get("model"), None);
        assert_eq!(body["anthropic_version"], "v1");
        // An answer is no count; what was asked is what matters here.
        assert!(adapter.count_tokens(&cx, &request).await.is_err());
        let sent = transport.last();
        assert_eq!(sent.url, "https://a.example/models/count:ask");
        let body: serde_json::Value = serde_json::from_slice(&sent.body).expect("JSON");
        assert_eq!(
            (&body["model"], &body["anthropic_version"]),
            (&"m".into(), &"v1".into())
        );
    }
}

#[tokio::test]
async fn the_callers_beta_query_goes_to_anthropics_own_addresses_only() {
    let origin = Origin::new(FORMAT, Bytes::from_static(b"{}"));
    let request = request().with_origin(origin).with_origin_query("beta=true");
    let transport = replay(200, "application/json", ANSWER);
    complete(&transport, "https://a.example", &request)
        .await
        .expect("an answer");
    assert_eq!(
        transport.last().url,
        "https://a.example/v1/messages?beta=true"
    );

    let quirks = Quirks::default().with_model_place(ModelPlace::Path);
    let shared = Arc::<ReplayTransport>::clone(&transport);
    let elsewhere = MessagesAdapter::new("v", shared, "https://a.example", headers(), quirks)
        .with_endpoints(Endpoints::new("{model}:ask", "{model}:streamAsk", "count"));
    let answer = elsewhere.complete(&CallContext::new("c"), &request).await;
    answer.expect("an answer");
    assert_eq!(transport.last().url, "https://a.example/m:ask");
}
