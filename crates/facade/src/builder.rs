//! Puts a client together, and finds mistakes before the first call.

use std::collections::BTreeMap;
use std::hash::RandomState;
use std::sync::Arc;
use std::time::Duration;

use interline_catalog::{Catalog, ModelInfo};
use interline_core::{Error, ProviderId, ProviderSet, Result, StateStore, Target};
use interline_ledger::LedgerConfig;
use interline_resilience::{
    Activity, CallEvent, Form, Gates, LimitConfig, Observer, Observers, TracingObserver, on_event,
};
use interline_routing::{IntoTarget, Rotation, Route};
use tokio::time::Instant;
use uuid::Uuid;

use crate::auto::AUTO;
use crate::client::{Inner, Parts};
use crate::connection::Shared;
use crate::health_task::{self, HealthTask};
use crate::inheritance::Inheritance;
use crate::model_changes::ModelChanges;
use crate::names::Names;
use crate::route_table::{Lane, ReadyRoute};
use crate::spending::SpendPlace;
use crate::telemetry::{KnownNames, MetricsObserver, SharedRecorder};
use crate::{AutoRouting, Client, Connection, RouteOptions, UnknownPrice, model_facts};

/// Puts a [`Client`] together.
#[derive(Debug)]
#[must_use = "nothing is built before `build`"]
pub struct ClientBuilder {
    catalog: Catalog,
    model_changes: ModelChanges,
    unknown_price: UnknownPrice,
    connections: BTreeMap<ProviderId, Connection>,
    limits: Vec<(ProviderId, LimitConfig)>,
    shared: Vec<(ProviderId, Shared)>,
    health_checks: Vec<(ProviderId, Duration)>,
    regions: Vec<(ProviderId, Vec<Arc<str>>)>,
    routes: Vec<(String, Route, Option<RouteOptions>)>,
    auto: Option<AutoRouting>,
    budget: LedgerConfig,
    spend: SpendPlace,
    default_options: RouteOptions,
    tracing: Tracing,
    observers: Vec<Arc<dyn Observer>>,
    recorder: Option<SharedRecorder>,
    seed: Option<u64>,
    hashes: RandomState,
    inheritance: Inheritance,
    mistake: Option<Error>,
}

/// Whether events go to `tracing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tracing {
    On,
    Off,
}

impl Default for ClientBuilder {
    /// Nobody to call yet; events go to `tracing`.
    fn default() -> Self {
        Self {
            catalog: Catalog::embedded(),
            model_changes: ModelChanges::default(),
            unknown_price: UnknownPrice::default(),
            connections: BTreeMap::new(),
            limits: Vec::new(),
            shared: Vec::new(),
            health_checks: Vec::new(),
            regions: Vec::new(),
            routes: Vec::new(),
            auto: None,
            budget: LedgerConfig::default(),
            spend: SpendPlace::default(),
            default_options: RouteOptions::default(),
            tracing: Tracing::On,
            observers: Vec::new(),
            recorder: None,
            seed: None,
            hashes: RandomState::new(),
            inheritance: Inheritance::default(),
            mistake: None,
        }
    }
}

impl ClientBuilder {
    /// Adds a connection to a vendor under a name of your own.
    ///
    /// A vendor's own value brings all that the vendor offers: chat, embeddings, its list of models.
    /// An `Arc` of a [`Provider`](interline_core::Provider) is chat only.
    ///
    /// Its kind, by which the catalogue's prices are found, is guessed from the provider's own id or
    /// from `name`; [`ClientBuilder::provider_of_kind`] says it outright.
    pub fn provider(self, name: impl Into<ProviderId>, provider: impl Into<ProviderSet>) -> Self {
        self.connect(&name.into(), None, provider.into())
    }

    /// Adds a connection to a vendor of a kind that the catalogue knows, such as `openai`.
    pub fn provider_of_kind(
        self,
        name: impl Into<ProviderId>,
        kind: impl Into<String>,
        provider: impl Into<ProviderSet>,
    ) -> Self {
        self.connect(&name.into(), Some(kind.into()), provider.into())
    }

    fn connect(mut self, name: &ProviderId, kind: Option<String>, set: ProviderSet) -> Self {
        if name.as_str().is_empty() || name.as_str().contains('/') {
            return self.with_mistake(Error::invalid_request(format!(
                "provider name `{name}` must not be empty and must hold no slash, \
                 because targets are split at the first one"
            )));
        }
        let connection = Connection::new(name.clone(), kind, set, &self.catalog);
        match self.connections.insert(name.clone(), connection) {
            None => self,
            Some(_) => self.with_mistake(Error::invalid_request(format!(
                "provider `{name}` is configured twice: give one of them another name"
            ))),
        }
    }

    /// Says what is true of a model, in place of the catalogue's facts.
    ///
    /// `target` is `provider/model`, which holds for that connection alone, or `kind/model`, which holds
    /// for all connections of the kind. `change` begins with what is known.
    pub fn model(
        mut self,
        target: impl IntoTarget,
        change: impl FnOnce(&mut ModelInfo) + Send + 'static,
    ) -> Self {
        match target.into_target() {
            Ok(target) => {
                self.model_changes.push(target, change);
                self
            }
            Err(mistake) => self.with_mistake(mistake),
        }
    }

    /// Limits what a connection is sent, over all its models together.
    ///
    /// What a vendor tells of its own limits is kept for each model besides, without being configured.
    pub fn limits(mut self, provider: impl Into<ProviderId>, limits: LimitConfig) -> Self {
        self.limits.push((provider.into(), limits));
        self
    }

    /// Asks a provider how it is, at most once in `every` (at least 1 s), while it is idle or passed
    /// over. Off unless said so.
    ///
    /// Asked by a task on the Tokio runtime on which the client is built, which ends with the last
    /// clone of the client; a client that is built outside of a runtime asks nobody.
    pub fn health_check(mut self, provider: impl Into<ProviderId>, every: Duration) -> Self {
        self.health_checks.push((provider.into(), every));
        self
    }

    /// Says what a connection shares with others.
    #[cfg(feature = "config")]
    pub(crate) fn shared(mut self, provider: impl Into<ProviderId>, shared: Shared) -> Self {
        self.shared.push((provider.into(), shared));
        self
    }

    /// Says where a connection may work on requests, in words of your own such as `eu`.
    pub fn regions(
        mut self,
        provider: impl Into<ProviderId>,
        regions: impl IntoIterator<Item = impl Into<Arc<str>>>,
    ) -> Self {
        let regions = regions.into_iter().map(Into::into).collect();
        self.regions.push((provider.into(), regions));
        self
    }

    /// Serves calls whose `model` is `auto`, or `auto:` with an objective.
    pub fn auto(mut self, auto: AutoRouting) -> Self {
        let route = Route::fallback(auto.router.registry.targets());
        self.routes
            .push((AUTO.to_owned(), route, auto.options.clone()));
        self.auto = Some(auto);
        self
    }

    /// Makes keyed hashes of credentials.
    #[cfg(feature = "config")]
    pub(crate) const fn hashes(&self) -> &RandomState {
        &self.hashes
    }

    /// Sets budgets, and what follows from how much of them is left. Default: none; what calls cost is
    /// counted all the same, see [`Client::ledger`].
    pub fn budget(mut self, budget: LedgerConfig) -> Self {
        self.budget = budget;
        self
    }

    /// Keeps what calls cost in an SQLite file, so that a restart forgets nothing; one process at a time has
    /// it. [`ClientBuilder::build`] opens it, or makes it.
    #[cfg(feature = "sqlite")]
    pub fn spend_file(mut self, path: impl Into<std::path::PathBuf>) -> Self {
        self.spend = SpendPlace::File(path.into());
        self
    }

    /// Keeps what calls cost in a store of your own, which other processes may share.
    pub fn spend_store(mut self, store: Arc<dyn StateStore>) -> Self {
        self.spend = SpendPlace::Store(store);
        self
    }

    /// Keeps what calls cost in memory, whatever was said before: for a client that makes no calls, while
    /// another process has the file.
    pub fn spend_in_memory(mut self) -> Self {
        self.spend = SpendPlace::Memory;
        self
    }

    /// Says what becomes of targets whose price is unknown.
    pub const fn unknown_price(mut self, rule: UnknownPrice) -> Self {
        self.unknown_price = rule;
        self
    }

    /// Adds a route with the default options.
    pub fn route(mut self, name: impl Into<String>, route: Route) -> Self {
        self.routes.push((name.into(), route, None));
        self
    }

    /// Adds a route with options of its own.
    pub fn route_with(
        mut self,
        name: impl Into<String>,
        route: Route,
        options: RouteOptions,
    ) -> Self {
        self.routes.push((name.into(), route, Some(options)));
        self
    }

    /// Sets the options of routes without their own, and of calls that name a target or a model.
    pub fn default_options(mut self, options: RouteOptions) -> Self {
        self.default_options = options;
        self
    }

    /// Tells `observer` what happens to calls and targets.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observers.push(Arc::new(observer));
        self
    }

    /// Tells `callback` what happens to calls and targets; it must be quick and must not block.
    pub fn on_event(self, callback: impl Fn(&CallEvent) + Send + Sync + 'static) -> Self {
        self.observer(on_event(callback))
    }

    /// Tells `tracing` nothing; only the observers that were added are told.
    pub const fn without_tracing(mut self) -> Self {
        self.tracing = Tracing::Off;
        self
    }

    /// Writes metrics to `recorder`, which need not be the process's global one.
    pub fn metrics(mut self, recorder: Arc<dyn metrics::Recorder + Send + Sync>) -> Self {
        self.recorder = Some(SharedRecorder(recorder));
        self
    }

    /// Fixes the randomness of lots and pauses, for tests.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Takes over from a client: what is known of targets, hosts, credentials and limits, what routes
    /// learned, and who signed which reasoning, by name and place.
    ///
    /// What is new, moved to another host, or has other limits begins anew; a route whose retry budget
    /// changed does too. The calls of the predecessor go on as they began, and both go on learning
    /// together; its health checks end, because the successor makes them. Both count what they spend in one
    /// ledger, by the budgets of the successor.
    /// In a configuration, say [`Config::client_builder_after`](crate::Config::client_builder_after),
    /// so that credentials are recognised as well.
    pub fn succeeding(mut self, predecessor: &Client) -> Self {
        self.hashes = predecessor.inner.hashes.clone();
        self.inheritance = Inheritance::of(predecessor);
        self
    }

    /// Keeps the first mistake.
    fn with_mistake(mut self, error: Error) -> Self {
        self.mistake.get_or_insert(error);
        self
    }

    /// Makes the client.
    ///
    /// # Errors
    /// `InvalidRequest` where there is no provider, a name is used twice, or a route has no targets,
    /// a malformed one, or one whose provider does not exist; where budgets make no sense, or the file of
    /// spend cannot be used.
    pub fn build(mut self) -> Result<Client> {
        if let Some(mistake) = self.mistake {
            return Err(mistake);
        }
        if self.connections.is_empty() {
            return Err(Error::invalid_request(
                "no provider is configured: add at least one",
            ));
        }
        for (name, limits) in self.limits {
            connection_mut(&mut self.connections, &name)?.limits = limits;
        }
        for (name, regions) in self.regions {
            connection_mut(&mut self.connections, &name)?.regions = regions;
        }
        for (name, shared) in self.shared {
            connection_mut(&mut self.connections, &name)?.shared = shared;
        }
        for (name, _) in &self.health_checks {
            connection_mut(&mut self.connections, name)?;
        }
        let catalog = self.model_changes.apply(self.catalog, &self.connections)?;
        let known = KnownNames::new(&self.connections, &self.routes, &catalog);
        let metrics = self.recorder.map(|recorder| {
            let collected = self.inheritance.collected();
            Arc::new(MetricsObserver::new(recorder, known, collected))
        });
        let mut observers = self.observers;
        if self.tracing == Tracing::On {
            observers.push(Arc::new(TracingObserver));
        }
        if let Some(metrics) = &metrics {
            observers.push(Arc::<MetricsObserver>::clone(metrics));
        }
        let checked = self.health_checks.iter().map(|(name, _)| name.clone());
        let activity = Arc::new(Activity::new(checked, Instant::now()));
        if !self.health_checks.is_empty() {
            observers.push(Arc::<Activity>::clone(&activity));
        }
        let observer: Arc<dyn Observer> = Arc::new(Observers::new(observers));
        let gates = self.inheritance.gates(&observer);
        let mut lanes = Lanes {
            observer,
            gates,
            inheritance: self.inheritance,
            seed: self.seed.unwrap_or_else(fresh_seed),
            lanes: Vec::new(),
        };
        let mut routes = BTreeMap::new();
        for (name, route, options) in self.routes {
            let options = options.unwrap_or_else(|| self.default_options.clone());
            let mut ready = ready_route(
                &name,
                &route,
                &options,
                &mut lanes,
                &self.connections,
                &catalog,
            )
            .map_err(|error| in_route(&name, &error))?;
            for member in &mut ready.members {
                let own = self.auto.as_ref();
                if let Some(tier) = own.and_then(|auto| auto.tier(&member.target.target)) {
                    member.facts.tier = tier;
                }
            }
            if routes.insert(name.clone(), Arc::new(ready)).is_some() {
                return Err(Error::invalid_request(format!(
                    "route `{name}` is configured twice"
                )));
            }
        }
        let direct_lane = lanes.for_options(&self.default_options);
        let monitor = health_task::monitor(
            &self.health_checks,
            &self.connections,
            &routes,
            activity,
            Arc::clone(&lanes.observer),
            lanes.seed,
        );
        let names = Names {
            routes,
            connections: self.connections,
            catalog,
            unknown_price: self.unknown_price,
            auto: self.auto,
        };
        // Last of all that may fail: from here on the budgets are the successor's.
        let spending = lanes.inheritance.spending(self.budget, self.spend)?;
        lanes.inheritance.take_office(&names);
        Ok(Client::new(Inner::new(Parts {
            names,
            gates: lanes.gates,
            hashes: self.hashes,
            spending: Arc::new(spending),
            direct_lane,
            direct_options: self.default_options,
            metrics,
            health_task: monitor.and_then(HealthTask::start),
            inheritance: lanes.inheritance,
            seed: lanes.seed,
        })))
    }
}

/// One lane for each different breaker.
struct Lanes {
    observer: Arc<dyn Observer>,
    gates: Gates,
    inheritance: Inheritance,
    seed: u64,
    lanes: Vec<Arc<Lane>>,
}

impl Lanes {
    fn for_options(&mut self, options: &RouteOptions) -> Arc<Lane> {
        let found = self
            .lanes
            .iter()
            .find(|lane| lane.breaker == options.breaker);
        if let Some(lane) = found {
            return Arc::clone(lane);
        }
        let seed = self.seed.wrapping_add(self.lanes.len() as u64 + 1);
        let lane = Arc::new(Lane::new(options.breaker, &self.observer, seed));
        self.lanes.push(Arc::clone(&lane));
        lane
    }
}

fn ready_route(
    name: &str,
    route: &Route,
    options: &RouteOptions,
    lanes: &mut Lanes,
    connections: &BTreeMap<ProviderId, Connection>,
    catalog: &Catalog,
) -> Result<ReadyRoute> {
    let mut members = Vec::new();
    let mut reached = Vec::new();
    for target in route.targets()? {
        let connection = find_connection(connections, &target.target)?;
        members.push(model_facts::member(catalog, connection, target.clone()));
        reached.push(connection.clone());
    }
    let now = Instant::now();
    let lane = lanes.for_options(options);
    let memory = lanes.inheritance.memory(name, options.retry_budget, now);
    let endpoints: Vec<_> = members
        .iter()
        .zip(&reached)
        .map(|(member, connection)| {
            let endpoint = connection.endpoint(&member.target.target.model);
            (endpoint, connection.offers.failure_domain.clone())
        })
        .collect();
    let latency = Arc::clone(memory.latency(Form::Stream));
    let first_token = options.policy.timeouts.first_token;
    let gates = lanes
        .gates
        .group(&endpoints, &lane.rules, latency, first_token, now);
    Ok(ReadyRoute {
        name: name.into(),
        balance: *route.balance(),
        strictness: route.strictness(),
        members,
        connections: reached,
        rotation: Rotation::new(),
        policy: options.policy.clone(),
        memory,
        gates: gates.into_iter().map(Arc::new).collect(),
        lane,
        terms: options.terms.clone(),
    })
}

fn find_connection<'a>(
    connections: &'a BTreeMap<ProviderId, Connection>,
    target: &Target,
) -> Result<&'a Connection> {
    connections.get(&target.provider).ok_or_else(|| {
        let known: Vec<_> = connections.keys().map(|name| format!("`{name}`")).collect();
        Error::invalid_request(format!(
            "target `{target}` names provider `{}`, which is not configured (configured: {})",
            target.provider,
            known.join(", ")
        ))
    })
}

fn connection_mut<'a>(
    connections: &'a mut BTreeMap<ProviderId, Connection>,
    name: &ProviderId,
) -> Result<&'a mut Connection> {
    connections.get_mut(name).ok_or_else(|| {
        Error::invalid_request(format!(
            "limits, regions or health checks are set for provider `{name}`, which is not configured"
        ))
    })
}

fn in_route(name: &str, error: &Error) -> Error {
    Error::invalid_request(format!("route `{name}`: {}", error.message()))
}

/// Randomness from the operating system, by way of the generator that names calls.
fn fresh_seed() -> u64 {
    let (time, random) = Uuid::now_v7().as_u64_pair();
    time ^ random
}
