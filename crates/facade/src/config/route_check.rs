//! Makes a route of an entry: strategy, targets, retries, timeouts, breaker.

use std::num::NonZeroU32;

use interline_core::Target;
use interline_resilience::{AttemptPolicy, RetryCounts, SimpleBreakerConfig, Timeouts};
use interline_routing::{Route, Strategy, Strictness, WeightedTarget};

use super::located::Located;
use super::mistakes::Mistakes;
use super::shape::{BreakerEntry, RetryEntry, RouteEntry, TargetEntry, TimeoutsEntry};
use super::terms_entry::{self, ConstraintKeys, TermsKeys};
use super::{balance_check, durations, extra_attempts};
use crate::{Breaker, RouteOptions};

/// Makes the route, or notes what is wrong with it.
pub(super) fn read(
    name: &str,
    entry: &RouteEntry,
    providers: &[&str],
    mistakes: &mut Mistakes<'_>,
) -> Option<(Route, RouteOptions)> {
    let path = format!("routes.{name}");
    let before = mistakes.count();
    if name == "auto" || name.starts_with("auto:") {
        let message = "`auto` is reserved for automatic routing: choose another name";
        mistakes.add(&path, entry.targets.place, message);
    }
    let strategy = strategy(&path, entry.strategy.as_ref(), mistakes);
    let strictness = if entry.strict {
        Strictness::Strict
    } else {
        Strictness::Lenient
    };
    let route = Route::empty(strategy).with_strictness(strictness);
    let (score, affinity) = (entry.score.as_ref(), entry.affinity.as_ref());
    let mut route = balance_check::read(&path, route, score, affinity, mistakes);
    if entry.targets.value.is_empty() {
        let message = "is empty: name at least one `provider/model`";
        mistakes.add(&format!("{path}.targets"), entry.targets.place, message);
    }
    let mut seen = Vec::new();
    for (place, written) in entry.targets.value.iter().enumerate() {
        let path = format!("{path}.targets[{place}]");
        let Some(mut target) = target(&path, written, providers, mistakes) else {
            continue;
        };
        if let TargetEntry::Weighted(entry) = &written.value {
            target = balance_check::target(&path, strategy, target, entry, written.place, mistakes);
        }
        if seen.contains(&target.target) {
            let message = format!("`{}` is in the route twice", target.target);
            mistakes.add(&path, written.place, message);
        }
        seen.push(target.target.clone());
        route = route.with_target(target);
    }
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
    let terms = terms_entry::read(&path, keys, providers, mistakes);
    terms_entry::check_variants(&path, &terms, &seen, entry.targets.place, mistakes);
    let policy = policy(&path, &entry.retry, &entry.timeouts, mistakes)
        .with_hedge(extra_attempts::hedge(&path, entry.hedge.as_ref(), mistakes));
    let retry = format!("{path}.retry");
    let options = RouteOptions::new()
        .with_policy(policy)
        .with_terms(terms)
        .with_retry_budget(extra_attempts::budget(
            &retry,
            entry.retry.budget.as_ref(),
            mistakes,
        ))
        .with_breaker(breaker(&path, &entry.breaker, mistakes));
    (mistakes.count() == before).then_some((route, options))
}

/// How hard calls try, without hedging.
pub(super) fn policy(
    path: &str,
    retry: &RetryEntry,
    times: &TimeoutsEntry,
    mistakes: &mut Mistakes<'_>,
) -> AttemptPolicy {
    let policy = AttemptPolicy::default()
        .with_retries(retry_counts(retry))
        .with_timeouts(timeouts(path, times, mistakes));
    attempts(path, policy, retry, mistakes)
}

fn strategy(path: &str, name: Option<&Located<String>>, mistakes: &mut Mistakes<'_>) -> Strategy {
    let Some(name) = name else {
        return Strategy::default();
    };
    name.value
        .parse()
        .unwrap_or_else(|error: interline_core::Error| {
            mistakes.add(&format!("{path}.strategy"), name.place, error.message());
            Strategy::default()
        })
}

fn target(
    path: &str,
    written: &Located<TargetEntry>,
    providers: &[&str],
    mistakes: &mut Mistakes<'_>,
) -> Option<WeightedTarget> {
    let (text, weight) = match &written.value {
        TargetEntry::Text(text) => (text, 1),
        TargetEntry::Weighted(entry) => (&entry.target, entry.weight.unwrap_or(1)),
    };
    let target: Target = match text.parse() {
        Ok(target) => target,
        Err(error) => {
            let error: interline_core::Error = error;
            mistakes.add(path, written.place, error.message());
            return None;
        }
    };
    if !providers.contains(&target.provider.as_str()) {
        let message = format!(
            "`{target}` names provider `{}`, which is not configured (configured: {})",
            target.provider,
            providers.join(", ")
        );
        mistakes.add(path, written.place, message);
        return None;
    }
    let Some(weight) = NonZeroU32::new(weight) else {
        let message = "weight 0 would never be chosen: leave the target out";
        mistakes.add(path, written.place, message);
        return None;
    };
    Some(WeightedTarget::new(target).with_weight(weight))
}

fn retry_counts(entry: &RetryEntry) -> RetryCounts {
    let mut counts = RetryCounts::default();
    let written = &entry.by_kind;
    counts.rate_limited = written.rate_limited.unwrap_or(counts.rate_limited);
    counts.timeout = written.timeout.unwrap_or(counts.timeout);
    counts.unavailable = written.unavailable.unwrap_or(counts.unavailable);
    counts.overloaded = written.overloaded.unwrap_or(counts.overloaded);
    counts.protocol = written.protocol.unwrap_or(counts.protocol);
    counts
}

fn attempts(
    path: &str,
    mut policy: AttemptPolicy,
    entry: &RetryEntry,
    mistakes: &mut Mistakes<'_>,
) -> AttemptPolicy {
    if let Some(attempts) = &entry.max_attempts {
        if attempts.value == 0 {
            let path = format!("{path}.retry.max_attempts");
            mistakes.add(&path, attempts.place, "must be at least 1");
        }
        policy = policy.with_max_attempts(attempts.value);
    }
    if let Some(retries) = &entry.same_target {
        policy = policy.with_same_target(retries.value);
    }
    policy
}

fn timeouts(path: &str, entry: &TimeoutsEntry, mistakes: &mut Mistakes<'_>) -> Timeouts {
    let mut read = |key: &str, text: &Option<Located<String>>| {
        durations::read(&format!("{path}.timeouts.{key}"), text.as_ref(), mistakes)
    };
    let mut timeouts = Timeouts::default();
    let first_token = read("first_token", &entry.first_token);
    timeouts.first_token = first_token.unwrap_or(timeouts.first_token);
    timeouts.idle = read("idle", &entry.idle).unwrap_or(timeouts.idle);
    timeouts.total = read("total", &entry.total).unwrap_or(timeouts.total);
    timeouts.progress = read("progress", &entry.progress).unwrap_or(timeouts.progress);
    // A whole answer shows nothing before it is complete, so its first content is the answer: who
    // writes how long to wait for the first content means it for whole answers too.
    timeouts.unary = read("unary", &entry.unary).or(first_token);
    timeouts
}

pub(super) fn breaker(path: &str, entry: &BreakerEntry, mistakes: &mut Mistakes<'_>) -> Breaker {
    let path = format!("{path}.breaker");
    let mut config = SimpleBreakerConfig::default();
    if let Some(failures) = &entry.failures {
        if failures.value == 0 {
            let message = "must be at least 1";
            mistakes.add(&format!("{path}.failures"), failures.place, message);
        }
        config.failures = failures.value;
    }
    let mut read = |key: &str, text: &Option<Located<String>>| {
        durations::read(&format!("{path}.{key}"), text.as_ref(), mistakes)
    };
    config.window = read("window", &entry.window).unwrap_or(config.window);
    config.skip_for = read("skip", &entry.skip).unwrap_or(config.skip_for);
    config.credential_quarantine = read("credential_quarantine", &entry.credential_quarantine)
        .unwrap_or(config.credential_quarantine);
    config.max_pause = read("max_pause", &entry.max_pause).unwrap_or(config.max_pause);
    let Some(preset) = &entry.preset else {
        return Breaker::Simple(config);
    };
    let path = format!("{path}.preset");
    match preset.value.as_str() {
        "simple" => Breaker::Simple(config),
        "off" => {
            if config != SimpleBreakerConfig::default() {
                let message = "is `off`, so its numbers would mean nothing: remove them";
                mistakes.add(&path, preset.place, message);
            }
            Breaker::Off
        }
        "adaptive" => {
            if entry.failures.is_some() || entry.window.is_some() || entry.skip.is_some() {
                let message = "is `adaptive`, which knows no failures, window or skip: remove them";
                mistakes.add(&path, preset.place, message);
            }
            Breaker::Adaptive {
                credential_quarantine: config.credential_quarantine,
                max_pause: config.max_pause,
            }
        }
        other => {
            let message = format!("`{other}` is unknown: use `simple`, `adaptive` or `off`");
            mistakes.add(&path, preset.place, message);
            Breaker::Off
        }
    }
}
