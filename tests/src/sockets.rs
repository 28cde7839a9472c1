//! The sockets tier of the chaos suite: real providers over real HTTP against vendors made of sockets, broken in every way.
//!
//! Each [`SocketScenario`] breaks one vendor, calls it through the engine with a sound vendor beside it, and says in a
//! [`SocketReport`] what the client saw and whether the rules held: the right kind of error, no hang, no silent truncation,
//! no answer made of two, bounded memory. The names and numbers are those of the catalogue in `docs/resilience.md`.
//!
//! A new scenario is a file with a `pub(super) fn scenario() -> SocketScenario`, most often a table of `case`s.

mod billing;
mod bombs;
mod case;
mod connections;
mod cuts;
mod http2;
mod limits;
mod malformed;
mod memory;
mod pool;
mod report;
mod secure;
mod silence;
mod stage;
mod torture;

pub use report::{Finding, Seen, SocketReport};

use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// How much of a scenario to play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// Enough for a smoke test: seconds.
    Smoke,
    /// All of it, such as every byte offset of an answer: up to minutes.
    Whole,
}

/// One scenario of the catalogue that is played over sockets.
#[derive(Clone, Copy)]
pub struct SocketScenario {
    /// Its number in the catalogue.
    pub number: u32,
    /// What the command line calls it.
    pub name: &'static str,
    /// What happens, in one line.
    pub about: &'static str,
    play: fn(Size) -> Playing,
}

type Playing = Pin<Box<dyn Future<Output = SocketReport> + Send>>;

impl SocketScenario {
    /// Plays it on free ports of loopback.
    ///
    /// # Panics
    /// Where the machine gives no port, or a vendor cannot be built.
    pub async fn play(&self, size: Size) -> SocketReport {
        (self.play)(size).await
    }
}

impl fmt::Debug for SocketScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketScenario")
            .field("number", &self.number)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Every scenario, in the catalogue's order.
#[must_use]
pub fn scenarios() -> Vec<SocketScenario> {
    let mut all = vec![
        connections::scenario(),
        billing::scenario(),
        limits::formats(),
        limits::enforced(),
        silence::slow_headers(),
        silence::trickle(),
        silence::stall(),
        cuts::scenario(),
        malformed::error_events(),
        torture::scenario(),
        malformed::scenario(),
        bombs::scenario(),
        http2::scenario(),
        pool::scenario(),
        secure::scenario(),
    ];
    all.sort_by_key(|scenario| scenario.number);
    all
}

#[cfg(test)]
mod tests {
    use super::scenarios;

    #[test]
    fn names_and_numbers_are_unique() {
        let mut names: Vec<_> = scenarios().iter().map(|scenario| scenario.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), scenarios().len());
    }
}
