//! What the router decided and what the gate did, as JSON for traces.

use interline::classifier::{Complexity, Task};
use interline::{GateReport, RankedTarget, RouterTrace, TaskSource};
use serde_json::{Value, json};

/// What the router decided about a call, and why.
pub(crate) fn router(trace: &RouterTrace) -> Value {
    let guess = trace
        .guess
        .map(|(task, confidence)| json!({"task": task.name(), "confidence": rounded(confidence)}));
    let ranked: Vec<_> = trace.candidates.iter().map(candidate).collect();
    json!({
        "task": trace.task.map(Task::name),
        "task_from": trace.task_from.name(),
        "guess": guess,
        "complexity": trace.complexity.map(Complexity::name),
        "optimize_for": trace.optimize_for.name(),
        "optimize_for_from": trace.optimize_for_from.name(),
        "budget": trace.budget.name(),
        "rules": trace.rules,
        "ranked": ranked,
    })
}

fn candidate(one: &RankedTarget) -> Value {
    json!({
        "target": one.target.to_string(),
        "quality_place": one.quality_place,
        "tier": one.tier.as_str(),
        "estimate_usd": one.estimate.map(|amount| amount.to_string()),
        "first_token_ms": one.first_token.map(crate::failure::millis),
        "missed_wishes": one.missed_wishes,
        "fit": one.fit.name(),
        "reserve": one.is_reserve,
    })
}

/// What the gate did to a call's answers.
pub(crate) fn gate(report: &GateReport) -> Value {
    let words = |findings: &[interline::Finding]| -> Vec<String> {
        findings.iter().map(ToString::to_string).collect()
    };
    let refused: Vec<_> = report
        .refused
        .iter()
        .map(
            |(target, findings)| json!({"target": target.to_string(), "findings": words(findings)}),
        )
        .collect();
    json!({
        "marks": words(&report.marks),
        "refused": refused,
        "unseen_stream": report.unseen,
    })
}

/// The task that was acted upon, for the header.
pub(crate) fn task(trace: &RouterTrace) -> Option<&'static str> {
    let acted = matches!(trace.task_from, TaskSource::Tag | TaskSource::Classifier);
    trace.task.filter(|_| acted).map(Task::name)
}

/// Two digits: more would claim a precision that nobody measured.
fn rounded(confidence: f32) -> f64 {
    (f64::from(confidence) * 100.0).round() / 100.0
}
