//! The adapter over a prepared transport: addresses, headers, failures, ends.

use std::sync::Arc;

use futures_util::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue};
use interline_core::{
    CallContext, ChatRequest, EmbedRequest, EmbeddingProvider, Error, ErrorKind, Feature, Frame,
    Message, ModelLister, Phase, Provider, ProviderId, Result, StreamEvent, TokenCounter,
};
use interline_dialect_gemini::{FORMAT, GenerateContentAdapter, Quirks};

use interline_testkit::ReplayTransport;

/// A hand-written answer.
const ANSWER: &str = r#"{"candidates":[{"content":{"parts":[{"text":"hi"}],"role":"model"},
    "finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1}}"#;

/// A hand-written stream, the same one cut, and the same one as an array.
const STREAM: &str = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"h\"}]}}]}\r\n\r\n\
    data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"i\"}]},\"finishReason\":\"STOP\"}]}\r\n\r\n";
const CUT_STREAM: &str =
    "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"h\"}]}}]}\r\n\r\n";
const ARRAY: &str = "[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"h\"}]}}]}\n,\n\
    {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"i\"}]},\"finishReason\":\"STOP\"}]}\n]";

/// A hand-written error.
const OVERLOADED: &str =
    r#"{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}"#;

fn replay(status: u16, content_type: &str, body: &'static str) -> Arc<ReplayTransport> {
    let headers = [("content-type", content_type), ("x-request-id", "req_1")];
    ReplayTransport::new(status, headers, body, 16)
}

fn adapter(transport: &Arc<ReplayTransport>, base_url: &str) -> GenerateContentAdapter {
    let transport = Arc::<ReplayTransport>::clone(transport);
    let key = HeaderName::from_static("x-goog-api-key");
    let headers = HeaderMap::from_iter([(key, HeaderValue::from_static("k"))]);
    GenerateContentAdapter::new("google", transport, base_url, headers, Quirks::default())
}

fn request() -> ChatRequest {
    ChatRequest::new("gemini-2.5-flash", [Message::user("hi")])
}

async fn complete(transport: &Arc<ReplayTransport>) -> Result<String> {
    let adapter = adapter(transport, "https://a.example/v1beta/");
    let response = adapter.complete(&CallContext::new("c"), &request()).await?;
    assert_eq!(response.meta.request_id.as_deref(), Some("req_1"));
    Ok(response.text())
}

async fn frames(transport: &Arc<ReplayTransport>) -> Result<Vec<Result<Frame>>> {
    let adapter = adapter(transport, "https://a.example/x/v1beta");
    let stream = adapter.stream(&CallContext::new("c"), &request()).await?;
    Ok(stream.collect().await)
}

#[tokio::test]
async fn the_model_stands_in_the_address_and_the_key_in_a_header() {
    let transport = replay(200, "application/json", ANSWER);
    assert_eq!(complete(&transport).await.expect("an answer"), "hi");
    let sent = transport.last();
    assert_eq!(
        sent.url,
        "https://a.example/v1beta/models/gemini-2.5-flash:generateContent"
    );
    assert_eq!(sent.headers["x-goog-api-key"], "k");

    let transport = replay(200, "text/event-stream", STREAM);
    frames(&transport).await.expect("a stream");
    assert_eq!(
        transport.last().url,
        "https://a.example/x/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    );
}

#[track_caller]
fn check(error: &Error, kind: ErrorKind, phase: Phase) {
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(error.phase(), phase, "{error}");
    assert_eq!(error.provider().map(ProviderId::as_str), Some("google"));
    assert_eq!(error.request_id(), Some("req_1"), "{error}");
}

#[tokio::test]
async fn failures_name_kind_phase_target_and_exchange() {
    let error = complete(&replay(503, "application/json", OVERLOADED)).await;
    check(
        &error.expect_err("overloaded"),
        ErrorKind::Overloaded,
        Phase::BeforeOutput,
    );
    let error = complete(&replay(200, "text/html", "<html>")).await;
    check(
        &error.expect_err("a page"),
        ErrorKind::Protocol,
        Phase::BeforeOutput,
    );
    // Google names a stream's content type even where it refuses the call.
    let error = frames(&replay(503, "text/event-stream", OVERLOADED)).await;
    check(
        &error.expect_err("overloaded"),
        ErrorKind::Overloaded,
        Phase::BeforeOutput,
    );
}

#[tokio::test]
async fn a_stream_is_read_as_events_as_an_array_and_as_one_answer() {
    for (content_type, body, steps) in [
        ("text/event-stream", STREAM, 2),
        ("application/json", ARRAY, 1),
        ("application/json", ANSWER, 1),
    ] {
        let frames = frames(&replay(200, content_type, body)).await;
        let frames = frames.expect("a stream");
        assert_eq!(frames.len(), steps + 1, "{body}");
        assert!(frames[steps].as_ref().expect("the end").is_end());
    }
}

#[tokio::test]
async fn a_cut_stream_ends_with_an_error() {
    let frames_of = |body| async move {
        let frames = frames(&replay(200, "text/event-stream", body)).await;
        frames.expect("a stream")
    };
    let cut = frames_of(CUT_STREAM).await;
    assert_eq!(cut.len(), 2);
    check(
        cut[1].as_ref().expect_err("cut"),
        ErrorKind::Protocol,
        Phase::AfterOutput,
    );
    let array = frames_of(&ARRAY[..ARRAY.len() - 1]).await;
    check(
        array[0].as_ref().expect_err("cut"),
        ErrorKind::Protocol,
        Phase::BeforeOutput,
    );
    let empty = frames_of("").await;
    check(
        empty[0].as_ref().expect_err("cut"),
        ErrorKind::Protocol,
        Phase::BeforeOutput,
    );
}

/// Whether the frames end well, and how much text they hold.
fn ending(frames: &[Result<Frame>]) -> (bool, usize) {
    let good = frames.iter().filter_map(|frame| frame.as_ref().ok());
    let texts = good
        .flat_map(|frame| &frame.events)
        .map(|event| match event {
            StreamEvent::Text { text, .. } => text.len(),
            _ => 0,
        });
    let is_end = |frame: &Result<Frame>| frame.as_ref().is_ok_and(Frame::is_end);
    (frames.last().is_some_and(is_end), texts.sum())
}

#[tokio::test]
async fn a_stream_cut_anywhere_never_ends_well_without_all_of_its_text() {
    for (body, whole) in [(STREAM, 2), (ARRAY, 2)] {
        for cut in 0..body.len() {
            let frames = frames(&replay(200, "text/event-stream", &body[..cut])).await;
            let (ends_well, text) = ending(&frames.expect("a stream"));
            assert!(!ends_well || text == whole, "cut at {cut}: {text}");
        }
        let frames = frames(&replay(200, "text/event-stream", body)).await;
        assert_eq!(ending(&frames.expect("a stream")), (true, whole));
    }
}

#[tokio::test]
async fn an_error_in_place_of_a_stream_is_an_error_before_output() {
    let frames = frames(&replay(200, "application/json", OVERLOADED)).await;
    let frames = frames.expect("headers");
    check(
        frames[0].as_ref().expect_err("an error document"),
        ErrorKind::Overloaded,
        Phase::BeforeOutput,
    );
}

#[tokio::test]
async fn health_is_asked_of_the_model_list() {
    let health = |transport: Arc<ReplayTransport>| async move {
        let adapter = adapter(&transport, "https://a.example/v1beta");
        adapter.health_check(&CallContext::new("h")).await
    };
    let transport = replay(200, "application/json", r#"{"models":[]}"#);
    health(Arc::clone(&transport)).await.expect("healthy");
    assert_eq!(transport.last().method, "GET");
    assert_eq!(
        transport.last().url,
        "https://a.example/v1beta/models?pageSize=1"
    );
    let error = health(replay(403, "application/json", "{}")).await;
    assert_eq!(
        error.expect_err("a wrong key").kind(),
        ErrorKind::Permission
    );
}

#[test]
fn the_key_is_never_shown_and_capabilities_are_honest() {
    let adapter = adapter(&replay(200, "", ""), "https://user:secret@a.example");
    let shown = format!("{adapter:?}");
    assert!(
        !shown.contains("x-goog") && !shown.contains("secret"),
        "{shown}"
    );
    let capabilities = adapter.capabilities(&"gemini-2.5-flash".into());
    assert_eq!(capabilities.formats, [FORMAT]);
    assert!(capabilities.features.contains(Feature::Audio));
    assert!(!capabilities.features.contains(Feature::ParallelToolCalls));
    assert!(!capabilities.features.contains(Feature::Metadata));
    for (model, thinks) in [
        ("gemini-2.5-flash", true),
        ("gemini-flash-latest", true),
        ("gemini-2.0-flash", false),
        ("m", false),
    ] {
        let features = adapter.capabilities(&model.into()).features;
        assert_eq!(features.contains(Feature::Reasoning), thinks, "{model}");
    }
}

#[tokio::test]
async fn texts_are_embedded_in_one_batch() {
    let body = r#"{"embeddings":[{"values":[0.5]},{"values":[0.25]}]}"#;
    let transport = replay(200, "application/json", body);
    let cx = CallContext::new("c");
    let adapter = adapter(&transport, "https://a.example/v1beta");
    let request = EmbedRequest::new("gemini-embedding-001", ["a", "b"]);
    let vectors = adapter.embed(&cx, &request).await.expect("vectors");
    assert_eq!(vectors.embeddings, [[0.5], [0.25]]);
    assert_eq!(vectors.meta.request_id.as_deref(), Some("req_1"));
    assert_eq!(
        transport.last().url,
        "https://a.example/v1beta/models/gemini-embedding-001:batchEmbedContents"
    );
    // Vectors that do not fit the question would end up beside the wrong texts.
    let request = EmbedRequest::new("gemini-embedding-001", ["a"]);
    let error = adapter.embed(&cx, &request).await.expect_err("too many");
    check(&error, ErrorKind::Protocol, Phase::BeforeOutput);
}

#[tokio::test]
async fn tokens_are_counted_and_models_listed_page_by_page() {
    let cx = CallContext::new("c");
    let transport = replay(200, "application/json", r#"{"totalTokens":9}"#);
    let counting = adapter(&transport, "https://a.example/v1beta");
    let request = ChatRequest::new("gemini-x", [Message::user("hi")]);
    let count = counting.count_tokens(&cx, &request).await;
    assert_eq!(count.expect("a count"), 9);
    assert_eq!(
        transport.last().url,
        "https://a.example/v1beta/models/gemini-x:countTokens"
    );

    let page = r#"{"models":[{"name":"models/a"}],"nextPageToken":"t/1"}"#;
    let transport = replay(200, "application/json", page);
    let listing = adapter(&transport, "https://a.example/v1beta");
    let models = listing.list_models(&cx).await.expect("models");
    // The second page names itself as the next one, which ends the list.
    assert_eq!(models.len(), 2);
    assert_eq!(
        transport.last().url,
        "https://a.example/v1beta/models?pageSize=1000&pageToken=t%2F1"
    );
}
