//! Rate limits and priorities, as a client's callers see them.

use std::sync::Arc;

use interline::{
    CallOptions, ChatRequest, Client, ErrorKind, LimitConfig, Message, Priority, Route, SkipReason,
};
use interline_testkit::FakeProvider;

fn request() -> ChatRequest {
    ChatRequest::new("chat", [Message::user("hi")])
}

fn fake(name: &str) -> Arc<FakeProvider> {
    Arc::new(FakeProvider::new(name).answers("hello"))
}

fn client(limits: LimitConfig) -> (Client, Arc<FakeProvider>, Arc<FakeProvider>) {
    let (first, second) = (fake("a"), fake("b"));
    let client = Client::builder()
        .provider("a", Arc::clone(&first))
        .provider("b", Arc::clone(&second))
        .limits("a", limits)
        .route("chat", Route::fallback(["a/m", "b/m"]))
        .route("alone", Route::fallback(["a/m"]))
        .build()
        .expect("a good client");
    (client, first, second)
}

#[tokio::test(start_paused = true)]
async fn calls_beyond_a_limit_go_elsewhere_and_the_vendor_sees_none_of_them() {
    let (client, first, second) = client(LimitConfig::new().with_rpm(1));
    let reply = client.complete(request()).await.expect("an answer");
    assert_eq!(reply.route.provider.as_str(), "a");
    let reply = client.complete(request()).await.expect("an answer");
    assert_eq!(reply.route.provider.as_str(), "b");
    let reasons: Vec<_> = reply.route.skipped.iter().map(|(_, why)| *why).collect();
    assert_eq!(reasons, [SkipReason::Limited]);
    assert_eq!((first.calls(), second.calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_limit_holds_for_all_routes_and_for_targets_named_outright() {
    let (client, first, _) = client(LimitConfig::new().with_rpm(1));
    client.complete(request()).await.expect("an answer");
    for model in ["alone", "a/m", "a/other"] {
        let request = ChatRequest::new(model, [Message::user("hi")]);
        let error = client.complete(request).await.expect_err("no room");
        assert_eq!(error.kind(), ErrorKind::AllTargetsFailed, "{model}");
        assert!(error.retry_after().is_some(), "{model}");
    }
    assert_eq!(first.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn low_priority_leaves_room_for_urgent_calls() {
    let limits = LimitConfig::new().with_rpm(1000).with_burst_share(0.01);
    let (client, first, _) = client(limits);
    let call = async |priority| {
        let options = CallOptions::new().with_priority(priority);
        let reply = client.complete_with(request(), options).await;
        reply.expect("an answer").route.provider.to_string()
    };
    for _ in 0..20 {
        call(Priority::Low).await;
    }
    let low = first.calls();
    assert_eq!(low, 7);
    assert_eq!(call(Priority::Critical).await, "a");
    assert_eq!(call(Priority::Low).await, "b");
}

#[test]
fn limits_of_a_provider_that_does_not_exist_are_a_mistake() {
    let error = Client::builder()
        .provider("a", fake("a"))
        .limits("b", LimitConfig::new().with_rpm(1))
        .build()
        .expect_err("a mistake");
    assert!(error.message().contains("`b`"), "{error}");
}
