//! `/v1/messages/count_tokens` over sockets: the vendor's word, the next vendor's, or an estimate.

use interline::{Config, Registry};
use interline_gateway::Gateway;
use interline_simulator::{Canned, CannedServer};
use serde_json::{Value, json};

use crate::house::{House, Seen, http_client};

fn prompt(model: &str) -> Value {
    json!({
        "model": model,
        "system": "You are brief.",
        "messages": [{"role": "user", "content": "Hello there"}],
        "tools": [{"name": "add", "description": "Adds.", "input_schema": {"type": "object"}}],
    })
}

async fn count(house: &House, model: &str) -> Seen {
    let sent = house
        .post("/v1/messages/count_tokens", &prompt(model))
        .send();
    Seen::read(sent.await.expect("a reply")).await
}

#[track_caller]
fn check(seen: &Seen, source: &str, provider: &str) {
    assert_eq!(seen.status, 200, "{}", seen.text());
    assert_eq!(seen.header("x-interline-token-source"), source);
    assert_eq!(seen.header("x-interline-provider"), provider);
    let answer = seen.json();
    assert!(answer["input_tokens"].as_u64() > Some(0), "{answer}");
    assert_eq!(answer.as_object().map(serde_json::Map::len), Some(1));
}

#[tokio::test]
async fn a_vendor_that_counts_is_asked() {
    let house = House::new().await;
    let seen = count(&house, "claude").await;
    check(&seen, "vendor", "claude");
    assert_eq!(seen.header("x-interline-attempts"), "1");
    let received = house.claude.ledger().last().expect("an exchange").body;
    assert_eq!(received["model"], "claude-sonnet-4-6");
    assert_eq!(received["tools"][0]["name"], "add");
}

#[tokio::test]
async fn a_count_explains_itself() {
    let house = House::new().await;
    let sent = house
        .post("/v1/messages/count_tokens", &prompt("claude"))
        .header("x-interline-explain", "1")
        .send();
    let answer = Seen::read(sent.await.expect("a reply")).await.json();
    assert_eq!(answer["interline"]["provider"], "claude", "{answer}");
    assert_eq!(
        answer["interline"]["attempt_list"][0]["status"],
        Value::Null
    );
}

#[tokio::test]
async fn a_vendor_without_a_counter_gets_an_estimate_and_no_call() {
    let house = House::new().await;
    let seen = count(&house, "chat").await;
    check(&seen, "estimate", "openai");
    assert_eq!(seen.header("x-interline-attempts"), "0");
    assert_eq!(house.openai.ledger().total(), 0);
    assert_eq!(house.claude.ledger().total(), 0);
}

/// A gateway over one Anthropic vendor that answers everything with `status` and `body`.
async fn counted_by(status: u16, body: &'static str) -> Seen {
    let vendor = CannedServer::start(Canned::new(status, body));
    let vendor = vendor.await.expect("a port");
    let settings = json!({"api_key": "sk-upstream-secret", "base_url": vendor.base_url()});
    let settings = settings.as_object().cloned().expect("an object");
    let config = Config::new().with_provider("claude", "anthropic", settings);
    let gateway = Gateway::new(config, Registry::standard())
        .with_listen("127.0.0.1:0")
        .bind()
        .await
        .expect("a gateway");
    let url = format!("http://{}/v1/messages/count_tokens", gateway.address());
    tokio::spawn(gateway.serve_until(std::future::pending()));
    let body = prompt("claude/claude-sonnet-4-6");
    let reply = http_client().post(url).json(&body).send().await;
    Seen::read(reply.expect("a reply")).await
}

#[tokio::test]
async fn a_counter_that_fails_ends_in_an_estimate() {
    for (status, body) in [(500, "{}"), (404, "not here"), (200, "{}")] {
        let seen = counted_by(status, body).await;
        check(&seen, "estimate", "claude");
        assert_ne!(seen.header("x-interline-attempts"), "0");
    }
}

#[tokio::test]
async fn what_the_vendor_refuses_is_not_estimated() {
    let refusal = r#"{"type":"error","error":{"type":"invalid_request_error","message":"no"}}"#;
    let seen = counted_by(400, refusal).await;
    assert_eq!((seen.status, seen.text().as_str()), (400, refusal));
}

#[tokio::test]
async fn mistakes_are_told_in_anthropics_shape() {
    let house = House::new().await;
    for (body, status, kind) in [
        (json!({"model": "claude"}), 400, "invalid_request_error"),
        (prompt("no-such-model"), 404, "not_found_error"),
    ] {
        let sent = house.post("/v1/messages/count_tokens", &body).send().await;
        let seen = Seen::read(sent.expect("a reply")).await;
        assert_eq!(seen.status, status, "{}", seen.text());
        let answer = seen.json();
        assert_eq!(answer["type"], "error");
        assert_eq!(answer["error"]["type"], kind, "{answer}");
    }
}
