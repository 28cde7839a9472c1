//! Event streams over sockets: arbitrary cuts, endings, progress and cancellation.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use interline_core::{CallContext, ConnectionFault, ErrorKind, Phase, Progress};
use interline_transport::{Accept, SseEvent, SseForm, SseLimits, SseStream, Transport};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::loopback::{Recorder, answer, post, send, serve, serve_bytes, transport};

const HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

fn chunk(text: &str) -> String {
    format!("{:x}\r\n{text}\r\n", text.len())
}

async fn stream(bytes: impl Into<Vec<u8>>) -> SseStream {
    let address = serve_bytes(bytes).await;
    let response = send(address, Accept::EventStream).await.unwrap();
    response.sse(SseLimits::default().with_event_bytes(1000))
}

async fn next(stream: &mut SseStream) -> SseEvent {
    stream.next().await.unwrap().unwrap()
}

#[tokio::test]
async fn events_cross_chunks_and_end_with_the_body() {
    let body = "event: a\ndata: é\n\ndata: 2\n\n";
    let mut wire = HEAD.to_owned();
    for c in body.chars() {
        wire.push_str(&chunk(&c.to_string()));
    }
    wire.push_str("0\r\n\r\n");
    let mut stream = stream(wire).await;
    assert_eq!(
        next(&mut stream).await,
        SseEvent::new(Some("a".to_owned()), "é")
    );
    assert_eq!(next(&mut stream).await, SseEvent::new(None, "2"));
    assert!(stream.next().await.is_none());
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_json_error_instead_of_events_is_handed_over() {
    let body = "{\"error\":{\"message\":\"busy\"}}";
    let mut stream = stream(answer("content-type: text/event-stream\r\n", body)).await;
    let event = next(&mut stream).await;
    assert_eq!(event.form, SseForm::BareJson);
    assert_eq!(event.data, body);
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_stream_cut_between_events_is_an_error_once() {
    let mut stream = stream(format!("{HEAD}{}", chunk("data: 1\n\n"))).await;
    assert_eq!(next(&mut stream).await, SseEvent::new(None, "1"));
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.connection_fault(), Some(ConnectionFault::Reset));
    assert_eq!(error.phase(), Phase::BeforeOutput);
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_gigantic_event_is_a_protocol_error_once() {
    let giant = format!("data: {}", "x".repeat(5000));
    let mut stream = stream(format!("{HEAD}{}{}", chunk("data: 1\n\n"), chunk(&giant))).await;
    assert_eq!(next(&mut stream).await, SseEvent::new(None, "1"));
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains("1000 bytes"), "{error}");
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn comments_and_ping_events_are_progress() {
    let body = ": waiting\n\ndata: 1\n\nevent: ping\ndata: {}\n\n";
    let address = serve_bytes(answer("content-type: text/event-stream\r\n", body)).await;
    let recorder = Arc::new(Recorder::default());
    let cx = CallContext::new("test").with_progress(recorder.clone());
    let response = transport()
        .send(&cx, post(address, Accept::EventStream))
        .await
        .unwrap();
    recorder.take();
    let events: Vec<_> = response.sse(SseLimits::default()).collect().await;
    assert_eq!(events.len(), 2);
    let progress = recorder.take();
    let pings = progress.iter().filter(|step| **step == Progress::Ping);
    assert_eq!(pings.count(), 2);
    let bytes: usize = progress
        .iter()
        .filter_map(|step| match step {
            Progress::Bytes(bytes) => Some(*bytes),
            _ => None,
        })
        .sum();
    assert_eq!(bytes, body.len());
}

/// A vendor that falls silent at a point, and tells when the client has hung up.
async fn silent_vendor(
    before_silence: &'static str,
) -> (std::net::SocketAddr, oneshot::Receiver<()>) {
    let (tell, told) = oneshot::channel();
    let tell = Arc::new(std::sync::Mutex::new(Some(tell)));
    let address = serve(move |_, mut connection| {
        let tell = tell.clone();
        async move {
            connection.read_request().await;
            connection.write(before_silence).await;
            connection.closed().await;
            let tell = tell.lock().unwrap().take();
            let _ = tell.unwrap().send(());
        }
    })
    .await;
    (address, told)
}

/// The contract: dropping cancels the vendor within 100 ms.
async fn check_hung_up(told: oneshot::Receiver<()>) {
    let dropped = Instant::now();
    tokio::time::timeout(Duration::from_secs(5), told)
        .await
        .expect("the vendor never saw the client hang up")
        .unwrap();
    let elapsed = dropped.elapsed();
    assert!(elapsed < Duration::from_millis(100), "after {elapsed:?}");
}

#[tokio::test]
async fn dropping_a_stream_hangs_up_on_a_silent_vendor() {
    let (address, told) =
        silent_vendor("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n")
            .await;
    // The transport outlives the stream, as a pool would keep the connection otherwise.
    let transport = transport();
    let response = transport
        .send(
            &CallContext::new("test"),
            post(address, Accept::EventStream),
        )
        .await
        .unwrap();
    let mut stream = response.sse(SseLimits::default());
    next(&mut stream).await;
    // Somebody waits for the next event when the caller goes away.
    let waiting = tokio::time::timeout(Duration::from_millis(20), stream.next()).await;
    assert!(waiting.is_err());
    drop(stream);
    check_hung_up(told).await;
    drop(transport);
}

#[tokio::test]
async fn dropping_an_unread_response_hangs_up() {
    let (address, told) = silent_vendor("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n").await;
    let transport = transport();
    let response = transport
        .send(&CallContext::new("test"), post(address, Accept::Json))
        .await
        .unwrap();
    drop(response);
    check_hung_up(told).await;
    drop(transport);
}

#[tokio::test]
async fn dropping_a_request_that_waits_for_headers_hangs_up() {
    let (address, told) = silent_vendor("").await;
    let transport = transport();
    let cx = CallContext::new("test");
    let waiting = transport.send(&cx, post(address, Accept::Json));
    let waiting = tokio::time::timeout(Duration::from_millis(50), waiting).await;
    assert!(waiting.is_err());
    check_hung_up(told).await;
    drop(transport);
}
