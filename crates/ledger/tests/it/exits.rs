//! Every way out of a reservation charges what the table in its documentation says.

use std::panic::{AssertUnwindSafe, catch_unwind};

use interline_core::Usage;
use interline_ledger::{Dimension, Ledger, Payer, Reservation, SpendQuery};

use super::support::{daily, ledger, nano, noon, sums, target};

/// Reserves 100, ends by `way`, and tells spent, calls, and calls of unknown cost.
#[track_caller]
fn check(way: impl FnOnce(Reservation), charged: i64, calls: u64, unknown: u64) {
    let ledger = ledger([daily(nano(1_000))]);
    let estimate = Some(nano(100));
    way(ledger
        .reserve(&Payer::new(), &target(), estimate, noon())
        .expect("room"));
    assert_eq!(sums(&ledger), [(charged, 0)]);
    let rows = ledger.spend(&SpendQuery::default()).expect("rows");
    let tally = rows.first().map(|row| row.tally).unwrap_or_default();
    let counted = (tally.calls, tally.unknown_cost_calls, tally.cost.get());
    assert_eq!(counted, (calls, unknown, charged));
}

fn used() -> Usage {
    Usage::new(10, 5)
}

#[test]
fn each_exit_charges_by_the_rule() {
    check(|held| held.settle(used(), Some(nano(70))), 70, 1, 0);
    check(|held| held.settle(used(), Some(nano(130))), 130, 1, 0);
    check(|held| held.settle(used(), None), 100, 1, 1);
    check(
        |mut held| {
            held.note(used(), Some(nano(40)));
            held.settle(used(), None);
        },
        40,
        1,
        1,
    );
    check(Reservation::release, 0, 0, 0);
    check(
        |mut held| {
            held.sent();
            held.release();
        },
        0,
        1,
        0,
    );
    check(drop, 0, 0, 0);
    check(
        |mut held| {
            held.sent();
            drop(held);
        },
        100,
        1,
        1,
    );
    check(
        |mut held| {
            held.note(used(), Some(nano(10)));
            held.note(used(), Some(nano(30)));
            held.note(used(), None);
            drop(held);
        },
        30,
        1,
        1,
    );
    check(|held| held.settle(used(), Some(nano(-5))), 0, 1, 0);
}

#[test]
fn a_panic_charges_like_a_cancel() {
    let ledger = ledger([daily(nano(1_000))]);
    let caught = catch_unwind(AssertUnwindSafe(|| {
        let mut held = ledger
            .reserve(&Payer::new(), &target(), Some(nano(100)), noon())
            .expect("room");
        held.note(used(), Some(nano(25)));
        panic!("on purpose");
    }));
    assert!(caught.is_err());
    assert_eq!(sums(&ledger), [(25, 0)]);
}

#[tokio::test]
async fn a_stream_that_is_cut_and_a_caller_that_goes_away_leave_nothing_held() {
    async fn stream(ledger: Ledger) {
        let mut held = ledger
            .reserve(&Payer::new(), &target(), Some(nano(100)), noon())
            .expect("room");
        held.sent();
        held.note(used(), Some(nano(15)));
        std::future::pending::<()>().await;
        held.settle(used(), Some(nano(100)));
    }
    let ledger = ledger([daily(nano(1_000))]);
    let task = tokio::spawn(stream(ledger.clone()));
    while sums(&ledger) == [(0, 0)] {
        tokio::task::yield_now().await;
    }
    task.abort();
    assert!(task.await.expect_err("aborted").is_cancelled());
    assert_eq!(sums(&ledger), [(15, 0)]);
}

#[test]
fn estimates_are_compared_with_what_calls_cost() {
    let ledger = ledger([]);
    for (estimate, cost) in [(100, Some(150)), (100, Some(100)), (900, None)] {
        let mut held = ledger
            .reserve(&Payer::new(), &target(), Some(nano(estimate)), noon())
            .expect("room");
        held.sent();
        held.settle(used(), cost.map(nano));
    }
    let query = SpendQuery::by([Dimension::Provider, Dimension::Model]);
    let rows = ledger.spend(&query).expect("rows");
    let [row] = rows.as_slice() else {
        panic!("one target, and {rows:?}");
    };
    assert_eq!(row.tally.estimate_ratio(), Some(1.25));
    assert_eq!(row.tally.cost, nano(1_150));
    assert_eq!(row.tally.unknown_cost_calls, 1);
    assert_eq!(row.tally.input_tokens, 30);
}
