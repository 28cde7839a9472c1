//! `/v1/embeddings` over sockets: shapes, fallbacks, errors, and the headers of ours.

use interline::{Config, Registry, Route};
use interline_gateway::Gateway;
use interline_simulator::{Fault, Vendor};
use reqwest::Client;
use serde_json::{Map, Value, json};

use crate::house::{Seen, http_client};

const SMALL: &str = "text-embedding-3-small";

/// Two vendors that embed, one that does not, and a gateway over them.
struct Vectors {
    first: Vendor,
    second: Vendor,
    url: String,
    http: Client,
}

impl Vectors {
    async fn new() -> Self {
        let vendor = |name: &str| Vendor::openai(name).with_models([SMALL]).start();
        let (first, second) = (vendor("first").await, vendor("second").await);
        let (first, second) = (first.expect("a port"), second.expect("a port"));
        let claude = Vendor::anthropic("claude").start().await.expect("a port");
        let settings = |vendor: &Vendor| {
            Map::from_iter([
                ("base_url".to_owned(), json!(vendor.base_url())),
                ("api_key".to_owned(), json!("sk-upstream-secret")),
            ])
        };
        let targets = [format!("first/{SMALL}"), format!("second/{SMALL}")];
        let options = interline::RouteOptions::default;
        let config = Config::new()
            .with_provider("first", "openai", settings(&first))
            .with_provider("second", "openai", settings(&second))
            .with_provider("claude", "anthropic", settings(&claude))
            .with_route("vectors", Route::fallback(targets), options())
            .with_route(
                "speechless",
                Route::fallback(["claude/claude-sonnet-4-6"]),
                options(),
            );
        let gateway = Gateway::new(config, Registry::standard())
            .with_listen("127.0.0.1:0")
            .bind()
            .await
            .expect("a good configuration");
        let url = format!("http://{}/v1/embeddings", gateway.address());
        tokio::spawn(gateway.serve_until(std::future::pending()));
        Self {
            first,
            second,
            url,
            http: http_client(),
        }
    }

    async fn ask(&self, body: &Value) -> Seen {
        let request = self.http.post(&self.url).json(body);
        let sent = request.header("x-interline-explain", "1").send().await;
        Seen::read(sent.expect("a reply")).await
    }
}

#[tokio::test]
async fn texts_come_back_as_vectors_with_the_headers_of_every_answer() {
    let house = Vectors::new().await;
    let body = json!({"model": "vectors", "input": ["one", "two"], "new_option": 1});
    let seen = house.ask(&body).await;
    assert_eq!(seen.status, 200, "{}", seen.text());
    let answer = seen.json();
    assert_eq!(answer["object"], "list");
    assert_eq!(answer["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(answer["data"][1]["index"], 1);
    assert!(answer["data"][0]["embedding"][0].is_number(), "{answer}");
    assert_eq!(seen.header("x-interline-provider"), "first");
    assert_eq!(seen.header("x-interline-model"), SMALL);
    assert_eq!(seen.header("x-interline-attempts"), "1");
    assert_eq!(seen.header("x-interline-fallback"), "false");
    assert!(seen.has_header("x-interline-cost-usd"));
    assert!(seen.has_header("x-request-id"));
    assert_eq!(answer["interline"]["route"], "vectors");
    let received = house.first.ledger().last().expect("an exchange").body;
    assert_eq!(received["model"], SMALL);
    assert_eq!(received["new_option"], 1, "what no type knows travels on");
}

#[tokio::test]
async fn every_form_of_input_and_of_vectors_is_served() {
    let house = Vectors::new().await;
    for (input, vectors) in [
        (json!("one"), 1),
        (json!(["one"]), 1),
        (json!([1, 2, 3]), 1),
        (json!([[1, 2], [3]]), 2),
    ] {
        let seen = house
            .ask(&json!({"model": "vectors", "input": input}))
            .await;
        assert_eq!(seen.status, 200, "{input}: {}", seen.text());
        let data = seen.json()["data"].as_array().map(Vec::len);
        assert_eq!(data, Some(vectors), "{input}");
    }
    let body = json!({"model": "vectors", "input": "one", "encoding_format": "base64"});
    let answer = house.ask(&body).await.json();
    assert!(answer["data"][0]["embedding"].is_string(), "{answer}");
}

#[tokio::test]
async fn a_failing_vendor_is_left_for_the_next() {
    let house = Vectors::new().await;
    house.first.push_fault(Fault::status(500));
    let seen = house
        .ask(&json!({"model": "vectors", "input": "one"}))
        .await;
    assert_eq!(seen.status, 200, "{}", seen.text());
    assert_eq!(seen.header("x-interline-provider"), "second");
    assert_eq!(seen.header("x-interline-attempts"), "2");
    assert_eq!(seen.header("x-interline-fallback"), "true");
}

#[tokio::test]
async fn mistakes_are_told_in_openais_shape_and_reach_nobody() {
    let house = Vectors::new().await;
    for (body, field) in [
        (json!({"model": "vectors"}), "input"),
        (json!({"model": "vectors", "input": []}), "input"),
        (json!({"model": "vectors", "input": ["a", ""]}), "input"),
        (json!({"input": "a"}), "model"),
    ] {
        let seen = house.ask(&body).await;
        assert_eq!(seen.status, 400, "{body}: {}", seen.text());
        let error = &seen.json()["error"];
        assert_eq!(error["code"], "invalid_request", "{body}");
        assert_eq!(error["param"], field, "{body}");
    }
    assert_eq!(house.first.ledger().total(), 0);
    assert_eq!(house.second.ledger().total(), 0);
}

#[tokio::test]
async fn a_route_that_cannot_embed_says_who_lacks_it() {
    let house = Vectors::new().await;
    let seen = house
        .ask(&json!({"model": "speechless", "input": "a"}))
        .await;
    assert_eq!(seen.status, 400);
    let error = seen.json()["error"].clone();
    assert_eq!(error["code"], "unsupported", "{error}");
    let message = error["message"].as_str().expect("text");
    assert!(
        message.ends_with("claude/claude-sonnet-4-6 lacks embeddings"),
        "{message}"
    );
}

#[tokio::test]
async fn tokens_that_a_vendor_does_not_count_are_estimated_and_said_to_be() {
    let body = r#"{"embeddings":[{"values":[0.5]}]}"#;
    let vendor = interline_simulator::Canned::new(200, body);
    let vendor = interline_simulator::CannedServer::start(vendor)
        .await
        .expect("a port");
    let settings = json!({"api_key": "sk-upstream-secret", "base_url": vendor.base_url()});
    let settings = settings.as_object().cloned().expect("an object");
    let config = Config::new().with_provider("google", "google", settings);
    let gateway = Gateway::new(config, Registry::standard())
        .with_listen("127.0.0.1:0")
        .bind()
        .await
        .expect("a gateway");
    let url = format!("http://{}/v1/embeddings", gateway.address());
    tokio::spawn(gateway.serve_until(std::future::pending()));
    let body = json!({"model": "google/gemini-embedding-001", "input": "12345678"});
    let reply = http_client().post(url).json(&body).send().await;
    let seen = Seen::read(reply.expect("a reply")).await;
    assert_eq!(seen.status, 200, "{}", seen.text());
    assert_eq!(seen.header("x-interline-token-source"), "estimate");
    let usage = &seen.json()["usage"];
    assert_eq!(usage, &json!({"prompt_tokens": 2, "total_tokens": 2}));
}
