//! Targets that the admission refuses: skipped, waited for, or asked as a last resort.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use interline_core::{ErrorKind as K, RetryHint, Target};
use interline_resilience::{
    Account, Admission, Admit, Ask, Companion, Outcome, Permit, Skip, SkipReason,
};
use tokio::time::Instant;

use crate::bench::{Bench, MS, S, rate_limited, refused_connection, target, unavailable};
use crate::fake::{Script, answer, fail};

/// Refuses what the table says, until the time given.
#[derive(Debug)]
struct Refusing {
    until: Mutex<HashMap<Target, (SkipReason, Instant)>>,
}

impl Admission for Refusing {
    fn admit(&self, ask: &Ask<'_>) -> Admit {
        match self.until.lock().unwrap().get(ask.target) {
            Some((reason, until)) if *until > ask.now => {
                Admit::Skip(Skip::new(*reason, *until - ask.now))
            }
            _ => Admit::Go(Permit::unobserved()),
        }
    }

    fn admit_anyway(&self, _: &Ask<'_>) -> Option<Permit> {
        Some(Permit::unobserved())
    }

    fn is_calm(&self, _: &Ask<'_>) -> bool {
        true
    }
}

fn bench(scripts: Vec<Vec<Script>>, refused: &[(&str, SkipReason, Duration)]) -> Bench {
    let until = refused
        .iter()
        .map(|(name, reason, wait)| (target(name), (*reason, Instant::now() + *wait)))
        .collect();
    Bench::with_admission(
        scripts,
        Arc::new(Refusing {
            until: Mutex::new(until),
        }),
    )
}

fn answers() -> Vec<Vec<Script>> {
    vec![vec![answer("from a")], vec![answer("from b")]]
}

use SkipReason::{Credential, Paused, Probing, Unhealthy};

#[tokio::test(start_paused = true)]
async fn a_refused_target_is_skipped() {
    for reason in [Unhealthy, Probing, Paused, Credential] {
        let bench = bench(answers(), &[("a", reason, S(5))]);
        let answer = bench.complete().await.unwrap();
        assert_eq!(answer.route.target, target("b"));
        assert!(answer.route.is_fallback);
        assert_eq!(answer.route.skipped, [(target("a"), reason)]);
        assert_eq!(bench.calls(), [0, 1]);
        assert_eq!(
            bench.events.words()[..2],
            [
                format!("skip a/m {reason}"),
                "fall 1 a/m>b/m rejected".into()
            ]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn where_all_are_unhealthy_the_one_due_soonest_is_tried_once() {
    let down = vec![fail(unavailable()); 5];
    let bench = bench(
        vec![down.clone(), down],
        &[("a", Unhealthy, S(25)), ("b", Unhealthy, S(15))],
    );
    let began = Instant::now();
    let error = bench.complete().await.unwrap_err();
    assert_eq!(began.elapsed(), S(0));
    assert_eq!(error.kind(), K::AllTargetsFailed);
    assert_eq!(bench.calls(), [0, 1]);
    assert_eq!(bench.permits.counts().last_resorts, 1);
    assert_eq!(
        error.message(),
        "no target answered: b/m unavailable (status 500), a/m not called: it failed too often lately"
    );
}

#[tokio::test(start_paused = true)]
async fn a_lone_unhealthy_target_still_answers() {
    for reason in [Unhealthy, Probing, Credential] {
        let bench = bench(vec![vec![answer("from a")]], &[("a", reason, S(25))]);
        let answer = bench.complete().await.unwrap();
        assert!(!answer.route.is_fallback);
        assert!(answer.route.skipped.is_empty(), "it was asked after all");
    }
}

#[tokio::test(start_paused = true)]
async fn an_ill_target_is_tried_before_one_whose_credential_is_refused() {
    let bench = bench(
        answers(),
        &[("a", Credential, S(1)), ("b", Unhealthy, S(29))],
    );
    let answer = bench.complete().await.unwrap();
    assert_eq!(answer.route.target, target("b"));
}

#[tokio::test(start_paused = true)]
async fn an_unhealthy_target_is_the_last_resort_after_the_others_failed() {
    let bench = bench(
        vec![vec![fail(refused_connection())], vec![answer("from b")]],
        &[("b", Unhealthy, S(25))],
    );
    let answer = bench.complete().await.unwrap();
    assert_eq!(answer.route.target, target("b"));
    assert_eq!(bench.permits.counts().last_resorts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_retry_on_a_target_that_may_answer_comes_before_the_last_resort() {
    let bench = bench(
        vec![
            vec![fail(unavailable()), answer("from a")],
            vec![answer("from b")],
        ],
        &[("b", Unhealthy, S(25))],
    );
    let answer = bench.complete().await.unwrap();
    assert_eq!(answer.route.target, target("a"));
}

#[tokio::test(start_paused = true)]
async fn a_vendors_wish_to_wait_is_never_overridden() {
    let bench = bench(answers(), &[("a", Paused, S(40)), ("b", Paused, S(30))]);
    let began = Instant::now();
    let error = bench.complete().await.unwrap_err();
    assert_eq!(began.elapsed(), S(0));
    assert_eq!(bench.calls(), [0, 0]);
    assert_eq!(error.kind(), K::AllTargetsFailed);
    assert_eq!(error.retry(), RetryHint::After(S(30)));
    assert!(error.attempts().is_empty());
    assert_eq!(
        error.message(),
        "no target answered: a/m not called: its vendor asked to wait (40 s to go), \
         b/m not called: its vendor asked to wait (30 s to go)"
    );
}

#[tokio::test(start_paused = true)]
async fn a_short_pause_is_sat_out() {
    let bench = bench(answers(), &[("a", Paused, S(8)), ("b", Paused, S(4))]);
    let began = Instant::now();
    let answer = bench.complete().await.unwrap();
    assert_eq!(answer.route.target, target("b"));
    assert!((S(4)..=MS(4401)).contains(&began.elapsed()));
    assert_eq!(bench.permits.counts().last_resorts, 0);
}

#[tokio::test(start_paused = true)]
async fn a_short_pause_of_a_healthy_target_comes_before_an_ill_one() {
    let bench = bench(answers(), &[("a", Paused, S(8)), ("b", Unhealthy, S(20))]);
    let answer = bench.complete().await.unwrap();
    assert_eq!(answer.route.target, target("a"));
}

#[tokio::test(start_paused = true)]
async fn an_ill_target_comes_before_a_long_wait() {
    let overloaded = crate::bench::failure(K::Overloaded, RetryHint::After(S(60)));
    let bench = bench(
        vec![vec![fail(overloaded)], vec![answer("from b")]],
        &[("b", Unhealthy, S(25))],
    );
    let began = Instant::now();
    let answer = bench.complete().await.unwrap();
    assert_eq!(answer.route.target, target("b"));
    assert_eq!(began.elapsed(), S(0));
}

#[tokio::test(start_paused = true)]
async fn the_last_resort_is_used_once_although_more_are_refused() {
    let down = vec![fail(refused_connection()); 5];
    let refused = [
        ("a", Unhealthy, S(9)),
        ("b", Unhealthy, S(8)),
        ("c", Unhealthy, S(7)),
    ];
    let bench = bench(vec![down.clone(), down.clone(), down], &refused);
    bench.complete().await.unwrap_err();
    assert_eq!(bench.calls(), [0, 0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_target_that_becomes_free_while_the_engine_waits_is_taken() {
    let bench = bench(
        vec![
            vec![fail(rate_limited(S(6))), answer("from a")],
            vec![answer("from b")],
        ],
        &[("b", Paused, S(2))],
    );
    let began = Instant::now();
    let answer = bench.complete().await.unwrap();
    assert_eq!(answer.route.target, target("b"));
    assert!(began.elapsed() < S(3));
}

/// Pauses every target anew whenever it is asked.
#[derive(Debug)]
struct AlwaysPaused;

impl Admission for AlwaysPaused {
    fn admit(&self, _: &Ask<'_>) -> Admit {
        Admit::Skip(Skip::new(Paused, S(3)))
    }

    fn admit_anyway(&self, _: &Ask<'_>) -> Option<Permit> {
        Some(Permit::unobserved())
    }

    fn is_calm(&self, _: &Ask<'_>) -> bool {
        true
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_is_prolonged_again_and_again_is_not_sat_out_for_ever() {
    let bench = Bench::with_admission(answers(), Arc::new(AlwaysPaused));
    let began = Instant::now();
    let error = bench.complete().await.unwrap_err();
    assert_eq!(error.kind(), K::AllTargetsFailed);
    assert!(began.elapsed() < S(8), "one wait for each target");
    assert_eq!(bench.calls(), [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn money_is_never_overridden_and_lets_others_serve() {
    use SkipReason::Budget;
    let one = bench(answers(), &[("a", Budget, S(5))]);
    let answer = one.complete().await.unwrap();
    assert_eq!(answer.route.target, target("b"));
    assert_eq!(answer.route.skipped, [(target("a"), Budget)]);
    assert_eq!(one.events.words()[1], "fall 1 a/m>b/m budget_exhausted");

    let both = bench(answers(), &[("a", Budget, MS(5)), ("b", Budget, MS(5))]);
    let error = both.complete().await.unwrap_err();
    assert_eq!(error.kind(), K::Budget, "{error}");
    assert_eq!(both.calls(), [0, 0], "nobody is asked as a last resort");
}

/// Counts how attempts ended.
#[derive(Debug, Default)]
struct Purse(Mutex<Vec<&'static str>>);

#[derive(Debug)]
struct Held(Arc<Purse>);

impl Companion for Held {
    fn ended(self: Box<Self>, outcome: Outcome<'_>, _: &Account) {
        self.0.0.lock().unwrap().push(match outcome {
            Outcome::Success => "success",
            Outcome::Cancelled => "cancelled",
            _ => "failure",
        });
    }
}

#[test]
fn a_companion_learns_exactly_once_how_its_attempt_ended() {
    let purse = Arc::new(Purse::default());
    let permit = || {
        let held: Box<dyn Companion> = Box::new(Held(Arc::clone(&purse)));
        Permit::unobserved().accompanied_by(held)
    };
    permit().settle(Outcome::Success, Instant::now());
    permit().settle(Outcome::Failure(&unavailable()), Instant::now());
    drop(permit());
    let ends = purse.0.lock().unwrap().clone();
    assert_eq!(ends, ["success", "failure", "cancelled"]);
}
