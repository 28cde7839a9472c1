//! From a request to a call that the engine can make: resolve the name, plan, find who reaches whom.

use std::sync::Arc;

use interline_catalog::estimate_input_tokens;
use interline_core::{
    CallId, ChatRequest, DynProvider, Operation, Provider, Result, Target, Usage,
};
use interline_resilience::{Admission, Call, Candidate, Need, RouteReport, TargetGate};
use interline_routing::{
    Member, Needs, Plan, Rotation, Strategy, Strictness, WeightedTarget, plan,
};
use tracing::Span;
use uuid::Uuid;

use crate::names::Meaning;
use crate::reply::Decision;
use crate::route_table::ReadyRoute;
use crate::stripped::Stripped;
use crate::{CallOptions, Client, Connection, Cost, RouteInfo, model_facts};

/// One call, ready for the engine.
pub(crate) struct Prepared<P: ?Sized = dyn Provider> {
    pub(crate) route: Arc<ReadyRoute>,
    pub(crate) candidates: Vec<Candidate<P>>,
    need: Need,
    pub(crate) decision: Decision,
}

impl<P: ?Sized> Prepared<P> {
    pub(crate) fn call(&self, options: &CallOptions) -> Call<'_, P> {
        Call::new(
            self.decision.call_id.clone(),
            Arc::clone(&self.decision.name),
            &self.candidates,
            &self.route.policy,
        )
        .with_timeout(options.timeout)
        .with_need(self.need)
        .with_memory(&*self.route.memory)
    }

    pub(crate) fn span(&self, options: &CallOptions) -> Span {
        tracing::debug_span!(
            target: "interline",
            "call",
            call = self.decision.call_id.as_str(),
            route = &*self.decision.name,
            tags = (!options.tags.is_empty()).then(|| tracing::field::debug(&options.tags)),
        )
    }
}

/// A planned call: which targets, best first, and why not the others.
pub(crate) struct Planned {
    pub(crate) route: Arc<ReadyRoute>,
    pub(crate) targets: Vec<Target>,
    pub(crate) decision: Decision,
    /// What an attempt will use of rate limits.
    pub(crate) need: Need,
}

impl Planned {
    /// The same where no model writes anything.
    pub(crate) const fn with_nothing_written(mut self) -> Self {
        self.need.output = Some(0);
        self
    }

    /// Finds who reaches each target; one that `reach` knows nobody for is left out.
    pub(crate) fn reached_by<P: ?Sized>(
        self,
        reach: impl Fn(&Member, &Connection) -> Option<Arc<P>>,
    ) -> Prepared<P> {
        let candidate = |target: Target| {
            let (member, connection) = self.route.reach(&target)?;
            let gate = self.route.gate(&target)?;
            let admission: Arc<dyn Admission> = Arc::<TargetGate>::clone(gate);
            let candidate = Candidate::new(target, reach(member, connection)?)
                .with_admission(admission)
                .with_failure_domain(connection.offers.failure_domain.clone());
            Some(candidate)
        };
        let candidates = self.targets.into_iter().filter_map(candidate).collect();
        Prepared {
            candidates,
            need: self.need,
            decision: self.decision,
            route: self.route,
        }
    }
}

impl Client {
    /// A call that answers `request`.
    pub(crate) fn prepare_chat(
        &self,
        request: &ChatRequest,
        options: &CallOptions,
    ) -> Result<Prepared> {
        let mut planned = self.counted(Operation::Chat, || self.plan_chat(request, options))?;
        let route = Arc::clone(&planned.route);
        // The estimate reads the whole request, so it is made only where somebody needs it.
        if let Some(target) = planned.targets.first().filter(|_| route.counts_tokens()) {
            planned.need.input = estimate_input_tokens(request, target.model.as_str());
        }
        planned.need.output = request.params.max_output_tokens;
        Ok(planned.reached_by(|member, connection| {
            let chat = Arc::clone(&connection.offers.chat);
            let Some(request) = self.seen_by(member, request, &route) else {
                return Some(chat);
            };
            let service: DynProvider = chat;
            Some(Arc::new(Stripped { service, request }))
        }))
    }

    /// Plans an answer to `request`.
    pub(crate) fn plan_chat(
        &self,
        request: &ChatRequest,
        options: &CallOptions,
    ) -> Result<Planned> {
        request.validate()?;
        let route = self.route_for(request.model.as_str())?;
        let signed = self.inner.issuers.in_request(request, &route.members);
        let needs = Needs::of_chat(request).with_signed(signed);
        self.plan(route, needs, options)
    }

    /// The request as `member` may see it, where that is not the whole one.
    pub(crate) fn seen_by(
        &self,
        member: &Member,
        request: &ChatRequest,
        route: &ReadyRoute,
    ) -> Option<ChatRequest> {
        let issuers = &self.inner.issuers;
        let signed = issuers.in_request(request, &route.members);
        let is_foreign = signed.iter().any(|realm| !member.realms.contains(realm));
        is_foreign.then(|| issuers.stripped_for(member, request, &route.members))
    }

    /// Plans a call over `route`.
    pub(crate) fn plan(
        &self,
        route: Arc<ReadyRoute>,
        needs: Needs,
        options: &CallOptions,
    ) -> Result<Planned> {
        let Plan {
            targets,
            excluded,
            ignored,
            ..
        } = plan(
            &route.name,
            route.strategy,
            &route.members,
            &needs
                .with_strictness(route.strictness)
                .with_pricing(self.inner.pricing()),
            &*route,
            &route.rotation,
            self.inner.draw(),
        )?;
        for one in &excluded {
            tracing::debug!(
                target: "interline",
                route = &*route.name,
                provider = %one.target.provider,
                model = %one.target.model,
                lacks = ?one.lacks,
                "target cannot carry the request"
            );
        }
        let call_id = options
            .call_id
            .clone()
            .unwrap_or_else(|| CallId::new(Uuid::now_v7().to_string()));
        let decision = Decision {
            call_id,
            name: Arc::clone(&route.name),
            strategy: route.strategy,
            excluded,
            ignored,
        };
        Ok(Planned {
            route,
            targets,
            decision,
            need: Need::default().with_priority(options.priority),
        })
    }

    /// Counts a refusal before any target was chosen.
    pub(crate) fn counted<T>(
        &self,
        operation: Operation,
        plan: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        plan().inspect_err(|error| {
            if let Some(metrics) = &self.inner.metrics {
                metrics.refused(operation, error.kind());
            }
        })
    }

    /// What is told of a whole answer, and its figures.
    pub(crate) fn conclude(
        &self,
        operation: Operation,
        decision: Decision,
        report: RouteReport,
        usage: &Usage,
    ) -> (RouteInfo, Cost) {
        let cost = self.inner.cost(&report.target, usage);
        let tier = self.inner.tier(&report.target);
        let route = RouteInfo::new(decision, report, tier);
        if let Some(metrics) = &self.inner.metrics {
            metrics.answered_whole(operation, &route, usage, cost);
        }
        (route, cost)
    }

    pub(crate) fn route_for(&self, name: &str) -> Result<Arc<ReadyRoute>> {
        Ok(match self.inner.names.resolve(name)? {
            Meaning::Route(route) => route,
            Meaning::Target(target) => Arc::new(self.direct_route(name, target)),
        })
    }

    /// A route of one target, for a call that names it.
    fn direct_route(&self, name: &str, target: Target) -> ReadyRoute {
        let names = &self.inner.names;
        let connection = names.connections.get(&target.provider);
        let gate = connection.map(|connection| self.inner.direct_gate(connection, &target));
        let members = connection.map(|connection| {
            model_facts::member(&names.catalog, connection, WeightedTarget::new(target))
        });
        ReadyRoute {
            name: name.into(),
            strategy: Strategy::Fallback,
            strictness: Strictness::Lenient,
            members: members.into_iter().collect(),
            connections: connection.cloned().into_iter().collect(),
            gates: gate.map(Arc::new).into_iter().collect(),
            rotation: Rotation::new(),
            policy: self.inner.direct_policy.clone(),
            memory: Arc::clone(&self.inner.direct_memory),
            lane: Arc::clone(&self.inner.direct_lane),
        }
    }
}
