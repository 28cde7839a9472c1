//! Which calls find room, and which targets what is left pays for.

use std::time::Duration;

use interline_core::{ErrorKind, Priority, RetryHint, Target, Usage};
use interline_ledger::{BudgetTier, LedgerConfig, Payer, Scope, Share, UnpricedCalls};

use super::support::{daily, ledger, nano, noon, reserve, sums, target, usd, with};

fn scope(word: &str, name: &str) -> Scope {
    Scope::named(word, name).expect("a scope")
}

fn spend(ledger: &interline_ledger::Ledger, amount: i64) {
    let payer = Payer::new().with_priority(Priority::Critical);
    let reservation = reserve(ledger, &payer, amount).expect("room");
    reservation.settle(Usage::default(), Some(nano(amount)));
}

#[test]
fn a_call_takes_from_every_budget_that_counts_it_or_from_none() {
    let ledger = ledger([
        daily(nano(1_000)),
        daily(nano(100)).with_scope(scope("key", "alice")),
        daily(nano(50)).with_scope(scope("tag", "batch")),
        daily(nano(500)).with_scope(scope("provider", "openai")),
        daily(nano(500)).with_scope(scope("model", "openai/gpt-4o")),
        daily(nano(500)).with_scope(scope("model", "gpt-4o")),
        daily(nano(500)).with_scope(scope("provider", "claude")),
    ]);
    let alice = Payer::new().with_key("alice").with_tags(["batch"]);
    let error = reserve(&ledger, &alice, 60).expect_err("the tag has 50");
    assert!(error.to_string().contains("tag=batch"), "{error}");
    assert_eq!(sums(&ledger), [(0, 0); 7]);
    let held = reserve(&ledger, &alice, 40).expect("room");
    let all = [(0, 40), (0, 40), (0, 40), (0, 40), (0, 40), (0, 40), (0, 0)];
    assert_eq!(sums(&ledger), all);
    held.settle(Usage::default(), Some(nano(45)));
    let all = [(45, 0), (45, 0), (45, 0), (45, 0), (45, 0), (45, 0), (0, 0)];
    assert_eq!(sums(&ledger), all);
}

#[test]
fn an_exhausted_budget_says_when_it_starts_anew() {
    let berlin = daily(nano(100)).with_time_zone("Europe/Berlin");
    let ledger = ledger([berlin]);
    spend(&ledger, 95);
    let error = reserve(&ledger, &Payer::new(), 10).expect_err("5 are left");
    assert_eq!(error.kind(), ErrorKind::Budget);
    assert_eq!(error.kind().code(), "budget_exhausted");
    let eleven_hours = Duration::from_secs(11 * 3600);
    assert_eq!(error.retry(), RetryHint::After(eleven_hours));
    let text = error.to_string();
    for part in ["2026-11-22T00:00:00+01:00", "11 h 0 min", "0.000000005 of"] {
        assert!(text.contains(part), "{text}");
    }
    let error = reserve(&ledger, &Payer::new(), 101).expect_err("more than all");
    assert_eq!(error.retry(), RetryHint::Never, "{error}");
}

#[test]
fn of_several_exhausted_budgets_the_one_that_lasts_longest_is_named() {
    let monthly = interline_ledger::Budget::new(nano(10), interline_ledger::Period::Month);
    for budgets in [
        [daily(nano(10)), monthly.clone()],
        [monthly.clone(), daily(nano(10))],
    ] {
        let ledger = ledger(budgets);
        spend(&ledger, 10);
        let error = reserve(&ledger, &Payer::new(), 1).expect_err("nothing is left");
        assert!(error.to_string().contains("2026-12-01"), "{error}");
    }
}

#[test]
fn what_is_left_decides_the_tier_and_low_calls_absorb_the_cuts_first() {
    use BudgetTier::{Balanced, Best, Cheapest, Exhausted};
    let config = LedgerConfig::new([daily(nano(100))])
        .with_reserve(Share::percent(5))
        .with_share_of_left(None);
    let table = [
        (0, [Best, Best, Best]),
        (20, [Best, Best, Best]),
        (21, [Best, Balanced, Cheapest]),
        (79, [Best, Balanced, Cheapest]),
        (80, [Balanced, Cheapest, Exhausted]),
        (94, [Balanced, Cheapest, Exhausted]),
        (95, [Cheapest, Exhausted, Exhausted]),
        (100, [Exhausted, Exhausted, Exhausted]),
    ];
    for (spent, tiers) in table {
        let ledger = with(config.clone());
        spend(&ledger, spent);
        for (priority, tier) in Priority::ALL.into_iter().zip(tiers) {
            let payer = Payer::new().with_priority(priority);
            let room = ledger.room(&payer, None, noon());
            assert_eq!(room.tier, tier, "{spent} spent, {priority}");
            let asked = ledger.afford(&payer, &target(), Some(nano(1)), noon());
            let is_refused = asked.is_err();
            assert_eq!(is_refused, tier == Exhausted, "{spent} spent, {priority}");
        }
    }
}

#[test]
fn a_call_leaves_untouched_what_is_kept_for_more_urgent_ones() {
    let config = LedgerConfig::new([daily(nano(100))])
        .with_reserve(Share::percent(5))
        .with_share_of_left(None);
    let ledger = with(config);
    let most = |priority| {
        let payer = Payer::new().with_priority(priority);
        let fits = |amount: &i64| {
            ledger
                .afford(&payer, &target(), Some(nano(*amount)), noon())
                .is_ok()
        };
        (1..=200).filter(fits).max()
    };
    assert_eq!(most(Priority::Critical), Some(100));
    assert_eq!(most(Priority::Standard), Some(95));
    assert_eq!(most(Priority::Low), Some(80));
    assert_eq!(sums(&ledger), [(0, 0)]);
}

#[test]
fn no_call_takes_more_than_a_share_of_what_is_left() {
    let ledger = with(LedgerConfig::new([daily(nano(1_000))]));
    let error = reserve(&ledger, &Payer::new(), 101).expect_err("more than 10 %");
    assert!(error.to_string().contains("10 %"), "{error}");
    assert_eq!(error.retry(), RetryHint::Never);
    let held: Vec<_> = (0..2)
        .map(|_| reserve(&ledger, &Payer::new(), 90))
        .collect();
    assert!(held.iter().all(Result::is_ok));
    let error = reserve(&ledger, &Payer::new(), 90).expect_err("more than 10 % of 820");
    assert!(matches!(error.retry(), RetryHint::After(_)), "{error}");
}

#[test]
fn a_request_stays_below_its_cap_over_all_its_attempts() {
    let ledger = with(LedgerConfig::default().with_per_request(Some(usd("0.1"))));
    let ask = |spent, estimate| {
        let payer = Payer::new().with_spent(usd(spent));
        ledger.afford(&payer, &target(), Some(usd(estimate)), noon())
    };
    assert!(ask("0", "0.1").is_ok());
    assert!(ask("0.04", "0.06").is_ok());
    let error = ask("0.05", "0.06").expect_err("0.11 in all");
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Budget, RetryHint::Never)
    );
    assert!(
        error.to_string().contains("0.05 USD of earlier attempts"),
        "{error}"
    );
}

#[test]
fn what_nobody_can_price_is_refused_only_where_a_budget_counts_it() {
    let free = ledger([daily(nano(9)).with_scope(scope("provider", "claude"))]);
    assert!(free.reserve(&Payer::new(), &target(), None, noon()).is_ok());
    let claude = Target::new("claude", "next");
    let error = free
        .reserve(&Payer::new(), &claude, None, noon())
        .expect_err("a budget counts it");
    assert_eq!(error.kind(), ErrorKind::Budget);
    assert!(error.to_string().contains("claude/next"), "{error}");

    let config = LedgerConfig::new([daily(nano(9))])
        .with_unpriced(UnpricedCalls::Allow)
        .with_share_of_left(None);
    let open = with(config);
    assert!(open.reserve(&Payer::new(), &claude, None, noon()).is_ok());
    spend(&open, 9);
    let error = open
        .reserve(&Payer::new(), &claude, None, noon())
        .expect_err("nothing is left");
    assert!(error.to_string().contains("an unknown amount"), "{error}");
}

#[test]
fn a_call_that_costs_nothing_needs_no_budget() {
    let ledger = ledger([daily(nano(9))]);
    spend(&ledger, 9);
    assert!(reserve(&ledger, &Payer::new(), 0).is_ok());
    assert!(reserve(&ledger, &Payer::new(), 1).is_err());
}
