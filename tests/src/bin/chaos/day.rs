//! A day of a large service: ten million calls with the hours, three vendors, two incidents, on the virtual clock.
//!
//! What no run of minutes shows: that nothing drifts or piles up over a day, and that the engine is fast enough
//! for ten million decisions to be checked one by one while a reader waits.

use std::time::{Duration, Instant};

use crate::faults::{Fault, FaultWindow, RetryAfterForm};
use crate::figures::quantile;
use crate::history::{Evidence, Standing};
use crate::invariants::{self, Finding};
use crate::load::Load;
use crate::outcome::{FiredFault, fired};
use crate::plan::{Phases, Plan, VendorSpec};
use crate::series::{Second, Series, bands_of, targets_of};
use crate::world::{Over, PART, Preset, Rig, run_in_parts};

/// What the command line calls it.
pub(crate) const NAME: &str = "large-day";
/// How many calls the day must have.
const CALLS: usize = 10_000_000;
/// Room for more, since calls come at random.
const MOST: usize = 10_400_000;
/// The mean rate: ten million in a day and a little more, so that a random day has them, too.
const RATE: f64 = 116.4;
/// How long a step of the picture is.
const STEP: Duration = Duration::from_secs(300);
/// The first incident: a vendor accepts connections and never answers.
const SILENT: (Duration, Duration) = (clock(9, 10), clock(9, 50));
/// The second: another is slow, and overloaded for a third of its requests.
const OVERLOADED: (Duration, Duration) = (clock(14, 5), clock(15, 50));

/// The day, played.
#[derive(Debug)]
pub(crate) struct Day {
    /// Calls in all.
    pub(crate) calls: usize,
    /// Wall clock.
    pub(crate) took: Duration,
    /// Events that the engine told.
    pub(crate) events: u64,
    /// A row for each hour, for each incident, and for the whole day, which is the last.
    pub(crate) rows: Vec<Row>,
    /// What the checks found.
    pub(crate) findings: Vec<Finding>,
    /// The incidents and the noise between them.
    pub(crate) faults: Vec<FiredFault>,
    /// The day in steps of five minutes.
    pub(crate) series: Series,
}

/// Some time of the day.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Which.
    pub(crate) name: String,
    /// Calls that came.
    pub(crate) calls: usize,
    /// Of them failed.
    pub(crate) failed: usize,
    /// The share of calls answered, among those that were not given up.
    pub(crate) availability: f64,
    /// Attempts for each call.
    pub(crate) amplification: f64,
    /// Half of the first tokens came sooner.
    pub(crate) p50: Duration,
    /// All but one in a hundred first tokens came sooner.
    pub(crate) p99: Duration,
    /// Each vendor's share of the attempts.
    pub(crate) shares: Vec<f64>,
}

impl Day {
    /// Whether every check holds.
    pub(crate) fn is_passed(&self) -> bool {
        let mut findings = self.findings.iter();
        findings.all(|finding| finding.verdict() != invariants::Verdict::Fail)
    }
}

/// The parts that a day is played in.
pub(crate) fn parts() -> usize {
    (plan().phases.end.as_secs() / PART.as_secs()) as usize
}

/// Plays the day; `step` is told of each part.
#[expect(
    clippy::disallowed_methods,
    reason = "how long it really takes is what is measured"
)]
pub(crate) fn play(seed: u64, preset: Preset, step: impl Fn()) -> Day {
    let plan = plan();
    let begun = Instant::now();
    let mut fold = Fold::new(&plan);
    let over = run_in_parts(&plan, seed, Rig::whole(preset), MOST, |evidence| {
        fold.add(evidence);
        step();
    });
    fold.finish(&plan, &over, begun)
}

fn plan() -> Plan {
    let end = Duration::from_secs(86_400);
    let mut load = Load::of(RATE);
    load.give_up = 0.01;
    let phases = Phases {
        storm: SILENT.0,
        heal: OVERLOADED.1,
        end,
    };
    let vendors = ["alpha", "beta", "gamma"].map(VendorSpec::new);
    let mut plan = Plan::new(vendors, load, phases);
    let window = |vendor, fault, (from, until)| FaultWindow::new(vendor, fault, from, until);
    let overload = Fault::Busy(529, RetryAfterForm::Absent);
    let slow = Fault::Slow {
        factor: 6.0,
        within: Duration::from_secs(300),
    };
    plan.faults = vec![
        window(0, Fault::BlackHole, SILENT),
        window(1, overload, OVERLOADED).with_share(0.35),
        window(1, slow, OVERLOADED),
    ];
    // No vendor is without fault on a good day, either; the share is chosen, not measured.
    plan.faults.extend(
        (0..3).map(|vendor| {
            window(vendor, Fault::Status(500), (Duration::ZERO, end)).with_share(0.001)
        }),
    );
    plan
}

/// A time of the day.
const fn clock(hours: u64, minutes: u64) -> Duration {
    Duration::from_secs(hours * 3_600 + minutes * 60)
}

/// What is kept of the calls that are over.
#[derive(Debug)]
struct Fold {
    steps: Vec<Step>,
    findings: Vec<Finding>,
}

/// What is kept of one step.
#[derive(Clone, Debug)]
struct Step {
    calls: usize,
    answered: usize,
    failed: usize,
    attempts: Vec<usize>,
    /// First tokens of streams, in milliseconds: seven million of them fit into memory this way.
    firsts: Vec<u16>,
}

impl Fold {
    fn new(plan: &Plan) -> Self {
        let steps = plan.phases.end.as_secs() / STEP.as_secs();
        let empty = Step {
            calls: 0,
            answered: 0,
            failed: 0,
            attempts: vec![0; plan.vendors.len()],
            firsts: Vec::new(),
        };
        Self {
            steps: vec![empty; usize::try_from(steps).unwrap_or(0)],
            findings: Vec::new(),
        }
    }

    fn step(&mut self, at: Duration) -> Option<&mut Step> {
        let place = at.as_secs() / STEP.as_secs();
        self.steps.get_mut(usize::try_from(place).ok()?)
    }

    fn add(&mut self, evidence: &Evidence) {
        for record in &evidence.calls {
            let Some(step) = self.step(record.call.at) else {
                continue;
            };
            step.calls += 1;
            step.answered += usize::from(record.is_answered());
            step.failed += usize::from(record.is_failed());
            if let Some(first) = record.first_content.filter(|_| record.call.streamed) {
                let millis = (first - record.call.at).as_millis();
                step.firsts.push(u16::try_from(millis).unwrap_or(u16::MAX));
            }
        }
        for entry in &evidence.ledger {
            let step = self.step(entry.at);
            if let Some(count) = step.and_then(|step| step.attempts.get_mut(entry.vendor)) {
                *count += 1;
            }
        }
        let found = invariants::check_part(evidence);
        if self.findings.is_empty() {
            self.findings = found;
            return;
        }
        for (all, part) in self.findings.iter_mut().zip(&found) {
            all.absorb(part);
        }
    }

    fn finish(self, plan: &Plan, over: &Over, begun: Instant) -> Day {
        let hour = Duration::from_secs(3_600);
        let mut rows: Vec<Row> = (0..24)
            .map(|place| self.row(format!("{place:02}:00"), hour * place, hour * (place + 1)))
            .collect();
        let silent = self.row("alpha silent".to_owned(), SILENT.0, SILENT.1);
        let overloaded = self.row(
            "beta slow and overloaded".to_owned(),
            OVERLOADED.0,
            OVERLOADED.1,
        );
        let all = self.row("the whole day".to_owned(), Duration::ZERO, plan.phases.end);
        let series = self.series(plan, over, [&silent, &overloaded, &all]);
        let mut findings = self.findings;
        findings.extend(criteria([&silent, &overloaded, &all], over));
        let calls = all.calls;
        rows.extend([silent, overloaded, all]);
        Day {
            calls,
            took: begun.elapsed(),
            events: over.events,
            rows,
            findings,
            faults: fired(plan, &over.fired),
            series,
        }
    }

    fn row(&self, name: String, from: Duration, until: Duration) -> Row {
        let place = |at: Duration| usize::try_from(at.as_secs() / STEP.as_secs()).unwrap_or(0);
        let steps = self
            .steps
            .get(place(from)..place(until))
            .unwrap_or_default();
        let sum = |count: fn(&Step) -> usize| steps.iter().map(count).sum::<usize>();
        let (answered, failed) = (sum(|step| step.answered), sum(|step| step.failed));
        let calls = sum(|step| step.calls);
        let attempts = sum(|step| step.attempts.iter().sum());
        let vendors = steps.first().map_or(0, |step| step.attempts.len());
        let shares = (0..vendors).map(|vendor| {
            let mine = steps.iter().filter_map(|step| step.attempts.get(vendor));
            mine.sum::<usize>() as f64 / attempts.max(1) as f64
        });
        let mut firsts: Vec<u16> = steps
            .iter()
            .flat_map(|step| &step.firsts)
            .copied()
            .collect();
        Row {
            name,
            calls,
            failed,
            availability: answered as f64 / (answered + failed).max(1) as f64,
            amplification: attempts as f64 / calls.max(1) as f64,
            p50: millis(&mut firsts, 0.5),
            p99: millis(&mut firsts, 0.99),
            shares: shares.collect(),
        }
    }

    fn series(&self, plan: &Plan, over: &Over, rows: [&Row; 3]) -> Series {
        let seconds = self.steps.iter().map(|step| {
            let mut firsts = step.firsts.clone();
            Second {
                calls: step.calls,
                answered: step.answered,
                failed: step.failed,
                attempts: step.attempts.clone(),
                p50: millis(&mut firsts, 0.5),
                p99: millis(&mut firsts, 0.99),
            }
        });
        let names = ["first incident", "second incident", "whole day"];
        Series {
            phases: [plan.phases.storm, plan.phases.heal, plan.phases.end]
                .map(|at| at.as_secs_f64()),
            step: STEP.as_secs(),
            seconds: seconds.collect(),
            latency: names
                .into_iter()
                .zip(rows)
                .map(|(name, row)| (name, row.p50, row.p99))
                .collect(),
            targets: targets_of(plan),
            bands: bands_of(plan, &over.moves),
            vendors: plan.vendors.iter().map(|spec| spec.name).collect(),
        }
    }
}

fn millis(values: &mut [u16], share: f64) -> Duration {
    Duration::from_millis(u64::from(quantile(values, share)))
}

/// What must come of the day beyond the invariants.
fn criteria([silent, overloaded, all]: [&Row; 3], over: &Over) -> Vec<Finding> {
    let share = |what: &str, row: &Row| Finding::at_least("I6", what, row.availability, 0.999);
    let opened = over
        .moves
        .iter()
        .find(|change| change.target == 0 && change.at >= SILENT.0 && change.to == Standing::Open);
    let open = opened.map_or(f64::INFINITY, |change| {
        (change.at - SILENT.0).as_secs_f64() * 1e3
    });
    let last = |target| {
        let mut moves = over.moves.iter().rev();
        moves.find(move |change: &&crate::history::Move| change.target == target)
    };
    let shut = (0..3)
        .filter_map(last)
        .filter(|change| change.to != Standing::Closed);
    let idle = over.fired.iter().filter(|fired| **fired == 0).count();
    vec![
        share("share of the day's calls answered", all),
        share("share answered while alpha is silent", silent),
        share(
            "share answered while beta is slow and overloaded",
            overloaded,
        ),
        Finding::at_most(
            "amplification",
            "attempts for each call of the day",
            all.amplification,
            1.05,
        ),
        Finding::at_most("I8", "ms to open the silent vendor", open, 5_000.0),
        Finding::none(
            "I9",
            "targets not closed at the end of the day",
            shut.count(),
        ),
        Finding::none("I23", "tasks left over or panicked", over.loose_ends),
        Finding::none("I26", "faults that never fired", idle),
        Finding::at_least("size", "calls of the day", all.calls as f64, CALLS as f64),
    ]
}
