//! Asks vendors how they are while nobody else does: active health checks at a bounded rate.
//!
//! Traffic is the best check there is, so a provider is asked only where traffic does not tell: when
//! it has been idle for an interval, or when it is passed over and due for a probe. What comes out is
//! fed to the admission of its targets like the outcome of any attempt: a refused credential or a dead
//! host is known before a caller runs into it, and a target that is back is found by nobody's request.
//! A check that succeeds says that the vendor answers, not that a model does; so it only ever stands
//! for one attempt, and an admission that wants several probes still asks for several.
//!
//! [`HealthMonitor::run`] is one future; whoever owns it decides how long it lives.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use interline_core::{CallContext, DynProvider, Error, ProviderId, Result, Target, TimeoutStage};
use tokio::time::{Instant, sleep, timeout};

use crate::rng::Draws;
use crate::timeouts::later;
use crate::{Admission, Admit, Ask, CallEvent, Observer, Outcome, Permit};

/// How long one check may take (chosen, not measured); less where the interval is shorter.
const PATIENCE: Duration = Duration::from_secs(10);
/// The shortest interval (chosen, not measured): a check must never be load.
const SHORTEST: Duration = Duration::from_secs(1);
/// Intervals vary by this share, so that the checks of many processes do not come together.
const JITTER: f64 = 0.1;

/// One provider to be asked.
#[derive(Clone)]
#[non_exhaustive]
pub struct Watch {
    /// Who is asked.
    pub provider: DynProvider,
    /// Its connection's name, as targets have it.
    pub name: ProviderId,
    /// How often at most, at least 1 s.
    pub every: Duration,
    /// Whom the outcome concerns, and who is told of it.
    pub targets: Vec<(Target, Arc<dyn Admission>)>,
}

impl Watch {
    /// Asks `provider`, called `name` in targets, `every` so often at most.
    pub fn new(name: impl Into<ProviderId>, provider: DynProvider, every: Duration) -> Self {
        Self {
            provider,
            name: name.into(),
            every,
            targets: Vec::new(),
        }
    }

    /// Feeds the outcome to a target's admission.
    #[must_use]
    pub fn with_target(mut self, target: Target, admission: Arc<dyn Admission>) -> Self {
        self.targets.push((target, admission));
        self
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("name", &self.name)
            .field("every", &self.every)
            .field("targets", &self.targets.len())
            .finish_non_exhaustive()
    }
}

/// When each provider was last heard of through traffic: an [`Observer`], to be told of all calls.
#[derive(Debug)]
pub struct Activity {
    origin: Instant,
    /// In milliseconds since the origin.
    last: BTreeMap<ProviderId, AtomicU64>,
}

impl Activity {
    /// Listens for these providers, which have all been heard of just now.
    #[must_use]
    pub fn new(providers: impl IntoIterator<Item = ProviderId>, now: Instant) -> Self {
        Self {
            origin: now,
            last: providers
                .into_iter()
                .map(|name| (name, AtomicU64::new(0)))
                .collect(),
        }
    }

    fn note(&self, target: &Target) {
        if let Some(last) = self.last.get(&target.provider) {
            let since = self.origin.elapsed().as_millis();
            last.fetch_max(u64::try_from(since).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// How long nothing was heard of a provider.
    fn idle_for(&self, name: &ProviderId, now: Instant) -> Duration {
        let Some(last) = self.last.get(name) else {
            return Duration::MAX;
        };
        let last = Duration::from_millis(last.load(Ordering::Relaxed));
        now.saturating_duration_since(later(self.origin, last))
    }
}

impl Observer for Activity {
    fn on_event(&self, event: &CallEvent) {
        match event {
            CallEvent::Answered { target, .. }
            | CallEvent::AttemptFailed { target, .. }
            | CallEvent::StreamFinished { target, .. }
            | CallEvent::StreamFailed { target, .. } => self.note(target),
            _ => {}
        }
    }
}

/// Asks vendors how they are while nobody else does.
#[derive(Debug)]
#[must_use = "nothing is asked before `run`"]
pub struct HealthMonitor {
    watches: Vec<Watch>,
    activity: Arc<Activity>,
    observer: Arc<dyn Observer>,
    seed: u64,
}

impl HealthMonitor {
    /// Asks what `watches` say, unless `activity` shows traffic, and tells `observer` of every check.
    /// `seed` decides when exactly.
    pub fn new(
        watches: Vec<Watch>,
        activity: Arc<Activity>,
        observer: Arc<dyn Observer>,
        seed: u64,
    ) -> Self {
        Self {
            watches,
            activity,
            observer,
            seed,
        }
    }

    /// Asks for as long as it is polled; never ends where there is anybody to ask.
    ///
    /// # Cancellation
    /// Dropping the future cancels the checks under way; they count for nobody.
    pub async fn run(self) {
        let watches = self.watches.iter().enumerate();
        let each = watches.map(|(number, watch)| {
            let draws = Draws::of_call(self.seed, number as u64);
            self.keep_asking(watch, draws)
        });
        join_all(each).await;
    }

    async fn keep_asking(&self, watch: &Watch, mut draws: Draws) {
        let every = watch.every.max(SHORTEST);
        // Somewhere within the first interval, so that providers are not all asked at once.
        sleep(every.mul_f64(draws.unit())).await;
        loop {
            sleep(every.mul_f64(1.0 - JITTER / 2.0 + JITTER * draws.unit())).await;
            self.ask_where_due(watch, every, &mut draws).await;
        }
    }

    async fn ask_where_due(&self, watch: &Watch, every: Duration, draws: &mut Draws) {
        let now = Instant::now();
        let draw = draws.unit();
        let asks = || {
            let asks = watch.targets.iter();
            asks.map(move |(target, admission)| (admission, Ask::new(target, now).with_draw(draw)))
        };
        let is_idle = self.activity.idle_for(&watch.name, now) >= every;
        if !is_idle && asks().all(|(admission, ask)| admission.is_calm(&ask)) {
            return;
        }
        let permits: Vec<Permit> = asks()
            .filter_map(|(admission, ask)| match admission.admit(&ask) {
                Admit::Go(permit) => Some(permit),
                _ => None,
            })
            .collect();
        if permits.is_empty() && !watch.targets.is_empty() {
            // Passed over, and not due for a probe yet.
            return;
        }
        let result = self.ask(watch, every).await;
        let settled_at = Instant::now();
        for permit in permits {
            let outcome = match &result {
                Ok(()) => Outcome::Success,
                Err(error) => Outcome::Failure(error),
            };
            permit.settle(outcome, settled_at);
        }
        self.observer.on_event(&CallEvent::HealthChecked {
            provider: watch.name.clone(),
            error: result.err(),
            duration: settled_at.saturating_duration_since(now),
        });
    }

    async fn ask(&self, watch: &Watch, every: Duration) -> Result<()> {
        let patience = PATIENCE.min(every);
        let cx = CallContext::new("health-check").with_deadline(later(Instant::now(), patience));
        timeout(patience, watch.provider.health_check(&cx))
            .await
            .unwrap_or_else(|_| Err(Error::timeout(TimeoutStage::FirstToken, patience)))
    }
}
