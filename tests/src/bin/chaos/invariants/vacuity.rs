//! I24, I26: a run can be repeated, and what was to go wrong did.

use super::Finding;
use crate::history::Evidence;

/// I24: a second run of the same seed gives the same hash over all events.
pub(super) fn is_repeatable(evidence: &Evidence) -> Finding {
    let what = "repetitions that went otherwise";
    match evidence.is_repeatable {
        Some(same) => Finding::none("I24", what, usize::from(!same)),
        None => Finding::not_applicable("I24", what),
    }
}

/// I26: every fault fired as often as the plan demands.
pub(super) fn faults_fired(evidence: &Evidence) -> Finding {
    let idle = evidence
        .plan
        .faults
        .iter()
        .zip(&evidence.fired)
        .filter(|(window, fired)| **fired < window.minimum)
        .count();
    let what = "faults that fired too rarely";
    if evidence.plan.faults.is_empty() {
        return Finding::not_applicable("I26", what);
    }
    Finding::none("I26", what, idle)
}
