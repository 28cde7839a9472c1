//! The simple breaker by its rules, alone and under the engine.

use std::sync::Arc;
use std::time::Duration;

use interline_core::{Error, ErrorKind as K, HealthView, RetryHint};
use interline_resilience::{
    Admission, Admit, Ask, HealthState, Observers, Outcome, Permit, SimpleBreaker,
    SimpleBreakerConfig, SkipReason,
};
use tokio::time::{Instant, advance};

use crate::bench::{
    Bench, MS, Recorder, S, bad_key, failure, rate_limited, refused_connection, target, unavailable,
};
use crate::fake::{answer, fail};

struct Rig {
    breaker: SimpleBreaker,
    events: Arc<Recorder>,
}

impl Rig {
    fn new() -> Self {
        Self::with(SimpleBreakerConfig::default())
    }

    fn with(config: SimpleBreakerConfig) -> Self {
        let events = Arc::new(Recorder::default());
        Self {
            breaker: SimpleBreaker::new(config, events.clone()),
            events,
        }
    }

    #[track_caller]
    fn admitted(&self) -> Permit {
        match self.breaker.admit(&Ask::new(&target("a"), Instant::now())) {
            Admit::Go(permit) => permit,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn refused(&self, reason: SkipReason, retry_in: Duration) {
        match self.breaker.admit(&Ask::new(&target("a"), Instant::now())) {
            Admit::Skip(skip) => assert_eq!((skip.reason, skip.retry_in), (reason, retry_in)),
            other => panic!("{other:?}"),
        }
        let health = self.breaker.health(&target("a"));
        assert_eq!(health.closed_for, Some(retry_in));
    }

    #[track_caller]
    fn fails(&self, error: &Error) {
        self.admitted()
            .settle(Outcome::Failure(error), Instant::now());
    }

    #[track_caller]
    fn succeeds(&self) {
        self.admitted().settle(Outcome::Success, Instant::now());
    }

    fn open(&self) {
        for _ in 0..3 {
            self.fails(&unavailable());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn three_failures_within_a_minute_skip_a_target_for_thirty_seconds() {
    let rig = Rig::new();
    rig.fails(&unavailable());
    advance(S(30)).await;
    rig.fails(&refused_connection());
    rig.succeeds();
    advance(S(30)).await;
    assert_eq!(rig.breaker.health(&target("a")).recent_failures, 2);
    rig.fails(&unavailable());
    rig.refused(SkipReason::Unhealthy, S(30));
    advance(S(29)).await;
    rig.refused(SkipReason::Unhealthy, S(1));
    assert!(rig.breaker.health(&target("b")).is_available());
}

#[tokio::test(start_paused = true)]
async fn failures_that_are_more_than_a_minute_apart_do_not_add_up() {
    let rig = Rig::new();
    for _ in 0..9 {
        rig.fails(&unavailable());
        advance(S(31)).await;
    }
    rig.succeeds();
}

#[tokio::test(start_paused = true)]
async fn after_the_skip_exactly_one_call_probes() {
    let rig = Rig::new();
    rig.open();
    advance(S(30)).await;
    let probe = rig.admitted();
    rig.refused(SkipReason::Probing, S(30));
    probe.settle(Outcome::Success, Instant::now());
    rig.succeeds();
    assert_eq!(rig.breaker.health(&target("a")).recent_failures, 0);
}

#[tokio::test(start_paused = true)]
async fn a_failed_probe_skips_the_target_again() {
    let rig = Rig::new();
    rig.open();
    advance(S(30)).await;
    let probe = rig.admitted();
    advance(S(5)).await;
    probe.settle(Outcome::Failure(&unavailable()), Instant::now());
    rig.refused(SkipReason::Unhealthy, S(30));
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_says_nothing_about_health_lets_the_next_one_probe() {
    let mistake = failure(K::InvalidRequest, RetryHint::Never);
    for end in ["cancel", "mistake"] {
        let rig = Rig::new();
        rig.open();
        advance(S(30)).await;
        let probe = rig.admitted();
        match end {
            "cancel" => drop(probe),
            _ => probe.settle(Outcome::Failure(&mistake), Instant::now()),
        }
        let second = rig.admitted();
        rig.refused(SkipReason::Probing, S(30));
        drop(second);
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_never_heard_of_is_followed_by_another() {
    let rig = Rig::new();
    rig.open();
    advance(S(30)).await;
    let lost = rig.admitted();
    advance(S(30)).await;
    let second = rig.admitted();
    // The lost one no longer decides, but its good news would still count.
    lost.settle(Outcome::Failure(&unavailable()), Instant::now());
    rig.refused(SkipReason::Probing, S(30));
    second.settle(Outcome::Success, Instant::now());
    rig.succeeds();
}

#[tokio::test(start_paused = true)]
async fn late_results_neither_extend_nor_close() {
    let rig = Rig::new();
    let (early_failure, early_success) = (rig.admitted(), rig.admitted());
    rig.open();
    advance(S(10)).await;
    early_failure.settle(Outcome::Failure(&unavailable()), Instant::now());
    early_success.settle(Outcome::Success, Instant::now());
    rig.refused(SkipReason::Unhealthy, S(20));
}

#[tokio::test(start_paused = true)]
async fn a_success_of_a_last_resort_closes_and_its_failure_changes_nothing() {
    let rig = Rig::new();
    rig.open();
    advance(S(10)).await;
    let permit = rig
        .breaker
        .admit_anyway(&Ask::new(&target("a"), Instant::now()))
        .unwrap();
    permit.settle(Outcome::Failure(&unavailable()), Instant::now());
    rig.refused(SkipReason::Unhealthy, S(20));
    let permit = rig
        .breaker
        .admit_anyway(&Ask::new(&target("a"), Instant::now()))
        .unwrap();
    permit.settle(Outcome::Success, Instant::now());
    rig.succeeds();
}

#[tokio::test(start_paused = true)]
async fn mistakes_refusals_limits_and_credentials_never_touch_the_circuit() {
    let rig = Rig::new();
    for kind in [
        K::InvalidRequest,
        K::NotFound,
        K::ContextLength,
        K::ContentFiltered,
        K::RateLimited,
        K::Unsupported,
        K::Cancelled,
        K::Internal,
        K::Timeout(interline_core::TimeoutStage::Total),
    ] {
        for _ in 0..5 {
            rig.fails(&failure(kind, RetryHint::Backoff));
        }
    }
    assert_eq!(rig.breaker.health(&target("a")).recent_failures, 0);
    assert!(rig.events.words().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_announced_wait_pauses_the_target_and_is_never_shortened() {
    let rig = Rig::new();
    let (early, late) = (rig.admitted(), rig.admitted());
    early.settle(Outcome::Failure(&rate_limited(S(20))), Instant::now());
    rig.refused(SkipReason::Paused, S(20));
    late.settle(Outcome::Failure(&rate_limited(S(5))), Instant::now());
    rig.refused(SkipReason::Paused, S(20));
    advance(S(20)).await;
    rig.succeeds();
}

#[tokio::test(start_paused = true)]
async fn an_announced_wait_of_nothing_is_no_pause() {
    let rig = Rig::new();
    rig.fails(&rate_limited(S(0)));
    rig.succeeds();
    assert!(rig.events.words().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_absurd_wait_is_capped() {
    let rig = Rig::new();
    rig.fails(&rate_limited(Duration::MAX));
    rig.refused(SkipReason::Paused, S(3600));
}

#[tokio::test(start_paused = true)]
async fn a_refused_credential_is_quarantined_and_not_counted() {
    let rig = Rig::new();
    rig.fails(&bad_key());
    rig.refused(SkipReason::Credential, S(60));
    let permit = rig
        .breaker
        .admit_anyway(&Ask::new(&target("a"), Instant::now()))
        .unwrap();
    permit.settle(Outcome::Success, Instant::now());
    rig.succeeds();
    assert_eq!(rig.breaker.health(&target("a")).recent_failures, 0);
}

#[tokio::test(start_paused = true)]
async fn changes_are_told() {
    let rig = Rig::new();
    rig.open();
    advance(S(30)).await;
    rig.succeeds();
    let skipped = HealthState::Skipped {
        reason: SkipReason::Unhealthy,
        duration: S(30),
    };
    assert_eq!(
        rig.events.words(),
        [
            format!("health a/m {skipped:?}"),
            "health a/m Probing".to_owned(),
            "health a/m Available".to_owned(),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_number_of_remembered_targets_is_bounded() {
    let rig = Rig::with(SimpleBreakerConfig::default().with_max_targets(2));
    let fail_at = |name: &str| {
        let target = interline_core::Target::new("p", name);
        match rig.breaker.admit(&Ask::new(&target, Instant::now())) {
            Admit::Go(permit) => permit.settle(Outcome::Failure(&unavailable()), Instant::now()),
            other => panic!("{other:?}"),
        }
        rig.breaker.health(&target).recent_failures
    };
    assert_eq!((fail_at("one"), fail_at("two")), (1, 1));
    assert_eq!(fail_at("three"), 0, "no room while the others are troubled");
    advance(S(61)).await;
    assert_eq!(fail_at("three"), 1, "the others' trouble is over");
}

#[tokio::test(start_paused = true)]
async fn under_the_engine_a_failing_target_is_soon_left_out() {
    let breaker = SimpleBreaker::new(
        SimpleBreakerConfig::default().with_skip_for(S(30)),
        Arc::new(Observers::none()),
    );
    let mut scripts = vec![fail(unavailable()); 3];
    scripts.push(answer("from a"));
    let bench = Bench::with_admission(
        vec![scripts, vec![answer("from b"); 9]],
        Arc::new(breaker.clone()),
    );
    for _ in 0..5 {
        assert!(bench.complete().await.is_ok());
    }
    assert_eq!(bench.calls(), [3, 5]);
    advance(S(30)).await;
    let probe = bench.complete().await.unwrap();
    assert_eq!(probe.route.target, target("a"));
    assert!(breaker.health(&target("a")).is_available());
}

#[tokio::test(start_paused = true)]
async fn under_the_engine_a_rate_limit_is_sat_out_by_later_calls_too() {
    let breaker = SimpleBreaker::new(SimpleBreakerConfig::default(), Arc::new(Observers::none()));
    let bench = Bench::with_admission(
        vec![vec![fail(rate_limited(S(30))), answer("from a")]],
        Arc::new(breaker),
    );
    let error = bench.complete().await.unwrap_err();
    assert_eq!(error.retry_after(), Some(S(30)));
    advance(S(12)).await;
    let error = bench.complete().await.unwrap_err();
    assert_eq!(error.retry_after(), Some(S(18)));
    assert_eq!(bench.calls(), [1]);
    advance(S(12)).await;
    let began = Instant::now();
    bench.complete().await.unwrap();
    assert!((S(6)..=MS(6601)).contains(&began.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn under_the_engine_a_lone_broken_target_gets_one_attempt_and_no_retry() {
    let breaker = SimpleBreaker::new(SimpleBreakerConfig::default(), Arc::new(Observers::none()));
    let bench = Bench::with_admission(
        vec![vec![fail(unavailable()); 20]],
        Arc::new(breaker.clone()),
    );
    bench.complete().await.unwrap_err();
    assert_eq!(bench.calls(), [2]);
    bench.complete().await.unwrap_err();
    assert_eq!(bench.calls(), [3], "the circuit opened before the retry");
    bench.complete().await.unwrap_err();
    assert_eq!(bench.calls(), [4], "never stranded, never hammered");
}
