//! One place that may answer a call, with the provider that reaches it.

use std::sync::Arc;

use interline_core::{DynProvider, Target};

/// One place that may answer a call, with the provider that reaches it.
///
/// The engine takes candidates in the order given; choosing and ordering them is routing's work.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Candidate {
    /// The provider and model to ask.
    pub target: Target,
    /// Who carries the question there.
    pub provider: DynProvider,
    /// What it fails together with, where that is known: see [`Candidate::with_failure_domain`].
    pub failure_domain: Option<Arc<str>>,
}

impl Candidate {
    /// `target`, reached through `provider`.
    #[must_use]
    pub const fn new(target: Target, provider: DynProvider) -> Self {
        Self {
            target,
            provider,
            failure_domain: None,
        }
    }

    /// Says what it fails together with.
    ///
    /// After a failure of the endpoint or host of one candidate, the others of its domain are asked
    /// last: never forbidden, but no longer first.
    #[must_use]
    pub fn with_failure_domain(mut self, domain: impl Into<Option<Arc<str>>>) -> Self {
        self.failure_domain = domain.into();
        self
    }
}
