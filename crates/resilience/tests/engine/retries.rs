//! When the same target is asked again, and how long the engine waits before.

use std::time::Duration;

use interline_core::{ErrorKind as K, RetryHint};
use interline_resilience::{AttemptPolicy, Backoff, RetryCounts};
use tokio::time::Instant;

use crate::bench::{
    Bench, MS, S, bad_key, failure, rate_limited, refused_connection, stale_connection, target,
    unavailable,
};
use crate::fake::{answer, fail, fail_in_prefix};

/// A lone target that fails with `kind` and then would answer: how often is it called?
async fn calls_of_a_lone_target(kind: K, retry: RetryHint, policy: AttemptPolicy) -> usize {
    let scripts = vec![fail(failure(kind, retry)), answer("at last")];
    let bench = Bench::new([scripts.clone()]).policy(policy.clone());
    let unary = bench.complete().await.is_ok();
    let streamed = Bench::new([scripts]).policy(policy);
    assert_eq!(streamed.stream().await.is_ok(), unary);
    assert_eq!(streamed.calls(), bench.calls());
    bench.calls()[0]
}

#[tokio::test(start_paused = true)]
async fn a_lone_target_is_asked_again_once_after_transient_failures() {
    let policy = AttemptPolicy::default;
    for kind in [K::Unavailable, K::Overloaded, K::Protocol] {
        let calls = calls_of_a_lone_target(kind, RetryHint::Backoff, policy()).await;
        assert_eq!(calls, 2, "{kind}");
    }
    let first_token = K::Timeout(interline_core::TimeoutStage::FirstToken);
    let calls = calls_of_a_lone_target(first_token, RetryHint::Backoff, policy()).await;
    assert_eq!(calls, 2);
}

#[tokio::test(start_paused = true)]
async fn a_lone_target_is_not_asked_again_where_it_cannot_help() {
    for kind in [
        K::Authentication,
        K::Permission,
        K::QuotaExhausted,
        K::Unsupported,
    ] {
        let calls =
            calls_of_a_lone_target(kind, RetryHint::Backoff, AttemptPolicy::default()).await;
        assert_eq!(calls, 1, "{kind}");
    }
    let never = calls_of_a_lone_target(K::Unavailable, RetryHint::Never, AttemptPolicy::default());
    assert_eq!(never.await, 1);
    let bench = Bench::new([vec![fail(refused_connection()), answer("at last")]]);
    bench.complete().await.unwrap_err();
    assert_eq!(bench.calls(), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_is_sat_out_only_where_it_announces_a_short_wait() {
    let calls =
        async |retry| calls_of_a_lone_target(K::RateLimited, retry, AttemptPolicy::default()).await;
    assert_eq!(calls(RetryHint::After(S(10))).await, 2);
    assert_eq!(calls(RetryHint::After(S(11))).await, 1);
    assert_eq!(calls(RetryHint::Backoff).await, 1);
}

#[tokio::test(start_paused = true)]
async fn other_announced_waits_are_sat_out_as_long() {
    let calls =
        async |retry| calls_of_a_lone_target(K::Overloaded, retry, AttemptPolicy::default()).await;
    assert_eq!(calls(RetryHint::After(S(10))).await, 2);
    assert_eq!(calls(RetryHint::After(S(11))).await, 1);
}

#[tokio::test(start_paused = true)]
async fn retry_counts_hold_per_kind_and_per_target() {
    let down = || vec![fail(unavailable()); 9];
    let policy = AttemptPolicy::default().with_max_attempts(9);

    let bench = Bench::new([down()]).policy(policy.clone());
    bench.complete().await.unwrap_err();
    assert_eq!(bench.calls(), [2], "one retry by default");

    let bench = Bench::new([down()]).policy(policy.clone().with_same_target(4));
    bench.complete().await.unwrap_err();
    assert_eq!(bench.calls(), [2], "the count of the kind holds");

    let counts = RetryCounts::all(9);
    let bench =
        Bench::new([down()]).policy(policy.clone().with_same_target(4).with_retries(counts));
    bench.complete().await.unwrap_err();
    assert_eq!(bench.calls(), [5], "the cap of the target holds");

    let mut counts = RetryCounts::all(9);
    counts.unavailable = 0;
    let bench = Bench::new([down()]).policy(policy.clone().with_retries(counts));
    bench.complete().await.unwrap_err();
    assert_eq!(bench.calls(), [1], "a count of zero means no retry");

    let bench = Bench::new([down(), down()]).policy(policy);
    bench.complete().await.unwrap_err();
    assert_eq!(bench.calls(), [2, 2], "each target has its own");
}

#[tokio::test(start_paused = true)]
async fn kinds_are_counted_apart() {
    let scripts = vec![
        fail(unavailable()),
        fail(failure(K::Protocol, RetryHint::Backoff)),
        answer("at last"),
    ];
    let bench = Bench::new([scripts]).policy(AttemptPolicy::default().with_same_target(2));
    assert!(bench.complete().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_same_target_is_asked_again_only_where_no_other_is_free() {
    let bench = Bench::new([
        vec![fail(unavailable()), answer("from a")],
        vec![fail(unavailable()), answer("from b")],
        vec![fail(bad_key())],
    ])
    .policy(AttemptPolicy::default().with_max_attempts(4));
    let answer = bench.complete().await.unwrap();
    let order: Vec<_> = answer
        .route
        .attempts
        .iter()
        .map(|attempt| attempt.target.provider.as_str().to_owned())
        .collect();
    assert_eq!(order[..3], ["a", "b", "c"]);
    assert_eq!(order.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_stale_connection_is_retried_at_once_although_others_are_free() {
    let scripts = vec![fail(stale_connection()), answer("from a")];
    for no_retries in [0, 1] {
        let bench = Bench::new([scripts.clone(), vec![answer("from b")]])
            .policy(AttemptPolicy::default().with_same_target(no_retries));
        let began = Instant::now();
        let answer = bench.complete().await.unwrap();
        assert_eq!(answer.route.target, target("a"));
        assert!(!answer.route.is_fallback, "the first choice answered");
        assert_eq!(began.elapsed(), S(0));
        assert_eq!(bench.calls(), [2, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stale_connection_is_retried_at_once_only_once() {
    let scripts = vec![fail(stale_connection()); 5];
    let bench = Bench::new([scripts, vec![answer("from b")]]);
    let answer = bench.complete().await.unwrap();
    assert_eq!(answer.route.target, target("b"));
    assert_eq!(bench.calls(), [2, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_stale_retry_counts_towards_the_attempt_cap() {
    let bench = Bench::new([vec![fail(stale_connection()), answer("from a")]])
        .policy(AttemptPolicy::default().with_max_attempts(1));
    bench.complete().await.unwrap_err();
    assert_eq!(bench.calls(), [1]);
}

/// How long a lone target rests between its first two attempts.
async fn pause_after(error: interline_core::Error) -> Duration {
    let bench = Bench::new([vec![fail(error), answer("at last")]]);
    bench.complete().await.unwrap();
    let seen = bench.fakes[0].seen();
    seen[1].at - seen[0].at
}

#[tokio::test(start_paused = true)]
async fn an_announced_delay_is_a_floor_with_a_little_jitter() {
    for announced in [MS(1500), S(4), S(10)] {
        let pause = pause_after(rate_limited(announced)).await;
        // The clock of tokio's timers ticks in milliseconds.
        let ceiling = announced.mul_f64(1.1) + MS(1);
        assert!((announced..=ceiling).contains(&pause), "{pause:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn own_pauses_are_jittered_below_their_bound() {
    let bench = Bench::new([vec![fail(unavailable()); 8]]).policy(
        AttemptPolicy::default()
            .with_max_attempts(8)
            .with_same_target(7)
            .with_retries(RetryCounts::all(7))
            .with_backoff(Backoff::new(S(1), S(4))),
    );
    bench.complete().await.unwrap_err();
    let seen = bench.fakes[0].seen();
    let pauses: Vec<_> = seen.windows(2).map(|w| w[1].at - w[0].at).collect();
    for (pause, bound) in pauses.iter().zip([1, 2, 4, 4, 4, 4, 4]) {
        assert!(*pause <= S(bound) + MS(1), "{pauses:?}");
    }
    let mut distinct = pauses.clone();
    distinct.dedup();
    assert_eq!(distinct.len(), pauses.len(), "jitter differs: {pauses:?}");
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_pauses() {
    assert_eq!(
        pause_after(unavailable()).await,
        pause_after(unavailable()).await
    );
}

#[tokio::test(start_paused = true)]
async fn when_all_are_rate_limited_the_one_that_is_free_first_is_waited_for() {
    let bench = Bench::new([
        vec![fail(rate_limited(S(9))), answer("from a")],
        vec![fail_in_prefix(rate_limited(S(3))), answer("from b")],
    ]);
    let began = Instant::now();
    let answer = bench.stream().await.unwrap();
    assert_eq!(answer.route.target, target("b"));
    assert!((S(3)..=MS(3301)).contains(&began.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_does_not_fit_the_deadline_is_not_begun_but_told() {
    let bench = Bench::new([
        vec![fail(rate_limited(S(8)))],
        vec![fail(rate_limited(S(6)))],
    ])
    .timeout(S(5));
    let began = Instant::now();
    let error = bench.complete().await.unwrap_err();
    assert_eq!(began.elapsed(), S(0));
    assert_eq!(error.kind(), K::AllTargetsFailed);
    assert_eq!(error.retry(), RetryHint::After(S(6)));
}

#[tokio::test(start_paused = true)]
async fn a_long_announced_wait_is_not_begun_but_told() {
    let bench = Bench::new([vec![fail(rate_limited(S(90)))]]);
    let began = Instant::now();
    let error = bench.complete().await.unwrap_err();
    assert_eq!(began.elapsed(), S(0));
    assert_eq!(error.retry_after(), Some(S(90)));
}

#[tokio::test(start_paused = true)]
async fn time_spent_elsewhere_counts_towards_an_announced_wait() {
    let slow_failure = vec![
        crate::fake::Act::Wait(S(4)),
        crate::fake::Act::Fail(bad_key()),
    ];
    let bench = Bench::new([
        vec![fail(rate_limited(S(5))), answer("from a")],
        vec![slow_failure],
    ]);
    let began = Instant::now();
    bench.complete().await.unwrap();
    assert!((S(5)..=MS(5501)).contains(&began.elapsed()));
}
