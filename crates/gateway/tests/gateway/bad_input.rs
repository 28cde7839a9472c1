//! What callers get wrong: an error in their own format that says where and what.

use std::time::Duration;

use interline_simulator::{ErrorCase, Fault};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::house::{BOTH, House, Plan, Seen, Speaks};

async fn post_text(house: &House, speaks: Speaks, text: &str) -> Seen {
    let url = format!("{}{}", house.url, speaks.path());
    let sent = house.http.post(url).body(text.to_owned()).send().await;
    Seen::read(sent.expect("a reply")).await
}

/// Unoptimised code takes its time over many bytes.
async fn patient() -> House {
    House::built(Plan {
        patience: Some(Duration::from_secs(10)),
        ..Plan::default()
    })
    .await
}

#[tokio::test]
async fn malformed_json_is_a_400_with_line_and_column() {
    let house = House::new().await;
    for speaks in BOTH {
        let seen = post_text(&house, speaks, "{\n  \"model\": chat\n}").await;
        assert_eq!(seen.status, 400, "{}", seen.text());
        let body = seen.json();
        let error = speaks.error(&body);
        let message = error["message"].as_str().expect("a message");
        assert!(
            message.contains("line 2") && message.contains("column"),
            "{message}"
        );
        assert_eq!(error["type"], "invalid_request_error");
        assert_eq!(error["code"], "invalid_request");
        assert_eq!(seen.header("x-interline-attempts"), "0");
    }
    assert_eq!(house.openai.ledger().total(), 0);
}

#[tokio::test]
async fn a_wrong_type_is_a_400_that_names_the_field() {
    let house = House::new().await;
    for speaks in BOTH {
        let mut body = speaks.hello("chat");
        body["messages"] = json!("not a list");
        let seen = house.ask(speaks, &body).await;
        assert_eq!(seen.status, 400, "{}", seen.text());
        assert!(seen.text().contains("messages"), "{}", seen.text());
    }
}

#[tokio::test]
async fn an_unknown_model_is_a_404_that_names_it() {
    let house = House::new().await;
    for speaks in BOTH {
        for body in [
            speaks.hello("no-such-model"),
            speaks.streamed("no-such-model"),
        ] {
            let seen = house.ask(speaks, &body).await;
            assert_eq!(seen.status, 404, "{}", seen.text());
            let body = seen.json();
            let error = speaks.error(&body);
            assert_eq!(error["code"], "not_found", "{body}");
            assert!(
                error["message"]
                    .as_str()
                    .expect("text")
                    .contains("`no-such-model`")
            );
            assert_eq!(seen.header("x-should-retry"), "false");
        }
    }
}

#[tokio::test]
async fn the_callers_mistake_at_the_vendor_is_relayed_and_does_not_fall_back() {
    let house = House::new().await;
    for speaks in BOTH {
        house
            .openai
            .push_fault(Fault::error(ErrorCase::InvalidRequest));
        let seen = house.ask(speaks, &speaks.hello("chat")).await;
        assert_eq!(seen.status, 400, "{}", seen.text());
        assert_eq!(seen.header("x-interline-attempts"), "1");
        assert_eq!(seen.header("x-interline-fallback"), "false");
        assert_eq!(seen.header("x-interline-provider"), "openai");
        let body = seen.json();
        assert!(speaks.error(&body)["message"].is_string(), "{body}");
    }
    assert_eq!(house.claude.ledger().total(), 0);
}

#[tokio::test]
async fn headers_of_ours_are_checked() {
    let house = House::new().await;
    for (name, value) in [
        ("x-interline-timeout-ms", "soon"),
        ("x-interline-explain", "maybe"),
        ("x-interline-tags", "a b"),
        ("x-interline-cache", "hit"),
    ] {
        let body = Speaks::OpenAi.hello("chat");
        let sent = house
            .post(Speaks::OpenAi.path(), &body)
            .header(name, value)
            .send()
            .await;
        let seen = Seen::read(sent.expect("a reply")).await;
        assert_eq!(seen.status, 400, "{name}");
        assert_eq!(seen.json()["error"]["param"], name);
    }
    let body = Speaks::OpenAi.hello("chat");
    let sent = house
        .post(Speaks::OpenAi.path(), &body)
        .header("x-interline-cache", "off")
        .header("x-interline-tags", "team=search,prod")
        .header("x-interline-priority", "critical")
        .header("x-stainless-lang", "python")
        .send()
        .await;
    assert_eq!(sent.expect("a reply").status(), 200);
}

#[tokio::test]
async fn a_body_over_the_limit_is_a_413_in_the_callers_format() {
    let house = House::new().await;
    let text = "x".repeat(33 * 1024 * 1024);
    for speaks in BOTH {
        let mut body = speaks.hello("chat");
        body["messages"][0]["content"] = json!(text);
        let seen = house.ask(speaks, &body).await;
        assert_eq!(seen.status, 413, "{}", seen.text());
        let body = seen.json();
        let error = speaks.error(&body);
        assert_eq!(error["code"], "payload_too_large");
        assert!(
            error["message"].as_str().expect("text").contains("32 MiB"),
            "{body}"
        );
    }
    assert_eq!(house.openai.ledger().total(), 0);
}

#[tokio::test]
async fn a_client_that_asks_first_is_refused_before_it_sends_too_much() {
    let house = House::new().await;
    let address = house.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let head = "POST /v1/messages HTTP/1.1\r\nhost: h\r\ncontent-length: 99999999\r\nexpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("written");
    let mut reply = vec![0; 512];
    let read = stream.read(&mut reply).await.expect("a reply");
    let reply = String::from_utf8_lossy(&reply[..read]).into_owned();
    assert!(reply.starts_with("HTTP/1.1 413"), "{reply}");
}

#[tokio::test]
async fn a_body_just_under_the_limit_passes() {
    let house = patient().await;
    let mut body = Speaks::OpenAi.hello("chat");
    // In a field that no type knows: a conversation of that length fits no model.
    body["padding"] = json!("x".repeat(31 * 1024 * 1024));
    let seen = house.ask(Speaks::OpenAi, &body).await;
    assert_eq!(seen.status, 200);
}

#[tokio::test]
async fn a_conversation_that_is_surely_too_long_for_everybody_is_refused_before_it_is_sent() {
    let house = patient().await;
    for speaks in BOTH {
        let mut body = speaks.hello("chat");
        body["messages"][0]["content"] = json!("word ".repeat(3_000_000));
        let seen = house.ask(speaks, &body).await;
        assert_eq!(seen.status, 400);
        let message = seen.text();
        assert!(
            message.contains("openai/gpt-4o lacks a context window"),
            "{message}"
        );
        if speaks == Speaks::OpenAi {
            assert_eq!(seen.json()["error"]["code"], "context_length_exceeded");
        }
    }
    assert_eq!(house.openai.ledger().total(), 0);
}

#[tokio::test]
async fn a_client_that_never_finishes_its_headers_is_cut_off() {
    let mut plan = Plan::default();
    plan.limits.header_read = Duration::from_millis(200);
    let house = House::built(plan).await;
    let address = house.url.trim_start_matches("http://").to_owned();
    for beginning in ["", "POST /v1/mess", "PRI * HT"] {
        let mut stream = TcpStream::connect(&address).await.expect("a connection");
        stream
            .write_all(beginning.as_bytes())
            .await
            .expect("written");
        let began = Instant::now();
        let mut rest = Vec::new();
        let read = timeout(Duration::from_secs(5), stream.read_to_end(&mut rest)).await;
        assert!(read.is_ok(), "`{beginning}` held the connection");
        assert!(began.elapsed() < Duration::from_secs(2));
    }
}

#[tokio::test]
async fn a_gigantic_event_of_a_vendor_is_a_protocol_error() {
    let house = patient().await;
    house.openai.set_fault(Some(Fault::GiganticEvent {
        bytes: 5 * 1024 * 1024,
    }));
    for speaks in BOTH {
        let seen = house.ask(speaks, &speaks.streamed("chat")).await;
        assert_eq!(seen.status, 200);
        assert_eq!(seen.header("x-interline-provider"), "claude");
        let alone: Value = house.ask(speaks, &speaks.streamed("only")).await.json();
        let attempt = &speaks.error(&alone)["attempts"][0];
        assert_eq!(attempt["code"], "protocol", "{alone}");
    }
}

#[tokio::test]
async fn what_no_target_can_carry_is_named_as_the_caller_wrote_it() {
    let house = House::new().await;
    // A system prompt is a message to the types, and none to the caller.
    let video = json!({"type": "container_upload", "file_id": "f"});
    let body = json!({"model": "only", "max_tokens": 9, "system": "Be brief.",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Look."}, video]}]});
    let seen = house.ask(Speaks::Anthropic, &body).await;
    assert_eq!(seen.status, 400, "{}", seen.text());
    let error = seen.json()["error"].clone();
    assert_eq!(error["param"], "messages[0].content[1]", "{error}");
    let message = error["message"].as_str().expect("a message");
    assert!(message.contains("`messages[0].content[1]`"), "{message}");

    let mut servers = Speaks::Anthropic.hello("only");
    servers["mcp_servers"] = json!([{"type": "url", "url": "https://x.example", "name": "x"}]);
    let seen = house.ask(Speaks::Anthropic, &servers).await;
    assert_eq!(seen.status, 400, "{}", seen.text());
    assert_eq!(seen.json()["error"]["param"], "mcp_servers");

    let mut spoken = Speaks::OpenAi.hello("only-claude");
    spoken["modalities"] = json!(["text", "audio"]);
    let seen = house.ask(Speaks::OpenAi, &spoken).await;
    assert_eq!(seen.json()["error"]["param"], "modalities");

    let mut shaped = Speaks::OpenAi.hello("only-claude");
    shaped["response_format"] = json!({"type": "json_object"});
    let seen = house.ask(Speaks::OpenAi, &shaped).await;
    assert_eq!(seen.json()["error"]["param"], "response_format");
    assert_eq!(
        house.openai.ledger().total() + house.claude.ledger().total(),
        0
    );
}
