//! The limiter's lock-free cells under every interleaving of two threads that loom finds.
//!
//! Compiles the cells' own files once more with loom's atomics, as `tests/loom.rs` does for the breaker.

#![allow(
    dead_code,
    reason = "the cells' files are compiled without the callers of some parts"
)]
#![allow(
    unreachable_pub,
    reason = "what is public in the crate is not in this test"
)]

mod sync {
    //! Loom's types under the names that the cells' files use.

    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};
}

#[path = "../src/limits/day_window.rs"]
mod day_window;
#[path = "../src/limits/rate.rs"]
mod rate;
#[path = "../src/limits/slots.rs"]
mod slots;

use std::sync::Arc;

use day_window::{DAY, DayWindow};
use rate::{Pace, Rate};
use slots::Slots;

/// Checks a model under all interleavings with at most two preemptions.
fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(check);
}

/// Runs two things at once and gives what they gave.
fn both<A: Send + 'static, B>(
    one: impl FnOnce() -> A + Send + 'static,
    other: impl FnOnce() -> B,
) -> (A, B) {
    let thread = loom::thread::spawn(one);
    let other = other();
    (thread.join().expect("the other thread ends"), other)
}

/// A bucket that holds ten units.
fn ten() -> Rate {
    Rate::new(Some(Pace::strict(200, 0.05)))
}

#[test]
fn the_last_unit_is_given_once() {
    model(|| {
        let rate = Arc::new(ten());
        rate.take(9, 1.0, 0).expect("it is full");
        let other = Arc::clone(&rate);
        let taken = both(move || other.take(1, 1.0, 0), || rate.take(1, 1.0, 0));
        assert!(taken.0.is_ok() != taken.1.is_ok(), "{taken:?}");
    });
}

#[test]
fn what_is_given_back_while_others_take_is_neither_lost_nor_doubled() {
    model(|| {
        let rate = Arc::new(ten());
        rate.take(6, 1.0, 0).expect("it is full");
        let other = Arc::clone(&rate);
        let ((), taken) = both(move || other.refund(6, 0), || rate.take(3, 1.0, 0));
        taken.expect("there is room in any order");
        assert!(rate.take(7, 1.0, 0).is_ok(), "seven are left");
        assert!(rate.take(1, 1.0, 0).is_err(), "and not one more");
    });
}

#[test]
fn charges_at_once_add_up() {
    model(|| {
        let rate = Arc::new(ten());
        let other = Arc::clone(&rate);
        both(move || other.charge(4, 0), || rate.charge(5, 0));
        assert!(rate.take(1, 1.0, 0).is_ok());
        assert!(rate.take(1, 1.0, 0).is_err());
    });
}

#[test]
fn a_new_day_begins_once_for_all() {
    model(|| {
        let day = Arc::new(DayWindow::new(Some(3)));
        day.take(3, 1.0, 0).expect("three a day");
        let other = Arc::clone(&day);
        let taken = both(move || other.take(2, 1.0, DAY), || day.take(2, 1.0, DAY));
        assert!(taken.0.is_ok() != taken.1.is_ok(), "{taken:?}");
    });
}

#[test]
fn the_last_slot_is_given_once_and_comes_back() {
    model(|| {
        let slots = Arc::new(Slots::new(Some(1)));
        let other = Arc::clone(&slots);
        let taken = both(move || other.take(1.0), || slots.take(1.0));
        assert!(taken.0.is_ok() != taken.1.is_ok(), "{taken:?}");
        slots.give_back(5);
        assert_eq!(slots.in_use(), 0);
        assert!(slots.take(1.0).is_ok());
    });
}
