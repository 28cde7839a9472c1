//! A run second by second, for the pictures of the report.

use std::time::Duration;

use crate::figures::quantile;
use crate::history::{Evidence, Move, Standing};
use crate::world::name;

/// A run second by second.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    /// When the faults begin and end, and when the last call comes, in seconds.
    pub(crate) phases: [f64; 3],
    /// One for each second.
    pub(crate) seconds: Vec<Second>,
    /// Who is treated how from when until when.
    pub(crate) bands: Vec<Band>,
    /// The vendors' names, in the order of [`Second::attempts`].
    pub(crate) vendors: Vec<&'static str>,
}

/// One second: calls count by when they came.
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
    /// Half of the first contents came sooner.
    pub(crate) p50: Duration,
    /// All but one in a hundred first contents came sooner.
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
        let length = usize::try_from(phases.end.as_secs()).unwrap_or(0) + 1;
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
            if let (Some(first), Some(all)) = (record.first_content, firsts.get_mut(index)) {
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
            seconds,
            bands: bands(evidence),
            vendors,
        }
    }
}

fn bands(evidence: &Evidence) -> Vec<Band> {
    let end = evidence.plan.phases.end;
    let mut bands = Vec::new();
    for (index, spec) in evidence.plan.targets.iter().enumerate() {
        let target = name(&evidence.plan, spec).to_string();
        let moves = evidence
            .moves
            .iter()
            .filter(|change| change.target == index);
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
