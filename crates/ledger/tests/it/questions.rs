//! Spend by provider, model, key, tag and hour.

use interline_core::{ErrorKind, SpendOwner, Target, Usage};
use interline_ledger::{Dimension, Ledger, LedgerConfig, Payer, Scope, SpendQuery};

use super::support::{NOON, at, daily, ledger, nano, noon, sums};

fn call(ledger: &Ledger, payer: &Payer, target: &str, second: u64, cost: i64) {
    let target: Target = target.parse().expect("a target");
    let held = ledger.reserve(payer, &target, Some(nano(cost)), at(second));
    let usage = Usage::new(100, 10);
    held.expect("room").settle(usage, Some(nano(cost)));
}

fn some_calls() -> Ledger {
    let ledger = ledger([]);
    let alice = Payer::new().with_key("alice").with_tags(["web", "eu"]);
    let nobody = Payer::new().with_tags(["web"]);
    call(&ledger, &alice, "openai/gpt-4o", NOON, 1);
    call(&ledger, &alice, "claude/sonnet", NOON + 3_599, 10);
    call(&ledger, &nobody, "openai/gpt-4o", NOON + 3_600, 100);
    ledger
}

#[track_caller]
fn check(query: &SpendQuery, expected: &[(u64, i64)]) {
    let rows = some_calls().spend(query).expect("rows");
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row.tally.calls, row.tally.cost.get()))
        .collect();
    assert_eq!(rows, expected, "{query:?}");
}

#[test]
fn calls_are_told_apart_and_counted_once() {
    use Dimension::{Hour, Key, Model, Provider, Tag};
    check(&SpendQuery::default(), &[(3, 111)]);
    check(&SpendQuery::by([Provider]), &[(1, 10), (2, 101)]);
    check(&SpendQuery::by([Hour]), &[(2, 11), (1, 100)]);
    check(&SpendQuery::by([Key]), &[(1, 100), (2, 11)]);
    check(&SpendQuery::by([Tag]), &[(2, 11), (3, 111)]);
    check(&SpendQuery::by([Hour, Model]), &[(1, 1), (1, 10), (1, 100)]);
    check(&SpendQuery::default().of_tag("eu"), &[(2, 11)]);
    check(
        &SpendQuery::default().of_key("alice").of_model("gpt-4o"),
        &[(1, 1)],
    );
    check(&SpendQuery::default().of_provider("nobody"), &[]);
    let first_hour = SpendQuery::default().between(noon(), at(NOON + 3_600));
    check(&first_hour, &[(2, 11)]);
}

#[test]
fn rows_say_whose_they_are() {
    let rows = some_calls()
        .spend(&SpendQuery::by([Dimension::Key, Dimension::Hour]))
        .expect("rows");
    let owners: Vec<_> = rows
        .iter()
        .map(|row| (row.hour, row.owner.clone()))
        .collect();
    let expected = [
        (Some(noon()), Some(SpendOwner::Key("alice".into()))),
        (Some(at(NOON + 3_600)), Some(SpendOwner::Nobody)),
    ];
    assert_eq!(owners, expected);
}

#[test]
fn keys_and_tags_are_not_joined() {
    let query = SpendQuery::by([Dimension::Key]).of_tag("web");
    let error = some_calls().spend(&query).expect_err("not kept together");
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

#[test]
fn a_budget_that_comes_later_counts_what_its_window_already_holds() {
    let ledger = some_calls();
    let scoped = |word, name| {
        let scope = Scope::named(word, name).expect("a scope");
        daily(nano(1_000)).with_scope(scope)
    };
    let config = LedgerConfig::new([
        daily(nano(1_000)),
        scoped("key", "alice"),
        scoped("tag", "web"),
        scoped("provider", "openai"),
        scoped("model", "claude/sonnet"),
        daily(nano(1_000)).with_time_zone("Asia/Tokyo"),
    ]);
    ledger
        .reconfigure(config, at(NOON + 7_200))
        .expect("a good configuration");
    // Tokyo's day of noon UTC ended at 15:00 UTC, and began at 15:00 UTC the day before.
    let spent = [(111, 0), (11, 0), (111, 0), (101, 0), (10, 0), (111, 0)];
    assert_eq!(sums(&ledger), spent);
}

#[test]
fn a_budget_whose_limit_changes_goes_on_and_bad_settings_change_nothing() {
    let ledger = ledger([daily(nano(100))]);
    let payer = Payer::new();
    call(&ledger, &payer, "openai/gpt-4o", NOON, 60);
    let target = Target::new("openai", "gpt-4o");
    let under_way = ledger.reserve(&payer, &target, Some(nano(30)), noon());
    let twice = LedgerConfig::new([daily(nano(200))]);
    ledger
        .reconfigure(twice, noon())
        .expect("a good configuration");
    assert_eq!(ledger.budgets(noon())[0].left, nano(110));
    let bad = LedgerConfig::new([daily(nano(0))]);
    assert!(ledger.reconfigure(bad, noon()).is_err());
    under_way
        .expect("room")
        .settle(Usage::default(), Some(nano(40)));
    assert_eq!(sums(&ledger), [(100, 0)]);
}
