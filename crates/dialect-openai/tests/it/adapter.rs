//! The provider over a transport: what it sends, and how failures of every kind look.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue};
use interline_core::{
    CallContext, ChatRequest, Error, ErrorKind, Feature, Message, ModelId, Origin, Phase, Provider,
    ProviderId, Result, RetryHint, StreamEvent, async_trait,
};
use interline_dialect_openai::{ChatAdapter, Endpoints, FORMAT, Quirks, StreamEnd};
use interline_transport::{Accept, HttpRequest, HttpResponse, Transport};

use crate::support::canned::Canned;

const ANSWER: &str = r#"{"id":"1","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}"#;
const ROLE: &str = "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
const TEXT: &str =
    "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n";
const FINISH: &str =
    "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const DONE: &str = "data: [DONE]\n\n";

fn adapter(transport: &Arc<Canned>, quirks: Quirks) -> ChatAdapter {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_static("Bearer key"));
    let transport = Arc::clone(transport);
    ChatAdapter::new(
        "mine",
        transport,
        "https://llm.example/base/v1/",
        headers,
        quirks,
    )
}

fn request() -> ChatRequest {
    ChatRequest::new("m", [Message::user("hi")])
}

/// Every frame's texts, and the error at the end.
async fn streamed(transport: Canned, quirks: Quirks) -> (Vec<String>, Option<Error>) {
    let adapter = adapter(&Arc::new(transport), quirks);
    let mut texts = Vec::new();
    let mut frames = match adapter.stream(&CallContext::new("c"), &request()).await {
        Ok(frames) => frames,
        Err(error) => return (texts, Some(error)),
    };
    while let Some(frame) = frames.next().await {
        match frame {
            Ok(frame) => texts.extend(frame.events.into_iter().filter_map(|event| match event {
                StreamEvent::Text { text, .. } => Some(text),
                _ => None,
            })),
            Err(error) => {
                assert!(frames.next().await.is_none(), "nothing follows an error");
                return (texts, Some(error));
            }
        }
    }
    (texts, None)
}

#[track_caller]
fn check_failure(failure: Option<Error>, kind: ErrorKind, phase: Phase) -> Error {
    let error = failure.expect("a failure");
    assert_eq!((error.kind(), error.phase()), (kind, phase), "{error}");
    assert_eq!(error.provider().map(ProviderId::as_str), Some("mine"));
    assert_eq!(error.model().map(ModelId::as_str), Some("m"));
    error
}

#[tokio::test]
async fn a_call_is_one_request_with_key_and_format() {
    let transport = Arc::new(Canned::json(200, ANSWER));
    let adapter = adapter(&transport, Quirks::default());
    let origin = Origin::new(
        FORMAT,
        Bytes::from_static(
            br#"{"model":"chat","messages":[{"role":"user","content":"hi"}],"new":1}"#,
        ),
    )
    .with_headers(vec![
        ("openai-beta".into(), "x=1".into()),
        ("cookie".into(), "secret".into()),
    ]);
    let request = request().with_origin(origin);
    let answer = adapter
        .complete(&CallContext::new("c"), &request)
        .await
        .expect("an answer");
    assert_eq!(answer.text(), "hi");
    let sent = transport.request();
    assert_eq!(sent.url, "https://llm.example/base/v1/chat/completions");
    assert_eq!(sent.accept, Accept::Json);
    assert_eq!(sent.headers["authorization"], "Bearer key");
    assert_eq!(sent.headers["openai-beta"], "x=1");
    assert!(!sent.headers.contains_key("cookie"));
    let body = String::from_utf8(sent.body.to_vec()).expect("UTF-8");
    assert!(
        body.contains(r#""model":"m""#) && body.contains(r#""new":1"#),
        "{body}"
    );
}

#[tokio::test]
async fn a_refusal_names_target_exchange_and_wait() {
    let body = r#"{"error":{"message":"slow down","code":"rate_limit_exceeded"}}"#;
    let headers = [("x-request-id", "req-9"), ("retry-after", "3")];
    let transport = Canned::new(429, &headers, body.as_bytes(), 1);
    let (_, failure) = streamed(transport, Quirks::default()).await;
    let error = check_failure(failure, ErrorKind::RateLimited, Phase::BeforeOutput);
    assert_eq!(error.request_id(), Some("req-9"));
    assert_eq!(error.retry_after().map(|wait| wait.as_secs()), Some(3));
    assert_eq!(error.wire().expect("the body").body, body);
}

#[tokio::test]
async fn an_error_inside_a_200_is_an_error_whole_or_streamed() {
    let body = r#"{"error":{"message":"no room","type":"overloaded_error"}}"#;
    let transport = Arc::new(Canned::json(200, body));
    let whole = adapter(&transport, Quirks::default())
        .complete(&CallContext::new("c"), &request())
        .await
        .err();
    check_failure(whole, ErrorKind::Overloaded, Phase::BeforeOutput);

    let event = format!("{ROLE}data: {body}\n\n");
    let (_, failure) = streamed(Canned::events(&event), Quirks::default()).await;
    let error = check_failure(failure, ErrorKind::Overloaded, Phase::BeforeOutput);
    assert_eq!(error.retry(), RetryHint::Backoff);

    // The body is JSON where a stream was asked for.
    let (_, failure) = streamed(Canned::json(200, body), Quirks::default()).await;
    check_failure(failure, ErrorKind::Overloaded, Phase::BeforeOutput);

    let event = format!("{ROLE}{TEXT}data: {body}\n\n");
    let (texts, failure) = streamed(Canned::events(&event), Quirks::default()).await;
    check_failure(failure, ErrorKind::Overloaded, Phase::AfterOutput);
    assert_eq!(texts, ["hi"]);
}

#[tokio::test]
async fn a_finish_reason_that_reports_a_failure_is_an_error() {
    let failed = FINISH.replace("stop", "error");
    let (_, failure) = streamed(Canned::events(&failed), Quirks::default()).await;
    check_failure(failure, ErrorKind::Unavailable, Phase::BeforeOutput);
}

#[tokio::test]
async fn a_stream_without_its_terminal_event_was_cut() {
    for (body, phase) in [
        (String::new(), Phase::BeforeOutput),
        (ROLE.to_owned(), Phase::BeforeOutput),
        (format!("{ROLE}{TEXT}"), Phase::AfterOutput),
        (format!("{ROLE}{TEXT}{FINISH}"), Phase::AfterOutput),
    ] {
        let (_, failure) = streamed(Canned::events(&body), Quirks::default()).await;
        check_failure(failure, ErrorKind::Protocol, phase);
    }
    let (_, failure) = streamed(Canned::events(DONE), Quirks::default()).await;
    check_failure(failure, ErrorKind::Protocol, Phase::BeforeOutput);
}

#[tokio::test]
async fn servers_may_end_behind_the_finish_reason_where_that_is_declared() {
    let quirks = Quirks::default().with_stream_end(StreamEnd::DoneOrFinished);
    let whole = format!("{ROLE}{TEXT}{FINISH}");
    let (texts, failure) = streamed(Canned::events(&whole), quirks.clone()).await;
    assert_eq!(texts, ["hi"]);
    assert!(failure.is_none(), "{failure:?}");
    let cut = format!("{ROLE}{TEXT}");
    let (_, failure) = streamed(Canned::events(&cut), quirks).await;
    check_failure(failure, ErrorKind::Protocol, Phase::AfterOutput);
}

#[tokio::test]
async fn a_server_that_ignores_the_wish_for_a_stream_still_answers() {
    let (texts, failure) = streamed(Canned::json(200, ANSWER), Quirks::default()).await;
    assert_eq!(texts, ["hi"]);
    assert!(failure.is_none(), "{failure:?}");
}

#[tokio::test]
async fn web_pages_and_rubbish_break_the_protocol() {
    let page = "<html><body>Please sign in</body></html>";
    let html = || Canned::new(200, &[("content-type", "text/html")], page.as_bytes(), 1);
    let (_, failure) = streamed(html(), Quirks::default()).await;
    let error = check_failure(failure, ErrorKind::Protocol, Phase::BeforeOutput);
    assert!(error.message().contains("Please sign in"), "{error}");
    for body in [
        page,
        "",
        "[]",
        "{}",
        r#"{"choices":[]}"#,
        r#"{"choices":[{}]}"#,
    ] {
        let transport = Arc::new(Canned::json(200, body));
        let adapter = adapter(&transport, Quirks::default());
        let failure = adapter
            .complete(&CallContext::new("c"), &request())
            .await
            .err();
        check_failure(failure, ErrorKind::Protocol, Phase::BeforeOutput);
    }
    let garbled = format!("{ROLE}{TEXT}data: {{\"choices\":\n\n");
    let (_, failure) = streamed(Canned::events(&garbled), Quirks::default()).await;
    check_failure(failure, ErrorKind::Protocol, Phase::AfterOutput);
}

#[tokio::test]
async fn a_health_check_lists_models_and_costs_nothing() {
    let transport = Arc::new(Canned::json(200, r#"{"data":[]}"#));
    let checked = adapter(&transport, Quirks::default());
    checked
        .health_check(&CallContext::new("c"))
        .await
        .expect("healthy");
    let sent = transport.request();
    assert_eq!(
        (sent.method.as_str(), sent.url.as_str()),
        ("GET", "https://llm.example/base/v1/models")
    );
    assert_eq!(sent.headers["authorization"], "Bearer key");
    let transport = Arc::new(Canned::json(401, r#"{"error":{"message":"bad key"}}"#));
    let checked = adapter(&transport, Quirks::default());
    let error = checked
        .health_check(&CallContext::new("c"))
        .await
        .expect_err("a bad key");
    assert_eq!(error.kind(), ErrorKind::Authentication);
}

#[test]
fn an_adapter_declares_format_and_features() {
    let able =
        adapter(&Arc::new(Canned::json(200, "")), Quirks::default()).capabilities(&"m".into());
    assert_eq!(able.formats, [FORMAT]);
    assert!(able.features.contains(Feature::Tools));
    assert!(!able.features.contains(Feature::TopK));
}

/// A transport whose bodies never end, and that knows who still reads them.
#[derive(Debug)]
struct Endless(Arc<()>);

#[async_trait]
impl Transport for Endless {
    async fn send(&self, _: &CallContext, _: HttpRequest) -> Result<HttpResponse> {
        let reader = Arc::clone(&self.0);
        let body = stream::repeat_with(move || {
            let _ = &reader;
            Ok(Bytes::from_static(TEXT.as_bytes()))
        });
        Ok(HttpResponse::new(200, HeaderMap::new(), body))
    }
}

#[tokio::test]
async fn dropping_a_stream_closes_the_exchange_at_once() {
    let readers = Arc::new(());
    let transport = Arc::new(Endless(Arc::clone(&readers)));
    let quirks = Quirks::default();
    let adapter = ChatAdapter::new(
        "mine",
        transport,
        "http://x.example",
        HeaderMap::new(),
        quirks,
    );
    let mut frames = adapter
        .stream(&CallContext::new("c"), &request())
        .await
        .expect("a stream");
    frames.next().await.expect("a frame").expect("no error");
    assert_eq!(Arc::strong_count(&readers), 3);
    drop(frames);
    assert_eq!(Arc::strong_count(&readers), 2);
}

#[tokio::test]
async fn sound_and_custom_tools_are_content_although_no_type_knows_them() {
    for delta in [
        r#"{"audio":{"data":"AAAA"}}"#,
        r#"{"tool_calls":[{"index":0,"id":"a","type":"custom","custom":{"name":"f","input":"x"}}]}"#,
    ] {
        let event =
            format!("data: {{\"id\":\"1\",\"choices\":[{{\"index\":0,\"delta\":{delta}}}]}}\n\n");
        let (_, failure) = streamed(Canned::events(&event), Quirks::default()).await;
        check_failure(failure, ErrorKind::Protocol, Phase::AfterOutput);
    }
}

#[tokio::test]
async fn the_model_may_stand_in_the_path_and_health_elsewhere() {
    let transport = Arc::new(Canned::json(200, ANSWER));
    let endpoints = Endpoints::new("deployments/{model}/chat", "health").with_query("v=1");
    let adapter = adapter(&transport, Quirks::default()).with_endpoints(endpoints);
    let cx = CallContext::new("c");
    adapter.complete(&cx, &request()).await.expect("an answer");
    assert_eq!(
        transport.request().url,
        "https://llm.example/base/v1/deployments/m/chat?v=1"
    );
    transport.requests.lock().expect("not poisoned").clear();
    adapter.health_check(&cx).await.expect("well");
    assert_eq!(
        transport.request().url,
        "https://llm.example/base/v1/health?v=1"
    );
}

/// The events of a stream, and nothing but events.
async fn events(body: &str) -> Vec<StreamEvent> {
    let adapter = adapter(&Arc::new(Canned::events(body)), Quirks::default());
    let mut frames = adapter
        .stream(&CallContext::new("c"), &request())
        .await
        .expect("a stream");
    let mut events = Vec::new();
    while let Some(frame) = frames.next().await {
        events.extend(frame.expect("no error").events);
    }
    events
}

#[tokio::test]
async fn a_chunk_of_filter_results_ahead_of_the_answer_is_not_its_start() {
    let filter =
        "data: {\"id\":\"\",\"model\":\"\",\"choices\":[],\"prompt_filter_results\":[]}\n\n";
    let events = events(&format!("{filter}{ROLE}{TEXT}{FINISH}{DONE}")).await;
    let first = StreamEvent::Started {
        id: Some("1".into()),
        model: None,
        created: None,
    };
    assert_eq!(events.first(), Some(&first));
}

#[tokio::test]
async fn signed_thinking_is_told_when_the_answer_ends() {
    let delta = |delta: &str| {
        format!("data: {{\"id\":\"1\",\"choices\":[{{\"index\":0,\"delta\":{delta}}}]}}\n\n")
    };
    let thought = delta(
        r#"{"reasoning":"hm","reasoning_details":[{"type":"reasoning.text","text":"hm","index":0}]}"#,
    );
    let signature =
        delta(r#"{"reasoning_details":[{"type":"reasoning.text","signature":"sig","index":0}]}"#);
    let events = events(&format!("{thought}{signature}{TEXT}{FINISH}{DONE}")).await;
    let value = events.iter().find_map(|event| match event {
        StreamEvent::ReasoningSignature { signature, .. } => Some(signature.value.as_str()),
        _ => None,
    });
    let value: serde_json::Value = serde_json::from_str(value.expect("a signature")).expect("JSON");
    assert_eq!(value[0]["text"], "hm");
    assert_eq!(value[0]["signature"], "sig");
}
