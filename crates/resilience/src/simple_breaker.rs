//! The `simple` breaker preset: three failures within 60 s skip a target for 30 s, then one probe.
//!
//! Counts, not rates: easy to predict, and right for a handful of targets at a modest rate. At a high
//! rate a small share of failures opens it by chance.
//! It also keeps the two neighbours of ill health that routing has to know: pauses that vendors asked
//! for, and credentials that they refuse. Neither touches the circuit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use interline_core::{HealthImpact, HealthView, Target, TargetHealth, ToldLimit};
use tokio::time::Instant;

use crate::target_state::{TargetState, Ticket};
use crate::{
    Account, Admission, Admit, Ask, CallEvent, HealthState, Lease, Observer, Outcome, Permit,
    Ticket as Carried,
};

/// Settings of [`SimpleBreaker`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SimpleBreakerConfig {
    /// So many failures within [`window`](Self::window) skip a target; 0 counts as 1.
    /// Default: 3 (contract).
    pub failures: u32,
    /// How long a failure counts. Default: 60 s (contract).
    pub window: Duration,
    /// How long a target is skipped before one call probes it, and how long that probe may be out
    /// before another one is sent. Default: 30 s (contract).
    pub skip_for: Duration,
    /// How long a target is skipped whose credential the vendor refused. Default: 60 s (chosen, not
    /// measured).
    pub credential_quarantine: Duration,
    /// The longest wish of a vendor to wait that is believed. Default: 1 h (chosen, not measured):
    /// long enough for hourly quotas, short enough for a vendor that answers nonsense.
    pub max_pause: Duration,
    /// How many targets are remembered; only troubled ones are. Further ones are let through.
    /// Default: 4096 (chosen, not measured).
    pub max_targets: usize,
}

impl Default for SimpleBreakerConfig {
    fn default() -> Self {
        Self {
            failures: 3,
            window: Duration::from_secs(60),
            skip_for: Duration::from_secs(30),
            credential_quarantine: Duration::from_secs(60),
            max_pause: Duration::from_secs(3600),
            max_targets: 4096,
        }
    }
}

impl SimpleBreakerConfig {
    /// So many failures within `window` skip a target.
    #[must_use]
    pub const fn with_failures(mut self, failures: u32, window: Duration) -> Self {
        self.failures = failures;
        self.window = window;
        self
    }

    /// Sets how long a target is skipped.
    #[must_use]
    pub const fn with_skip_for(mut self, duration: Duration) -> Self {
        self.skip_for = duration;
        self
    }

    /// Sets how long a target is skipped whose credential the vendor refused.
    #[must_use]
    pub const fn with_credential_quarantine(mut self, duration: Duration) -> Self {
        self.credential_quarantine = duration;
        self
    }

    /// Sets the longest wish of a vendor to wait that is believed.
    #[must_use]
    pub const fn with_max_pause(mut self, duration: Duration) -> Self {
        self.max_pause = duration;
        self
    }

    /// Sets how many targets are remembered.
    #[must_use]
    pub const fn with_max_targets(mut self, targets: usize) -> Self {
        self.max_targets = targets;
        self
    }

    pub(crate) fn threshold(&self) -> usize {
        usize::try_from(self.failures).unwrap_or(usize::MAX).max(1)
    }
}

/// Skips targets that failed too often, that asked to wait, or whose credential is refused.
///
/// Cheap to clone; clones share their state.
#[derive(Clone, Debug)]
pub struct SimpleBreaker {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: SimpleBreakerConfig,
    observer: Arc<dyn Observer>,
    /// Only targets that something bad was heard of.
    targets: RwLock<HashMap<Target, Arc<Mutex<TargetState>>>>,
}

impl SimpleBreaker {
    /// A breaker that knows nothing bad yet and tells `observer` of changes.
    #[must_use]
    pub fn new(config: SimpleBreakerConfig, observer: Arc<dyn Observer>) -> Self {
        Self {
            shared: Arc::new(Shared {
                config,
                observer,
                targets: RwLock::default(),
            }),
        }
    }

    fn permit(&self, target: &Target, ticket: Ticket) -> Permit {
        let lease = BreakerLease {
            shared: Arc::clone(&self.shared),
            target: target.clone(),
        };
        Permit::new(Arc::new(lease), ticket.carried())
    }
}

impl Admission for SimpleBreaker {
    fn admit(&self, ask: &Ask<'_>) -> Admit {
        let Ask { target, now, .. } = *ask;
        let Some(state) = self.shared.find(target) else {
            return Admit::Go(self.permit(target, Ticket::default()));
        };
        let (decision, change) = lock(&state).admit(now, &self.shared.config);
        self.shared.announce(target, change);
        match decision {
            Ok(ticket) => Admit::Go(self.permit(target, ticket)),
            Err(skip) => Admit::Skip(skip),
        }
    }

    fn admit_anyway(&self, ask: &Ask<'_>) -> Option<Permit> {
        let Ask { target, now, .. } = *ask;
        let ticket = self
            .shared
            .find(target)
            .map_or_else(Ticket::default, |state| lock(&state).admit_anyway(now));
        Some(self.permit(target, ticket))
    }

    fn is_calm(&self, ask: &Ask<'_>) -> bool {
        let state = self.shared.find(ask.target);
        state.is_none_or(|state| lock(&state).is_calm(ask.now))
    }
}

impl HealthView for SimpleBreaker {
    fn health(&self, target: &Target) -> TargetHealth {
        self.shared.find(target).map_or_else(
            || TargetHealth::available(0),
            |state| lock(&state).health(Instant::now(), &self.shared.config),
        )
    }
}

impl Shared {
    fn find(&self, target: &Target) -> Option<Arc<Mutex<TargetState>>> {
        self.targets
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(target)
            .cloned()
    }

    /// The state of a target that something bad was heard of; `None` where there is no room left.
    fn find_or_remember(&self, target: &Target, now: Instant) -> Option<Arc<Mutex<TargetState>>> {
        if let Some(state) = self.find(target) {
            return Some(state);
        }
        let mut targets = self.targets.write().unwrap_or_else(PoisonError::into_inner);
        if targets.len() >= self.config.max_targets && !targets.contains_key(target) {
            targets.retain(|_, state| !lock(state).is_forgettable(now, &self.config));
            if targets.len() >= self.config.max_targets {
                return None;
            }
        }
        Some(Arc::clone(targets.entry(target.clone()).or_default()))
    }

    /// Tells of a change; never called with a lock held.
    fn announce(&self, target: &Target, change: Option<HealthState>) {
        if let Some(state) = change {
            self.observer.on_event(&CallEvent::HealthChanged {
                target: target.clone(),
                state,
            });
        }
    }
}

#[derive(Debug)]
struct BreakerLease {
    shared: Arc<Shared>,
    target: Target,
}

impl Lease for BreakerLease {
    fn first_byte(&self, _: &Carried, _: Instant) {}

    /// Nobody is: this breaker does not know when targets were last heard from.
    fn stalled(&self, _: &Carried, _: Instant, _: Duration) -> bool {
        false
    }

    /// Of no interest to a breaker.
    fn told(&self, _: &Carried, _: &[ToldLimit], _: Instant) {}

    fn settle(&self, ticket: &Carried, outcome: Outcome<'_>, _: &Account, now: Instant) {
        let state = match outcome {
            // Good news about a target of which nothing bad is known need not be remembered.
            Outcome::Success | Outcome::Cancelled => self.shared.find(&self.target),
            Outcome::Failure(error) | Outcome::Stalled(error) => match error.health_impact() {
                HealthImpact::None => self.shared.find(&self.target),
                _ => self.shared.find_or_remember(&self.target, now),
            },
        };
        let Some(state) = state else { return };
        let change = lock(&state).settle(
            Ticket::from_carried(ticket),
            outcome,
            now,
            &self.shared.config,
        );
        self.shared.announce(&self.target, change);
    }
}

/// A panic inside such a short section leaves plain data behind, so a poisoned lock is still good.
fn lock(state: &Mutex<TargetState>) -> MutexGuard<'_, TargetState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
