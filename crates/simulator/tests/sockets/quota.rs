//! Limits that the vendor enforces, and what it bills.

use std::time::Duration;

use interline_simulator::{
    Dialect, EnforcedLimits, Fault, Outcome, Price, Reply, TokenUsage, Vendor,
};
use reqwest::Response;
use serde_json::json;

use crate::client::{call, client, soon, streaming};

fn number(response: &Response, name: &str) -> u64 {
    response.headers()[name].to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn calls_beyond_the_limit_are_refused_until_the_announced_time() {
    // 20 a second, 2 at once.
    let limits = EnforcedLimits::new()
        .with_requests_per_minute(1200)
        .with_burst(Duration::from_millis(100));
    let vendor = Vendor::openai("alpha")
        .with_enforced_limits(limits)
        .start()
        .await
        .unwrap();
    let client = client();
    let send = async || call(&client, &vendor, &json!({})).send().await.unwrap();
    let mut refused = None;
    for _ in 0..10 {
        let response = send().await;
        if response.status() == 429 {
            refused = Some(response);
            break;
        }
        assert_eq!(number(&response, "x-ratelimit-limit-requests"), 1200);
    }
    let refused = refused.expect("ten calls take less than half a second");
    assert_eq!(number(&refused, "x-ratelimit-remaining-requests"), 0);
    let wait = number(&refused, "retry-after-ms");
    assert!((1..=50).contains(&wait), "{wait} ms");
    tokio::time::sleep(Duration::from_millis(wait)).await;
    assert_eq!(send().await.status(), 200);
    vendor.set_enforced_limits(None);
    for _ in 0..5 {
        assert_eq!(send().await.status(), 200);
    }
}

#[tokio::test]
async fn tokens_are_limited_in_the_dialects_own_headers() {
    let limits = EnforcedLimits::new().with_tokens_per_minute(150);
    let reply = Reply::text("hello").with_usage(TokenUsage::new(60, 40));
    let vendor = Vendor::anthropic("beta")
        .with_enforced_limits(limits)
        .with_reply(reply)
        .start()
        .await
        .unwrap();
    let send = async || call(&client(), &vendor, &streaming()).send().await.unwrap();
    let first = send().await;
    assert_eq!(number(&first, "anthropic-ratelimit-tokens-remaining"), 50);
    let second = send().await;
    assert_eq!(second.status(), 429);
    // 50 tokens are missing, and 2.5 come each second.
    assert!((18..=20).contains(&number(&second, "retry-after")));
    assert_eq!(
        vendor.ledger().charged().exchanges,
        1,
        "a refusal is not billed"
    );
}

#[tokio::test]
async fn answers_are_billed_whether_or_not_they_arrive() {
    for dialect in [Dialect::OpenAi, Dialect::Anthropic] {
        let vendor = Vendor::builder(dialect, "till")
            .with_price(Price::new(2_000_000, 10_000_000))
            .with_reply(Reply::text("hello").with_usage(TokenUsage::new(1000, 100)))
            .start()
            .await
            .unwrap();
        let client = client();
        let response = call(&client, &vendor, &json!({})).send().await.unwrap();
        response.text().await.unwrap();
        assert_eq!(vendor.ledger().charged_unused().exchanges, 0);
        vendor.push_fault(Fault::status(500));
        call(&client, &vendor, &json!({})).send().await.unwrap();
        vendor.push_fault(Fault::Closed);
        call(&client, &vendor, &json!({})).send().await.unwrap_err();
        vendor.push_fault(Fault::Stall { events: 1 });
        drop(call(&client, &vendor, &streaming()).send().await.unwrap());
        let left = |ledger: &interline_simulator::Ledger| {
            matches!(ledger.last().unwrap().outcome, Outcome::ClientLeft { .. })
        };
        soon(vendor.ledger().wait_until(left)).await;
        let charged = vendor.ledger().charged();
        assert_eq!((charged.exchanges, charged.output_tokens), (3, 300));
        assert_eq!(charged.nano_usd, 3 * 3_000_000);
        let unused = vendor.ledger().charged_unused();
        assert_eq!((unused.exchanges, unused.input_tokens), (2, 2000));
    }
}
