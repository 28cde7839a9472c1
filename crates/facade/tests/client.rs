//! What a program sees of the client, over scripted providers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use interline::{
    AttemptPolicy, Breaker, CallEvent, CallOptions, Capabilities, ChatRequest, Client,
    ClientBuilder, Cost, ErrorKind, Feature, FeatureSet, FunctionTool, Message, NanoUsd, Result,
    Route, RouteOptions, Strategy, StreamEvent,
};
use interline_testkit::FakeProvider;
use serde_json::json;

const GPT: &str = "openai/gpt-4o";
const CLAUDE: &str = "claude/claude-3-5-sonnet-20241022";

fn request(model: &str) -> ChatRequest {
    ChatRequest::new(model, [Message::user("Hi!")])
}

fn two(openai: FakeProvider, claude: FakeProvider) -> ClientBuilder {
    Client::builder()
        .provider("openai", Arc::new(openai))
        .provider_of_kind("claude", "anthropic", Arc::new(claude))
        .route("chat", Route::fallback([GPT, CLAUDE]))
        .seed(7)
}

fn fake(id: &str) -> FakeProvider {
    FakeProvider::new(id)
}

#[tokio::test(start_paused = true)]
async fn an_answer_tells_who_gave_it_and_what_it_cost() {
    let client = two(fake("openai").answers("Hello there"), fake("claude"))
        .build()
        .unwrap();
    let reply = client.complete(request("chat")).await.unwrap();
    assert_eq!(reply.text(), "Hello there");
    assert_eq!(reply.route.target().to_string(), GPT);
    assert_eq!((reply.route.attempts, reply.route.is_fallback), (1, false));
    // One token in at 2.50 USD per million, two out at 10.
    assert_eq!(reply.cost, Cost::Known(NanoUsd::new(2_500 + 20_000)));
    assert_eq!(reply.cost.to_string(), "$0.0000225");
}

#[tokio::test(start_paused = true)]
async fn a_fallback_is_invisible_to_the_answer_and_told_beside_it() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&events);
    let client = two(
        fake("openai").fails(ErrorKind::Unavailable),
        fake("claude").answers("Hello"),
    )
    .on_event(move |event| {
        if let CallEvent::FellBack {
            from, to, reason, ..
        } = event
        {
            let line = format!("{from} -> {to}: {reason}");
            seen.lock().expect("nobody panicked").push(line);
        }
    })
    .build()
    .unwrap();
    let reply = client.complete(request("chat")).await.unwrap();
    assert_eq!(reply.text(), "Hello");
    assert_eq!(reply.route.provider.as_str(), "claude");
    assert_eq!((reply.route.attempts, reply.route.is_fallback), (2, true));
    let kinds: Vec<_> = reply.route.attempt_list.iter().map(|a| a.kind).collect();
    assert_eq!(kinds, [Some(ErrorKind::Unavailable), None]);
    assert_eq!(
        *events.lock().expect("nobody panicked"),
        [format!("{GPT} -> {CLAUDE}: unavailable")]
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_falls_back_before_content_and_prices_itself_at_the_end() {
    let client = two(
        fake("openai").fails(ErrorKind::Overloaded),
        fake("claude").answers("one two three"),
    )
    .build()
    .unwrap();
    let mut stream = client.stream(request("chat")).await.unwrap();
    assert_eq!(stream.route.provider.as_str(), "claude");
    assert!(stream.route.is_fallback);
    assert_eq!(stream.cost(), Cost::Unknown);
    let mut text = String::new();
    while let Some(frame) = stream.next().await {
        for event in frame.unwrap().events {
            if let StreamEvent::Text { text: more, .. } = event {
                text.push_str(&more);
            }
        }
    }
    assert_eq!(text, "one two three");
    // One token in at 3 USD per million, three out at 15.
    assert_eq!(stream.cost(), Cost::Known(NanoUsd::new(3_000 + 45_000)));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_after_content_ends_with_its_error() {
    let client = two(
        fake("openai").fails_after("half an", ErrorKind::Unavailable),
        fake("claude").answers("never asked"),
    )
    .build()
    .unwrap();
    let mut events = client.stream(request("chat")).await.unwrap().events();
    let mut text = String::new();
    let error = loop {
        match events.next().await.expect("an error comes first") {
            Ok(StreamEvent::Text { text: more, .. }) => text.push_str(&more),
            Ok(StreamEvent::End) => panic!("a cut stream must not end well"),
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(text, "half an");
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(events.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_stream_can_be_collected_into_a_reply() {
    let client = two(fake("openai").answers("a whole answer"), fake("claude"))
        .build()
        .unwrap();
    let stream = client.stream(request("chat")).await.unwrap();
    let reply = stream.into_reply().await.unwrap();
    assert_eq!(reply.text(), "a whole answer");
    assert_eq!(reply.model, "gpt-4o");
    assert_eq!(reply.usage.output_tokens, Some(3));
    assert!(reply.cost.known().is_some());
}

#[tokio::test(start_paused = true)]
async fn when_nobody_answers_the_error_lists_every_attempt() {
    let client = two(
        fake("openai").fails(ErrorKind::Unavailable),
        fake("claude").fails(ErrorKind::Authentication),
    )
    .build()
    .unwrap();
    let error = client.complete(request("chat")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AllTargetsFailed);
    let providers: Vec<_> = error
        .attempts()
        .iter()
        .map(|attempt| attempt.target.provider.as_str())
        .collect();
    assert!(providers.contains(&"openai") && providers.contains(&"claude"));
}

#[tokio::test(start_paused = true)]
async fn the_callers_mistake_is_not_tried_elsewhere() {
    let claude = Arc::new(fake("claude"));
    let client = Client::builder()
        .provider(
            "openai",
            Arc::new(fake("openai").fails(ErrorKind::InvalidRequest)),
        )
        .provider("claude", Arc::clone(&claude))
        .route("chat", Route::fallback([GPT, CLAUDE]))
        .build()
        .unwrap();
    let error = client.complete(request("chat")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(claude.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_without_messages_is_refused_before_anybody_is_called() {
    let client = two(fake("openai"), fake("claude")).build().unwrap();
    let empty = ChatRequest::new("chat", []);
    let error = client.complete(empty).await.unwrap_err();
    assert_eq!(error.param(), Some("messages"));
}

#[test]
fn a_name_is_a_route_then_a_target_then_a_model() {
    let client = two(fake("openai"), fake("claude"))
        .route("gpt-4o", Route::fallback([CLAUDE]))
        .build()
        .unwrap();
    let shown = |name: &str| -> Vec<String> {
        let resolved = client.resolve(name).expect("a known name");
        resolved.targets.iter().map(ToString::to_string).collect()
    };
    assert_eq!(shown("chat"), [GPT, CLAUDE]);
    assert_eq!(shown("gpt-4o"), [CLAUDE]);
    assert_eq!(shown("openai/gpt-4o"), [GPT]);
    assert_eq!(shown("openai/made/up"), ["openai/made/up"]);
    assert_eq!(shown("gpt-4o-mini"), ["openai/gpt-4o-mini"]);
    assert_eq!(
        client.resolve("chat").unwrap().route.as_deref(),
        Some("chat")
    );
    assert_eq!(client.resolve(GPT).unwrap().route, None);
}

#[test]
fn a_name_that_means_nothing_is_told_with_what_there_is() {
    let client = two(fake("openai"), fake("claude")).build().unwrap();
    for (name, why) in [
        ("gpt-9", "it does not exist here"),
        ("nobody/gpt-4o", "it does not exist here"),
        ("auto:cost", "automatic routing is not configured"),
    ] {
        let error = client.resolve(name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.param(), Some("model"));
        let message = error.message();
        for part in [name, why, "`chat`", "`claude/…`", "`openai/…`"] {
            assert!(message.contains(part), "{message}");
        }
    }
}

#[test]
fn a_model_that_several_providers_have_is_ambiguous() {
    let client = Client::builder()
        .provider("openai", Arc::new(fake("openai")))
        .provider_of_kind("second", "openai", Arc::new(fake("second")))
        .build()
        .unwrap();
    let message = client.resolve("gpt-4o").unwrap_err().message().to_owned();
    assert!(
        message.contains("`openai/gpt-4o` or `second/gpt-4o`"),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_may_name_a_target_or_a_model() {
    let client = two(fake("openai").answers("hi"), fake("claude"))
        .build()
        .unwrap();
    for model in [GPT, "gpt-4o"] {
        let reply = client.complete(request(model)).await.unwrap();
        assert_eq!(reply.route.target().to_string(), GPT);
        assert_eq!(&*reply.route.name, model);
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_that_cannot_carry_the_request_is_excluded_with_the_reason() {
    let toolless = Capabilities::new(FeatureSet::all().without(Feature::Tools));
    let client = two(
        fake("openai").with_capabilities(toolless.clone()),
        fake("claude").answers("with tools"),
    )
    .build()
    .unwrap();
    let with_tool = request("chat").with_tool(FunctionTool::new("f", json!({})));
    let reply = client.complete(with_tool.clone()).await.unwrap();
    assert_eq!(reply.route.provider.as_str(), "claude");
    assert_eq!(reply.route.excluded[0].target.to_string(), GPT);
    assert_eq!(reply.route.excluded[0].lacks, [Feature::Tools]);
    assert!(!reply.route.is_fallback);

    let client = two(
        fake("openai").with_capabilities(toolless.clone()),
        fake("claude").with_capabilities(toolless),
    )
    .build()
    .unwrap();
    let error = client.complete(with_tool).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.param(), Some("tools"));
}

#[test]
fn capabilities_join_the_adapters_word_with_the_catalogue() {
    let client = two(fake("openai"), fake("claude"))
        .route("old", Route::fallback(["openai/gpt-4", GPT]))
        .build()
        .unwrap();
    let can = client.capabilities("old").unwrap();
    assert!(can.supports(Feature::Images));
    assert!(!can.common().contains(Feature::Images));
    assert!(can.common().contains(Feature::Tools));
    assert_eq!(can.context_window(), Some(8_192));
    let unknown = client.capabilities("openai/made-up").unwrap();
    assert_eq!(unknown.context_window(), None);
}

#[tokio::test(start_paused = true)]
async fn a_price_that_nobody_knows_is_not_zero() {
    let client = two(fake("openai").answers("hi"), fake("claude"))
        .build()
        .unwrap();
    let reply = client.complete(request("openai/made-up")).await.unwrap();
    assert_eq!(reply.cost, Cost::Unknown);
    assert_eq!(reply.cost.to_string(), "unknown cost");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_keeps_failing_is_passed_over_until_a_probe_succeeds() {
    let openai = fake("openai")
        .fails(ErrorKind::Unavailable)
        .fails(ErrorKind::Unavailable)
        .fails(ErrorKind::Unavailable)
        .answers("back");
    let client = two(openai, fake("claude").answers("instead"))
        .build()
        .unwrap();
    for _ in 0..3 {
        client.complete(request("chat")).await.unwrap();
    }
    let gpt_is_called = || {
        let health = client.health();
        health[0].health.is_available()
    };
    assert!(!gpt_is_called());
    let reply = client.complete(request("chat")).await.unwrap();
    assert_eq!((reply.route.attempts, reply.route.is_fallback), (1, true));
    assert_eq!(reply.route.skipped.len(), 1);
    tokio::time::advance(Duration::from_secs(31)).await;
    let reply = client.complete(request("chat")).await.unwrap();
    assert_eq!(reply.text(), "back");
    assert!(gpt_is_called());
}

#[tokio::test(start_paused = true)]
async fn routes_with_different_breakers_learn_for_themselves() {
    let openai = Arc::new(fake("openai").fails(ErrorKind::Unavailable));
    let stubborn = RouteOptions::new()
        .with_breaker(Breaker::Off)
        .with_policy(AttemptPolicy::default().with_max_attempts(1));
    let client = Client::builder()
        .provider("openai", Arc::clone(&openai))
        .route("careful", Route::fallback([GPT]))
        .route_with("stubborn", Route::fallback([GPT]), stubborn)
        .build()
        .unwrap();
    for _ in 0..5 {
        client.complete(request("stubborn")).await.unwrap_err();
    }
    assert_eq!(openai.calls(), 5);
    assert!(client.health()[0].health.is_available());
}

#[tokio::test(start_paused = true)]
async fn round_robin_takes_turns() {
    let turns = Route::fallback([GPT, CLAUDE])
        .with_strategy(Strategy::RoundRobin)
        .with_weight(GPT, 2);
    let client = two(fake("openai").answers("a"), fake("claude").answers("b"))
        .route("turns", turns)
        .build()
        .unwrap();
    let mut texts = String::new();
    for _ in 0..6 {
        let reply = client.complete(request("turns")).await.unwrap();
        assert!(!reply.route.is_fallback);
        texts.push_str(&reply.text());
    }
    assert_eq!(texts, "abaaba");
}

#[tokio::test(start_paused = true)]
async fn a_call_keeps_the_name_that_its_caller_gave_it() {
    let client = two(fake("openai").answers("hi"), fake("claude"))
        .build()
        .unwrap();
    let options = CallOptions::new()
        .with_call_id("call-7")
        .with_tag("team", "search");
    let reply = client
        .complete_with(request("chat"), options)
        .await
        .unwrap();
    assert_eq!(reply.route.call_id.as_str(), "call-7");
    let unnamed = client.complete(request("chat")).await.unwrap();
    assert_eq!(unnamed.route.call_id.as_str().len(), 36);
}

#[tokio::test(start_paused = true)]
async fn providers_can_be_checked_without_a_paid_call() {
    let client = two(
        fake("openai").fails(ErrorKind::Authentication),
        fake("claude"),
    )
    .build()
    .unwrap();
    assert!(client.check_provider("claude").await.is_ok());
    let error = client.check_provider("openai").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    let error = client.check_provider("nobody").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[track_caller]
fn refused(built: Result<Client>, named: &str) {
    let error = built.expect_err("a mistake");
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.message().contains(named), "{error}");
}

#[test]
fn mistakes_are_found_when_the_client_is_built() {
    let one = || Client::builder().provider("openai", Arc::new(fake("openai")));
    refused(Client::builder().build(), "no provider");
    refused(
        one().route("r", Route::fallback(["gpt-4o"])).build(),
        "route `r`: target `gpt-4o`",
    );
    refused(
        one().route("r", Route::fallback([CLAUDE])).build(),
        "(configured: `openai`)",
    );
    let nobody: [&str; 0] = [];
    refused(
        one().route("r", Route::fallback(nobody)).build(),
        "no targets",
    );
    refused(
        one().provider("openai", Arc::new(fake("x"))).build(),
        "configured twice",
    );
    refused(one().provider("a/b", Arc::new(fake("x"))).build(), "`a/b`");
    let twice = one()
        .route("r", Route::fallback([GPT]))
        .route("r", Route::fallback([GPT]));
    refused(twice.build(), "route `r` is configured twice");
}

#[test]
fn a_client_is_shared_between_threads() {
    fn is_shared<T: Clone + Send + Sync + 'static>() {}
    is_shared::<Client>();
}
