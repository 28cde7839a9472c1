//! What happens between a trip and full service: open times, probes, the ramp, trials.

use super::*;

/// Three targets of which the first is out of service for a second.
fn opened() -> Rig {
    let rig = Rig::adaptive(3);
    assert_eq!(rig.open(0), S(1));
    rig
}

/// The same with its probes due.
fn due() -> Rig {
    let mut rig = opened();
    rig.pass(S(1));
    rig
}

fn opens(duration: Duration) -> Option<Change> {
    let trip = Trip::Probe;
    Some(Change::Opened { trip, duration })
}

#[test]
fn open_times_double_up_to_ten_seconds() {
    let mut rig = due();
    for seconds in [2, 4, 8, 10, 10] {
        assert_eq!(rig.fails(0, 2), opens(S(seconds)));
        rig.pass(S(seconds));
    }
}

#[test]
fn jitter_shortens_open_times_by_half_at_most() {
    let mut lengths = Vec::new();
    for n in 0..200 {
        let rig = Rig::of(3, BreakerConfig::adaptive());
        let draw = f64::from(n) / 200.0;
        let fail = || {
            let ticket = rig.breaker(0).admit(rig.now, draw).unwrap();
            rig.settle(0, ticket, Verdict::ERROR)
        };
        match (0..5).find_map(|_| fail()) {
            Some(Change::Opened { duration, .. }) => lengths.push(duration),
            other => panic!("{other:?}"),
        }
    }
    assert!(
        lengths
            .iter()
            .all(|length| (MS(500)..=S(1)).contains(length))
    );
    assert!(lengths.iter().any(|length| *length < MS(550)));
    assert!(lengths.iter().any(|length| *length > MS(950)));
}

#[test]
fn the_memory_of_earlier_openings_halves_per_minute_in_service() {
    let mut rig = due();
    rig.fails(0, 2);
    rig.pass(S(2));
    rig.fails(0, 2);
    rig.pass(S(4));
    rig.close(0);
    rig.pass(S(60));
    // The last one lasted 4 s, so 8 s would be next; a minute in service makes it 4 s.
    assert_eq!(rig.open(0), S(4));
    rig.pass(S(4));
    rig.close(0);
    rig.pass(S(3600));
    assert_eq!(rig.open(0), S(1));
}

#[test]
fn a_vendors_wish_extends_the_open_time_up_to_a_minute() {
    for (wish, expected) in [(MS(100), S(1)), (S(7), S(7)), (S(900), S(60))] {
        let rig = Rig::adaptive(3);
        rig.fails(0, 4);
        let (cause, retry_after) = (Cause::Error, Some(wish));
        let change = rig.ends(0, Verdict::Failure { cause, retry_after });
        let (trip, duration) = (Trip::Streak, expected);
        assert_eq!(change, Some(Change::Opened { trip, duration }));
        assert_eq!(rig.refused(0).retry_in, expected);
    }
}

#[test]
fn an_open_time_can_be_extended_but_not_shortened() {
    let rig = opened();
    assert_eq!(rig.breaker(0).extend_open(MS(500), rig.now), None);
    let duration = S(5);
    let change = rig.breaker(0).extend_open(duration, rig.now);
    assert_eq!(change, Some(Change::Extended { duration }));
    assert_eq!(rig.refused(0).retry_in, S(5));
    assert_eq!(
        rig.breaker(1).extend_open(duration, rig.now),
        None,
        "it is not open"
    );
}

#[test]
fn late_results_neither_extend_nor_close() {
    let mut rig = Rig::adaptive(3);
    let early: Vec<_> = (0..20).map(|_| rig.sent(0)).collect();
    rig.open(0);
    let left = rig.refused(0).retry_in;
    for (n, ticket) in early.iter().enumerate() {
        let verdict = if n % 2 == 0 {
            Verdict::ERROR
        } else {
            Verdict::SUCCESS
        };
        assert_eq!(rig.settle(0, *ticket, verdict), None);
    }
    assert_eq!(rig.refused(0).retry_in, left);
    rig.pass(left);
    rig.close(0);
    assert_eq!(
        rig.breaker(0).failure_ratio(rig.now),
        None,
        "the past is forgotten"
    );
}

#[test]
fn three_requests_probe_at_once() {
    let rig = due();
    let probes = [rig.sent(0), rig.sent(0), rig.sent(0)];
    assert!(probes.iter().all(BreakerTicket::is_probe));
    let changes = probes.map(|probe| probe.change());
    assert_eq!(changes, [Some(Change::Probing), None, None]);
    // With few samples the stall limit is half the timeout, 5 s; a lease is a second longer.
    assert_eq!(rig.refused(0), Skip::new(SkipReason::Probing, S(6)));
    assert_eq!(rig.state(0), BreakerState::HalfOpen);
}

#[test]
fn two_successes_close_and_begin_a_ramp() {
    let rig = due();
    assert_eq!(rig.succeeds(0, 1), None);
    assert_eq!(rig.succeeds(0, 1), Some(Change::Closed { ramp: S(10) }));
    assert_eq!(rig.state(0), BreakerState::Ramping);
}

#[test]
fn two_failures_open_again() {
    let rig = due();
    let probes = [rig.sent(0), rig.sent(0), rig.sent(0)];
    assert_eq!(rig.settle(0, probes[0], Verdict::ERROR), None);
    assert_eq!(rig.settle(0, probes[1], Verdict::SUCCESS), None);
    assert_eq!(rig.settle(0, probes[2], Verdict::ERROR), opens(S(2)));
}

#[test]
fn one_open_period_costs_no_more_probes_than_leases() {
    let rig = due();
    rig.fails(0, 1);
    rig.succeeds(0, 1);
    let _third = rig.sent(0);
    assert_eq!(rig.refused(0).reason, SkipReason::Probing);
}

#[test]
fn a_slow_success_is_half_a_success_and_three_probes_decide() {
    let rig = due();
    for _ in 0..2 {
        assert_eq!(rig.ends(0, slow()), None);
    }
    assert_eq!(rig.ends(0, slow()), Some(Change::Closed { ramp: S(10) }));
    let rig = due();
    rig.ends(0, slow());
    rig.ends(0, slow());
    assert_eq!(rig.ends(0, Verdict::ERROR), opens(S(2)), "one against one");
}

#[test]
fn a_probe_that_shows_signs_of_life_is_not_lost() {
    let mut rig = due();
    let probes = [rig.sent(0), rig.sent(0), rig.sent(0)];
    for probe in &probes {
        rig.breaker(0).first_byte(probe, rig.now);
    }
    rig.pass(S(6));
    assert_eq!(rig.refused(0), Skip::new(SkipReason::Probing, S(4)));
    rig.pass(S(4));
    assert!(rig.sent(0).is_probe(), "ten seconds are enough");
}

#[test]
fn answers_that_have_flowed_for_a_whole_lease_bring_a_target_back() {
    let mut rig = due();
    let probes = [rig.sent(0), rig.sent(0), rig.sent(0)];
    for probe in &probes[..2] {
        rig.breaker(0).first_byte(probe, rig.now);
        rig.breaker(0).first_token(probe, MS(600), rig.now);
    }
    rig.pass(MS(5999));
    rig.refused(0);
    rig.pass(MS(1));
    let ticket = rig.sent(0);
    assert_eq!(ticket.change(), Some(Change::Closed { ramp: S(10) }));
    assert!(!ticket.is_probe());
}

#[test]
fn answers_that_break_within_a_lease_do_not() {
    let rig = due();
    let probes = [rig.sent(0), rig.sent(0)];
    for probe in &probes {
        rig.breaker(0).first_token(probe, MS(600), rig.now);
    }
    assert_eq!(rig.settle(0, probes[0], Verdict::ERROR), None);
    assert_eq!(rig.settle(0, probes[1], Verdict::ERROR), opens(S(2)));
}

#[test]
fn an_answer_that_breaks_after_it_counted_counts_as_a_failure() {
    let mut rig = due();
    let probes = [rig.sent(0), rig.sent(0)];
    rig.breaker(0).first_token(&probes[0], MS(600), rig.now);
    rig.pass(S(6));
    assert_eq!(rig.sent(0).change(), None, "one success is not enough");
    assert_eq!(rig.settle(0, probes[0], Verdict::ERROR), None);
    assert_eq!(rig.settle(0, probes[1], Verdict::ERROR), opens(S(2)));
}

#[test]
fn a_released_lease_can_be_taken_at_once() {
    let rig = due();
    let probes = [rig.sent(0), rig.sent(0), rig.sent(0)];
    assert_eq!(rig.settle(0, probes[1], Verdict::Ignored), None);
    assert!(rig.sent(0).is_probe());
    rig.refused(0);
}

#[test]
fn a_lease_that_is_over_makes_room() {
    let mut rig = due();
    let lost = [rig.sent(0), rig.sent(0), rig.sent(0)];
    rig.pass(S(6));
    let second = rig.sent(0);
    assert!(second.is_probe());
    assert_eq!(
        rig.settle(0, lost[0], Verdict::ERROR),
        None,
        "its place is taken"
    );
    assert_eq!(rig.settle(0, lost[0], Verdict::SUCCESS), None);
    assert!(
        rig.settle(0, lost[1], Verdict::SUCCESS).is_some(),
        "its good news counts"
    );
}

#[test]
fn the_ramp_is_linear_from_a_tenth_to_all_in_ten_seconds() {
    let mut rig = due();
    rig.close(0);
    for expected in [
        0.1, 0.19, 0.28, 0.37, 0.46, 0.55, 0.64, 0.73, 0.82, 0.91, 1.0,
    ] {
        let weight = rig.breaker(0).weight(rig.now);
        assert!(
            (weight - expected).abs() < 1e-3,
            "{weight} is not {expected}"
        );
        rig.pass(S(1));
    }
    assert_eq!(rig.state(0), BreakerState::Closed);
}

#[test]
fn the_ramp_admits_its_share_and_the_rest_anyway() {
    let mut rig = due();
    rig.close(0);
    rig.pass(S(5));
    let admitted = |draw| rig.breaker(0).admit(rig.now, draw).is_ok();
    assert!(admitted(0.54));
    assert!(!admitted(0.56));
    let skip = rig.breaker(0).admit(rig.now, 0.56).unwrap_err();
    assert_eq!(skip.retry_in, Duration::ZERO);
    assert!(rig.breaker(0).health(rig.now).is_available());
    let anyway = rig.breaker(0).admit_anyway(rig.now, 0.56).unwrap();
    assert!(!anyway.is_last_resort());
}

#[test]
fn failures_during_the_ramp_open_again_for_longer() {
    let mut rig = due();
    rig.close(0);
    rig.pass(S(1));
    let duration = rig.open(0);
    assert!((MS(1900)..S(2)).contains(&duration), "{duration:?}");
}

#[test]
fn there_is_no_ramp_where_nobody_could_take_the_rest() {
    let mut rig = Rig::adaptive(2);
    rig.open(0);
    rig.open(1);
    rig.pass(S(1));
    assert_eq!(
        rig.close(0),
        Some(Change::Closed {
            ramp: Duration::ZERO
        })
    );
    assert_eq!(rig.close(1), Some(Change::Closed { ramp: S(10) }));
    // And it is over for those who lose their neighbours.
    rig.open(0);
    assert!(rig.breaker(1).admit(rig.now, 0.99).is_ok());
}

/// Two targets of which the first is degraded for its slowness.
fn degraded() -> Rig {
    let rig = Rig::adaptive(2);
    assert!((0..10).any(|_| rig.ends(0, slow()).is_some()));
    rig
}

#[test]
fn a_degraded_target_gets_a_tenth() {
    let rig = degraded();
    assert!(rig.breaker(0).admit(rig.now, 0.09).is_ok());
    assert!(rig.breaker(0).admit(rig.now, 0.11).is_err());
    assert!(rig.breaker(0).admit_anyway(rig.now, 0.11).is_some());
}

#[test]
fn a_degraded_target_that_is_quick_again_ramps_up() {
    let mut rig = degraded();
    for _ in 0..10 {
        assert_eq!(rig.succeeds(0, 1), None);
        rig.pass(S(1));
    }
    let ticket = rig.sent(0);
    assert_eq!(ticket.change(), Some(Change::Closed { ramp: S(10) }));
}

#[test]
fn a_degraded_target_is_tried_once_in_a_second() {
    let mut rig = degraded();
    let _first = rig.sent(0);
    assert_eq!(rig.refused(0).retry_in, Duration::ZERO);
    rig.pass(S(1));
    let _second = rig.sent(0);
}

#[test]
fn a_degraded_target_that_is_still_slow_stays_one() {
    let mut rig = degraded();
    for _ in 0..60 {
        rig.pass(S(1));
        assert_eq!(rig.ends(0, slow()), None);
        assert_eq!(rig.state(0), BreakerState::Degraded);
    }
}

#[test]
fn a_degraded_target_of_which_little_is_heard_is_tried_after_a_while() {
    let mut rig = degraded();
    for _ in 0..2 {
        rig.pass(S(5));
        assert_eq!(rig.ends(0, quick()), None);
    }
    rig.pass(S(5));
    let ticket = rig.sent(0);
    assert_eq!(ticket.change(), Some(Change::Closed { ramp: S(10) }));
}

#[test]
fn a_degraded_target_that_dies_opens() {
    let mut rig = degraded();
    let dies = |rig: &mut Rig| {
        rig.pass(S(1));
        rig.ends(0, Verdict::ERROR)
    };
    assert!((0..8).any(|_| matches!(dies(&mut rig), Some(Change::Opened { .. }))));
}

#[test]
fn a_degraded_target_comes_back_when_the_others_are_no_better() {
    let mut rig = Rig::adaptive(2);
    rig.succeeds(1, 20);
    let round = || rig.succeeds(0, 3).or_else(|| rig.fails(0, 1));
    assert!((0..5).any(|_| round().is_some()));
    rig.pass(S(10));
    for _ in 0..5 {
        rig.fails(1, 1);
        rig.succeeds(1, 3);
    }
    let ticket = rig.sent(0);
    assert_eq!(ticket.change(), Some(Change::Closed { ramp: S(10) }));
}
