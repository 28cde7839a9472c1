//! Makes budgets of a file's `budget`, or notes every mistake in it.

use interline_ledger::{Budget, LedgerConfig, Period, Scope, Share, UnpricedCalls};
use serde_json::Value;

use super::budget_entry::{BudgetOfEntry, ScopeEntry, SpendEntry};
use super::located::{Located, Place};
use super::mistakes::Mistakes;
use super::{money, targets};

/// The names that a budget may count calls of.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownNames<'a> {
    pub(super) providers: &'a [&'a str],
    pub(super) keys: &'a [&'a str],
}

/// Budgets, and the file that keeps what was spent.
#[derive(Debug)]
pub(super) struct Spend {
    pub(super) config: LedgerConfig,
    pub(super) file: Option<String>,
}

/// Reads the entry, or notes what is wrong with it.
pub(super) fn read(
    entry: &Located<SpendEntry>,
    known: KnownNames<'_>,
    mistakes: &mut Mistakes<'_>,
) -> Option<Spend> {
    let before = mistakes.count();
    let spend = &entry.value;
    let mut config = LedgerConfig::default();
    // Where each budget of the list stands in the file.
    let mut places: Vec<(String, Place)> = Vec::new();
    let whole = [
        ("daily_usd", &spend.daily_usd, Period::Day),
        ("weekly_usd", &spend.weekly_usd, Period::Week),
        ("monthly_usd", &spend.monthly_usd, Period::Month),
    ];
    let own_zone = spend.time_zone.as_ref();
    for (key, value, per) in whole {
        let path = format!("budget.{key}");
        if let Some(limit) = money::amount(&path, value.as_ref(), mistakes)
            && let Some(located) = value
        {
            let budget = in_zone(Budget::new(limit, per), own_zone);
            config.budgets.push(budget);
            places.push((path, located.place));
        }
    }
    for (place, one) in spend.budgets.iter().enumerate() {
        let path = format!("budget.budgets[{place}]");
        if let Some(budget) = further(&path, &one.value, own_zone, known, mistakes) {
            config.budgets.push(budget);
            places.push((path, one.place));
        }
    }
    if let Some(zone) = own_zone {
        check_zone("budget.time_zone", zone, mistakes);
    }
    config.per_request = money::amount(
        "budget.per_request_usd",
        spend.per_request_usd.as_ref(),
        mistakes,
    );
    let bounds_nothing = config.budgets.is_empty() && config.per_request.is_none();
    if bounds_nothing && spend.file.is_none() && mistakes.count() == before {
        mistakes.add(
            "budget",
            entry.place,
            "it bounds nothing: give daily_usd, weekly_usd, monthly_usd, per_request_usd or budgets",
        );
    }
    let shares = [
        ("balanced_below", &spend.balanced_below),
        ("downgrade_below", &spend.downgrade_below),
        ("reserve", &spend.reserve),
    ];
    let mut read_share = |key: &str, value: &Option<Located<f64>>, or: Share| {
        let Some(value) = value else { return or };
        share(&format!("budget.{key}"), value.value, value.place, mistakes).unwrap_or(or)
    };
    config.balanced_below = read_share(shares[0].0, shares[0].1, config.balanced_below);
    config.downgrade_below = read_share(shares[1].0, shares[1].1, config.downgrade_below);
    config.reserve = read_share(shares[2].0, shares[2].1, config.reserve);
    if let Some(value) = &spend.share_of_left {
        config.share_of_left = share_of_left(value, mistakes);
    }
    if let Some(word) = &spend.unpriced {
        config.unpriced = match word.value.as_str() {
            "refuse" => UnpricedCalls::Refuse,
            "allow" => UnpricedCalls::Allow,
            other => {
                let message = format!("`{other}` is no rule: write refuse or allow");
                mistakes.add("budget.unpriced", word.place, message);
                UnpricedCalls::Refuse
            }
        };
    }
    let file = spend.file.as_ref();
    if let Some(file) = file {
        check_file(file, mistakes);
    }
    if mistakes.count() > before {
        return None;
    }
    // What is left are settings that do not go together.
    if let Err(error) = config.check() {
        let param = error.param().unwrap_or_default();
        let message = error.message();
        let why = message.strip_prefix(param).unwrap_or(message);
        let why = why.trim_start_matches(": ");
        let found = shares
            .iter()
            .find(|(key, _)| *key == param)
            .and_then(|(key, value)| Some((format!("budget.{key}"), value.as_ref()?.place)));
        let (path, place) = found
            .or_else(|| places.get(index_of(param)?).cloned())
            .unwrap_or_else(|| ("budget".to_owned(), entry.place));
        mistakes.add(&path, place, why);
        return None;
    }
    Some(Spend {
        config,
        file: file.map(|file| file.value.clone()),
    })
}

/// The number in `budgets[3].limit_usd`.
fn index_of(param: &str) -> Option<usize> {
    let rest = param.strip_prefix("budgets[")?;
    rest.split_once(']')?.0.parse().ok()
}

fn in_zone(budget: Budget, zone: Option<&Located<String>>) -> Budget {
    match zone {
        Some(zone) => budget.with_time_zone(&zone.value),
        None => budget,
    }
}

fn further(
    path: &str,
    entry: &BudgetOfEntry,
    own_zone: Option<&Located<String>>,
    known: KnownNames<'_>,
    mistakes: &mut Mistakes<'_>,
) -> Option<Budget> {
    let limit = money::amount(
        &format!("{path}.limit_usd"),
        Some(&entry.limit_usd),
        mistakes,
    );
    let per = match &entry.per {
        None => Some(Period::Day),
        Some(word) => match word.value.parse() {
            Ok(per) => Some(per),
            Err(error) => {
                let error: interline_core::Error = error;
                mistakes.add(&format!("{path}.per"), word.place, error.message());
                None
            }
        },
    };
    let scope = match &entry.scope {
        None => Some(Scope::Whole),
        Some(scope) => read_scope(&format!("{path}.scope"), scope, known, mistakes),
    };
    if let Some(zone) = &entry.time_zone {
        check_zone(&format!("{path}.time_zone"), zone, mistakes);
    }
    let budget = Budget::new(limit?, per?).with_scope(scope?);
    Some(in_zone(budget, entry.time_zone.as_ref().or(own_zone)))
}

fn read_scope(
    path: &str,
    entry: &Located<ScopeEntry>,
    known: KnownNames<'_>,
    mistakes: &mut Mistakes<'_>,
) -> Option<Scope> {
    let scope = &entry.value;
    let words = [
        ("key", &scope.key),
        ("tag", &scope.tag),
        ("provider", &scope.provider),
        ("model", &scope.model),
    ];
    let mut said = words
        .iter()
        .filter_map(|(word, name)| Some((*word, name.as_ref()?)));
    let (Some((word, name)), None) = (said.next(), said.next()) else {
        mistakes.add(
            path,
            entry.place,
            "name exactly one of key, tag, provider and model",
        );
        return None;
    };
    let path = format!("{path}.{word}");
    match word {
        "provider" => targets::check_provider(&path, name, known.providers, mistakes),
        "key" if !known.keys.contains(&name.value.as_str()) => {
            let message = format!(
                "no key is called `{}` (keys: {})",
                name.value,
                match known.keys {
                    [] => "none".to_owned(),
                    keys => keys.join(", "),
                }
            );
            mistakes.add(&path, name.place, message);
        }
        _ => {}
    }
    match Scope::named(word, &name.value) {
        Ok(scope) => Some(scope),
        Err(error) => {
            mistakes.add(&path, name.place, error.message());
            None
        }
    }
}

fn check_zone(path: &str, zone: &Located<String>, mistakes: &mut Mistakes<'_>) {
    // Any budget will do: nothing but the zone can be wrong with it.
    let budget = Budget::new(interline_core::NanoUsd::new(1), Period::Day);
    let in_it = LedgerConfig::new([budget.with_time_zone(&zone.value)]);
    if in_it.check().is_err() {
        let message = format!(
            "`{}` is no known time zone: use an IANA name such as `Europe/Berlin`, or `UTC`",
            zone.value
        );
        mistakes.add(path, zone.place, message);
    }
}

fn share(path: &str, value: f64, place: Place, mistakes: &mut Mistakes<'_>) -> Option<Share> {
    match Share::new(path, value) {
        Ok(share) => Some(share),
        Err(_) => {
            let message = format!("{value} is not a share: give a number from 0 to 1");
            mistakes.add(path, place, message);
            None
        }
    }
}

fn share_of_left(value: &Located<Value>, mistakes: &mut Mistakes<'_>) -> Option<Share> {
    const PATH: &str = "budget.share_of_left";
    match &value.value {
        // Readers of older YAML take `off` for a truth value.
        Value::Bool(false) => None,
        Value::String(word) if word == "off" => None,
        other => match other.as_f64().filter(|share| *share != 0.0) {
            Some(number) => share(PATH, number, value.place, mistakes),
            None => {
                let message = format!("{other} is not a share above 0, up to 1, nor `off`");
                mistakes.add(PATH, value.place, message);
                None
            }
        },
    }
}

fn check_file(file: &Located<String>, mistakes: &mut Mistakes<'_>) {
    const PATH: &str = "budget.file";
    if file.value.trim().is_empty() {
        mistakes.add(
            PATH,
            file.place,
            "it names no file: give a path, or leave it out",
        );
    }
    if cfg!(not(feature = "sqlite")) {
        mistakes.add(
            PATH,
            file.place,
            "this build keeps spend in memory only: build it with the feature `sqlite`",
        );
    }
}
