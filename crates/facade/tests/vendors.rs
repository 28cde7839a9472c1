//! The quickstart's flow over real sockets: simulated vendors that speak the real formats, and break.
#![cfg(all(feature = "openai", feature = "anthropic"))]

use std::sync::Arc;

use interline::anthropic::Anthropic;
use interline::openai::OpenAi;
use interline::{ChatRequest, Client, ErrorKind, Message, Phase, Route, StreamEvent};
use interline_simulator::{Ending, ErrorCase, Fault, Vendor};

/// Two vendors on loopback ports, and the client between them.
struct Stage {
    openai: Vendor,
    claude: Vendor,
    client: Client,
}

impl Stage {
    async fn set() -> Self {
        let openai = Vendor::openai("alpha").start().await.expect("a free port");
        let claude = Vendor::anthropic("beta")
            .start()
            .await
            .expect("a free port");
        let client = Client::builder()
            .provider(
                "openai",
                Arc::new(
                    OpenAi::builder()
                        .api_key("sk-not-a-real-key")
                        .base_url(openai.base_url())
                        .build()
                        .expect("good settings"),
                ),
            )
            .provider(
                "claude",
                Arc::new(
                    Anthropic::builder()
                        .api_key("sk-not-a-real-key")
                        .base_url(claude.base_url())
                        .build()
                        .expect("good settings"),
                ),
            )
            .route(
                "chat",
                Route::fallback(["openai/gpt-4o", "claude/claude-sonnet-4-6"]),
            )
            .build()
            .expect("a good client");
        Self {
            openai,
            claude,
            client,
        }
    }
}

fn request() -> ChatRequest {
    ChatRequest::new("chat", [Message::user("Hello!")])
}

#[tokio::test]
async fn the_first_vendor_answers_while_it_is_well() {
    let stage = Stage::set().await;
    let reply = stage.client.complete(request()).await.unwrap();
    assert!(reply.text().contains("alpha"), "{}", reply.text());
    assert_eq!((reply.route.attempts, reply.route.is_fallback), (1, false));
    assert!(reply.cost.known().is_some());
    assert_eq!(stage.claude.ledger().total(), 0);
}

#[tokio::test]
async fn whole_answers_survive_what_breaks_a_vendor() {
    for (fault, kind) in [
        (Fault::error(ErrorCase::ServerError), ErrorKind::Unavailable),
        (Fault::error(ErrorCase::RateLimited), ErrorKind::RateLimited),
        (Fault::Reset, ErrorKind::Unavailable),
        (Fault::Closed, ErrorKind::Unavailable),
    ] {
        let stage = Stage::set().await;
        let name = format!("{fault:?}");
        stage.openai.push_fault(fault);
        let reply = stage.client.complete(request()).await.expect(&name);
        assert!(reply.text().contains("beta"), "{name}: {}", reply.text());
        assert!(reply.route.is_fallback, "{name}");
        assert_eq!(reply.route.attempt_list[0].kind, Some(kind), "{name}");
    }
}

#[tokio::test]
async fn streams_survive_what_breaks_before_content() {
    for fault in [
        Fault::error(ErrorCase::Overloaded),
        Fault::ErrorEventBeforeContent {
            case: ErrorCase::ServerError,
        },
        Fault::Reset,
    ] {
        let stage = Stage::set().await;
        let name = format!("{fault:?}");
        stage.openai.push_fault(fault);
        let stream = stage.client.stream(request()).await.expect(&name);
        assert_eq!(stream.route.provider.as_str(), "claude", "{name}");
        let reply = stream.into_reply().await.expect(&name);
        assert!(reply.text().contains("beta"), "{name}: {}", reply.text());
        assert!(reply.cost.known().is_some(), "{name}");
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_after_content_ends_with_an_error() {
    let stage = Stage::set().await;
    stage.openai.push_fault(Fault::CutAfter {
        events: 4,
        ending: Ending::Fin,
    });
    let mut events = stage.client.stream(request()).await.unwrap().events();
    let mut text = String::new();
    let error = loop {
        match events.next().await.expect("a cut is never silent") {
            Ok(StreamEvent::Text { text: more, .. }) => text.push_str(&more),
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(!text.is_empty());
    assert_eq!(error.phase(), Phase::AfterOutput);
    assert_eq!(stage.claude.ledger().total(), 0);
}

#[cfg(feature = "config")]
#[tokio::test]
async fn a_configuration_file_reaches_the_same_vendors() {
    use interline::{Config, Registry};

    let stage = Stage::set().await;
    let text = format!(
        "providers:\n  a: {{ kind: openai, api_key: '${{KEY}}', base_url: '{}' }}\n  \
         b: {{ kind: anthropic, api_key: '${{KEY}}', base_url: '{}' }}\n\
         routes:\n  chat: {{ targets: [a/gpt-4o, b/claude-sonnet-4-6] }}\n",
        stage.openai.base_url(),
        stage.claude.base_url(),
    );
    let client = Config::parse(&text, "test.yaml")
        .unwrap()
        .client_builder_with(&Registry::standard(), |_| Some("sk-not-a-real-key".into()))
        .unwrap()
        .build()
        .unwrap();
    stage
        .openai
        .push_fault(Fault::error(ErrorCase::ServerError));
    let reply = client.complete(request()).await.unwrap();
    assert_eq!(reply.route.target().to_string(), "b/claude-sonnet-4-6");
    assert!(reply.cost.known().is_some());
}

#[cfg(feature = "config")]
#[tokio::test]
async fn a_configured_failure_domain_is_left_when_one_of_it_fails() {
    use interline::{Config, Registry};

    let stage = Stage::set().await;
    let (openai, claude) = (stage.openai.base_url(), stage.claude.base_url());
    let text = format!(
        "providers:\n  a: {{ kind: local, base_url: '{openai}', failure_domain: cloud }}\n  \
         b: {{ kind: local, base_url: '{openai}', failure_domain: cloud }}\n  \
         c: {{ kind: anthropic, api_key: '${{KEY}}', base_url: '{claude}' }}\n\
         routes:\n  chat: {{ targets: [a/gpt-4o, b/gpt-4o, c/claude-sonnet-4-6] }}\n"
    );
    let client = Config::parse(&text, "test.yaml")
        .unwrap()
        .client_builder_with(&Registry::standard(), |_| Some("sk-not-a-real-key".into()))
        .unwrap()
        .build()
        .unwrap();
    stage
        .openai
        .push_fault(Fault::error(ErrorCase::ServerError));
    let reply = client.complete(request()).await.unwrap();
    assert_eq!(reply.route.provider.as_str(), "c");
    assert_eq!(reply.route.attempts, 2);
}
