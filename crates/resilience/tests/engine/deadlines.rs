//! Timers before an answer: silence, stalls, and the end of the whole call.

use interline_core::{ErrorKind as K, Phase, Progress, TimeoutStage as T};
use interline_resilience::{AttemptPolicy, Timeouts};
use tokio::time::Instant;

use crate::bench::{Bench, MS, S, bad_key, rate_limited, target, unavailable};
use crate::fake::{Act, Script, answer, end, fail, ping, silence, started, text};

fn slow_answer(seconds: u64) -> Script {
    vec![Act::Wait(S(seconds)), Act::Headers, text("slow"), end()]
}

fn policy(timeouts: Timeouts) -> AttemptPolicy {
    AttemptPolicy::default().with_timeouts(timeouts)
}

#[tokio::test(start_paused = true)]
async fn a_silent_vendor_loses_a_stream_after_the_first_token_timeout() {
    let bench = Bench::new([vec![silence()], vec![answer("from b")]]);
    let began = Instant::now();
    let answer = bench.stream().await.unwrap();
    assert_eq!(began.elapsed(), S(30));
    assert_eq!(answer.route.target, target("b"));
    let first = &answer.route.attempts[0];
    assert_eq!(first.kind, Some(K::Timeout(T::FirstToken)));
    assert!(first.maybe_billed);
}

#[tokio::test(start_paused = true)]
async fn headers_and_pings_are_no_first_token() {
    let mut script = vec![Act::Headers, started()];
    for _ in 0..40 {
        script.extend([Act::Wait(S(1)), ping(), Act::Report(Progress::Ping)]);
    }
    let bench = Bench::new([vec![script], vec![answer("from b")]]);
    let began = Instant::now();
    let answer = bench.stream().await.unwrap();
    assert_eq!(began.elapsed(), S(30));
    assert_eq!(answer.route.target, target("b"));
}

#[tokio::test(start_paused = true)]
async fn a_slow_whole_answer_is_not_cut_by_the_first_token_timeout() {
    let bench = Bench::new([vec![slow_answer(250)], vec![answer("from b")]]);
    let answer = bench.complete().await.unwrap();
    assert_eq!(answer.route.target, target("a"));
}

#[tokio::test(start_paused = true)]
async fn a_silent_vendor_loses_a_whole_answer_after_its_own_timeout() {
    for (timeouts, limit) in [
        (Timeouts::default(), S(300)),
        (Timeouts::default().with_first_token(S(2)), S(20)),
        (Timeouts::default().with_unary(S(7)), S(7)),
    ] {
        let bench = Bench::new([vec![silence()], vec![answer("from b")]]).policy(policy(timeouts));
        let began = Instant::now();
        let answer = bench.complete().await.unwrap();
        assert_eq!(began.elapsed(), limit);
        assert_eq!(answer.route.target, target("b"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_whole_answer_that_stalls_after_its_headers_is_idle() {
    let stalled = vec![
        Act::Wait(S(60)),
        Act::Headers,
        Act::Wait(S(5)),
        Act::Report(Progress::Bytes(10)),
        Act::Silence,
    ];
    let bench = Bench::new([vec![stalled], vec![answer("from b")]]);
    let began = Instant::now();
    let answer = bench.complete().await.unwrap();
    assert_eq!(began.elapsed(), S(85));
    let first = &answer.route.attempts[0];
    assert_eq!(first.kind, Some(K::Timeout(T::Idle)));
}

#[tokio::test(start_paused = true)]
async fn signs_of_life_keep_a_whole_answer_alive() {
    let mut script = vec![Act::Headers];
    for _ in 0..10 {
        script.extend([Act::Wait(S(19)), Act::Report(Progress::Bytes(1))]);
    }
    script.extend([text("slow"), end()]);
    let bench = Bench::new([vec![script]]);
    assert_eq!(bench.complete().await.unwrap().value.text(), "slow");
}

#[tokio::test(start_paused = true)]
async fn the_total_timeout_ends_the_call_and_lists_the_attempts() {
    for mode in ["unary", "stream"] {
        let bench = Bench::new([
            vec![fail(unavailable())],
            vec![silence()],
            vec![answer("from c")],
        ])
        .policy(policy(Timeouts::default().with_total(S(12))));
        let began = Instant::now();
        let error = match mode {
            "unary" => bench.complete().await.unwrap_err(),
            _ => bench.stream().await.unwrap_err(),
        };
        assert_eq!(began.elapsed(), S(12), "{mode}");
        assert_eq!(error.kind(), K::Timeout(T::Total));
        assert_eq!(error.phase(), Phase::BeforeOutput);
        assert_eq!(error.attempts().len(), 2);
        assert_eq!(bench.calls(), [1, 1, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_callers_patience_shortens_the_total_timeout_and_never_lengthens_it() {
    for (timeout, ends) in [(S(3), S(3)), (S(900), S(12))] {
        let bench = Bench::new([vec![silence()]])
            .policy(policy(Timeouts::default().with_total(S(12))))
            .timeout(timeout);
        let began = Instant::now();
        let error = bench.complete().await.unwrap_err();
        assert_eq!(began.elapsed(), ends);
        assert_eq!(error.kind(), K::Timeout(T::Total));
    }
}

#[tokio::test(start_paused = true)]
async fn no_patience_at_all_sends_nothing() {
    let bench = Bench::new([vec![answer("from a")]]).timeout(S(0));
    let error = bench.complete().await.unwrap_err();
    assert_eq!(error.kind(), K::Timeout(T::Total));
    assert_eq!(error.phase(), Phase::BeforeSend);
    assert!(!error.maybe_billed());
    assert_eq!(bench.calls(), [0]);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_ages_is_no_overflow() {
    let ages = std::time::Duration::MAX;
    let timeouts = Timeouts::default()
        .with_total(ages)
        .with_first_token(ages)
        .with_idle(ages)
        .with_progress(ages);
    let bench = Bench::new([vec![slow_answer(500), slow_answer(500)]]).policy(policy(timeouts));
    assert!(bench.complete().await.is_ok());
    let stream = bench.stream().await.unwrap().value;
    assert!(crate::bench::read(stream).await.ended);
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_starts_late_still_ends_at_the_deadline() {
    let bench = Bench::new([
        vec![fail(rate_limited(S(4))), silence()],
        vec![fail(bad_key())],
    ])
    .timeout(S(6));
    let began = Instant::now();
    let error = bench.stream().await.unwrap_err();
    assert_eq!(error.kind(), K::Timeout(T::Total));
    assert!((S(6)..=S(6) + MS(1)).contains(&began.elapsed()));
    assert_eq!(error.attempts().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn every_attempt_learns_the_deadline_of_the_call() {
    let slow_failure = vec![Act::Wait(S(3)), Act::Fail(bad_key())];
    let bench = Bench::new([vec![slow_failure], vec![answer("from b")]]).timeout(S(50));
    let deadline = Some(Instant::now() + S(50));
    bench.complete().await.unwrap();
    for fake in &bench.fakes {
        assert_eq!(fake.seen()[0].deadline, deadline);
    }
}
