//! `/admin/stats`: how targets, routes, tasks and budgets fare, and what calls cost.

use std::time::{SystemTime, UNIX_EPOCH};

use interline::ledger::{BudgetStatus, Dimension, SpendRow};
use interline::{Percentiles, RouteStatistics, TargetStatistics};
use interline_core::{ModelId, ProviderId, SpendOwner, Tally};
use serde_json::{Value, json};

use super::spend_question::{Question, word};
use crate::app::App;
use crate::failure::{Failure, millis};

/// The whole report.
pub(super) fn report(app: &App, question: &Question) -> Result<Value, Failure> {
    let client = app.client();
    let statistics = client.statistics().unwrap_or_default();
    let ledger = client.ledger();
    let rows = ledger
        .spend(&question.query)
        .map_err(|error| Failure::from(&error))?;
    let budgets = ledger.budgets(SystemTime::now());
    let by: Vec<_> = question.by.iter().map(|one| word(*one)).collect();
    Ok(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_s": app.started.elapsed().as_secs(),
        "targets": statistics.targets.iter().map(target).collect::<Value>(),
        "routes": statistics.routes.iter().map(route).collect::<Value>(),
        "decisions": statistics.decisions.iter().map(|one| json!({
            "task": one.task,
            "tier": one.tier,
            "calls": one.calls,
        })).collect::<Value>(),
        "budgets": budgets.iter().map(budget).collect::<Value>(),
        "spend": {
            "by": by,
            "hours": question.hours,
            "rows": rows.iter().map(|row| spend(row, &question.by)).collect::<Value>(),
        },
        "spend_store": ledger.trouble().map_or_else(
            || json!({"well": true}),
            |error| json!({"well": false, "trouble": error.message()}),
        ),
    }))
}

fn target(one: &TargetStatistics) -> Value {
    json!({
        "provider": one.provider,
        "model": one.model,
        "attempts": one.attempts,
        "success_rate": rounded(one.success_rate()),
        "failures": one.failures,
        "answers": one.answers,
        "fallback_share": rounded(one.fallback_share()),
        "duration_ms": percentiles(&one.duration),
        "first_token_ms": percentiles(&one.first_token),
        "input_tokens": one.input_tokens,
        "output_tokens": one.output_tokens,
        "cost_usd": one.cost.to_string(),
    })
}

fn percentiles(one: &Percentiles) -> Value {
    json!({"p50": millis(one.p50), "p95": millis(one.p95), "p99": millis(one.p99)})
}

fn route(one: &RouteStatistics) -> Value {
    json!({
        "name": one.name,
        "answers": one.answers,
        "primary_hit_rate": rounded(one.primary_hit_rate()),
        "alarming": one.is_alarming(),
    })
}

fn budget(one: &BudgetStatus) -> Value {
    json!({
        "scope": one.budget.scope.to_string(),
        "per": one.budget.per.name(),
        "time_zone": one.budget.time_zone,
        "limit_usd": one.budget.limit.to_string(),
        "spent_usd": one.spent.to_string(),
        "held_usd": one.held.to_string(),
        "left_usd": one.left.to_string(),
        "level": one.tier.name(),
        "reserve_only": one.is_reserve_only,
        "resets_at": one.resets_at_text,
    })
}

/// What a row is told apart by, and its figures.
fn spend(row: &SpendRow, by: &[Dimension]) -> Value {
    let mut told = figures(&row.tally);
    for dimension in by {
        told[word(*dimension)] = match dimension {
            Dimension::Hour => json!(row.hour.and_then(unix_seconds)),
            Dimension::Provider => json!(row.provider.as_ref().map(ProviderId::as_str)),
            Dimension::Model => json!(row.model.as_ref().map(ModelId::as_str)),
            Dimension::Key | Dimension::Tag => json!(row.owner.as_ref().and_then(owner)),
            _ => Value::Null,
        };
    }
    told
}

fn figures(tally: &Tally) -> Value {
    json!({
        "calls": tally.calls,
        "unknown_cost_calls": tally.unknown_cost_calls,
        "input_tokens": tally.input_tokens,
        "cached_input_tokens": tally.cached_input_tokens,
        "output_tokens": tally.output_tokens,
        "cost_usd": tally.cost.to_string(),
        "actual_per_estimated": rounded(tally.estimate_ratio()),
    })
}

/// The name of a key or tag; nothing for calls without a key.
fn owner(owner: &SpendOwner) -> Option<&str> {
    match owner {
        SpendOwner::Key(name) | SpendOwner::Tag(name) => Some(name),
        _ => None,
    }
}

fn unix_seconds(time: SystemTime) -> Option<u64> {
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

/// Four digits: what is behind them nobody measured.
fn rounded(share: Option<f64>) -> Option<f64> {
    share.map(|share| (share * 10_000.0).round() / 10_000.0)
}
