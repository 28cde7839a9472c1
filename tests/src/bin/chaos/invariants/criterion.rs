//! What single scenarios demand beyond the invariants of every run, as data.

use std::time::Duration;

use interline_core::ErrorKind;

use super::health::LEASE;
use super::{Finding, ledger};
use crate::figures::{Figures, RECOVERY, downs, quantile, success};
use crate::history::{CallEnd, EntryEnd, Evidence, Standing};
use crate::load::Priority;

/// What a scenario demands.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Criterion {
    /// I6: at least this share of the storm's calls is answered.
    Success(f64),
    /// I6 for everybody but this tenant.
    SuccessOfOthers(u16, f64),
    /// At most so many attempts for each of the storm's calls.
    Amplification(f64),
    /// I7: the 99th percentile of the time lost before the attempt that answered.
    AddedP99(Duration),
    /// I8: every target that is down is open after so long.
    OpensWithin(Duration),
    /// I9: later than 15 s after the heal at least 99.9 % are answered and every breaker is closed.
    Recovers,
    /// The 99th percentile of the time to a failure, from one second into the storm.
    FailsWithin(Duration),
    /// No target is opened, ever.
    NoOpening,
    /// At most so often in a minute of storm a target goes out of service, over all targets; where probes fail
    /// it stays out of service.
    OpensPerMinute(f64),
    /// At most this share of the storm's attempts goes to this vendor, from so long after its begin.
    ShareOf(usize, f64, Duration),
    /// At most this many connection attempts in any 10 s at this vendor, from 2 s into the storm.
    ConnectsPerTenSeconds(usize, usize),
    /// Attempts marked as perhaps billed are those that the vendor bills.
    MarksEqualBill,
    /// Streams that fail after content end so long after their last token at the latest.
    StreamEndsWithin(Duration),
    /// The 99th percentile of first contents from so long into the storm, in times of the one before it.
    P99Ratio(f64, Duration),
    /// The share of answered calls in a time of so long from so long after the heal on.
    Goodput(f64, Duration),
    /// At most so many 429s from this vendor.
    Refusals(usize, usize),
    /// Of what this vendor allows in the storm, at least this share is used.
    Utilisation(usize, f64),
    /// No vendor gets more than so many times its fair share of the first second's attempts.
    FairStart(f64),
    /// The 99th percentile of interactive first contents under flood, in times of the one before it.
    InteractiveRatio(f64),
    /// The 99th percentile of first contents in the storm.
    P99Within(Duration),
    /// At least this share of interactive calls is answered in the storm.
    InteractiveSuccess(f64),
    /// Failures say why and how long to wait: this share of them names a wait.
    NamesWait(f64),
    /// Every failure is of this kind.
    FailsAs(ErrorKind),
    /// At least so many failures after content: the fault must be seen by callers.
    CutAtLeast(usize),
    /// At most this share of calls has a second attempt beside the first.
    Hedges(f64),
    /// At most so many hops from one member of a failure domain to another, from 2 s into the storm.
    WastedHops(usize),
    /// No vendor is left alone for longer than so long, from the storm's begin to the heal.
    NeverPausedFor(usize, Duration),
}

impl Criterion {
    /// Holds a run against it.
    pub(crate) fn check(&self, evidence: &Evidence, figures: &Figures) -> Finding {
        let phases = evidence.plan.phases;
        match *self {
            Self::Success(share) => {
                let what = "share of the storm's calls answered";
                Finding::at_least("I6", what, figures.success_rate, share)
            }
            Self::SuccessOfOthers(tenant, share) => {
                let what =
                    format!("share of the storm's calls answered, without tenant {tenant}'s");
                let others = evidence
                    .storm()
                    .filter(|(_, record)| record.call.tenant != tenant);
                let (mut answered, mut lost) = (0_usize, 0_usize);
                for (_, record) in others {
                    answered += usize::from(record.is_answered());
                    lost += usize::from(record.is_lost());
                }
                let rate = answered as f64 / (answered + lost).max(1) as f64;
                Finding::at_least("I6", what, rate, share)
            }
            Self::Amplification(limit) => Finding::at_most(
                "amplification",
                "attempts for each call of the storm",
                figures.amplification,
                limit,
            ),
            Self::AddedP99(limit) => Finding::at_most(
                "I7",
                "ms lost before the attempt that answered, p99",
                millis(figures.added_p99),
                millis(limit),
            ),
            Self::OpensWithin(_) if downs(evidence).is_empty() => {
                Finding::not_applicable("I8", "ms to open")
            }
            Self::OpensWithin(limit) => {
                let open = figures.time_to_open.map_or(f64::INFINITY, millis);
                Finding::at_most("I8", "ms to open", open, millis(limit))
            }
            Self::Recovers => recovers(evidence, figures),
            Self::FailsWithin(limit) => Finding::at_most(
                "fail-fast",
                "ms to a failure, p99, from 1 s into the storm",
                millis(figures.failure_p99),
                millis(limit),
            ),
            Self::NoOpening => Finding::none("breaker-moves", "openings", openings(evidence)),
            Self::OpensPerMinute(limit) => {
                let minutes = (phases.heal - phases.storm).as_secs_f64() / 60.0;
                let rate = departures(evidence) as f64 / minutes;
                let what = "targets that went out of service in a minute";
                Finding::at_most("opens", what, rate, limit)
            }
            Self::ShareOf(vendor, limit, after) => {
                let from = phases.storm + after;
                let all = attempts(evidence, from, phases.heal).count();
                let mine = attempts(evidence, from, phases.heal)
                    .filter(|entry| entry.vendor == vendor)
                    .count();
                let what = format!("share of attempts at vendor {vendor}");
                let share = mine as f64 / all.max(1) as f64;
                Finding::at_most("share", what, share, limit)
            }
            Self::ConnectsPerTenSeconds(vendor, limit) => {
                let most = most_in_ten_seconds(evidence, vendor);
                let what = format!("connects in 10 s at vendor {vendor}, from 2 s into the storm");
                Finding::at_most("connects", what, most as f64, limit as f64)
            }
            Self::MarksEqualBill => Finding::none(
                "I16=",
                "marks without a bill, and bills without a mark",
                ledger::marked_is_billed(evidence),
            ),
            Self::StreamEndsWithin(limit) => stream_ends_within(evidence, limit),
            Self::P99Ratio(limit, after) => {
                let before = p99(evidence, Duration::ZERO, phases.storm, None);
                let during = p99(evidence, phases.storm + after, phases.heal, None);
                let what = "p99 to first content, in times of before";
                Finding::at_most("p99", what, during / before, limit)
            }
            Self::Goodput(share, after) => {
                let from = phases.heal + after;
                let what = format!("share answered from {after:?} after the heal");
                let rate = success(evidence, from, phases.end);
                Finding::at_least("goodput", what, rate, share)
            }
            Self::Refusals(vendor, limit) => {
                let refused = evidence.ledger.iter().filter(|entry| {
                    entry.vendor == vendor && entry.fault.is_none() && entry.told_to_wait.is_some()
                });
                let what = format!("429s from vendor {vendor}");
                Finding::at_most("refusals", what, refused.count() as f64, limit as f64)
            }
            Self::Utilisation(vendor, share) => utilisation(evidence, vendor, share),
            Self::FairStart(limit) => {
                let second = Duration::from_secs(1);
                let vendors = evidence.plan.vendors.len();
                let mut counts = vec![0_usize; vendors];
                for entry in attempts(evidence, Duration::ZERO, second) {
                    if let Some(count) = counts.get_mut(entry.vendor) {
                        *count += 1;
                    }
                }
                let all: usize = counts.iter().sum();
                let most = counts.iter().max().copied().unwrap_or(0);
                let fair = all as f64 / vendors as f64;
                let what = "most attempts of the first second, in times of the fair share";
                Finding::at_most("fair-start", what, most as f64 / fair, limit)
            }
            Self::InteractiveRatio(limit) => {
                let only = Some(Priority::Interactive);
                let before = p99(evidence, Duration::ZERO, phases.storm, only);
                let during = p99(evidence, phases.storm, phases.heal, only);
                let what = "interactive p99 under flood, in times of before";
                Finding::at_most("I22", what, during / before, limit)
            }
            Self::P99Within(limit) => Finding::at_most(
                "p99",
                "ms to first content, p99",
                millis(figures.p99),
                millis(limit),
            ),
            Self::InteractiveSuccess(share) => {
                let interactive = evidence
                    .storm()
                    .filter(|(_, record)| record.call.priority == Priority::Interactive);
                let (mut all, mut answered) = (0_usize, 0_usize);
                for (_, record) in interactive {
                    all += 1;
                    answered += usize::from(record.is_answered());
                }
                let what = "share of interactive calls answered under flood";
                let rate = answered as f64 / all.max(1) as f64;
                Finding::at_least("I22", what, rate, share)
            }
            Self::NamesWait(share) => {
                let (named, all) = failures(evidence).fold((0_u32, 0_u32), |(named, all), end| {
                    let has_wait = matches!(end, CallEnd::Failed { wait: Some(_), .. });
                    (named + u32::from(has_wait), all + 1)
                });
                let what = "share of failures that name a wait";
                let rate = if all == 0 {
                    1.0
                } else {
                    f64::from(named) / f64::from(all)
                };
                Finding::at_least("names-wait", what, rate, share)
            }
            Self::FailsAs(expected) => {
                let others = failures(evidence)
                    .filter(|end| {
                        !matches!(end, CallEnd::Failed { kind, .. } if kind.code() == expected.code())
                    })
                    .count();
                let what = format!("failures of another kind than {expected}");
                Finding::none("kind", what, others)
            }
            Self::CutAtLeast(least) => {
                let cut = failures(evidence)
                    .filter(|end| {
                        matches!(
                            end,
                            CallEnd::Failed {
                                committed: true,
                                ..
                            }
                        )
                    })
                    .count();
                let what = "streams that ended with an error after content";
                Finding::at_least("cut", what, cut as f64, least as f64)
            }
            Self::Hedges(share) => {
                let rate = hedges(evidence) as f64 / evidence.calls.len().max(1) as f64;
                Finding::at_most("hedges", "share of calls with a hedge", rate, share)
            }
            Self::WastedHops(limit) => {
                let wasted = wasted_hops(evidence);
                let what = "hops within a failed domain, from 2 s into the storm";
                Finding::at_most("wasted-hops", what, wasted as f64, limit as f64)
            }
            Self::NeverPausedFor(vendor, limit) => {
                let mut last = phases.storm;
                let mut longest = Duration::ZERO;
                let mut times: Vec<Duration> = attempts(evidence, phases.storm, phases.heal)
                    .filter(|entry| entry.vendor == vendor)
                    .map(|entry| entry.at)
                    .collect();
                times.sort_unstable();
                times.push(phases.heal);
                for at in times {
                    longest = longest.max(at.saturating_sub(last));
                    last = at;
                }
                let what = format!("ms without a request at vendor {vendor}");
                Finding::at_most("never-paused", what, millis(longest), millis(limit))
            }
        }
    }
}

/// Every failure of a call that came in the storm.
fn failures(evidence: &Evidence) -> impl Iterator<Item = CallEnd> {
    evidence
        .storm()
        .filter(|(_, record)| record.is_failed())
        .filter_map(|(_, record)| record.end)
}

/// Where an answer stalled on its way, the heal is the moment at which the last such answer was given up:
/// until then its target still fails. Where the process stood still over the heal, it is the moment at which
/// it went on: nobody could probe before.
/// A breaker counts as open where a call passes its target over: one that no call wants is probed by none, and
/// while the probe is out that closes it, others pass it over.
fn recovers(evidence: &Evidence, figures: &Figures) -> Finding {
    let what =
        "share answered later than 15 s after the heal; 0 where a breaker was not closed by then";
    let late = evidence.ledger.iter().filter(|entry| {
        let fault = entry
            .fault
            .and_then(|fault| evidence.plan.faults.get(fault));
        fault.is_some_and(|window| window.fault.shows_late())
    });
    let last = late.filter_map(|entry| entry.ended).max();
    let went_on = evidence.plan.standstill.map(|(at, pause)| at + pause);
    let heal = evidence.plan.phases.heal.max(last.unwrap_or_default());
    let by = heal.max(went_on.unwrap_or_default()) + RECOVERY;
    let is_open = evidence
        .passed_over
        .iter()
        .any(|(at, target)| *at > by && !is_being_closed(evidence, *target, *at));
    let share = match went_on {
        _ if is_open => 0.0,
        // Calls that waited for the process to go on came before it, all at once.
        Some(went_on) => success(
            evidence,
            evidence.plan.phases.heal.max(went_on) + RECOVERY,
            evidence.plan.phases.end,
        ),
        None => figures.healed_success,
    };
    Finding::at_least("I9", what, share, 0.999)
}

/// Whether a probe of the target was out that was answered.
fn is_being_closed(evidence: &Evidence, target: usize, at: Duration) -> bool {
    let Some(target) = evidence.plan.targets.get(target) else {
        return false;
    };
    evidence.ledger.iter().any(|entry| {
        entry.vendor == target.vendor
            && entry.key == target.key
            && entry.end == EntryEnd::Served
            && entry.at <= at
            && at <= entry.at + LEASE
            && entry.ended.is_none_or(|ended| at <= ended)
    })
}

fn stream_ends_within(evidence: &Evidence, limit: Duration) -> Finding {
    let slowest = evidence
        .calls
        .iter()
        .enumerate()
        .filter_map(|(number, record)| {
            let Some(CallEnd::Failed {
                at,
                committed: true,
                ..
            }) = record.end
            else {
                return None;
            };
            let entry = evidence.answering(number)?;
            let sent = evidence.plan.vendors.get(entry.vendor)?.pace * entry.tokens;
            Some(at.saturating_sub(record.first_content? + sent))
        })
        .max();
    let what = "ms from the last token to the error";
    let slowest = slowest.map_or(f64::INFINITY, millis);
    Finding::at_most("stream-end", what, slowest, millis(limit))
}

fn utilisation(evidence: &Evidence, vendor: usize, share: f64) -> Finding {
    let phases = evidence.plan.phases;
    let limits = evidence
        .plan
        .vendors
        .get(vendor)
        .and_then(|spec| spec.limits);
    let minutes = (phases.heal - phases.storm).as_secs_f64() / 60.0;
    let tpm = limits
        .and_then(|limits| limits.tpm)
        .unwrap_or(f64::INFINITY);
    let used: u32 = attempts(evidence, phases.storm, phases.heal)
        .filter(|entry| entry.vendor == vendor && entry.end == EntryEnd::Served)
        .map(|entry| {
            let prompt = evidence
                .calls
                .get(entry.call)
                .map_or(0, |record| record.call.prompt);
            entry.tokens + prompt
        })
        .sum();
    let what = format!("share of vendor {vendor}'s tokens used");
    Finding::at_least(
        "utilisation",
        what,
        f64::from(used) / (tpm * minutes),
        share,
    )
}

/// Attempts that began while an earlier one of their call was still open.
fn hedges(evidence: &Evidence) -> usize {
    (0..evidence.calls.len())
        .flat_map(|call| evidence.exchanges(call).windows(2))
        .filter(|pair| match pair {
            [one, next] => one.ended.is_none_or(|ended| ended > next.at),
            _ => false,
        })
        .count()
}

fn wasted_hops(evidence: &Evidence) -> usize {
    let from = evidence.plan.phases.storm + Duration::from_secs(2);
    let domain = |vendor: usize| {
        evidence
            .plan
            .vendors
            .get(vendor)
            .and_then(|spec| spec.domain)
    };
    evidence
        .calls_in(from, evidence.plan.phases.heal)
        .map(|(number, _)| {
            let exchanges = evidence.exchanges(number);
            exchanges
                .windows(2)
                .filter(|pair| match pair {
                    [one, next] => {
                        one.vendor != next.vendor
                            && domain(one.vendor).is_some()
                            && domain(one.vendor) == domain(next.vendor)
                    }
                    _ => false,
                })
                .count()
        })
        .sum()
}

fn most_in_ten_seconds(evidence: &Evidence, vendor: usize) -> usize {
    let from = evidence.plan.phases.storm + Duration::from_secs(2);
    let mut times: Vec<Duration> = attempts(evidence, from, evidence.plan.phases.heal)
        .filter(|entry| entry.vendor == vendor)
        .map(|entry| entry.at)
        .collect();
    times.sort_unstable();
    let within = |from: Duration| times.partition_point(|at| *at < from + Duration::from_secs(10));
    times
        .iter()
        .enumerate()
        .map(|(place, at)| within(*at) - place)
        .max()
        .unwrap_or(0)
}

fn openings(evidence: &Evidence) -> usize {
    let moves = evidence.moves.iter();
    moves.filter(|change| change.to == Standing::Open).count()
}

/// How often a target in service was taken out of it.
fn departures(evidence: &Evidence) -> usize {
    let departures_of = |target: usize| {
        let mut is_out = false;
        let moves = evidence.moves.iter().filter(|one| one.target == target);
        moves
            .filter(|change| match change.to {
                Standing::Open => !std::mem::replace(&mut is_out, true),
                Standing::Closed | Standing::Degraded => {
                    is_out = false;
                    false
                }
                Standing::Probing | Standing::Paused | Standing::Quarantined => false,
            })
            .count()
    };
    (0..evidence.plan.targets.len()).map(departures_of).sum()
}

fn attempts(
    evidence: &Evidence,
    from: Duration,
    until: Duration,
) -> impl Iterator<Item = &crate::history::Entry> {
    let within = move |entry: &&crate::history::Entry| entry.at >= from && entry.at < until;
    evidence.ledger.iter().filter(within)
}

/// In milliseconds, at least one.
fn p99(evidence: &Evidence, from: Duration, until: Duration, only: Option<Priority>) -> f64 {
    let mut firsts: Vec<Duration> = evidence
        .calls_in(from, until)
        .filter(|(_, record)| record.call.streamed)
        .filter(|(_, record)| only.is_none_or(|only| record.call.priority == only))
        .filter_map(|(_, record)| Some(record.first_content? - record.call.at))
        .collect();
    millis(quantile(&mut firsts, 0.99)).max(1.0)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
