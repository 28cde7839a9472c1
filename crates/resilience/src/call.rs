//! One call: who may answer it, under which policy, and how long the caller waits.

use std::sync::Arc;
use std::time::Duration;

use interline_core::{CallId, Provider};

use crate::{AttemptPolicy, Candidate, Need, RouteMemory};

/// One call: who may answer it, under which policy, and how long the caller waits.
#[derive(Debug)]
#[non_exhaustive]
pub struct Call<'a, P: ?Sized = dyn Provider> {
    /// Names the call over all its attempts.
    pub id: CallId,
    /// What the call is counted under in events: the route's name, or the model that was asked for.
    pub route: Arc<str>,
    /// Who may answer, best first.
    pub candidates: &'a [Candidate<P>],
    /// How hard to try.
    pub policy: &'a AttemptPolicy,
    /// The caller's own patience; the shorter of it and the policy's total timeout holds.
    pub timeout: Option<Duration>,
    /// What an attempt will use of limits, and how urgent the call is.
    pub need: Need,
    /// What this call shares with others of its route: see [`Call::with_memory`].
    pub memory: Option<&'a RouteMemory>,
}

impl<'a, P: ?Sized> Call<'a, P> {
    /// A call whose caller is as patient as the policy.
    pub fn new(
        id: impl Into<CallId>,
        route: impl Into<Arc<str>>,
        candidates: &'a [Candidate<P>],
        policy: &'a AttemptPolicy,
    ) -> Self {
        Self {
            id: id.into(),
            route: route.into(),
            candidates,
            policy,
            timeout: None,
            need: Need::default(),
            memory: None,
        }
    }

    /// Says how long the caller waits for the whole call.
    #[must_use]
    pub fn with_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.timeout = timeout.into();
        self
    }

    /// Shares a memory with other calls of the route: it bounds what they try together, and knows how
    /// long answers usually take.
    #[must_use]
    pub fn with_memory(mut self, memory: impl Into<Option<&'a RouteMemory>>) -> Self {
        self.memory = memory.into();
        self
    }

    /// Says what an attempt will use of limits, and how urgent the call is.
    #[must_use]
    pub const fn with_need(mut self, need: Need) -> Self {
        self.need = need;
        self
    }

    /// How long the call may take in all.
    pub(crate) fn patience(&self) -> Duration {
        let total = self.policy.timeouts.total;
        self.timeout.map_or(total, |own| own.min(total))
    }
}

impl<P: ?Sized> Clone for Call<'_, P> {
    /// Copies pointers; by hand, because a derived one would ask the service to be cloneable.
    fn clone(&self) -> Self {
        Self {
            id: self.id.clone(),
            route: Arc::clone(&self.route),
            candidates: self.candidates,
            policy: self.policy,
            timeout: self.timeout,
            need: self.need,
            memory: self.memory,
        }
    }
}
