//! Both kinds work in a client, by value and from a configuration.

#![cfg(feature = "gateway")]

use interline::{ChatRequest, Client, Config, Message, Registry, Route};
use interline_core::{ProviderFactory, ProviderSettings};
use interline_simulator::{Canned, CannedServer};
use outside_provider::acme::AcmeFactory;
use outside_provider::murmur::MurmurFactory;
use serde_json::json;

#[tokio::test]
async fn a_call_that_murmur_cannot_serve_flies_with_acme() {
    let crowded = Canned::new(
        529,
        r#"{"trouble": {"code": "crowded", "words": "Later."}}"#,
    );
    let murmur = CannedServer::start(crowded).await.expect("a port");
    let answer = r#"{"choices": [{"index": 0, "message": {"role": "assistant", "content": "Hello!"},
        "finish_reason": "stop"}]}"#;
    let answer = Canned::new(200, answer).with_header("content-type", "application/json");
    let acme = CannedServer::start(answer).await.expect("a port");
    let build = |factory: &dyn ProviderFactory, url: String| {
        let values = json!({"base_url": url, "api_key": "none"});
        factory
            .build(ProviderSettings::new(factory.kind(), values))
            .expect("good settings")
    };
    let client = Client::builder()
        .provider("murmur", build(&MurmurFactory, murmur.base_url()))
        .provider("acme", build(&AcmeFactory::new(), acme.base_url()))
        .route(
            "chat",
            Route::fallback(["murmur/murmur-1", "acme/acme-large"]),
        )
        .build()
        .expect("a good route");
    let request = ChatRequest::new("chat", [Message::user("Hi!")]);
    let reply = client.complete(request).await.expect("acme answers");
    assert_eq!(reply.text(), "Hello!");
    assert_eq!(
        (reply.route.provider.as_str(), reply.route.attempts),
        ("acme", 2)
    );
}

#[test]
fn the_example_configuration_is_valid() {
    let registry = Registry::standard()
        .with(AcmeFactory::new())
        .with(MurmurFactory);
    let text = include_str!("../interline.yaml");
    let config = Config::parse(text, "interline.yaml").expect("a configuration");
    let keys = |_: &str| Some("none".to_owned());
    let builder = config.client_builder_with(&registry, keys);
    builder.expect("known kinds").build().expect("a client");
}
