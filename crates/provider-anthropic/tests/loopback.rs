//! The provider over a real socket, against a server that gives one hand-written answer.

use futures_util::StreamExt;
use interline_core::{CallContext, ChatRequest, ErrorKind, Message, Phase, Provider};
use interline_provider_anthropic::Anthropic;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Answers one request with `answer` and gives the request's bytes.
async fn serve(answer: String) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("a caller");
        let mut request = Vec::new();
        let mut piece = [0; 4096];
        // A request ends with the brace that closes its JSON body.
        while !request.ends_with(b"}") {
            let length = socket.read(&mut piece).await.expect("readable");
            request.extend_from_slice(&piece[..length]);
        }
        socket.write_all(answer.as_bytes()).await.expect("writable");
        String::from_utf8(request).expect("text")
    });
    (format!("http://{address}/prefix"), server)
}

fn http(content_type: &str, status: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\nrequest-id: req_1\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
}

fn claude(base_url: String) -> Anthropic {
    Anthropic::builder()
        .api_key("sk-ant-test")
        .base_url(base_url)
        .build()
        .expect("a key is enough")
}

fn hello() -> ChatRequest {
    ChatRequest::new("claude-haiku-4-5", [Message::user("hi")])
}

#[tokio::test]
async fn a_call_sends_key_version_and_body_and_reads_the_answer() {
    let body = r#"{"type":"message","id":"msg_1","model":"claude-haiku-4-5","role":"assistant",
        "content":[{"type":"text","text":"Hello."}],"stop_reason":"end_turn",
        "usage":{"input_tokens":3,"output_tokens":2}}"#;
    let (url, server) = serve(http("application/json", "200 OK", body)).await;
    let answer = claude(url).complete(&CallContext::new("c"), &hello()).await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.text(), "Hello.");
    assert_eq!(answer.usage.total_tokens(), Some(5));
    assert_eq!(answer.meta.request_id.as_deref(), Some("req_1"));
    let request = server.await.expect("served");
    assert!(
        request.starts_with("POST /prefix/v1/messages HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.contains("x-api-key: sk-ant-test\r\n"), "{request}");
    assert!(
        request.contains("anthropic-version: 2023-06-01\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn a_stream_that_is_cut_ends_with_an_error() {
    let body = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\
        \"delta\":{\"type\":\"text_delta\",\"text\":\"Hel\"}}\n\n";
    let (url, _server) = serve(http("text/event-stream", "200 OK", body)).await;
    let claude = claude(url);
    let stream = claude.stream(&CallContext::new("c"), &hello()).await;
    let mut stream = stream.expect("headers");
    assert!(
        stream
            .next()
            .await
            .expect("a frame")
            .expect("text")
            .has_content()
    );
    let cut = stream.next().await.expect("an end").expect_err("cut");
    assert_eq!(cut.kind(), ErrorKind::Protocol);
    assert_eq!(cut.phase(), Phase::AfterOutput);
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_refusal_names_the_connection() {
    let body =
        r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#;
    let (url, _server) = serve(http("application/json", "401 Unauthorized", body)).await;
    let error = claude(url).complete(&CallContext::new("c"), &hello()).await;
    let error = error.expect_err("a wrong key");
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(
        error.to_string(),
        "authentication: invalid x-api-key (anthropic/claude-haiku-4-5, status 401)"
    );
}
