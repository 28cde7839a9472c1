//! What the router decided about one call, and why: for traces and for `route --explain`.

use std::time::Duration;

use interline_catalog::Tier;
use interline_core::{NanoUsd, Target};

use crate::classifier::{Complexity, Task};
use crate::{BudgetLevel, Constraints, OptimizeFor};

/// Who may serve a call, best first, and why in this order.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Choice {
    /// The targets for the task, best first; never empty.
    pub order: Vec<Target>,
    /// The targets of the default ranking that are not among them, best first: to be asked for where
    /// nobody of `order` can carry the request.
    pub reserve: Vec<Target>,
    /// What the rules that hold demand of every attempt.
    pub constraints: Constraints,
    /// Why.
    pub trace: RouterTrace,
}

/// Why a choice is as it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RouterTrace {
    /// The task that was acted upon; `None` where the default ranking serves.
    pub task: Option<Task>,
    /// Who said so.
    pub task_from: TaskSource,
    /// The best guess of the classifier, acted upon or not, with its confidence, 0–1.
    pub guess: Option<(Task, f32)>,
    /// How hard the request is, where somebody could tell.
    pub complexity: Option<Complexity>,
    /// What the choice is best at.
    pub optimize_for: OptimizeFor,
    /// Who said so.
    pub optimize_for_from: ObjectiveSource,
    /// How much of the budget was left.
    pub budget: BudgetLevel,
    /// The conditions of the rules that held.
    pub rules: Vec<String>,
    /// Every target that was ranked, in the order chosen, those in reserve last.
    pub candidates: Vec<RankedTarget>,
}

/// Who said what kind of task a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskSource {
    /// The caller.
    Tag,
    /// The classifier.
    Classifier,
    /// The classifier made a guess that is not sure enough to act upon.
    Unsure,
    /// Nobody: there is no classifier, or it could not tell.
    Nobody,
}

impl TaskSource {
    /// Its name in traces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Classifier => "classifier",
            Self::Unsure => "unsure",
            Self::Nobody => "nobody",
        }
    }
}

/// Who said what a choice is to be best at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ObjectiveSource {
    /// The caller, with `auto:…`.
    Caller,
    /// A rule on the call's tags.
    Rule,
    /// The router's own default.
    Default,
    /// The budget, which asks for less than somebody else did.
    Budget,
}

impl ObjectiveSource {
    /// Its name in traces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Rule => "rule",
            Self::Default => "default",
            Self::Budget => "budget",
        }
    }
}

/// A target as the router ranked it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RankedTarget {
    /// Which.
    pub target: Target,
    /// Its place in the order of quality for the task, from 0. A gate's escalation goes to lower places.
    pub quality_place: usize,
    /// How dear it is.
    pub tier: Tier,
    /// What the call would cost there, where the price is known.
    pub estimate: Option<NanoUsd>,
    /// How long its first content usually takes, where that was measured.
    pub first_token: Option<Duration>,
    /// How many of the soft wishes it does not meet.
    pub missed_wishes: usize,
    /// Whether the conversation fits its context window.
    pub fit: Fit,
    /// Whether it is only asked where nobody of the task's own list can carry the request.
    pub is_reserve: bool,
}

/// Whether a conversation fits a context window, as far as an estimate can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Fit {
    /// It fits, or nobody knows how large the window is.
    Fits,
    /// The estimate is above the window, but by no more than estimates are off: asked last.
    Doubtful,
    /// It does not fit: excluded.
    TooLong,
}

/// Estimates of short requests are off by up to 65 %, those of long ones by less (see
/// `interline_catalog`'s estimator), so only what is twice too long surely does not fit.
const SURELY_TOO_LONG: u64 = 2;

impl Fit {
    /// Compares `tokens` by estimate with a `window` in tokens.
    #[must_use]
    pub const fn of(tokens: u64, window: Option<u64>) -> Self {
        match window {
            Some(window) if tokens > window.saturating_mul(SURELY_TOO_LONG) => Self::TooLong,
            Some(window) if tokens > window => Self::Doubtful,
            _ => Self::Fits,
        }
    }

    /// Its name in traces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fits => "fits",
            Self::Doubtful => "doubtful",
            Self::TooLong => "too_long",
        }
    }
}
