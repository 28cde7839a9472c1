//! I12: one tenant's bad key, model or content never changes another's routing.

use super::Finding;
use crate::history::Evidence;

/// I12: compared with a twin that lacks the first tenant's faults, no call of the others went otherwise.
pub(super) fn tenants_do_not_meet(evidence: &Evidence) -> Finding {
    let what = "calls of other tenants that went otherwise than without the fault";
    match evidence.differs_from_twin {
        Some(count) => Finding::none("I12", what, count),
        None => Finding::not_applicable("I12", what),
    }
}

/// How many calls of other tenants than the first went to other vendors in one run than in the other.
pub(crate) fn differences(one: &Evidence, other: &Evidence) -> usize {
    (0..one.calls.len())
        .filter(|call| {
            one.calls
                .get(*call)
                .is_some_and(|record| record.call.tenant != 0)
        })
        .filter(|call| {
            let way = |evidence: &Evidence| -> Vec<(usize, u16)> {
                let exchanges = evidence.exchanges(*call).iter();
                exchanges.map(|entry| (entry.vendor, entry.key)).collect()
            };
            way(one) != way(other)
        })
        .count()
}
