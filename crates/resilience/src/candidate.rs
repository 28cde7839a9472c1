//! One place that may answer a call, with the provider that reaches it.

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
}

impl Candidate {
    /// `target`, reached through `provider`.
    #[must_use]
    pub const fn new(target: Target, provider: DynProvider) -> Self {
        Self { target, provider }
    }
}
