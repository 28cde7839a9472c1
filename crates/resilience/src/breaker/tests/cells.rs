//! The lock-free cells, one thread; `tests/loom.rs` interleaves several.

use super::super::recent_failures::RecentFailures;
use super::super::sent::Sent;
use super::super::status::Status;
use super::super::streak::{Run, Streak};
use super::super::trickle::{Trickle, Turn};
use super::super::trip::streak_length;
use super::super::window::{Counts, Sample, Window};
use super::*;

fn counts(successes: u64, failures: u64, slow: u64) -> Counts {
    Counts {
        successes,
        failures,
        slow,
    }
}

#[test]
fn the_window_holds_the_last_ten_seconds() {
    let window = Window::default();
    window.record(Sample::Success, 0);
    window.record(Sample::Slow, 0);
    window.record(Sample::Failure, 5);
    assert_eq!(window.sum(9), counts(2, 1, 1));
    assert_eq!(window.sum(10), counts(0, 1, 0));
    assert_eq!(window.sum(14), counts(0, 1, 0));
    assert_eq!(window.sum(15), Counts::default());
}

#[test]
fn a_bucket_is_reused_for_its_next_turn() {
    let window = Window::default();
    window.record(Sample::Failure, 3);
    window.record(Sample::Success, 13);
    assert_eq!(window.sum(13), counts(1, 0, 0));
    // A month later as well, although the tag has wrapped or comes near it.
    for second in [2_600_003, 4_194_303, 4_194_334, 5_000_000, 9_000_000_000] {
        window.record(Sample::Success, second);
        assert_eq!(window.sum(second), counts(1, 0, 0), "{second}");
    }
}

#[test]
fn a_result_that_is_a_turn_late_is_left_out() {
    let window = Window::default();
    window.record(Sample::Success, 13);
    window.record(Sample::Failure, 3);
    assert_eq!(window.sum(13), counts(1, 0, 0));
}

#[test]
fn a_full_second_keeps_its_ratio() {
    let window = Window::default();
    for n in 0..40_000 {
        let sample = if n % 4 == 0 {
            Sample::Failure
        } else {
            Sample::Success
        };
        window.record(sample, 1);
    }
    let ratio = window.sum(1).failure_ratio();
    assert!((ratio - 0.25).abs() < 1e-3, "{ratio}");
}

#[test]
fn a_streak_knows_its_oldest_request() {
    let streak = Streak::default();
    assert_eq!(
        streak.fail(7),
        Run {
            failures: 1,
            first: 7
        }
    );
    assert_eq!(
        streak.fail(9),
        Run {
            failures: 2,
            first: 7
        }
    );
    assert_eq!(
        streak.fail(4),
        Run {
            failures: 3,
            first: 4
        }
    );
}

#[test]
fn only_a_success_that_was_sent_after_a_streak_began_ends_it() {
    let streak = Streak::default();
    let _ = streak.fail(7);
    streak.succeed(3);
    streak.succeed(7);
    assert_eq!(streak.fail(8).failures, 2);
    streak.succeed(8);
    assert_eq!(
        streak.fail(9),
        Run {
            failures: 1,
            first: 9
        }
    );
}

#[test]
fn the_cohort_is_what_was_sent_since_the_first_without_the_cancelled() {
    let streak = Streak::default();
    let run = streak.fail(10);
    assert_eq!(streak.cohort(run, 10), 1);
    assert_eq!(streak.cohort(run, 19), 10);
    streak.ignore(9);
    assert_eq!(streak.cohort(run, 19), 10, "an older one was no part of it");
    streak.ignore(10);
    streak.ignore(15);
    assert_eq!(streak.cohort(run, 19), 8);
    let run = streak.fail(4);
    assert_eq!(streak.cohort(run, 19), 16, "another run, another count");
    for _ in 0..99 {
        streak.ignore(12);
    }
    assert_eq!(streak.cohort(run, 19), 2, "never less than its failures");
}

#[test]
fn requests_are_numbered_and_counted_by_the_second() {
    let sent = Sent::default();
    assert_eq!((sent.next(0), sent.next(0), sent.next(4)), (0, 1, 2));
    assert_eq!(sent.newest(), 2);
    assert_eq!(sent.in_window(4), 3);
    assert_eq!(sent.in_window(9), 3);
    assert_eq!(sent.in_window(10), 1, "those of second 0 are out");
    assert_eq!(sent.in_window(14), 0);
    sent.next(14);
    assert_eq!(sent.in_window(14), 1);
    assert_eq!(sent.latest_second(), Some(14));
}

#[test]
fn ignored_requests_and_earlier_periods_are_not_in_the_window() {
    let sent = Sent::default();
    for _ in 0..5 {
        sent.next(0);
    }
    sent.ignore();
    assert_eq!(sent.in_window(0), 4);
    sent.begin_period();
    assert_eq!(sent.in_window(0), 0);
    sent.next(1);
    assert_eq!(sent.in_window(1), 1);
}

#[test]
fn the_latest_failures_are_counted_while_they_are_recent() {
    let recent = RecentFailures::new(3);
    for nanos in [0, 10, 20, 30] {
        recent.record(nanos);
    }
    assert_eq!(recent.count(30, 20), 3);
    assert_eq!(recent.count(31, 20), 2);
    recent.clear();
    assert_eq!(recent.count(31, 20), 0);
}

#[test]
fn a_status_survives_packing() {
    for state in [
        BreakerState::Closed,
        BreakerState::Ramping,
        BreakerState::Degraded,
        BreakerState::Open,
        BreakerState::HalfOpen,
    ] {
        for mode in [Mode::Auto, Mode::Open, Mode::Closed, Mode::MetricsOnly] {
            let status = Status {
                state,
                mode,
                period: (1 << 19) - 1,
                until_ms: (1 << 40) - 1,
            };
            assert_eq!(Status::unpack(status.pack()), status);
            let next = status.next_period(BreakerState::Closed, u64::MAX);
            assert_eq!((next.period, next.mode), (0, mode));
            assert_eq!(Status::unpack(next.pack()).until_ms, (1 << 40) - 1);
        }
    }
    assert_eq!(Status::INITIAL.pack(), 0);
}

#[test]
fn a_trickle_is_one_a_second_or_one_in_twenty_whichever_is_more() {
    let count = |per_second: u64| {
        let trickle = Trickle::default();
        let asks = 10 * per_second;
        let ms = |n: u64| n * 1000 / per_second;
        let mine = |n: &u64| trickle.ask(ms(*n), 1000, 20) == Turn::Mine;
        (0..asks).filter(mine).count()
    };
    assert_eq!(count(1), 10);
    assert_eq!(count(5), 10);
    assert_eq!(count(20), 10);
    assert_eq!(count(200), 100);
}

#[test]
fn a_streak_has_to_be_longer_where_failures_are_common() {
    for (baseline, expected) in [(0.05, 5), (0.2, 9), (0.5, 20), (0.6, 28)] {
        assert_eq!(streak_length(1e-6, baseline), expected, "{baseline}");
    }
}

#[test]
fn numbers_out_of_range_are_moved_into_it() {
    let mut config = BreakerConfig::adaptive();
    config.open.first = Duration::MAX;
    config.open.cap = Duration::ZERO;
    config.open.factor = f64::INFINITY;
    config.open.jitter_floor = f64::NAN;
    config.probes.leases = 0;
    config.probes.close_after = 0;
    config.degraded.weight = -1.0;
    config.ramp_from = 7.0;
    config.panic = super::super::PanicRule::Trickle {
        per_second: f64::NAN,
        share: 0.0,
    };
    if let super::super::TripRule::Adaptive(rule) = &mut config.trip {
        rule.streak_chance = 0.0;
        rule.baseline_floor = 1.0;
        rule.baseline_cap = f64::NAN;
        rule.slow_factor = -3.0;
    }
    let mut rig = Rig::of(1, config);
    while rig.state(0) != BreakerState::Open {
        rig.fails(0, 1);
    }
    assert!(
        rig.breaker(0).admit_anyway(rig.now, 0.0).is_some(),
        "the first one trickles"
    );
    assert!(rig.breaker(0).admit_anyway(rig.now, 0.0).is_none());
    rig.pass(S(366 * 24 * 3600));
    rig.succeeds(0, 1);
    assert_eq!(rig.state(0), BreakerState::Closed);
}
