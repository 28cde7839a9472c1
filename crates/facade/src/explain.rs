//! What would be decided about a call, without making it.

use std::sync::Arc;

use interline_core::{ChatRequest, Result, Target};
use interline_ledger::BudgetTier;
use interline_resilience::Form;
use interline_routing::{Exclusion, IgnoredHints, Placement, RouterTrace, Strategy};

use crate::{CallOptions, Client};

/// What would be decided about a call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explanation {
    /// The route's name; where the call names a target or a model, that.
    pub name: Arc<str>,
    /// The rule that orders the targets.
    pub strategy: Strategy,
    /// Who would be asked, best first, and how each came to its place.
    pub order: Vec<(Target, Placement)>,
    /// Who cannot serve the call, and what it lacks.
    pub excluded: Vec<Exclusion>,
    /// What some targets would be asked without.
    pub ignored: Vec<IgnoredHints>,
    /// What the router would decide, and why, where it does.
    pub router: Option<Arc<RouterTrace>>,
    /// Which targets budgets pay for; `None` where no budget counts the call.
    pub budget: Option<BudgetTier>,
}

impl Client {
    /// Says what would be decided about a call now. Nothing is asked for an answer; only a classifier
    /// that needs a model is allowed to ask one.
    ///
    /// # Errors
    /// `NotFound` where the model's name means nothing, `Unsupported` where no target can serve the call.
    pub async fn explain(
        &self,
        request: &ChatRequest,
        mut options: CallOptions,
    ) -> Result<Explanation> {
        let classification = self.classified(request, &mut options).await;
        let planned = self.plan_chat(request, classification.as_ref(), Form::Whole, &options)?;
        let decision = planned.decision;
        Ok(Explanation {
            name: decision.name,
            strategy: decision.strategy,
            order: decision.order,
            excluded: decision.excluded,
            ignored: decision.ignored,
            router: decision.router,
            budget: decision.budget,
        })
    }
}
