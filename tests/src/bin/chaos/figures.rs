//! The figures of one run: success, attempts, latencies, times to open and to recover.
//!
//! Unless said otherwise they are about the storm: the calls that came while faults held.

use std::time::Duration;

use crate::history::{CallEnd, Evidence, Standing};
use crate::plan::Order;

/// The figures of one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    /// Calls in the whole run.
    pub(crate) requests: usize,
    /// Calls that got their whole answer, of those that neither gave up nor failed after content.
    pub(crate) success_rate: f64,
    /// Attempts that reached out for a vendor, for each call.
    pub(crate) amplification: f64,
    /// Half of the first contents came sooner.
    pub(crate) p50: Duration,
    /// All but one in a hundred first contents came sooner.
    pub(crate) p99: Duration,
    /// The 99th percentile of the time from the call to the start of the attempt that answered it.
    pub(crate) added_p99: Duration,
    /// The 99th percentile of the time to a failure, for calls from one second into the storm.
    pub(crate) failure_p99: Duration,
    /// From the fault to the opening, for the slowest of the targets that were down.
    pub(crate) time_to_open: Option<Duration>,
    /// From the heal to the last loss or change of health.
    pub(crate) time_to_recover: Option<Duration>,
    /// Calls that got their answer, of those that came later than the recovery may take.
    pub(crate) healed_success: f64,
    /// Attempts that reached the vendors with faults, for each that these get where nothing is wrong.
    pub(crate) broken_load: f64,
    /// Faults that fired.
    pub(crate) faults_fired: u64,
}

/// How long a group may take to recover: the 10 s cap of open times plus twice the stall limit of 3 s,
/// rounded down as the design does (I9).
pub(crate) const RECOVERY: Duration = Duration::from_secs(15);

impl Figures {
    /// Measures a run.
    pub(crate) fn of(evidence: &Evidence) -> Self {
        let phases = evidence.plan.phases;
        let (mut firsts, mut added, mut failures) = (Vec::new(), Vec::new(), Vec::new());
        let (mut calls, mut attempts) = (0_usize, 0_usize);
        for (number, record) in evidence.storm() {
            calls += 1;
            attempts += evidence.exchanges(number).len();
            if record.is_answered() {
                if let Some(first) = record.first_content
                    && record.call.streamed
                {
                    firsts.push(first - record.call.at);
                }
                if let Some(entry) = evidence.answering(number) {
                    added.push(entry.at.saturating_sub(record.call.at));
                }
            } else if let Some(CallEnd::Failed { at, .. }) = record.end
                && record.call.at >= phases.storm + Duration::from_secs(1)
            {
                failures.push(at - record.call.at);
            }
        }
        Self {
            requests: evidence.calls.len(),
            success_rate: success(evidence, phases.storm, phases.heal),
            amplification: attempts as f64 / calls.max(1) as f64,
            p50: quantile(&mut firsts, 0.5),
            p99: quantile(&mut firsts, 0.99),
            added_p99: quantile(&mut added, 0.99),
            failure_p99: quantile(&mut failures, 0.99),
            time_to_open: time_to_open(evidence),
            time_to_recover: time_to_recover(evidence),
            healed_success: success(evidence, phases.heal + RECOVERY, phases.end),
            broken_load: broken_load(evidence, calls),
            faults_fired: evidence.fired.iter().sum(),
        }
    }

    /// The worse of both, figure by figure.
    pub(crate) fn worst(self, other: &Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            success_rate: self.success_rate.min(other.success_rate),
            amplification: self.amplification.max(other.amplification),
            p50: self.p50.max(other.p50),
            p99: self.p99.max(other.p99),
            added_p99: self.added_p99.max(other.added_p99),
            failure_p99: self.failure_p99.max(other.failure_p99),
            time_to_open: self.time_to_open.max(other.time_to_open),
            time_to_recover: self.time_to_recover.max(other.time_to_recover),
            healed_success: self.healed_success.min(other.healed_success),
            broken_load: self.broken_load.max(other.broken_load),
            faults_fired: self.faults_fired + other.faults_fired,
        }
    }
}

/// What the storm's calls send to vendors with faults, in times of what these get where nothing is wrong.
fn broken_load(evidence: &Evidence, calls: usize) -> f64 {
    let plan = &evidence.plan;
    let broken = |vendor: usize| plan.faults.iter().any(|window| window.vendor == vendor);
    let attempts = evidence
        .storm()
        .flat_map(|(number, _)| evidence.exchanges(number))
        .filter(|entry| broken(entry.vendor))
        .count();
    let share = match plan.order {
        Order::Fallback => plan
            .targets
            .first()
            .map_or(0.0, |first| if broken(first.vendor) { 1.0 } else { 0.0 }),
        Order::Balanced => {
            let targets = plan.targets.iter();
            let broken = targets.filter(|target| broken(target.vendor)).count();
            broken as f64 / plan.targets.len().max(1) as f64
        }
    };
    if share * calls as f64 == 0.0 {
        return 0.0;
    }
    attempts as f64 / (share * calls as f64)
}

/// The share of answered calls among those that came within a time; 1 where none came.
pub(crate) fn success(evidence: &Evidence, from: Duration, until: Duration) -> f64 {
    let (mut answered, mut lost) = (0_usize, 0_usize);
    for (_, record) in evidence.calls_in(from, until) {
        answered += usize::from(record.is_answered());
        lost += usize::from(record.is_lost());
    }
    if answered + lost == 0 {
        return 1.0;
    }
    answered as f64 / (answered + lost) as f64
}

/// The value below which this share of values lies; nought where there is none.
pub(crate) fn quantile<T: Copy + Default + Ord>(values: &mut [T], share: f64) -> T {
    if values.is_empty() {
        return T::default();
    }
    let rank = (share * values.len() as f64).ceil() as usize;
    let index = rank.clamp(1, values.len()) - 1;
    *values.select_nth_unstable(index).1
}

/// The targets that are down by plan from some moment on, with that moment.
pub(crate) fn downs(evidence: &Evidence) -> Vec<(usize, Duration)> {
    let plan = &evidence.plan;
    let mut downs: Vec<(usize, Duration)> = Vec::new();
    for (index, target) in plan.targets.iter().enumerate() {
        let first = plan
            .faults
            .iter()
            .filter(|window| {
                window.vendor == target.vendor
                    && window.fault.is_down()
                    && window.share >= 1.0
                    && window.key.is_none_or(|key| key == target.key)
            })
            .map(|window| window.from)
            .min();
        downs.extend(first.map(|from| (index, from)));
    }
    downs
}

/// How long after the begin of a fault answers that were under way may still come, and the requests be sent
/// that meet with silence: I8 allows 2 s beyond the stall limit, of which timers take a few milliseconds.
const STRAGGLERS: Duration = Duration::from_millis(1_950);
/// So many requests that met with nothing but silence open a breaker, so the last of them must be sent first.
const SILENT_REQUESTS: usize = 5;

/// When a target showed its last sign of life before `until` to a request from before the fault, where callers
/// saw it.
fn last_sign(
    evidence: &Evidence,
    target: usize,
    fault: Duration,
    until: Duration,
) -> Option<Duration> {
    let vendor = evidence.plan.targets.get(target)?.vendor;
    let calls = evidence.calls.iter().enumerate();
    calls
        .filter(|(number, _)| {
            let entry = evidence.answering(*number);
            entry.is_some_and(|entry| entry.vendor == vendor && entry.at < fault)
        })
        .filter_map(|(_, record)| record.first_content)
        .filter(|sign| (fault..until).contains(sign))
        .max()
}

/// When so many requests had been sent into the silence after a sign of life as open a breaker; `None` where
/// it opened before, because it needed no silence.
fn silence_is_sent(
    evidence: &Evidence,
    target: usize,
    sign: Duration,
    opened: Duration,
) -> Option<Duration> {
    let target = evidence.plan.targets.get(target)?;
    let mut sent: Vec<Duration> = evidence
        .ledger
        .iter()
        .filter(|entry| entry.vendor == target.vendor && entry.key == target.key)
        .map(|entry| entry.at)
        .filter(|at| *at > sign && *at <= opened)
        .collect();
    sent.sort_unstable();
    sent.get(SILENT_REQUESTS - 1).copied()
}

/// From the fault on; where a target showed signs of life after it, so much before the moment at which enough
/// requests had been sent since the last one, where that is later: nobody can tell silence before.
fn time_to_open(evidence: &Evidence) -> Option<Duration> {
    let opened = |(target, fault): (usize, Duration)| {
        let mut moves = evidence.moves.iter().filter(|one| one.target == target);
        let opened = moves.find(|one| one.at >= fault && one.to == Standing::Open)?;
        let opened = opened.at;
        let sign = last_sign(evidence, target, fault, opened);
        let sent = sign.and_then(|sign| silence_is_sent(evidence, target, sign, opened));
        // Never later than so much before the opening: what opens fast is counted from the fault.
        let from = fault.max(sent.unwrap_or_default().saturating_sub(STRAGGLERS));
        Some(opened.saturating_sub(from))
    };
    let downs = downs(evidence);
    if downs.is_empty() {
        let begin = evidence.plan.phases.storm;
        let first = evidence.moves.iter();
        let mut first = first.filter(|change| change.to == Standing::Open);
        return first.next().map(|change| change.at.saturating_sub(begin));
    }
    downs.into_iter().map(opened).max()?
}

fn time_to_recover(evidence: &Evidence) -> Option<Duration> {
    let heal = evidence.plan.phases.heal;
    if evidence.fired.iter().all(|count| *count == 0) {
        return None;
    }
    let last_loss = evidence
        .calls_in(heal, evidence.plan.phases.end)
        .filter(|(_, record)| record.is_failed())
        .map(|(_, record)| record.call.at)
        .max();
    let last_move = evidence.moves.iter().map(|change| change.at).max();
    let last = last_loss.max(last_move).unwrap_or(heal);
    Some(last.saturating_sub(heal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let mut values: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(quantile(&mut values, 0.5), Duration::from_millis(50));
        assert_eq!(quantile(&mut values, 0.99), Duration::from_millis(99));
        assert_eq!(quantile(&mut values, 1.0), Duration::from_millis(100));
        assert_eq!(quantile::<Duration>(&mut [], 0.99), Duration::ZERO);
    }
}
