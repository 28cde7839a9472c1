//! Circuit breaker: stops calling a target that keeps failing, and finds out when it is back.
//!
//! One state machine, two presets: [`BreakerConfig::simple`] counts failures within a window,
//! [`BreakerConfig::adaptive`] trips on evidence that chance does not explain.
//!
//! ```text
//!             trip                  time is over             enough probes succeed
//!  Closed ──────────────► Open ───────────────────► HalfOpen ─────────────────────► Ramping ─► Closed
//!    │ slow, or worse       ▲                          │                               │
//!    │ than others          └──────────────────────────┴───────────────────────────────┘
//!    └────► Degraded ─► Ramping                    probes fail                        trip
//! ```
//!
//! **Why two signals for an outage.** A streak reacts at once; a ratio sees a partial outage that
//! successes interrupt. Slowness and being worse than others are no outage: they only take away most
//! of a target's share, and only while others can carry it.
//!
//! **Why a cohort.** Fast failures finish before slow successes. "Five in a row" opens by chance in a
//! group where one request in five fails, so a streak is judged by how likely chance makes it, and
//! against the requests sent since it began rather than against those that happened to finish.
//!
//! **Why stalls.** A breaker that hears of completions only is blind for a whole timeout when a
//! target falls silent. [`Breaker::stalled`] compares a request with all others of its target.
//!
//! A [`Circuit`] is what is known of one target; routes that share a target share it. A [`Fleet`] is
//! the group it is compared with. A [`Breaker`] is a circuit in its fleet, and what callers use.
//!
//! Deliberately absent: vendors, status codes, clocks, randomness (`now` and `draw` are arguments),
//! pauses that vendors ask for, credentials, hosts.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use interline_resilience::breaker::{
//!     BreakerConfig, BreakerState, Circuit, Fleet, Member, Verdict,
//! };
//! use interline_resilience::LatencyDigest;
//! use tokio::time::Instant;
//!
//! let now = Instant::now();
//! let circuit = || Member::new(Arc::new(Circuit::new(BreakerConfig::adaptive(), now)));
//! let latency = Arc::new(LatencyDigest::new(now));
//! let fleet = Fleet::new([circuit(), circuit()], latency, Duration::from_secs(30), now);
//! let breaker = &fleet.breakers()[0];
//!
//! for _ in 0..5 {
//!     let ticket = breaker.admit(now, 0.5).expect("nothing bad is known yet");
//!     breaker.settle(ticket, Verdict::ERROR, now);
//! }
//! assert_eq!(breaker.state(now), BreakerState::Open);
//! ```

mod config;
mod fleet;
mod machine;
mod status;
mod verdict;

mod circuit;
mod transitions;
mod trip;

mod probes;
mod recent_failures;
mod sent;
mod streak;
mod trickle;
mod window;

#[cfg(test)]
mod tests;

pub use circuit::Circuit;
pub use config::{
    AdaptiveTrip, BreakerConfig, DegradedRule, LeaseLength, OpenSchedule, PanicRule, ProbeRule,
    TripRule,
};
pub use fleet::{Fleet, Member};
pub use machine::Breaker;
pub use status::{BreakerState, Mode};
pub use verdict::{BreakerTicket, Cause, Change, Trip, Verdict};
pub(crate) use window::{Counts, Sample, Window};
