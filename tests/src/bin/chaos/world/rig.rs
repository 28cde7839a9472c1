//! What is under test, put together: the engine with its mechanisms, or one of the baselines.
//!
//! The only place that knows which mechanisms exist and how they are switched on and off: a new one
//! is built in here, and in `Mechanism::is_built`.

use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use interline_core::{ChatRequest, ChatResponse, ChatStream, Provider, Result, Target};
use interline_resilience::breaker::BreakerConfig;
use interline_resilience::{
    Admission, AlwaysAdmit, AttemptPolicy, Call, Candidate, Credential, Endpoint, Engine, Form,
    GateRules, Gates, GatesConfig, HedgePolicy, LimitConfig, Observer, RetryBudgetConfig,
    RouteMemory, TargetGate, UntoldLimits,
};
use tokio::time::Instant;

use super::baseline::{Baseline, Rival};
use super::unsuspecting::Unsuspecting;
use crate::mechanism::Mechanism;
use crate::plan::VendorLimits;
use crate::random::{Purpose, Stream};

/// Which breaker the engine asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Preset {
    /// The contract's default: streaks against their cohort, ratios, slowness, comparison
    #[default]
    Adaptive,
    /// Three failures in a minute skip a target for half a minute
    Simple,
}

/// What is under test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rig {
    preset: Preset,
    without: Option<Mechanism>,
    baseline: Option<Baseline>,
}

/// A target as the rig is told of it.
#[derive(Debug)]
pub(crate) struct Reach {
    pub(crate) target: Target,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) domain: Option<&'static str>,
    pub(crate) host: &'static str,
    pub(crate) credential: u64,
    pub(crate) limits: Option<VendorLimits>,
}

impl Rig {
    /// The engine with everything on.
    pub(crate) fn whole(preset: Preset) -> Self {
        Self {
            preset,
            ..Self::default()
        }
    }

    /// The engine with one mechanism off.
    pub(crate) fn without(preset: Preset, mechanism: Mechanism) -> Self {
        Self {
            without: Some(mechanism),
            ..Self::whole(preset)
        }
    }

    /// Somebody else's way of doing it.
    pub(crate) fn baseline(baseline: Baseline) -> Self {
        Self {
            baseline: Some(baseline),
            ..Self::default()
        }
    }

    /// Whether the engine is under test, and not a baseline.
    pub(crate) const fn is_engine(&self) -> bool {
        self.baseline.is_none()
    }

    /// The policy as this rig applies it.
    pub(crate) fn policy(
        &self,
        policy: &AttemptPolicy,
        hedge: Option<HedgePolicy>,
    ) -> AttemptPolicy {
        let hedge = hedge.filter(|_| self.without != Some(Mechanism::Hedging));
        let policy = policy.clone().with_hedge(hedge);
        if self.without != Some(Mechanism::StallGuard) {
            return policy;
        }
        // Off means that only the whole call's deadline is left.
        let never = policy.timeouts.total + Duration::from_secs(1);
        let timeouts = policy
            .timeouts
            .with_first_token(never)
            .with_unary(never)
            .with_idle(never)
            .with_progress(never);
        policy.with_timeouts(timeouts)
    }

    /// What the calls of the run share; a baseline shares nothing of it.
    pub(crate) fn memory(&self, now: Instant) -> Option<RouteMemory> {
        let budget = self.without != Some(Mechanism::RetryBudget);
        let budget = budget.then(RetryBudgetConfig::default);
        self.is_engine().then(|| RouteMemory::new(budget, now))
    }

    /// Whether the engine may hear what vendors tell of their limits.
    pub(crate) fn hears_limits(&self) -> bool {
        self.without != Some(Mechanism::RateLimiter)
    }

    /// What all ways of a run come from.
    pub(crate) fn gates(observer: &Arc<dyn Observer>) -> Gates {
        Gates::new(GatesConfig::default(), Arc::clone(observer))
    }

    /// The candidates of one route, which are compared with each other. Each brings its own gate, which
    /// also lets through only the share that its weight says; a baseline has its own memory.
    pub(crate) fn candidates(
        &self,
        reached: &[&Reach],
        gates: &Gates,
        memory: Option<&RouteMemory>,
        policy: &AttemptPolicy,
        now: Instant,
    ) -> Vec<Candidate> {
        let endpoints: Vec<_> = reached
            .iter()
            .map(|reach| (self.endpoint(reach), reach.domain.map(Arc::from)))
            .collect();
        let gated = memory.map(|memory| {
            let latency = Arc::clone(memory.latency(Form::Stream));
            let first_token = policy.timeouts.first_token;
            gates.group(&endpoints, &self.rules(), latency, first_token, now)
        });
        let mut gated = gated.unwrap_or_default().into_iter();
        reached
            .iter()
            .map(|reach| self.candidate(reach, gated.next()))
            .collect()
    }

    fn candidate(&self, reach: &Reach, gate: Option<TargetGate>) -> Candidate {
        let admission = gate.map(|gate| match self.without {
            Some(Mechanism::StallGuard) => Arc::new(Unsuspecting(gate)) as Arc<dyn Admission>,
            _ => Arc::new(gate) as Arc<dyn Admission>,
        });
        Candidate::new(reach.target.clone(), Arc::clone(&reach.provider))
            .with_failure_domain(reach.domain.map(Arc::from))
            .with_admission(admission)
    }

    fn rules(&self) -> GateRules {
        match (self.without, self.preset) {
            (Some(Mechanism::Breaker), _) => GateRules::never(),
            (_, Preset::Adaptive) => GateRules::new(BreakerConfig::adaptive()),
            (_, Preset::Simple) => GateRules::new(BreakerConfig::simple()),
        }
    }

    fn endpoint(&self, reach: &Reach) -> Endpoint {
        let endpoint = Endpoint::new(reach.target.clone())
            .with_host(reach.host)
            .with_credential(Credential::Hashed(reach.credential));
        match reach.limits.filter(|_| self.hears_limits()) {
            Some(limits) => endpoint.with_limits(
                LimitConfig::new()
                    .with_rpm(limits.rpm as u64)
                    .with_tpm(limits.tpm.map(|tpm| tpm as u64)),
            ),
            None if self.hears_limits() => endpoint,
            None => endpoint.with_limits(LimitConfig::new().with_untold(UntoldLimits::Ignore)),
        }
    }

    /// Puts it together.
    pub(crate) fn assemble(self, observer: Arc<dyn Observer>, seed: u64) -> Subject {
        let draws = Stream::of(seed, Purpose::Engine, &[]).bits();
        match self.baseline {
            Some(baseline) => Subject::Rival(Rival::new(baseline, seed)),
            // Every candidate brings its own gate.
            None => Subject::Engine(Engine::new(Arc::new(AlwaysAdmit), observer, draws)),
        }
    }
}

/// What is under test, put together.
#[derive(Debug)]
pub(crate) enum Subject {
    /// Our engine.
    Engine(Engine),
    /// One of the others.
    Rival(Rival),
}

impl Subject {
    /// Answers in one piece.
    pub(crate) async fn complete(
        &self,
        call: Call<'_>,
        request: &ChatRequest,
    ) -> Result<ChatResponse> {
        match self {
            Self::Engine(engine) => Ok(engine.complete(call, request).await?.value),
            Self::Rival(rival) => rival.complete(call, request).await,
        }
    }

    /// Answers step by step.
    pub(crate) async fn stream(&self, call: Call<'_>, request: &ChatRequest) -> Result<ChatStream> {
        match self {
            Self::Engine(engine) => Ok(engine.stream(call, request).await?.value),
            Self::Rival(rival) => rival.stream(call, request).await,
        }
    }
}
