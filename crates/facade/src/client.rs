//! The client: resolves a name, plans, attempts, and answers with the way it took.

use std::hash::RandomState;
use std::sync::{Arc, Mutex, PoisonError};

use interline_catalog::{Catalog, ModelInfo, Tier};
use interline_core::{
    CallContext, ChatRequest, Error, ErrorKind, HealthView, ListedModel, Operation, ProviderId,
    Result, Target, TimeoutStage, Usage,
};
use interline_ledger::Ledger;
use interline_resilience::{AttemptPolicy, Form, Gates, RouteMemory, TargetGate};
use interline_routing::Pricing;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::time::{Instant, timeout};
use tracing::Instrument;
use uuid::Uuid;

use crate::gate::{GateRun, Refused};
use crate::health_task::HealthTask;
use crate::inheritance::Inheritance;
use crate::names::Names;
use crate::prepared::Prepared;
use crate::route_table::Lane;
use crate::signed_state::Issuers;
use crate::spending::Spending;
use crate::telemetry::MetricsObserver;
use crate::{
    CallOptions, ClientBuilder, Connection, Cost, Reply, ReplyStream, Resolved, RouteCapabilities,
    RouteInfo, RouteOptions, RouteSummary, RouteTerms, Statistics, TargetStatus, UnknownPrice,
    model_facts,
};

/// Calls vendors through routes. Cheap to clone; clones share connections, health and metrics.
///
/// # Cancellation
/// Dropping a returned future or stream cancels the call at the vendor.
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) names: Names,
    pub(crate) gates: Gates,
    /// Makes keyed hashes of credentials; the same ones in every client that succeeds another.
    pub(crate) hashes: RandomState,
    pub(crate) spending: Arc<Spending>,
    pub(crate) direct_lane: Arc<Lane>,
    pub(crate) direct_policy: AttemptPolicy,
    pub(crate) direct_terms: RouteTerms,
    /// What calls that name a target or a model learn from each other.
    pub(crate) direct_memory: Arc<RouteMemory>,
    pub(crate) metrics: Option<Arc<MetricsObserver>>,
    pub(crate) issuers: Arc<Issuers>,
    health_task: Option<HealthTask>,
    draws: Mutex<StdRng>,
}

/// What a client is made of.
pub(crate) struct Parts {
    pub(crate) names: Names,
    pub(crate) gates: Gates,
    pub(crate) hashes: RandomState,
    pub(crate) spending: Arc<Spending>,
    pub(crate) direct_lane: Arc<Lane>,
    pub(crate) direct_options: RouteOptions,
    pub(crate) metrics: Option<Arc<MetricsObserver>>,
    pub(crate) health_task: Option<HealthTask>,
    pub(crate) inheritance: Inheritance,
    pub(crate) seed: u64,
}

impl Inner {
    pub(crate) fn new(parts: Parts) -> Self {
        let direct_options = parts.direct_options;
        let now = Instant::now();
        Self {
            names: parts.names,
            gates: parts.gates,
            hashes: parts.hashes,
            spending: parts.spending,
            direct_lane: parts.direct_lane,
            direct_memory: parts
                .inheritance
                .direct_memory(direct_options.retry_budget, now),
            direct_policy: direct_options.policy,
            direct_terms: direct_options.terms,
            metrics: parts.metrics,
            issuers: parts.inheritance.issuers(),
            health_task: parts.health_task,
            draws: Mutex::new(StdRng::seed_from_u64(parts.seed)),
        }
    }

    /// Asks no vendor any more how it is; a successor does.
    pub(crate) fn end_health_checks(&self) {
        if let Some(task) = &self.health_task {
            task.end();
        }
    }

    /// The connection that reaches a target.
    pub(crate) fn connection(&self, target: &Target) -> Option<&Connection> {
        self.names.connections.get(&target.provider)
    }

    /// The gate of a call that names its target itself.
    pub(crate) fn direct_gate(&self, connection: &Connection, target: &Target) -> TargetGate {
        let latency = self.direct_memory.latency(Form::Stream);
        let first_token = self.direct_policy.timeouts.first_token;
        let endpoint = connection.endpoint(&target.model);
        let rules = &self.direct_lane.rules;
        self.gates
            .direct(&endpoint, rules, latency, first_token, Instant::now())
    }

    /// Whether targets must have a known price.
    pub(crate) const fn pricing(&self) -> Pricing {
        match self.names.unknown_price {
            UnknownPrice::Allow => Pricing::Any,
            UnknownPrice::Exclude => Pricing::Known,
        }
    }

    pub(crate) fn cost(&self, target: &Target, usage: &Usage) -> Cost {
        self.connection(target).map_or(Cost::Unknown, |connection| {
            model_facts::cost(&self.names.catalog, connection, &target.model, usage)
        })
    }

    pub(crate) fn tier(&self, target: &Target) -> Tier {
        let auto = self.names.auto.as_ref();
        if let Some(tier) = auto.and_then(|auto| auto.tier(target)) {
            return tier;
        }
        let connection = self.connection(target);
        connection.map_or_else(Tier::default, |connection| {
            model_facts::tier(&self.names.catalog, connection, &target.model)
        })
    }

    pub(crate) fn draw(&self) -> u64 {
        let mut rng = self.draws.lock().unwrap_or_else(PoisonError::into_inner);
        rng.random()
    }
}

impl Client {
    /// Puts a client together.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Makes a client from a configuration.
    ///
    /// To add metrics or observers, go through [`crate::Config::client_builder`].
    ///
    /// # Errors
    /// `InvalidRequest` that lists every mistake with its place.
    #[cfg(feature = "config")]
    pub fn from_config(config: &crate::Config, registry: &crate::Registry) -> Result<Self> {
        config.client_builder(registry)?.build()
    }

    pub(crate) fn new(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Asks for a whole answer. `request.model` is a route, `provider/model`, or a bare model name.
    ///
    /// # Errors
    /// `NotFound` where the name means nothing, `Unsupported` where no target can carry the request,
    /// the vendor's error where it is the caller's mistake, else `AllTargetsFailed` with every attempt.
    pub async fn complete(&self, request: ChatRequest) -> Result<Reply> {
        self.complete_with(request, CallOptions::default()).await
    }

    /// As [`Client::complete`], with options of this call.
    ///
    /// # Errors
    /// As [`Client::complete`].
    pub async fn complete_with(
        &self,
        request: ChatRequest,
        mut options: CallOptions,
    ) -> Result<Reply> {
        let classification = self.classified(&request, &mut options).await;
        let prepared =
            self.prepare_chat(&request, classification.as_ref(), Form::Whole, &options)?;
        prepared.fetch_money().await;
        let span = prepared.span(&options);
        let answered = prepared
            .route
            .lane
            .engine
            .complete(prepared.call(&options), &request)
            .instrument(span)
            .await;
        let answer = match answered {
            Ok(answer) => answer,
            Err(error) => {
                let error = prepared.in_the_ledgers_words(error);
                let (refused, route, cost) = self.best_refused(prepared, error)?;
                return Ok(Reply::new(refused.response, route, cost));
            }
        };
        if let Some(connection) = self.inner.connection(&answer.route.target) {
            self.inner.issuers.note_answer(connection, &answer.value);
        }
        let (route, cost) = self.conclude_gated(
            Operation::Chat,
            prepared.decision,
            answer.route,
            &answer.value.usage,
            prepared.gate.as_deref(),
        );
        Ok(Reply::new(answer.value, route, cost))
    }

    /// The best of the answers that a gate refused, with its way and what all of them cost, for a call
    /// in which nobody gave a better one; else its error.
    fn best_refused(&self, prepared: Prepared, error: Error) -> Result<(Refused, RouteInfo, Cost)> {
        let gate = prepared.gate.as_deref();
        let Some((refused, report)) = gate.and_then(GateRun::best_refused) else {
            return Err(error);
        };
        let target = refused.target.clone();
        let own = self.inner.cost(&target, &refused.response.usage);
        let others = gate.map(GateRun::spent).unwrap_or_default();
        let cost = others.into_iter().fold(own, Cost::plus);
        let attempts = error.attempts().to_vec();
        let tier = self.inner.tier(&target);
        let route = RouteInfo::of_refused(prepared.decision, target, attempts, tier, report);
        if let Some(metrics) = &self.inner.metrics {
            let usage = &refused.response.usage;
            metrics.answered_whole(Operation::Chat, &route, usage, cost);
        }
        Ok((refused, route, cost))
    }

    /// Asks for an answer step by step. Returns when the first content is there.
    ///
    /// # Errors
    /// As [`Client::complete`]; failures after the first content are items of the stream.
    pub async fn stream(&self, request: ChatRequest) -> Result<ReplyStream> {
        self.stream_with(request, CallOptions::default()).await
    }

    /// As [`Client::stream`], with options of this call.
    ///
    /// # Errors
    /// As [`Client::stream`].
    pub async fn stream_with(
        &self,
        request: ChatRequest,
        mut options: CallOptions,
    ) -> Result<ReplyStream> {
        let classification = self.classified(&request, &mut options).await;
        let prepared =
            self.prepare_chat(&request, classification.as_ref(), Form::Stream, &options)?;
        prepared.fetch_money().await;
        let span = prepared.span(&options);
        let answered = prepared
            .route
            .lane
            .engine
            .stream(prepared.call(&options), &request)
            .instrument(span)
            .await;
        let gate = prepared.gate.clone();
        let answer = match answered {
            Ok(answer) => answer,
            Err(error) => {
                let error = prepared.in_the_ledgers_words(error);
                let (mut refused, route, _) = self.best_refused(prepared, error)?;
                let spent = gate.map(|gate| gate.spent()).unwrap_or_default();
                let stream = ReplyStream::new(refused.replay(), route, Arc::clone(&self.inner));
                return Ok(stream.with_spent(spent));
            }
        };
        let tier = self.inner.tier(&answer.route.target);
        let mut route = RouteInfo::new(prepared.decision, answer.route, tier);
        route.gate = gate.as_ref().map(|gate| gate.report());
        if let Some(metrics) = &self.inner.metrics {
            metrics.first_content(&route);
        }
        Ok(
            ReplyStream::new(answer.value, route, Arc::clone(&self.inner))
                .with_spent(gate.map(|gate| gate.spent()).unwrap_or_default()),
        )
    }

    /// What `model` means: a route's name, `provider/model`, or a bare name of the catalogue that
    /// exactly one configured provider has.
    ///
    /// # Errors
    /// `NotFound` where the name means nothing or several things; it names what there is.
    pub fn resolve(&self, model: &str) -> Result<Resolved> {
        Ok(self.inner.names.resolve(model)?.summary())
    }

    /// What the targets behind `model` can do: to be asked before a call that depends on a feature.
    ///
    /// # Errors
    /// As [`Client::resolve`].
    pub fn capabilities(&self, model: &str) -> Result<RouteCapabilities> {
        let route = self.route_for(model)?;
        let targets = route
            .members
            .iter()
            .map(|member| (member.target.target.clone(), member.capabilities.clone()))
            .collect();
        Ok(RouteCapabilities::new(targets))
    }

    /// The routes, in alphabetical order.
    #[must_use]
    pub fn routes(&self) -> Vec<RouteSummary> {
        let routes = self.inner.names.routes.values();
        routes.map(|route| route.summary()).collect()
    }

    /// The connections, in alphabetical order.
    pub fn providers(&self) -> impl Iterator<Item = &Connection> {
        self.inner.names.connections.values()
    }

    /// What is known of a target's model: the catalogue's facts, with the operator's word before them.
    #[must_use]
    pub fn model_info(&self, target: &Target) -> Option<&ModelInfo> {
        let names = &self.inner.names;
        let connection = names.connections.get(&target.provider)?;
        model_facts::info(&names.catalog, connection, &target.model)
    }

    /// The catalogue that names, capabilities and costs come from.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.inner.names.catalog
    }

    /// What calls cost, and budgets as they stand. Always there: without budgets it counts and refuses
    /// nothing.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.inner.spending.ledger
    }

    /// How targets, routes and tasks fared since the start; `None` for a client that writes no metrics.
    #[must_use]
    pub fn statistics(&self) -> Option<Statistics> {
        let metrics = self.inner.metrics.as_ref()?;
        Some(metrics.collected().report())
    }

    /// How every target of every route is doing, in the order of routes and targets.
    #[must_use]
    pub fn health(&self) -> Vec<TargetStatus> {
        let mut seen: Vec<TargetStatus> = Vec::new();
        for route in self.inner.names.routes.values() {
            for target in route.targets() {
                if seen.iter().any(|status| status.target == *target) {
                    continue;
                }
                let routes = self.inner.names.routes.values();
                let worst = routes
                    .map(|route| route.health(target))
                    .max_by_key(|health| (health.closed_for, health.recent_failures));
                seen.push(TargetStatus::new(target.clone(), worst.unwrap_or_default()));
            }
        }
        seen
    }

    /// Writes every target's health, how full its rate limits are, and how budgets stand to the metrics recorder. A target whose pause runs out causes no
    /// event, so call this before each scrape.
    pub fn record_health(&self) {
        if let Some(metrics) = &self.inner.metrics {
            for status in self.health() {
                metrics.health(&status);
            }
            metrics.budgets(self.ledger());
            let routes = self.inner.names.routes.values();
            for gate in routes.flat_map(|route| &route.gates) {
                metrics.limits(gate);
                metrics.load(gate);
            }
        }
    }

    /// Finds out cheaply whether a provider answers and its credential holds; never a paid call.
    ///
    /// # Errors
    /// `NotFound` where there is no such provider, else what stands in the way of a call.
    pub async fn check_provider(&self, name: &str) -> Result<()> {
        let connection = self.provider(name)?;
        let context = CallContext::new(Uuid::now_v7().to_string());
        connection.offers.chat.health_check(&context).await
    }

    /// The models that a vendor says it has, in its order; whether or not the catalogue knows them.
    ///
    /// # Errors
    /// `NotFound` where there is no such provider, `Unsupported` where its vendor tells no list,
    /// `Timeout(Total)` after the total timeout of the default options, else the vendor's failure.
    pub async fn list_models(&self, provider: &str) -> Result<Vec<ListedModel>> {
        let connection = self.provider(provider)?;
        let Some(lister) = &connection.offers.models else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("provider `{provider}` tells no list of its models"),
            ));
        };
        let patience = self.inner.direct_policy.timeouts.total;
        let context = CallContext::new(Uuid::now_v7().to_string())
            .with_deadline(Instant::now().checked_add(patience));
        timeout(patience, lister.list_models(&context))
            .await
            .unwrap_or_else(|_| Err(Error::timeout(TimeoutStage::Total, patience)))
    }

    fn provider(&self, name: &str) -> Result<&Connection> {
        let connections = &self.inner.names.connections;
        connections.get(&ProviderId::from(name)).ok_or_else(|| {
            let known: Vec<_> = connections.keys().map(|name| format!("`{name}`")).collect();
            Error::new(
                ErrorKind::NotFound,
                format!(
                    "provider `{name}` is not configured (configured: {})",
                    known.join(", ")
                ),
            )
        })
    }
}
