//! Which jobs a command line stands for.

use crate::arguments::Arguments;
use crate::campaign::{Contender, Job, Purpose};
use crate::day;
use crate::mechanism::Mechanism;
use crate::outcome::Detail;
use crate::scenarios::{self, SOUP, Scenario};
use crate::world::{Baseline, Preset, Rig};

/// Seeds of each scenario, where nothing is said.
const SEEDS: u64 = 3;
/// Seeds of the soup, where nothing is said: the design's thousand.
const SOUP_SEEDS: u64 = 1_000;
/// Seeds of the soup for each seed that is asked for, where everything is played.
const SOUP_FOR_EACH: u64 = 300;
/// Seeds of the soup in the smoke set.
const SOUP_SMOKE_SEEDS: u64 = 100;
/// The control of each mechanism in the smoke set: the guarded scenario with the fewest calls.
const SMOKE_CONTROLS: [(Mechanism, &str); 5] = [
    (Mechanism::Breaker, "accept-then-close"),
    (Mechanism::RetryBudget, "uniform-20"),
    (Mechanism::StallGuard, "slow-headers"),
    (Mechanism::RateLimiter, "capacity-aware"),
    (Mechanism::Hedging, "hedge-race"),
];
/// Every so many-th seed of the soup is played twice.
const SOUP_REPEATED: u64 = 10;
/// The scenarios in which others stand beside ours.
const BESIDE: [&str; 7] = [
    "one-down-reset",
    "one-blackhole",
    "uniform-20",
    "total-outage",
    "brown-out",
    "two-of-three-reset",
    "429-storm",
];
/// Seeds with which others are compared, at the most.
const BESIDE_SEEDS: u64 = 3;

/// The jobs of a command line.
///
/// # Errors
/// A scenario or a fault that does not exist.
pub(crate) fn of(arguments: &Arguments) -> Result<Vec<Job>, String> {
    let chosen = chosen(arguments)?;
    let kept = arguments.kept_faults()?;
    let is_everything = arguments.scenario.is_empty();
    let mut jobs = Vec::new();
    for scenario in &chosen {
        let is_soup = scenario.name == SOUP.name;
        let seeds = match (arguments.seeds, is_soup) {
            _ if arguments.smoke => {
                if is_soup {
                    SOUP_SMOKE_SEEDS
                } else {
                    1
                }
            }
            (Some(seeds), true) if is_everything => seeds.saturating_mul(SOUP_FOR_EACH),
            (Some(seeds), _) => seeds,
            (None, true) => SOUP_SEEDS,
            (None, false) => SEEDS,
        };
        for place in 0..seeds {
            let detail = match (is_soup, place) {
                (false, _) if arguments.smoke => Detail::Verdict,
                (_, 0) => Detail::Drawn,
                (true, place) if place % SOUP_REPEATED == 0 => Detail::Repeated,
                _ => Detail::Verdict,
            };
            jobs.push(Job {
                scenario: *scenario,
                seed: arguments.seed.wrapping_add(place),
                purpose: Purpose::Verdict(arguments.without),
                rig: rig_of(Purpose::Verdict(arguments.without), arguments.breaker),
                kept: kept.clone(),
                detail,
            });
        }
    }
    if arguments.without.is_none() && kept.is_none() {
        jobs.extend(controls(&chosen, arguments));
        if !arguments.smoke {
            jobs.extend(beside(&chosen, arguments));
        }
    }
    Ok(jobs)
}

fn chosen(arguments: &Arguments) -> Result<Vec<Scenario>, String> {
    let all: Vec<Scenario> = scenarios::all().into_iter().chain([SOUP]).collect();
    if arguments.scenario.is_empty() {
        return Ok(all);
    }
    let find = |name: &String| {
        let found = all.iter().find(|scenario| scenario.name == name).copied();
        found.ok_or_else(|| {
            let here = scenarios::ELSEWHERE
                .iter()
                .find(|(_, other, ..)| other == name);
            match here {
                Some((_, _, tier, why)) => {
                    format!("scenario `{name}` belongs to the {tier} tier: {why}")
                }
                None => format!("there is no scenario `{name}`: see --list"),
            }
        })
    };
    let names = arguments.scenario.iter();
    names.filter(|name| *name != day::NAME).map(find).collect()
}

/// Every chosen scenario without each of its guards. The soup is none of them: one seed of it may hit
/// nothing that a guard guards; `--without` plays all of them.
fn controls(chosen: &[Scenario], arguments: &Arguments) -> Vec<Job> {
    Mechanism::ALL
        .into_iter()
        .flat_map(|mechanism| {
            let guarded = chosen.iter().filter(move |scenario| {
                scenario.name != SOUP.name
                    && mechanism.guards().contains(&scenario.name)
                    && (!arguments.smoke || SMOKE_CONTROLS.contains(&(mechanism, scenario.name)))
            });
            guarded.map(move |scenario| job(scenario, arguments, Purpose::Control(mechanism)))
        })
        .collect()
}

/// Both of our breakers and every baseline, with the same seeds.
fn beside(chosen: &[Scenario], arguments: &Arguments) -> Vec<Job> {
    let ours = [Preset::Adaptive, Preset::Simple].map(Contender::Ours);
    let others = Baseline::ALL.map(Contender::Other);
    let contenders: Vec<Contender> = ours.into_iter().chain(others).collect();
    let seeds = arguments.seeds.unwrap_or(SEEDS).min(BESIDE_SEEDS);
    let mut jobs = Vec::new();
    for scenario in chosen {
        if !BESIDE.contains(&scenario.name) {
            continue;
        }
        for contender in &contenders {
            jobs.extend((0..seeds).map(|place| Job {
                seed: arguments.seed.wrapping_add(place),
                ..job(scenario, arguments, Purpose::Beside(*contender))
            }));
        }
    }
    jobs
}

fn job(scenario: &Scenario, arguments: &Arguments, purpose: Purpose) -> Job {
    Job {
        scenario: *scenario,
        seed: arguments.seed,
        purpose,
        rig: rig_of(purpose, arguments.breaker),
        kept: None,
        detail: Detail::Verdict,
    }
}

/// What is under test for a purpose.
pub(crate) fn rig_of(purpose: Purpose, breaker: Preset) -> Rig {
    match purpose {
        Purpose::Verdict(None) => Rig::whole(breaker),
        Purpose::Verdict(Some(mechanism)) | Purpose::Control(mechanism) => {
            Rig::without(breaker, mechanism)
        }
        Purpose::Beside(Contender::Ours(preset)) => Rig::whole(preset),
        Purpose::Beside(Contender::Other(baseline)) => Rig::baseline(baseline),
    }
}
