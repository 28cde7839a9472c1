//! The provider over a real socket, against a server that gives hand-written answers.

use futures_util::StreamExt;
use interline_core::{
    CallContext, ChatRequest, EmbedRequest, EmbeddingProvider, ErrorKind, Message, ModelLister,
    Phase, Provider,
};
use interline_provider_cohere::Cohere;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Answers one request after the other, each on a connection of its own, and gives their bytes.
async fn serve(answers: Vec<String>) -> (Cohere, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(async move {
        let mut requests = Vec::new();
        for answer in answers {
            let (mut socket, _) = listener.accept().await.expect("a caller");
            let mut request = Vec::new();
            let mut piece = [0; 4096];
            // A request ends with the brace that closes its JSON body, or has none.
            loop {
                let length = socket.read(&mut piece).await.expect("readable");
                request.extend_from_slice(&piece[..length]);
                let is_get = request.starts_with(b"GET") && request.ends_with(b"\r\n\r\n");
                if is_get || request.ends_with(b"}") {
                    break;
                }
            }
            socket.write_all(answer.as_bytes()).await.expect("writable");
            requests.push(String::from_utf8(request).expect("text"));
        }
        requests
    });
    let cohere = Cohere::builder()
        .api_key("test-key")
        .base_url(format!("http://{address}/prefix"))
        .build()
        .expect("a key is enough");
    (cohere, server)
}

fn http(content_type: &str, status: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\nx-debug-trace-id: trace_1\r\n\
         connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

fn json(body: &str) -> String {
    http("application/json", "200 OK", body)
}

fn cx() -> CallContext {
    CallContext::new("c")
}

fn hello() -> ChatRequest {
    ChatRequest::new("command-a-03-2025", [Message::user("hi")])
}

#[tokio::test]
async fn a_call_sends_key_and_body_and_reads_the_answer() {
    let body = r#"{"id":"r","finish_reason":"COMPLETE",
        "message":{"role":"assistant","content":[{"type":"text","text":"Hello."}]},
        "usage":{"tokens":{"input_tokens":3,"output_tokens":2}}}"#;
    let (cohere, server) = serve(vec![json(body)]).await;
    let answer = cohere.complete(&cx(), &hello()).await.expect("an answer");
    assert_eq!(
        (answer.text(), answer.model),
        ("Hello.".into(), "command-a-03-2025".into())
    );
    assert_eq!(answer.meta.request_id.as_deref(), Some("trace_1"));
    let requests = server.await.expect("served");
    assert!(
        requests[0].starts_with("POST /prefix/v2/chat HTTP/1.1\r\n"),
        "{requests:?}"
    );
    assert!(
        requests[0].contains("authorization: Bearer test-key\r\n"),
        "{requests:?}"
    );
}

#[tokio::test]
async fn a_stream_that_is_cut_ends_with_an_error() {
    let body = "event: content-delta\ndata: {\"type\":\"content-delta\",\
                \"delta\":{\"message\":{\"content\":{\"text\":\"Hel\"}}}}\n\n";
    let (cohere, _server) = serve(vec![http("text/event-stream", "200 OK", body)]).await;
    let mut stream = cohere.stream(&cx(), &hello()).await.expect("headers");
    assert_eq!(stream.meta.request_id.as_deref(), Some("trace_1"));
    assert!(
        stream
            .next()
            .await
            .expect("a frame")
            .expect("text")
            .has_content()
    );
    let cut = stream.next().await.expect("an end").expect_err("cut");
    assert_eq!(
        (cut.kind(), cut.phase()),
        (ErrorKind::Protocol, Phase::AfterOutput)
    );
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn an_error_names_its_target_and_exchange() {
    let body = r#"{"id":"e1","message":"limited to 10 API calls / minute"}"#;
    let answer = http("application/json", "429 Too Many Requests", body);
    let (cohere, _server) = serve(vec![answer]).await;
    let error = cohere.complete(&cx(), &hello()).await.expect_err("limited");
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.request_id(), Some("e1"));
    assert_eq!(
        error.provider().map(ToString::to_string).as_deref(),
        Some("cohere")
    );
}

#[tokio::test]
async fn vectors_come_one_for_each_text() {
    let good =
        r#"{"embeddings":{"float":[[0.5],[0.25]]},"meta":{"billed_units":{"input_tokens":2}}}"#;
    let short = r#"{"embeddings":{"float":[[0.5]]}}"#;
    let (cohere, server) = serve(vec![json(good), json(short)]).await;
    let request = EmbedRequest::new("embed-v4.0", ["a", "b"]);
    let answer = cohere.embed(&cx(), &request).await.expect("vectors");
    assert_eq!(answer.embeddings, [[0.5], [0.25]]);
    assert_eq!(answer.meta.request_id.as_deref(), Some("trace_1"));
    let error = cohere
        .embed(&cx(), &request)
        .await
        .expect_err("one is missing");
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let requests = server.await.expect("served");
    assert!(
        requests[0].starts_with("POST /prefix/v2/embed "),
        "{requests:?}"
    );
}

#[tokio::test]
async fn the_list_of_models_is_read_to_its_last_page() {
    let pages = [
        r#"{"models":[{"name":"a"}],"next_page_token":"t 1"}"#,
        r#"{"models":[{"name":"b"}]}"#,
    ];
    let (cohere, server) = serve(pages.map(json).to_vec()).await;
    let listed = cohere.list_models(&cx()).await.expect("a list");
    let names: Vec<_> = listed.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    let requests = server.await.expect("served");
    assert!(requests[1].contains("&page_token=t%201 "), "{requests:?}");
}

#[tokio::test]
async fn health_is_asked_of_the_shortest_list() {
    let denied = http(
        "application/json",
        "401 Unauthorized",
        r#"{"message":"no"}"#,
    );
    let (cohere, server) = serve(vec![json(r#"{"models":[]}"#), denied]).await;
    cohere.health_check(&cx()).await.expect("well");
    let error = cohere.health_check(&cx()).await.expect_err("denied");
    assert_eq!(error.kind(), ErrorKind::Authentication);
    let requests = server.await.expect("served");
    assert!(
        requests[0].starts_with("GET /prefix/v1/models?page_size=1 "),
        "{requests:?}"
    );
}
