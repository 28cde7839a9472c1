//! Makes gates, and keeps what several of them share under its own key: hosts, credentials, models,
//! configured limits, circuits.
//!
//! Asked when a route is built, and once per call that names its target itself; never on the way of a
//! call over a route. What nobody holds and nobody asked for in an hour is forgotten, and where there is
//! still no room for more, what is new works but is not remembered.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use interline_core::{ProviderId, Target};
use tokio::time::Instant;

use crate::breaker::{Breaker, BreakerConfig, Circuit, Fleet, Member};
use crate::health::{MAX_PAUSE, Quarantine, host_config};
use crate::target_gate::{Load, ModelState, Parts};
use crate::{LatencyDigest, LimitConfig, Limiter, Observer, TargetGate};

/// How a target is reached, as far as others share it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Endpoint {
    /// The target.
    pub target: Target,
    /// The host and port behind it. Default: the connection's name, so that only its own targets are
    /// known to fail together.
    pub host: Arc<str>,
    /// A number that stands for the credential, never the credential itself or what gives it away.
    /// Default: one for each connection.
    pub credential: Credential,
    /// The models that share one limit at the vendor. Default: each model has its own.
    pub limit_group: Arc<str>,
    /// The configured limits of the connection.
    pub limits: LimitConfig,
}

/// Stands for a credential without being one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Credential {
    /// Whatever this connection uses.
    OfConnection(ProviderId),
    /// A keyed hash, equal for connections that use the same credential.
    Hashed(u64),
}

impl Endpoint {
    /// A target whose connection shares nothing with others.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self {
            host: target.provider.as_str().into(),
            credential: Credential::OfConnection(target.provider.clone()),
            limit_group: target.model.as_str().into(),
            limits: LimitConfig::default(),
            target,
        }
    }

    /// Says which host and port are behind it.
    #[must_use]
    pub fn with_host(mut self, host: impl Into<Arc<str>>) -> Self {
        self.host = host.into();
        self
    }

    /// Says which credential it uses.
    #[must_use]
    pub fn with_credential(mut self, credential: Credential) -> Self {
        self.credential = credential;
        self
    }

    /// Says with which models it shares a limit at the vendor.
    #[must_use]
    pub fn with_limit_group(mut self, group: impl Into<Arc<str>>) -> Self {
        self.limit_group = group.into();
        self
    }

    /// Limits the connection.
    #[must_use]
    pub const fn with_limits(mut self, limits: LimitConfig) -> Self {
        self.limits = limits;
        self
    }
}

/// How much is remembered, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GatesConfig {
    /// How many things of each kind are remembered. Default: 4096 (resilience.md §2.4).
    pub max_kept: usize,
    /// For how long what nobody uses. Default: 1 h (resilience.md §2.4).
    pub forget_after: Duration,
}

impl Default for GatesConfig {
    fn default() -> Self {
        Self {
            max_kept: 4096,
            forget_after: Duration::from_secs(3600),
        }
    }
}

/// When a route passes over its targets.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct GateRules {
    /// What opens a breaker; without one, neither failures nor hosts are held against a target.
    pub breaker: Option<BreakerConfig>,
    /// How long a credential is left alone that the vendor refused; twice as long each further time, up
    /// to an hour; zero: not at all. Default: 60 s (resilience.md §2.1).
    pub credential_quarantine: Duration,
    /// The longest wish of a vendor to wait that is believed; zero: none is. Default: 1 h (chosen, not
    /// measured).
    pub max_pause: Duration,
}

impl GateRules {
    /// With that breaker, and the defaults.
    #[must_use]
    pub const fn new(breaker: BreakerConfig) -> Self {
        Self {
            breaker: Some(breaker),
            credential_quarantine: Duration::from_secs(60),
            max_pause: MAX_PAUSE,
        }
    }

    /// Nothing but limits keeps a target from being called.
    #[must_use]
    pub const fn never() -> Self {
        Self {
            breaker: None,
            credential_quarantine: Duration::ZERO,
            max_pause: Duration::ZERO,
        }
    }

    /// Sets how long a refused credential is left alone.
    #[must_use]
    pub const fn with_credential_quarantine(mut self, first: Duration) -> Self {
        self.credential_quarantine = first;
        self
    }

    /// Sets the longest wish of a vendor to wait that is believed.
    #[must_use]
    pub const fn with_max_pause(mut self, longest: Duration) -> Self {
        self.max_pause = longest;
        self
    }
}

/// Makes gates, and keeps what several of them share.
#[derive(Debug)]
pub struct Gates {
    config: GatesConfig,
    observer: Arc<dyn Observer>,
    kept: Arc<Mutex<Kept>>,
    /// Gates of calls that name their target themselves.
    direct: Mutex<Shelf<(Target, usize), TargetGate>>,
}

/// What is known, in whoever's hands the gates are.
#[derive(Debug, Default)]
struct Kept {
    circuits: Shelf<(Target, Arc<str>, usize), Circuit>,
    /// The breakers that circuits were asked for with: a handful.
    presets: Vec<BreakerConfig>,
    hosts: Shelf<Arc<str>, Breaker>,
    credentials: Shelf<Credential, Quarantine>,
    models: Shelf<(Credential, Arc<str>), ModelState>,
    connections: Shelf<ProviderId, Limiter>,
    loads: Shelf<(Target, Arc<str>), Load>,
}

impl Gates {
    /// No gate yet; `observer` hears of changes.
    #[must_use]
    pub fn new(config: GatesConfig, observer: Arc<dyn Observer>) -> Self {
        Self {
            config,
            observer,
            kept: Arc::default(),
            direct: Mutex::default(),
        }
    }

    /// Others that know what these know, and go on learning together with them; `observer` hears of the
    /// changes that theirs cause.
    ///
    /// What is known stays with what it is known of: a target that now has another host, a connection
    /// with another credential or with other limits, begin anew.
    #[must_use]
    pub fn succeeding(&self, observer: Arc<dyn Observer>) -> Self {
        Self {
            config: self.config,
            observer,
            kept: Arc::clone(&self.kept),
            direct: Mutex::default(),
        }
    }

    /// What is known of a target's endpoint under that breaker; routes with equal breakers share it.
    #[must_use]
    pub fn circuit(
        &self,
        endpoint: &Endpoint,
        config: &BreakerConfig,
        now: Instant,
    ) -> Arc<Circuit> {
        let mut kept = self.lock();
        let preset = kept.preset(config);
        let key = (endpoint.target.clone(), Arc::clone(&endpoint.host), preset);
        kept.circuits
            .take(&key, &self.config, now, || Circuit::new(*config, now))
    }

    /// The gate of a target with its breaker in a group, where it has one.
    fn gate(
        &self,
        endpoint: &Endpoint,
        breaker: Option<Breaker>,
        rules: &GateRules,
        now: Instant,
    ) -> TargetGate {
        let target = endpoint.target.clone();
        let observer = Arc::clone(&self.observer);
        TargetGate::new(target, breaker, self.parts(endpoint, rules, now), observer)
    }

    /// The gate of a call that names its target itself: kept, so that such calls learn from each other.
    #[must_use]
    pub fn direct(
        &self,
        endpoint: &Endpoint,
        rules: &GateRules,
        latency: &Arc<LatencyDigest>,
        first_token: Duration,
        now: Instant,
    ) -> TargetGate {
        // Without a breaker it is no preset's, so it gets a number that none has.
        let preset = rules
            .breaker
            .map_or(usize::MAX, |config| self.lock().preset(&config));
        let key = (endpoint.target.clone(), preset);
        if let Some(gate) = self.direct_gates().find(&key, now) {
            return TargetGate::clone(&gate);
        }
        let one = [(endpoint.clone(), None)];
        let mut gates = self.group(&one, rules, Arc::clone(latency), first_token, now);
        let gate = gates.pop().expect("a group of one has one gate");
        let made = || TargetGate::clone(&gate);
        let kept = self.direct_gates().take(&key, &self.config, now, made);
        TargetGate::clone(&kept)
    }

    /// The gates of the targets of one route, which are one group: in their order.
    #[must_use]
    pub fn group(
        &self,
        endpoints: &[(Endpoint, Option<Arc<str>>)],
        rules: &GateRules,
        latency: Arc<LatencyDigest>,
        first_token: Duration,
        now: Instant,
    ) -> Vec<TargetGate> {
        let Some(config) = &rules.breaker else {
            let gate = |(endpoint, _): &(Endpoint, _)| self.gate(endpoint, None, rules, now);
            return endpoints.iter().map(gate).collect();
        };
        let members = endpoints.iter().map(|(endpoint, domain)| {
            let circuit = self.circuit(endpoint, config, now);
            Member::new(circuit).with_failure_domain(domain.clone())
        });
        let fleet = Fleet::new(members, latency, first_token, now);
        let pairs = endpoints.iter().zip(fleet.breakers());
        pairs
            .map(|((endpoint, _), breaker)| self.gate(endpoint, Some(breaker), rules, now))
            .collect()
    }

    fn parts(&self, endpoint: &Endpoint, rules: &GateRules, now: Instant) -> Parts {
        let config = &self.config;
        let mut kept = self.lock();
        let host = kept.hosts.take(&endpoint.host, config, now, || {
            alone(Arc::new(Circuit::new(host_config(), now)), now)
        });
        let credential = kept
            .credentials
            .take(&endpoint.credential, config, now, || Quarantine::new(now));
        let model = (
            endpoint.credential.clone(),
            Arc::clone(&endpoint.limit_group),
        );
        let model = kept.models.take(&model, config, now, || {
            ModelState::new(endpoint.limits, now)
        });
        let connection = &endpoint.target.provider;
        let limits = endpoint.limits;
        let configured = (!limits.is_unlimited()).then(|| {
            let shelf = &mut kept.connections;
            shelf.forget_unless(connection, |known| *known.config() == limits);
            shelf.take(connection, config, now, || Limiter::fixed(limits, now))
        });
        let place = (endpoint.target.clone(), Arc::clone(&endpoint.host));
        let load = kept.loads.take(&place, config, now, || Load::new(now));
        drop(kept);
        Parts {
            host: rules.breaker.is_some().then_some(host),
            credential,
            model,
            configured,
            load,
            quarantine: rules.credential_quarantine,
            max_pause: rules.max_pause,
        }
    }

    /// A panic inside such a short section leaves plain data behind, so a poisoned lock is still good.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As for what is kept; the two locks are never held at once.
    fn direct_gates(&self) -> MutexGuard<'_, Shelf<(Target, usize), TargetGate>> {
        self.direct.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// The number of a breaker's settings.
    fn preset(&mut self, config: &BreakerConfig) -> usize {
        let known = self.presets.iter().position(|one| one == config);
        known.unwrap_or_else(|| {
            self.presets.push(*config);
            self.presets.len() - 1
        })
    }
}

/// A breaker that is compared with nobody.
fn alone(circuit: Arc<Circuit>, now: Instant) -> Breaker {
    // Neither slowness nor stalls are judged where nothing but connections counts.
    let latency = Arc::new(LatencyDigest::new(now));
    let fleet = Fleet::new(
        [Member::new(circuit)],
        latency,
        Duration::from_secs(30),
        now,
    );
    let mut breakers = fleet.breakers();
    breakers.pop().expect("a group of one has one breaker")
}

/// Things under keys, each made when it is first asked for.
#[derive(Debug)]
struct Shelf<K, V>(HashMap<K, (Arc<V>, Instant)>);

impl<K, V> Default for Shelf<K, V> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Clone + Eq + Hash, V> Shelf<K, V> {
    fn find(&mut self, key: &K, now: Instant) -> Option<Arc<V>> {
        let (value, used) = self.0.get_mut(key)?;
        *used = now;
        Some(Arc::clone(value))
    }

    /// Forgets a value that is not as it must be; whoever holds it keeps it.
    fn forget_unless(&mut self, key: &K, is_right: impl FnOnce(&V) -> bool) {
        if self.0.get(key).is_some_and(|(value, _)| !is_right(value)) {
            self.0.remove(key);
        }
    }

    fn take(
        &mut self,
        key: &K,
        config: &GatesConfig,
        now: Instant,
        make: impl FnOnce() -> V,
    ) -> Arc<V> {
        if let Some(value) = self.find(key, now) {
            return value;
        }
        let value = Arc::new(make());
        if self.0.len() >= config.max_kept {
            self.0.retain(|_, (value, used)| {
                Arc::strong_count(value) > 1
                    || now.saturating_duration_since(*used) < config.forget_after
            });
        }
        if self.0.len() < config.max_kept {
            self.0.insert(key.clone(), (Arc::clone(&value), now));
        }
        value
    }
}
