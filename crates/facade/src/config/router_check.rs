//! Makes automatic routing of the entry `router`, or notes what is wrong with it.

use std::collections::BTreeMap;

use interline_catalog::Tier;
use interline_core::{Error, Target};
use interline_routing::classifier::Task;
use interline_routing::{
    ComplexityTiers, OptimizeFor, Preferences, PriceCap, Ranking, Router, Rule, TagCondition,
    TaskRegistry,
};

use super::located::{Located, Place};
use super::mistakes::Mistakes;
use super::router_entry::{
    ComplexityEntry, PreferEntry, RankingEntry, RouterEntry, RuleEntry, WhenEntry,
};
use super::switch::Switch;
use super::terms_entry::{self, ConstraintKeys, TermsKeys, constraints, tier};
use super::{classifier_check, durations, extra_attempts, route_check, targets};
use crate::{AutoRouting, RouteOptions};

/// The name of the ranking for the unknown.
const DEFAULT: &str = "default";

/// Makes automatic routing, or notes what is wrong with it.
pub(super) fn read(
    entry: &Located<RouterEntry>,
    providers: &[&str],
    mistakes: &mut Mistakes<'_>,
) -> Option<AutoRouting> {
    let before = mistakes.count();
    let place = entry.place;
    let entry = &entry.value;
    let registry = registry(&entry.tasks, providers, mistakes);
    let objective = objective("router", entry.optimize_for.as_ref(), mistakes);
    let tiers = tiers(&entry.tiers, providers, mistakes);
    let complexity = complexity(entry.complexity.as_ref(), mistakes);
    let rules: Vec<_> = entry
        .rules
        .iter()
        .enumerate()
        .map(|(number, rule)| {
            self::rule(
                &format!("router.rules[{number}]"),
                rule,
                providers,
                mistakes,
            )
        })
        .collect();
    let preferences = preferences("router.prefer", &entry.prefer, providers, mistakes);
    let classifier = classifier_check::read(entry, mistakes);
    let keys = TermsKeys {
        constraints: ConstraintKeys {
            providers: entry.providers.as_ref(),
            regions: entry.regions.as_ref(),
            max_price: entry.max_price.as_ref(),
            max_cost: entry.max_cost.as_ref(),
        },
        variants: &entry.variants,
        quality: entry.quality.as_ref(),
    };
    let terms = terms_entry::read("router", keys, providers, mistakes);
    let path = "router";
    let policy = route_check::policy(path, &entry.retry, &entry.timeouts, mistakes);
    let options = RouteOptions::new()
        .with_policy(policy)
        .with_retry_budget(extra_attempts::budget(
            "router.retry",
            entry.retry_budget(),
            mistakes,
        ))
        .with_breaker(route_check::breaker(path, &entry.breaker, mistakes))
        .with_terms(terms);
    let registry = registry?;
    let known = registry.targets();
    terms_entry::check_variants(path, &options.terms, &known, place, mistakes);
    let mut router = Router::new(registry)
        .with_optimize_for(objective.unwrap_or_default())
        .with_tiers(complexity)
        .with_preferences(preferences);
    for rule in rules {
        router = router.with_rule(rule);
    }
    let mut routing = AutoRouting::new(router).with_options(options);
    if let Some(classifier) = classifier {
        routing = routing.with_classifier(classifier);
    }
    for (target, tier) in tiers {
        routing = routing.with_tier(target, tier);
    }
    (mistakes.count() == before).then_some(routing)
}

fn registry(
    tasks: &Located<BTreeMap<String, Located<RankingEntry>>>,
    providers: &[&str],
    mistakes: &mut Mistakes<'_>,
) -> Option<TaskRegistry> {
    let mut rankings = Vec::new();
    let mut default = None;
    for (name, entry) in &tasks.value {
        let path = format!("router.tasks.{name}");
        let ranking = ranking(&path, entry, providers, mistakes);
        if name == DEFAULT {
            default = ranking;
            continue;
        }
        match name.parse::<Task>() {
            Ok(task) => rankings.extend(ranking.map(|ranking| (task, ranking))),
            Err(error) => {
                let message = format!("{}, {DEFAULT}", error.message());
                mistakes.add(&path, entry.place, message);
            }
        }
    }
    if !tasks.value.contains_key(DEFAULT) {
        let message = "has no `default`: say where unknown tasks go";
        mistakes.add("router.tasks", tasks.place, message);
    }
    let registry = TaskRegistry::new(default?);
    Some(
        rankings
            .into_iter()
            .fold(registry, |registry, (task, ranking)| {
                registry.with_task(task, ranking)
            }),
    )
}

fn ranking(
    path: &str,
    entry: &Located<RankingEntry>,
    providers: &[&str],
    mistakes: &mut Mistakes<'_>,
) -> Option<Ranking> {
    let mut list = |path: &str, texts: &[Located<String>]| -> Vec<Target> {
        let read = |(number, text): (usize, &Located<String>)| {
            let path = format!("{path}[{number}]");
            targets::read(&path, &text.value, text.place, providers, mistakes)
        };
        texts.iter().enumerate().filter_map(read).collect()
    };
    let lists = match &entry.value {
        RankingEntry::List(texts) => {
            let found = list(path, texts);
            // What is wrong with a target is told once.
            return (found.len() == texts.len())
                .then(|| noted(path, entry.place, Ranking::new(found), mistakes))?;
        }
        RankingEntry::Lists(lists) => lists,
    };
    let quality_path = format!("{path}.quality");
    let quality = list(&quality_path, &lists.quality.value);
    let mut others = Vec::new();
    for (objective, written) in [
        (OptimizeFor::Cost, &lists.cost),
        (OptimizeFor::Speed, &lists.speed),
    ] {
        if let Some(written) = written {
            let path = format!("{path}.{objective}");
            let found = list(&path, &written.value);
            if found.len() == written.value.len() {
                others.push((objective, path, written.place, found));
            }
        }
    }
    if quality.len() != lists.quality.value.len() {
        return None;
    }
    let place = lists.quality.place;
    let mut ranking = noted(&quality_path, place, Ranking::new(quality), mistakes)?;
    for (objective, path, place, found) in others {
        let changed = ranking.clone().with_list(objective, found);
        ranking = noted(&path, place, changed, mistakes).unwrap_or(ranking);
    }
    Some(ranking)
}

/// The value, or a note of what is wrong with it.
fn noted<T>(
    path: &str,
    place: Place,
    result: Result<T, Error>,
    mistakes: &mut Mistakes<'_>,
) -> Option<T> {
    result
        .map_err(|error| mistakes.add(path, place, error.message()))
        .ok()
}

fn objective(
    path: &str,
    word: Option<&Located<String>>,
    mistakes: &mut Mistakes<'_>,
) -> Option<OptimizeFor> {
    let word = word?;
    let path = format!("{path}.optimize_for");
    noted(&path, word.place, word.value.parse(), mistakes)
}

fn tiers(
    entry: &BTreeMap<String, Vec<Located<String>>>,
    providers: &[&str],
    mistakes: &mut Mistakes<'_>,
) -> Vec<(Target, Tier)> {
    let mut found = Vec::new();
    for (name, texts) in entry {
        let path = format!("router.tiers.{name}");
        let place = texts.first().map(|text| text.place).unwrap_or_default();
        let tier = tier(&path, name, place, mistakes);
        for (number, text) in texts.iter().enumerate() {
            let path = format!("{path}[{number}]");
            let target = targets::read(&path, &text.value, text.place, providers, mistakes);
            found.extend(target.zip(tier));
        }
    }
    found
}

fn complexity(
    entry: Option<&Switch<ComplexityEntry>>,
    mistakes: &mut Mistakes<'_>,
) -> ComplexityTiers {
    let entry = match entry {
        None | Some(Switch::On) => return ComplexityTiers::default(),
        Some(Switch::Off) => return ComplexityTiers::off(),
        Some(Switch::Set(entry)) => entry,
    };
    let mut read = |key: &str, word: Option<&Located<String>>| {
        let word = word?;
        tier(
            &format!("router.complexity.{key}"),
            &word.value,
            word.place,
            mistakes,
        )
    };
    let mut tiers = ComplexityTiers::off();
    tiers.simple = read("simple", entry.simple.as_ref());
    tiers.medium = read("medium", entry.medium.as_ref());
    tiers.complex = read("complex", entry.complex.as_ref());
    tiers
}

fn rule(path: &str, entry: &RuleEntry, providers: &[&str], mistakes: &mut Mistakes<'_>) -> Rule {
    let keys = ConstraintKeys {
        providers: entry.providers.as_ref(),
        regions: entry.regions.as_ref(),
        max_price: entry.max_price.as_ref(),
        max_cost: entry.max_cost.as_ref(),
    };
    let constraints = constraints(path, keys, providers, mistakes);
    Rule::new(conditions(path, &entry.when, mistakes))
        .with_optimize_for(objective(path, entry.optimize_for.as_ref(), mistakes))
        .with_constraints(constraints)
        .with_preferences(preferences(
            &format!("{path}.prefer"),
            &entry.prefer,
            providers,
            mistakes,
        ))
}

fn conditions(path: &str, entry: &WhenEntry, mistakes: &mut Mistakes<'_>) -> Vec<TagCondition> {
    let one = entry.tag.iter().map(|tag| ("tag", tag));
    let several = entry.tags.iter().map(|tag| ("tags", tag));
    one.chain(several)
        .filter_map(|(key, text)| {
            let path = format!("{path}.when.{key}");
            noted(&path, text.place, text.value.parse(), mistakes)
        })
        .collect()
}

fn preferences(
    path: &str,
    entry: &PreferEntry,
    providers: &[&str],
    mistakes: &mut Mistakes<'_>,
) -> Preferences {
    for name in &entry.providers {
        targets::check_provider(&format!("{path}.providers"), name, providers, mistakes);
    }
    let within = durations::read(
        &format!("{path}.first_token_within"),
        entry.first_token_within.as_ref(),
        mistakes,
    );
    let cap = entry
        .max_price
        .as_ref()
        .map_or_else(PriceCap::default, |cap| {
            cap.read(&format!("{path}.max_price"), mistakes)
        });
    Preferences::new()
        .with_providers(entry.providers.iter().map(|name| name.value.as_str()))
        .with_first_token_within(within)
        .with_max_price(cap)
}
