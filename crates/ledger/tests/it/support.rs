//! Short words for what the tests set up.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use interline_core::{Error, NanoUsd, Target};
use interline_ledger::{Budget, Ledger, LedgerConfig, Payer, Period, Reservation};

/// Saturday, 2026-11-21, 12:00 UTC.
pub(crate) const NOON: u64 = 1_795_262_400;

pub(crate) fn at(second: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(second)
}

pub(crate) fn noon() -> SystemTime {
    at(NOON)
}

pub(crate) fn usd(text: &str) -> NanoUsd {
    NanoUsd::from_usd(text).expect("an amount")
}

pub(crate) fn nano(amount: i64) -> NanoUsd {
    NanoUsd::new(amount)
}

pub(crate) fn target() -> Target {
    Target::new("openai", "gpt-4o")
}

pub(crate) fn daily(limit: NanoUsd) -> Budget {
    Budget::new(limit, Period::Day)
}

/// A ledger with these budgets and no cap on the share of what is left.
pub(crate) fn ledger(budgets: impl IntoIterator<Item = Budget>) -> Ledger {
    with(LedgerConfig::new(budgets).with_share_of_left(None))
}

pub(crate) fn with(config: LedgerConfig) -> Ledger {
    Ledger::in_memory(config, noon()).expect("a good configuration")
}

pub(crate) fn reserve(ledger: &Ledger, payer: &Payer, estimate: i64) -> Result<Reservation, Error> {
    let mut reservation = ledger.reserve(payer, &target(), Some(nano(estimate)), noon())?;
    reservation.sent();
    Ok(reservation)
}

/// What was spent of each budget, and what is held, at noon.
pub(crate) fn sums(ledger: &Ledger) -> Vec<(i64, i64)> {
    let statuses = ledger.budgets(noon());
    statuses
        .iter()
        .map(|status| (status.spent.get(), status.held.get()))
        .collect()
}
