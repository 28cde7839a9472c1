//! One attempt from its permit to its outcome.
//!
//! It borrows nothing of the loop that begins it, so that two of them can be under way while the loop
//! goes on judging.

use std::sync::Arc;
use std::time::Duration;

use interline_core::{CallContext, Result};
use tokio::time::Instant;

use crate::attempt_kind::{Attempt, AttemptKind};
use crate::progress::AttemptProgress;
use crate::timeouts::AttemptLimits;
use crate::{Candidate, Permit};

/// What tells one attempt of a call from the others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttemptLabel {
    /// Which candidate.
    pub(crate) index: usize,
    /// Which attempt of the call, from 1.
    pub(crate) number: u32,
    pub(crate) role: Role,
    pub(crate) started: Instant,
}

/// Why an attempt is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// It is the call's turn to ask this target.
    Planned,
    /// Another attempt stays silent.
    Hedge,
}

/// One attempt that is about to be made.
#[derive(Debug)]
pub(crate) struct PendingAttempt<'a, K: AttemptKind> {
    pub(crate) label: AttemptLabel,
    pub(crate) permit: Permit,
    pub(crate) progress: Arc<AttemptProgress>,
    pub(crate) candidate: &'a Candidate<K::Service>,
    pub(crate) cx: CallContext,
    pub(crate) request: K::Request,
    pub(crate) limits: AttemptLimits<'a>,
}

/// One attempt that came to something.
#[derive(Debug)]
pub(crate) struct FinishedAttempt<T> {
    pub(crate) label: AttemptLabel,
    pub(crate) permit: Permit,
    pub(crate) progress: Arc<AttemptProgress>,
    pub(crate) duration: Duration,
    pub(crate) result: Result<T>,
}

impl<K: AttemptKind> PendingAttempt<'_, K> {
    /// Makes the attempt. Dropping the future cancels it, and tells its admission so.
    pub(crate) async fn run(self, kind: K) -> FinishedAttempt<K::Started> {
        let attempt = Attempt {
            provider: self.candidate.provider.as_ref(),
            cx: &self.cx,
            request: &self.request,
            progress: &self.progress,
            limits: self.limits,
        };
        let result = kind.start(attempt).await;
        let target = &self.candidate.target;
        FinishedAttempt {
            label: self.label,
            permit: self.permit,
            duration: self.label.started.elapsed(),
            progress: self.progress,
            result: result.map_err(|error| error.with_target(&target.provider, &target.model)),
        }
    }
}
