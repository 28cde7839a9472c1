//! One scenario played with one seed: figures, findings, and what the report draws.

use crate::figures::Figures;
use crate::invariants::{self, Finding, Verdict};
use crate::plan::{Isolation, Plan};
use crate::scenarios::Scenario;
use crate::series::Series;
use crate::world::{self, Rig};

/// What came of one scenario with one seed.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// Which scenario.
    pub(crate) scenario: Scenario,
    /// Which seed.
    pub(crate) seed: u64,
    /// Its figures.
    pub(crate) figures: Figures,
    /// What the checks found.
    pub(crate) findings: Vec<Finding>,
    /// Each fault in words, and how often it fired.
    pub(crate) faults: Vec<FiredFault>,
    /// The run second by second, where it is wanted.
    pub(crate) series: Option<Series>,
    /// The hash over all events.
    pub(crate) hash: u64,
}

/// A fault of the plan and how often it fired.
#[derive(Clone, Debug)]
pub(crate) struct FiredFault {
    /// Its kind, as the report groups it.
    pub(crate) kind: &'static str,
    /// Its whole description.
    pub(crate) words: String,
    /// The vendor's name.
    pub(crate) vendor: &'static str,
    /// Seconds since the start of the run.
    pub(crate) from: f64,
    /// Seconds since the start of the run.
    pub(crate) until: f64,
    /// Seconds for which it holds and pauses by turns, where it does not hold all the time.
    pub(crate) duty: Option<(f64, f64)>,
    /// How many exchanges it hit.
    pub(crate) fired: u64,
}

/// How much to make of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// The verdict only.
    Verdict,
    /// A second run to compare with.
    Repeated,
    /// That, and the run second by second.
    Drawn,
}

impl Outcome {
    /// Whether every check that has something to measure passed.
    pub(crate) fn is_passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// The checks that failed.
    pub(crate) fn failures(&self) -> impl Iterator<Item = &Finding> {
        let failed = |finding: &&Finding| finding.verdict() == Verdict::Fail;
        self.findings.iter().filter(failed)
    }
}

/// Plays a scenario with a seed; only with the faults of `kept`, where that is said.
pub(crate) fn play(
    scenario: &Scenario,
    seed: u64,
    rig: Rig,
    kept: Option<&[usize]>,
    detail: Detail,
) -> Outcome {
    let mut plan = scenario.plan(seed);
    if let Some(kept) = kept {
        plan.keep_faults(kept);
    }
    let mut evidence = world::run(&plan, seed, rig);
    if detail != Detail::Verdict {
        evidence.is_repeatable = Some(world::run(&plan, seed, rig).hash == evidence.hash);
    }
    if plan.isolation == Isolation::Twin && rig.is_engine() {
        let healthy = Plan {
            faults: Vec::new(),
            ..plan.clone()
        };
        let twin = world::run(&healthy, seed, rig);
        evidence.differs_from_twin = Some(invariants::differences(&evidence, &twin));
    }
    let figures = Figures::of(&evidence);
    let findings = invariants::check(&evidence, &figures);
    Outcome {
        scenario: *scenario,
        seed,
        findings,
        faults: fired(&evidence.plan, &evidence.fired),
        series: (detail == Detail::Drawn).then(|| Series::of(&evidence)),
        hash: evidence.hash,
        figures,
    }
}

/// Each fault of a plan with how often it fired.
pub(crate) fn fired(plan: &Plan, counts: &[u64]) -> Vec<FiredFault> {
    let windows = plan.faults.iter().zip(counts);
    windows
        .map(|(window, fired)| FiredFault {
            kind: window.fault.name(),
            words: window.to_string(),
            vendor: plan
                .vendors
                .get(window.vendor)
                .map_or("?", |spec| spec.name),
            from: window.from.as_secs_f64(),
            until: window.until.as_secs_f64(),
            duty: window
                .duty
                .map(|duty| (duty.on.as_secs_f64(), duty.off.as_secs_f64())),
            fired: *fired,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::{SOUP, all};
    use crate::world::Preset;

    #[test]
    fn the_same_seed_gives_the_same_hash() {
        for seed in 0..12 {
            let outcome = play(
                &SOUP,
                seed,
                Rig::whole(Preset::Adaptive),
                None,
                Detail::Repeated,
            );
            let repeated = outcome.findings.iter().find(|finding| finding.id == "I24");
            let verdict = repeated.map(Finding::verdict);
            assert_eq!(verdict, Some(Verdict::Pass), "seed {seed}");
        }
    }

    #[test]
    fn another_seed_gives_another_hash() {
        let hash = |seed| {
            play(
                &SOUP,
                seed,
                Rig::whole(Preset::Adaptive),
                None,
                Detail::Verdict,
            )
            .hash
        };
        assert_ne!(hash(1), hash(2));
    }

    #[test]
    fn nothing_wrong_is_found_where_nothing_is_wrong() {
        let all = all();
        let baseline = all.iter().find(|scenario| scenario.name == "baseline");
        let baseline = baseline.expect("the catalogue has a baseline");
        let outcome = play(
            baseline,
            5,
            Rig::whole(Preset::Adaptive),
            None,
            Detail::Verdict,
        );
        let failures: Vec<_> = outcome.failures().collect();
        assert!(failures.is_empty(), "{failures:?}");
        assert!(outcome.figures.requests > 1_000);
    }
}
