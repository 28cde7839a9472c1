//! The Anthropic format without faults.

use interline_simulator::{Reply, TokenUsage, Vendor};
use serde_json::{Value, json};

use crate::client::{call, client, data_of, streaming};

#[tokio::test]
async fn unary_answer_names_vendor_and_echoes_the_request() {
    let vendor = Vendor::anthropic("beta").start().await.unwrap();
    let response = call(&client(), &vendor, &json!({"system": "Be brief."}))
        .send()
        .await
        .unwrap();
    assert!(
        response.headers()["request-id"]
            .to_str()
            .unwrap()
            .starts_with("req_011C")
    );
    assert_eq!(
        response.headers()["anthropic-ratelimit-requests-remaining"],
        "9999"
    );
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["type"], "message");
    assert_eq!(body["stop_reason"], "end_turn");
    let text = body["content"][0]["text"].as_str().unwrap();
    assert!(
        text.contains("beta with sim") && text.contains("Hello, you!"),
        "{text}"
    );
}

#[tokio::test]
async fn stream_has_every_event_in_order_and_each_has_its_name() {
    let reply = Reply::text("Blue sky.").with_reasoning("Light scatters.");
    let vendor = Vendor::anthropic("beta")
        .with_reply(reply)
        .start()
        .await
        .unwrap();
    let body = call(&client(), &vendor, &streaming())
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let names: Vec<&str> = body
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        .collect();
    let events = data_of(&body);
    let types: Vec<&str> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(names, types);
    assert_eq!(
        types,
        [
            "message_start",
            "content_block_start",
            "ping",
            "content_block_delta", // Light
            "content_block_delta", // scatters.
            "content_block_delta", // signature
            "content_block_stop",
            "content_block_start",
            "content_block_delta", // Blue
            "content_block_delta", // sky.
            "content_block_stop",
            "message_delta",
            "message_stop",
        ]
    );
    let joined = |field: &str| -> String {
        events
            .iter()
            .filter_map(|event| event["delta"][field].as_str())
            .collect()
    };
    assert_eq!(joined("thinking"), "Light scatters.");
    assert_eq!(joined("text"), "Blue sky.");
    assert!(!joined("signature").is_empty());
    assert_eq!(events[11]["delta"]["stop_reason"], "end_turn");
    assert_eq!(events[0]["message"]["usage"]["output_tokens"], 1);
    assert_eq!(events[11]["usage"]["output_tokens"], 4);
}

#[tokio::test]
async fn parallel_tool_calls_stream_as_blocks() {
    let reply = Reply::text("Let me look.")
        .with_tool_call("weather", json!({"city": "Lindau"}))
        .with_tool_call("time", json!({}));
    let vendor = Vendor::anthropic("beta")
        .with_reply(reply)
        .start()
        .await
        .unwrap();
    let body = call(&client(), &vendor, &streaming())
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let events = data_of(&body);
    let arguments = |index: u64| -> String {
        events
            .iter()
            .filter(|event| event["index"] == index)
            .filter_map(|event| event["delta"]["partial_json"].as_str())
            .collect()
    };
    assert_eq!(arguments(1), r#"{"city":"Lindau"}"#);
    assert_eq!(arguments(2), "{}");
    assert_eq!(events[events.len() - 2]["delta"]["stop_reason"], "tool_use");
}

#[tokio::test]
async fn first_tool_is_called_until_its_result_is_there() {
    let vendor = Vendor::anthropic("beta").start().await.unwrap();
    let client = client();
    let tools = json!([{"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}]);
    let more = json!({"tools": tools});
    let body: Value = call(&client, &vendor, &more)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(body["stop_reason"], "tool_use");
    assert_eq!(body["content"][0]["input"], json!({"city": "sample"}));
    let more = json!({"tools": tools, "messages": [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": body["content"]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": body["content"][0]["id"], "content": "Sunny."}]}
    ]});
    let body: Value = call(&client, &vendor, &more)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let text = body["content"][0]["text"].as_str().unwrap();
    assert!(
        text.contains("The tool returned: \u{201c}Sunny.\u{201d}"),
        "{text}"
    );
}

#[tokio::test]
async fn input_tokens_exclude_what_a_cache_served_or_took() {
    let usage = TokenUsage::new(100, 5)
        .with_cached_input(60)
        .with_cache_write(30);
    let vendor = Vendor::anthropic("beta")
        .with_reply(Reply::text("x").with_usage(usage))
        .start()
        .await
        .unwrap();
    let body: Value = call(&client(), &vendor, &json!({}))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(body["usage"]["input_tokens"], 10);
    assert_eq!(body["usage"]["cache_read_input_tokens"], 60);
    assert_eq!(body["usage"]["cache_creation_input_tokens"], 30);
}

#[tokio::test]
async fn token_limit_ends_the_answer() {
    let vendor = Vendor::anthropic("beta").start().await.unwrap();
    let body: Value = call(&client(), &vendor, &json!({"max_tokens": 3}))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(body["stop_reason"], "max_tokens");
    assert_eq!(body["content"][0]["text"], "This is beta ");
    assert_eq!(body["usage"]["output_tokens"], 3);
}

#[tokio::test]
async fn mistakes_are_answered_in_the_formats_own_shape() {
    let vendor = Vendor::anthropic("beta")
        .with_models(["sim"])
        .with_api_key("right")
        .start()
        .await
        .unwrap();
    let client = client();
    #[track_caller]
    fn check(answer: &(u16, Value), status: u16, kind: &str) {
        assert_eq!(answer.0, status, "{}", answer.1);
        assert_eq!(answer.1["type"], "error");
        assert_eq!(answer.1["error"]["type"], kind);
        assert!(answer.1["request_id"].as_str().unwrap().starts_with("req_"));
    }
    let ask = async |request: reqwest::RequestBuilder| {
        let response = request.send().await.unwrap();
        (
            response.status().as_u16(),
            response.json::<Value>().await.unwrap(),
        )
    };
    let authorised = |more: &Value| call(&client, &vendor, more).header("x-api-key", "right");
    check(
        &ask(call(&client, &vendor, &json!({}))).await,
        401,
        "authentication_error",
    );
    check(
        &ask(authorised(&json!({"model": "other"}))).await,
        404,
        "not_found_error",
    );
    check(
        &ask(authorised(&json!({"max_tokens": null}))).await,
        400,
        "invalid_request_error",
    );
    let system = json!({"messages": [{"role": "system", "content": "x"}]});
    check(
        &ask(authorised(&system)).await,
        400,
        "invalid_request_error",
    );
    let unversioned = client
        .post(format!("{}/v1/messages", vendor.base_url()))
        .header("x-api-key", "right")
        .json(&json!({}));
    check(&ask(unversioned).await, 400, "invalid_request_error");
}

#[tokio::test]
async fn models_are_listed_and_tokens_are_counted() {
    let vendor = Vendor::anthropic("beta")
        .with_models(["sim"])
        .start()
        .await
        .unwrap();
    let client = client();
    let url = |path: &str| format!("{}{path}", vendor.base_url());
    let list: Value = client
        .get(url("/v1/models"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(list["first_id"], "sim");
    assert_eq!(list["data"][0]["type"], "model");
    let count = client
        .post(url("/v1/messages/count_tokens"))
        .header("anthropic-version", "2023-06-01")
        .json(&json!({"model": "sim", "messages": [{"role": "user", "content": "Hi"}]}));
    let count: Value = count.send().await.unwrap().json().await.unwrap();
    assert!(count["input_tokens"].as_u64().unwrap() > 0);
}
