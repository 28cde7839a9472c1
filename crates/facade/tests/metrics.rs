//! The metrics that a client writes, through a recorder that is passed in.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use interline::{
    AttemptPolicy, CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, Client,
    DynProvider, EmbedRequest, ErrorKind, Feature, FeatureSet, HedgeAfter, HedgePolicy, Message,
    ModelId, Provider, ProviderId, ProviderSet, Result, RetryBudgetConfig, Route, RouteOptions,
    async_trait,
};
use interline_testkit::FakeProvider;
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};

/// Adds up every series: counters and gauges their value, histograms how many samples they saw.
#[derive(Debug, Default)]
struct Ledger(Mutex<BTreeMap<String, Arc<Cell>>>);

#[derive(Debug, Default)]
struct Cell(AtomicU64);

impl CounterFn for Cell {
    fn increment(&self, value: u64) {
        self.0.fetch_add(value, Ordering::Relaxed);
    }

    fn absolute(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }
}

impl GaugeFn for Cell {
    fn increment(&self, _: f64) {}

    fn decrement(&self, _: f64) {}

    fn set(&self, value: f64) {
        self.0.store(u64::from(value > 0.0), Ordering::Relaxed);
    }
}

impl HistogramFn for Cell {
    fn record(&self, _: f64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Ledger {
    fn cell(&self, key: &Key) -> Arc<Cell> {
        let mut labels: Vec<_> = key
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()))
            .collect();
        labels.sort();
        let name = format!("{}{{{}}}", key.name(), labels.join(","));
        Arc::clone(
            self.0
                .lock()
                .expect("nobody panicked")
                .entry(name)
                .or_default(),
        )
    }

    #[track_caller]
    fn check(&self, series: &str, value: u64) {
        let cells = self.0.lock().expect("nobody panicked");
        let seen = cells.get(series).map(|cell| cell.0.load(Ordering::Relaxed));
        let names: Vec<_> = cells.keys().collect();
        assert_eq!(seen, Some(value), "{series} among {names:#?}");
    }
}

impl Recorder for Ledger {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.cell(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.cell(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.cell(key))
    }
}

fn client(ledger: &Arc<Ledger>, openai: FakeProvider) -> Client {
    let claude = FakeProvider::new("anthropic").answers("Hello there");
    Client::builder()
        .provider("openai", Arc::new(openai))
        .provider("claude", Arc::new(claude))
        .route(
            "chat",
            Route::fallback(["openai/gpt-4o", "claude/claude-2.1"]),
        )
        .metrics(Arc::clone(ledger) as Arc<dyn Recorder + Send + Sync>)
        .build()
        .expect("a good client")
}

fn request(model: &str) -> ChatRequest {
    ChatRequest::new(model, [Message::user("Hi!")])
}

#[tokio::test(start_paused = true)]
async fn a_fallback_is_counted_by_reason_and_the_answer_by_vendor() {
    let ledger = Arc::new(Ledger::default());
    let client = client(&ledger, FakeProvider::new("o").fails(ErrorKind::Overloaded));
    client.complete(request("chat")).await.unwrap();
    ledger.check(
        "interline_requests_total{operation=chat,outcome=ok,route=chat}",
        1,
    );
    ledger.check(
        "interline_request_duration_seconds{operation=chat,outcome=ok,route=chat}",
        1,
    );
    ledger.check(
        "interline_attempts_total{model=gpt-4o,outcome=overloaded,provider=openai}",
        1,
    );
    ledger.check(
        "interline_attempts_total{model=claude-2.1,outcome=ok,provider=claude}",
        1,
    );
    ledger.check(
        "interline_fallbacks_total{from=openai,reason=overloaded,route=chat,to=claude}",
        1,
    );
    let vendor =
        "gen_ai_operation_name=chat,gen_ai_provider_name=anthropic,gen_ai_request_model=claude-2.1";
    ledger.check(
        &format!("gen_ai_client_operation_duration_seconds{{{vendor},provider=claude}}"),
        1,
    );
    for class in ["input", "output"] {
        let series = format!(
            "gen_ai_client_token_usage{{{vendor},gen_ai_token_type={class},provider=claude}}"
        );
        ledger.check(&series, 1);
    }
    let failed = "error_type=overloaded,gen_ai_operation_name=chat,gen_ai_provider_name=openai,gen_ai_request_model=gpt-4o,provider=openai";
    ledger.check(
        &format!("gen_ai_client_operation_duration_seconds{{{failed}}}"),
        1,
    );
    // One token in at 8 USD per million, two out at 24.
    ledger.check(
        "interline_cost_nano_usd_total{model=claude-2.1,provider=claude}",
        8_000 + 48_000,
    );
}

#[tokio::test(start_paused = true)]
async fn a_route_without_budget_left_tries_no_further_and_counts_it() {
    let ledger = Arc::new(Ledger::default());
    let broken = |id: &'static str| Arc::new(FakeProvider::new(id).fails(ErrorKind::Protocol));
    let client = Client::builder()
        .provider("a", broken("a"))
        .provider("b", broken("b"))
        .route_with(
            "chat",
            Route::fallback(["a/m", "b/m"]),
            RouteOptions::new().with_retry_budget(
                RetryBudgetConfig::default()
                    .with_start(0.0)
                    .with_trickle(0.0, 0.0),
            ),
        )
        .metrics(Arc::clone(&ledger) as Arc<dyn Recorder + Send + Sync>)
        .build()
        .expect("a good client");
    let error = client.complete(request("chat")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AllTargetsFailed);
    assert_eq!(error.attempts().len(), 1);
    assert!(error.message().contains("the retry budget"), "{error}");
    ledger.check("interline_retry_denials_total{reason=budget,route=chat}", 1);
}

/// Answers the first call at once and every other one after five seconds.
#[derive(Debug)]
struct SlowLater(FakeProvider);

#[async_trait]
impl Provider for SlowLater {
    fn id(&self) -> &ProviderId {
        self.0.id()
    }

    fn capabilities(&self, model: &ModelId) -> Capabilities {
        self.0.capabilities(model)
    }

    async fn complete(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
        self.0.complete(cx, req).await
    }

    async fn stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
        if self.0.calls() > 0 {
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        self.0.stream(cx, req).await
    }

    async fn health_check(&self, cx: &CallContext) -> Result<()> {
        self.0.health_check(cx).await
    }
}

#[tokio::test(start_paused = true)]
async fn hedges_and_their_losers_are_counted() {
    let ledger = Arc::new(Ledger::default());
    let options = RouteOptions::new().with_policy(
        AttemptPolicy::default().with_hedge(
            HedgePolicy::default()
                .with_after(HedgeAfter::Fixed(Duration::from_millis(500)))
                .with_max_share(1.0),
        ),
    );
    let client = Client::builder()
        .provider(
            "a",
            Arc::new(SlowLater(FakeProvider::new("a").answers("from a"))) as DynProvider,
        )
        .provider("b", Arc::new(FakeProvider::new("b").answers("from b")))
        .route_with("chat", Route::fallback(["a/m", "b/m"]), options)
        .metrics(Arc::clone(&ledger) as Arc<dyn Recorder + Send + Sync>)
        .build()
        .expect("a good client");
    for answered_by in ["a", "b"] {
        let stream = client.stream(request("chat")).await.unwrap();
        assert_eq!(stream.route.provider.as_str(), answered_by);
    }
    ledger.check("interline_hedges_total{from=a,route=chat,to=b}", 1);
    ledger.check(
        "interline_attempts_total{model=m,outcome=abandoned,provider=a}",
        1,
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_counted_when_it_ends() {
    let ledger = Arc::new(Ledger::default());
    let client = client(&ledger, FakeProvider::new("o").answers("a b c"));
    let mut stream = client.stream(request("chat")).await.unwrap();
    let vendor = "gen_ai_operation_name=chat,gen_ai_provider_name=openai,gen_ai_request_model=gpt-4o,provider=openai";
    ledger.check(
        &format!("gen_ai_client_operation_time_to_first_chunk_seconds{{{vendor}}}"),
        1,
    );
    while let Some(frame) = stream.next().await {
        frame.unwrap();
    }
    ledger.check(
        "interline_requests_total{operation=chat,outcome=ok,route=chat}",
        1,
    );
    ledger.check(
        "interline_attempts_total{model=gpt-4o,outcome=ok,provider=openai}",
        1,
    );
    drop(stream);
    ledger.check(
        "interline_attempts_total{model=gpt-4o,outcome=ok,provider=openai}",
        1,
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_read_to_its_end_was_not_cancelled() {
    let ledger = Arc::new(Ledger::default());
    let client = client(&ledger, FakeProvider::new("o").answers("a b c"));
    let mut stream = client.stream(request("chat")).await.unwrap();
    while !stream.next().await.unwrap().unwrap().is_end() {}
    drop(stream);
    ledger.check(
        "interline_requests_total{operation=chat,outcome=ok,route=chat}",
        1,
    );
    ledger.check(
        "interline_attempts_total{model=gpt-4o,outcome=ok,provider=openai}",
        1,
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_breaks_or_is_dropped_is_counted_as_such() {
    let ledger = Arc::new(Ledger::default());
    let cut = FakeProvider::new("o").fails_after("half", ErrorKind::Protocol);
    let broken = client(&ledger, cut);
    let mut stream = broken.stream(request("chat")).await.unwrap();
    while let Some(Ok(_)) = stream.next().await {}
    ledger.check(
        "interline_requests_total{operation=chat,outcome=protocol,route=chat}",
        1,
    );
    ledger.check(
        "interline_attempts_total{model=gpt-4o,outcome=protocol,provider=openai}",
        1,
    );

    let ledger = Arc::new(Ledger::default());
    let client = client(&ledger, FakeProvider::new("o").answers("a b c"));
    drop(client.stream(request("chat")).await.unwrap());
    ledger.check(
        "interline_requests_total{operation=chat,outcome=cancelled,route=chat}",
        1,
    );
    ledger.check(
        "interline_attempts_total{model=gpt-4o,outcome=cancelled,provider=openai}",
        1,
    );
}

#[tokio::test(start_paused = true)]
async fn callers_cannot_make_new_series() {
    let ledger = Arc::new(Ledger::default());
    let client = client(&ledger, FakeProvider::new("o").answers("hi"));
    for name in ["made-up-1", "made-up-2"] {
        client
            .complete(request(&format!("openai/{name}")))
            .await
            .unwrap();
        client.complete(request(name)).await.unwrap_err();
    }
    ledger.check(
        "interline_attempts_total{model=other,outcome=ok,provider=openai}",
        2,
    );
    ledger.check(
        "interline_requests_total{operation=chat,outcome=ok,route=direct}",
        2,
    );
    ledger.check(
        "interline_requests_total{operation=chat,outcome=not_found,route=none}",
        2,
    );
    let series = ledger.0.lock().expect("nobody panicked");
    assert!(!series.keys().any(|name| name.contains("made-up")));
}

#[tokio::test(start_paused = true)]
async fn health_is_a_gauge_that_can_be_brought_up_to_date() {
    let ledger = Arc::new(Ledger::default());
    let client = client(
        &ledger,
        FakeProvider::new("o").fails(ErrorKind::Unavailable),
    );
    client.record_health();
    let openai = "interline_target_available{model=gpt-4o,provider=openai}";
    ledger.check(openai, 1);
    for _ in 0..3 {
        client.complete(request("chat")).await.unwrap();
    }
    ledger.check(openai, 0);
    ledger.check(
        "interline_target_available{model=claude-2.1,provider=claude}",
        1,
    );
    tokio::time::advance(std::time::Duration::from_secs(31)).await;
    client.record_health();
    ledger.check(openai, 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_answering_target_was_asked_without_is_counted() {
    let ledger = Arc::new(Ledger::default());
    let seedless = Capabilities::new(FeatureSet::all().without(Feature::Seed));
    let openai = FakeProvider::new("openai").with_capabilities(seedless);
    let mut request = request("chat");
    request.edit(|body| body.params.seed = Some(7));
    client(&ledger, openai)
        .complete(request)
        .await
        .expect("an answer");
    ledger.check(
        "interline_dropped_hints_total{feature=seed,model=gpt-4o,provider=openai}",
        1,
    );
}

#[tokio::test(start_paused = true)]
async fn embeddings_are_told_from_answers() {
    let ledger = Arc::new(Ledger::default());
    let fake = Arc::new(FakeProvider::new("openai"));
    let chat: DynProvider = fake.clone();
    let client = Client::builder()
        .provider("openai", ProviderSet::new(chat).with_embed(fake))
        .route(
            "vectors",
            Route::fallback(["openai/text-embedding-3-small"]),
        )
        .metrics(Arc::clone(&ledger) as Arc<dyn Recorder + Send + Sync>)
        .build()
        .expect("a good client");
    let texts = EmbedRequest::new("vectors", ["one"]);
    client.embed(texts).await.expect("vectors");
    ledger.check(
        "interline_requests_total{operation=embeddings,outcome=ok,route=vectors}",
        1,
    );
    let vendor = "gen_ai_operation_name=embeddings,gen_ai_provider_name=openai,\
                  gen_ai_request_model=text-embedding-3-small";
    ledger.check(
        &format!("gen_ai_client_operation_duration_seconds{{{vendor},provider=openai}}"),
        1,
    );
    ledger.check(
        &format!("gen_ai_client_token_usage{{{vendor},gen_ai_token_type=input,provider=openai}}"),
        1,
    );
    let request = ChatRequest::new("openai/gpt-4o", [Message::user("Hi!")]);
    client.count_tokens(request).await.expect("an estimate");
    ledger.check(
        "interline_requests_total{operation=count_tokens,outcome=estimated,route=direct}",
        1,
    );
}
