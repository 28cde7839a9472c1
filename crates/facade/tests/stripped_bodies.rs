//! What goes over the wire to a second vendor of one format: the same request without the first
//! one's signed thoughts, in a shape that the format accepts.
#![cfg(feature = "anthropic")]

use std::sync::Arc;

use interline::anthropic::Anthropic;
use interline::{
    ChatRequest, Client, FormatId, FunctionTool, Message, Origin, Part, Reasoning, ReasoningConfig,
    Role, Route, Signature, ToolCall,
};
use interline_simulator::{Fault, Vendor};
use serde_json::{Value, json};

const MESSAGES: FormatId = FormatId::from_static("anthropic.messages");
const SIGNATURE: &str = "c2lnbmVkIGJ5IEFudGhyb3BpYw==";

/// A tool loop whose turns begin with signed thoughts, with bytes that say the same.
fn loop_with_thoughts() -> ChatRequest {
    let thought = || {
        let thought = Reasoning::new("I look.").with_signature(Signature::new(MESSAGES, SIGNATURE));
        Part::reasoning(thought)
    };
    let call = Part::tool_call(ToolCall::new("toolu_1", "look", "{}"));
    let result = Part::tool_result("toolu_1", [Part::text("Sun")]);
    let tool = FunctionTool::new("look", json!({"type": "object"}));
    let bytes = json!({"model": "chat", "max_tokens": 2048, "messages": [{"role": "assistant",
        "content": [{"type": "thinking", "thinking": "I look.", "signature": SIGNATURE}]}]});
    ChatRequest::new(
        "chat",
        [
            Message::user("Weather?"),
            Message::new(Role::Assistant, [thought(), call]),
            Message::new(Role::Tool, [result]),
            Message::new(Role::Assistant, [thought()]),
            Message::user("And now?"),
        ],
    )
    .with_tool(interline::Tool::Function(tool))
    .with_reasoning(ReasoningConfig::budget(1024))
    .with_max_output_tokens(2048)
    .with_origin(Origin::new(MESSAGES, bytes.to_string().into()))
}

#[tokio::test]
async fn a_second_vendor_of_the_format_gets_turns_without_the_firsts_thoughts() {
    let first = Vendor::anthropic("first").start().await.expect("a port");
    let second = Vendor::anthropic("second").start().await.expect("a port");
    let connect = |vendor: &Vendor| {
        let built = Anthropic::builder()
            .api_key("sk-not-a-real-key")
            .base_url(vendor.base_url())
            .build();
        Arc::new(built.expect("good settings"))
    };
    let client = Client::builder()
        .provider_of_kind("first", "anthropic", connect(&first))
        .provider_of_kind("second", "a-clone-of-the-api", connect(&second))
        .route(
            "chat",
            Route::fallback(["first/claude-sonnet-4-6", "second/claude-sonnet-4-6"]),
        )
        .without_tracing()
        .build()
        .expect("a good client");
    first.push_fault(Fault::status(500));
    let reply = client.complete(loop_with_thoughts()).await;
    let reply = reply.expect("an answer of the second");
    assert_eq!(reply.route.provider.as_str(), "second");

    let sent = first.ledger().last().expect("an exchange").body;
    assert!(sent.to_string().contains(SIGNATURE), "its own: {sent}");
    let sent = second.ledger().last().expect("an exchange").body;
    assert!(!sent.to_string().contains(SIGNATURE), "{sent}");
    assert!(
        !sent.to_string().contains("\"thinking\":\"I look.\""),
        "{sent}"
    );
    let messages = sent["messages"].as_array().expect("messages");
    let roles: Vec<_> = messages.iter().map(|one| one["role"].clone()).collect();
    assert_eq!(
        roles,
        ["user", "assistant", "user"],
        "turns alternate: {sent}"
    );
    for message in messages {
        let is_empty = match &message["content"] {
            Value::Array(blocks) => blocks.is_empty(),
            other => other.as_str().is_none_or(str::is_empty),
        };
        assert!(!is_empty, "{sent}");
    }
    assert_eq!(messages[1]["content"][0]["type"], "tool_use", "{sent}");
}
