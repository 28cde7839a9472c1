//! A conversation with signed thoughts over two vendors: they return to their own vendor byte for
//! byte, and a fallback gets a request without them that it accepts.

use interline_simulator::Fault;
use serde_json::{Value, json};

use crate::house::{House, Seen, Speaks};

const SIGNATURE: &str = "c2lnbmVkIGJ5IENsYXVkZQ==";
const SEALED: &str = "c2VhbGVkIHRob3VnaHQ=";

/// A tool loop with thoughts, as an Anthropic client sends it back.
fn anthropic_turns(model: &str) -> Value {
    json!({
        "model": model,
        "max_tokens": 4096,
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "tools": [{"name": "get_weather", "input_schema": {"type": "object"}}],
        "messages": [
            {"role": "user", "content": "Weather?"},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "I look.", "signature": SIGNATURE},
                {"type": "redacted_thinking", "data": SEALED},
                {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": "Sun"},
            ]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "Nothing to say.", "signature": SIGNATURE},
            ]},
            {"role": "user", "content": "And now?"},
        ],
    })
}

/// The same loop of an OpenAI client whose answer came with OpenRouter's signed details.
fn openai_turns(model: &str) -> Value {
    json!({
        "model": model,
        "reasoning_effort": "high",
        "tools": [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}],
        "messages": [
            {"role": "user", "content": "Weather?"},
            {"role": "assistant", "content": null,
             "reasoning_details": [{"type": "reasoning.text", "text": "I look.", "signature": SIGNATURE}],
             "tool_calls": [{"id": "call_1", "type": "function",
                             "function": {"name": "get_weather", "arguments": "{}"}}]},
            {"role": "tool", "tool_call_id": "call_1", "content": "Sun"},
        ],
    })
}

/// Asks for the decision trace, too.
async fn ask(house: &House, speaks: Speaks, body: &Value) -> Seen {
    let request = house.post(speaks.path(), body);
    let sent = request.header("x-interline-explain", "1").send().await;
    Seen::read(sent.expect("a reply")).await
}

fn roles(body: &Value) -> Vec<&str> {
    let messages = body["messages"].as_array().expect("messages");
    let roles = messages.iter().map(|message| message["role"].as_str());
    roles.map(Option::unwrap_or_default).collect()
}

#[tokio::test]
async fn thoughts_return_to_their_vendor_as_they_came() {
    let house = House::new().await;
    let body = anthropic_turns("claude");
    let seen = ask(&house, Speaks::Anthropic, &body).await;
    assert_eq!(seen.status, 200, "{}", seen.text());
    let received = house.claude.ledger().last().expect("an exchange").body;
    assert_eq!(received["messages"], body["messages"]);
    assert_eq!(
        seen.json()["interline"]["ignored_hints"][0]["target"],
        "openai/gpt-4o"
    );
}

#[tokio::test]
async fn a_fallback_to_another_vendor_gets_the_conversation_without_them() {
    let house = House::new().await;
    house.claude.push_fault(Fault::status(500));
    let seen = ask(&house, Speaks::Anthropic, &anthropic_turns("claude")).await;
    assert_eq!(seen.status, 200, "{}", seen.text());
    assert_eq!(seen.header("x-interline-provider"), "openai");
    let received = house.openai.ledger().last().expect("an exchange").body;
    for secret in [SIGNATURE, SEALED, "I look.", "Nothing to say."] {
        assert!(!received.to_string().contains(secret), "{received}");
    }
    // The turn that only thought is gone, and nothing empty stands in its place.
    assert_eq!(roles(&received), ["user", "assistant", "tool", "user"]);
    assert_eq!(received["messages"][1]["tool_calls"][0]["id"], "toolu_1");
    let hints = &seen.json()["interline"]["ignored_hints"];
    assert_eq!(
        hints[0]["hints"]
            .as_array()
            .map(|hints| hints.contains(&json!("signed reasoning of anthropic.messages"))),
        Some(true),
        "{hints}"
    );
    let metrics = house.get("/metrics").await.text();
    let counted = metrics.lines().any(|line| {
        line.starts_with("interline_dropped_hints_total{")
            && line.contains("feature=\"signed_reasoning\"")
            && line.contains("provider=\"openai\"")
    });
    assert!(counted, "{metrics}");
}

#[tokio::test]
async fn a_vendor_of_the_other_format_first_sees_none_of_them_either() {
    let house = House::new().await;
    let seen = ask(&house, Speaks::Anthropic, &anthropic_turns("chat")).await;
    assert_eq!(seen.header("x-interline-provider"), "openai");
    let received = house.openai.ledger().last().expect("an exchange").body;
    assert!(!received.to_string().contains(SIGNATURE), "{received}");
}

#[tokio::test]
async fn signed_details_of_chat_completions_stay_in_that_format() {
    let house = House::new().await;
    let body = openai_turns("chat");
    ask(&house, Speaks::OpenAi, &body).await;
    let received = house.openai.ledger().last().expect("an exchange").body;
    assert_eq!(received["messages"], body["messages"], "as they came");

    house.openai.push_fault(Fault::status(500));
    let seen = ask(&house, Speaks::OpenAi, &body).await;
    assert_eq!(seen.status, 200, "{}", seen.text());
    assert_eq!(seen.header("x-interline-provider"), "claude");
    let received = house.claude.ledger().last().expect("an exchange").body;
    assert!(!received.to_string().contains(SIGNATURE), "{received}");
    let turn = received["messages"][1]["content"]
        .as_array()
        .expect("blocks");
    assert_eq!(turn.len(), 1, "{received}");
    assert_eq!(turn[0]["type"], "tool_use");
    // A tool loop whose turn begins without a thought may not ask for thinking.
    assert_ne!(received["thinking"]["type"], "enabled", "{received}");
}
