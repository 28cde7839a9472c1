//! The OpenAI Responses format without faults.

use interline_simulator::{Finish, Reply, Vendor};
use serde_json::{Value, json};

use crate::client::{client, data_of};

async fn ask(vendor: &Vendor, more: &Value) -> reqwest::Response {
    let mut body = json!({"model": "sim", "input": "Hello, you!"});
    for (key, value) in more.as_object().unwrap() {
        body[key] = value.clone();
    }
    let url = format!("{}/responses", vendor.base_url());
    client().post(url).json(&body).send().await.unwrap()
}

fn text(response: &Value) -> String {
    let items = response["output"].as_array().unwrap();
    let parts = items
        .iter()
        .filter_map(|item| item["content"].as_array())
        .flatten();
    parts.filter_map(|part| part["text"].as_str()).collect()
}

#[tokio::test]
async fn a_stream_is_numbered_and_ends_with_the_whole_answer() {
    let vendor = Vendor::openai("alpha").start().await.unwrap();
    let more = json!({"reasoning": {"effort": "low"}});
    let whole: Value = ask(&vendor, &more).await.json().await.unwrap();
    assert_eq!(whole["status"], "completed");
    assert!(text(&whole).contains("Hello, you!"), "{whole}");
    assert_eq!(whole["output"][0]["type"], "reasoning");
    let more = json!({"reasoning": {"effort": "low"}, "stream": true});
    let events = data_of(&ask(&vendor, &more).await.text().await.unwrap());
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], number);
    }
    let last = events.last().unwrap();
    assert_eq!(last["type"], "response.completed");
    assert_eq!(text(&last["response"]), text(&whole));
    let deltas: String = events
        .iter()
        .filter(|event| event["type"] == "response.output_text.delta")
        .filter_map(|event| event["delta"].as_str())
        .collect();
    assert_eq!(deltas, text(&whole));
}

#[tokio::test]
async fn tools_shapes_and_limits_are_heeded() {
    let vendor = Vendor::openai("alpha").start().await.unwrap();
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let tools = json!([{"type": "function", "name": "weather", "parameters": schema}]);
    let called: Value = ask(&vendor, &json!({"tools": tools}))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(called["output"][0]["name"], "weather");
    let result = json!([{"type": "function_call_output", "call_id": "c", "output": "18 degrees"}]);
    let more = json!({"tools": tools, "input": result});
    let told: Value = ask(&vendor, &more).await.json().await.unwrap();
    assert!(text(&told).contains("18 degrees"), "{told}");
    let shape = json!({"format": {"type": "json_schema", "name": "n", "schema": schema}});
    let shaped: Value = ask(&vendor, &json!({"text": shape}))
        .await
        .json()
        .await
        .unwrap();
    assert!(serde_json::from_str::<Value>(&text(&shaped)).is_ok());
    vendor.push_reply(Reply::text("Once").with_finish(Finish::Length));
    let cut: Value = ask(&vendor, &json!({})).await.json().await.unwrap();
    assert_eq!(cut["incomplete_details"]["reason"], "max_output_tokens");
    assert_eq!(ask(&vendor, &json!({"input": []})).await.status(), 400);
}
