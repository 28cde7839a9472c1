//! Responses: both directions of the format, and a provider that speaks it.

mod format;

pub use format::FORMAT;
