//! The `simple` preset: three failures within 60 s skip a target for 30 s, then one probe.

use super::*;

fn simple() -> Rig {
    Rig::of(2, BreakerConfig::simple())
}

fn opened() -> Rig {
    let rig = simple();
    rig.fails(0, 3);
    rig
}

/// A circuit whose probe is due.
fn due() -> Rig {
    let mut rig = opened();
    rig.pass(S(30));
    rig
}

#[track_caller]
fn is_refused(rig: &Rig, reason: SkipReason, retry_in: Duration) {
    assert_eq!(rig.refused(0), Skip::new(reason, retry_in));
    assert_eq!(rig.breaker(0).health(rig.now).closed_for, Some(retry_in));
}

#[test]
fn three_failures_within_a_minute_skip_a_target_for_thirty_seconds() {
    let mut rig = simple();
    rig.fails(0, 1);
    rig.pass(S(30));
    rig.fails(0, 1);
    rig.succeeds(0, 1);
    rig.pass(S(30));
    assert_eq!(rig.breaker(0).health(rig.now).recent_failures, 2);
    let change = rig.fails(0, 1);
    let (trip, duration) = (Trip::Count, S(30));
    assert_eq!(change, Some(Change::Opened { trip, duration }));
    is_refused(&rig, SkipReason::Unhealthy, S(30));
    rig.pass(S(29));
    is_refused(&rig, SkipReason::Unhealthy, S(1));
    assert!(rig.breaker(1).health(rig.now).is_available());
}

#[test]
fn failures_that_are_more_than_a_minute_apart_do_not_add_up() {
    let mut rig = simple();
    for _ in 0..9 {
        rig.fails(0, 1);
        rig.pass(S(31));
    }
    rig.succeeds(0, 1);
    assert_eq!(rig.state(0), BreakerState::Closed);
}

#[test]
fn after_the_skip_exactly_one_call_probes() {
    let rig = due();
    let probe = rig.sent(0);
    assert!(probe.is_probe());
    assert_eq!(probe.change(), Some(Change::Probing));
    is_refused(&rig, SkipReason::Probing, S(30));
    let change = rig.settle(0, probe, Verdict::SUCCESS);
    assert_eq!(
        change,
        Some(Change::Closed {
            ramp: Duration::ZERO
        })
    );
    rig.succeeds(0, 1);
    assert_eq!(rig.breaker(0).health(rig.now).recent_failures, 0);
}

#[test]
fn a_failed_probe_skips_the_target_again() {
    let mut rig = due();
    let probe = rig.sent(0);
    rig.pass(S(5));
    let change = rig.settle(0, probe, Verdict::ERROR);
    let (trip, duration) = (Trip::Probe, S(30));
    assert_eq!(change, Some(Change::Opened { trip, duration }));
    is_refused(&rig, SkipReason::Unhealthy, S(30));
}

#[test]
fn a_probe_that_says_nothing_about_health_lets_the_next_one_probe() {
    let rig = due();
    rig.ends(0, Verdict::Ignored);
    let second = rig.sent(0);
    assert!(second.is_probe());
    is_refused(&rig, SkipReason::Probing, S(30));
}

#[test]
fn a_probe_that_is_never_heard_of_is_followed_by_another() {
    let mut rig = due();
    let lost = rig.sent(0);
    rig.pass(S(30));
    let second = rig.sent(0);
    assert_eq!(rig.settle(0, lost, Verdict::ERROR), None);
    is_refused(&rig, SkipReason::Probing, S(30));
    assert!(rig.settle(0, second, Verdict::SUCCESS).is_some());
    rig.succeeds(0, 1);
}

#[test]
fn the_good_news_of_a_lost_probe_counts() {
    let mut rig = due();
    let lost = rig.sent(0);
    rig.pass(S(30));
    let _second = rig.sent(0);
    assert!(rig.settle(0, lost, Verdict::SUCCESS).is_some());
    assert_eq!(rig.state(0), BreakerState::Closed);
}

#[test]
fn late_results_neither_extend_nor_close() {
    let mut rig = simple();
    let (early_failure, early_success) = (rig.sent(0), rig.sent(0));
    rig.fails(0, 3);
    rig.pass(S(10));
    assert_eq!(rig.settle(0, early_failure, Verdict::ERROR), None);
    assert_eq!(rig.settle(0, early_success, Verdict::SUCCESS), None);
    is_refused(&rig, SkipReason::Unhealthy, S(20));
}

#[test]
fn results_of_an_earlier_period_never_count() {
    let mut rig = simple();
    let early: Vec<_> = (0..3).map(|_| rig.sent(0)).collect();
    rig.fails(0, 3);
    rig.pass(S(30));
    rig.succeeds(0, 1);
    for ticket in early {
        assert_eq!(rig.settle(0, ticket, Verdict::ERROR), None);
    }
    assert_eq!(rig.breaker(0).health(rig.now).recent_failures, 0);
}

#[test]
fn a_success_of_a_last_resort_closes_and_its_failure_changes_nothing() {
    let mut rig = opened();
    rig.pass(S(10));
    let anyway = |rig: &Rig| rig.breaker(0).admit_anyway(rig.now, 0.0).unwrap();
    assert!(anyway(&rig).is_last_resort());
    rig.settle(0, anyway(&rig), Verdict::ERROR);
    is_refused(&rig, SkipReason::Unhealthy, S(20));
    assert!(rig.settle(0, anyway(&rig), Verdict::SUCCESS).is_some());
    rig.succeeds(0, 1);
}

#[test]
fn nobody_is_stranded() {
    let rig = opened();
    for _ in 0..100 {
        assert!(rig.breaker(0).admit_anyway(rig.now, 0.0).is_some());
    }
}

#[test]
fn what_says_nothing_about_health_never_touches_the_circuit() {
    let rig = simple();
    for _ in 0..50 {
        assert_eq!(rig.ends(0, Verdict::Ignored), None);
    }
    assert_eq!(rig.breaker(0).health(rig.now).recent_failures, 0);
}

#[test]
fn slowness_is_no_failure() {
    let rig = simple();
    for _ in 0..50 {
        assert_eq!(rig.ends(0, slow()), None);
    }
}

#[test]
fn a_vendors_wish_to_wait_is_not_the_circuits_business() {
    let rig = simple();
    rig.fails(0, 2);
    let (cause, retry_after) = (Cause::Error, Some(S(55)));
    rig.ends(0, Verdict::Failure { cause, retry_after });
    is_refused(&rig, SkipReason::Unhealthy, S(30));
    assert_eq!(rig.breaker(0).extend_open(S(55), rig.now), None);
}
