//! What an attempt that answered takes along: its permit, its place in the call, its limits.

use std::sync::Arc;

use interline_core::{AttemptRecord, Target};

use crate::call_log::CallLabels;
use crate::progress::AttemptProgress;
use crate::timeouts::Limit;
use crate::{Permit, Timeouts};

/// What an attempt that answered takes along.
#[derive(Debug)]
pub(crate) struct LiveAttempt {
    /// Settled when the answer is complete.
    pub(crate) permit: Permit,
    pub(crate) labels: CallLabels,
    pub(crate) target: Target,
    /// Which attempt, from 1.
    pub(crate) attempt: u32,
    /// The attempts that failed before.
    pub(crate) earlier: Vec<AttemptRecord>,
    pub(crate) progress: Arc<AttemptProgress>,
    /// The end of the whole call.
    pub(crate) total: Limit,
    pub(crate) timeouts: Timeouts,
}
