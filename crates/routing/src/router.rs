//! Which targets may serve a call, best first: by task, objective, size, rules and what money is left.
//!
//! ```text
//! task ──► ranking (quality, cost, speed) ──► objective ──► tier for its complexity ──► wishes ──► fit
//! ```
//! Each step only reorders; who may serve at all is said by [`Constraints`], which go into a call's
//! [`crate::Needs`] and hold for every attempt.
//! The router decides nothing about health: what is ill now is the balancer's and the engine's matter.

mod budget_level;
mod constraints;
mod decision;
mod facts;
mod optimize_for;
mod order_by;
mod preferences;
mod registry;
mod rule;

use std::collections::BTreeMap;
use std::time::Duration;

use interline_catalog::Tier;
use interline_core::{Error, ErrorKind, HealthView, Result, Target};

use crate::classifier::{Classification, Complexity, Task};
use crate::{CallSize, Member};
use order_by::{begin_with, order_by};

pub use budget_level::{BudgetBounds, BudgetEffect, BudgetLevel, Urgency};
pub use constraints::{Constraints, PriceCap};
pub use decision::{Choice, Fit, ObjectiveSource, RankedTarget, RouterTrace, TaskSource};
pub use facts::TargetFacts;
pub use optimize_for::{AutoModel, OptimizeFor};
pub use preferences::Preferences;
pub use registry::{Ranking, TaskRegistry};
pub use rule::{Rule, RuleVerdict, TagCondition};

use registry::Listed;

/// Chooses targets for calls that leave the choice to the operator.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Router {
    /// Which targets serve which kind of task.
    pub registry: TaskRegistry,
    /// What choices are best at where neither the caller nor a rule says so. Default: quality.
    pub optimize_for: OptimizeFor,
    /// With which tier calls of each complexity begin.
    pub tiers: ComplexityTiers,
    /// What the tags of calls decide.
    pub rules: Vec<Rule>,
    /// Who is asked first where no rule says so.
    pub preferences: Preferences,
}

/// With which tier calls of each complexity begin, where the objective is quality and the caller did
/// not ask for it himself; with the ranking's best where `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ComplexityTiers {
    /// Simple requests. Default: economy.
    pub simple: Option<Tier>,
    /// Requests between. Default: the ranking's best.
    pub medium: Option<Tier>,
    /// Complex requests. Default: the ranking's best.
    pub complex: Option<Tier>,
}

impl Default for ComplexityTiers {
    fn default() -> Self {
        Self {
            simple: Some(Tier::Economy),
            medium: None,
            complex: None,
        }
    }
}

impl ComplexityTiers {
    /// All calls begin with the ranking's best.
    #[must_use]
    pub const fn off() -> Self {
        Self {
            simple: None,
            medium: None,
            complex: None,
        }
    }

    const fn tier(&self, complexity: Complexity) -> Option<Tier> {
        match complexity {
            Complexity::Simple => self.simple,
            Complexity::Medium => self.medium,
            Complexity::Complex => self.complex,
        }
    }
}

/// What is known of a call that has to be routed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RouterAsk<'a> {
    /// What the caller wants optimised.
    pub auto: AutoModel,
    /// The task, where the caller says it: it wins over the classifier.
    pub task: Option<Task>,
    /// What a classifier says, sure or not.
    pub classification: Option<&'a Classification>,
    /// The call's tags.
    pub tags: &'a BTreeMap<String, String>,
    /// How large the call is.
    pub size: CallSize,
    /// How much of the budget is left.
    pub budget: BudgetLevel,
    /// How much the call matters.
    pub urgency: Urgency,
}

impl<'a> RouterAsk<'a> {
    /// A call of this size with these tags, of which nothing else is known.
    #[must_use]
    pub fn new(auto: AutoModel, size: CallSize, tags: &'a BTreeMap<String, String>) -> Self {
        Self {
            auto,
            task: None,
            classification: None,
            tags,
            size,
            budget: BudgetLevel::default(),
            urgency: Urgency::default(),
        }
    }

    /// Says what the caller calls the task.
    #[must_use]
    pub fn with_task(mut self, task: impl Into<Option<Task>>) -> Self {
        self.task = task.into();
        self
    }

    /// Says what a classifier says.
    #[must_use]
    pub fn with_classification(
        mut self,
        classification: impl Into<Option<&'a Classification>>,
    ) -> Self {
        self.classification = classification.into();
        self
    }

    /// Says how much of the budget is left, and how much the call matters.
    #[must_use]
    pub const fn with_budget(mut self, level: BudgetLevel, urgency: Urgency) -> Self {
        self.budget = level;
        self.urgency = urgency;
        self
    }
}

impl Router {
    /// A router that optimises for quality, begins simple requests with the economy tier, and knows no
    /// rules.
    #[must_use]
    pub fn new(registry: TaskRegistry) -> Self {
        Self {
            registry,
            optimize_for: OptimizeFor::default(),
            tiers: ComplexityTiers::default(),
            rules: Vec::new(),
            preferences: Preferences::default(),
        }
    }

    /// Sets what choices are best at where nobody says so.
    #[must_use]
    pub const fn with_optimize_for(mut self, objective: OptimizeFor) -> Self {
        self.optimize_for = objective;
        self
    }

    /// Sets with which tier calls of each complexity begin.
    #[must_use]
    pub const fn with_tiers(mut self, tiers: ComplexityTiers) -> Self {
        self.tiers = tiers;
        self
    }

    /// Adds a rule, behind those that there are.
    #[must_use]
    pub fn with_rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Sets who is asked first where no rule says so.
    #[must_use]
    pub fn with_preferences(mut self, preferences: Preferences) -> Self {
        self.preferences = preferences;
        self
    }

    /// Chooses targets for a call. `members` is what is known of the targets; one that is not among
    /// them is left out. Of `health` only the latency is read.
    ///
    /// # Errors
    /// `Budget` where what is left of it is not for calls like this one, `Internal` where none of the
    /// registry's targets is among `members`.
    pub fn choose(
        &self,
        ask: &RouterAsk<'_>,
        members: &[Member],
        health: &dyn HealthView,
    ) -> Result<Choice> {
        let rules = RuleVerdict::of(&self.rules, ask.tags);
        let (objective, objective_from) = self.objective(ask, &rules)?;
        let (task, task_from) = task_of(ask);
        let ranking = self.registry.ranking(task);
        let default = self.registry.default_ranking();
        let wishes = rules.preferences.or(&self.preferences);
        let complexity = ask.classification.map(|answer| answer.complexity);
        // Who asks for quality outright gets the best whatever the request looks like, and a guess that
        // is not acted upon says nothing about the complexity either.
        let tier = (ask.auto.optimize_for.is_none() && objective == OptimizeFor::Quality)
            .then_some(ask.classification)
            .flatten()
            .filter(|answer| !answer.is_abstained)
            .and_then(|answer| self.tiers.tier(as_hard_as(answer)));

        let ranked = |ranking: &Ranking, is_reserve| {
            let (targets, listed) = ranking.list(objective);
            let one = |target: &Target| {
                let member = members.iter().find(|one| one.target.target == *target)?;
                let first_token = first_token(health, target);
                Some(RankedTarget {
                    target: target.clone(),
                    quality_place: ranking.quality_place(target),
                    tier: member.facts.tier,
                    estimate: member
                        .facts
                        .prices
                        .and_then(|prices| ask.size.cost(&prices)),
                    first_token,
                    missed_wishes: wishes.missed_by(&target.provider, &member.facts, first_token),
                    fit: Fit::of(ask.size.window_tokens(), member.capabilities.context_window),
                    is_reserve,
                })
            };
            let mut list: Vec<_> = targets.iter().filter_map(one).collect();
            if listed == Listed::ByQuality {
                order_by(objective, &mut list);
            }
            if let Some(tier) = tier {
                begin_with(tier, &mut list);
            }
            list.sort_by_key(|one| (one.fit, one.missed_wishes));
            list
        };
        let own = ranked(ranking, false);
        let mut reserve = ranked(default, true);
        reserve.retain(|one| own.iter().all(|known| known.target != one.target));
        if own.is_empty() && reserve.is_empty() {
            return Err(Error::new(
                ErrorKind::Internal,
                "the router knows none of its targets",
            ));
        }
        let names = |list: &[RankedTarget]| list.iter().map(|one| one.target.clone()).collect();
        Ok(Choice {
            order: names(&own),
            reserve: names(&reserve),
            constraints: rules.constraints,
            trace: RouterTrace {
                task,
                task_from,
                guess: ask.classification.map(|one| (one.task, one.confidence)),
                complexity,
                optimize_for: objective,
                optimize_for_from: objective_from,
                budget: ask.budget,
                rules: rules.held,
                candidates: own.into_iter().chain(reserve).collect(),
            },
        })
    }

    /// The caller's word counts before a rule's, and that before the default; the budget may lower it.
    fn objective(
        &self,
        ask: &RouterAsk<'_>,
        rules: &RuleVerdict,
    ) -> Result<(OptimizeFor, ObjectiveSource)> {
        let (asked, from) = match (ask.auto.optimize_for, rules.optimize_for) {
            (Some(asked), _) => (asked, ObjectiveSource::Caller),
            (None, Some(asked)) => (asked, ObjectiveSource::Rule),
            (None, None) => (self.optimize_for, ObjectiveSource::Default),
        };
        match ask.budget.effect(asked, ask.urgency) {
            BudgetEffect::Choose(objective) if objective == asked => Ok((asked, from)),
            BudgetEffect::Choose(objective) => Ok((objective, ObjectiveSource::Budget)),
            BudgetEffect::Refuse => Err(Error::new(
                ErrorKind::Budget,
                "what is left of the budget is not for calls of this priority",
            )),
        }
    }
}

/// How hard a request is taken to be. Questions for one short fact are the fast class of tasks, so they
/// are simple ones unless they are judged complex: classifiers tell levels apart only coarsely.
fn as_hard_as(answer: &Classification) -> Complexity {
    match (answer.task, answer.complexity) {
        (Task::SimpleQa, Complexity::Medium) => Complexity::Simple,
        (_, complexity) => complexity,
    }
}

/// How long a target's first sign of an answer takes of late, failures counted as slow ones.
fn first_token(health: &dyn HealthView, target: &Target) -> Option<Duration> {
    let seconds = health.health(target).load.latency?.value;
    Duration::try_from_secs_f32(seconds).ok()
}

fn task_of(ask: &RouterAsk<'_>) -> (Option<Task>, TaskSource) {
    match (ask.task, ask.classification) {
        (Some(task), _) => (Some(task), TaskSource::Tag),
        (None, Some(answer)) if !answer.is_abstained => (Some(answer.task), TaskSource::Classifier),
        (None, Some(_)) => (None, TaskSource::Unsure),
        (None, None) => (None, TaskSource::Nobody),
    }
}

#[cfg(test)]
mod tests;
