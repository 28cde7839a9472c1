//! Automatic routing: calls that put `auto` into `model` and leave the choice to the operator's router.

use std::collections::BTreeMap;
use std::sync::Arc;

use interline_catalog::{Tier, estimate_input_tokens};
use interline_core::{ChatRequest, Error, HealthView, PartKind, Result, Target};
use interline_routing::classifier::{Classification, Classifier, Task};
use interline_routing::{
    AutoModel, BudgetLevel, CallSize, Choice, Constraints, Member, Router, RouterAsk, RuleVerdict,
    Urgency,
};

use crate::route_table::ReadyRoute;
use crate::{CallOptions, RouteOptions};

/// The name of the route that serves automatic calls.
pub(crate) const AUTO: &str = "auto";

/// The tag with which a caller names the task himself.
const TASK_TAG: &str = "task";

/// How a client routes the calls that leave the choice to it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AutoRouting {
    /// What chooses.
    pub router: Router,
    /// What says which task a call is; `None` where only tags do.
    pub classifier: Option<Arc<dyn Classifier>>,
    /// How hard its calls try; the client's default options where `None`.
    pub options: Option<RouteOptions>,
    /// The tier of targets, in place of what their price says.
    pub tiers: Vec<(Target, Tier)>,
}

impl AutoRouting {
    /// A router without a classifier, with the client's default options.
    #[must_use]
    pub const fn new(router: Router) -> Self {
        Self {
            router,
            classifier: None,
            options: None,
            tiers: Vec::new(),
        }
    }

    /// Says what tells tasks apart.
    #[must_use]
    pub fn with_classifier(mut self, classifier: Arc<dyn Classifier>) -> Self {
        self.classifier = Some(classifier);
        self
    }

    /// Sets how hard its calls try.
    #[must_use]
    pub fn with_options(mut self, options: RouteOptions) -> Self {
        self.options = Some(options);
        self
    }

    /// Sets the tier of a target, in place of what its price says.
    #[must_use]
    pub fn with_tier(mut self, target: Target, tier: Tier) -> Self {
        self.tiers.push((target, tier));
        self
    }

    /// The tier that the operator gave a target.
    pub(crate) fn tier(&self, target: &Target) -> Option<Tier> {
        let found = self.tiers.iter().find(|(one, _)| one == target);
        found.map(|(_, tier)| *tier)
    }

    /// What the rules on a call's tags demand of every target, whatever the call's `model` says.
    pub(crate) fn demands(&self, tags: &BTreeMap<String, String>) -> Constraints {
        RuleVerdict::of(&self.router.rules, tags).constraints
    }

    /// Chooses among `route`'s targets.
    pub(crate) fn choose(
        &self,
        auto: AutoModel,
        request: &ChatRequest,
        classification: Option<&Classification>,
        options: &CallOptions,
        route: &ReadyRoute,
        (health, money): (&dyn HealthView, BudgetLevel),
    ) -> Result<Choice> {
        let task = asked_task(options)?;
        let size = size_of(request, &route.members);
        let ask = RouterAsk::new(auto, size, &options.tags)
            .with_task(task)
            .with_classification(classification)
            // The level is of the budgets for calls of this priority.
            .with_budget(money, Urgency::Standard);
        self.router.choose(&ask, &route.members, health)
    }
}

/// The task that the caller names with a tag.
pub(crate) fn asked_task(options: &CallOptions) -> Result<Option<Task>> {
    let Some(name) = options.tags.get(TASK_TAG) else {
        return Ok(None);
    };
    let task = name.parse().map_err(|error: Error| {
        Error::invalid_request(format!("tag `{TASK_TAG}`: {}", error.message()))
            .with_param(TASK_TAG)
    })?;
    Ok(Some(task))
}

/// How large a call is, by an estimate for the first of the members: their tokenizers differ by less
/// than the estimate is off.
pub(crate) fn size_of(request: &ChatRequest, members: &[Member]) -> CallSize {
    let model = members
        .first()
        .map_or("", |one| one.target.target.model.as_str());
    CallSize::new(estimate_input_tokens(request, model))
        .with_max_output_tokens(request.params.max_output_tokens)
}

/// Whether a call might be too long for a member. Cheap, because it is asked of every call: text is
/// measured by its length, and no token is shorter than a byte.
pub(crate) fn may_be_long(request: &ChatRequest, members: &[Member]) -> bool {
    let windows = members
        .iter()
        .filter_map(|one| one.capabilities.context_window);
    let Some(smallest) = windows.min() else {
        return false;
    };
    let parts = request.messages.iter().flat_map(|message| &message.parts);
    let bytes: usize = parts
        .map(|part| match &part.kind {
            PartKind::Text(text) => text.len(),
            PartKind::ToolCall(call) => call.arguments.len(),
            PartKind::ToolResult(result) => {
                let texts = result
                    .content
                    .iter()
                    .filter_map(interline_core::Part::as_text);
                texts.map(str::len).sum()
            }
            _ => 0,
        })
        .sum();
    let written = request.params.max_output_tokens.unwrap_or(0);
    u64::try_from(bytes)
        .unwrap_or(u64::MAX)
        .saturating_add(written)
        > smallest
}

/// The members of a choice, in its order; those in reserve behind the others where `with_reserve` says so.
pub(crate) fn members_of(choice: &Choice, members: &[Member], reserve: Reserve) -> Vec<Member> {
    let reserve = match reserve {
        Reserve::Left => &[],
        Reserve::Called => choice.reserve.as_slice(),
    };
    let find = |target: &Target| members.iter().find(|one| one.target.target == *target);
    let wanted = choice.order.iter().chain(reserve);
    wanted.filter_map(find).cloned().collect()
}

/// Whether the targets of the default ranking take part in a call of a known task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reserve {
    /// They do not.
    Left,
    /// They do, since nobody else can.
    Called,
}
