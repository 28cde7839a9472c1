//! I5, I10, I11: what is open is left alone, but never forgotten, and only ill health opens anything.

use std::time::Duration;

use super::Finding;
use crate::history::{CallEnd, Entry, EntryEnd, Evidence, Standing};

/// The longest time an open target may go without a probe: the 10 s cap of open times plus a probe's
/// lease of the stall limit of 3 s and 1 s more.
const UNPROBED: Duration = Duration::from_secs(14);
/// Probes of one open period.
const PROBES: usize = 3;

/// One time in which a target was open.
struct Period {
    target: usize,
    from: Duration,
    until: Duration,
}

/// The open periods: from opening to the next change, whatever it is, and where probing is announced up
/// to its outcome.
fn periods(evidence: &Evidence) -> Vec<Period> {
    let mut periods = Vec::new();
    for target in 0..evidence.plan.targets.len() {
        let mut since: Option<Duration> = None;
        let moves = evidence
            .moves
            .iter()
            .filter(|change| change.target == target);
        for change in moves {
            match change.to {
                Standing::Probing | Standing::Paused | Standing::Quarantined => {}
                Standing::Open | Standing::Closed | Standing::Degraded => {
                    let from = match change.to {
                        Standing::Open => since.replace(change.at),
                        _ => since.take(),
                    };
                    periods.extend(from.map(|from| Period {
                        target,
                        from,
                        until: change.at,
                    }));
                }
            }
        }
        periods.extend(since.map(|from| Period {
            target,
            from,
            until: evidence.plan.phases.end,
        }));
    }
    periods
}

/// I5: an open target gets at most three probes in each open period, unless every target is open.
///
/// Probes whose callers went away decide nothing, so others take their place and they do not count.
pub(super) fn few_attempts_while_open(evidence: &Evidence) -> Finding {
    let periods = periods(evidence);
    let what = "attempts at an open target in one period";
    if periods.is_empty() {
        return Finding::not_applicable("I5", what);
    }
    let most = periods
        .iter()
        .filter(|period| !all_open_within(evidence, &periods, period))
        .map(|period| attempts_in(evidence, period, Probes::Decided).len())
        .max()
        .unwrap_or(0);
    Finding::at_most("I5", what, most as f64, PROBES as f64)
}

/// I10: while calls come, no open target goes unprobed for longer than a period and a lease.
pub(super) fn always_probed(evidence: &Evidence) -> Finding {
    let what = "s without a probe at an open target";
    let periods = periods(evidence);
    if periods.is_empty() {
        return Finding::not_applicable("I10", what);
    }
    let mut longest = Duration::ZERO;
    for period in &periods {
        let until = period.until.min(evidence.plan.phases.end);
        let mut last = period.from;
        for at in attempts_in(evidence, period, Probes::All) {
            longest = longest.max(at.saturating_sub(last));
            last = at;
        }
        longest = longest.max(until.saturating_sub(last));
    }
    let limit = UNPROBED.as_secs_f64();
    Finding::at_most("I10", what, longest.as_secs_f64(), limit)
}

/// I11: a target opens only where exchanges with it went wrong in a way that speaks of ill health.
pub(super) fn only_ill_health_opens(evidence: &Evidence) -> Finding {
    let wrongly = evidence
        .moves
        .iter()
        .filter(|change| change.to == Standing::Open)
        .filter(|change| {
            let Some(target) = evidence.plan.targets.get(change.target) else {
                return false;
            };
            let since = change.at.saturating_sub(Duration::from_secs(120));
            !evidence.ledger.iter().any(|entry| {
                let is_ill = match entry
                    .fault
                    .and_then(|fault| evidence.plan.faults.get(fault))
                {
                    Some(window) => window.fault.is_ill_health(),
                    // Without a planned fault: overload of its own, or slower than the caller waits.
                    None => entry.told_to_wait.is_none() && entry.end != EntryEnd::Served,
                };
                entry.vendor == target.vendor
                    && entry.at >= since
                    && entry.at <= change.at
                    && is_ill
            })
        })
        .count();
    Finding::none("I11", "openings without ill health", wrongly)
}

/// Whether the caller went away while the exchange was open.
fn is_abandoned(evidence: &Evidence, entry: &Entry) -> bool {
    let end = evidence.calls.get(entry.call).and_then(|record| record.end);
    entry.end == EntryEnd::Cancelled
        && matches!(end, Some(CallEnd::GaveUp { at }) if entry.ended.is_none_or(|ended| ended >= at))
}

/// Which probes count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Probes {
    All,
    /// Only those whose caller stayed.
    Decided,
}

/// Whether at some time of the period no target was closed: then the panic trickle counts for nobody.
fn all_open_within(evidence: &Evidence, periods: &[Period], period: &Period) -> bool {
    (0..evidence.plan.targets.len()).all(|target| {
        target == period.target
            || periods.iter().any(|other| {
                other.target == target && other.from < period.until && period.from < other.until
            })
    })
}

/// When attempts at the target of an open period began within it.
fn attempts_in(evidence: &Evidence, period: &Period, probes: Probes) -> Vec<Duration> {
    let Some(target) = evidence.plan.targets.get(period.target) else {
        return Vec::new();
    };
    let mut times: Vec<Duration> = evidence
        .ledger
        .iter()
        .filter(|entry| {
            entry.vendor == target.vendor
                && entry.key == target.key
                && entry.at > period.from
                && entry.at < period.until
                && (probes == Probes::All || !is_abandoned(evidence, entry))
        })
        .map(|entry| entry.at)
        .collect();
    times.sort_unstable();
    times
}
