//! From a request to a call that the engine can make: resolve the name, plan, find who reaches whom.

use std::sync::Arc;

use interline_catalog::estimate_input_tokens;
use interline_core::{
    CallId, ChatRequest, DynProvider, NanoUsd, Operation, Provider, Result, Target, Usage,
};
use interline_resilience::{Admission, Call, Candidate, Form, Need, RouteReport, TargetGate};
use interline_routing::balancer::{Balance, SessionKey};
use interline_routing::{
    Circumstances, Member, Needs, Plan, Rotation, Strictness, WeightedTarget, plan,
};
use tracing::Span;
use uuid::Uuid;

use crate::names::Meaning;
use crate::reply::Decision;
use crate::route_table::{ReadyRoute, Snapshot};
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

/// How long an answer is taken to be where prices are compared, in tokens, unless the call allows less
/// (chosen, not measured).
const EXPECTED_OUTPUT: u64 = 500;

/// What a plan has to know of a call beside what targets must be able to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occasion {
    pub(crate) form: Form,
    /// What an attempt will use of rate limits.
    pub(crate) need: Need,
    /// What the call belongs to.
    pub(crate) session: Option<SessionKey>,
}

/// A planned call: which targets, best first, and why not the others.
pub(crate) struct Planned {
    pub(crate) route: Arc<ReadyRoute>,
    pub(crate) targets: Vec<Target>,
    /// The share of each target that recovers and whose share the call belongs to.
    drawn_shares: Vec<Option<f32>>,
    pub(crate) decision: Decision,
    /// What an attempt will use of rate limits.
    pub(crate) need: Need,
}

impl Planned {
    /// The same where no model reads or writes anything.
    pub(crate) const fn with_nothing_written(mut self) -> Self {
        self.need.input = 0;
        self.need.output = Some(0);
        self
    }

    /// Finds who reaches each target; one that `reach` knows nobody for is left out.
    pub(crate) fn reached_by<P: ?Sized>(
        self,
        reach: impl Fn(&Member, &Connection) -> Option<Arc<P>>,
    ) -> Prepared<P> {
        let candidate = |(target, share): (Target, Option<f32>)| {
            let (member, connection) = self.route.reach(&target)?;
            let gate = self.route.gate(&target)?;
            let admission: Arc<dyn Admission> = Arc::<TargetGate>::clone(gate);
            let candidate = Candidate::new(target, reach(member, connection)?)
                .with_admission(admission)
                .with_failure_domain(connection.offers.failure_domain.clone())
                .with_drawn_share(share);
            Some(candidate)
        };
        let targets = self.targets.into_iter().zip(self.drawn_shares);
        let candidates = targets.filter_map(candidate).collect();
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
        form: Form,
        options: &CallOptions,
    ) -> Result<Prepared> {
        let planned = self.counted(Operation::Chat, || self.plan_chat(request, form, options))?;
        let route = Arc::clone(&planned.route);
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
        form: Form,
        options: &CallOptions,
    ) -> Result<Planned> {
        request.validate()?;
        let route = self.route_for(request.model.as_str())?;
        let signed = self.inner.issuers.in_request(request, &route.members);
        let needs = Needs::of_chat(request).with_signed(signed);
        let model = route.targets().next().map_or("", |one| one.model.as_str());
        // The estimate reads the whole request, so it is made only where somebody needs it.
        let input = if route.weighs_tokens() {
            estimate_input_tokens(request, model)
        } else {
            0
        };
        let affinity = route.balance.affinity;
        let occasion = Occasion {
            form,
            need: Need::new(input, request.params.max_output_tokens),
            session: SessionKey::of_chat(request, &options.tags, affinity),
        };
        self.plan(route, needs, occasion, options)
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
        occasion: Occasion,
        options: &CallOptions,
    ) -> Result<Planned> {
        let need = occasion.need.with_priority(options.priority);
        let prices = self.prices(&route, need);
        let snapshot = Snapshot::new(&route, occasion.form, need);
        let now = Circumstances::new(&snapshot, &route.rotation, self.inner.draw())
            .with_session(occasion.session)
            .with_prices(&prices);
        let Plan {
            targets,
            placements,
            stickiness,
            excluded,
            ignored,
            ..
        } = plan(
            &route.name,
            &route.balance,
            &route.members,
            &needs
                .with_strictness(route.strictness)
                .with_pricing(self.inner.pricing()),
            &now,
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
            strategy: route.balance.strategy,
            order: targets
                .iter()
                .cloned()
                .zip(placements.iter().copied())
                .collect(),
            stickiness,
            excluded,
            ignored,
        };
        Ok(Planned {
            drawn_shares: placements.iter().map(|one| one.drawn_share).collect(),
            route,
            targets,
            decision,
            need,
        })
    }

    /// What a call would cost at each target of a route, where its strategy asks.
    fn prices(&self, route: &ReadyRoute, need: Need) -> Vec<Option<NanoUsd>> {
        if !route.balance.strategy.asks_prices() {
            return Vec::new();
        }
        let output = need.output.unwrap_or(u64::MAX).min(EXPECTED_OUTPUT);
        let usage = Usage::new(need.input, output);
        let targets = route.targets();
        targets
            .map(|one| self.inner.cost(one, &usage).known())
            .collect()
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
            balance: Balance::default(),
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
