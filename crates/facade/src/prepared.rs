//! From a request to a call that the engine can make: resolve the name, plan, find who reaches whom.

use std::sync::Arc;

use interline_catalog::estimate_input_tokens;
use interline_core::{
    CallId, ChatRequest, DynProvider, Error, ErrorKind, Feature, NanoUsd, Operation, Provider,
    Result, Target, Usage,
};
use interline_resilience::{
    Admission, AttemptPolicy, Call, Candidate, Form, Need, RouteReport, TargetGate,
};
use interline_routing::balancer::{Balance, SessionKey};
use interline_routing::classifier::Classification;
use interline_routing::{
    AutoModel, BetterTarget, BudgetLevel, CallSize, Circumstances, Constraints, Member, Needs,
    Plan, Rotation, Strategy, Strictness, VariantFacts, WeightedTarget, plan,
};
use tracing::Span;
use uuid::Uuid;

use crate::auto::{self, Reserve};
use crate::call_options::Caller;
use crate::gate::GateRun;
use crate::names::Meaning;
use crate::reply::Decision;
use crate::route_table::{ReadyRoute, Snapshot};
use crate::spending::{Metered, Purse, leave_out_unaffordable};
use crate::stripped::Stripped;
use crate::{
    AutoRouting, CallOptions, Client, Connection, Cost, GatedStreams, RouteInfo, model_facts,
};

/// One call, ready for the engine.
pub(crate) struct Prepared<P: ?Sized = dyn Provider> {
    pub(crate) route: Arc<ReadyRoute>,
    pub(crate) candidates: Vec<Candidate<P>>,
    need: Need,
    pub(crate) decision: Decision,
    /// What looks at the answers.
    pub(crate) gate: Option<Arc<GateRun>>,
    /// How hard to try, where that is not as the route says.
    policy: Option<AttemptPolicy>,
    /// What pays for it, where it costs anything.
    purse: Option<Arc<Purse>>,
}

impl<P: ?Sized> Prepared<P> {
    pub(crate) fn call(&self, options: &CallOptions) -> Call<'_, P> {
        Call::new(
            self.decision.call_id.clone(),
            Arc::clone(&self.decision.name),
            &self.candidates,
            self.policy.as_ref().unwrap_or(&self.route.policy),
        )
        .with_timeout(options.timeout)
        .with_need(self.need)
        .with_memory(&*self.route.memory)
    }

    /// Fetches parts of budgets that other processes share; returns at once where none do.
    pub(crate) async fn fetch_money(&self) {
        if let Some(purse) = &self.purse {
            let prices = |target: &Target| Some(self.route.reach(target)?.0.facts.prices);
            let priced = self.candidates.iter().map(|one| &one.target);
            let targets: Vec<_> = priced
                .map(|target| (target.clone(), prices(target).flatten()))
                .collect();
            purse.fetch(&targets).await;
        }
    }

    /// A failure of the call; where nothing but money stood in the way, as the ledger puts it.
    pub(crate) fn in_the_ledgers_words(&self, error: Error) -> Error {
        let refusal = self.purse.as_ref().and_then(|purse| purse.refusal());
        match refusal.filter(|_| error.kind() == ErrorKind::Budget) {
            Some(refusal) => refusal.with_attempts(error.attempts().to_vec()),
            None => error,
        }
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
#[derive(Clone, Debug)]
pub(crate) struct Occasion {
    pub(crate) form: Form,
    /// What an attempt will use of rate limits.
    pub(crate) need: Need,
    /// What the call belongs to.
    pub(crate) session: Option<SessionKey>,
    /// What pays for it, where it costs anything.
    pub(crate) purse: Option<Arc<Purse>>,
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
    /// What pays for it, where it costs anything.
    purse: Option<Arc<Purse>>,
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
            let admission: Arc<dyn Admission> = match &self.purse {
                None => Arc::<TargetGate>::clone(gate),
                Some(purse) => Arc::new(Metered::new(
                    Arc::clone(gate),
                    Arc::clone(purse),
                    member.facts.prices,
                )),
            };
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
            gate: None,
            policy: None,
            purse: self.purse,
            route: self.route,
        }
    }

    /// Each target's place in the order of quality, from 0, in the order of the plan. Where targets are
    /// balanced, they are taken to be equally good.
    fn quality_places(&self) -> Vec<usize> {
        let place = |target: &Target| match &self.decision.router {
            Some(trace) => {
                let found = trace.candidates.iter().find(|one| one.target == *target);
                found.map_or(usize::MAX, |one| one.quality_place)
            }
            None if self.route.balance.strategy == Strategy::Fallback => {
                let place = self.route.targets().position(|one| one == target);
                place.unwrap_or(usize::MAX)
            }
            None => 0,
        };
        self.targets.iter().map(place).collect()
    }
}

/// The error with the path of the field that asks for a feature, where a feature is what it names.
fn named_by_field(error: Error, request: &ChatRequest) -> Error {
    let is_named = |feature: &Feature| error.param() == Some(feature.name());
    match Feature::ALL.into_iter().find(is_named) {
        Some(feature) => error.with_param(request.field_of(feature)),
        None => error,
    }
}

impl Client {
    /// A call that answers `request`.
    pub(crate) fn prepare_chat(
        &self,
        request: &ChatRequest,
        classification: Option<&Classification>,
        form: Form,
        options: &CallOptions,
    ) -> Result<Prepared> {
        let planned = self.counted(Operation::Chat, || {
            self.plan_chat(request, classification, form, options)
        })?;
        let route = Arc::clone(&planned.route);
        let targets = planned.targets.clone();
        let places = planned.quality_places();
        let task = planned.decision.task_name();
        let gate = self.gate_of(&route, options, planned.purse.clone());
        let mut prepared = planned.reached_by(|member, connection| {
            let target = &member.target.target;
            let chat = Arc::clone(&connection.offers.chat);
            let chat = match self.asked_of(member, request, &route, task, options) {
                None => chat,
                Some(request) => {
                    let service: DynProvider = chat;
                    Arc::new(Stripped { service, request })
                }
            };
            let Some(gate) = &gate else {
                return Some(chat);
            };
            let turn = targets.iter().position(|one| one == target)?;
            let place = places.get(turn).copied()?;
            let is_better = |other: &usize| *other <= place;
            let better = match places.iter().skip(turn + 1).any(is_better) {
                true => BetterTarget::Left,
                false => BetterTarget::None,
            };
            Some(gate.before(chat, target.clone(), place, turn, better))
        });
        if gate.is_some()
            && form == Form::Stream
            && route.terms.gated_streams == GatedStreams::Buffered
        {
            prepared.policy = Some(whole_streams(&route.policy));
        }
        prepared.gate = gate;
        Ok(prepared)
    }

    /// What looks at the answers of a call; nothing at those of the client's own calls.
    fn gate_of(
        &self,
        route: &ReadyRoute,
        options: &CallOptions,
        purse: Option<Arc<Purse>>,
    ) -> Option<Arc<GateRun>> {
        let gate = route.terms.gate.clone()?;
        let streams = route.terms.gated_streams;
        (options.caller == Caller::Program)
            .then(|| GateRun::new(gate, streams, self.clone(), options, purse))
    }

    /// The request as `member` is asked, where that is not what the caller wrote.
    fn asked_of(
        &self,
        member: &Member,
        request: &ChatRequest,
        route: &ReadyRoute,
        task: Option<&str>,
        options: &CallOptions,
    ) -> Option<ChatRequest> {
        let seen = self.seen_by(member, request, route);
        let target = &member.target.target;
        let Some(variant) = route.terms.variants.of(target, member.facts.tier) else {
            return seen;
        };
        let facts = VariantFacts {
            target,
            task,
            tags: &options.tags,
        };
        Some(variant.applied(seen.as_ref().unwrap_or(request), &facts))
    }

    /// Plans an answer to `request`.
    pub(crate) fn plan_chat(
        &self,
        request: &ChatRequest,
        classification: Option<&Classification>,
        form: Form,
        options: &CallOptions,
    ) -> Result<Planned> {
        request.validate()?;
        let route = self.route_for(request.model.as_str())?;
        let signed = self.inner.issuers.in_request(request, &route.members);
        let auto = self.auto_for(request, options)?;
        let needs_size = auto.is_some()
            || self.demands(&route, options).max_cost.is_some()
            || auto::may_be_long(request, &route.members);
        let size = needs_size.then(|| auto::size_of(request, &route.members));
        let needs = Needs::of_chat(request).with_signed(signed).with_size(size);
        let model = route.targets().next().map_or("", |one| one.model.as_str());
        // The estimate reads the whole request, so it is made only where somebody needs it.
        let is_paid = form != Form::TokenCount;
        let weighs = route.weighs_tokens() || (is_paid && self.inner.spending.is_bound());
        let input = match size {
            Some(size) if weighs => size.input_tokens,
            None if weighs => estimate_input_tokens(request, model),
            _ => 0,
        };
        let purse = is_paid.then(|| {
            let written = request.params.max_output_tokens;
            let size = CallSize::new(input).with_max_output_tokens(written);
            Purse::new(&self.inner.spending, size, options)
        });
        let money = purse
            .as_ref()
            .map_or_else(BudgetLevel::default, |purse| purse.level());
        let affinity = route.balance.affinity;
        let occasion = Occasion {
            form,
            need: Need::new(input, request.params.max_output_tokens),
            session: SessionKey::of_chat(request, &options.tags, affinity),
            purse,
        };
        let Some((auto, model)) = auto else {
            let planned = self.plan(route, needs, occasion, options);
            return planned.map_err(|error| named_by_field(error, request));
        };
        let need = occasion.need.with_priority(options.priority);
        let health = Snapshot::new(&route, form, need);
        let choice = auto.choose(
            model,
            request,
            classification,
            options,
            &route,
            (&health, money),
        )?;
        let plan = |reserve: Reserve| {
            let members = auto::members_of(&choice, &route.members, reserve);
            let route = Arc::clone(&route);
            let planned = self.plan_over(route, &members, needs.clone(), occasion.clone(), options);
            planned.map_err(|error| named_by_field(error, request))
        };
        let mut planned = match plan(Reserve::Left) {
            Err(_) if !choice.reserve.is_empty() => plan(Reserve::Called)?,
            planned => planned?,
        };
        planned.decision.router = Some(Arc::new(choice.trace));
        Ok(planned)
    }

    /// The router, where a call leaves the choice to it.
    fn auto_for(
        &self,
        request: &ChatRequest,
        options: &CallOptions,
    ) -> Result<Option<(&AutoRouting, AutoModel)>> {
        let Some(model) = AutoModel::parse(request.model.as_str())? else {
            return Ok(None);
        };
        if options.caller == Caller::Ourselves {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "automatic routing cannot ask itself: name a route or a target as the model of \
                 classifiers and judges",
            ));
        }
        Ok(self.inner.names.auto.as_ref().map(|auto| (auto, model)))
    }

    /// Who may serve a call at all: what its route says, and the rules on its tags.
    fn demands(&self, route: &ReadyRoute, options: &CallOptions) -> Constraints {
        let constraints = &route.terms.constraints;
        match &self.inner.names.auto {
            Some(auto) => constraints.and(&auto.demands(&options.tags)),
            None => constraints.clone(),
        }
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
        let members = Arc::clone(&route);
        self.plan_over(route, &members.members, needs, occasion, options)
    }

    /// Plans a call over some of `route`'s targets, in this order.
    fn plan_over(
        &self,
        route: Arc<ReadyRoute>,
        members: &[Member],
        needs: Needs,
        occasion: Occasion,
        options: &CallOptions,
    ) -> Result<Planned> {
        let need = occasion.need.with_priority(options.priority);
        let balance = self.balance(&route, occasion.purse.as_deref());
        let prices = self.prices(&balance, members, need);
        let snapshot = Snapshot::new(&route, occasion.form, need);
        let now = Circumstances::new(&snapshot, &route.rotation, self.inner.draw())
            .with_session(occasion.session)
            .with_prices(&prices);
        let mut found = plan(
            &route.name,
            &balance,
            members,
            &needs
                .with_strictness(route.strictness)
                .with_pricing(self.inner.pricing())
                .with_constraints(self.demands(&route, options)),
            &now,
        )?;
        if let Some(purse) = &occasion.purse {
            leave_out_unaffordable(&mut found, members, purse)?;
        }
        let Plan {
            targets,
            placements,
            stickiness,
            excluded,
            ignored,
            ..
        } = found;
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
            strategy: balance.strategy,
            order: targets
                .iter()
                .cloned()
                .zip(placements.iter().copied())
                .collect(),
            stickiness,
            excluded,
            ignored,
            router: None,
            budget: occasion.purse.as_ref().and_then(|purse| purse.tier()),
        };
        Ok(Planned {
            drawn_shares: placements.iter().map(|one| one.drawn_share).collect(),
            route,
            targets,
            decision,
            need,
            purse: occasion.purse,
        })
    }

    /// How the call's targets are ordered: as the route says, or cheapest first where budgets run low. The
    /// router orders its own targets by price already.
    fn balance(&self, route: &ReadyRoute, purse: Option<&Purse>) -> Balance {
        let wants_cheapest = purse.is_some_and(Purse::wants_cheapest);
        match wants_cheapest && *route.name != *auto::AUTO {
            true => Balance::new(Strategy::Cost),
            false => route.balance,
        }
    }

    /// What a call would cost at each of `members`, where the strategy asks.
    fn prices(&self, balance: &Balance, members: &[Member], need: Need) -> Vec<Option<NanoUsd>> {
        if !balance.strategy.asks_prices() {
            return Vec::new();
        }
        let output = need.output.unwrap_or(u64::MAX).min(EXPECTED_OUTPUT);
        let usage = Usage::new(need.input, output);
        let targets = members.iter().map(|member| &member.target.target);
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
        self.conclude_gated(operation, decision, report, usage, None)
    }

    /// The same of an answer that a gate let through.
    pub(crate) fn conclude_gated(
        &self,
        operation: Operation,
        decision: Decision,
        report: RouteReport,
        usage: &Usage,
        gate: Option<&GateRun>,
    ) -> (RouteInfo, Cost) {
        let own = self.inner.cost(&report.target, usage);
        let refused = gate.map(GateRun::spent).unwrap_or_default();
        let cost = refused.into_iter().fold(own, Cost::plus);
        let tier = self.inner.tier(&report.target);
        let mut route = RouteInfo::new(decision, report, tier);
        route.gate = gate.map(GateRun::report);
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
            terms: self.inner.direct_terms.clone(),
        }
    }
}

/// How hard to try for a stream that is held back until it is complete: its first content comes as late
/// as a whole answer's, and a second one beside it would only cost money.
fn whole_streams(policy: &AttemptPolicy) -> AttemptPolicy {
    let mut policy = policy.clone();
    policy.timeouts.first_token = policy.timeouts.unary_limit();
    policy.hedge = None;
    policy
}
