//! Clocks that change, jump ahead and are set back.

use interline_core::Usage;
use interline_ledger::{Ledger, Payer};

use super::support::{NOON, at, daily, ledger, nano, target};

const DAY: u64 = 86_400;

fn spend(ledger: &Ledger, second: u64, amount: i64) -> bool {
    let held = ledger.reserve(&Payer::new(), &target(), Some(nano(amount)), at(second));
    held.map(|held| held.settle(Usage::default(), Some(nano(amount))))
        .is_ok()
}

fn left(ledger: &Ledger, second: u64) -> i64 {
    ledger.budgets(at(second))[0].left.get()
}

#[test]
fn a_new_window_begins_with_the_whole_limit() {
    let ledger = ledger([daily(nano(100))]);
    assert!(spend(&ledger, NOON, 100));
    assert!(!spend(&ledger, NOON + DAY / 2 - 1, 1));
    assert!(spend(&ledger, NOON + DAY / 2, 100));
}

#[test]
fn a_clock_that_is_set_back_gives_nothing_twice() {
    let ledger = ledger([daily(nano(100))]);
    assert!(spend(&ledger, NOON, 60));
    assert!(spend(&ledger, NOON + DAY, 70));
    assert_eq!(left(&ledger, NOON), 40);
    assert!(!spend(&ledger, NOON, 41));
    assert_eq!(left(&ledger, NOON + DAY), 30);
}

#[test]
fn a_clock_that_jumps_far_ahead_and_back_finds_the_window_it_left() {
    let ledger = ledger([daily(nano(100))]);
    assert!(spend(&ledger, NOON, 60));
    for years in 1..50 {
        assert!(spend(&ledger, NOON + years * 365 * DAY, 100));
        assert_eq!(left(&ledger, NOON), 40, "after {years} years");
    }
}

#[test]
fn clocks_at_the_ends_of_time_do_no_harm() {
    use std::time::{Duration, SystemTime};
    let ledger = ledger([daily(nano(100)).with_time_zone("Asia/Tokyo")]);
    let most = Duration::from_secs(i64::MAX.unsigned_abs());
    let ends = [
        SystemTime::UNIX_EPOCH.checked_add(most),
        SystemTime::UNIX_EPOCH.checked_sub(most),
    ];
    for end in ends.into_iter().flatten() {
        let held = ledger.reserve(&Payer::new(), &target(), Some(nano(9)), end);
        held.expect("room").settle(Usage::default(), Some(nano(9)));
        assert_eq!(ledger.budgets(end)[0].spent, nano(9));
    }
}

#[test]
fn a_call_is_charged_where_it_was_reserved() {
    let ledger = ledger([daily(nano(100))]);
    let late = ledger
        .reserve(&Payer::new(), &target(), Some(nano(80)), at(NOON))
        .expect("room");
    assert_eq!(left(&ledger, NOON + DAY), 100);
    late.settle(Usage::default(), Some(nano(90)));
    assert_eq!((left(&ledger, NOON), left(&ledger, NOON + DAY)), (10, 100));
}
