//! Bodies read whole: limits, compression, and what a body that breaks off means.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use interline_core::{ConnectionFault, ErrorKind, Phase, Result};
use interline_transport::Accept;

use crate::loopback::{answer, send, serve, serve_bytes};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Reads the body of an answer made of these bytes.
async fn read(bytes: impl Into<Vec<u8>>, limit_bytes: usize) -> Result<Vec<u8>> {
    let address = serve_bytes(bytes).await;
    let response = send(address, Accept::Json).await?;
    Ok(response.bytes(limit_bytes).await?.to_vec())
}

#[tokio::test]
async fn a_body_of_the_limits_length_is_read() {
    assert_eq!(read(answer("", "12345"), 5).await.unwrap(), b"12345");
    let chunked =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n12\r\n3\r\n345\r\n0\r\n\r\n";
    assert_eq!(read(chunked, 5).await.unwrap(), b"12345");
}

#[tokio::test]
async fn a_longer_body_is_a_protocol_error_that_names_the_limit() {
    let error = read(answer("", "123456"), 5).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains("5 bytes"), "{error}");
}

#[tokio::test]
async fn an_endless_body_is_read_no_further_than_the_limit() {
    let address = serve(|_, mut connection| async move {
        connection.read_request().await;
        connection.write("HTTP/1.1 200 OK\r\n\r\n").await;
        while connection.stream.writable().await.is_ok() {
            if connection
                .stream
                .try_write(&[b'x'; 4096])
                .is_err_and(|error| error.kind() != std::io::ErrorKind::WouldBlock)
            {
                return;
            }
        }
    })
    .await;
    let response = send(address, Accept::Json).await.unwrap();
    let error = response.bytes(100_000).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[tokio::test]
async fn gzip_is_undone() {
    let body = answer("content-encoding: gzip\r\n", gzip(b"{\"zipped\":true}"));
    assert_eq!(read(body, 100).await.unwrap(), b"{\"zipped\":true}");
}

#[tokio::test]
async fn the_limit_counts_inflated_bytes() {
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 100_000);
    let error = read(answer("content-encoding: gzip\r\n", bomb), 1 << 20)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains("1048576 bytes"), "{error}");
}

#[tokio::test]
async fn broken_compression_is_a_protocol_error() {
    let mut broken = gzip(&b"some text that compresses".repeat(10));
    broken[12..20].fill(0xff);
    let cut = &gzip(b"some text")[..14];
    for body in [b"not gzip at all".as_slice(), &broken, cut] {
        let error = read(answer("content-encoding: gzip\r\n", body), 1000)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
        assert!(error.message().contains("127.0.0.1:"), "{error}");
    }
}

#[track_caller]
fn check_cut(result: Result<Vec<u8>>) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    assert_eq!(error.connection_fault(), Some(ConnectionFault::Reset));
    assert_eq!(error.phase(), Phase::BeforeOutput);
    assert!(error.maybe_billed());
    assert!(error.message().contains("127.0.0.1:"), "{error}");
    assert!(!format!("{error:?}").contains("hidden"), "{error:?}");
}

#[tokio::test]
async fn a_body_cut_short_is_a_reset() {
    check_cut(read("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n1234", 100).await);
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    check_cut(read(format!("{chunked}5\r\n12"), 100).await);
    check_cut(read(format!("{chunked}2\r\n12\r\n"), 100).await);
    let zipped = gzip(b"{\"zipped\":true}");
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        zipped.len()
    );
    check_cut(read([head.as_bytes(), &zipped[..zipped.len() - 9]].concat(), 100).await);
}

#[tokio::test]
async fn a_connection_reset_inside_a_body_is_a_reset() {
    let address = serve(|_, mut connection| async move {
        connection.read_request().await;
        connection
            .write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n1234")
            .await;
        // The client must have the bytes before the reset throws them away.
        tokio::task::yield_now().await;
        connection.reset();
    })
    .await;
    let response = send(address, Accept::Json).await;
    check_cut(match response {
        Ok(response) => response.bytes(100).await.map(|bytes| bytes.to_vec()),
        Err(error) => Err(error),
    });
}

#[tokio::test]
async fn broken_framing_is_a_protocol_error() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let error = read(format!("{chunked}zz\r\n12\r\n"), 100)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error:?}");
}

#[tokio::test]
async fn content_types_are_told_apart() {
    for (content_type, json, events) in [
        ("application/json", true, false),
        ("Application/JSON; charset=utf-8", true, false),
        ("application/problem+json", true, false),
        ("text/event-stream", false, true),
        ("text/event-stream;charset=UTF-8", false, true),
        ("text/html", false, false),
    ] {
        let address = serve_bytes(answer(&format!("content-type: {content_type}\r\n"), "")).await;
        let response = send(address, Accept::Json).await.unwrap();
        assert_eq!(response.is_json(), json, "{content_type}");
        assert_eq!(response.is_event_stream(), events, "{content_type}");
    }
}

#[tokio::test]
async fn headers_beyond_the_limit_are_a_protocol_error() {
    let headers = |count: usize| {
        let line = format!("x-filler: {}\r\n", "y".repeat(8 * 1024));
        answer(&line.repeat(count), "ok")
    };
    assert_eq!(read(headers(7), 10).await.unwrap(), b"ok");
    let error = read(headers(8), 10).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert_eq!(error.status(), Some(200));
    assert!(error.message().contains("65536 bytes"), "{error}");
}

#[tokio::test]
async fn a_body_that_inflates_without_measure_is_refused_before_the_limit() {
    let bomb = gzip(&vec![b' '; 64 << 20]);
    let body = answer("content-encoding: gzip\r\n", bomb);
    let error = read(body, 128 << 20).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.message().contains("100 times"), "{error}");
}
