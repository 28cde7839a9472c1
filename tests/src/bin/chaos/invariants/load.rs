//! I3, I4, I13, I14: how much reaches vendors, and when.

use std::collections::HashMap;
use std::time::Duration;

use super::Finding;
use crate::history::Evidence;

/// The window in which attempts are counted.
const WINDOW: Duration = Duration::from_secs(60);

/// I3: no call makes more attempts than its policy allows. A stale connection's retry is one more.
pub(super) fn attempts_within_policy(evidence: &Evidence) -> Finding {
    let cap = evidence
        .plan
        .policy
        .attempt_cap(evidence.plan.targets.len());
    let most = (0..evidence.calls.len())
        .map(|call| evidence.exchanges(call).len())
        .max()
        .unwrap_or(0);
    let cap = cap + u32::from(evidence.plan.hedge.is_some());
    let what = "attempts of the most expensive call";
    Finding::at_most("I3", what, most as f64, f64::from(cap))
}

/// I4: in any 60 s, attempts ≤ 1.20 × calls + 30 + the most calls that were under way at once.
///
/// The figure is the worst window's attempts beyond calls, as a share of what is allowed beyond them.
pub(super) fn attempts_within_ceiling(evidence: &Evidence) -> Finding {
    let mut attempts: Vec<Duration> = evidence.ledger.iter().map(|entry| entry.at).collect();
    attempts.sort_unstable();
    let calls: Vec<Duration> = evidence.calls.iter().map(|call| call.call.at).collect();
    let peak = peak_in_flight(evidence);
    let within = |times: &[Duration], from: Duration| {
        let begin = times.partition_point(|at| *at < from);
        times.partition_point(|at| *at < from + WINDOW) - begin
    };
    let first = calls.first().map_or(0, Duration::as_secs);
    let last = evidence.plan.phases.end.as_secs();
    let worst = (first..=last)
        .map(|second| {
            let from = Duration::from_secs(second);
            let (calls, attempts) = (within(&calls, from), within(&attempts, from));
            let allowed = 0.2 * calls as f64 + 30.0 + peak as f64;
            (attempts as f64 - calls as f64) / allowed
        })
        .fold(0.0, f64::max);
    Finding::at_most("I4", "extra attempts of those allowed in 60 s", worst, 1.0)
}

fn peak_in_flight(evidence: &Evidence) -> usize {
    let mut changes: Vec<(Duration, i64)> = Vec::with_capacity(evidence.calls.len() * 2);
    for record in &evidence.calls {
        changes.push((record.call.at, 1));
        changes.extend(record.end.map(|end| (end.at(), -1)));
    }
    // At the same moment the end comes first.
    changes.sort_unstable();
    let (mut now, mut most) = (0_i64, 0_i64);
    for (_, change) in changes {
        now += change;
        most = most.max(now);
    }
    usize::try_from(most).unwrap_or(0)
}

/// I13: nobody asks with a key before the wait is over that this key was told of.
pub(super) fn never_before_told(evidence: &Evidence) -> Finding {
    const TOLERANCE: Duration = Duration::from_millis(5);
    let mut entries: Vec<_> = evidence.ledger.iter().collect();
    entries.sort_by_key(|entry| entry.at);
    // When each key was told to wait, and until when.
    let mut told: HashMap<(usize, u16), Vec<(Duration, Duration)>> = HashMap::new();
    for entry in &entries {
        if let (Some(wait), Some(ended)) = (entry.told_to_wait, entry.ended) {
            let key = (entry.vendor, entry.key);
            told.entry(key).or_default().push((ended, ended + wait));
        }
    }
    let what = "requests before the announced wait was over";
    if told.is_empty() {
        return Finding::not_applicable("I13", what);
    }
    let early = entries
        .iter()
        .filter(|entry| {
            told.get(&(entry.vendor, entry.key)).is_some_and(|waits| {
                let is_within = |(from, until): &(Duration, Duration)| {
                    entry.at > *from && entry.at + TOLERANCE < *until
                };
                waits.iter().any(is_within)
            })
        })
        .count();
    Finding::none("I13", what, early)
}

/// I14: no key sends a vendor more in any 60 s than the vendor allows, by the vendor's own count.
///
/// The figure is the worst window as a share of the limit; a burst of a tenth is the vendor's own. Where
/// the limit changes within a window, each part of it counts with the limit that held.
pub(super) fn vendors_are_not_overrun(evidence: &Evidence) -> Finding {
    let what = "requests in the worst 60 s, of those the vendor allows";
    let mut worst: Option<f64> = None;
    for (index, vendor) in evidence.plan.vendors.iter().enumerate() {
        let Some(limits) = vendor.limits else {
            continue;
        };
        let mut by_key: HashMap<u16, Vec<Duration>> = HashMap::new();
        for entry in evidence.ledger.iter().filter(|entry| entry.vendor == index) {
            by_key.entry(entry.key).or_default().push(entry.at);
        }
        for times in by_key.values_mut() {
            times.sort_unstable();
            for (place, from) in times.iter().enumerate() {
                let until = times.partition_point(|at| *at < *from + WINDOW);
                let (before, _) = limits.now(*from);
                let (after, _) = limits.now(*from + WINDOW);
                let until_change = limits
                    .change
                    .map_or(WINDOW, |(at, _)| at.saturating_sub(*from));
                let part = until_change.min(WINDOW).as_secs_f64() / WINDOW.as_secs_f64();
                let rpm = before * part + after * (1.0 - part);
                let share = (until - place) as f64 / (rpm + before * 0.1 + 1.0);
                worst = Some(worst.unwrap_or(0.0).max(share));
            }
        }
    }
    match worst {
        Some(share) => Finding::at_most("I14", what, share, 1.01),
        None => Finding::not_applicable("I14", what),
    }
}
