//! Settings that make no sense are refused with their place, before anything is counted.

use interline_core::{ErrorKind, NanoUsd};
use interline_ledger::{Budget, Ledger, LedgerConfig, Period, Scope, Share};

use super::support::{daily, nano, noon};

#[test]
fn a_ledger_refuses_settings_that_make_no_sense() {
    let cases = [
        (daily(nano(0)), "budgets[1].limit_usd"),
        (daily(nano(-1)), "budgets[1].limit_usd"),
        (
            daily(nano(1)).with_time_zone("Mars/Olympus_Mons"),
            "budgets[1].time_zone",
        ),
        (
            daily(nano(1)).with_scope(Scope::Tag(String::new())),
            "budgets[1].scope",
        ),
    ];
    for (budget, place) in cases {
        let good = Budget::new(nano(5), Period::Month);
        let error = Ledger::in_memory(LedgerConfig::new([good, budget]), noon())
            .expect_err("a bad configuration");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.param(), Some(place), "{error}");
    }
}

#[test]
fn shares_that_are_no_numbers_are_refused() {
    assert!(Share::new("budget.downgrade_below", f64::NAN).is_err());
    assert!(Share::new("budget.downgrade_below", 0.2).is_ok());
}

#[test]
fn the_largest_amounts_do_not_wrap() {
    let most = NanoUsd::new(i64::MAX);
    let ledger = Ledger::in_memory(
        LedgerConfig::new([daily(most)]).with_share_of_left(None),
        noon(),
    )
    .expect("a good configuration");
    for _ in 0..3 {
        let payer = interline_ledger::Payer::new();
        let target = super::support::target();
        if let Ok(held) = ledger.reserve(&payer, &target, Some(most), noon()) {
            held.settle(interline_core::Usage::default(), Some(most));
        }
    }
    assert_eq!(ledger.budgets(noon())[0].spent, most);
}
