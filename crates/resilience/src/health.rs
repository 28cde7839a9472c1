//! What else than its own failures keeps a target from being called: a credential that is refused, a
//! vendor that asked to wait, a host that cannot be reached.
//!
//! Each has its own key, so that one cause never hides what another one does not concern: a refused
//! credential is no business of calls with another one, a rate limit says nothing about health, and
//! all models of a host fail together.
//! Pure and lock-free: time is an argument.

mod host;
mod pause;
mod quarantine;

pub(crate) use host::host_config;
pub(crate) use pause::{MAX_PAUSE, Pause};
pub(crate) use quarantine::Quarantine;
