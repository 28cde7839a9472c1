//! What the report says, whatever it is written on: a row for each scenario, controls, baselines.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::arguments::Arguments;
use crate::campaign::{Contender, Played, Purpose};
use crate::figures::Figures;
use crate::jobs::rig_of;
use crate::known_red::{KNOWN_RED, reason};
use crate::mechanism::Mechanism;
use crate::outcome::Outcome;
use crate::scenarios::SOUP;
use crate::shrink::shrink;
use crate::world::Preset;

/// The whole report.
#[derive(Debug)]
pub(crate) struct Report {
    /// The first seed.
    pub(crate) seed: u64,
    /// What was played, as git names it.
    pub(crate) commit: String,
    /// Which breaker was asked.
    pub(crate) breaker: Preset,
    /// The mechanism that the user switched off.
    pub(crate) without: Option<Mechanism>,
    /// Whether scenarios that are known to be red may fail.
    pub(crate) is_smoke: bool,
    /// Everything that was played for its own verdict.
    pub(crate) outcomes: Vec<Outcome>,
    /// Scenarios whose guard was off, and whether they failed as they must.
    pub(crate) controls: Vec<Control>,
    /// Ours and the baselines side by side.
    pub(crate) beside: Vec<Beside>,
    /// For scenarios that failed, the faults that it takes with their first failing seed.
    pub(crate) shrunk: BTreeMap<&'static str, Vec<usize>>,
}

/// A scenario with its guard off.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    /// What is off.
    pub(crate) mechanism: Mechanism,
    /// Which scenario.
    pub(crate) scenario: &'static str,
    /// The checks that failed and do not fail with everything on; there must be one.
    pub(crate) failed: Vec<String>,
}

/// A contender's figures in one scenario.
#[derive(Clone, Debug)]
pub(crate) struct Beside {
    /// Which scenario.
    pub(crate) scenario: &'static str,
    /// Whose.
    pub(crate) contender: Contender,
    /// How many seeds.
    pub(crate) seeds: usize,
    /// The worst of all seeds.
    pub(crate) figures: Figures,
}

/// One scenario over all its seeds: the worst of each figure.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Which scenario.
    pub(crate) name: &'static str,
    /// What happens in it.
    pub(crate) about: &'static str,
    /// Its place in the catalogue.
    pub(crate) number: u32,
    /// How many seeds.
    pub(crate) seeds: usize,
    /// How many of them failed.
    pub(crate) failed: usize,
    /// Calls over all seeds.
    pub(crate) requests: usize,
    /// The least.
    pub(crate) success_rate: f64,
    /// The most.
    pub(crate) amplification: f64,
    /// The most.
    pub(crate) p50: Duration,
    /// The most.
    pub(crate) p99: Duration,
    /// The most.
    pub(crate) added_p99: Duration,
    /// The most.
    pub(crate) failure_p99: Duration,
    /// The least.
    pub(crate) healed_success: f64,
    /// The most, where every seed opened.
    pub(crate) time_to_open: Option<Duration>,
    /// The most.
    pub(crate) time_to_recover: Option<Duration>,
    /// Over all seeds.
    pub(crate) faults_fired: u64,
    /// The checks that failed with any seed, each with how many seeds and its worst figure and limit.
    pub(crate) broken: BTreeMap<String, (usize, f64, f64)>,
}

impl Report {
    /// Sorts what was played.
    pub(crate) fn of(arguments: &Arguments, commit: String, played: Vec<Played>) -> Self {
        let mut report = Self {
            seed: arguments.seed,
            commit,
            breaker: arguments.breaker,
            without: arguments.without,
            is_smoke: arguments.smoke,
            outcomes: Vec::new(),
            controls: Vec::new(),
            beside: Vec::new(),
            shrunk: BTreeMap::new(),
        };
        for Played { purpose, outcome } in played {
            let scenario = outcome.scenario.name;
            match purpose {
                Purpose::Verdict(_) => report.outcomes.push(outcome),
                Purpose::Control(mechanism) => report.controls.push(Control {
                    mechanism,
                    scenario,
                    failed: outcome.failures().map(|one| one.id.clone()).collect(),
                }),
                Purpose::Beside(contender) => {
                    report.stand_beside(scenario, contender, outcome.figures);
                }
            }
        }
        report.forgive_controls();
        report
    }

    /// A check that fails with everything on as well says nothing about the mechanism that is off.
    fn forgive_controls(&mut self) {
        for control in &mut self.controls {
            let whole = self
                .outcomes
                .iter()
                .find(|outcome| outcome.scenario.name == control.scenario);
            let Some(whole) = whole else { continue };
            let known: BTreeSet<&str> = whole.failures().map(|one| one.id.as_str()).collect();
            control.failed.retain(|id| !known.contains(id.as_str()));
        }
    }

    /// Finds the faults that the first failing seed of each scenario takes to fail.
    pub(crate) fn shrink(&mut self) {
        let rig = rig_of(Purpose::Verdict(self.without), self.breaker);
        for outcome in self.outcomes.iter().filter(|outcome| !outcome.is_passed()) {
            let name = outcome.scenario.name;
            if outcome.faults.len() > 1 && !self.shrunk.contains_key(name) {
                self.shrunk.insert(name, shrink(outcome, rig));
            }
        }
    }

    /// Adds one seed of a contender.
    fn stand_beside(&mut self, scenario: &'static str, contender: Contender, figures: Figures) {
        let known = self
            .beside
            .iter_mut()
            .find(|row| row.scenario == scenario && row.contender == contender);
        match known {
            Some(row) => {
                row.seeds += 1;
                row.figures = figures.worst(&row.figures);
            }
            None => self.beside.push(Beside {
                scenario,
                contender,
                seeds: 1,
                figures,
            }),
        }
    }

    /// A row for each scenario, in the order in which they were played.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        for outcome in &self.outcomes {
            match rows
                .iter_mut()
                .find(|row| row.name == outcome.scenario.name)
            {
                Some(row) => row.add(outcome),
                None => {
                    let mut row = Row::new(outcome);
                    row.add(outcome);
                    rows.push(row);
                }
            }
        }
        rows
    }

    /// The scenarios that failed with any seed.
    pub(crate) fn failed(&self) -> BTreeSet<&'static str> {
        let failed = self.outcomes.iter().filter(|outcome| !outcome.is_passed());
        failed.map(|outcome| outcome.scenario.name).collect()
    }

    /// Where a mechanism was switched off: the scenarios that failed although it does not guard them, and
    /// those that passed although it does.
    ///
    /// The soup is never off target for failing: it plays every fault, so that one seed of a thousand may need
    /// any mechanism. Where a mechanism guards it all the same, it has to fail.
    pub(crate) fn off_target(&self) -> Option<(Vec<&'static str>, Vec<&'static str>)> {
        let guards = self.without?.guards();
        let failed = self.failed();
        let played: BTreeSet<_> = self.outcomes.iter().map(|one| one.scenario.name).collect();
        let is_soup = |name: &&str| *name == SOUP.name;
        let failed_alone = failed.iter().copied().filter(|name| !is_soup(name));
        let unguarded = failed_alone.filter(|name| !guards.contains(name));
        let unharmed = guards
            .iter()
            .copied()
            .filter(|name| played.contains(name) && !failed.contains(name));
        Some((unguarded.collect(), unharmed.collect()))
    }

    /// Of the smoke set: the scenarios that are known to be red and passed, though enough seeds were played.
    pub(crate) fn turned_green(&self) -> Vec<&'static str> {
        let failed = self.failed();
        let turned = KNOWN_RED.iter().filter(|(name, seeds, _)| {
            let outcomes = self.outcomes.iter();
            let played = outcomes.filter(|one| one.scenario.name == *name).count();
            self.is_smoke && played as u64 >= *seeds && !failed.contains(name)
        });
        turned.map(|(name, ..)| *name).collect()
    }

    /// Whether everything is as it must be.
    pub(crate) fn is_green(&self) -> bool {
        let is_allowed = |name: &&str| self.is_smoke && reason(name).is_some();
        let verdicts = match self.off_target() {
            Some((unguarded, unharmed)) => unguarded.is_empty() && unharmed.is_empty(),
            None => self.failed().iter().all(is_allowed) && self.turned_green().is_empty(),
        };
        verdicts
            && self
                .controls
                .iter()
                .all(|control| !control.failed.is_empty())
    }

    /// How often each kind of fault fired over everything.
    pub(crate) fn fired(&self) -> BTreeMap<&'static str, u64> {
        let mut fired = BTreeMap::new();
        for fault in self.outcomes.iter().flat_map(|outcome| &outcome.faults) {
            *fired.entry(fault.kind).or_default() += fault.fired;
        }
        fired
    }
}

impl Row {
    fn new(outcome: &Outcome) -> Self {
        Self {
            name: outcome.scenario.name,
            about: outcome.scenario.about,
            number: outcome.scenario.number,
            seeds: 0,
            failed: 0,
            requests: 0,
            success_rate: 1.0,
            amplification: 0.0,
            p50: Duration::ZERO,
            p99: Duration::ZERO,
            added_p99: Duration::ZERO,
            failure_p99: Duration::ZERO,
            healed_success: 1.0,
            time_to_open: None,
            time_to_recover: None,
            faults_fired: 0,
            broken: BTreeMap::new(),
        }
    }

    fn add(&mut self, outcome: &Outcome) {
        let figures = &outcome.figures;
        self.seeds += 1;
        self.failed += usize::from(!outcome.is_passed());
        self.requests += figures.requests;
        self.success_rate = self.success_rate.min(figures.success_rate);
        self.amplification = self.amplification.max(figures.amplification);
        self.p50 = self.p50.max(figures.p50);
        self.p99 = self.p99.max(figures.p99);
        self.added_p99 = self.added_p99.max(figures.added_p99);
        self.failure_p99 = self.failure_p99.max(figures.failure_p99);
        self.healed_success = self.healed_success.min(figures.healed_success);
        self.time_to_open = self.time_to_open.max(figures.time_to_open);
        self.time_to_recover = self.time_to_recover.max(figures.time_to_recover);
        self.faults_fired += figures.faults_fired;
        for finding in outcome.failures() {
            let worse = |one: f64, other: f64| {
                if finding.limit >= one.min(other) && one.min(other) < finding.limit {
                    one.min(other)
                } else {
                    one.max(other)
                }
            };
            let (seeds, figure, _) =
                self.broken
                    .get(&finding.id)
                    .copied()
                    .unwrap_or((0, finding.figure, finding.limit));
            let worst = worse(figure, finding.figure);
            self.broken
                .insert(finding.id.clone(), (seeds + 1, worst, finding.limit));
        }
    }
}
