//! What is under test, put together: the engine with its mechanisms, or one of the baselines.
//!
//! The only place that knows which mechanisms exist and how they are switched on and off: a new one
//! is built in here, and in `Mechanism::is_built`.

use std::sync::Arc;
use std::time::Duration;

use interline_core::{ChatRequest, ChatResponse, ChatStream, Result, Target};
use interline_resilience::{
    Admission, AlwaysAdmit, AttemptPolicy, Call, Candidate, Engine, Observer, RetryBudgetConfig,
    RouteMemory, SimpleBreaker, SimpleBreakerConfig,
};
use tokio::time::Instant;

use super::baseline::{Baseline, Rival};
use crate::mechanism::Mechanism;
use crate::random::{Purpose, Stream};

/// Which breaker the engine asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Preset {
    /// Three failures in a minute skip a target for half a minute.
    #[default]
    Simple,
}

/// What is under test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rig {
    preset: Preset,
    without: Option<Mechanism>,
    baseline: Option<Baseline>,
}

impl Rig {
    /// The engine with everything on.
    pub(crate) fn whole() -> Self {
        Self::default()
    }

    /// The engine with one mechanism off.
    pub(crate) fn without(mechanism: Mechanism) -> Self {
        Self {
            without: Some(mechanism),
            ..Self::default()
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
    pub(crate) fn policy(&self, policy: &AttemptPolicy) -> AttemptPolicy {
        let policy = policy.clone();
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

    /// Puts it together.
    pub(crate) fn assemble(self, observer: Arc<dyn Observer>, seed: u64) -> Subject {
        let draws = Stream::of(seed, Purpose::Engine, &[]).bits();
        if let Some(baseline) = self.baseline {
            return Subject::Rival(Rival::new(baseline, seed));
        }
        let admission: Arc<dyn Admission> = match (self.without, self.preset) {
            (Some(Mechanism::Breaker), _) => Arc::new(AlwaysAdmit),
            (_, Preset::Simple) => Arc::new(SimpleBreaker::new(
                SimpleBreakerConfig::default(),
                Arc::clone(&observer),
            )),
        };
        Subject::Engine(Engine::new(admission, observer, draws))
    }

    /// A candidate as this rig wants it; a rig with an admission for each target attaches it here.
    pub(crate) fn candidate(
        &self,
        target: Target,
        provider: Arc<dyn interline_core::Provider>,
        domain: Option<&'static str>,
    ) -> Candidate {
        Candidate::new(target, provider).with_failure_domain(domain.map(Arc::from))
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
