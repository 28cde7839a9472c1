//! Everything that one command plays: scenarios with seeds, negative controls, baselines; on all cores.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::mechanism::Mechanism;
use crate::outcome::{Detail, Outcome, play};
use crate::scenarios::Scenario;
use crate::world::{Baseline, Preset, Rig};

/// One thing to play.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// Which scenario.
    pub(crate) scenario: Scenario,
    /// Which seed.
    pub(crate) seed: u64,
    /// Why.
    pub(crate) purpose: Purpose,
    /// What is under test.
    pub(crate) rig: Rig,
    /// Only these faults, where that is said.
    pub(crate) kept: Option<Vec<usize>>,
    /// How much to make of it.
    pub(crate) detail: Detail,
}

/// Why something is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It must pass; with a mechanism off where the user says so.
    Verdict(Option<Mechanism>),
    /// It must fail, because its guard is off.
    Control(Mechanism),
    /// To be compared with others.
    Beside(Contender),
}

/// Somebody who is compared with others in the same world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    /// Our engine with one of its breakers.
    Ours(Preset),
    /// Somebody else's rule.
    Other(Baseline),
}

impl Contender {
    /// What the report calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ours(Preset::Adaptive) => "interline, adaptive",
            Self::Ours(Preset::Simple) => "interline, simple",
            Self::Other(baseline) => baseline.name(),
        }
    }
}

/// A job and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Played {
    /// Why it was played.
    pub(crate) purpose: Purpose,
    /// What came of it.
    pub(crate) outcome: Outcome,
}

/// Plays all jobs on all cores; `done` is told of each. The results come in the order of the jobs.
pub(crate) fn play_all(jobs: &[Job], done: impl Fn(&Job) + Sync) -> Vec<Played> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, Played)>> = Mutex::new(Vec::with_capacity(jobs.len()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((place, job)) = take(&next, jobs) {
                    let kept = job.kept.as_deref();
                    let outcome = play(&job.scenario, job.seed, job.rig, kept, job.detail);
                    let played = Played {
                        purpose: job.purpose,
                        outcome,
                    };
                    let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                    results.push((place, played));
                    done(job);
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, played)| played).collect()
}

fn take<'a>(next: &AtomicUsize, jobs: &'a [Job]) -> Option<(usize, &'a Job)> {
    let place = next.fetch_add(1, Ordering::Relaxed);
    Some((place, jobs.get(place)?))
}
