//! What observers hear: everything, in order, the end once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use interline_core::{ErrorKind as K, RetryHint};
use interline_resilience::{
    AlwaysAdmit, AttemptPolicy, Call, CallEvent, Engine, Observer, Observers, on_event,
};

use crate::bench::{
    Bench, S, bad_key, failure, rate_limited, read, request, stale_connection, unavailable,
};
use crate::fake::{Act, answer, fail, text};

#[track_caller]
fn check(bench: &Bench, expected: &[&str]) {
    assert_eq!(bench.events.words(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_good_call_is_told_in_two_events() {
    let bench = Bench::new([vec![answer("hello")]]);
    bench.complete().await.unwrap();
    check(&bench, &["start 1 a/m", "answer 1 a/m fallback=false"]);
}

#[tokio::test(start_paused = true)]
async fn every_fallback_and_every_dead_credential_is_told() {
    let bench = Bench::new([
        vec![fail(bad_key())],
        vec![fail(unavailable())],
        vec![answer("hello")],
    ]);
    read(bench.stream().await.unwrap().value).await;
    check(
        &bench,
        &[
            "start 1 a/m",
            "fail 1 a/m authentication",
            "key a/m authentication",
            "fall 2 a/m>b/m authentication",
            "start 2 b/m",
            "fail 2 b/m unavailable",
            "fall 3 b/m>c/m unavailable",
            "start 3 c/m",
            "answer 3 c/m fallback=true",
            "finished c/m",
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn retries_are_told_with_their_reason() {
    let bench = Bench::new([vec![
        fail(stale_connection()),
        fail(rate_limited(S(2))),
        answer("hello"),
    ]]);
    bench.complete().await.unwrap();
    check(
        &bench,
        &[
            "start 1 a/m",
            "fail 1 a/m unavailable",
            "retry 2 a/m unavailable",
            "start 2 a/m",
            "fail 2 a/m rate_limited",
            "retry 3 a/m rate_limited",
            "start 3 a/m",
            "answer 3 a/m fallback=false",
        ],
    );
    let delays: Vec<_> = bench
        .events
        .all()
        .iter()
        .filter_map(|event| match event {
            CallEvent::Retrying { delay, .. } => Some(*delay),
            _ => None,
        })
        .collect();
    assert_eq!(delays[0], S(0));
    assert!(delays[1] >= S(2));
}

#[tokio::test(start_paused = true)]
async fn failures_end_in_one_event() {
    let bench = Bench::new([vec![fail(failure(K::InvalidRequest, RetryHint::Never))]]);
    bench.complete().await.unwrap_err();
    check(
        &bench,
        &[
            "start 1 a/m",
            "fail 1 a/m invalid_request",
            "failed 1 invalid_request",
        ],
    );

    let bench = Bench::new([vec![fail(unavailable()); 2]]);
    bench.complete().await.unwrap_err();
    assert_eq!(
        bench.events.words().last().unwrap(),
        "failed 2 all_targets_failed"
    );
}

#[tokio::test(start_paused = true)]
async fn a_broken_stream_is_told_after_its_answer() {
    let bench = Bench::new([vec![vec![Act::Headers, text("hel")]]]);
    read(bench.stream().await.unwrap().value).await;
    check(
        &bench,
        &[
            "start 1 a/m",
            "answer 1 a/m fallback=false",
            "broke a/m protocol",
        ],
    );
}

#[tokio::test(start_paused = true)]
async fn events_carry_call_route_and_duration() {
    let slow = vec![Act::Wait(S(3)), Act::Headers, text("x")];
    let bench = Bench::new([vec![slow]]).policy(AttemptPolicy::default());
    bench.complete().await.unwrap();
    let events = bench.events.all();
    let Some(CallEvent::Answered {
        call,
        route,
        duration,
        ..
    }) = events.last()
    else {
        panic!("{events:?}");
    };
    assert_eq!(
        (call.as_str(), &**route, *duration),
        ("call-1", "chat", S(3))
    );
}

#[tokio::test(start_paused = true)]
async fn several_observers_hear_everything() {
    let heard = Arc::new(AtomicU32::new(0));
    let count = |heard: &Arc<AtomicU32>| {
        let heard = Arc::clone(heard);
        on_event(move |_| {
            heard.fetch_add(1, Ordering::Relaxed);
        })
    };
    let all = Observers::none().with(count(&heard)).with(count(&heard));
    let bench = Bench::new([vec![answer("hello")]]);
    let engine = Engine::new(Arc::new(AlwaysAdmit), Arc::new(all) as Arc<dyn Observer>, 0);
    let call = Call::new("id", "chat", &bench.candidates, &bench.policy);
    engine.complete(call, &request()).await.unwrap();
    assert_eq!(heard.load(Ordering::Relaxed), 4);
}
