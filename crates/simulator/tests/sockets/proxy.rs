//! A chaos proxy between a client and a vendor.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use interline_simulator::{
    ChaosProxy, ChaosProxyBuilder, Dialect, Ending, Ledger, Pacing, Passed, PassedEnd, ProxyFault,
    ProxyRule, Reply, RetryAfter, Vendor,
};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::client::{call, client, data_of, read_to_end, soon, streaming};

const PATIENCE: Duration = Duration::from_secs(5);

async fn vendor() -> Vendor {
    let reply = Reply::text("one two three four");
    Vendor::openai("real")
        .with_reply(reply)
        .start()
        .await
        .unwrap()
}

async fn proxy(vendor: &Vendor, rules: impl IntoIterator<Item = ProxyRule>) -> ChaosProxy {
    let upstream = format!("http://{}", vendor.address());
    let builder = ChaosProxy::builder(upstream);
    let builder = rules
        .into_iter()
        .fold(builder, ChaosProxyBuilder::with_rule);
    builder.start(([127, 0, 0, 1], 0).into()).await.unwrap()
}

/// The same call, by way of the proxy.
fn through(proxy: &ChaosProxy, vendor: &Vendor, more: &Value) -> RequestBuilder {
    let client = client();
    let direct = call(&client, vendor, more).build().unwrap();
    let path = direct.url().path().to_owned();
    let url = format!("http://{}{path}?tag=a%20b", proxy.address());
    let body = direct.body().unwrap().as_bytes().unwrap().to_vec();
    client
        .post(url)
        .headers(direct.headers().clone())
        .body(body)
}

async fn send(proxy: &ChaosProxy, vendor: &Vendor, more: &Value) -> reqwest::Result<Response> {
    soon(through(proxy, vendor, more).send()).await
}

#[tokio::test]
async fn what_no_rule_strikes_passes_unharmed() {
    let vendor = vendor().await;
    let proxy = proxy(&vendor, []).await;
    for more in [json!({}), streaming()] {
        let direct = call(&client(), &vendor, &more).send().await.unwrap();
        let passed = send(&proxy, &vendor, &more).await.unwrap();
        assert_eq!(passed.status(), 200);
        assert_eq!(
            passed.headers()["content-type"],
            direct.headers()["content-type"]
        );
        assert!(passed.headers().contains_key("x-request-id"));
        let unnumbered = |text: String| {
            let values = data_of(&text).into_iter();
            values
                .map(|event| event["choices"].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            unnumbered(passed.text().await.unwrap()),
            unnumbered(direct.text().await.unwrap())
        );
    }
    let received = vendor.ledger().last().unwrap();
    assert_eq!(received.path, "/v1/chat/completions");
    let counts = proxy.counts();
    assert_eq!((counts.exchanges, counts.unharmed), (2, 2));
}

#[tokio::test]
async fn events_are_not_held_back() {
    let vendor = vendor().await;
    vendor.set_pacing(Pacing::new(Duration::ZERO, Duration::from_millis(300)));
    let proxy = proxy(&vendor, []).await;
    let started = Instant::now();
    let mut response = send(&proxy, &vendor, &streaming()).await.unwrap();
    let mut text = String::new();
    while !text.contains("one") {
        let piece = soon(response.chunk()).await.unwrap().unwrap();
        text += std::str::from_utf8(&piece).unwrap();
    }
    assert!(
        started.elapsed() < Duration::from_millis(280),
        "{:?}",
        started.elapsed()
    );
    assert!(!text.contains("two"));
}

#[tokio::test]
async fn statuses_come_in_the_words_of_the_vendor() {
    let vendor = vendor().await;
    let fault = ProxyFault::Status {
        status: 429,
        retry_after: Some(RetryAfter::Seconds(20)),
    };
    let proxy = proxy(&vendor, [ProxyRule::new(fault)]).await;
    let response = send(&proxy, &vendor, &json!({})).await.unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "20");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["error"]["code"], "rate_limit_exceeded");
    let claude = Vendor::builder(Dialect::Anthropic, "real")
        .start()
        .await
        .unwrap();
    let response = send(&proxy, &claude, &json!({})).await.unwrap();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["error"]["type"], "rate_limit_error");
    assert_eq!(
        vendor.ledger().total() + claude.ledger().total(),
        0,
        "nothing went on"
    );
}

#[tokio::test]
async fn connections_are_broken_as_the_rule_says() {
    let vendor = vendor().await;
    for fault in [
        ProxyFault::Close,
        ProxyFault::Reset,
        ProxyFault::Garbage,
        ProxyFault::Refuse,
    ] {
        let name = fault.name();
        let proxy = proxy(&vendor, [ProxyRule::new(fault)]).await;
        let error = send(&proxy, &vendor, &json!({})).await.unwrap_err();
        assert!(
            error.is_request() || error.is_connect(),
            "{name}: {error:?}"
        );
        assert!(proxy.counts().faults[name] >= 1);
    }
    for fault in [ProxyFault::Silence, ProxyFault::BlackHole] {
        let name = fault.name();
        let proxy = proxy(&vendor, [ProxyRule::new(fault)]).await;
        let waiting = through(&proxy, &vendor, &json!({})).timeout(Duration::from_millis(100));
        assert!(waiting.send().await.unwrap_err().is_timeout(), "{name}");
    }
}

#[tokio::test]
async fn bodies_are_cut_stalled_and_slowed_where_the_rule_says() {
    let vendor = vendor().await;
    for (ending, is_sound) in [
        (Ending::Clean, true),
        (Ending::Fin, false),
        (Ending::Rst, false),
    ] {
        let cut = ProxyFault::Cut {
            after_bytes: 100,
            ending,
        };
        let proxy = proxy(&vendor, [ProxyRule::new(cut)]).await;
        let response = send(&proxy, &vendor, &streaming()).await.unwrap();
        let (body, ended) = soon(read_to_end(response)).await;
        assert_eq!((body.len(), ended.is_ok()), (100, is_sound), "{ending:?}");
        assert_eq!(proxy.counts().faults["cut"], 1);
    }
    let late = ProxyFault::Cut {
        after_bytes: 1_000_000,
        ending: Ending::Fin,
    };
    let proxy_late = proxy(&vendor, [ProxyRule::new(late)]).await;
    let whole = send(&proxy_late, &vendor, &streaming()).await.unwrap();
    assert!(whole.text().await.unwrap().contains("[DONE]"));
    assert!(
        proxy_late.counts().faults.is_empty(),
        "it did not take effect"
    );

    let stall = ProxyRule::new(ProxyFault::Stall { after_bytes: 100 });
    let stalling = proxy(&vendor, [stall]).await;
    let mut response = send(&stalling, &vendor, &streaming()).await.unwrap();
    let mut received = 0;
    while let Ok(piece) = tokio::time::timeout(Duration::from_millis(200), response.chunk()).await {
        received += piece.unwrap().unwrap().len();
    }
    assert_eq!(received, 100);

    let slow = ProxyRule::new(ProxyFault::Throttle {
        bytes_per_second: 4000,
    });
    let throttling = proxy(&vendor, [slow]).await;
    let started = Instant::now();
    let text = send(&throttling, &vendor, &json!({}))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let least = Duration::from_secs_f64(text.len() as f64 / 4000.0);
    assert!(started.elapsed() >= least, "{:?}", started.elapsed());
}

#[tokio::test]
async fn application_that_leaves_takes_the_vendors_stream_with_it() {
    let vendor = vendor().await;
    vendor.set_pacing(Pacing::new(Duration::ZERO, Duration::from_secs(60)));
    let proxy = proxy(&vendor, []).await;
    let mut response = send(&proxy, &vendor, &streaming()).await.unwrap();
    response.chunk().await.unwrap();
    drop(response);
    let left = |ledger: &Ledger| {
        ledger
            .last()
            .is_some_and(|last| last.client_left_at().is_some())
    };
    soon(vendor.ledger().wait_until(left)).await;
}

#[tokio::test]
async fn stop_lets_answers_end_and_says_what_passed() {
    let vendor = vendor().await;
    vendor.set_pacing(Pacing::new(Duration::from_millis(300), Duration::ZERO));
    let seen: Arc<Mutex<Vec<Passed>>> = Arc::default();
    let told = Arc::clone(&seen);
    let proxy = ChaosProxy::builder(format!("http://{}/v1/", vendor.address()))
        .with_observer(move |passed| told.lock().unwrap().push(passed.clone()))
        .start(([127, 0, 0, 1], 0).into())
        .await
        .unwrap();
    // The upstream's own path stands before the request's.
    let url = format!("http://{}/chat/completions", proxy.address());
    let body = json!({"model": "m", "messages": [{"role": "user", "content": "Hello!"}]});
    let answer = tokio::spawn(client().post(url).json(&body).send());
    let asked = |ledger: &Ledger| ledger.total() == 1;
    soon(vendor.ledger().wait_until(asked)).await;
    let address = proxy.address();
    let counts = proxy.stop(PATIENCE).await;
    assert_eq!((counts.exchanges, counts.unharmed), (1, 1));
    assert_eq!(answer.await.unwrap().unwrap().status(), 200);
    assert_eq!(seen.lock().unwrap()[0].end, PassedEnd::Complete);
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn vendor_that_cannot_be_reached_is_a_502_that_says_so() {
    let proxy = ChaosProxy::builder("http://127.0.0.1:1")
        .start(([127, 0, 0, 1], 0).into())
        .await
        .unwrap();
    let vendor = vendor().await;
    let response = send(&proxy, &vendor, &json!({})).await.unwrap();
    assert_eq!(response.status(), 502);
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["error"]["code"], "upstream_unreachable");
    assert!(
        ChaosProxy::builder("ftp://x")
            .start(([127, 0, 0, 1], 0).into())
            .await
            .is_err()
    );
}
