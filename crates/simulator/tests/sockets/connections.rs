//! Doors, connections, cancellation and the ledger.

use std::time::Duration;

use interline_simulator::{Door, Fault, Outcome, Pacing, Vendor};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::client::{call, client, read_to_end, soon, streaming};

#[tokio::test]
async fn refused_port_refuses_even_pooled_clients_and_reopens() {
    let vendor = Vendor::openai("alpha").start().await.unwrap();
    let client = client();
    call(&client, &vendor, &json!({}))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    for _ in 0..3 {
        vendor.set_door(Door::Refuse).await.unwrap();
        soon(
            vendor
                .ledger()
                .wait_until(|ledger| ledger.active_connections() == 0),
        )
        .await;
        let error = call(&client, &vendor, &json!({})).send().await.unwrap_err();
        assert!(error.is_connect(), "{error:?}");
        let error = TcpStream::connect(vendor.address()).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
        vendor.set_door(Door::Open).await.unwrap();
        assert_eq!(
            call(&client, &vendor, &json!({}))
                .send()
                .await
                .unwrap()
                .status(),
            200
        );
    }
    assert_eq!(vendor.faults_fired()["refused"], 3);
}

#[tokio::test]
async fn reset_door_ends_connections_with_a_reset() {
    let vendor = Vendor::openai("alpha").start().await.unwrap();
    vendor.set_door(Door::Reset).await.unwrap();
    let mut stream = TcpStream::connect(vendor.address()).await.unwrap();
    let error = soon(stream.read_u8()).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    assert!(call(&client(), &vendor, &json!({})).send().await.is_err());
    assert!(vendor.faults_fired()["reset_on_accept"] >= 2);
}

#[tokio::test]
async fn silent_door_accepts_and_says_nothing() {
    let vendor = Vendor::openai("alpha").start().await.unwrap();
    vendor.set_door(Door::Silent).await.unwrap();
    let request = call(&client(), &vendor, &json!({})).timeout(Duration::from_millis(100));
    assert!(request.send().await.unwrap_err().is_timeout());
    assert_eq!(vendor.ledger().total(), 0, "nothing was read");
    soon(
        vendor
            .ledger()
            .wait_until(|ledger| ledger.active_connections() == 0),
    )
    .await;
}

#[tokio::test]
async fn client_that_leaves_a_stream_is_seen_within_100_ms() {
    let pacing = Pacing::new(Duration::ZERO, Duration::from_secs(60));
    let vendor = Vendor::anthropic("beta")
        .with_pacing(pacing)
        .start()
        .await
        .unwrap();
    let mut response = call(&client(), &vendor, &streaming()).send().await.unwrap();
    response.chunk().await.unwrap();
    let left = Instant::now();
    drop(response);
    let gone = |ledger: &interline_simulator::Ledger| {
        ledger
            .last()
            .is_some_and(|last| last.client_left_at().is_some())
    };
    soon(vendor.ledger().wait_until(gone)).await;
    let seen = vendor.ledger().last().unwrap().client_left_at().unwrap();
    assert!(
        seen - left < Duration::from_millis(100),
        "{:?}",
        seen - left
    );
    soon(
        vendor
            .ledger()
            .wait_until(|ledger| ledger.active_connections() == 0),
    )
    .await;
}

#[tokio::test]
async fn client_that_gives_up_on_silence_is_seen() {
    let vendor = Vendor::openai("alpha").start().await.unwrap();
    vendor.set_fault(Some(Fault::Silence));
    let request = call(&client(), &vendor, &json!({})).timeout(Duration::from_millis(50));
    assert!(request.send().await.unwrap_err().is_timeout());
    let gone = |ledger: &interline_simulator::Ledger| {
        ledger
            .last()
            .is_some_and(|last| last.client_left_at().is_some())
    };
    soon(vendor.ledger().wait_until(gone)).await;
    assert_eq!(vendor.faults_fired()["silence"], 1);
}

#[tokio::test]
async fn pacing_delays_first_and_later_tokens() {
    let pacing = Pacing::new(Duration::from_millis(300), Duration::from_millis(20));
    let vendor = Vendor::openai("alpha")
        .with_pacing(pacing)
        .start()
        .await
        .unwrap();
    vendor.set_reply(Some(interline_simulator::Reply::text("a b c")));
    let started = Instant::now();
    let mut response = call(&client(), &vendor, &streaming()).send().await.unwrap();
    response.chunk().await.unwrap();
    let prefix = started.elapsed();
    let (_, ended) = read_to_end(response).await;
    ended.unwrap();
    // Three tokens: one wait of 300 ms and two of 20 ms.
    assert!(
        started.elapsed() >= Duration::from_millis(340),
        "{:?}",
        started.elapsed()
    );
    assert!(
        prefix < Duration::from_millis(300),
        "the prefix is not paced: {prefix:?}"
    );
    let started = Instant::now();
    call(&client(), &vendor, &json!({}))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        started.elapsed() >= Duration::from_millis(340),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn ledger_tells_what_was_received_and_sent() {
    let vendor = Vendor::openai("alpha")
        .with_ledger_capacity(2)
        .start()
        .await
        .unwrap();
    let client = client();
    for number in 1..=3 {
        let more = json!({"user": format!("u{number}")});
        let response = call(&client, &vendor, &more)
            .bearer_auth("sk-secret")
            .send()
            .await
            .unwrap();
        let id = response.headers()["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned();
        response.text().await.unwrap();
        assert_eq!(vendor.ledger().last().unwrap().request_id, id);
    }
    soon(
        vendor
            .ledger()
            .wait_until(|ledger| ledger.last().unwrap().outcome == Outcome::Answered),
    )
    .await;
    assert_eq!(vendor.ledger().total(), 3);
    let kept = vendor.ledger().exchanges();
    assert_eq!(
        kept.iter()
            .map(|exchange| exchange.number)
            .collect::<Vec<_>>(),
        [2, 3]
    );
    assert_eq!(kept[1].body["user"], "u3");
    assert_eq!(kept[1].path, "/v1/chat/completions");
    assert_eq!(kept[1].header("authorization"), Some("REDACTED"));
    assert_eq!(kept[1].status, 200);
    assert!(kept[1].bytes_sent > 400);
    assert_eq!(vendor.ledger().connections(), 1);
}

#[tokio::test]
async fn request_in_chunks_and_byte_by_byte_is_read() {
    let vendor = Vendor::openai("alpha").start().await.unwrap();
    let mut stream = TcpStream::connect(vendor.address()).await.unwrap();
    let body = r#"{"model":"sim","messages":[{"role":"user","content":"Hi"}]}"#;
    let (first, second) = body.split_at(20);
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        first.len(),
        second.len()
    );
    for byte in request.as_bytes() {
        stream.write_all(&[*byte]).await.unwrap();
    }
    let mut answer = String::new();
    soon(stream.read_to_string(&mut answer)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn body_above_the_limit_is_413_in_the_vendors_shape() {
    let vendor = Vendor::anthropic("beta").start().await.unwrap();
    let request = client()
        .post(format!("{}/v1/messages", vendor.base_url()))
        .body(vec![b' '; 32 * 1024 * 1024 + 1]);
    let response = soon(request.send()).await.unwrap();
    assert_eq!(response.status(), 413);
    assert!(response.text().await.unwrap().contains("request_too_large"));
}

#[tokio::test]
async fn dropped_vendor_closes_its_port_and_connections() {
    let vendor = Vendor::openai("alpha").start().await.unwrap();
    let address = vendor.address();
    let mut idle = TcpStream::connect(address).await.unwrap();
    soon(
        vendor
            .ledger()
            .wait_until(|ledger| ledger.active_connections() == 1),
    )
    .await;
    drop(vendor);
    assert_eq!(soon(idle.read(&mut [0; 8])).await.unwrap(), 0);
    let closed = async {
        while TcpStream::connect(address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon(closed).await;
}
