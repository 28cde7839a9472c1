//! I5, I10, I11: what is open is left alone, but never forgotten, and only ill health opens anything.

use std::time::Duration;

use super::Finding;
use crate::faults::Fault;
use crate::history::{CallEnd, Entry, EntryEnd, Evidence, Standing};

/// The longest time an open target may go without a probe: the 10 s cap of open times plus a probe's
/// lease of the stall limit of 3 s and 1 s more.
const UNPROBED: Duration = Duration::from_secs(14);
/// Probes of one open period.
const PROBES: usize = 3;
/// How long a probe may be out before another one takes its place: the stall limit of 3 s and 1 s more.
pub(super) const LEASE: Duration = Duration::from_secs(4);

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

/// I5: an open target gets at most three probes in each open period, unless every other target is open, paused or
/// quarantined: then the panic trickle counts for nobody.
///
/// Probes that decide nothing do not count, because others take their place: those whose callers went
/// away, those that met with something that is nobody's ill health (I11: a rate limit, a refused
/// credential, the caller's own mistake), and those that come to nothing for a whole lease, of which there
/// must not be more than three in a lease.
pub(super) fn few_attempts_while_open(evidence: &Evidence) -> Finding {
    let periods = periods(evidence);
    let what = "attempts at an open target in one period";
    if periods.is_empty() {
        return Finding::not_applicable("I5", what);
    }
    let most = periods
        .iter()
        .filter(|period| !is_left_alone(evidence, &periods, period))
        .map(|period| {
            let probes = probes(evidence, period);
            let is_decided = |entry: &&&Entry| {
                let within = |at: Duration| entry.end == EntryEnd::Served || at <= entry.at + LEASE;
                entry
                    .ended
                    .is_some_and(|at| at <= period.until && within(at))
            };
            let decided = probes.iter().filter(is_decided).count();
            let at_once = |first: &&Entry| {
                let lease = first.at..first.at + LEASE;
                probes.iter().filter(|one| lease.contains(&one.at)).count()
            };
            decided.max(probes.iter().map(at_once).max().unwrap_or(0))
        })
        .max()
        .unwrap_or(0);
    Finding::at_most("I5", what, most as f64, PROBES as f64)
}

/// I10: no call passes over an open target that went unprobed for longer than a period and a lease.
///
/// Measured where calls pass it over, because a target that no call wants is not probed by any, and one
/// whose credential is refused or that asked to wait must not be.
pub(super) fn always_probed(evidence: &Evidence) -> Finding {
    let what = "s without a probe at an open target";
    if evidence.passed_over.is_empty() {
        return Finding::not_applicable("I10", what);
    }
    let mut longest = Duration::ZERO;
    for (index, target) in evidence.plan.targets.iter().enumerate() {
        let opened = evidence.moves.iter().filter(|change| {
            change.target == index && matches!(change.to, Standing::Open | Standing::Probing)
        });
        let asked = evidence
            .ledger
            .iter()
            .filter(|entry| entry.vendor == target.vendor && entry.key == target.key);
        let mut probed: Vec<Duration> = opened.map(|change| change.at).collect();
        probed.extend(asked.map(|entry| entry.at));
        probed.sort_unstable();
        let passed = evidence.passed_over.iter();
        for (at, _) in passed.filter(|(_, passed)| *passed == index) {
            let before = probed.partition_point(|probe| probe <= at);
            let last = before.checked_sub(1).and_then(|place| probed.get(place));
            longest = longest.max(at.saturating_sub(last.copied().unwrap_or_default()));
        }
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

/// Whether the exchange met with something that says nothing about anybody's health.
fn is_beside_the_point(evidence: &Evidence, entry: &Entry) -> bool {
    let fault = entry
        .fault
        .and_then(|fault| evidence.plan.faults.get(fault));
    match fault {
        // A refusal on the ground of content is work, and speaks for the target.
        Some(window) => !window.fault.is_ill_health() && window.fault != Fault::ContentPolicy,
        None => entry.told_to_wait.is_some(),
    }
}

/// Whether at some time of the period no other target could be called.
fn is_left_alone(evidence: &Evidence, periods: &[Period], period: &Period) -> bool {
    let within = |from: Duration, until: Duration| from < period.until && period.from < until;
    (0..evidence.plan.targets.len()).all(|target| {
        let is_skipped = evidence.moves.iter().any(|change| {
            change.target == target
                && matches!(change.to, Standing::Paused | Standing::Quarantined)
                && within(change.at, change.until.unwrap_or(change.at))
        });
        target == period.target
            || is_skipped
            || periods
                .iter()
                .any(|other| other.target == target && within(other.from, other.until))
    })
}

/// Attempts at the target of an open period that began within it and can decide something.
fn probes<'e>(evidence: &'e Evidence, period: &Period) -> Vec<&'e Entry> {
    let Some(target) = evidence.plan.targets.get(period.target) else {
        return Vec::new();
    };
    evidence
        .ledger
        .iter()
        .filter(|entry| {
            entry.vendor == target.vendor
                && entry.key == target.key
                && entry.at > period.from
                && entry.at < period.until
                && !is_abandoned(evidence, entry)
                && !is_beside_the_point(evidence, entry)
        })
        .collect()
}
