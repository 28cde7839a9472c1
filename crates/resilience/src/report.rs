//! What a caller learns beside the answer: who gave it, and what happened before.

use interline_core::{AttemptRecord, Target};

use crate::SkipReason;

/// An answer with the way it took.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer<T> {
    /// The answer.
    pub value: T,
    /// Who gave it, and what happened before.
    pub route: RouteReport,
}

impl<T> Answer<T> {
    pub(crate) const fn new(value: T, route: RouteReport) -> Self {
        Self { value, route }
    }

    /// The same way with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Answer<U> {
        Answer::new(change(self.value), self.route)
    }
}

/// Who answered a call, and what happened before.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RouteReport {
    /// Who answered.
    pub target: Target,
    /// Every attempt in order; the last one answered.
    /// For a stream its duration runs to the first content.
    pub attempts: Vec<AttemptRecord>,
    /// Whether another target than the first choice answered. A retry on the same target is none.
    pub is_fallback: bool,
    /// Who was passed over without an attempt, and why.
    pub skipped: Vec<(Target, SkipReason)>,
}
