//! The process tier of the chaos suite: the built gateway as a process, real sockets on both sides of it, and what
//! operating systems do to processes: signals, freezes, too few descriptors, clients that leave or hardly read.
//!
//! Each [`ProcessScenario`] starts gateways over simulated vendors, makes calls, does the damage, and joins what callers
//! saw with what the vendors' ledgers say. The names and numbers are those of the catalogue in `docs/resilience.md`.
//! Figures of processes are read from `/proc`, so the tier is for Linux.
//!
//! A new scenario is a file with a `pub(super) fn scenario() -> ProcessScenario`.

mod caller;
mod descriptors;
mod drain;
mod freeze;
mod gateway;
mod history;
mod kill;
mod leavers;
mod load;
mod names;
mod reload;
mod report;
mod slow_readers;
mod stage;

pub use report::{Check, ProcessReport, Relation};

use std::fmt;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;

/// One scenario of the catalogue that is played with the gateway's process.
#[derive(Clone, Copy)]
pub struct ProcessScenario {
    /// Its number in the catalogue.
    pub number: u32,
    /// What the command line calls it.
    pub name: &'static str,
    /// What happens, in one line.
    pub about: &'static str,
    play: fn(PathBuf) -> Playing,
}

type Playing = Pin<Box<dyn Future<Output = ProcessReport> + Send>>;

impl ProcessScenario {
    /// Plays it on free ports of loopback with that binary of the gateway.
    ///
    /// # Panics
    /// Where the gateway does not start, or the machine gives no port.
    pub async fn play(&self, binary: &Path) -> ProcessReport {
        (self.play)(binary.to_owned()).await
    }
}

impl fmt::Debug for ProcessScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessScenario")
            .field("number", &self.number)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Every scenario, in the catalogue's order.
#[must_use]
pub fn scenarios() -> Vec<ProcessScenario> {
    let mut all = vec![
        freeze::vendor(),
        freeze::gateway(),
        leavers::scenario(),
        slow_readers::scenario(),
        kill::scenario(),
        drain::scenario(),
        descriptors::scenario(),
        reload::scenario(),
        names::scenario(),
    ];
    all.sort_by_key(|scenario| scenario.number);
    all
}

#[cfg(test)]
mod tests {
    use super::scenarios;

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = scenarios().iter().map(|scenario| scenario.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), scenarios().len());
    }
}
