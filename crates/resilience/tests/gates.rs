//! The gate of a target: what keeps it closed, for whom, and how calls wait for room.

#![allow(
    clippy::unwrap_used,
    reason = "in a test a panic is the report; the clippy option covers test functions only"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, Choice, ConnectionFault,
    Error, ErrorKind, FeatureSet, LimitUnit, LimitWindow, Message, ModelId, Part, Phase, Provider,
    ProviderId, Result, RetryHint, Target, TimeoutStage, ToldLimit, Usage, async_trait,
};
use interline_resilience::breaker::BreakerConfig;
use interline_resilience::{
    Admission, Admit, AlwaysAdmit, Ask, AttemptPolicy, Call, Candidate, Credential, Endpoint,
    Engine, GateRules, Gates, GatesConfig, LatencyDigest, LimitConfig, Need, Observers, Outcome,
    Permit, Priority, QueueRule, SkipReason, TargetGate,
};
use tokio::time::Instant;

const S: fn(u64) -> Duration = Duration::from_secs;
const MS: fn(u64) -> Duration = Duration::from_millis;

fn gates() -> Gates {
    Gates::new(GatesConfig::default(), Arc::new(Observers::none()))
}

fn endpoint(target: &str) -> Endpoint {
    Endpoint::new(target.parse::<Target>().unwrap())
}

fn open(gates: &Gates, endpoint: &Endpoint) -> TargetGate {
    let now = Instant::now();
    let latency = Arc::new(LatencyDigest::new(now));
    gates.direct(
        endpoint,
        &GateRules::new(BreakerConfig::simple()),
        &latency,
        S(30),
        now,
    )
}

fn ask(gate: &TargetGate) -> Result<Permit, SkipReason> {
    match gate.admit(&Ask::new(gate.target(), Instant::now())) {
        Admit::Go(permit) => Ok(permit),
        Admit::Skip(skip) => Err(skip.reason),
        other => panic!("{other:?}"),
    }
}

fn fail(gate: &TargetGate, error: &Error) {
    let permit = ask(gate).expect("it is open");
    permit.settle(Outcome::Failure(error), Instant::now());
}

fn refused(kind: ErrorKind, status: u16) -> Error {
    Error::new(kind, "no")
        .with_status(status)
        .with_phase(Phase::BeforeOutput)
}

fn limited(after: Duration) -> Error {
    refused(ErrorKind::RateLimited, 429).with_retry(RetryHint::After(after))
}

fn unavailable() -> Error {
    refused(ErrorKind::Unavailable, 500).with_retry(RetryHint::Backoff)
}

fn unreachable() -> Error {
    Error::new(ErrorKind::Unavailable, "refused")
        .with_connection_fault(ConnectionFault::Connect)
        .with_retry(RetryHint::Backoff)
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_pauses_one_model_and_never_touches_a_breaker() {
    let gates = gates();
    let (one, other) = (endpoint("v/one"), endpoint("v/other"));
    let (one, other) = (open(&gates, &one), open(&gates, &other));
    let many: Vec<_> = (0..20).map(|_| ask(&one).unwrap()).collect();
    for permit in many {
        permit.settle(Outcome::Failure(&limited(S(7))), Instant::now());
    }
    assert_eq!(ask(&one).err(), Some(SkipReason::Paused));
    assert!(
        one.admit_anyway(&Ask::new(one.target(), Instant::now()))
            .is_none()
    );
    assert_eq!(one.health(Instant::now()).recent_failures, 0);
    assert!(ask(&other).is_ok());
    tokio::time::advance(S(7)).await;
    assert!(one.health(Instant::now()).is_available());
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_closes_its_own_targets_and_nobody_elses() {
    let gates = gates();
    let key = |key| Credential::Hashed(key);
    let bad = [endpoint("a/m"), endpoint("b/m")].map(|e| open(&gates, &e.with_credential(key(1))));
    let good = open(&gates, &endpoint("c/m").with_credential(key(2)));
    fail(&bad[0], &refused(ErrorKind::Authentication, 401));
    for gate in &bad {
        assert_eq!(ask(gate).err(), Some(SkipReason::Credential));
    }
    assert!(ask(&good).is_ok());
    // A last resort that is answered shows that the key is good again.
    let now = Instant::now();
    let permit = bad[1]
        .admit_anyway(&Ask::new(bad[1].target(), now))
        .unwrap();
    permit.settle(Outcome::Success, now);
    assert!(ask(&bad[0]).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_key_that_may_not_use_one_model_still_uses_the_others() {
    let gates = gates();
    let [one, other] = ["v/one", "v/other"].map(|target| open(&gates, &endpoint(target)));
    fail(&one, &refused(ErrorKind::Permission, 403));
    assert_eq!(ask(&one).err(), Some(SkipReason::Credential));
    assert!(ask(&other).is_ok());
}

#[tokio::test(start_paused = true)]
async fn all_targets_of_an_unreachable_host_are_passed_over() {
    let gates = gates();
    let on = |target, host: &str| open(&gates, &endpoint(target).with_host(host));
    let (one, other) = (on("a/one", "h:443"), on("b/other", "h:443"));
    let elsewhere = on("c/m", "i:443");
    for _ in 0..3 {
        fail(&one, &unreachable());
    }
    assert_eq!(ask(&other).err(), Some(SkipReason::Host));
    assert!(ask(&elsewhere).is_ok());
    // One call finds out whether it is back.
    tokio::time::advance(S(5)).await;
    let probe = ask(&other).unwrap();
    assert_eq!(ask(&other).err(), Some(SkipReason::Host));
    probe.settle(Outcome::Success, Instant::now());
    assert!(ask(&other).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_host_is_not_back_that_resets_the_connection_which_was_to_find_out() {
    let gates = gates();
    let on = |target: &str| open(&gates, &endpoint(target).with_host("h:443"));
    let (one, other) = (on("a/one"), on("b/other"));
    for _ in 0..3 {
        fail(&one, &unreachable());
    }
    tokio::time::advance(S(5)).await;
    let reset = Error::new(ErrorKind::Unavailable, "reset")
        .with_connection_fault(ConnectionFault::Reset)
        .with_phase(Phase::BeforeOutput);
    fail(&other, &reset);
    assert_eq!(ask(&other).err(), Some(SkipReason::Host));
}

#[tokio::test(start_paused = true)]
async fn a_host_that_cannot_be_reached_gets_no_last_resort_while_others_serve() {
    let gates = gates();
    let now = Instant::now();
    let endpoints = ["a/m", "b/m"].map(|target| (endpoint(target), None));
    let rules = GateRules::new(BreakerConfig::adaptive());
    let latency = Arc::new(LatencyDigest::new(now));
    let group = gates.group(&endpoints, &rules, latency, S(30), now);
    let anyway = |gate: &TargetGate| gate.admit_anyway(&Ask::new(gate.target(), now));
    for _ in 0..3 {
        fail(&group[0], &unreachable());
    }
    assert_eq!(ask(&group[0]).err(), Some(SkipReason::Host));
    assert!(anyway(&group[0]).is_none());
    assert!(anyway(&group[1]).is_some());
}

#[tokio::test(start_paused = true)]
async fn neither_request_timeouts_nor_conflicts_open_a_breaker() {
    let gates = gates();
    let gate = open(&gates, &endpoint("v/m"));
    let timeout = ErrorKind::Timeout(TimeoutStage::FirstToken);
    for (kind, status) in [
        (timeout, 408),
        (ErrorKind::Unavailable, 409),
        (ErrorKind::Unavailable, 425),
    ] {
        for _ in 0..5 {
            fail(&gate, &refused(kind, status));
        }
    }
    assert_eq!(gate.health(Instant::now()).recent_failures, 0);
}

#[tokio::test(start_paused = true)]
async fn failures_of_one_endpoint_open_its_breaker_alone() {
    let gates = gates();
    let [one, other] = ["v/one", "v/other"].map(|target| open(&gates, &endpoint(target)));
    for _ in 0..3 {
        fail(&one, &unavailable());
    }
    assert_eq!(ask(&one).err(), Some(SkipReason::Unhealthy));
    assert!(ask(&other).is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_limits_of_a_connection_hold_for_all_its_models_together() {
    let gates = gates();
    let limits = LimitConfig::new().with_concurrency(3);
    let [one, other] =
        ["v/one", "v/other"].map(|target| open(&gates, &endpoint(target).with_limits(limits)));
    let critical = |gate: &TargetGate| {
        let need = Need::new(1, 1).with_priority(Priority::Critical);
        let ask = Ask::new(gate.target(), Instant::now()).with_need(need);
        match gate.admit(&ask) {
            Admit::Go(permit) => Ok(permit),
            Admit::Skip(skip) => Err(skip.reason),
            other => panic!("{other:?}"),
        }
    };
    let held = [critical(&one), critical(&other), critical(&one)];
    assert!(held.iter().all(Result::is_ok));
    assert_eq!(critical(&other).err(), Some(SkipReason::Limited));
    drop(held);
    assert!(critical(&other).is_ok());
    assert_eq!(other.configured_limits().unwrap().calls_held(), 0);
    assert_eq!(
        other.told_limits().calls_held(),
        0,
        "what was refused is given back"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_by_limits_gives_the_place_of_a_probe_back() {
    let gates = gates();
    let gate = open(
        &gates,
        &endpoint("v/m").with_limits(LimitConfig::new().with_rpm(4)),
    );
    let unavailable = unavailable();
    for _ in 0..3 {
        tokio::time::advance(S(15)).await;
        fail(&gate, &unavailable);
    }
    tokio::time::advance(S(30)).await;
    let used = ask(&gate).unwrap();
    used.settle(Outcome::Failure(&unavailable), Instant::now());
    tokio::time::advance(S(30)).await;
    assert!(ask(&gate).is_ok(), "the probe's place is free");
}

/// Answers at once, with what it was told to say about limits.
#[derive(Debug)]
struct Vendor {
    id: ProviderId,
    limits: Vec<ToldLimit>,
    asked_at: Mutex<Vec<Instant>>,
}

impl Vendor {
    fn new(limits: Vec<ToldLimit>) -> Arc<Self> {
        Arc::new(Self {
            id: "v".into(),
            limits,
            asked_at: Mutex::default(),
        })
    }

    fn asked(&self) -> usize {
        self.asked_at.lock().unwrap().len()
    }
}

#[async_trait]
impl Provider for Vendor {
    fn id(&self) -> &ProviderId {
        &self.id
    }
    fn capabilities(&self, _: &ModelId) -> Capabilities {
        Capabilities::new(FeatureSet::empty())
    }
    async fn complete(&self, _: &CallContext, request: &ChatRequest) -> Result<ChatResponse> {
        self.asked_at.lock().unwrap().push(Instant::now());
        let choice = Choice::new(0, [Part::text("hello")]);
        let mut response =
            ChatResponse::new(request.model.as_str(), [choice]).with_usage(Usage::new(100, 50));
        response.meta.limits.clone_from(&self.limits);
        Ok(response)
    }
    async fn stream(&self, _: &CallContext, _: &ChatRequest) -> Result<ChatStream> {
        Err(Error::new(ErrorKind::Unsupported, "no streams here"))
    }
    async fn health_check(&self, _: &CallContext) -> Result<()> {
        Ok(())
    }
}

/// One call over one target.
async fn call(gate: &TargetGate, vendor: &Arc<Vendor>, need: Need) -> Result<ChatResponse> {
    let service: Arc<dyn Provider> = Arc::<Vendor>::clone(vendor);
    let candidate = Candidate::new(gate.target().clone(), service)
        .with_admission(Arc::new(gate.clone()) as Arc<dyn Admission>);
    let candidates = [candidate];
    let policy = AttemptPolicy::default();
    let engine = Engine::new(Arc::new(AlwaysAdmit), Arc::new(Observers::none()), 1);
    let call = Call::new("c", "r", &candidates, &policy).with_need(need);
    let request = ChatRequest::new("r", [Message::user("hi")]);
    Ok(engine.complete(call, &request).await?.value)
}

#[tokio::test(start_paused = true)]
async fn what_an_answer_used_and_told_reaches_the_limits() {
    let gates = gates();
    let limits = LimitConfig::new().with_tpm(1_000_000);
    let gate = open(&gates, &endpoint("v/m").with_limits(limits));
    let told = ToldLimit::new(LimitUnit::Requests, LimitWindow::Minute)
        .with_limit(500)
        .with_remaining(400);
    let vendor = Vendor::new(vec![told]);
    call(&gate, &vendor, Need::new(5000, 9000)).await.unwrap();
    let now = Instant::now();
    let used = |limits: &interline_resilience::Limiter| limits.uses(now).next().unwrap();
    let requests = used(gate.told_limits());
    assert_eq!(requests.limit, 500);
    assert!((requests.used - 0.2).abs() < 0.01, "{requests:?}");
    let tokens = used(gate.configured_limits().unwrap());
    assert!((tokens.used - 150.0 / 50_000.0).abs() < 1e-4, "{tokens:?}");
}

#[tokio::test(start_paused = true)]
async fn calls_wait_in_line_for_a_limit_where_nobody_else_is_free() {
    let gates = gates();
    let rule = QueueRule::new(256, S(8));
    let limits = LimitConfig::new().with_rpm(60).with_queue(rule);
    let gate = open(&gates, &endpoint("v/m").with_limits(limits));
    let vendor = Vendor::new(Vec::new());
    let started = Instant::now();
    let calls = (0..8).map(|_| call(&gate, &vendor, Need::new(1, 1)));
    let results = futures_util::future::join_all(calls).await;
    assert!(results.iter().all(Result::is_ok));
    assert!(started.elapsed() >= S(4), "{:?}", started.elapsed());
    assert!(started.elapsed() <= S(8), "{:?}", started.elapsed());
    assert_eq!(gate.configured_limits().unwrap().queued(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_would_wait_too_long_fails_at_once_and_says_how_long() {
    let gates = gates();
    let gate = open(
        &gates,
        &endpoint("v/m").with_limits(LimitConfig::new().with_rpm(1)),
    );
    let vendor = Vendor::new(Vec::new());
    call(&gate, &vendor, Need::new(1, 1)).await.unwrap();
    let started = Instant::now();
    let error = call(&gate, &vendor, Need::new(1, 1)).await.unwrap_err();
    assert_eq!(started.elapsed(), Duration::ZERO);
    assert_eq!(error.kind(), ErrorKind::AllTargetsFailed);
    let wait = error.retry_after().expect("it says how long");
    assert!(wait > S(55) && wait <= S(67), "{wait:?}");
    assert_eq!(vendor.asked(), 1, "a limit is never overridden");
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_leaves_the_line_holds_nobody_up() {
    let gates = gates();
    let gate = open(
        &gates,
        &endpoint("v/m").with_limits(LimitConfig::new().with_rpm(60)),
    );
    let vendor = Vendor::new(Vec::new());
    let fill = (0..3).map(|_| call(&gate, &vendor, Need::new(1, 1)));
    futures_util::future::join_all(fill).await;
    let impatient = tokio::time::timeout(MS(100), call(&gate, &vendor, Need::new(1, 1)));
    assert!(impatient.await.is_err());
    let limits = gate.configured_limits().unwrap();
    assert_eq!((limits.queued(), limits.calls_held()), (0, 0));
    call(&gate, &vendor, Need::new(1, 1)).await.unwrap();
}

#[test]
fn what_nobody_uses_is_forgotten_when_there_is_no_room() {
    let mut config = GatesConfig::default();
    config.max_kept = 10;
    let gates = Gates::new(config, Arc::new(Observers::none()));
    let t0 = Instant::now();
    let latency = Arc::new(LatencyDigest::new(t0));
    let direct = |n: u32, now| {
        let endpoint = endpoint(&format!("v/m{n}"));
        gates.direct(&endpoint, &GateRules::never(), &latency, S(30), now)
    };
    let kept = direct(0, t0);
    for n in 1..100 {
        let _gate = direct(n, t0);
    }
    let held = kept.admit(&Ask::new(kept.target(), t0));
    assert!(matches!(held, Admit::Go(_)));
    assert_eq!(
        direct(0, t0).told_limits().calls_held(),
        1,
        "it is the same one"
    );
    let fresh = direct(50, t0 + S(7200));
    let held = fresh.admit(&Ask::new(fresh.target(), t0 + S(7200)));
    assert!(matches!(held, Admit::Go(_)));
    let again = direct(50, t0 + S(7200));
    assert_eq!(again.told_limits().calls_held(), 1, "there is room again");
}

#[test]
fn successors_know_what_was_known_by_target_host_credential_and_limits() {
    let before = gates();
    let t0 = Instant::now();
    let place = |host: &'static str| endpoint("v/m").with_host(host);
    let sick = open(&before, &place("one:443"));
    for _ in 0..3 {
        fail(&sick, &unavailable());
    }
    assert_eq!(ask(&sick).err(), Some(SkipReason::Unhealthy));
    let after = before.succeeding(Arc::new(Observers::none()));
    let same = open(&after, &place("one:443"));
    assert_eq!(ask(&same).err(), Some(SkipReason::Unhealthy));
    let next = before.succeeding(Arc::new(Observers::none()));
    let moved = open(&next, &place("two:443"));
    assert!(ask(&moved).is_ok(), "another host is another endpoint");

    let key = |key| endpoint("w/m").with_credential(Credential::Hashed(key));
    fail(
        &open(&before, &key(1)),
        &refused(ErrorKind::Authentication, 401),
    );
    let old = open(&after, &key(1));
    assert_eq!(ask(&old).err(), Some(SkipReason::Credential));
    assert!(
        ask(&open(&next, &key(2))).is_ok(),
        "another key is another credential"
    );

    let limited = |calls| {
        let mut limits = LimitConfig::default();
        limits.concurrency = calls;
        endpoint("x/m").with_limits(limits)
    };
    let full = open(&before, &limited(Some(1)));
    let held = ask(&full).unwrap();
    assert_eq!(
        ask(&open(&after, &limited(Some(1)))).err(),
        Some(SkipReason::Limited)
    );
    assert!(
        ask(&open(&next, &limited(Some(2)))).is_ok(),
        "other limits begin anew"
    );
    held.settle(Outcome::Success, t0);
}
