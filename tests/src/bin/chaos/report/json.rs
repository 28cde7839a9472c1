//! The report as JSON: the contract's fields, and beside them what pictures are drawn from.

use std::io;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::row::{Beside, Report};
use crate::invariants::{ELSEWHERE as UNCHECKED, Finding};
use crate::mechanism::Mechanism;
use crate::outcome::Outcome;
use crate::scenarios::ELSEWHERE;
use crate::series::Series;

/// Writes the report to a file.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write(report: &Report, path: &Path) -> io::Result<()> {
    let text = serde_json::to_string(&value(report)).map_err(io::Error::other)?;
    std::fs::write(path, text + "\n")
}

/// The report.
fn value(report: &Report) -> Value {
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
        "scenarios": report.outcomes.iter().map(scenario).collect::<Vec<_>>(),
        "controls": controls,
        "mechanisms": guards,
        "side_by_side": report.beside.iter().map(beside).collect::<Vec<_>>(),
        "faults_fired": report.fired(),
        "not_in_this_tier": elsewhere,
        "invariants_checked_elsewhere": unchecked,
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
            "fired": fault.fired,
        })).collect::<Vec<_>>(),
    });
    if let (Some(series), Some(fields)) = (&outcome.series, value.as_object_mut()) {
        fields.insert("series".to_owned(), drawn(series));
    }
    value
}

fn finding(finding: &Finding) -> Value {
    json!({
        "id": finding.id,
        "verdict": finding.verdict().name(),
        // JSON knows no infinity: `null` is a figure that was never reached.
        "figure": finding.figure,
        "limit": finding.limit,
        "what": finding.what,
    })
}

/// Columns of equal length, one place for each second, and the bands beside them.
fn drawn(series: &Series) -> Value {
    let column = |figure: fn(&crate::series::Second) -> Value| -> Vec<Value> {
        series.seconds.iter().map(figure).collect()
    };
    let attempts: Map<String, Value> = series
        .vendors
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let counts = series.seconds.iter();
            let counts = counts.map(|second| second.attempts.get(index).copied().unwrap_or(0));
            ((*name).to_owned(), counts.collect::<Vec<_>>().into())
        })
        .collect();
    let [storm, heal, end] = series.phases;
    json!({
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
        "subject": row.baseline.map_or("interline", |baseline| baseline.name()),
        "success_rate": row.figures.success_rate,
        "amplification": row.figures.amplification,
        "p99_ms": millis(row.figures.p99),
        "failure_p99_ms": millis(row.figures.failure_p99),
        "success_after_heal": row.figures.healed_success,
    })
}

/// Milliseconds with three digits.
fn millis(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}
