//! Inbound keys: who may call, and where a gateway without keys may listen.

use interline::Registry;
use interline::config::Config;
use interline_gateway::{Exposure, Gateway};
use serde_json::{Map, json};

use crate::house::{BOTH, House, Plan, Seen, Speaks};

async fn keyed() -> House {
    House::built(Plan {
        keys: vec!["first-key", "second-key"],
        ..Plan::default()
    })
    .await
}

#[tokio::test]
async fn both_header_forms_open_the_door() {
    let house = keyed().await;
    for (name, value) in [
        ("authorization", "Bearer first-key"),
        ("x-api-key", "second-key"),
    ] {
        for speaks in BOTH {
            let sent = house
                .post(speaks.path(), &speaks.hello("chat"))
                .header(name, value)
                .send()
                .await;
            assert_eq!(sent.expect("a reply").status(), 200, "{name}");
        }
    }
}

#[tokio::test]
async fn claude_codes_calls_come_through_with_either_header() {
    let house = keyed().await;
    for (name, value) in [
        ("authorization", "Bearer first-key"),
        ("x-api-key", "second-key"),
    ] {
        for path in [
            "/v1/messages?beta=true",
            "/v1/messages/count_tokens?beta=true",
        ] {
            let mut body = Speaks::Anthropic.hello("only-claude");
            if path.contains("count_tokens") {
                body.as_object_mut()
                    .expect("an object")
                    .remove("max_tokens");
            }
            let sent = house
                .post(path, &body)
                .header(name, value)
                .header("anthropic-beta", "claude-code-20250219,fine-grained-2026")
                .header("anthropic-version", "2023-06-01")
                .send()
                .await;
            let seen = Seen::read(sent.expect("a reply")).await;
            assert_eq!(seen.status, 200, "{path} {name}: {}", seen.text());
            let exchange = house.claude.ledger().last().expect("an exchange");
            assert_eq!(
                exchange.header("anthropic-beta"),
                Some("claude-code-20250219,fine-grained-2026"),
                "{path}"
            );
            assert!(
                exchange.header("x-api-key").is_some(),
                "the vendor's own key"
            );
            assert_eq!(exchange.header("authorization"), None, "the caller's stays");
        }
    }
}

#[tokio::test]
async fn without_a_key_there_is_a_401_in_the_callers_format() {
    let house = keyed().await;
    for speaks in BOTH {
        let seen = house.ask(speaks, &speaks.hello("chat")).await;
        assert_eq!(seen.status, 401);
        let body = seen.json();
        let error = speaks.error(&body);
        assert_eq!(error["type"], "authentication_error", "{body}");
        assert_eq!(error["code"], "authentication");
        assert!(seen.has_header("x-request-id"));
        assert!(!seen.text().contains("first-key"));
    }
    assert_eq!(house.openai.ledger().total(), 0);
    assert_eq!(house.get("/v1/models").await.status, 401);
    assert_eq!(house.get("/status.json").await.status, 401);
    for open in ["/healthz", "/readyz", "/metrics", "/"] {
        assert_eq!(house.get(open).await.status, 200, "{open}");
    }
}

#[tokio::test]
async fn the_callers_key_never_reaches_a_vendor() {
    let house = keyed().await;
    let sent = house
        .post(Speaks::OpenAi.path(), &Speaks::OpenAi.hello("chat"))
        .header("authorization", "Bearer first-key")
        .header("x-secret-header", "stays-here")
        .send()
        .await;
    let seen = Seen::read(sent.expect("a reply")).await;
    assert_eq!(seen.status, 200);
    let exchange = house.openai.ledger().last().expect("an exchange");
    assert_eq!(exchange.header("x-secret-header"), None);
    assert_eq!(exchange.header("x-api-key"), None);
}

fn gateway(keys: &[&str]) -> Gateway {
    let settings = Map::from_iter([
        ("base_url".to_owned(), json!("http://127.0.0.1:1/v1")),
        ("api_key".to_owned(), json!("unused")),
    ]);
    let config = Config::new().with_provider("openai", "openai", settings);
    Gateway::new(config, Registry::standard())
        .with_keys(keys.iter().map(|key| (*key).to_owned().into()).collect())
        .with_listen("0.0.0.0:0")
}

#[tokio::test]
async fn without_keys_only_loopback_is_served_unless_told_otherwise() {
    let error = gateway(&[]).bind().await.expect_err("refused");
    assert!(error.message().contains("not loopback"), "{error}");
    assert!(error.message().contains("allow_unauthenticated"), "{error}");
    let keyed = gateway(&["a-key"]).bind().await;
    assert!(keyed.is_ok(), "a key is asked for");
    let told = gateway(&[]).with_exposure(Exposure::Anywhere).bind().await;
    assert!(told.is_ok(), "told so");
}
