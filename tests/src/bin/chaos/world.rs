//! The virtual world: vendors in memory, a paused clock, and the engine under test between them and the callers.

mod allowance;
mod answer;
mod baseline;
mod client;
mod day;
mod endpoint;
mod rig;
mod run;
mod unsuspecting;
mod vendor;

pub(crate) use baseline::Baseline;
pub(crate) use day::{Over, PART, run_in_parts};
pub(crate) use rig::{Preset, Rig};
pub(crate) use run::{name, run};
