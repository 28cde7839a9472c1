//! Every kind of provider that a configuration may name passes the suite.

use interline::{ProviderSettings, Registry};
use interline_testkit::conformance::{Answer, Answers, Case, Conformance, Link, Said, Slot};
use serde_json::{Value, json};

use crate::{bedrock, cohere, in_process};

/// Defines a test for each row, and the list of the kinds that have one.
macro_rules! rows {
    ($($test:ident: $kind:literal, $settings:expr, $suite:expr;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                check($kind, $settings, $suite).await;
            }
        )*

        const KINDS: &[&str] = &[$($kind),*];
    };
}

rows! {
    anthropic: "anthropic", key, |suite| {
        in_process::anthropic(suite)
            .with_answers(Answers::anthropic_messages())
            .with_model("claude-sonnet-4-5")
    };
    azure_openai: "azure-openai", key, openai_chat;
    bedrock: "bedrock", key, converse;
    bedrock_signed: "bedrock", access_key, converse;
    cerebras: "cerebras", key, openai_chat;
    cohere: "cohere", key, |suite| {
        in_process::cohere(suite)
            .with_answers(cohere::answers())
            .with_model("command-a-reasoning-08-2025")
    };
    deepseek: "deepseek", key, openai_chat;
    fireworks: "fireworks", key, openai_chat;
    google: "google", key, |suite| {
        in_process::google(suite).with_answers(Answers::gemini()).with_model("gemini-2.5-flash")
    };
    groq: "groq", key, openai_chat;
    local: "local", key, without_done;
    mistral: "mistral", key, openai_chat;
    openai: "openai", key, |suite| openai_chat(in_process::openai(suite));
    openai_responses: "openai", key_of_responses, |suite| {
        suite.with_answers(Answers::openai_responses())
    };
    openrouter: "openrouter", key, openai_chat;
    perplexity: "perplexity", key, without_done;
    together: "together", key, openai_chat;
    vertex_gemini: "vertex", project, |suite| {
        vertex(suite, Answers::gemini(), "gemini-2.5-flash")
    };
    vertex_claude: "vertex", project, |suite| {
        vertex(suite, Answers::anthropic_messages(), "claude-sonnet-4-5")
    };
    vertex_open_models: "vertex", project, |suite| {
        vertex(suite, Answers::openai_chat(), "meta/llama-3.3-70b-instruct-maas")
            .without(Case::TokenCount, "only Gemini's and Claude's tokens are counted")
    };
    xai: "xai", key, openai_chat;
}

/// Runs the suite on a kind, made from settings as a configuration would make it.
async fn check(
    kind: &'static str,
    settings: fn(&Link) -> Value,
    suite: fn(Conformance) -> Conformance,
) {
    let registry = Registry::standard();
    let made = Conformance::new(move |link| {
        let mut settings = settings(link);
        settings["base_url"] = link.base_url().into();
        registry.build(kind, ProviderSettings::new(kind, settings))
    });
    suite(made).run().await.assert_passed();
}

fn key(link: &Link) -> Value {
    json!({"api_key": link.api_key()})
}

fn key_of_responses(link: &Link) -> Value {
    json!({"api_key": link.api_key(), "api": "responses"})
}

fn project(link: &Link) -> Value {
    json!({"access_token": link.api_key(), "project": "p", "location": "us-east5"})
}

fn access_key(link: &Link) -> Value {
    json!({
        "region": "us-east-1",
        "access_key_id": "AKIDEXAMPLE",
        "secret_access_key": "not-a-real-secret",
        "session_token": link.api_key(),
    })
}

fn converse(suite: Conformance) -> Conformance {
    suite
        .with_answers(bedrock::answers())
        .with_model("us.anthropic.claude-sonnet-4-6")
        .with_embedding_model("cohere.embed-english-v3")
}

fn openai_chat(suite: Conformance) -> Conformance {
    suite.with_answers(Answers::openai_chat())
}

/// Streams of these vendors may end behind the finish reason.
fn without_done(suite: Conformance) -> Conformance {
    let finished = "\"finish_reason\":\"stop\"";
    suite.with_answers(Answers::openai_chat().with_terminal(finished))
}

/// One vendor, three formats; what it offers beside chat is alike in all.
fn vertex(suite: Conformance, chat: Answers, model: &str) -> Conformance {
    let models = json!({"publisherModels": [{"name": "publishers/acme/models/acme-large"}]});
    let vectors = vec![vec![0.25, -0.5, 0.75], vec![0.0, 1.0, -0.5]];
    let predictions: Vec<Value> = vectors
        .iter()
        .map(|vector| json!({"embeddings": {"values": vector}}))
        .collect();
    let answers = chat
        .with(Slot::Health, Answer::json(&models))
        // Both publishers whose models are listed answer alike here.
        .with(
            Slot::Models,
            Answer::json(&models).says(Said::models(["acme-large"; 2])),
        )
        .with(
            Slot::Embeddings,
            Answer::json(&json!({"predictions": predictions})).says(Said::embeddings(vectors)),
        );
    suite
        .with_answers(answers)
        .with_model(model)
        .with_embedding_model("text-embedding-005")
}

#[test]
fn no_kind_goes_unchecked() {
    let registry = Registry::standard();
    let unchecked: Vec<&str> = registry
        .kinds()
        .filter(|kind| !KINDS.contains(kind))
        .collect();
    assert!(unchecked.is_empty(), "add a row for {unchecked:?}");
}
