//! The OpenAI format without faults.

use interline_simulator::{Finish, Reply, TokenUsage, Vendor};
use serde_json::{Value, json};

use crate::client::{call, client, data_of, streaming};

fn tools() -> Value {
    json!([{"type": "function", "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}
    }}])
}

#[tokio::test]
async fn unary_answer_names_vendor_and_echoes_the_request() {
    let vendor = Vendor::openai("alpha").start().await.unwrap();
    let response = call(&client(), &vendor, &json!({})).send().await.unwrap();
    let headers = response.headers().clone();
    assert!(
        headers["x-request-id"]
            .to_str()
            .unwrap()
            .starts_with("req_")
    );
    assert_eq!(headers["x-ratelimit-limit-requests"], "10000");
    assert_eq!(headers["content-type"], "application/json");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["object"], "chat.completion");
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    let text = body["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(text.contains("alpha with sim"), "{text}");
    assert!(text.contains("Hello, you!"), "{text}");
    let usage = &body["usage"];
    let sum =
        usage["prompt_tokens"].as_u64().unwrap() + usage["completion_tokens"].as_u64().unwrap();
    assert_eq!(usage["total_tokens"], sum);
}

#[tokio::test]
async fn stream_joins_to_the_unary_text_and_ends_with_done() {
    let vendor = Vendor::openai("alpha").start().await.unwrap();
    let client = client();
    let unary: Value = call(&client, &vendor, &json!({}))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let more = json!({"stream": true, "stream_options": {"include_usage": true}});
    let response = call(&client, &vendor, &more).send().await.unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "text/event-stream; charset=utf-8"
    );
    let chunks = data_of(&response.text().await.unwrap());
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    let text: String = chunks
        .iter()
        .filter_map(|chunk| chunk.pointer("/choices/0/delta/content")?.as_str())
        .collect();
    assert_eq!(unary["choices"][0]["message"]["content"], text);
    let [.., finish, usage, done] = chunks.as_slice() else {
        panic!("too few chunks: {chunks:?}");
    };
    assert_eq!(finish["choices"][0]["finish_reason"], "stop");
    assert_eq!(finish["usage"], Value::Null);
    assert_eq!(usage["choices"], json!([]));
    assert_eq!(usage["usage"], unary["usage"]);
    assert_eq!(done, "[DONE]");
}

#[tokio::test]
async fn usage_chunk_comes_only_when_asked_for() {
    let vendor = Vendor::openai("alpha").start().await.unwrap();
    let response = call(&client(), &vendor, &streaming()).send().await.unwrap();
    let body = response.text().await.unwrap();
    assert!(!body.contains("\"usage\""), "{body}");
}

#[tokio::test]
async fn first_tool_is_called_until_its_result_is_there() {
    let vendor = Vendor::openai("alpha").start().await.unwrap();
    let client = client();
    let more = json!({"tools": tools()});
    let body: Value = call(&client, &vendor, &more)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let choice = &body["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(choice["message"]["content"], Value::Null);
    let call_made = &choice["message"]["tool_calls"][0];
    assert_eq!(call_made["function"]["name"], "weather");
    assert_eq!(call_made["function"]["arguments"], r#"{"city":"sample"}"#);
    let more = json!({"tools": tools(), "messages": [
        {"role": "user", "content": "Weather?"},
        choice["message"],
        {"role": "tool", "tool_call_id": call_made["id"], "content": "Sunny."}
    ]});
    let body: Value = call(&client, &vendor, &more)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let text = body["choices"][0]["message"]["content"].as_str().unwrap();
    assert!(
        text.contains("The tool returned: \u{201c}Sunny.\u{201d}"),
        "{text}"
    );
}

#[tokio::test]
async fn parallel_tool_calls_stream_in_pieces() {
    let reply = Reply::tool_call("weather", json!({"city": "Lindau", "days": 3}))
        .with_tool_call("time", json!({"zone": "Europe/Berlin"}));
    let vendor = Vendor::openai("alpha")
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
    let chunks = data_of(&body);
    let mut calls = vec![(String::new(), String::new(), String::new()); 2];
    for chunk in &chunks {
        for delta in chunk
            .pointer("/choices/0/delta/tool_calls")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let at = usize::try_from(delta["index"].as_u64().unwrap()).unwrap();
            calls[at].0 += delta["id"].as_str().unwrap_or("");
            calls[at].1 += delta
                .pointer("/function/name")
                .and_then(Value::as_str)
                .unwrap_or("");
            calls[at].2 += delta["function"]["arguments"].as_str().unwrap();
        }
    }
    assert_ne!(calls[0].0, calls[1].0);
    assert_eq!(
        (calls[0].1.as_str(), calls[0].2.as_str()),
        ("weather", r#"{"city":"Lindau","days":3}"#)
    );
    assert_eq!(
        (calls[1].1.as_str(), calls[1].2.as_str()),
        ("time", r#"{"zone":"Europe/Berlin"}"#)
    );
    assert_eq!(
        chunks[chunks.len() - 2]["choices"][0]["finish_reason"],
        "tool_calls"
    );
}

#[tokio::test]
async fn json_schema_is_answered_with_a_value_of_it() {
    let vendor = Vendor::openai("alpha").start().await.unwrap();
    let schema = json!({"type": "object", "properties": {"colors": {"type": "array", "items": {"type": "string"}}}});
    let more = json!({"response_format": {"type": "json_schema", "json_schema": {"name": "c", "schema": schema}}});
    let body: Value = call(&client(), &vendor, &more)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        body["choices"][0]["message"]["content"],
        r#"{"colors":["sample"]}"#
    );
}

#[tokio::test]
async fn scripted_reply_keeps_reasoning_finish_and_usage() {
    let reply = Reply::text("Blue.")
        .with_reasoning("The sky.")
        .with_finish(Finish::Length)
        .with_usage(
            TokenUsage::new(100, 20)
                .with_cached_input(60)
                .with_reasoning(12),
        );
    let vendor = Vendor::openai("alpha")
        .with_reasoning_field("reasoning")
        .start()
        .await
        .unwrap();
    vendor.push_reply(reply);
    let client = client();
    let body: Value = call(&client, &vendor, &json!({}))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let choice = &body["choices"][0];
    assert_eq!(choice["message"]["content"], "Blue.");
    assert_eq!(choice["message"]["reasoning"], "The sky.");
    assert_eq!(choice["finish_reason"], "length");
    assert_eq!(body["usage"]["prompt_tokens"], 100);
    assert_eq!(body["usage"]["prompt_tokens_details"]["cached_tokens"], 60);
    assert_eq!(
        body["usage"]["completion_tokens_details"]["reasoning_tokens"],
        12
    );
    let again = call(&client, &vendor, &json!({}))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        again.contains("This is alpha"),
        "a pushed reply serves one call: {again}"
    );
}

#[tokio::test]
async fn every_choice_is_streamed_under_its_index() {
    let vendor = Vendor::openai("alpha")
        .with_reply(Reply::text("a b"))
        .start()
        .await
        .unwrap();
    let body = call(&client(), &vendor, &json!({"stream": true, "n": 2}))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let mut texts = [String::new(), String::new()];
    for chunk in data_of(&body) {
        if let Some(text) = chunk
            .pointer("/choices/0/delta/content")
            .and_then(Value::as_str)
        {
            texts[usize::try_from(chunk["choices"][0]["index"].as_u64().unwrap()).unwrap()] += text;
        }
    }
    assert_eq!(texts, ["a b", "a b"]);
}

#[tokio::test]
async fn mistakes_are_answered_in_the_formats_own_shape() {
    let vendor = Vendor::openai("alpha")
        .with_models(["sim"])
        .with_api_key("sk-right")
        .start()
        .await
        .unwrap();
    let client = client();
    #[track_caller]
    fn check(answer: &(u16, Value), status: u16, kind: &str, code: &Value) {
        assert_eq!(answer.0, status, "{}", answer.1);
        assert_eq!(answer.1["error"]["type"], kind);
        assert_eq!(&answer.1["error"]["code"], code);
    }
    let ask = async |request: reqwest::RequestBuilder| {
        let response = request.send().await.unwrap();
        (
            response.status().as_u16(),
            response.json::<Value>().await.unwrap(),
        )
    };
    let invalid = "invalid_request_error";
    let authorised = |more: &Value| call(&client, &vendor, more).bearer_auth("sk-right");
    check(
        &ask(call(&client, &vendor, &json!({}))).await,
        401,
        invalid,
        &json!("invalid_api_key"),
    );
    check(
        &ask(call(&client, &vendor, &json!({})).bearer_auth("sk-wrong")).await,
        401,
        invalid,
        &json!("invalid_api_key"),
    );
    check(
        &ask(authorised(&json!({"model": "other"}))).await,
        404,
        invalid,
        &json!("model_not_found"),
    );
    check(
        &ask(authorised(&json!({"messages": "no"}))).await,
        400,
        invalid,
        &Value::Null,
    );
    check(
        &ask(authorised(&json!({})).body("{\"model\": ")).await,
        400,
        invalid,
        &Value::Null,
    );
    let elsewhere = client
        .get(format!("{}/nowhere", vendor.base_url()))
        .bearer_auth("sk-right");
    check(&ask(elsewhere).await, 404, invalid, &Value::Null);
    assert_eq!(ask(authorised(&json!({}))).await.0, 200);
    let printed = format!("{:?}", vendor.ledger().exchanges());
    assert!(!printed.contains("sk-"), "{printed}");
}

#[tokio::test]
async fn models_are_listed_under_a_prefix() {
    let vendor = Vendor::openai("alpha")
        .with_prefix("/openai/v1")
        .with_models(["one", "family/two"])
        .start()
        .await
        .unwrap();
    let get = async |path: &str| {
        let url = format!("http://{}{path}", vendor.address());
        client().get(url).send().await.unwrap()
    };
    let list: Value = get("/openai/v1/models").await.json().await.unwrap();
    assert_eq!(list["data"][1]["id"], "family/two");
    let one: Value = get("/openai/v1/models/family/two")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(one["object"], "model");
    assert_eq!(get("/openai/v1/models/three").await.status(), 404);
    assert_eq!(get("/v1/models").await.status(), 404);
}
