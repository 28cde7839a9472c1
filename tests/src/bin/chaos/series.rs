//! A run second by second, for the pictures of the report.

use std::time::Duration;

use crate::figures::quantile;
use crate::history::{Evidence, Move, Standing};
use crate::plan::{Plan, TargetSpec};
use crate::world::name;

/// A run second by second.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// When the faults begin and end, and when the last call comes, in seconds.
    pub(crate) phases: [f64; 3],
    /// How long a step is, in seconds.
    pub(crate) step: u64,
    /// One for each step.
    pub(crate) seconds: Vec<Second>,
    /// Half, and all but one in a hundred, of the first tokens before, during and after what goes wrong.
    pub(crate) latency: Vec<(&'static str, Duration, Duration)>,
    /// Every target with its vendor's name, in the plan's order.
    pub(crate) targets: Vec<(String, &'static str)>,
    /// Who is treated how from when until when.
    pub(crate) bands: Vec<Band>,
    /// The vendors' names, in the order of [`Second::attempts`].
    pub(crate) vendors: Vec<&'static str>,
}

/// One step, most often a second: calls count by when they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Second {
    /// Calls that came.
    pub(crate) calls: usize,
    /// Of them answered.
    pub(crate) answered: usize,
    /// Of them failed.
    pub(crate) failed: usize,
    /// Attempts that began, by vendor.
    pub(crate) attempts: Vec<usize>,
    /// Half of the first tokens of streams came sooner.
    pub(crate) p50: Duration,
    /// All but one in a hundred first tokens of streams came sooner.
    pub(crate) p99: Duration,
}

/// A target treated otherwise than just called, for some time.
#[derive(Clone, Debug)]
pub(crate) struct Band {
    /// Which target.
    pub(crate) target: String,
    /// How it is treated.
    pub(crate) standing: &'static str,
    /// Seconds since the start of the run.
    pub(crate) from: f64,
    /// Seconds since the start of the run.
    pub(crate) until: f64,
}

impl Series {
    /// The series of a run.
    pub(crate) fn of(evidence: &Evidence) -> Self {
        let phases = evidence.plan.phases;
        let vendors: Vec<_> = evidence.plan.vendors.iter().map(|spec| spec.name).collect();
        let length = usize::try_from(phases.end.as_secs()).unwrap_or(0);
        let empty = Second {
            attempts: vec![0; vendors.len()],
            ..Second::default()
        };
        let mut seconds = vec![empty; length];
        let mut firsts: Vec<Vec<Duration>> = vec![Vec::new(); length];
        let place = |at: Duration| usize::try_from(at.as_secs()).unwrap_or(usize::MAX);
        for record in &evidence.calls {
            let index = place(record.call.at);
            let Some(second) = seconds.get_mut(index) else {
                continue;
            };
            second.calls += 1;
            second.answered += usize::from(record.is_answered());
            second.failed += usize::from(record.is_failed());
            let first = record.first_content.filter(|_| record.call.streamed);
            if let (Some(first), Some(all)) = (first, firsts.get_mut(index)) {
                all.push(first - record.call.at);
            }
        }
        for entry in &evidence.ledger {
            let second = seconds.get_mut(place(entry.at));
            if let Some(count) = second.and_then(|second| second.attempts.get_mut(entry.vendor)) {
                *count += 1;
            }
        }
        for (second, all) in seconds.iter_mut().zip(&mut firsts) {
            second.p50 = quantile(all, 0.5);
            second.p99 = quantile(all, 0.99);
        }
        Self {
            phases: [phases.storm, phases.heal, phases.end].map(|at| at.as_secs_f64()),
            step: 1,
            seconds,
            latency: [
                ("before", Duration::ZERO, phases.storm),
                ("during", phases.storm, phases.heal),
                ("after", phases.heal, phases.end),
            ]
            .map(|(when, from, until)| {
                let (p50, p99) = latency(evidence, from, until);
                (when, p50, p99)
            })
            .into(),
            targets: targets_of(&evidence.plan),
            bands: bands_of(&evidence.plan, &evidence.moves),
            vendors,
        }
    }
}

/// Half, and all but one in a hundred, of the first tokens of calls that came within a time.
fn latency(evidence: &Evidence, from: Duration, until: Duration) -> (Duration, Duration) {
    let mut firsts: Vec<Duration> = evidence
        .calls_in(from, until)
        .filter(|(_, record)| record.call.streamed)
        .filter_map(|(_, record)| Some(record.first_content? - record.call.at))
        .collect();
    (quantile(&mut firsts, 0.5), quantile(&mut firsts, 0.99))
}

/// Every target with its vendor's name, in the plan's order.
pub(crate) fn targets_of(plan: &Plan) -> Vec<(String, &'static str)> {
    let named = |spec: &TargetSpec| {
        let vendor = plan.vendors.get(spec.vendor);
        let vendor = vendor.map_or("?", |vendor| vendor.name);
        (name(plan, spec).to_string(), vendor)
    };
    plan.targets.iter().map(named).collect()
}

/// How targets are treated over a run, from the changes that the engine told.
pub(crate) fn bands_of(plan: &Plan, moves: &[Move]) -> Vec<Band> {
    let end = plan.phases.end;
    let mut bands = Vec::new();
    for (index, spec) in plan.targets.iter().enumerate() {
        let target = name(plan, spec).to_string();
        let moves = moves.iter().filter(|change| change.target == index);
        let moves: Vec<&Move> = moves.collect();
        for (place, change) in moves.iter().enumerate() {
            let until = moves.get(place + 1).map_or(end, |next| next.at.min(end));
            if change.to != Standing::Closed && change.at < until {
                bands.push(Band {
                    target: target.clone(),
                    standing: change.to.name(),
                    from: change.at.as_secs_f64(),
                    until: until.as_secs_f64(),
                });
            }
        }
    }
    bands
}
