//! Which of a route's targets now: strategies as pure functions of a snapshot and a random draw.
//!
//! [`rank`] orders [`Entrant`]s, which hold everything that is known of the targets at this moment, into a
//! buffer of the caller's. It reads no clock, allocates nothing, and the same draw gives the same order.
//!
//! # Health comes first
//! Before any strategy is asked, targets fall into [`Standing`]s: those that are well and have room; those
//! that nobody heard from yet and that have calls enough to begin with; those that recover and whose share
//! this call does not belong to; those without room; those out of service. Within the last two the one that
//! is back soonest comes first. A strategy decides within a standing only, so none can prefer an ill target,
//! and nobody is left out: ill health must never strand a caller.
//! `fallback` keeps its groups in the order written whatever their health, because passing over its first
//! choice is a fallback, which the attempt engine makes and reports; within a group health comes first.
//!
//! # Why errors raise every figure
//! A target that fails at once has no calls under way and answers in no time: by latency, load and headroom
//! it is the best of all. So every figure is raised by the share of calls that fail of late, far more than
//! the tries that it takes to get an answer.

mod affinity;
mod draws;
mod entrant;
mod figures;
mod rank;
mod score;
mod session;

#[cfg(test)]
mod tests;

pub use affinity::Affinity;
pub use entrant::{Capacity, Entrant};
pub use rank::{Rank, Ranking, Standing, Stickiness, rank};
pub use score::{Metric, ScoreWeights};
pub use session::SessionKey;

use crate::Strategy;

/// How a route balances.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Balance {
    /// The rule.
    pub strategy: Strategy,
    /// What `score` looks at, and how much.
    pub score: ScoreWeights,
    /// Whether calls that belong together stay together.
    pub affinity: Affinity,
}

impl Balance {
    /// By that rule, without affinity.
    #[must_use]
    pub fn new(strategy: Strategy) -> Self {
        Self {
            strategy,
            ..Self::default()
        }
    }

    /// Says what `score` looks at.
    #[must_use]
    pub const fn with_score(mut self, weights: ScoreWeights) -> Self {
        self.score = weights;
        self
    }

    /// Says whether calls that belong together stay together.
    #[must_use]
    pub const fn with_affinity(mut self, affinity: Affinity) -> Self {
        self.affinity = affinity;
        self
    }
}
