//! What budgets cost each attempt: reserving, settling, and asking what is left.

use std::hint::black_box;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use interline_core::{NanoUsd, Target, Usage};
use interline_ledger::{Budget, Ledger, LedgerConfig, Payer, Period, Scope};

use crate::case::{Bench, Case};

/// The bench.
pub(crate) const BENCH: Bench = Bench {
    name: "ledger",
    unit: "call",
    cases,
};

fn cases() -> Result<Vec<Case>, String> {
    Ok(vec![
        reserve_and_settle("no budget", &[])?,
        reserve_and_settle("1 budget counts it", &whole())?,
        reserve_and_settle("2 of 1,001 budgets count it", &many())?,
        refuse()?,
        room()?,
    ])
}

/// An attempt from its reservation to its end.
fn reserve_and_settle(name: &str, budgets: &[Budget]) -> Result<Case, String> {
    let ledger = ledger(budgets)?;
    let (payer, target) = (payer(), target());
    let cost = Some(NanoUsd::new(100));
    let name = format!("reserve and settle, {name}");
    Ok(Case::new(name, move || {
        if let Ok(mut held) = ledger.reserve(&payer, &target, cost, noon()) {
            held.sent();
            held.settle(black_box(Usage::new(900, 120)), cost);
        }
    }))
}

/// An attempt that finds no room, with the error that says so.
fn refuse() -> Result<Case, String> {
    let ledger = ledger(&whole())?;
    let (payer, target) = (payer(), target());
    let too_much = Some(NanoUsd::new(i64::MAX));
    Ok(Case::new("refuse, 1 budget counts it", move || {
        black_box(ledger.reserve(&payer, &target, too_much, noon()).is_err());
    }))
}

/// What a router asks before it chooses.
fn room() -> Result<Case, String> {
    let ledger = ledger(&many())?;
    let payer = payer();
    Ok(Case::new("room, 2 of 1,001 budgets count it", move || {
        black_box(ledger.room(&payer, None, noon()));
    }))
}

fn ledger(budgets: &[Budget]) -> Result<Ledger, String> {
    let config = LedgerConfig::new(budgets.to_vec());
    Ledger::in_memory(config, noon()).map_err(|error| error.to_string())
}

fn whole() -> Vec<Budget> {
    vec![Budget::new(NanoUsd::new(i64::MAX / 2), Period::Day)]
}

fn many() -> Vec<Budget> {
    let each = (0..1_000).map(|key| {
        let scope = Scope::Key(key.to_string());
        Budget::new(NanoUsd::new(i64::MAX / 2), Period::Month).with_scope(scope)
    });
    whole().into_iter().chain(each).collect()
}

fn payer() -> Payer {
    Payer::new().with_key("7")
}

fn target() -> Target {
    Target::new("openai", "gpt-4o")
}

/// 2026-11-21, 12:00 UTC.
fn noon() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_262_400)
}
