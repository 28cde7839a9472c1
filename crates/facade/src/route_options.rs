//! How hard a route tries, and when it passes over a target.

use std::time::Duration;

use interline_resilience::breaker::{BreakerConfig, LeaseLength, TripRule};
use interline_resilience::{AttemptPolicy, GateRules, RetryBudgetConfig, SimpleBreakerConfig};

use crate::RouteTerms;

/// How hard a route tries, and when it passes over a target.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RouteOptions {
    /// Attempts, retries, pauses, timeouts and hedging.
    pub policy: AttemptPolicy,
    /// What bounds the route's extra attempts together; `None` for nothing. Calls that name a target
    /// or a model share one budget. Default: on.
    pub retry_budget: Option<RetryBudgetConfig>,
    /// When a target is passed over.
    pub breaker: Breaker,
    /// Who may serve calls, what targets are asked, and which answers will do. Default: nothing holds.
    pub terms: RouteTerms,
}

impl Default for RouteOptions {
    fn default() -> Self {
        Self {
            policy: AttemptPolicy::default(),
            retry_budget: Some(RetryBudgetConfig::default()),
            breaker: Breaker::default(),
            terms: RouteTerms::default(),
        }
    }
}

impl RouteOptions {
    /// The defaults of [`AttemptPolicy`], [`RetryBudgetConfig`] and [`Breaker`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets attempts, retries, pauses, timeouts and hedging.
    #[must_use]
    pub const fn with_policy(mut self, policy: AttemptPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets what bounds the route's extra attempts together.
    #[must_use]
    pub fn with_retry_budget(mut self, budget: impl Into<Option<RetryBudgetConfig>>) -> Self {
        self.retry_budget = budget.into();
        self
    }

    /// Sets when a target is passed over.
    #[must_use]
    pub const fn with_breaker(mut self, breaker: Breaker) -> Self {
        self.breaker = breaker;
        self
    }

    /// Sets who may serve calls, what targets are asked, and which answers will do.
    #[must_use]
    pub fn with_terms(mut self, terms: RouteTerms) -> Self {
        self.terms = terms;
        self
    }
}

/// When a target is passed over.
///
/// Routes with equal breakers share what is known of a target's health; routes with different ones
/// each learn for themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Breaker {
    /// Never.
    Off,
    /// After some failures within a window, for a while, then one probe: right for small traffic.
    Simple(SimpleBreakerConfig),
    /// By streak, share, slowness and silence, judged against the other targets of the route, with
    /// several probes and a ramp: right from about one call a second on. Its numbers are those of
    /// [`BreakerConfig::adaptive`].
    Adaptive {
        /// How long a target is passed over whose credential was refused.
        credential_quarantine: Duration,
        /// The longest wish of a vendor to wait that is believed.
        max_pause: Duration,
    },
}

impl Breaker {
    /// The same in the engine's words.
    pub(crate) fn rules(&self) -> GateRules {
        match self {
            Self::Off => GateRules::never(),
            Self::Simple(config) => GateRules::new(simple(config))
                .with_credential_quarantine(config.credential_quarantine)
                .with_max_pause(config.max_pause),
            Self::Adaptive {
                credential_quarantine,
                max_pause,
            } => GateRules::new(BreakerConfig::adaptive())
                .with_credential_quarantine(*credential_quarantine)
                .with_max_pause(*max_pause),
        }
    }
}

/// The `simple` preset with an operator's numbers.
fn simple(config: &SimpleBreakerConfig) -> BreakerConfig {
    let mut breaker = BreakerConfig::simple();
    breaker.trip = TripRule::Count {
        failures: config.failures,
        window: config.window,
    };
    breaker.open.first = config.skip_for;
    breaker.open.cap = config.skip_for;
    breaker.probes.lease = LeaseLength::Fixed(config.skip_for);
    breaker
}

impl Default for Breaker {
    /// The `simple` preset: 3 failures within 60 s skip a target for 30 s.
    fn default() -> Self {
        Self::Simple(SimpleBreakerConfig::default())
    }
}
