//! What goes wrong at vendors: which fault, at whom, when, how often.

pub(crate) mod errors;
mod fault;
mod retry_after;
mod window;

pub(crate) use fault::{Effect, Ending, Fault, Malformed};
pub(crate) use retry_after::RetryAfterForm;
pub(crate) use window::FaultWindow;
