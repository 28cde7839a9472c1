//! The provider over a real socket, against a server that gives one hand-written answer.

use futures_util::StreamExt;
use interline_core::{CallContext, ChatRequest, ErrorKind, Message, Phase, Provider};
use interline_provider_google::Google;
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
    (format!("http://{address}/prefix/v1beta"), server)
}

fn http(content_type: &str, status: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\nx-request-id: req_1\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
}

fn google(base_url: String) -> Google {
    Google::builder()
        .api_key("test-key")
        .base_url(base_url)
        .build()
        .expect("a key is enough")
}

fn hello() -> ChatRequest {
    ChatRequest::new("gemini-2.5-flash", [Message::user("hi")])
}

#[tokio::test]
async fn a_call_sends_key_and_body_and_reads_the_answer() {
    let body = r#"{"candidates":[{"content":{"parts":[{"text":"Hello."}],"role":"model"},
        "finishReason":"STOP","index":0}],"responseId":"r","modelVersion":"gemini-2.5-flash",
        "usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2,"thoughtsTokenCount":5}}"#;
    let (url, server) = serve(http("application/json", "200 OK", body)).await;
    let answer = google(url).complete(&CallContext::new("c"), &hello()).await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.text(), "Hello.");
    assert_eq!(answer.usage.total_tokens(), Some(10));
    assert_eq!(answer.meta.request_id.as_deref(), Some("req_1"));
    let request = server.await.expect("served");
    let line = "POST /prefix/v1beta/models/gemini-2.5-flash:generateContent HTTP/1.1\r\n";
    assert!(request.starts_with(line), "{request}");
    assert!(
        request.contains("x-goog-api-key: test-key\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn a_stream_that_is_cut_ends_with_an_error() {
    let body = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hel\"}]}}]}\r\n\r\n";
    let (url, server) = serve(http("text/event-stream", "200 OK", body)).await;
    let google = google(url);
    let stream = google.stream(&CallContext::new("c"), &hello()).await;
    let mut stream = stream.expect("headers");
    let first = stream.next().await.expect("a frame").expect("text");
    assert!(first.has_content());
    let cut = stream.next().await.expect("an end").expect_err("cut");
    assert_eq!(cut.kind(), ErrorKind::Protocol);
    assert_eq!(cut.phase(), Phase::AfterOutput);
    assert!(stream.next().await.is_none());
    let request = server.await.expect("served");
    let line = "POST /prefix/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse HTTP";
    assert!(request.starts_with(line), "{request}");
}

#[tokio::test]
async fn a_refusal_names_the_connection() {
    let body = r#"{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT",
        "details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}"#;
    let (url, _server) = serve(http("application/json", "400 Bad Request", body)).await;
    let error = google(url).complete(&CallContext::new("c"), &hello()).await;
    let error = error.expect_err("a wrong key");
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert_eq!(
        error.to_string(),
        "authentication: API key not valid. (google/gemini-2.5-flash, status 400)"
    );
}
