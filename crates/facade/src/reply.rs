//! A whole answer, with the way it took and what it cost.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use interline_catalog::Tier;
use interline_core::{AttemptRecord, CallId, ChatResponse, ModelId, NanoUsd, ProviderId, Target};
use interline_ledger::BudgetTier;
use interline_resilience::{RouteReport, SkipReason};
use interline_routing::balancer::Stickiness;
use interline_routing::{Exclusion, IgnoredHints, Lack, Placement, RouterTrace, Strategy};

use crate::gate::GateReport;

/// A whole answer, with the way it took and what it cost.
///
/// The answer itself is read through it: `reply.text()`, `reply.usage`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reply {
    /// The answer.
    pub response: ChatResponse,
    /// Who gave it, and what happened before.
    pub route: RouteInfo,
    /// What it cost.
    pub cost: Cost,
}

impl Reply {
    pub(crate) const fn new(response: ChatResponse, route: RouteInfo, cost: Cost) -> Self {
        Self {
            response,
            route,
            cost,
        }
    }
}

impl Deref for Reply {
    type Target = ChatResponse;

    fn deref(&self) -> &ChatResponse {
        &self.response
    }
}

/// Who answered a call, and how it came to that.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RouteInfo {
    /// The call's name in events and logs.
    pub call_id: CallId,
    /// The route's name; where the caller named a target or a model, that.
    pub name: Arc<str>,
    /// The rule that ordered the targets.
    pub strategy: Strategy,
    /// The connection that answered.
    pub provider: ProviderId,
    /// The model that it was asked for.
    pub model: ModelId,
    /// How dear that model is, by the catalogue's price of output.
    pub tier: Tier,
    /// How many attempts there were, the one that answered included.
    pub attempts: u32,
    /// Whether another target than the first choice answered. A retry on the same target is none.
    pub is_fallback: bool,
    /// Every attempt in order; the last one answered.
    pub attempt_list: Vec<AttemptRecord>,
    /// Who might have answered, best first, and how each came to its place.
    pub order: Vec<(Target, Placement)>,
    /// Whether the call's session had its way.
    pub stickiness: Stickiness,
    /// Who was passed over because of ill health, a pause or a credential.
    pub skipped: Vec<(Target, SkipReason)>,
    /// Who cannot carry the request, and what it lacks.
    pub excluded: Vec<Exclusion>,
    /// What some targets are asked without.
    pub ignored: Vec<IgnoredHints>,
    /// What the router decided, and why, where it did.
    pub router: Option<Arc<RouterTrace>>,
    /// What the quality gate did, where there is one.
    pub gate: Option<GateReport>,
    /// Which targets budgets paid for when the call was planned; `None` where no budget counts it.
    pub budget: Option<BudgetTier>,
}

/// What was decided before the first attempt.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    pub(crate) call_id: CallId,
    pub(crate) name: Arc<str>,
    pub(crate) strategy: Strategy,
    pub(crate) order: Vec<(Target, Placement)>,
    pub(crate) stickiness: Stickiness,
    pub(crate) excluded: Vec<Exclusion>,
    pub(crate) ignored: Vec<IgnoredHints>,
    pub(crate) router: Option<Arc<RouterTrace>>,
    pub(crate) budget: Option<BudgetTier>,
}

impl Decision {
    /// The name of the task that was acted upon.
    pub(crate) fn task_name(&self) -> Option<&'static str> {
        Some(self.router.as_ref()?.task?.name())
    }
}

impl RouteInfo {
    pub(crate) fn new(decision: Decision, report: RouteReport, tier: Tier) -> Self {
        Self {
            call_id: decision.call_id,
            name: decision.name,
            strategy: decision.strategy,
            order: decision.order,
            stickiness: decision.stickiness,
            excluded: decision.excluded,
            ignored: decision.ignored,
            router: decision.router,
            budget: decision.budget,
            gate: None,
            provider: report.target.provider,
            model: report.target.model,
            tier,
            attempts: u32::try_from(report.attempts.len()).unwrap_or(u32::MAX),
            is_fallback: report.is_fallback,
            attempt_list: report.attempts,
            skipped: report.skipped,
        }
    }

    /// The way to an answer that a gate had refused and that goes to the caller all the same.
    pub(crate) fn of_refused(
        decision: Decision,
        target: Target,
        attempts: Vec<AttemptRecord>,
        tier: Tier,
        gate: GateReport,
    ) -> Self {
        let first = attempts.first();
        let is_fallback = first.is_some_and(|one| one.target != target);
        Self {
            call_id: decision.call_id,
            name: decision.name,
            strategy: decision.strategy,
            order: decision.order,
            stickiness: decision.stickiness,
            excluded: decision.excluded,
            ignored: decision.ignored,
            router: decision.router,
            budget: decision.budget,
            gate: Some(gate),
            provider: target.provider,
            model: target.model,
            tier,
            attempts: u32::try_from(attempts.len()).unwrap_or(u32::MAX),
            is_fallback,
            attempt_list: attempts,
            skipped: Vec::new(),
        }
    }

    /// The target that answered.
    #[must_use]
    pub fn target(&self) -> Target {
        Target::new(self.provider.clone(), self.model.clone())
    }

    /// What the target that answered was asked without: wishes that it cannot follow, and signed
    /// reasoning that it must not see.
    #[must_use]
    pub fn left_out(&self) -> &[Lack] {
        let target = self.target();
        let own = self.ignored.iter().find(|one| one.target == target);
        own.map_or(&[], |one| &one.hints)
    }
}

/// What a call cost, as far as the catalogue knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cost {
    /// By the catalogue's prices and the vendor's own count of tokens.
    Known(NanoUsd),
    /// The price or the count is unknown. That is not the same as free.
    #[default]
    Unknown,
}

impl Cost {
    /// Both together; unknown where one of them is.
    pub(crate) fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Known(one), Self::Known(other)) => Self::Known(one + other),
            _ => Self::Unknown,
        }
    }

    /// The amount, where it is known.
    #[must_use]
    pub const fn known(self) -> Option<NanoUsd> {
        match self {
            Self::Known(amount) => Some(amount),
            Self::Unknown => None,
        }
    }
}

impl fmt::Display for Cost {
    /// `$0.00125`, or `unknown cost`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(amount) => write!(f, "${amount}"),
            Self::Unknown => f.write_str("unknown cost"),
        }
    }
}
