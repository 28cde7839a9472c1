//! The routes of a client, ready to be called: members with capabilities, policy, engine and health.

use std::sync::Arc;

use interline_core::{HealthView, Target, TargetHealth};
use interline_resilience::{
    AlwaysAdmit, AttemptPolicy, Engine, Form, GateRules, Need, Observer, RouteMemory, TargetGate,
};
use interline_routing::balancer::Balance;
use interline_routing::{Member, Rotation, Strategy, Strictness};
use tokio::time::Instant;

use crate::{Breaker, Connection, RouteTerms};

/// A route, ready to be called.
#[derive(Debug)]
pub(crate) struct ReadyRoute {
    pub(crate) name: Arc<str>,
    pub(crate) balance: Balance,
    pub(crate) strictness: Strictness,
    pub(crate) members: Vec<Member>,
    /// Who reaches each member, in the same order.
    pub(crate) connections: Vec<Connection>,
    /// What decides whether each member may be called, in the same order.
    pub(crate) gates: Vec<Arc<TargetGate>>,
    pub(crate) rotation: Rotation,
    pub(crate) policy: AttemptPolicy,
    /// What its calls learn from each other.
    pub(crate) memory: Arc<RouteMemory>,
    pub(crate) lane: Arc<Lane>,
    /// What holds for its calls beside the order of its targets.
    pub(crate) terms: RouteTerms,
}

impl ReadyRoute {
    /// A target of this route with the connection that reaches it.
    pub(crate) fn reach(&self, target: &Target) -> Option<(&Member, &Connection)> {
        let mut pairs = self.members.iter().zip(&self.connections);
        pairs.find(|(member, _)| member.target.target == *target)
    }

    /// The gate of a target of this route.
    pub(crate) fn gate(&self, target: &Target) -> Option<&Arc<TargetGate>> {
        self.gates.iter().find(|gate| gate.target() == target)
    }

    /// Whether any limit of its targets counts tokens.
    fn counts_tokens(&self) -> bool {
        self.gates.iter().any(|gate| gate.counts_tokens())
    }

    /// Whether it is of any use to know how many tokens a call reads.
    pub(crate) fn weighs_tokens(&self) -> bool {
        self.balance.strategy.asks_prices() || self.counts_tokens()
    }

    pub(crate) fn targets(&self) -> impl Iterator<Item = &Target> {
        self.members.iter().map(|member| &member.target.target)
    }

    pub(crate) fn summary(&self) -> RouteSummary {
        RouteSummary {
            name: self.name.to_string(),
            strategy: self.balance.strategy,
            strictness: self.strictness,
            targets: self.targets().cloned().collect(),
        }
    }
}

/// An attempt engine, and when targets are passed over; one for all routes whose breakers are equal.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) breaker: Breaker,
    pub(crate) rules: GateRules,
    pub(crate) engine: Engine,
}

impl Lane {
    pub(crate) fn new(breaker: Breaker, observer: &Arc<dyn Observer>, seed: u64) -> Self {
        // Every candidate brings the gate of its target.
        let admission = Arc::new(AlwaysAdmit);
        Self {
            breaker,
            rules: breaker.rules(),
            engine: Engine::new(admission, Arc::clone(observer), seed),
        }
    }
}

impl HealthView for ReadyRoute {
    fn health(&self, target: &Target) -> TargetHealth {
        self.gate(target)
            .map_or_else(TargetHealth::default, |gate| gate.health(Instant::now()))
    }
}

/// How the targets of a route are doing for one call: one reading of the clock serves all of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Snapshot<'a> {
    route: &'a ReadyRoute,
    form: Form,
    need: Need,
    now: Instant,
}

impl<'a> Snapshot<'a> {
    /// For a call of that form that needs that much of limits.
    pub(crate) fn new(route: &'a ReadyRoute, form: Form, need: Need) -> Self {
        Self {
            route,
            form,
            need,
            now: Instant::now(),
        }
    }
}

impl HealthView for Snapshot<'_> {
    fn health(&self, target: &Target) -> TargetHealth {
        let gate = self.route.gate(target);
        gate.map_or_else(TargetHealth::default, |gate| {
            gate.snapshot(self.now, self.form, &self.need)
        })
    }
}

/// A route of a client, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouteSummary {
    /// What callers put into `model`.
    pub name: String,
    /// The rule that orders the targets.
    pub strategy: Strategy,
    /// What becomes of wishes that a target cannot follow.
    pub strictness: Strictness,
    /// The targets in the order written.
    pub targets: Vec<Target>,
}

/// How a target of a route is doing, for lists.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TargetStatus {
    /// Which target.
    pub target: Target,
    /// How it is doing; where routes have different breakers, as the most careful one sees it.
    pub health: TargetHealth,
}

impl TargetStatus {
    pub(crate) const fn new(target: Target, health: TargetHealth) -> Self {
        Self { target, health }
    }
}
