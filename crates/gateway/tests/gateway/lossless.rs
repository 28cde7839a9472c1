//! Where formats match, nothing is lost: requests, answers and error bodies.

use interline::{Config, Registry};
use interline_gateway::Gateway;
use interline_simulator::{Canned, CannedServer, ErrorCase, Fault};
use serde_json::json;

use crate::house::{House, Seen, Speaks, http_client};

#[tokio::test]
async fn unknown_request_fields_reach_a_vendor_of_the_same_format() {
    let house = House::new().await;
    for (speaks, vendor, route) in [
        (Speaks::OpenAi, &house.openai, "only"),
        (Speaks::Anthropic, &house.claude, "only-claude"),
    ] {
        let mut body = speaks.hello(route);
        body["brand_new_option"] = json!({"deep": [1, 2.50, null]});
        assert_eq!(house.ask(speaks, &body).await.status, 200);
        let received = vendor.ledger().last().expect("an exchange").body;
        assert_eq!(
            received["brand_new_option"], body["brand_new_option"],
            "{received}"
        );
        assert_ne!(received["model"], route);
    }
}

#[tokio::test]
async fn anthropics_headers_and_query_travel_on() {
    let house = House::new().await;
    let sent = house
        .post(
            "/v1/messages?beta=true",
            &Speaks::Anthropic.hello("only-claude"),
        )
        .header("anthropic-beta", "brand-new-2026")
        .header("anthropic-version", "2023-06-01")
        .send()
        .await;
    assert_eq!(Seen::read(sent.expect("a reply")).await.status, 200);
    let exchange = house.claude.ledger().last().expect("an exchange");
    assert_eq!(exchange.header("anthropic-beta"), Some("brand-new-2026"));
    assert_eq!(exchange.header("anthropic-version"), Some("2023-06-01"));
}

#[tokio::test]
async fn an_error_body_of_the_same_format_comes_back_unchanged() {
    let house = House::new().await;
    for (speaks, vendor, route) in [
        (Speaks::OpenAi, &house.openai, "only"),
        (Speaks::Anthropic, &house.claude, "only-claude"),
    ] {
        vendor.push_fault(Fault::error(ErrorCase::ContextLength));
        let seen = house.ask(speaks, &speaks.hello(route)).await;
        assert_eq!(seen.status, 400, "{}", seen.text());
        let body = seen.json();
        // Only the vendor's own body lacks the code that this gateway adds for Anthropic callers.
        match speaks {
            Speaks::OpenAi => assert_eq!(body["error"]["code"], "context_length_exceeded"),
            Speaks::Anthropic => assert!(body["error"]["code"].is_null(), "{body}"),
        }
    }
}

#[tokio::test]
async fn rate_limit_headers_are_passed_on_where_the_formats_match() {
    let house = House::new().await;
    let same = house
        .ask(Speaks::OpenAi, &Speaks::OpenAi.hello("only"))
        .await;
    assert!(
        same.has_header("x-ratelimit-remaining-requests"),
        "{:?}",
        same.headers
    );
    let other = house
        .ask(Speaks::Anthropic, &Speaks::Anthropic.hello("only"))
        .await;
    assert!(
        !other.has_header("x-ratelimit-remaining-requests"),
        "{:?}",
        other.headers
    );
}

#[tokio::test]
async fn a_key_that_a_vendor_echoes_is_left_out_of_its_error_body() {
    let echo = r#"{"error":{"message":"no such field; your key sk-upstream-secret","type":"invalid_request_error","code":"x"}}"#;
    // With an error status, and inside a 200.
    for status in [400, 200] {
        check_echo(status, echo).await;
    }
}

async fn check_echo(status: u16, echo: &'static str) {
    let vendor = CannedServer::start(Canned::new(status, echo))
        .await
        .expect("a port");
    let settings = json!({"api_key": "sk-upstream-secret", "base_url": vendor.base_url()});
    let config = Config::new().with_provider(
        "echo",
        "openai",
        settings.as_object().cloned().expect("an object"),
    );
    let gateway = Gateway::new(config, Registry::standard())
        .with_listen("127.0.0.1:0")
        .bind()
        .await
        .expect("a gateway");
    let url = format!("http://{}/v1/chat/completions", gateway.address());
    tokio::spawn(gateway.serve_until(std::future::pending()));
    let body = Speaks::OpenAi.hello("echo/m");
    let reply = http_client().post(url).json(&body).send().await;
    let seen = Seen::read(reply.expect("a reply")).await;
    assert_eq!(seen.status, 400);
    assert_eq!(
        seen.text(),
        echo.replace("sk-upstream-secret", "[redacted]")
    );
}
