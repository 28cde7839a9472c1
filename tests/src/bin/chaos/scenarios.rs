//! The catalogue: what is broken in each scenario, and what must come of it, as data.

mod elsewhere;
mod failover;
mod limits;
mod load;
mod outage;
mod soup;
mod streams;
mod vendors;

pub(crate) use elsewhere::ELSEWHERE;
pub(crate) use soup::SOUP;

use crate::plan::Plan;
use crate::random::{Purpose, Stream};

/// A scenario of the catalogue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scenario {
    /// Its place in the design's catalogue; 0 for one that is not in it.
    pub(crate) number: u32,
    /// What the command line calls it.
    pub(crate) name: &'static str,
    /// What happens, in one line.
    pub(crate) about: &'static str,
    /// Works it out; only the soup draws anything.
    pub(crate) plan: fn(&mut Stream) -> Plan,
}

impl Scenario {
    /// The plan for a seed.
    pub(crate) fn plan(&self, seed: u64) -> Plan {
        let label = self.name.len() as u64;
        (self.plan)(&mut Stream::of(seed, Purpose::Plan, &[label]))
    }
}

/// Every scenario but the soup, in the catalogue's order.
pub(crate) fn all() -> Vec<Scenario> {
    let mut all = [
        outage::ALL,
        failover::ALL,
        limits::ALL,
        streams::ALL,
        load::ALL,
    ]
    .concat();
    all.sort_by_key(|scenario| scenario.number);
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::mechanism::Mechanism;

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<_> = all().iter().map(|scenario| scenario.name).collect();
        assert_eq!(names.len(), all().len());
    }

    #[test]
    fn every_guard_names_a_scenario() {
        let mut all = all();
        all.push(SOUP);
        for mechanism in Mechanism::ALL {
            for guarded in mechanism.guards() {
                let is_known = all.iter().any(|scenario| scenario.name == *guarded);
                assert!(
                    is_known,
                    "{mechanism} guards `{guarded}`, which is no scenario"
                );
            }
        }
    }

    #[test]
    fn every_known_red_names_a_scenario() {
        let mut all = all();
        all.push(SOUP);
        for (name, ..) in crate::known_red::KNOWN_RED {
            let is_known = all.iter().any(|scenario| scenario.name == *name);
            assert!(is_known, "`{name}` is no scenario");
        }
    }

    #[test]
    fn all_48_of_the_design_are_here_or_elsewhere() {
        let here: BTreeSet<u32> = all().iter().map(|scenario| scenario.number).collect();
        let elsewhere: BTreeSet<u32> = ELSEWHERE.iter().map(|(number, ..)| *number).collect();
        for number in 1..=48 {
            let known = here.contains(&number) || elsewhere.contains(&number) || number == 48;
            assert!(known, "#{number} is nowhere");
        }
    }
}
