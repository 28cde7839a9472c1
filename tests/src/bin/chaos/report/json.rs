//! The report as JSON: the contract's fields, and beside them what pictures are drawn from.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::row::{Beside, Report, Row};
use crate::campaign::Contender;
use crate::invariants::{Bound, ELSEWHERE as UNCHECKED, Finding};
use crate::mechanism::Mechanism;
use crate::outcome::Outcome;
use crate::scenarios::ELSEWHERE;
use crate::series::Series;

/// The report of the sim tier; the other tiers add their scenarios to it.
pub(crate) fn value(report: &Report) -> Value {
    let controls: Vec<Value> = report
        .controls
        .iter()
        .map(|control| {
            json!({
                "mechanism": control.mechanism.name(),
                "scenario": control.scenario,
                "verdict": if control.failed.is_empty() { "fail" } else { "pass" },
                "broken": control.failed,
            })
        })
        .collect();
    let guards: Map<String, Value> = Mechanism::ALL
        .iter()
        .map(|mechanism| {
            let value = json!({ "guards": mechanism.guards() });
            (mechanism.name().to_owned(), value)
        })
        .collect();
    let elsewhere: Vec<Value> = ELSEWHERE
        .iter()
        .map(|(number, name, tier, why)| {
            json!({ "number": number, "name": name, "tier": tier, "reason": why })
        })
        .collect();
    let unchecked: Vec<Value> = UNCHECKED
        .iter()
        .map(|(id, why)| json!({ "id": id, "reason": why }))
        .collect();
    json!({
        "seed": report.seed,
        "commit": report.commit,
        "verdict": if report.is_green() { "pass" } else { "fail" },
        "breaker": format!("{:?}", report.breaker).to_lowercase(),
        "without": report.without.map(Mechanism::name),
        "summary": report.rows().iter().map(row).collect::<Vec<_>>(),
        "scenarios": report.outcomes.iter().map(scenario).collect::<Vec<_>>(),
        "controls": controls,
        "mechanisms": guards,
        "side_by_side": report.beside.iter().map(beside).collect::<Vec<_>>(),
        "faults_fired": report.fired(),
        "not_in_this_tier": elsewhere,
        "invariants_checked_elsewhere": unchecked,
    })
}

/// A scenario over all its seeds: the worst of each figure.
fn row(row: &Row) -> Value {
    let broken: Vec<Value> = row
        .broken
        .iter()
        .map(|(id, (seeds, figure, limit))| {
            json!({ "id": id, "seeds": seeds, "figure": figure, "limit": limit })
        })
        .collect();
    json!({
        "name": row.name,
        "number": row.number,
        "about": row.about,
        "seeds": row.seeds,
        "failed": row.failed,
        "requests": row.requests,
        "success_rate": row.success_rate,
        "amplification": row.amplification,
        "p50_ms": millis(row.p50),
        "p99_ms": millis(row.p99),
        "added_p99_ms": millis(row.added_p99),
        "failure_p99_ms": millis(row.failure_p99),
        "time_to_open_ms": row.time_to_open.map(millis),
        "time_to_recover_ms": row.time_to_recover.map(millis),
        "success_after_heal": row.healed_success,
        "faults_fired": row.faults_fired,
        "broken": broken,
    })
}

fn scenario(outcome: &Outcome) -> Value {
    let figures = &outcome.figures;
    let mut value = json!({
        "name": outcome.scenario.name,
        "number": outcome.scenario.number,
        "about": outcome.scenario.about,
        "tier": "sim",
        "seed": outcome.seed,
        "verdict": if outcome.is_passed() { "pass" } else { "fail" },
        "requests": figures.requests,
        "success_rate": figures.success_rate,
        "amplification": figures.amplification,
        "p50_ms": millis(figures.p50),
        "p99_ms": millis(figures.p99),
        "added_p99_ms": millis(figures.added_p99),
        "failure_p99_ms": millis(figures.failure_p99),
        "time_to_open_ms": figures.time_to_open.map(millis),
        "time_to_recover_ms": figures.time_to_recover.map(millis),
        "success_after_heal": figures.healed_success,
        "faults_fired": figures.faults_fired,
        "event_log_hash": format!("{:016x}", outcome.hash),
        "invariants": outcome.findings.iter().map(finding).collect::<Vec<_>>(),
        "faults": outcome.faults.iter().map(|fault| json!({
            "vendor": fault.vendor,
            "kind": fault.kind,
            "fault": fault.words,
            "from_s": fault.from,
            "until_s": fault.until,
            "on_s": fault.duty.map(|(on, _)| on),
            "off_s": fault.duty.map(|(_, off)| off),
            "fired": fault.fired,
        })).collect::<Vec<_>>(),
    });
    if let (Some(series), Some(fields)) = (&outcome.series, value.as_object_mut()) {
        fields.insert("series".to_owned(), drawn(series));
    }
    value
}

pub(super) fn finding(finding: &Finding) -> Value {
    json!({
        "id": finding.id,
        "verdict": finding.verdict().name(),
        // JSON knows no infinity: `null` is a figure that was never reached.
        "figure": finding.figure,
        "limit": finding.limit,
        "bound": match finding.bound {
            Bound::AtMost => "at_most",
            Bound::AtLeast => "at_least",
            Bound::NotApplicable => "none",
        },
        "what": finding.what,
    })
}

/// Columns of equal length, one place for each step, and the bands beside them.
pub(super) fn drawn(series: &Series) -> Value {
    let column = |figure: fn(&crate::series::Second) -> Value| -> Vec<Value> {
        series.seconds.iter().map(figure).collect()
    };
    // A list, because a vendor's place decides its colour.
    let attempts: Vec<Value> = series
        .vendors
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let counts = series.seconds.iter();
            let counts = counts.map(|second| second.attempts.get(index).copied().unwrap_or(0));
            json!({ "vendor": name, "counts": counts.collect::<Vec<_>>() })
        })
        .collect();
    let [storm, heal, end] = series.phases;
    let latency: Vec<Value> = series
        .latency
        .iter()
        .map(|(when, p50, p99)| json!({ "when": when, "p50_ms": millis(*p50), "p99_ms": millis(*p99) }))
        .collect();
    let targets: Vec<Value> = series
        .targets
        .iter()
        .map(|(target, vendor)| json!({ "target": target, "vendor": vendor }))
        .collect();
    json!({
        "step_s": series.step,
        "latency": latency,
        "targets": targets,
        "storm_s": storm,
        "heal_s": heal,
        "end_s": end,
        "calls": column(|second| second.calls.into()),
        "answered": column(|second| second.answered.into()),
        "failed": column(|second| second.failed.into()),
        "p50_ms": column(|second| millis(second.p50).into()),
        "p99_ms": column(|second| millis(second.p99).into()),
        "attempts": attempts,
        "bands": series.bands.iter().map(|band| json!({
            "target": band.target,
            "state": band.standing,
            "from_s": band.from,
            "until_s": band.until,
        })).collect::<Vec<_>>(),
    })
}

fn beside(row: &Beside) -> Value {
    json!({
        "scenario": row.scenario,
        "subject": row.contender.name(),
        "is_ours": matches!(row.contender, Contender::Ours(_)),
        "seeds": row.seeds,
        "success_rate": row.figures.success_rate,
        "amplification": row.figures.amplification,
        "broken_load": row.figures.broken_load,
        "added_p99_ms": millis(row.figures.added_p99),
        "p99_ms": millis(row.figures.p99),
        "failure_p99_ms": millis(row.figures.failure_p99),
        "success_after_heal": row.figures.healed_success,
    })
}

/// Milliseconds with three digits.
pub(super) fn millis(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}
