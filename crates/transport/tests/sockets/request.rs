//! What goes over the wire, and the progress that is reported meanwhile.

use std::sync::Arc;

use http::{HeaderName, HeaderValue};
use interline_core::{CallContext, Progress};
use interline_transport::{Accept, HttpRequest, Transport, bearer_header};
use secrecy::SecretString;

use crate::loopback::{Connection, Recorder, answer, post, send, serve, transport};

/// Answers with the request as it came.
async fn echo(_: usize, mut connection: Connection) {
    let request = connection.read_request().await;
    connection.write(answer("", request)).await;
}

async fn sent(request: HttpRequest) -> String {
    let response = transport()
        .send(&CallContext::new("test"), request)
        .await
        .unwrap();
    String::from_utf8(response.bytes(1 << 20).await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn a_json_post_says_what_it_is_and_what_it_accepts() {
    let address = serve(echo).await;
    let text = sent(post(address, Accept::Json)).await;
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<&str> = head.lines().collect();
    assert_eq!(lines.remove(0), "POST /v1/chat?key=hidden HTTP/1.1");
    lines.sort_unstable();
    let user_agent = format!("user-agent: interline/{}", env!("CARGO_PKG_VERSION"));
    let host = format!("host: {address}");
    assert_eq!(
        lines,
        [
            "accept-encoding: gzip",
            "accept: application/json",
            "content-length: 2",
            "content-type: application/json",
            &host,
            &user_agent,
        ]
    );
    assert_eq!(body, "{}");
}

#[tokio::test]
async fn an_event_stream_is_asked_for_uncompressed() {
    let address = serve(echo).await;
    let text = sent(post(address, Accept::EventStream)).await;
    assert!(text.contains("accept: text/event-stream\r\n"), "{text}");
    assert!(text.contains("accept-encoding: identity\r\n"), "{text}");
}

#[tokio::test]
async fn the_requests_own_headers_win() {
    let address = serve(echo).await;
    let key = SecretString::from("sk-secret");
    let request = post(address, Accept::Json)
        .with_header(http::header::AUTHORIZATION, bearer_header(&key).unwrap())
        .with_header(http::header::USER_AGENT, HeaderValue::from_static("mine/1"))
        .with_header(
            HeaderName::from_static("x-a"),
            HeaderValue::from_static("1"),
        );
    assert!(!format!("{request:?}").contains("secret"), "{request:?}");
    assert!(!format!("{request:?}").contains("hidden"), "{request:?}");
    let text = sent(request).await;
    // The server got the key: only its exact echo is taken out again.
    assert!(
        text.contains("authorization: Bearer [redacted]\r\n"),
        "{text}"
    );
    assert!(text.contains("user-agent: mine/1\r\n"), "{text}");
    assert!(!text.contains("interline/"), "{text}");
    assert!(text.contains("x-a: 1\r\n"), "{text}");
}

#[tokio::test]
async fn a_get_has_no_body() {
    let address = serve(echo).await;
    let text = sent(HttpRequest::get(format!("http://{address}/v1/models"))).await;
    assert!(text.starts_with("GET /v1/models HTTP/1.1\r\n"), "{text}");
    assert!(!text.contains("content-length"), "{text}");
}

#[tokio::test]
async fn redirects_are_answers() {
    let address = serve(|_, mut connection| async move {
        connection.read_request().await;
        connection
            .write("HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n")
            .await;
        let again = connection.read_request().await;
        assert!(again.is_empty(), "the redirect was followed: {again}");
    })
    .await;
    let response = send(address, Accept::Json).await.unwrap();
    assert_eq!(response.status, 302);
    assert!(!response.is_success());
    assert_eq!(response.headers["location"], "/elsewhere");
}

#[tokio::test]
async fn failures_are_answers_and_are_not_tried_again() {
    let address = serve(|number, mut connection| async move {
        assert_eq!(number, 1);
        connection.read_request().await;
        connection
            .write("HTTP/1.1 503 Service Unavailable\r\nretry-after: 0\r\nx-request-id: r1\r\ncontent-length: 4\r\n\r\nbusy")
            .await;
        assert!(connection.read_request().await.is_empty(), "tried again");
    })
    .await;
    let response = send(address, Accept::Json).await.unwrap();
    assert_eq!(response.status, 503);
    assert_eq!(response.meta().request_id.as_deref(), Some("r1"));
    assert_eq!(response.bytes(100).await.unwrap(), "busy");
}

#[tokio::test]
async fn progress_tells_sending_headers_and_bytes() {
    let address = serve(echo).await;
    let recorder = Arc::new(Recorder::default());
    let cx = CallContext::new("test").with_progress(recorder.clone());
    let transport = transport();
    let response = transport
        .send(&cx, post(address, Accept::Json))
        .await
        .unwrap();
    assert_eq!(recorder.take(), [Progress::Sending, Progress::Headers]);
    let body = response.bytes(1 << 20).await.unwrap();
    let bytes: usize = recorder
        .take()
        .iter()
        .map(|progress| match progress {
            Progress::Bytes(bytes) => *bytes,
            other => panic!("unexpected {other:?}"),
        })
        .sum();
    assert_eq!(bytes, body.len());
    let request = HttpRequest::get(format!("http://{address}/"));
    transport.send(&cx, request).await.unwrap();
    assert_eq!(recorder.take(), [Progress::Sending, Progress::Headers]);
}

#[tokio::test]
async fn a_request_that_never_connected_was_never_sending() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let recorder = Arc::new(Recorder::default());
    let cx = CallContext::new("test").with_progress(recorder.clone());
    let request = post(socket.local_addr().unwrap(), Accept::Json);
    transport().send(&cx, request).await.unwrap_err();
    assert_eq!(recorder.take(), []);
}

#[tokio::test]
async fn a_large_body_is_sent_whole() {
    let address = serve(|_, mut connection| async move {
        let request = connection.read_request().await;
        let (_, body) = request.split_once("\r\n\r\n").unwrap();
        let length = body.len().to_string();
        connection.write(answer("", length)).await;
    })
    .await;
    let mut request = post(address, Accept::Json);
    request.body = vec![b'x'; 3 << 20].into();
    assert_eq!(sent(request).await, (3 << 20).to_string());
}
