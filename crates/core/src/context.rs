//! What the environment provides to one attempt: deadline, attempt number, progress sink.

use std::fmt;
use std::sync::Arc;

use tokio::time::Instant;

use crate::CallId;

/// What the environment provides to one attempt.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CallContext {
    /// Names the call over all its attempts.
    pub call_id: CallId,
    /// Which attempt of the call this is, from 1, over all targets.
    pub attempt: u32,
    /// When the whole call must be over; no attempt may outlive it.
    pub deadline: Option<Instant>,
    /// Where to tell how far the attempt has come.
    pub progress: Arc<dyn ProgressSink>,
}

impl CallContext {
    /// The first attempt of a call without a deadline, whose progress nobody watches.
    pub fn new(call_id: impl Into<CallId>) -> Self {
        Self {
            call_id: call_id.into(),
            attempt: 1,
            deadline: None,
            progress: Arc::new(NoProgress),
        }
    }

    /// Says when the whole call must be over.
    #[must_use]
    pub fn with_deadline(mut self, deadline: impl Into<Option<Instant>>) -> Self {
        self.deadline = deadline.into();
        self
    }

    /// Says which attempt this is, from 1.
    #[must_use]
    pub const fn with_attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// Says where to tell how far the attempt has come.
    #[must_use]
    pub fn with_progress(mut self, progress: Arc<dyn ProgressSink>) -> Self {
        self.progress = progress;
        self
    }
}

/// How far an attempt has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// The request is about to be written; from here on it may be billed.
    Sending,
    /// The vendor's response headers arrived.
    Headers,
    /// Bytes of the body arrived.
    Bytes(usize),
    /// A sign of life without content: a comment or a ping event.
    Ping,
}

/// Receives [`Progress`] of one attempt, so that the engine can tell a silent vendor from a slow one.
///
/// Called from the task that polls the attempt; must not block.
pub trait ProgressSink: fmt::Debug + Send + Sync {
    /// Takes note of one step.
    fn report(&self, progress: Progress);
}

/// A sink that nobody reads.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl ProgressSink for NoProgress {
    fn report(&self, _: Progress) {}
}
