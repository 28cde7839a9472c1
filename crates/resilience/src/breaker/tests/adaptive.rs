//! The rules that take a target out of service, one test each; the clock stands still where it may.

use super::*;

const OPENED_BY_STREAK: Option<Change> = Some(Change::Opened {
    trip: Trip::Streak,
    duration: Duration::from_secs(1),
});

/// Sends so many requests at once.
fn send(rig: &Rig, index: usize, count: usize) -> Vec<BreakerTicket> {
    (0..count).map(|_| rig.sent(index)).collect()
}

#[test]
fn five_failures_in_a_row_open_a_target_that_was_well() {
    let rig = Rig::adaptive(3);
    rig.succeeds(0, 30);
    assert_eq!(rig.fails(0, 4), None);
    assert_eq!(rig.fails(0, 1), OPENED_BY_STREAK);
    assert_eq!(rig.refused(0), Skip::new(SkipReason::Unhealthy, S(1)));
}

#[test]
fn a_success_that_was_sent_after_the_streak_began_ends_it() {
    let rig = Rig::adaptive(3);
    rig.succeeds(0, 30);
    rig.fails(0, 4);
    rig.succeeds(0, 1);
    assert_eq!(rig.fails(0, 4), None);
}

#[test]
fn a_success_that_was_sent_before_the_streak_began_does_not_end_it() {
    let rig = Rig::adaptive(3);
    let early = rig.sent(0);
    rig.fails(0, 4);
    rig.settle(0, early, Verdict::SUCCESS);
    assert_eq!(rig.fails(0, 1), OPENED_BY_STREAK);
}

#[test]
fn a_target_that_fails_often_anyway_needs_a_longer_streak() {
    let rig = Rig::adaptive(3);
    // Failures first, or the streak would be part of the history.
    rig.fails(0, 2);
    rig.succeeds(0, 8);
    assert_eq!(rig.fails(0, 8), None);
    assert_eq!(rig.fails(0, 1), OPENED_BY_STREAK);
}

#[test]
fn a_group_that_fails_often_anyway_needs_a_longer_streak() {
    let rig = Rig::adaptive(3);
    for _ in 0..9 {
        rig.succeeds(1, 1);
        rig.fails(1, 1);
    }
    rig.succeeds(0, 30);
    assert_eq!(rig.fails(0, 19), None);
    assert_eq!(rig.fails(0, 1), OPENED_BY_STREAK);
}

#[test]
fn members_out_of_service_do_not_make_the_others_streaks_longer() {
    let rig = Rig::adaptive(5);
    rig.fails(1, 5);
    rig.succeeds(0, 30);
    assert_eq!(rig.fails(0, 5), OPENED_BY_STREAK);
}

#[test]
fn a_target_that_the_group_cannot_do_without_opens_when_it_answers_nobody() {
    let rig = Rig::adaptive(3);
    rig.fails(1, 5);
    assert_eq!(rig.fails(0, 27), None);
    assert_eq!(rig.fails(0, 1), OPENED_BY_STREAK);
}

#[test]
fn silence_opens_a_target_that_the_group_cannot_do_without_like_any_other() {
    let rig = Rig::adaptive(3);
    rig.fails(1, 5);
    let stalls = |_| rig.ends(0, Verdict::STALL);
    assert_eq!((0..4).find_map(stalls), None);
    assert_eq!(stalls(4), OPENED_BY_STREAK);
}

#[test]
fn overload_is_half_a_failure() {
    let rig = Rig::adaptive(3);
    let overload = Verdict::Failure {
        cause: Cause::Overload,
        retry_after: None,
    };
    for _ in 0..9 {
        assert_eq!(rig.ends(0, overload), None);
    }
    assert_eq!(rig.ends(0, overload), OPENED_BY_STREAK);
}

#[test]
fn the_baseline_is_capped() {
    let rig = Rig::adaptive(1);
    for _ in 0..4 {
        rig.fails(0, 4);
        rig.succeeds(0, 1);
    }
    assert_eq!(rig.fails(0, 27), None);
    assert_eq!(rig.fails(0, 1), OPENED_BY_STREAK);
}

#[test]
fn fast_failures_that_are_a_small_part_of_what_was_sent_do_not_open() {
    let rig = Rig::adaptive(3);
    let tickets = send(&rig, 0, 100);
    let (failing, pending): (Vec<_>, Vec<_>) = tickets
        .into_iter()
        .partition(|ticket| ticket.sequence % 5 == 0);
    for ticket in failing {
        assert_eq!(rig.settle(0, ticket, Verdict::ERROR), None);
    }
    for ticket in pending {
        assert_eq!(rig.settle(0, ticket, Verdict::SUCCESS), None);
    }
    assert_eq!(rig.state(0), BreakerState::Closed);
}

#[test]
fn where_half_of_the_cohort_failed_it_takes_more_failures() {
    let rig = Rig::adaptive(3);
    let tickets = send(&rig, 0, 18);
    for ticket in &tickets[..8] {
        assert_eq!(rig.settle(0, *ticket, Verdict::ERROR), None);
    }
    assert_eq!(rig.settle(0, tickets[8], Verdict::ERROR), OPENED_BY_STREAK);
}

#[test]
fn less_than_half_of_the_cohort_is_never_enough() {
    let rig = Rig::adaptive(3);
    let tickets = send(&rig, 0, 1000);
    for ticket in &tickets[..499] {
        assert_eq!(rig.settle(0, *ticket, Verdict::ERROR), None);
    }
    assert_eq!(
        rig.settle(0, tickets[499], Verdict::ERROR),
        OPENED_BY_STREAK
    );
}

#[test]
fn cancelled_requests_are_not_part_of_the_cohort() {
    let rig = Rig::adaptive(3);
    let tickets = send(&rig, 0, 50);
    rig.settle(0, tickets[0], Verdict::ERROR);
    for ticket in &tickets[5..] {
        assert_eq!(rig.settle(0, *ticket, Verdict::Ignored), None);
    }
    for ticket in &tickets[1..4] {
        assert_eq!(rig.settle(0, *ticket, Verdict::ERROR), None);
    }
    assert_eq!(rig.settle(0, tickets[4], Verdict::ERROR), OPENED_BY_STREAK);
}

#[test]
fn requests_younger_than_a_stalled_one_are_not_held_against_it() {
    let rig = Rig::adaptive(3);
    let tickets = send(&rig, 0, 100);
    for ticket in &tickets[..4] {
        assert_eq!(rig.settle(0, *ticket, Verdict::STALL), None);
    }
    assert_eq!(rig.settle(0, tickets[4], Verdict::STALL), OPENED_BY_STREAK);
}

#[test]
fn half_of_twenty_results_open() {
    let rig = Rig::adaptive(2);
    for _ in 0..9 {
        rig.fails(0, 1);
        rig.succeeds(0, 1);
    }
    rig.succeeds(0, 1);
    assert_eq!(rig.state(0), BreakerState::Closed);
    let (trip, duration) = (Trip::Ratio, S(1));
    assert_eq!(rig.fails(0, 1), Some(Change::Opened { trip, duration }));
}

#[test]
fn results_older_than_ten_seconds_do_not_count() {
    let mut rig = Rig::adaptive(2);
    for _ in 0..9 {
        rig.fails(0, 1);
        rig.succeeds(0, 1);
    }
    rig.pass(S(11));
    rig.succeeds(0, 1);
    assert_eq!(rig.fails(0, 1), None);
    assert_eq!(rig.breaker(0).failure_ratio(rig.now), Some(0.5));
}

#[test]
fn a_ratio_of_results_is_not_enough_while_most_requests_are_under_way() {
    let rig = Rig::adaptive(2);
    let under_way = send(&rig, 0, 60);
    for _ in 0..20 {
        rig.succeeds(0, 1);
        assert_eq!(rig.fails(0, 1), None);
    }
    for ticket in under_way {
        rig.settle(0, ticket, Verdict::Ignored);
    }
    assert!(rig.fails(0, 1).is_some(), "now it is half of what was sent");
}

/// A second target with enough results to be called healthy.
fn with_a_healthy_neighbour(domains: [Option<&str>; 2]) -> Rig {
    let rig = Rig::with(domains.to_vec(), exact());
    rig.fails(1, 1);
    rig.succeeds(1, 19);
    rig
}

/// Twenty results of which every fourth is a failure.
#[track_caller]
fn fails_now_and_then(rig: &Rig) -> Option<Change> {
    let round = || rig.succeeds(0, 3).or_else(|| rig.fails(0, 1));
    (0..5).fold(None, |last, _| round().or(last))
}

#[test]
fn who_fails_more_often_than_a_healthy_neighbour_is_degraded() {
    let rig = with_a_healthy_neighbour([None, None]);
    let trip = Trip::Outlier;
    assert_eq!(fails_now_and_then(&rig), Some(Change::Degraded { trip }));
    assert!((rig.breaker(0).weight(rig.now) - 0.1).abs() < 1e-6);
    assert!(rig.breaker(0).health(rig.now).is_available());
}

#[test]
fn a_neighbour_that_fails_together_with_it_is_no_alternative() {
    let rig = with_a_healthy_neighbour([Some("cloud"), Some("cloud")]);
    assert_eq!(fails_now_and_then(&rig), None);
}

#[test]
fn a_neighbour_of_which_little_is_known_is_not_called_healthy() {
    let rig = Rig::adaptive(2);
    rig.succeeds(1, 19);
    assert_eq!(fails_now_and_then(&rig), None);
}

#[test]
fn a_neighbour_that_fails_a_tenth_is_not_healthy() {
    let rig = Rig::adaptive(2);
    rig.fails(1, 2);
    rig.succeeds(1, 18);
    assert_eq!(fails_now_and_then(&rig), None);
}

#[test]
fn four_slow_answers_in_five_degrade() {
    let rig = Rig::adaptive(2);
    rig.ends(0, quick());
    rig.ends(0, quick());
    for _ in 0..7 {
        assert_eq!(rig.ends(0, slow()), None);
    }
    let trip = Trip::Slow;
    assert_eq!(rig.ends(0, slow()), Some(Change::Degraded { trip }));
}

#[test]
fn slow_is_measured_by_the_groups_median() {
    let rig = Rig::adaptive(2);
    for _ in 0..100 {
        rig.latency.record(S(1), rig.now);
    }
    for _ in 0..20 {
        assert_eq!(
            rig.ends(0, slow()),
            None,
            "4 s are less than five times 1 s"
        );
    }
    let first_token = Some(S(6));
    let change = (0..90).find_map(|_| rig.ends(0, Verdict::Success { first_token }));
    assert_eq!(change, Some(Change::Degraded { trip: Trip::Slow }));
}

#[test]
fn three_seconds_are_never_slow() {
    let rig = Rig::adaptive(2);
    for _ in 0..100 {
        rig.latency.record(MS(10), rig.now);
    }
    let first_token = Some(S(3));
    for _ in 0..50 {
        assert_eq!(rig.ends(0, Verdict::Success { first_token }), None);
    }
}

#[test]
fn a_success_without_a_first_token_is_not_slow() {
    let rig = Rig::adaptive(2);
    for _ in 0..50 {
        assert_eq!(rig.ends(0, Verdict::SUCCESS), None);
    }
}

#[test]
fn what_says_nothing_about_health_changes_nothing() {
    let rig = Rig::adaptive(2);
    for _ in 0..200 {
        assert_eq!(rig.ends(0, Verdict::Ignored), None);
    }
    assert_eq!(rig.breaker(0).failure_ratio(rig.now), None);
    rig.succeeds(0, 1);
    assert_eq!(
        rig.fails(0, 5),
        OPENED_BY_STREAK,
        "nor does it dilute failures"
    );
}

#[test]
fn a_request_is_stalled_when_nobody_heard_of_its_target_since() {
    let mut rig = Rig::adaptive(1);
    let before = rig.sent(0);
    rig.breaker(0).first_byte(&before, rig.now);
    rig.pass(MS(1));
    let ticket = rig.sent(0);
    let _others = [rig.sent(0), rig.sent(0)];
    rig.pass(MS(2999));
    assert!(!rig.breaker(0).stalled(&ticket, rig.now, S(3)));
    rig.pass(MS(1));
    assert!(rig.breaker(0).stalled(&ticket, rig.now, S(3)));
}

#[test]
fn one_request_alone_may_take_its_time() {
    let mut rig = Rig::adaptive(1);
    let ticket = rig.sent(0);
    let _second = rig.sent(0);
    rig.pass(S(25));
    assert!(!rig.breaker(0).stalled(&ticket, rig.now, S(3)));
    let _third = rig.sent(0);
    assert!(rig.breaker(0).stalled(&ticket, rig.now, S(3)));
}

#[test]
fn a_merely_slow_target_is_not_stalled() {
    let mut rig = Rig::adaptive(1);
    let ticket = rig.sent(0);
    let other = rig.sent(0);
    rig.pass(S(2));
    rig.breaker(0).first_byte(&other, rig.now);
    rig.pass(S(5));
    assert!(!rig.breaker(0).stalled(&ticket, rig.now, S(3)));
}

#[test]
fn a_target_out_of_service_that_fell_silent_stalls_older_requests_too() {
    let mut rig = Rig::adaptive(1);
    let ticket = rig.sent(0);
    rig.pass(S(1));
    rig.breaker(0).first_byte(&rig.sent(0), rig.now);
    rig.pass(S(3));
    assert!(!rig.breaker(0).stalled(&ticket, rig.now, S(3)));
    rig.open(0);
    assert!(rig.breaker(0).stalled(&ticket, rig.now, S(3)));
    rig.breaker(0).first_byte(&ticket, rig.now);
    rig.pass(MS(2999));
    assert!(
        !rig.breaker(0).stalled(&ticket, rig.now, S(3)),
        "somebody was heard of"
    );
}

#[test]
fn a_first_byte_in_the_instant_of_sending_counts_as_a_sign_of_life() {
    let mut rig = Rig::adaptive(1);
    let ticket = rig.sent(0);
    rig.breaker(0).first_byte(&ticket, rig.now);
    rig.pass(S(5));
    assert!(!rig.breaker(0).stalled(&ticket, rig.now, S(3)));
}

#[test]
fn the_stall_limit_is_the_groups() {
    let rig = Rig::adaptive(1);
    let limit = || rig.breaker(0).fleet().stall_limit();
    assert_eq!(limit(), FIRST_TOKEN_TIMEOUT / 2);
    for _ in 0..20 {
        rig.latency.record(MS(600), rig.now);
    }
    assert_eq!(limit(), S(3));
}

#[test]
fn a_slow_probe_is_not_stalled_where_another_one_was_heard_of() {
    let mut rig = Rig::adaptive(3);
    rig.pass(rig.open(0));
    let (probe, other) = (rig.sent(0), rig.sent(0));
    rig.pass(MS(500));
    rig.breaker(0).first_byte(&other, rig.now);
    rig.pass(S(10));
    assert!(!rig.breaker(0).stalled(&probe, rig.now, S(3)));
}

#[test]
fn where_everybody_is_slow_nobody_is_degraded() {
    let rig = Rig::adaptive(2);
    for _ in 0..40 {
        assert_eq!(rig.ends(0, slow()).or(rig.ends(1, slow())), None);
    }
}
