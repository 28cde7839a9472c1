//! Two attempts that race for the first token: when the second sets out, who wins, what it costs.

use std::sync::Arc;

use interline_core::{ErrorKind as K, Progress, RetryHint};
use interline_resilience::{
    AttemptPolicy, Call, HedgeAfter, HedgePolicy, Observers, RetryBudgetConfig, RouteMemory,
    SimpleBreaker, SimpleBreakerConfig,
};
use tokio::time::Instant;

use crate::bench::{Bench, MS, S, failure, read, request, target, unavailable};
use crate::fake::{Act, Script, answer, end, fail, silence, text};

fn after(delay: std::time::Duration, word: &str) -> Script {
    vec![Act::Wait(delay), Act::Headers, text(word), end()]
}

/// A policy that hedges half a second after the start.
fn hedging() -> AttemptPolicy {
    let policy = HedgePolicy::default()
        .with_after(HedgeAfter::Fixed(MS(500)))
        .with_max_share(1.0);
    AttemptPolicy::default().with_hedge(policy)
}

/// A memory in which one success has paid for one hedge.
async fn funded() -> Arc<RouteMemory> {
    let memory = Arc::new(RouteMemory::new(
        RetryBudgetConfig::default(),
        Instant::now(),
    ));
    let bench = Bench::new([vec![answer("ok")]])
        .policy(hedging())
        .memory(Arc::clone(&memory));
    drop(bench.stream().await.unwrap());
    memory
}

async fn bench<const N: usize>(scripts: [Vec<Script>; N]) -> Bench {
    Bench::new(scripts).policy(hedging()).memory(funded().await)
}

#[tokio::test(start_paused = true)]
async fn a_second_attempt_answers_while_the_first_stays_silent() {
    let bench = bench([vec![after(S(5), "late")], vec![answer("from b")]]).await;
    let began = Instant::now();
    let answer = bench.stream().await.unwrap();
    assert_eq!(began.elapsed(), MS(500));
    assert_eq!(answer.route.target, target("b"));
    assert!(answer.route.is_fallback);
    let records = &answer.route.attempts;
    assert_eq!(records[0].kind, Some(K::Cancelled));
    assert!(records[0].maybe_billed && !records[0].is_hedge);
    assert!(records[1].is_hedge && records[1].kind.is_none());
    assert_eq!(read(answer.value).await.text, "from b");
    assert_eq!(
        bench.events.words(),
        [
            "start 1 a/m",
            "hedge 2 a/m+b/m",
            "start 2 b/m",
            "leave 1 a/m",
            "answer 2 b/m fallback=true",
            "finished b/m",
        ]
    );
    let seen = bench.fakes[0].seen();
    assert_eq!(
        seen[0].closed_at,
        Some(began + MS(500)),
        "cut at its vendor"
    );
    let counts = bench.permits.counts();
    assert_eq!((counts.given, counts.settled()), (2, 2));
    assert_eq!((counts.succeeded, counts.cancelled), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn the_first_attempt_wins_where_it_answers_first() {
    let bench = bench([vec![after(MS(800), "from a")], vec![after(S(5), "late")]]).await;
    let answer = bench.stream().await.unwrap();
    assert_eq!(answer.route.target, target("a"));
    assert!(!answer.route.is_fallback);
    let lost = &answer.route.attempts[0];
    assert!(lost.is_hedge);
    assert_eq!(lost.kind, Some(K::Cancelled));
    assert_eq!(answer.route.attempts.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_quick_answer_and_a_sign_of_life_need_no_hedge() {
    let begun = vec![
        Act::Wait(MS(100)),
        Act::Report(Progress::Headers),
        Act::Wait(S(5)),
        Act::Headers,
        text("from a"),
        end(),
    ];
    for script in [answer("from a"), begun] {
        let bench = bench([vec![script], vec![answer("from b")]]).await;
        let answer = bench.stream().await.unwrap();
        assert_eq!(answer.route.target, target("a"));
        assert_eq!(bench.calls(), [1, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_hedged_by_default_nor_for_whole_answers() {
    let scripts = || [vec![after(S(5), "from a")], vec![answer("from b")]];
    let plain = Bench::new(scripts()).memory(funded().await);
    assert_eq!(plain.stream().await.unwrap().route.target, target("a"));
    let whole = bench(scripts()).await;
    assert_eq!(whole.complete().await.unwrap().route.target, target("a"));
}

#[tokio::test(start_paused = true)]
async fn a_hedge_needs_both_budgets() {
    let scripts = || [vec![after(S(5), "from a")], vec![answer("from b")]];
    let unfunded = RouteMemory::new(RetryBudgetConfig::default(), Instant::now());
    let bench = Bench::new(scripts()).policy(hedging());
    let bench = bench.memory(Arc::new(unfunded));
    assert_eq!(bench.stream().await.unwrap().route.target, target("a"));

    let memory = Arc::new(RouteMemory::new(
        RetryBudgetConfig::default()
            .with_start(0.0)
            .with_trickle(0.0, 0.0),
        Instant::now(),
    ));
    let pay = Bench::new([vec![answer("ok")]]).policy(hedging());
    drop(pay.memory(Arc::clone(&memory)).stream().await.unwrap());
    let bench = Bench::new(scripts()).policy(hedging()).memory(memory);
    assert_eq!(bench.stream().await.unwrap().route.target, target("a"));
}

#[tokio::test(start_paused = true)]
async fn another_failure_domain_is_preferred() {
    let scripts = [
        vec![after(S(5), "late")],
        vec![answer("from b")],
        vec![answer("from c")],
    ];
    let bench = bench(scripts).await;
    let bench = bench.domains(&[Some("cloud"), Some("cloud"), Some("other")]);
    assert_eq!(bench.stream().await.unwrap().route.target, target("c"));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_hedged_while_a_breaker_of_the_route_is_open() {
    let config = SimpleBreakerConfig::default().with_failures(1, S(60));
    let breaker = SimpleBreaker::new(config, Arc::new(Observers::none()));
    let scripts = vec![
        vec![after(S(5), "from a")],
        vec![answer("from b")],
        vec![fail(unavailable())],
    ];
    let bench = Bench::with_admission(scripts, Arc::new(breaker))
        .policy(hedging().with_max_attempts(1))
        .memory(funded().await);
    let policy = AttemptPolicy::default().with_max_attempts(1);
    let ill = [bench.candidates[2].clone()];
    let call = Call::new("id", "chat", &ill, &policy);
    bench.engine.stream(call, &request()).await.unwrap_err();
    assert_eq!(bench.stream().await.unwrap().route.target, target("a"));
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_one_leaves_the_call_to_the_other() {
    let late_failure = vec![Act::Wait(S(1)), Act::Fail(unavailable())];
    let first_fails = bench([vec![late_failure.clone()], vec![after(S(2), "from b")]]).await;
    let answer = first_fails.stream().await.unwrap();
    assert_eq!(answer.route.target, target("b"));
    assert_eq!(answer.route.attempts[0].kind, Some(K::Unavailable));

    let second_fails = bench([vec![after(S(2), "from a")], vec![fail(unavailable())]]).await;
    let answer = second_fails.stream().await.unwrap();
    assert_eq!(answer.route.target, target("a"));
    assert!(answer.route.attempts[0].is_hedge);

    let scripts = [vec![late_failure], vec![fail(unavailable())]];
    let both = bench(scripts).await.policy(hedging().with_same_target(0));
    let error = both.stream().await.unwrap_err();
    assert_eq!(error.attempts().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_callers_mistake_ends_both() {
    let mistake = failure(K::InvalidRequest, RetryHint::Never);
    let bench = bench([vec![silence()], vec![fail(mistake)]]).await;
    let error = bench.stream().await.unwrap_err();
    assert_eq!(error.kind(), K::InvalidRequest);
    let kinds: Vec<_> = error.attempts().iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [Some(K::InvalidRequest), Some(K::Cancelled)]);
    assert_eq!(bench.permits.counts().settled(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_goes_away_cuts_both() {
    let bench = bench([vec![silence()], vec![silence()]]).await;
    let call = tokio::time::timeout(S(1), bench.stream());
    assert!(call.await.is_err());
    for fake in &bench.fakes {
        assert!(fake.seen()[0].closed_at.is_some());
    }
    assert_eq!(bench.permits.counts().cancelled, 2);
}

#[tokio::test(start_paused = true)]
async fn a_hedge_comes_on_top_of_the_attempt_cap_and_only_once() {
    let scripts = [
        vec![after(S(5), "from a")],
        vec![silence()],
        vec![answer("from c")],
    ];
    let bench = bench(scripts).await;
    let bench = bench.policy(hedging().with_max_attempts(1));
    let answer = bench.stream().await.unwrap();
    assert_eq!(answer.route.target, target("a"));
    assert_eq!(bench.calls(), [1, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn the_tail_is_hedged_once_fifty_first_tokens_are_known() {
    let policy = AttemptPolicy::default().with_hedge(HedgePolicy::default());
    let mut scripts = vec![after(MS(300), "ok"); 64];
    scripts.push(silence());
    let memory = RouteMemory::new(RetryBudgetConfig::default(), Instant::now());
    let bench = Bench::new([scripts, vec![answer("from b")]])
        .policy(policy)
        .memory(Arc::new(memory));
    for _ in 0..64 {
        drop(bench.stream().await.unwrap());
    }
    let began = Instant::now();
    let answer = bench.stream().await.unwrap();
    assert_eq!(answer.route.target, target("b"));
    assert!((MS(280)..MS(320)).contains(&began.elapsed()));
}
