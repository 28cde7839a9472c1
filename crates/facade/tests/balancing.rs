//! Balancing through the real engine, with made-up vendors on a paused clock: who gets how many calls.

#![allow(clippy::print_stdout, reason = "the shares are the point")]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use interline::{
    Affinity, Breaker, CallContext, Capabilities, Capacity, ChatRequest, ChatResponse, ChatStream,
    Choice, Client, Error, ErrorKind, FeatureSet, LimitConfig, Message, ModelId, Part, Phase,
    Provider, ProviderId, Result, RetryHint, Route, RouteOptions, Standing, Stickiness, Strategy,
    Target, WeightedTarget, async_trait,
};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::time::Instant;

/// Fixed, so that a failure comes back; printed by every failing check.
const SEED: u64 = 0x1A7E_5EED;

/// A vendor that answers or fails after a time, and remembers when it was asked.
struct Vendor {
    id: ProviderId,
    takes: Duration,
    fails: bool,
    asked: Mutex<Vec<Instant>>,
}

impl Vendor {
    fn new(id: &str, takes_ms: u64, fails: bool) -> Arc<Self> {
        Arc::new(Self {
            id: id.into(),
            takes: Duration::from_millis(takes_ms),
            fails,
            asked: Mutex::default(),
        })
    }

    fn calls(&self) -> usize {
        self.asked.lock().expect("no panic before").len()
    }

    /// The most calls within any 60 s.
    fn most_per_minute(&self) -> usize {
        let asked = self.asked.lock().expect("no panic before");
        let within = |from: &Instant| {
            let end = *from + Duration::from_secs(60);
            asked.iter().filter(|at| (*from..end).contains(at)).count()
        };
        asked.iter().map(within).max().unwrap_or(0)
    }
}

impl fmt::Debug for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vendor").finish_non_exhaustive()
    }
}

#[async_trait]
impl Provider for Vendor {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn capabilities(&self, _: &ModelId) -> Capabilities {
        Capabilities::new(FeatureSet::all())
    }

    async fn complete(&self, _: &CallContext, request: &ChatRequest) -> Result<ChatResponse> {
        let now = Instant::now();
        self.asked.lock().expect("no panic before").push(now);
        tokio::time::sleep(self.takes).await;
        if self.fails {
            return Err(Error::new(ErrorKind::Unavailable, "made up")
                .with_phase(Phase::BeforeOutput)
                .with_retry(RetryHint::Backoff));
        }
        let choice = Choice::new(0, [Part::text("hello")]);
        Ok(ChatResponse::new(request.model.as_str(), [choice]))
    }

    async fn stream(&self, _: &CallContext, _: &ChatRequest) -> Result<ChatStream> {
        Err(Error::new(ErrorKind::Unsupported, "it does not stream"))
    }

    async fn health_check(&self, _: &CallContext) -> Result<()> {
        Ok(())
    }
}

fn request() -> ChatRequest {
    ChatRequest::new("chat", [Message::user("hi")])
}

/// What became of calls.
#[derive(Debug, Default)]
struct Seen {
    answered: usize,
    failed: usize,
    fallbacks: usize,
}

/// Calls at random (Poisson), so many a second for so long.
async fn traffic(client: &Client, rate: f64, seconds: u64) -> Seen {
    let mut rng = StdRng::seed_from_u64(SEED);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut calls = Vec::new();
    loop {
        let gap = -(1.0 - rng.random::<f64>()).ln() / rate;
        tokio::time::sleep(Duration::from_secs_f64(gap)).await;
        if Instant::now() >= end {
            break;
        }
        let client = client.clone();
        calls.push(tokio::spawn(
            async move { client.complete(request()).await },
        ));
    }
    let mut seen = Seen::default();
    for call in calls {
        match call.await.expect("no panic") {
            Ok(reply) => {
                seen.answered += 1;
                seen.fallbacks += usize::from(reply.route.is_fallback);
            }
            Err(_) => seen.failed += 1,
        }
    }
    seen
}

/// Two vendors `a` and `b` in one route.
fn client(
    route: Route,
    vendors: [&Arc<Vendor>; 2],
    limits: Option<(LimitConfig, LimitConfig)>,
    breaker: Breaker,
) -> Client {
    let [a, b] = vendors;
    let mut builder = Client::builder()
        .provider("a", Arc::clone(a) as Arc<dyn Provider>)
        .provider("b", Arc::clone(b) as Arc<dyn Provider>)
        .route_with("chat", route, RouteOptions::new().with_breaker(breaker))
        .seed(SEED);
    if let Some((of_a, of_b)) = limits {
        builder = builder.limits("a", of_a).limits("b", of_b);
    }
    builder.build().expect("a good client")
}

fn route(strategy: Strategy) -> Route {
    Route::fallback(["a/m", "b/m"]).with_strategy(strategy)
}

#[tokio::test(start_paused = true)]
async fn a_vendor_of_30_requests_a_minute_is_not_overrun_beside_one_of_3500() {
    for strategy in [
        Strategy::RoundRobin,
        Strategy::LeastLatency,
        Strategy::LeastBusy,
        Strategy::Capacity,
    ] {
        let (small, large) = (Vendor::new("a", 400, false), Vendor::new("b", 800, false));
        let rpm = |limit| LimitConfig::new().with_rpm(limit);
        let limits = Some((rpm(30), rpm(3500)));
        let client = client(route(strategy), [&small, &large], limits, Breaker::Off);
        let seen = traffic(&client, 40.0, 120).await;
        println!(
            "{strategy}: seed {SEED:#x}, {seen:?}, small one {} calls, at most {} a minute",
            small.calls(),
            small.most_per_minute()
        );
        assert_eq!(seen.failed, 0, "{strategy}: {seen:?}");
        assert_eq!(seen.fallbacks, 0, "{strategy}: nobody was asked in vain");
        assert!(small.most_per_minute() <= 30, "{strategy}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_vendor_that_fails_fast_is_not_preferred() {
    for (strategy, breaker) in [
        (Strategy::LeastLatency, Breaker::Off),
        (Strategy::LeastBusy, Breaker::Off),
        (Strategy::LeastLatency, Breaker::default()),
    ] {
        let (lure, good) = (Vendor::new("a", 1, true), Vendor::new("b", 1000, false));
        let client = client(route(strategy), [&lure, &good], None, breaker);
        let seen = traffic(&client, 20.0, 120).await;
        let share = lure.calls() as f64 / seen.answered as f64;
        println!("{strategy} {breaker:?}: seed {SEED:#x}, {seen:?}, lure {share:.4} of the calls");
        assert_eq!(seen.failed, 0, "{strategy}: {seen:?}");
        assert!(share <= 0.05, "{strategy}: {share}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_faster_vendor_gets_more_and_the_slow_one_is_not_forgotten() {
    let (fast, slow) = (Vendor::new("a", 300, false), Vendor::new("b", 900, false));
    let route = route(Strategy::LeastLatency);
    let client = client(route, [&fast, &slow], None, Breaker::default());
    let seen = traffic(&client, 20.0, 60).await;
    let share = fast.calls() as f64 / seen.answered as f64;
    println!(
        "seed {SEED:#x}, fast one {share:.3} of {} calls",
        seen.answered
    );
    assert!((0.6..0.98).contains(&share), "{share}");
}

#[tokio::test(start_paused = true)]
async fn prepaid_capacity_is_used_first_and_spills_over() {
    let (spare, paid) = (Vendor::new("a", 400, false), Vendor::new("b", 400, false));
    let target = |name: &str| WeightedTarget::new(name.parse().expect("a target"));
    let route = Route::empty(Strategy::Fallback)
        .with_target(target("a/m"))
        .with_target(target("b/m").with_capacity(Capacity::Prepaid));
    let limits = Some((LimitConfig::new(), LimitConfig::new().with_rpm(300)));
    let client = client(route, [&spare, &paid], limits, Breaker::default());
    let seen = traffic(&client, 10.0, 120).await;
    let minutes = 2.0;
    let used = paid.calls() as f64 / minutes;
    println!("seed {SEED:#x}, prepaid {used} a minute of 300, {seen:?}");
    assert!((240.0..=330.0).contains(&used), "{used}");
    assert_eq!(seen.failed + seen.fallbacks, 0, "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_session_stays_with_its_vendor_while_it_is_well() {
    let (a, b) = (Vendor::new("a", 100, false), Vendor::new("b", 100, false));
    let route = route(Strategy::RoundRobin).with_affinity(Affinity::Session);
    let client = client(route, [&a, &b], None, Breaker::default());
    let mut held: BTreeMap<String, usize> = BTreeMap::new();
    for user in 0..40 {
        let mut request = request();
        request.edit(|body| body.user = Some(format!("user {user}")));
        let first = client.complete(request.clone()).await.expect("an answer");
        assert_eq!(first.route.stickiness, Stickiness::Kept);
        for _ in 0..4 {
            let again = client.complete(request.clone()).await.expect("an answer");
            assert_eq!(again.route.provider, first.route.provider, "user {user}");
        }
        *held.entry(first.route.provider.to_string()).or_default() += 1;
    }
    println!("sessions: {held:?}");
    assert!(held.values().all(|count| *count >= 10), "{held:?}");
}

#[tokio::test(start_paused = true)]
async fn the_report_tells_how_every_target_came_to_its_place() {
    let (lure, good) = (Vendor::new("a", 1, true), Vendor::new("b", 10, false));
    let route = route(Strategy::LeastBusy);
    let client = client(route, [&lure, &good], None, Breaker::default());
    for _ in 0..20 {
        client.complete(request()).await.expect("an answer");
    }
    let reply = client.complete(request()).await.expect("an answer");
    let order: Vec<_> = reply
        .route
        .order
        .iter()
        .map(|(target, placement)| (target.clone(), placement.standing))
        .collect();
    assert_eq!(
        order[0],
        (Target::new("b", "m"), Standing::Ready),
        "{order:?}"
    );
    assert_eq!(order.len(), 2);
    assert!(reply.route.order[0].1.figure <= reply.route.order[1].1.figure);
}
