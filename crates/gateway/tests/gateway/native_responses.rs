//! `/v1/responses` over a vendor that speaks the format itself.

use interline_simulator::{Ending, Fault};
use serde_json::json;

use crate::house::{House, Seen};
use crate::responses::{checked, hello, items, text};

async fn ask(house: &House, body: &serde_json::Value) -> Seen {
    let sent = house.post("/v1/responses", body).send().await;
    Seen::read(sent.expect("a reply")).await
}

#[tokio::test]
async fn requests_and_answers_pass_unchanged() {
    let house = House::new().await;
    let mut body = hello("only");
    body["brand_new_option"] = json!({"deep": [1, 2.50, null]});
    body["previous_response_id"] = json!("resp_1");
    body["tools"] = json!([{"type": "web_search"}]);
    body["store"] = json!(true);
    let seen = ask(&house, &body).await;
    assert_eq!(seen.status, 200, "{}", seen.text());
    let exchange = house.openai.ledger().last().expect("an exchange");
    assert_eq!(exchange.path, "/v1/responses");
    let mut sent = exchange.body;
    assert_eq!(sent["model"], "gpt-4o");
    sent["model"] = json!("only");
    assert_eq!(sent, body);
    let answer = seen.json();
    assert!(text(&answer).contains("Hello there"));
    // The vendor's own object, not one of ours, which would repeat the request.
    assert!(answer["store"].is_null(), "{answer}");
    body["stream"] = json!(true);
    let events = checked(&ask(&house, &body).await);
    let last = events.last().expect("an end");
    assert_eq!(text(&last.data["response"]), text(&answer));
}

#[tokio::test]
async fn a_fallback_to_another_format_and_back_loses_no_thought_and_leaks_none() {
    let house = House::new().await;
    let asking = |route: &str, input: serde_json::Value| json!({"model": route, "input": input, "reasoning": {"effort": "high"}});
    let user = json!({"role": "user", "content": "Think"});
    let of_openai = ask(&house, &asking("only", json!([user]))).await.json();
    let of_claude = ask(&house, &asking("only-claude", json!([user])))
        .await
        .json();
    let mut turn = vec![user.clone()];
    for answer in [&of_openai, &of_claude] {
        turn.extend(answer["output"].as_array().expect("items").clone());
        turn.push(user.clone());
    }
    for route in ["only", "only-claude"] {
        let seen = ask(&house, &asking(route, json!(turn))).await;
        assert_eq!(seen.status, 200, "{}", seen.text());
    }
    let to_openai = house.openai.ledger().last().expect("an exchange").body;
    assert_eq!(to_openai["input"][1], of_openai["output"][0]);
    assert!(!to_openai.to_string().contains("interline.reasoning"));
    let to_claude = house.claude.ledger().last().expect("an exchange").body;
    let theirs = items(&of_openai, "reasoning")[0]["encrypted_content"].as_str();
    assert!(!to_claude.to_string().contains(theirs.expect("sealed")));
    assert_eq!(
        to_claude["messages"][3]["content"][0]["type"], "thinking",
        "{to_claude}"
    );
}

#[tokio::test]
async fn a_cut_stream_goes_on_counting_to_its_failure() {
    let house = House::new().await;
    house.openai.push_fault(Fault::CutAfter {
        events: 6,
        ending: Ending::Clean,
    });
    let mut body = hello("chat");
    body["stream"] = json!(true);
    let events = checked(&ask(&house, &body).await);
    assert_eq!(events.len(), 7);
    let last = events.last().expect("an end");
    assert_eq!(last.name.as_deref(), Some("response.failed"));
    assert_eq!(
        last.data["response"]["id"],
        events[0].data["response"]["id"]
    );
    assert_eq!(last.data["response"]["error"]["code"], "protocol");
}
