//! The breaker's lock-free cells under every interleaving of two threads that loom finds.
//!
//! Compiles the breaker's own files once more, with loom's atomics and lock in the place of the
//! standard ones (`crate::sync`). So it needs no flag, no target directory of its own, and runs with
//! the other tests: `cargo test -p interline-resilience --test loom`.
//! Interleavings are bounded to two preemptions, which finds nearly all races and takes seconds.

#![allow(
    dead_code,
    reason = "the breaker's files are compiled without the callers of some parts"
)]
#![allow(
    unreachable_pub,
    reason = "what is public in the crate is not in this test"
)]

use interline_resilience::{Skip, SkipReason};

mod sync {
    //! Loom's types under the names that the breaker's files use.

    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};
    pub(crate) use loom::sync::{Mutex, MutexGuard};
}

#[path = "../src/latency_digest.rs"]
mod latency_digest;
#[path = "../src/rng.rs"]
mod rng;

#[path = "../src/breaker"]
mod breaker {
    //! The breaker's files.

    pub(crate) mod circuit;
    pub(crate) mod config;
    pub(crate) mod fleet;
    pub(crate) mod machine;
    pub(crate) mod probes;
    pub(crate) mod recent_failures;
    pub(crate) mod sent;
    pub(crate) mod status;
    pub(crate) mod streak;
    pub(crate) mod transitions;
    pub(crate) mod trickle;
    pub(crate) mod trip;
    pub(crate) mod verdict;
    pub(crate) mod window;

    pub(crate) use machine::Breaker;
}

use std::sync::Arc;
use std::time::Duration;

use breaker::Breaker;
use breaker::circuit::Circuit;
use breaker::config::{BreakerConfig, TripRule};
use breaker::fleet::{Fleet, Member};
use breaker::sent::Sent;
use breaker::status::{BreakerState, Mode};
use breaker::streak::Streak;
use breaker::trickle::{Trickle, Turn};
use breaker::verdict::{BreakerTicket, Change, Verdict};
use breaker::window::{Counts, Sample, Window};
use latency_digest::LatencyDigest;
use tokio::time::Instant;

const S: fn(u64) -> Duration = Duration::from_secs;

/// Checks a model under all interleavings with at most two preemptions.
fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.max_branches = 100_000;
    builder.check(check);
}

/// Runs two things at once and gives what they gave.
fn both<A, B>(one: impl FnOnce() -> A + Send + 'static, other: impl FnOnce() -> B) -> (A, B)
where
    A: Send + 'static,
{
    let thread = loom::thread::spawn(one);
    let other = other();
    (thread.join().expect("a panic was reported there"), other)
}

#[test]
fn the_window_loses_no_result() {
    model(|| {
        let window = Arc::new(Window::default());
        let theirs = Arc::clone(&window);
        both(
            move || {
                theirs.record(Sample::Failure, 4);
                theirs.record(Sample::Success, 5);
            },
            || {
                window.record(Sample::Slow, 4);
                assert!(window.sum(5).samples() >= 1);
            },
        );
        let expected = Counts {
            successes: 2,
            failures: 1,
            slow: 1,
        };
        assert_eq!(window.sum(5), expected);
    });
}

#[test]
fn a_bucket_changes_its_second_once() {
    model(|| {
        let window = Arc::new(Window::default());
        window.record(Sample::Success, 0);
        let theirs = Arc::clone(&window);
        both(
            move || theirs.record(Sample::Failure, 10),
            || {
                window.record(Sample::Failure, 10);
                // A straggler of the second that is over.
                window.record(Sample::Success, 0);
            },
        );
        let expected = Counts {
            successes: 0,
            failures: 2,
            slow: 0,
        };
        assert_eq!(window.sum(10), expected);
    });
}

#[test]
fn a_streak_loses_no_failure_and_keeps_its_oldest_request() {
    model(|| {
        let streak = Arc::new(Streak::default());
        let theirs = Arc::clone(&streak);
        both(
            move || theirs.fail(3),
            || {
                let _ = streak.fail(5);
                streak.succeed(2);
            },
        );
        let run = streak.fail(9);
        assert_eq!((run.failures, run.first), (3, 3));
    });
}

#[test]
fn a_newer_success_ends_what_was_there_and_nothing_else() {
    model(|| {
        let streak = Arc::new(Streak::default());
        let _ = streak.fail(1);
        let theirs = Arc::clone(&streak);
        both(move || theirs.succeed(3), || streak.fail(5));
        let run = streak.fail(6);
        // Either the success came between the failures, or it ended both.
        assert!(
            [(2, 5), (1, 6)].contains(&(run.failures, run.first)),
            "{run:?}"
        );
    });
}

#[test]
fn cancelled_requests_are_never_counted_for_another_run() {
    model(|| {
        let streak = Arc::new(Streak::default());
        let _ = streak.fail(10);
        let theirs = Arc::clone(&streak);
        both(
            move || theirs.ignore(12),
            || {
                streak.ignore(11);
                streak.succeed(20);
                let _ = streak.fail(30);
            },
        );
        let run = streak.fail(31);
        assert_eq!(run.first, 30);
        assert_eq!(streak.cohort(run, 39), 10);
    });
}

#[test]
fn requests_get_different_numbers() {
    model(|| {
        let sent = Arc::new(Sent::default());
        let theirs = Arc::clone(&sent);
        let (a, b) = both(move || theirs.next(7), || sent.next(7));
        assert_ne!(a, b);
        assert!((1..=2).contains(&sent.in_window(7)));
    });
}

#[test]
fn one_of_two_requests_trickles() {
    model(|| {
        let trickle = Arc::new(Trickle::default());
        let theirs = Arc::clone(&trickle);
        let (a, b) = both(move || theirs.ask(0, 1000, 20), || trickle.ask(0, 1000, 20));
        assert_ne!(a, b);
        assert!([a, b].contains(&Turn::Mine));
    });
}

/// Two failures in a row open for a second, two results with one failure eject; one probe, no ramp.
fn nervous() -> BreakerConfig {
    let mut config = BreakerConfig::adaptive();
    config.open.jitter_floor = 1.0;
    config.probes.leases = 1;
    config.probes.close_after = 1;
    config.probes.reopen_after = 1;
    if let TripRule::Adaptive(rule) = &mut config.trip {
        // One of one is not enough; two of two or of three are.
        rule.streak_chance = 0.07;
        rule.baseline_floor = 0.1;
        rule.baseline_cap = 0.1;
        rule.failure_samples = 1000;
    }
    config
}

fn fleet(members: usize, config: BreakerConfig, now: Instant) -> Vec<Breaker> {
    let members = (0..members).map(|_| Member::new(Arc::new(Circuit::new(config, now))));
    let latency = Arc::new(LatencyDigest::new(now));
    Fleet::new(members, latency, S(10), now).breakers()
}

fn lone(config: BreakerConfig, now: Instant) -> Breaker {
    fleet(1, config, now).remove(0)
}

fn fail(breaker: &Breaker, now: Instant) -> Option<Change> {
    let ticket = breaker.admit(now, 0.0).ok()?;
    breaker.settle(ticket, Verdict::ERROR, now)
}

fn opened(config: BreakerConfig, now: Instant) -> Breaker {
    let breaker = lone(config, now);
    let _ = fail(&breaker, now);
    assert!(fail(&breaker, now).is_some());
    breaker
}

fn is_probe(admitted: &Result<BreakerTicket, Skip>) -> bool {
    admitted.as_ref().is_ok_and(BreakerTicket::is_probe)
}

#[test]
fn two_failures_at_once_trip_exactly_once() {
    for mut config in [nervous(), BreakerConfig::simple()] {
        if let TripRule::Count { failures, .. } = &mut config.trip {
            *failures = 2;
        }
        let now = Instant::now();
        model(move || {
            let breaker = lone(config, now);
            let tickets = [breaker.admit(now, 0.0), breaker.admit(now, 0.0)].map(Result::unwrap);
            let theirs = breaker.clone();
            let (a, b) = both(
                move || theirs.settle(tickets[0], Verdict::ERROR, now),
                || breaker.settle(tickets[1], Verdict::ERROR, now),
            );
            assert!(a.is_some() != b.is_some(), "{a:?} {b:?}");
            assert_eq!(breaker.state(now), BreakerState::Open);
        });
    }
}

#[test]
fn one_lease_is_given_to_one_request() {
    let now = Instant::now();
    model(move || {
        let breaker = opened(nervous(), now);
        let due = now + S(1);
        let theirs = breaker.clone();
        let (a, b) = both(move || theirs.admit(due, 0.0), || breaker.admit(due, 0.0));
        assert!(is_probe(&a) != is_probe(&b), "{a:?} {b:?}");
        let refused = if is_probe(&a) { b } else { a };
        let reason = refused.unwrap_err().reason;
        assert_eq!(reason, SkipReason::Probing);
    });
}

#[test]
fn a_released_lease_is_given_to_one_of_two_and_never_lost() {
    let now = Instant::now();
    model(move || {
        let breaker = opened(nervous(), now);
        let due = now + S(1);
        let probe = breaker.admit(due, 0.0).unwrap();
        let theirs = breaker.clone();
        let (changed, early) = both(
            move || theirs.settle(probe, Verdict::Ignored, due),
            || breaker.admit(due, 0.0),
        );
        assert!(changed.is_none());
        let late = breaker.admit(due, 0.0);
        assert!(is_probe(&early) != is_probe(&late), "{early:?} {late:?}");
    });
}

#[test]
fn an_expired_lease_and_its_late_result_decide_once() {
    let now = Instant::now();
    model(move || {
        let breaker = opened(nervous(), now);
        let lost = breaker.admit(now + S(1), 0.0).unwrap();
        let over = now + S(60);
        let theirs = breaker.clone();
        let (closed, second) = both(
            move || theirs.settle(lost, Verdict::SUCCESS, over),
            || breaker.admit(over, 0.0),
        );
        assert!(closed.is_some(), "its good news counts");
        let second = second.unwrap();
        assert_eq!(breaker.settle(second, Verdict::ERROR, over), None);
        assert_eq!(breaker.state(over), BreakerState::Closed);
    });
}

#[test]
fn a_ramp_that_is_over_never_undoes_a_trip() {
    let now = Instant::now();
    model(move || {
        let breakers = fleet(2, nervous(), now);
        let breaker = breakers.first().unwrap().clone();
        let _ = fail(&breaker, now);
        let _ = fail(&breaker, now);
        let probe = breaker.admit(now + S(1), 0.0).unwrap();
        assert!(
            breaker
                .settle(probe, Verdict::SUCCESS, now + S(1))
                .is_some()
        );
        let ticket = breaker.admit(now + S(2), 0.0).unwrap();
        assert_eq!(breaker.settle(ticket, Verdict::ERROR, now + S(2)), None);
        let ticket = breaker.admit(now + S(2), 0.0).unwrap();
        let over = now + S(20);
        let theirs = breaker.clone();
        let (opened, _) = both(
            move || theirs.settle(ticket, Verdict::ERROR, over),
            || breaker.admit(over, 0.5),
        );
        assert!(opened.is_some());
        assert_eq!(breaker.state(over), BreakerState::Open);
    });
}

#[test]
fn two_doubtful_trips_at_once_leave_half_of_the_group() {
    let mut config = nervous();
    if let TripRule::Adaptive(rule) = &mut config.trip {
        rule.failure_samples = 1;
    }
    let now = Instant::now();
    model(move || {
        let breakers = fleet(2, config, now);
        let tickets: Vec<_> = breakers
            .iter()
            .map(|b| b.admit(now, 0.0).unwrap())
            .collect();
        let (theirs, their_ticket) = (breakers[1].clone(), tickets[1]);
        let (a, b) = both(
            move || theirs.settle(their_ticket, Verdict::ERROR, now),
            || breakers[0].settle(tickets[0], Verdict::ERROR, now),
        );
        assert!(a.is_some() != b.is_some(), "{a:?} {b:?}");
    });
}

#[test]
fn an_operators_word_is_final() {
    let now = Instant::now();
    model(move || {
        let breaker = lone(nervous(), now);
        let _ = fail(&breaker, now);
        let ticket = breaker.admit(now, 0.0).unwrap();
        let theirs = breaker.clone();
        let (forced, _) = both(
            move || theirs.force(Mode::Closed, now),
            || breaker.settle(ticket, Verdict::ERROR, now),
        );
        assert!(forced.is_some());
        assert_eq!(breaker.state(now), BreakerState::Closed);
        assert!(breaker.admit(now, 0.0).is_ok());
    });
}
