//! Finds the few faults of a failing run that it takes to fail, and the one command that shows it.
//!
//! Bisection over the schedule (delta debugging): halves first, then smaller pieces, as long as the same
//! check fails without them.

use crate::outcome::{Detail, Outcome, play};
use crate::world::{Preset, Rig};

/// Runs that shrinking may take; a schedule has few faults, so this is enough.
const MAX_RUNS: usize = 60;

/// The smallest set of faults found, by their place, with which the first failed check still fails.
pub(crate) fn shrink(outcome: &Outcome, rig: Rig) -> Vec<usize> {
    let Some(id) = outcome.failures().next().map(|finding| finding.id.clone()) else {
        return Vec::new();
    };
    let all: Vec<usize> = (0..outcome.faults.len()).collect();
    let mut runs = 0;
    minimal(all, |kept| {
        runs += 1;
        runs <= MAX_RUNS && {
            let played = play(
                &outcome.scenario,
                outcome.seed,
                rig,
                Some(kept),
                Detail::Verdict,
            );
            played.failures().any(|finding| finding.id == id)
        }
    })
}

/// The command that plays an outcome again with these faults.
pub(crate) fn command(
    outcome: &Outcome,
    kept: &[usize],
    breaker: Preset,
    without: Option<&str>,
) -> String {
    let mut command = format!(
        "cargo xtask chaos --tier sim --scenario {} --seed {} --seeds 1",
        outcome.scenario.name, outcome.seed
    );
    if kept.len() < outcome.faults.len() {
        let places: Vec<String> = kept.iter().map(ToString::to_string).collect();
        let places = if places.is_empty() {
            "none".to_owned()
        } else {
            places.join(",")
        };
        command.push_str(&format!(" --faults {places}"));
    }
    if breaker == Preset::Simple {
        command.push_str(" --breaker simple");
    }
    if let Some(mechanism) = without {
        command.push_str(&format!(" --without {mechanism}"));
    }
    command
}

/// Delta debugging: drops pieces as long as `fails` without them.
fn minimal(mut kept: Vec<usize>, mut fails: impl FnMut(&[usize]) -> bool) -> Vec<usize> {
    if fails(&[]) {
        return Vec::new();
    }
    let mut piece = kept.len().div_ceil(2);
    while piece > 0 && kept.len() > 1 {
        let mut dropped = false;
        let mut from = 0;
        while from < kept.len() {
            let until = (from + piece).min(kept.len());
            let rest: Vec<usize> = kept
                .iter()
                .enumerate()
                .filter(|(place, _)| *place < from || *place >= until)
                .map(|(_, fault)| *fault)
                .collect();
            if !rest.is_empty() && fails(&rest) {
                kept = rest;
                dropped = true;
            } else {
                from = until;
            }
        }
        if !dropped {
            piece /= 2;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(culprits: &[usize]) {
        let all: Vec<usize> = (0..10).collect();
        let found = minimal(all, |kept| culprits.iter().all(|one| kept.contains(one)));
        assert_eq!(found, culprits);
    }

    #[test]
    fn only_what_it_takes_is_kept() {
        check(&[]);
        check(&[3]);
        check(&[0, 9]);
        check(&[2, 5, 7]);
    }
}
