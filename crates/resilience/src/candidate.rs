//! One place that may answer a call, with the service that reaches it.

use std::sync::Arc;

use interline_core::{Provider, Target};

use crate::Admission;

/// One place that may answer a call, with the service that reaches it: a provider for chat, one of
/// its siblings for what else a vendor offers.
///
/// The engine takes candidates in the order given; choosing and ordering them is routing's work.
#[derive(Debug)]
#[non_exhaustive]
pub struct Candidate<P: ?Sized = dyn Provider> {
    /// The provider and model to ask.
    pub target: Target,
    /// Who carries the question there.
    pub provider: Arc<P>,
    /// What it fails together with, where that is known: see [`Candidate::with_failure_domain`].
    pub failure_domain: Option<Arc<str>>,
    /// Who decides whether it may be called, in place of the engine's admission: see
    /// [`Candidate::with_admission`].
    pub admission: Option<Arc<dyn Admission>>,
    /// The share of calls that it gets while it recovers, where somebody drew already that this call belongs
    /// to it: see [`Candidate::with_drawn_share`].
    pub drawn_share: Option<f32>,
}

impl<P: ?Sized> Candidate<P> {
    /// `target`, reached through `provider`.
    #[must_use]
    pub const fn new(target: Target, provider: Arc<P>) -> Self {
        Self {
            target,
            provider,
            failure_domain: None,
            admission: None,
            drawn_share: None,
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

impl<P: ?Sized> Candidate<P> {
    /// Lets somebody else than the engine's admission decide about this candidate: one that was looked
    /// up beforehand, so that calls need not look it up again.
    #[must_use]
    pub fn with_admission(mut self, admission: impl Into<Option<Arc<dyn Admission>>>) -> Self {
        self.admission = admission.into();
        self
    }

    /// Says that a balancer drew already whether this call belongs to the share, 0–1, that a recovering
    /// target gets: otherwise the admission would draw once more, and a tenth would become a hundredth.
    #[must_use]
    pub fn with_drawn_share(mut self, share: impl Into<Option<f32>>) -> Self {
        self.drawn_share = share.into();
        self
    }
}

impl<P: ?Sized> Clone for Candidate<P> {
    /// Copies pointers; by hand, because a derived one would ask the service to be cloneable.
    fn clone(&self) -> Self {
        Self {
            target: self.target.clone(),
            provider: Arc::clone(&self.provider),
            failure_domain: self.failure_domain.clone(),
            admission: self.admission.clone(),
            drawn_share: self.drawn_share,
        }
    }
}
