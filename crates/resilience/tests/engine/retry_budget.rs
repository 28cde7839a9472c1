//! What extra attempts cost, what is free, and what ends a call that must not try further.

use std::sync::Arc;

use interline_core::{ErrorKind as K, RetryHint};
use interline_resilience::{AttemptPolicy, CallEvent, RetryBudgetConfig, RetryDenial, RouteMemory};
use tokio::time::Instant;

use crate::bench::{
    Bench, MS, S, bad_key, failure, rate_limited, refused_connection, stale_connection, target,
    unavailable,
};
use crate::fake::{Act, Script, answer, end, fail, silence, text};

/// A budget that holds nothing and earns nothing: only what is free goes through.
fn empty() -> RetryBudgetConfig {
    RetryBudgetConfig::default()
        .with_start(0.0)
        .with_per_success(0.0)
        .with_trickle(0.0, 0.0)
}

fn with_tokens(tokens: f64) -> RetryBudgetConfig {
    empty().with_start(tokens)
}

fn malformed() -> Script {
    fail(failure(K::Protocol, RetryHint::Backoff))
}

fn tokens(bench: &Bench) -> f64 {
    let budget = bench.memory.as_ref().unwrap().budget().unwrap();
    budget.level(Instant::now()).tokens
}

#[track_caller]
fn spent(bench: &Bench, begun_with: f64, price: f64) {
    let spent = begun_with - tokens(bench);
    assert!((spent - price).abs() < 1e-6, "{spent}");
}

#[tokio::test(start_paused = true)]
async fn the_first_attempt_costs_nothing() {
    let bench = Bench::new([vec![answer("hello")]]).budget(empty());
    assert!(bench.complete().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_first_step_to_a_healthier_target_is_free() {
    for error in [
        unavailable(),
        refused_connection(),
        rate_limited(S(60)),
        bad_key(),
        failure(K::Overloaded, RetryHint::Backoff),
    ] {
        let bench = Bench::new([vec![fail(error.clone())], vec![answer("from b")]]).budget(empty());
        let answer = bench.complete().await;
        let route = answer.map(|answer| answer.route.target);
        assert_eq!(route.ok(), Some(target("b")), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_second_step_is_paid_for() {
    let scripts = || {
        [
            vec![fail(unavailable())],
            vec![fail(unavailable())],
            vec![answer("from c")],
        ]
    };
    let bench = Bench::new(scripts()).budget(empty());
    let error = bench.complete().await.unwrap_err();
    assert_eq!(error.kind(), K::AllTargetsFailed);
    assert_eq!(bench.calls(), [1, 1, 0]);

    let bench = Bench::new(scripts()).budget(with_tokens(5.0));
    assert!(bench.complete().await.is_ok());
    spent(&bench, 5.0, 1.0);
}

#[tokio::test(start_paused = true)]
async fn a_step_within_a_failure_domain_is_paid_for() {
    let scripts = [vec![fail(unavailable())], vec![answer("from b")]];
    let bench = Bench::new(scripts.clone()).budget(empty());
    let bench = bench.domains(&[Some("cloud"), Some("cloud")]);
    bench.complete().await.unwrap_err();
    let bench = Bench::new(scripts).budget(empty());
    let bench = bench.domains(&[Some("cloud"), Some("other")]);
    assert!(bench.complete().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_step_to_a_target_that_is_no_healthier_is_paid_for() {
    let memory = Arc::new(RouteMemory::new(empty(), Instant::now()));
    // One of nine results at `b` is a failure: too many for a healthy one.
    let mut at_b = vec![answer("ok"); 8];
    at_b.push(malformed());
    let only_b = Bench::new([vec![], at_b]).memory(Arc::clone(&memory));
    let only_b = only_b.only(1);
    for _ in 0..9 {
        drop(only_b.complete().await);
    }
    let scripts = || [vec![fail(unavailable())], vec![answer("from b")]];
    let now_ill = Bench::new(scripts()).memory(Arc::clone(&memory));
    now_ill.complete().await.unwrap_err();
    tokio::time::sleep(S(11)).await;
    let forgotten = Bench::new(scripts()).memory(memory);
    assert!(forgotten.complete().await.is_ok(), "ten seconds later");
}

#[tokio::test(start_paused = true)]
async fn asking_the_same_target_again_is_paid_for_and_costs_more_after_silence() {
    let bench = Bench::new([vec![fail(unavailable()), answer("at last")]]).budget(with_tokens(5.0));
    assert!(bench.complete().await.is_ok());
    spent(&bench, 5.0, 1.0);

    let bench = Bench::new([vec![silence(), answer("at last")]]).budget(with_tokens(5.0));
    assert!(bench.stream().await.is_ok());
    spent(&bench, 5.0, 1.5);
}

#[tokio::test(start_paused = true)]
async fn a_malformed_answer_is_paid_for_and_an_unsent_request_is_not() {
    let bench = Bench::new([vec![malformed()], vec![answer("from b")]]).budget(with_tokens(5.0));
    assert!(bench.complete().await.is_ok());
    spent(&bench, 5.0, 1.0);

    let bench = Bench::new([vec![fail(stale_connection()), answer("at last")]]).budget(empty());
    assert!(bench.complete().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_denied_retry_ends_the_call_at_once_with_what_it_has() {
    let bench = Bench::new([vec![fail(unavailable()), answer("at last")]]).budget(empty());
    let began = Instant::now();
    let error = bench.complete().await.unwrap_err();
    assert_eq!(began.elapsed(), S(0), "no pause before the denial");
    assert_eq!(error.kind(), K::AllTargetsFailed);
    assert_eq!(error.attempts().len(), 1);
    let told = "no further attempt: the retry budget of the route is used up";
    assert!(error.to_string().contains(told), "{error}");
    assert_eq!(
        bench.events.words(),
        [
            "start 1 a/m",
            "fail 1 a/m unavailable",
            "deny 2 a/m budget",
            "failed 1 all_targets_failed",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_denial_is_told_once_and_names_who_was_not_asked() {
    let down = || vec![malformed(); 3];
    let bench = Bench::new([down(), down(), down()]).budget(empty());
    let error = bench.complete().await.unwrap_err();
    assert!(error.to_string().contains("2 more not asked"), "{error}");
    let events = bench.events.all();
    let denials = events
        .iter()
        .filter(|event| matches!(event, CallEvent::RetryDenied { .. }));
    assert_eq!(denials.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_candidate_costs_nothing() {
    use interline_resilience::{Observers, SimpleBreaker, SimpleBreakerConfig};
    let config = SimpleBreakerConfig::default().with_failures(1, S(60));
    let breaker = SimpleBreaker::new(config, Arc::new(Observers::none()));
    let scripts = vec![
        vec![fail(unavailable()), fail(unavailable())],
        vec![malformed(), malformed()],
        vec![answer("from c"); 2],
    ];
    let policy = AttemptPolicy::default().with_same_target(0);
    let bench = Bench::with_admission(scripts, Arc::new(breaker))
        .policy(policy)
        .budget(with_tokens(5.0));
    assert!(bench.complete().await.is_ok());
    spent(&bench, 5.0, 1.0);
    assert!(
        bench.complete().await.is_ok(),
        "`a` and `b` are passed over"
    );
    spent(&bench, 5.0, 1.0);
}

#[tokio::test(start_paused = true)]
async fn free_steps_stop_at_the_ceiling() {
    let bench = Bench::new([
        vec![fail(refused_connection()); 40],
        vec![answer("from b"); 40],
    ])
    .budget(RetryBudgetConfig::default().with_ceiling(0.2, 3.0));
    let mut served = 0;
    for _ in 0..40 {
        served += usize::from(bench.complete().await.is_ok());
    }
    // The floor, one call in flight, and a fifth of the calls so far.
    assert_eq!(served, 3 + 1 + 8);
    let last = bench.events.words();
    assert!(last.contains(&"deny 2 b/m ceiling".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn successes_fund_retries() {
    let mut scripts = vec![answer("ok"); 20];
    scripts.extend([fail(unavailable()), answer("ok")]);
    let bench = Bench::new([scripts]).budget(empty().with_per_success(0.15));
    for _ in 0..20 {
        bench.complete().await.unwrap();
    }
    // The bucket holds what the last ten seconds earned.
    assert!((tokens(&bench) - 3.0).abs() < 1e-6);
    assert!(bench.complete().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_would_come_too_late_is_not_made() {
    let slow = || vec![Act::Wait(S(5)), Act::Headers, text("slow"), end()];
    let memory = Arc::new(RouteMemory::new(None, Instant::now()));
    let learn = Bench::new([vec![], vec![slow(); 3]]).memory(Arc::clone(&memory));
    let learn = learn.only(1);
    for _ in 0..3 {
        learn.stream().await.unwrap();
    }
    let scripts = || [vec![fail(unavailable())], vec![slow()]];
    let hurried = Bench::new(scripts())
        .policy(AttemptPolicy::default().with_same_target(0))
        .memory(Arc::clone(&memory))
        .timeout(S(4));
    let began = Instant::now();
    let error = hurried.stream().await.unwrap_err();
    assert_eq!(began.elapsed(), S(0));
    assert_eq!(hurried.calls(), [1, 0]);
    let words = hurried.events.words();
    assert!(
        words.contains(&"deny 2 b/m deadline".to_owned()),
        "{words:?}"
    );
    assert!(error.to_string().contains("less time is left"), "{error}");

    let patient = Bench::new(scripts()).memory(memory).timeout(S(6));
    assert!(patient.stream().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_leaves_too_little_time_is_not_begun() {
    let memory = Arc::new(RouteMemory::new(None, Instant::now()));
    let slow = || vec![Act::Wait(S(2)), Act::Headers, text("slow"), end()];
    let scripts = vec![slow(), fail(rate_limited(S(3))), slow()];
    let bench = Bench::new([scripts]).memory(memory).timeout(S(4));
    bench.stream().await.unwrap();
    let began = Instant::now();
    bench.stream().await.unwrap_err();
    assert_eq!(began.elapsed(), S(0));
    assert_eq!(bench.calls(), [2]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_gives_up_waiting_gets_its_price_back() {
    let scripts = vec![fail(rate_limited(S(5))), answer("at last")];
    let bench = Bench::new([scripts]).budget(with_tokens(5.0));
    let call = tokio::time::timeout(MS(100), bench.complete());
    assert!(call.await.is_err());
    spent(&bench, 5.0, 0.0);
}

#[test]
fn denials_have_stable_codes() {
    let codes = [
        RetryDenial::Budget,
        RetryDenial::Ceiling,
        RetryDenial::Deadline,
    ]
    .map(RetryDenial::code);
    assert_eq!(codes, ["budget", "ceiling", "deadline"]);
}
