//! I15, I16: what the engine says of costs agrees with the vendors' bill.

use super::Finding;
use crate::history::{CallEnd, EntryEnd, Evidence};

/// I15: the usage that a caller is told is what the vendor charges for the answer.
pub(super) fn usage_is_the_bill(evidence: &Evidence) -> Finding {
    let wrong = evidence
        .calls
        .iter()
        .enumerate()
        .filter(|(_, record)| record.is_answered())
        .filter(|(number, record)| {
            let billed = evidence
                .answering(*number)
                .map(|entry| u64::from(entry.tokens));
            record.usage.is_none() || record.usage != billed
        })
        .count();
    Finding::none("I15", "answers whose usage is not the vendor's bill", wrong)
}

/// I16: every exchange that the vendor charges for although its answer was lost is marked as perhaps
/// billed. Calls that their caller gave up report no attempts.
pub(super) fn billed_is_marked(evidence: &Evidence) -> Finding {
    Finding::none(
        "I16",
        "lost exchanges billed and not marked",
        unmarked(evidence).count(),
    )
}

/// Exchanges that are billed, lost and not marked.
fn unmarked(evidence: &Evidence) -> impl Iterator<Item = (usize, u32)> {
    evidence
        .ledger
        .iter()
        .filter(|entry| entry.billed && entry.end != EntryEnd::Served)
        .map(|entry| (entry.call, entry.attempt))
        .filter(|(call, _)| {
            let end = evidence.calls.get(*call).and_then(|record| record.end);
            !matches!(end, Some(CallEnd::GaveUp { .. }) | None)
        })
        .filter(|mark| evidence.events > 0 && evidence.perhaps_billed.binary_search(mark).is_err())
}

/// The share of marks for which the vendor really charges, where both are to be equal.
pub(super) fn marked_is_billed(evidence: &Evidence) -> usize {
    evidence
        .perhaps_billed
        .iter()
        .filter(|(call, attempt)| {
            !evidence
                .exchanges(*call)
                .iter()
                .any(|entry| entry.attempt == *attempt && entry.billed)
        })
        .count()
        + unmarked(evidence).count()
}
