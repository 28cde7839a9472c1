//! What a breaker does because of its neighbours, and what an operator may decide.

use super::*;

/// Half of its results are failures, and there are enough of them.
fn fails_half(rig: &Rig, index: usize) -> Option<Change> {
    let round = || rig.fails(index, 1).or_else(|| rig.succeeds(index, 1));
    (0..20).find_map(|_| round())
}

#[test]
fn doubtful_trips_leave_half_of_the_capacity() {
    let rig = Rig::adaptive(4);
    assert!(fails_half(&rig, 0).is_some());
    assert!(fails_half(&rig, 1).is_some());
    assert_eq!(fails_half(&rig, 2), None);
    let degraded = (0..20).find_map(|_| rig.ends(3, slow()));
    assert!(matches!(degraded, Some(Change::Degraded { .. })));
    assert_eq!(
        rig.breaker(3).weight(rig.now),
        1.0,
        "its whole share is needed"
    );
}

#[test]
fn shares_of_two_degraded_targets_are_raised_to_half_of_the_capacity() {
    let rig = Rig::adaptive(3);
    rig.succeeds(2, 20);
    for (index, expected) in [(0, 0.1), (1, 0.25)] {
        assert!((0..20).any(|_| rig.ends(index, slow()).is_some()));
        assert_eq!(rig.breaker(index).weight(rig.now), expected);
    }
    assert!(rig.breaker(0).admit(rig.now, 0.24).is_ok());
    assert!(rig.breaker(0).admit(rig.now, 0.24).is_ok(), "no trial");
    assert!(rig.breaker(0).admit(rig.now, 0.26).is_err());
}

#[test]
fn hard_evidence_may_take_out_everybody() {
    let rig = Rig::adaptive(3);
    for index in 0..3 {
        rig.open(index);
    }
}

#[test]
fn a_lone_target_is_only_taken_out_by_hard_evidence() {
    let rig = Rig::adaptive(1);
    assert_eq!(fails_half(&rig, 0), None);
    for _ in 0..40 {
        assert_eq!(rig.ends(0, slow()), None);
    }
    assert!((0..28).any(|_| rig.fails(0, 1).is_some()));
}

#[test]
fn capacity_is_counted_not_heads() {
    let now = Instant::now();
    let member =
        |capacity| Member::new(Arc::new(Circuit::new(exact(), now))).with_capacity(capacity);
    let latency = Arc::new(LatencyDigest::new(now));
    let members = [member(3.0), member(1.0), member(1.0)];
    let fleet = Fleet::new(members, Arc::clone(&latency), FIRST_TOKEN_TIMEOUT, now);
    let rig = Rig {
        now,
        breakers: fleet.breakers(),
        latency,
    };
    assert_eq!(fails_half(&rig, 0), None, "it carries most of the group");
    assert!(fails_half(&rig, 1).is_some());
    assert!(fails_half(&rig, 2).is_some());
}

/// Three targets, all out of service for a second.
fn all_open() -> Rig {
    let rig = Rig::adaptive(3);
    for index in 0..3 {
        rig.open(index);
    }
    rig
}

#[test]
fn when_all_are_open_one_request_a_second_or_one_in_twenty_goes_through() {
    for (per_second, expected) in [(2, 5), (100, 25)] {
        let mut config = exact();
        config.open.first = S(10);
        let mut rig = Rig::of(3, config);
        for index in 0..3 {
            rig.open(index);
        }
        let mut went = 0;
        for _ in 0..5 * per_second {
            went += u64::from(rig.breaker(0).admit_anyway(rig.now, 0.0).is_some());
            rig.pass(MS(1000 / per_second));
        }
        assert_eq!(went, expected, "{per_second} per second");
    }
}

#[test]
fn panic_is_off_while_somebody_is_in_service() {
    let rig = Rig::adaptive(3);
    rig.open(0);
    rig.open(1);
    assert!(rig.breaker(0).admit_anyway(rig.now, 0.0).is_none());
    assert!(rig.breaker(2).admit_anyway(rig.now, 0.0).is_some());
}

#[test]
fn the_trickle_doubles_as_a_probe() {
    let mut rig = all_open();
    let first = rig.breaker(1).admit_anyway(rig.now, 0.0).unwrap();
    assert!(first.is_last_resort());
    assert_eq!(rig.settle(1, first, Verdict::SUCCESS), None);
    assert_eq!(rig.state(1), BreakerState::HalfOpen);
    rig.pass(MS(10));
    assert!(rig.sent(1).is_probe(), "its open time is over");
    assert!(matches!(rig.succeeds(1, 1), Some(Change::Closed { .. })));
}

#[test]
fn a_trickle_that_fails_changes_nothing() {
    let rig = all_open();
    let ticket = rig.breaker(1).admit_anyway(rig.now, 0.0).unwrap();
    assert_eq!(rig.settle(1, ticket, Verdict::ERROR), None);
    assert_eq!(rig.refused(1), Skip::new(SkipReason::Unhealthy, S(1)));
}

#[test]
fn a_target_that_is_due_is_probed_rather_than_trickled_to() {
    let mut rig = all_open();
    rig.pass(S(1));
    let ticket = rig.breaker(0).admit_anyway(rig.now, 0.0).unwrap();
    assert!(ticket.is_probe());
}

#[test]
fn a_target_can_be_forced_out_of_service() {
    let rig = Rig::adaptive(2);
    let breaker = rig.breaker(0);
    let early = rig.sent(0);
    let forced = Some(Change::Forced(Mode::Open));
    assert_eq!(breaker.force(Mode::Open, rig.now), forced);
    assert_eq!(breaker.force(Mode::Open, rig.now), None);
    assert!(rig.refused(0).retry_in >= S(3600));
    assert!(breaker.admit_anyway(rig.now, 0.0).is_none());
    assert!(!breaker.health(rig.now).is_available());
    assert_eq!(breaker.weight(rig.now), 0.0);
    assert_eq!(rig.settle(0, early, Verdict::SUCCESS), None);
    let freed = Some(Change::Forced(Mode::Auto));
    assert_eq!(breaker.force(Mode::Auto, rig.now), freed);
    rig.succeeds(0, 1);
}

#[test]
fn a_target_can_be_forced_into_service() {
    let mut rig = Rig::adaptive(2);
    rig.open(0);
    rig.breaker(0).force(Mode::Closed, rig.now);
    assert_eq!(rig.fails(0, 100), None);
    assert_eq!(rig.breaker(0).failure_ratio(rig.now), Some(1.0));
    rig.pass(S(1));
    rig.breaker(0).force(Mode::Auto, rig.now);
    assert_eq!(rig.fails(0, 4), None, "earlier results are forgotten");
    assert!(rig.fails(0, 1).is_some());
}

#[test]
fn metrics_only_tells_what_it_would_do_and_lets_everybody_through() {
    let mut rig = Rig::adaptive(2);
    rig.breaker(0).force(Mode::MetricsOnly, rig.now);
    let duration = rig.open(0);
    assert_eq!(rig.state(0), BreakerState::Open);
    assert_eq!(rig.breaker(0).weight(rig.now), 1.0);
    for _ in 0..50 {
        assert_eq!(rig.ends(0, Verdict::ERROR), None);
    }
    rig.pass(duration);
    assert_eq!(rig.sent(0).change(), Some(Change::Probing));
    assert!(rig.close(0).is_some());
    assert!(
        rig.breaker(0).admit(rig.now, 0.99).is_ok(),
        "the ramp is only told"
    );
}

#[test]
fn a_circuit_is_shared_by_the_groups_that_use_it() {
    let now = Instant::now();
    let circuit = Arc::new(Circuit::new(exact(), now));
    let latency = Arc::new(LatencyDigest::new(now));
    let group = || {
        let members = [Member::new(Arc::clone(&circuit))];
        let fleet = Fleet::new(members, Arc::clone(&latency), FIRST_TOKEN_TIMEOUT, now);
        fleet.breakers().remove(0)
    };
    let (one, other) = (group(), group());
    for _ in 0..28 {
        let ticket = one.admit(now, 0.0).unwrap();
        one.settle(ticket, Verdict::ERROR, now);
    }
    assert!(other.admit(now, 0.0).is_err());
}

#[test]
fn a_circuit_is_forgettable_when_it_was_idle_for_an_hour_in_service() {
    let mut rig = Rig::adaptive(2);
    rig.succeeds(0, 1);
    rig.open(1);
    rig.breaker(1).force(Mode::Closed, rig.now);
    rig.pass(S(3599));
    assert!(!rig.breaker(0).circuit().is_forgettable(rig.now));
    rig.pass(S(1));
    assert!(rig.breaker(0).circuit().is_forgettable(rig.now));
    assert!(
        !rig.breaker(1).circuit().is_forgettable(rig.now),
        "somebody decided"
    );
}

#[test]
fn a_cell_is_small() {
    let size = size_of::<Circuit>();
    assert!(size <= 1024, "{size} bytes");
    assert!(
        size_of::<BreakerTicket>() <= 80,
        "{}",
        size_of::<BreakerTicket>()
    );
}

#[test]
fn a_target_without_others_opens_after_28_fast_failures_or_five_silent_ones() {
    for (verdict, expected) in [(Verdict::ERROR, 28), (Verdict::STALL, 5)] {
        let rig = Rig::adaptive(1);
        let opened = (1..=60).find(|_| rig.ends(0, verdict).is_some());
        assert_eq!(opened, Some(expected), "{verdict:?}");
    }
}
