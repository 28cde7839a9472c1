//! What must hold: the invariants of every run, and the criteria of single scenarios.
//!
//! Each check looks at the joined evidence and gives a finding: a figure beside its limit.

mod criterion;
mod finding;
mod health;
mod isolation;
mod ledger;
mod lifecycle;
mod load;
mod vacuity;

pub(crate) use criterion::Criterion;
pub(crate) use finding::{Bound, Finding, Verdict};
pub(crate) use isolation::differences;

use crate::figures::Figures;
use crate::history::Evidence;

/// A check that every run passes.
type Check = fn(&Evidence) -> Finding;

/// The checks of every run, by number.
const CHECKS: [Check; 20] = [
    lifecycle::ends_once,
    lifecycle::no_mixed_content,
    load::attempts_within_policy,
    load::attempts_within_ceiling,
    health::few_attempts_while_open,
    health::always_probed,
    health::only_ill_health_opens,
    isolation::tenants_do_not_meet,
    load::never_before_told,
    ledger::usage_is_the_bill,
    ledger::billed_is_marked,
    lifecycle::no_silent_truncation,
    lifecycle::nothing_outlives_its_deadline,
    lifecycle::gone_means_closed,
    lifecycle::nothing_is_left,
    lifecycle::no_panics,
    vacuity::is_repeatable,
    lifecycle::nothing_leaks,
    vacuity::faults_fired,
    load::vendors_are_not_overrun,
];

/// The checks that look at single calls, and so can be made of a part of a run.
const CHECKS_OF_PARTS: [Check; 12] = [
    lifecycle::ends_once,
    lifecycle::no_mixed_content,
    load::attempts_within_policy,
    load::attempts_within_ceiling,
    load::never_before_told,
    ledger::usage_is_the_bill,
    ledger::billed_is_marked,
    lifecycle::no_silent_truncation,
    lifecycle::nothing_outlives_its_deadline,
    lifecycle::gone_means_closed,
    lifecycle::nothing_is_left,
    lifecycle::nothing_leaks,
];

/// The invariants that no simulation can check, and where they are checked.
pub(crate) const ELSEWHERE: [(&str, &str); 4] = [
    (
        "I17",
        "money and quota budgets are the ledger crate's, not the engine's",
    ),
    (
        "I22",
        "priorities come with the rate limiter; until then only batch-flood measures them",
    ),
    ("I27", "a killed process needs a process: the process tier"),
    (
        "I21",
        "sockets, file descriptors and memory need a process; tasks and exchanges are checked here",
    ),
];

/// Checks a run.
pub(crate) fn check(evidence: &Evidence, figures: &Figures) -> Vec<Finding> {
    let mut findings: Vec<Finding> = CHECKS.iter().map(|check| check(evidence)).collect();
    let criteria = &evidence.plan.criteria;
    findings.extend(criteria.iter().map(|one| one.check(evidence, figures)));
    findings.sort_by_key(|finding| number(&finding.id));
    findings
}

/// Checks the calls of a part of a run.
pub(crate) fn check_part(evidence: &Evidence) -> Vec<Finding> {
    CHECKS_OF_PARTS
        .iter()
        .map(|check| check(evidence))
        .collect()
}

/// Sorts I2 before I10, and criteria without a number last.
fn number(id: &str) -> u32 {
    let digits = id.trim_start_matches('I');
    digits.parse().unwrap_or(u32::MAX)
}
