//! The client: resolves a name, plans, attempts, and answers with the way it took.

use std::sync::{Arc, Mutex, PoisonError};

use interline_catalog::{Catalog, Tier};
use interline_core::{
    CallContext, CallId, ChatRequest, Error, FeatureSet, HealthView, ProviderId, Result, Target,
    Usage,
};
use interline_resilience::{AttemptPolicy, Call, Candidate};
use interline_routing::{Member, Plan, Rotation, Strategy, WeightedTarget, plan};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tracing::{Instrument, Span};
use uuid::Uuid;

use crate::names::{Meaning, Names};
use crate::reply::Decision;
use crate::route_table::{Lane, ReadyRoute};
use crate::telemetry::MetricsObserver;
use crate::{
    CallOptions, ClientBuilder, Connection, Cost, Reply, ReplyStream, Resolved, RouteCapabilities,
    RouteInfo, RouteSummary, TargetStatus, model_facts,
};

/// Calls vendors through routes. Cheap to clone; clones share connections, health and metrics.
///
/// # Cancellation
/// Dropping a returned future or stream cancels the call at the vendor.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    names: Names,
    lanes: Vec<Arc<Lane>>,
    direct_lane: Arc<Lane>,
    direct_policy: AttemptPolicy,
    pub(crate) metrics: Option<Arc<MetricsObserver>>,
    draws: Mutex<StdRng>,
}

impl Inner {
    pub(crate) fn new(
        names: Names,
        lanes: Vec<Arc<Lane>>,
        direct_lane: Arc<Lane>,
        direct_policy: AttemptPolicy,
        metrics: Option<Arc<MetricsObserver>>,
        seed: u64,
    ) -> Self {
        Self {
            names,
            lanes,
            direct_lane,
            direct_policy,
            metrics,
            draws: Mutex::new(StdRng::seed_from_u64(seed)),
        }
    }

    pub(crate) fn cost(&self, target: &Target, usage: &Usage) -> Cost {
        self.names
            .connections
            .get(&target.provider)
            .map_or(Cost::Unknown, |connection| {
                model_facts::cost(&self.names.catalog, connection, &target.model, usage)
            })
    }

    fn tier(&self, target: &Target) -> Tier {
        let connection = self.names.connections.get(&target.provider);
        connection.map_or_else(Tier::default, |connection| {
            model_facts::tier(&self.names.catalog, connection, &target.model)
        })
    }

    fn draw(&self) -> u64 {
        let mut rng = self.draws.lock().unwrap_or_else(PoisonError::into_inner);
        rng.random()
    }
}

/// One call, ready for the engine.
struct Prepared {
    route: Arc<ReadyRoute>,
    candidates: Vec<Candidate>,
    decision: Decision,
}

impl Prepared {
    fn call(&self, options: &CallOptions) -> Call<'_> {
        Call::new(
            self.decision.call_id.clone(),
            Arc::clone(&self.decision.name),
            &self.candidates,
            &self.route.policy,
        )
        .with_timeout(options.timeout)
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
    pub async fn complete_with(&self, request: ChatRequest, options: CallOptions) -> Result<Reply> {
        let prepared = self.prepare(&request, &options)?;
        let span = span(&prepared.decision, &options);
        let answer = prepared
            .route
            .lane
            .engine
            .complete(prepared.call(&options), &request)
            .instrument(span)
            .await?;
        let cost = self.inner.cost(&answer.route.target, &answer.value.usage);
        let tier = self.inner.tier(&answer.route.target);
        let route = RouteInfo::new(prepared.decision, answer.route, tier);
        if let Some(metrics) = &self.inner.metrics {
            metrics.answered_whole(&route, &answer.value.usage, cost);
        }
        Ok(Reply::new(answer.value, route, cost))
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
        options: CallOptions,
    ) -> Result<ReplyStream> {
        let prepared = self.prepare(&request, &options)?;
        let span = span(&prepared.decision, &options);
        let answer = prepared
            .route
            .lane
            .engine
            .stream(prepared.call(&options), &request)
            .instrument(span)
            .await?;
        let tier = self.inner.tier(&answer.route.target);
        let route = RouteInfo::new(prepared.decision, answer.route, tier);
        if let Some(metrics) = &self.inner.metrics {
            metrics.first_content(&route);
        }
        Ok(ReplyStream::new(
            answer.value,
            route,
            Arc::clone(&self.inner),
        ))
    }

    fn prepare(&self, request: &ChatRequest, options: &CallOptions) -> Result<Prepared> {
        self.try_prepare(request, options).inspect_err(|error| {
            if let Some(metrics) = &self.inner.metrics {
                metrics.refused(error.kind());
            }
        })
    }

    fn try_prepare(&self, request: &ChatRequest, options: &CallOptions) -> Result<Prepared> {
        request.validate()?;
        let route = self.route_for(request.model.as_str())?;
        let Plan {
            targets,
            excluded,
            ignored,
            ..
        } = self.plan(&route, request.features())?;
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
        let candidates = targets
            .into_iter()
            .filter_map(|target| {
                let connection = route.connection(&target)?;
                let candidate = Candidate::new(target, Arc::clone(&connection.provider));
                Some(candidate.with_failure_domain(connection.failure_domain.clone()))
            })
            .collect();
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
        Ok(Prepared {
            route,
            candidates,
            decision,
        })
    }

    fn plan(&self, route: &ReadyRoute, needed: FeatureSet) -> Result<Plan> {
        plan(
            &route.name,
            route.strategy,
            &route.members,
            needed,
            &*route.lane,
            &route.rotation,
            self.inner.draw(),
        )
    }

    fn route_for(&self, name: &str) -> Result<Arc<ReadyRoute>> {
        Ok(match self.inner.names.resolve(name)? {
            Meaning::Route(route) => route,
            Meaning::Target(target) => Arc::new(self.direct_route(name, target)),
        })
    }

    /// A route of one target, for a call that names it.
    fn direct_route(&self, name: &str, target: Target) -> ReadyRoute {
        let names = &self.inner.names;
        let connection = names.connections.get(&target.provider);
        let members = connection.map(|connection| {
            let can = model_facts::capabilities(&names.catalog, connection, &target.model);
            Member::new(WeightedTarget::new(target), can)
        });
        ReadyRoute {
            name: name.into(),
            strategy: Strategy::Fallback,
            members: members.into_iter().collect(),
            connections: connection.cloned().into_iter().collect(),
            rotation: Rotation::new(),
            policy: self.inner.direct_policy.clone(),
            lane: Arc::clone(&self.inner.direct_lane),
        }
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

    /// The catalogue that names, capabilities and costs come from.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.inner.names.catalog
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
                let worst = self
                    .inner
                    .lanes
                    .iter()
                    .map(|lane| lane.health(target))
                    .max_by_key(|health| (health.closed_for, health.recent_failures));
                seen.push(TargetStatus::new(target.clone(), worst.unwrap_or_default()));
            }
        }
        seen
    }

    /// Writes every target's health to the metrics recorder. A target whose pause runs out causes no
    /// event, so call this before each scrape.
    pub fn record_health(&self) {
        if let Some(metrics) = &self.inner.metrics {
            for status in self.health() {
                metrics.health(&status);
            }
        }
    }

    /// Finds out cheaply whether a provider answers and its credential holds; never a paid call.
    ///
    /// # Errors
    /// `NotFound` where there is no such provider, else what stands in the way of a call.
    pub async fn check_provider(&self, name: &str) -> Result<()> {
        let id = ProviderId::from(name);
        let connection = self.inner.names.connections.get(&id).ok_or_else(|| {
            Error::new(
                interline_core::ErrorKind::NotFound,
                format!("provider `{name}` is not configured"),
            )
        })?;
        let context = CallContext::new(Uuid::now_v7().to_string());
        connection.provider.health_check(&context).await
    }
}

fn span(decision: &Decision, options: &CallOptions) -> Span {
    tracing::debug_span!(
        target: "interline",
        "call",
        call = decision.call_id.as_str(),
        route = &*decision.name,
        tags = (!options.tags.is_empty()).then(|| tracing::field::debug(&options.tags)),
    )
}
