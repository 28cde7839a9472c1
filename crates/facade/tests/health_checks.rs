//! Active health checks: owned by the client, fed to its routes, counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use interline::{
    CallContext, CallEvent, Capabilities, ChatRequest, ChatResponse, ChatStream, Client, Error,
    ErrorKind, Message, ModelId, Phase, Provider, ProviderId, Result, Route, async_trait,
};
use interline_testkit::FakeProvider;
use tokio::time::sleep;

/// Serves, but fails its health checks with a refused credential.
#[derive(Debug)]
struct DeadKey {
    inner: FakeProvider,
    asked: AtomicU32,
}

#[async_trait]
impl Provider for DeadKey {
    fn id(&self) -> &ProviderId {
        self.inner.id()
    }

    fn capabilities(&self, model: &ModelId) -> Capabilities {
        self.inner.capabilities(model)
    }

    async fn complete(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
        self.inner.complete(cx, req).await
    }

    async fn stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
        self.inner.stream(cx, req).await
    }

    async fn health_check(&self, _: &CallContext) -> Result<()> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Err(Error::new(ErrorKind::Authentication, "no such key").with_phase(Phase::BeforeOutput))
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_key_is_passed_over_by_the_first_caller_and_nobody_asks_after_the_client_is_gone() {
    let dead = Arc::new(DeadKey {
        inner: FakeProvider::new("a").answers("from a"),
        asked: AtomicU32::new(0),
    });
    let told = Arc::new(AtomicU32::new(0));
    let heard = Arc::clone(&told);
    let client = Client::builder()
        .provider("a", Arc::clone(&dead) as Arc<dyn Provider>)
        .provider("b", Arc::new(FakeProvider::new("b").answers("from b")))
        .health_check("a", Duration::from_secs(10))
        .route("chat", Route::fallback(["a/m", "b/m"]))
        .on_event(move |event| {
            if matches!(event, CallEvent::HealthChecked { error: Some(_), .. }) {
                heard.fetch_add(1, Ordering::Relaxed);
            }
        })
        .build()
        .expect("a good client");
    sleep(Duration::from_secs(25)).await;
    assert_eq!(
        told.load(Ordering::Relaxed),
        1,
        "quarantined after the first"
    );
    let request = ChatRequest::new("chat", [Message::user("hi")]);
    let reply = client.complete(request).await.expect("an answer");
    assert_eq!(reply.route.provider.as_str(), "b");
    assert_eq!(reply.route.attempts, 1, "no caller ran into it");

    drop(client);
    let asked = dead.asked.load(Ordering::Relaxed);
    sleep(Duration::from_secs(600)).await;
    assert_eq!(dead.asked.load(Ordering::Relaxed), asked);
}

#[test]
fn a_check_of_a_provider_that_does_not_exist_is_a_mistake() {
    let error = Client::builder()
        .provider("a", Arc::new(FakeProvider::new("a")))
        .health_check("z", Duration::from_secs(10))
        .build()
        .expect_err("a mistake");
    assert!(error.message().contains("`z`"), "{error}");
}

#[test]
fn a_client_without_a_runtime_is_built_all_the_same() {
    let client = Client::builder()
        .provider("a", Arc::new(FakeProvider::new("a")))
        .health_check("a", Duration::from_secs(10))
        .build();
    assert!(client.is_ok());
}
