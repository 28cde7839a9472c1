//! Both formats reach both vendors: whole answers, streams, tools.

use interline_simulator::{ErrorCase, Fault};
use serde_json::{Value, json};

use crate::house::{BOTH, Event, House, Speaks};

#[tokio::test]
async fn a_whole_answer_says_who_gave_it_and_what_it_cost() {
    let house = House::new().await;
    for speaks in BOTH {
        for (route, provider, model) in [
            ("chat", "openai", "gpt-4o"),
            ("claude", "claude", "claude-sonnet-4-6"),
        ] {
            let seen = house.ask(speaks, &speaks.hello(route)).await;
            assert_eq!(seen.status, 200, "{}", seen.text());
            let body = seen.json();
            assert!(speaks.text(&body).contains("Hello there"), "{body}");
            assert_eq!(seen.header("x-interline-provider"), provider);
            assert_eq!(seen.header("x-interline-model"), model);
            assert_eq!(seen.header("x-interline-attempts"), "1");
            assert_eq!(seen.header("x-interline-fallback"), "false");
            assert_eq!(seen.header("x-interline-cache"), "off");
            assert!(seen.header("x-interline-cost-usd").starts_with("0.0"));
            assert_eq!(seen.header("x-request-id"), seen.header("request-id"));
            assert!(seen.has_header("x-interline-upstream-request-id"));
            assert_eq!(seen.header("content-type"), "application/json");
        }
    }
}

#[tokio::test]
async fn a_stream_gives_the_text_of_the_whole_answer_and_its_formats_own_end() {
    let house = House::new().await;
    for speaks in BOTH {
        for route in ["chat", "claude"] {
            let whole = house.ask(speaks, &speaks.hello(route)).await.json();
            let seen = house.ask(speaks, &speaks.streamed(route)).await;
            assert!(seen.header("content-type").starts_with("text/event-stream"));
            assert_eq!(seen.header("x-interline-attempts"), "1");
            let events = seen.events();
            assert_eq!(speaks.streamed_text(&events), speaks.text(&whole));
            match speaks {
                Speaks::OpenAi => {
                    assert!(seen.text().ends_with("data: [DONE]\n\n"), "{}", seen.text());
                    assert_eq!(finish_reasons(&events), ["stop"]);
                }
                Speaks::Anthropic => {
                    let last = events.last().expect("events");
                    assert_eq!(last.name.as_deref(), Some("message_stop"));
                    assert!(events.iter().all(|event| event.name.is_some()));
                }
            }
        }
    }
}

fn finish_reasons(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| event.data["choices"][0]["finish_reason"].as_str())
        .collect()
}

#[tokio::test]
async fn usage_is_in_a_stream_only_where_the_caller_asked() {
    let house = House::new().await;
    for route in ["chat", "claude"] {
        let with_usage = |events: &[Event]| {
            events
                .iter()
                .filter(|event| event.data["usage"].is_object())
                .count()
        };
        let mut body = Speaks::OpenAi.streamed(route);
        let silent = house.ask(Speaks::OpenAi, &body).await;
        assert_eq!(with_usage(&silent.events()), 0, "{}", silent.text());
        body["stream_options"] = json!({"include_usage": true});
        let asked = house.ask(Speaks::OpenAi, &body).await;
        assert_eq!(with_usage(&asked.events()), 1, "{}", asked.text());
    }
}

#[tokio::test]
async fn tools_work_whole_and_streamed_over_either_vendor() {
    let house = House::new().await;
    for speaks in BOTH {
        for route in ["chat", "claude"] {
            let whole = speaks.with_tool(speaks.hello(route));
            let body = house.ask(speaks, &whole).await.json();
            assert_eq!(tool_name(speaks, &body), "get_weather", "{body}");
            let streamed = speaks.with_tool(speaks.streamed(route));
            let events = house.ask(speaks, &streamed).await.events();
            let (name, arguments) = streamed_tool(speaks, &events);
            assert_eq!(name, "get_weather");
            let arguments: Value = serde_json::from_str(&arguments).expect("JSON arguments");
            assert!(arguments["city"].is_string(), "{arguments}");
        }
    }
}

fn tool_name(speaks: Speaks, body: &Value) -> String {
    let name = match speaks {
        Speaks::OpenAi => &body["choices"][0]["message"]["tool_calls"][0]["function"]["name"],
        Speaks::Anthropic => &body["content"][0]["name"],
    };
    name.as_str().unwrap_or_default().to_owned()
}

fn streamed_tool(speaks: Speaks, events: &[Event]) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    events.iter().fold(
        (String::new(), String::new()),
        |(name, arguments), event| match speaks {
            Speaks::OpenAi => {
                let call = &event.data["choices"][0]["delta"]["tool_calls"][0]["function"];
                (
                    name + &text(&call["name"]),
                    arguments + &text(&call["arguments"]),
                )
            }
            Speaks::Anthropic => (
                name + &text(&event.data["content_block"]["name"]),
                arguments + &text(&event.data["delta"]["partial_json"]),
            ),
        },
    )
}

#[tokio::test]
async fn the_trace_comes_only_where_it_was_asked_for() {
    let house = House::new().await;
    for speaks in BOTH {
        let plain = house.ask(speaks, &speaks.hello("chat")).await.json();
        assert!(plain["interline"].is_null(), "{plain}");
        let explained = house
            .post(speaks.path(), &speaks.hello("chat"))
            .header("x-interline-explain", "1")
            .send()
            .await
            .expect("a reply");
        let body: Value = explained.json().await.expect("JSON");
        let trace = &body["interline"];
        assert_eq!(trace["provider"], "openai", "{body}");
        assert_eq!(trace["attempts"], 1);
        assert_eq!(trace["attempt_list"][0]["code"], Value::Null);
        assert!(trace["cost_usd"].is_string());
        let first = &trace["order"][0];
        assert!(
            first["target"]
                .as_str()
                .is_some_and(|one| one.starts_with("openai/"))
        );
        assert_eq!(first["standing"], "ready", "{body}");
        assert!(first["figure"].is_number(), "{body}");
        assert_eq!(trace["affinity"], "none");
    }
}

#[tokio::test]
async fn the_trace_tells_attempts_that_may_be_billed_for_nothing() {
    for (fault, billed) in [
        (Fault::MalformedJson, 1),
        (Fault::error(ErrorCase::ServerError), 0),
    ] {
        let house = House::new().await;
        house.openai.push_fault(fault);
        let reply = house
            .post(Speaks::OpenAi.path(), &Speaks::OpenAi.hello("chat"))
            .header("x-interline-explain", "1")
            .send()
            .await;
        let body: Value = reply.expect("a reply").json().await.expect("JSON");
        let trace = &body["interline"];
        assert_eq!(trace["attempts"], 2, "{body}");
        assert_eq!(trace["maybe_billed_attempts"], billed, "{body}");
    }
}

#[tokio::test]
async fn a_streams_trace_is_in_its_last_data_event() {
    let house = House::new().await;
    for speaks in BOTH {
        for route in ["chat", "claude"] {
            let sent = house
                .post(speaks.path(), &speaks.streamed(route))
                .header("x-interline-explain", "1")
                .send()
                .await;
            let seen = crate::house::Seen::read(sent.expect("a reply")).await;
            let events = seen.events();
            let with_trace: Vec<usize> = (0..events.len())
                .filter(|place| events[*place].data["interline"].is_object())
                .collect();
            let last_data = events.iter().rposition(|event| event.data.is_object());
            assert_eq!(with_trace, [last_data.expect("data")], "{}", seen.text());
            let trace = &events[with_trace[0]].data["interline"];
            assert_eq!(trace["fallback"], false);
            assert!(trace["cost_usd"].is_string(), "{trace}");
        }
    }
}
