//! `/v1/responses` over vendors that speak other formats: texts, tools, thinking, failures, and the
//! calls that coding agents make.

use std::time::Duration;

use interline::{
    AttemptPolicy, Backoff, Breaker, Config, Registry, Route, RouteOptions, SimpleBreakerConfig,
    Timeouts,
};
use interline_gateway::Gateway;
use interline_simulator::{Ending, ErrorCase, Fault, Finish, Reply, Vendor};
use reqwest::Client;
use serde_json::{Map, Value, json};

use crate::house::{Event, Seen, http_client};

/// A gateway over a vendor of Chat Completions alone and one of Messages.
///
/// Routes: `chat` and `claude` go to one of them, `both` to the first and then the second.
struct House {
    chat: Vendor,
    claude: Vendor,
    url: String,
    http: Client,
}

impl House {
    async fn new() -> Self {
        let chat = Vendor::openai("chat").start().await.expect("a free port");
        let claude = Vendor::anthropic("claude")
            .start()
            .await
            .expect("a free port");
        let settings = |vendor: &Vendor| {
            Map::from_iter([
                ("base_url".to_owned(), json!(vendor.base_url())),
                ("api_key".to_owned(), json!("sk-upstream-secret")),
            ])
        };
        let wait = Duration::from_millis(700);
        let policy = AttemptPolicy::default()
            .with_timeouts(Timeouts::default().with_first_token(wait).with_idle(wait))
            .with_backoff(Backoff::new(
                Duration::from_millis(5),
                Duration::from_millis(20),
            ));
        let patient = SimpleBreakerConfig::default().with_failures(1000, Duration::from_secs(60));
        let options = RouteOptions::new()
            .with_policy(policy)
            .with_breaker(Breaker::Simple(patient));
        // Groq's kind speaks Chat Completions only; nobody knows these models, so nothing is
        // excluded by the catalogue.
        let (groq, sonnet) = ("groq/some-model", "claude/claude-sonnet-4-6");
        let route = |targets: &[&'static str]| Route::fallback(targets.to_vec());
        let config = Config::new()
            .with_provider("groq", "groq", settings(&chat))
            .with_provider("claude", "anthropic", settings(&claude))
            .with_route("chat", route(&[groq]), options.clone())
            .with_route("claude", route(&[sonnet]), options.clone())
            .with_route("both", route(&[groq, sonnet]), options);
        let gateway = Gateway::new(config, Registry::standard())
            .with_listen("127.0.0.1:0")
            .bind()
            .await
            .expect("a good configuration");
        let url = format!("http://{}", gateway.address());
        tokio::spawn(gateway.serve_until(std::future::pending()));
        Self {
            chat,
            claude,
            url,
            http: http_client(),
        }
    }

    async fn ask(&self, body: &Value) -> Seen {
        let path = format!("{}/v1/responses", self.url);
        let sent = self.http.post(path).json(body).send().await;
        Seen::read(sent.expect("a reply")).await
    }

    /// The answer to a request, whole.
    async fn answer(&self, body: &Value) -> Value {
        let seen = self.ask(body).await;
        assert_eq!(seen.status, 200, "{}", seen.text());
        seen.json()
    }

    /// The answer to the same request, streamed.
    async fn streamed(&self, body: &Value) -> Value {
        let mut body = body.clone();
        body["stream"] = json!(true);
        let seen = self.ask(&body).await;
        assert_eq!(seen.status, 200, "{}", seen.text());
        let events = checked(&seen);
        events.last().expect("an end").data["response"].clone()
    }
}

/// The events of a stream, which are named and numbered as the format has it.
#[track_caller]
pub(crate) fn checked(seen: &Seen) -> Vec<Event> {
    let events = seen.events();
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event.data["sequence_number"], number, "{}", seen.text());
        assert_eq!(
            event.data["type"].as_str(),
            event.name.as_deref(),
            "{}",
            seen.text()
        );
    }
    assert!(!seen.text().contains("[DONE]"), "{}", seen.text());
    events
}

pub(crate) fn hello(route: &str) -> Value {
    json!({"model": route, "instructions": "Be brief.", "input": "Hello there"})
}

fn with_tools(mut body: Value) -> Value {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}},
        "required": ["city"], "additionalProperties": false});
    body["tools"] = json!([{"type": "function", "name": "get_weather", "description": "Weather",
        "parameters": schema, "strict": true}]);
    body
}

pub(crate) fn text(answer: &Value) -> String {
    let messages = answer["output"].as_array().expect("items");
    let parts = messages
        .iter()
        .filter_map(|item| item["content"].as_array())
        .flatten();
    parts.filter_map(|part| part["text"].as_str()).collect()
}

pub(crate) fn items<'a>(answer: &'a Value, word: &str) -> Vec<&'a Value> {
    let items = answer["output"].as_array().expect("items");
    items.iter().filter(|item| item["type"] == word).collect()
}

const ROUTES: [&str; 2] = ["chat", "claude"];

#[tokio::test]
async fn a_text_comes_whole_and_streamed_with_what_clients_read() {
    let house = House::new().await;
    for route in ROUTES {
        let seen = house.ask(&hello(route)).await;
        assert_eq!(seen.header("x-interline-attempts"), "1");
        assert_eq!(seen.header("x-interline-fallback"), "false");
        assert!(seen.has_header("x-request-id"));
        let whole = seen.json();
        assert!(text(&whole).contains("Hello there"), "{whole}");
        assert!(
            whole["id"]
                .as_str()
                .is_some_and(|id| id.starts_with("resp_"))
        );
        assert_eq!(whole["object"], "response");
        assert_eq!(whole["status"], "completed");
        assert_eq!(whole["instructions"], "Be brief.");
        assert_eq!(whole["parallel_tool_calls"], true);
        assert_eq!(whole["tools"], json!([]));
        let usage = &whole["usage"];
        assert!(
            usage["input_tokens"]
                .as_u64()
                .is_some_and(|count| count > 0)
        );
        assert!(
            usage["output_tokens_details"]["reasoning_tokens"].is_u64(),
            "{usage}"
        );
        let streamed = house.streamed(&hello(route)).await;
        assert_eq!(text(&streamed), text(&whole));
        assert_eq!(streamed["usage"], whole["usage"]);
    }
    let sent = house.chat.ledger().last().expect("an exchange").body;
    assert_eq!(
        sent["messages"],
        json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello there"}])
    );
}

#[tokio::test]
async fn deltas_give_the_text_in_the_official_order() {
    let house = House::new().await;
    let mut body = hello("chat");
    body["stream"] = json!(true);
    let seen = house.ask(&body).await;
    assert!(seen.header("content-type").starts_with("text/event-stream"));
    let events = checked(&seen);
    let mut names: Vec<&str> = events
        .iter()
        .filter_map(|event| event.name.as_deref())
        .collect();
    names.dedup();
    assert_eq!(
        names,
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
    let deltas: String = events
        .iter()
        .filter_map(|event| event.data["delta"].as_str())
        .collect();
    let last = &events.last().expect("an end").data["response"];
    assert_eq!(deltas, text(last));
}

#[tokio::test]
async fn tools_are_called_one_or_several_at_once_and_their_results_return() {
    let house = House::new().await;
    for route in ROUTES {
        let vendor = if route == "chat" {
            &house.chat
        } else {
            &house.claude
        };
        let city = |name: &str| json!({"city": name});
        let parallel = Reply::tool_call("get_weather", city("Paris"))
            .with_tool_call("get_weather", city("Rome"));
        let mut answers = Vec::new();
        for _ in 0..2 {
            vendor.push_reply(parallel.clone());
            answers.push(match answers.len() {
                0 => house.answer(&with_tools(hello(route))).await,
                _ => house.streamed(&with_tools(hello(route))).await,
            });
        }
        for answer in &answers {
            let calls = items(answer, "function_call");
            assert_eq!(calls.len(), 2, "{answer}");
            let arguments: Value =
                serde_json::from_str(calls[1]["arguments"].as_str().expect("text")).expect("JSON");
            assert_eq!(arguments, city("Rome"));
            assert_eq!(calls[1]["status"], "completed");
            let mut turn = vec![json!({"role": "user", "content": "Hello there"})];
            turn.extend(answer["output"].as_array().expect("items").clone());
            for call in calls {
                turn.push(
                    json!({"type": "function_call_output", "call_id": call["call_id"],
                    "output": "18 degrees"}),
                );
            }
            let mut second = with_tools(hello(route));
            second["input"] = json!(turn);
            let told = house.answer(&second).await;
            assert!(text(&told).contains("18 degrees"), "{told}");
        }
    }
    let sent = house.chat.ledger().last().expect("an exchange").body;
    let roles: Vec<&str> = sent["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .filter_map(|message| message["role"].as_str())
        .collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool", "tool"]);
}

#[tokio::test]
async fn signed_thinking_returns_to_its_vendor_and_to_no_other() {
    let house = House::new().await;
    let asking = |route: &str, input: Value| {
        json!({"model": route, "input": input, "reasoning": {"effort": "high", "summary": "auto"},
            "include": ["reasoning.encrypted_content"], "store": false})
    };
    let first = house.streamed(&asking("claude", json!("Think"))).await;
    let thought = items(&first, "reasoning");
    assert_eq!(thought.len(), 1, "{first}");
    let words = thought[0]["summary"][0]["text"].as_str().expect("words");
    let mut turn = vec![json!({"role": "user", "content": "Think"})];
    turn.extend(first["output"].as_array().expect("items").clone());
    turn.push(json!({"role": "user", "content": "Again"}));
    house.answer(&asking("claude", json!(turn))).await;
    let sent = house.claude.ledger().last().expect("an exchange").body;
    let block = &sent["messages"][1]["content"][0];
    assert_eq!(block["type"], "thinking", "{sent}");
    assert_eq!(block["thinking"], words);
    let signature = block["signature"].as_str().expect("a signature");
    house.answer(&asking("chat", json!(turn))).await;
    let sent = house.chat.ledger().last().expect("an exchange").body;
    assert!(!sent.to_string().contains(signature), "{sent}");
    assert!(!sent.to_string().contains("interline.reasoning"), "{sent}");
}

#[tokio::test]
async fn a_shape_is_asked_of_the_vendor_and_the_answer_follows_it() {
    let house = House::new().await;
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}},
        "required": ["city"], "additionalProperties": false});
    let mut body = hello("chat");
    body["text"] = json!({"format": {"type": "json_schema", "name": "place", "schema": schema, "strict": true}});
    for answer in [house.answer(&body).await, house.streamed(&body).await] {
        let shaped: Value = serde_json::from_str(&text(&answer)).expect("JSON");
        assert!(shaped["city"].is_string(), "{answer}");
        assert_eq!(answer["text"], body["text"]);
    }
    let sent = house.chat.ledger().last().expect("an exchange").body;
    assert_eq!(sent["response_format"]["json_schema"]["schema"], schema);
}

#[tokio::test]
async fn a_cut_by_the_token_limit_is_incomplete() {
    let house = House::new().await;
    let reply = Reply::text("Once upon").with_finish(Finish::Length);
    house.chat.set_reply(Some(reply));
    for answer in [
        house.answer(&hello("chat")).await,
        house.streamed(&hello("chat")).await,
    ] {
        assert_eq!(answer["status"], "incomplete", "{answer}");
        assert_eq!(answer["incomplete_details"]["reason"], "max_output_tokens");
    }
}

#[tokio::test]
async fn a_failure_before_content_falls_back_unseen() {
    let house = House::new().await;
    for fault in [
        Fault::status(500),
        Fault::ErrorEventBeforeContent {
            case: ErrorCase::ServerError,
        },
        Fault::EmptyBody,
    ] {
        house.chat.push_fault(fault);
        let mut body = hello("both");
        body["stream"] = json!(true);
        let seen = house.ask(&body).await;
        assert_eq!(seen.header("x-interline-fallback"), "true");
        let events = checked(&seen);
        let last = events.last().expect("an end");
        assert_eq!(last.name.as_deref(), Some("response.completed"));
        assert_eq!(last.data["response"]["model"], "claude-sonnet-4-6");
    }
}

#[tokio::test]
async fn a_failure_after_content_ends_with_response_failed() {
    let house = House::new().await;
    let faults = [
        Fault::CutAfter {
            events: 4,
            ending: Ending::Clean,
        },
        Fault::ErrorEventAfter {
            tokens: 2,
            case: ErrorCase::ServerError,
        },
    ];
    for fault in faults {
        house.chat.push_fault(fault);
        let mut body = hello("both");
        body["stream"] = json!(true);
        let seen = house.ask(&body).await;
        assert_eq!(seen.status, 200);
        let events = checked(&seen);
        let last = events.last().expect("an end");
        assert_eq!(
            last.name.as_deref(),
            Some("response.failed"),
            "{}",
            seen.text()
        );
        let response = &last.data["response"];
        assert_eq!(response["status"], "failed");
        assert_eq!(response["id"], events[0].data["response"]["id"]);
        assert!(response["error"]["code"].is_string(), "{response}");
        assert!(response["error"]["message"].is_string(), "{response}");
        assert_eq!(response["error"]["attempts"][0]["provider"], "groq");
        assert!(!text(response).is_empty(), "what came is told: {response}");
    }
}

#[tokio::test]
async fn errors_have_the_formats_shape() {
    let house = House::new().await;
    house
        .chat
        .push_fault(Fault::error(ErrorCase::InvalidRequest));
    let seen = house.ask(&hello("chat")).await;
    assert_eq!(seen.status, 400, "{}", seen.text());
    assert_eq!(seen.json()["error"]["code"], "invalid_request");
    let seen = house
        .ask(&json!({"model": "chat", "input": [{"role": "user"}]}))
        .await;
    assert_eq!(seen.status, 400);
    assert_eq!(seen.json()["error"]["param"], "input[0].content");
    let seen = house.ask(&hello("no-such-model")).await;
    assert_eq!(seen.status, 404);
    assert_eq!(seen.json()["error"]["code"], "not_found");
    house.chat.set_fault(Some(Fault::status(500)));
    let seen = house.ask(&hello("chat")).await;
    assert_eq!(seen.status, 502, "{}", seen.text());
    let error = &seen.json()["error"];
    assert_eq!(error["code"], "all_targets_failed");
    assert_eq!(error["attempts"][0]["status"], 500);
}

#[tokio::test]
async fn what_only_the_formats_vendors_can_do_is_refused_where_there_is_none() {
    let house = House::new().await;
    for (field, value) in [
        ("previous_response_id", json!("resp_1")),
        ("background", json!(true)),
        ("tools", json!([{"type": "web_search"}])),
    ] {
        let mut body = hello("chat");
        body[field] = value;
        let seen = house.ask(&body).await;
        assert_eq!(seen.status, 400, "{}", seen.text());
        let error = &seen.json()["error"];
        assert_eq!(error["code"], "unsupported", "{error}");
        assert!(error.to_string().contains(field), "{error}");
    }
    assert_eq!(house.chat.ledger().total(), 0);
}

#[tokio::test]
async fn nothing_is_kept_so_nothing_can_be_asked_for_again() {
    let house = House::new().await;
    for path in [
        "/v1/responses/resp_1",
        "/v1/responses/resp_1/input_items",
        "/v1/conversations/conv_1",
    ] {
        let sent = house.http.get(format!("{}{path}", house.url)).send().await;
        let seen = Seen::read(sent.expect("a reply")).await;
        assert_eq!(seen.status, 404);
        let error = &seen.json()["error"];
        assert_eq!(error["code"], "unsupported");
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains("keeps none"), "{message}");
    }
}

#[tokio::test]
async fn the_trace_is_in_the_last_event() {
    let house = House::new().await;
    let mut body = hello("chat");
    body["stream"] = json!(true);
    let path = format!("{}/v1/responses", house.url);
    let asked = house.http.post(path).json(&body);
    let sent = asked.header("x-interline-explain", "1").send().await;
    let seen = Seen::read(sent.expect("a reply")).await;
    let events = checked(&seen);
    let (last, others) = events.split_last().expect("events");
    assert_eq!(last.data["interline"]["provider"], "groq", "{}", last.data);
    assert!(others.iter().all(|event| event.data["interline"].is_null()));
}

/// A call as Codex makes it: streamed, without anything kept, the whole conversation in items.
fn codex(input: &Value) -> Value {
    json!({
        "model": "claude",
        "instructions": "You are a coding agent.",
        "input": input,
        "tools": [
            {"type": "function", "name": "shell_command", "description": "Runs a command.", "strict": false,
                "parameters": {"type": "object", "properties": {"command": {"type": "string"}},
                    "required": ["command"], "additionalProperties": false}},
            {"type": "custom", "name": "apply_patch", "description": "Edits files.",
                "format": {"type": "grammar", "syntax": "lark", "definition": "start: begin_patch"}},
        ],
        "tool_choice": "auto",
        "parallel_tool_calls": false,
        "reasoning": {"effort": "medium", "summary": "auto"},
        "store": false,
        "stream": true,
        "include": ["reasoning.encrypted_content"],
        "prompt_cache_key": "0199-conversation",
    })
}

#[tokio::test]
async fn a_coding_agent_works_over_any_vendor() {
    let house = House::new().await;
    let user = json!([
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Sandbox: none."}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Fix it"}]},
    ]);
    let command = json!({"command": "ls"});
    let look = Reply::tool_call("shell_command", command).with_reasoning("I look first.");
    house.claude.push_reply(look);
    let first = last_response(&house.ask(&codex(&user)).await);
    assert_eq!(first["parallel_tool_calls"], false);
    assert_eq!(first["prompt_cache_key"], "0199-conversation");
    let call = items(&first, "function_call")[0].clone();
    let mut input = user.as_array().expect("items").clone();
    input.extend(first["output"].as_array().expect("items").clone());
    input.push(
        json!({"type": "function_call_output", "call_id": call["call_id"], "output": "a.rs"}),
    );

    let patch = "*** Begin Patch\n*** End Patch\n";
    let edit = Reply::tool_call("apply_patch", json!({ "input": patch }));
    house.claude.push_reply(edit);
    let second = last_response(&house.ask(&codex(&json!(input))).await);
    let call = items(&second, "custom_tool_call")[0].clone();
    assert_eq!(call["input"], patch);
    let sent = house.claude.ledger().last().expect("an exchange").body;
    let turn = &sent["messages"][1]["content"];
    assert_eq!(turn[0]["type"], "thinking", "{sent}");
    assert_eq!(turn[0]["thinking"], "I look first.");
    assert_eq!(turn[1]["type"], "tool_use");
    let told = sent["tools"][1]["description"].as_str().expect("text");
    assert!(told.contains("start: begin_patch"), "{told}");

    input.extend(second["output"].as_array().expect("items").clone());
    input.push(
        json!({"type": "custom_tool_call_output", "call_id": call["call_id"], "output": "Done!"}),
    );
    let third = last_response(&house.ask(&codex(&json!(input))).await);
    assert!(text(&third).contains("Done!"), "{third}");
}

#[track_caller]
fn last_response(seen: &Seen) -> Value {
    assert_eq!(seen.status, 200, "{}", seen.text());
    let events = checked(seen);
    let last = events.last().expect("an end");
    assert_eq!(
        last.name.as_deref(),
        Some("response.completed"),
        "{}",
        seen.text()
    );
    last.data["response"].clone()
}
