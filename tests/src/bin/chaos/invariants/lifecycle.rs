//! I1, I2, I18–I21, I23, I25: every call ends once, whole or with an error, in time, and leaves nothing behind.

use std::time::Duration;

use super::Finding;
use crate::history::{CallEnd, EntryEnd, Evidence};

/// I1: every call ends exactly once, for its caller and in the engine's events.
pub(super) fn ends_once(evidence: &Evidence) -> Finding {
    let callers = evidence.calls.iter().filter(|call| call.ends != 1).count();
    let told = evidence
        .ends
        .iter()
        .zip(&evidence.calls)
        .filter(|(ends, record)| {
            let begun = record.first_content.is_some() && record.call.streamed;
            ends.call != 1 || ends.stream > 1 || (begun && ends.stream != 1)
        })
        .count();
    let told = if evidence.events == 0 { 0 } else { told };
    Finding::none("I1", "calls that ended never or twice", callers + told)
}

/// I2: an answer holds the tokens of one attempt, in order.
pub(super) fn no_mixed_content(evidence: &Evidence) -> Finding {
    let misplaced: u32 = evidence.calls.iter().map(|call| call.misplaced).sum();
    Finding::none("I2", "misplaced tokens", misplaced as usize)
}

/// I18: whoever got an answer got all of it, and the vendor had sent all of it.
pub(super) fn no_silent_truncation(evidence: &Evidence) -> Finding {
    let missed = evidence
        .calls
        .iter()
        .enumerate()
        .filter(|(number, record)| {
            let served = evidence
                .answering(*number)
                .is_some_and(|entry| entry.end == EntryEnd::Served);
            record.is_answered() && !(served && record.tokens == record.call.tokens)
        })
        .count();
    Finding::none("I18", "cut answers taken for whole ones", missed)
}

/// I19: no call ends later than its deadline.
pub(super) fn nothing_outlives_its_deadline(evidence: &Evidence) -> Finding {
    let total = evidence.plan.policy.timeouts.total;
    let patience = evidence
        .plan
        .load
        .patience
        .map_or(total, |own| own.min(total));
    let standstill = evidence
        .plan
        .standstill
        .map_or(Duration::ZERO, |(_, pause)| pause);
    // A reader that pauses between tokens notices the deadline when it reads on.
    let slack = standstill + evidence.plan.load.reader_pause;
    let late = evidence
        .calls
        .iter()
        .filter_map(|record| Some(record.end?.at().saturating_sub(record.call.at + patience)))
        .max()
        .unwrap_or_default()
        .saturating_sub(slack);
    Finding::at_most("I19", "ms after the deadline", millis(late), 50.0)
}

/// I20: where the caller is gone, the vendor's connection is closed.
pub(super) fn gone_means_closed(evidence: &Evidence) -> Finding {
    let mut any = false;
    let mut longest = Duration::ZERO;
    for (number, record) in evidence.calls.iter().enumerate() {
        let Some(CallEnd::GaveUp { at }) = record.end else {
            continue;
        };
        any = true;
        for entry in evidence.exchanges(number) {
            let ended = entry.ended.unwrap_or(Duration::MAX);
            longest = longest.max(ended.saturating_sub(at));
        }
    }
    let what = "ms from a caller's leaving to the vendor's hearing of it";
    if any {
        Finding::at_most("I20", what, millis(longest), 100.0)
    } else {
        Finding::not_applicable("I20", what)
    }
}

/// I21: when all is over no task runs and no exchange is open.
pub(super) fn nothing_is_left(evidence: &Evidence) -> Finding {
    let open = evidence
        .ledger
        .iter()
        .filter(|entry| entry.end == EntryEnd::Open)
        .count();
    let left = open + evidence.tasks_left;
    Finding::none("I21", "tasks and exchanges left over", left)
}

/// I23: nothing panics.
pub(super) fn no_panics(evidence: &Evidence) -> Finding {
    Finding::none("I23", "panics", evidence.panics)
}

/// I25: what the engine says of its own accord never quotes the prompt.
pub(super) fn nothing_leaks(evidence: &Evidence) -> Finding {
    let leaks: u32 = evidence.calls.iter().map(|call| call.leaks).sum();
    Finding::none("I25", "errors that quote the prompt", leaks as usize)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
