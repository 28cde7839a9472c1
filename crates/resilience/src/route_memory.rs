//! What the calls of one route learn from each other: how often they may try, how long answers take,
//! and how targets did lately.
//!
//! A call without it works as well, only alone: nothing bounds its attempts but its own policy.
//! Latencies are kept apart by the form of a call, because a whole answer takes as long as a stream's
//! last token and would make every stream look fast.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use interline_core::{Error, HealthImpact, Target};
use tokio::time::Instant;

use crate::breaker::{Counts, Sample, Window};
use crate::hedge::HedgeBudget;
use crate::{LatencyDigest, RetryBudget, RetryBudgetConfig, Timeouts};

/// How many targets are remembered (chosen, not measured): routes have a handful; only calls that
/// name targets themselves come to more.
const MAX_TARGETS: usize = 1024;

/// The form of a call, as far as it decides how long its first sign of life takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Form {
    /// A stream: up to its first content.
    Stream,
    /// A whole answer.
    Whole,
    /// Embeddings.
    Embeddings,
    /// A count of tokens.
    TokenCount,
}

impl Form {
    /// The longest an attempt waits for what the latencies of this form measure.
    pub(crate) fn patience(self, timeouts: &Timeouts) -> Duration {
        match self {
            Self::Stream => timeouts.first_token,
            Self::Whole | Self::Embeddings | Self::TokenCount => timeouts.unary_limit(),
        }
    }
}

/// What the calls of one route learn from each other.
#[derive(Debug)]
pub struct RouteMemory {
    origin: Instant,
    budget: Option<RetryBudget>,
    hedges: HedgeBudget,
    latency: ByForm<Arc<LatencyDigest>>,
    targets: RwLock<HashMap<Target, Arc<TargetRecord>>>,
}

/// One for each [`Form`], made when it is first needed.
#[derive(Debug)]
struct ByForm<T>([OnceLock<T>; 4]);

/// How one target did lately.
#[derive(Debug)]
struct TargetRecord {
    results: Window,
    latency: ByForm<LatencyDigest>,
}

impl RouteMemory {
    /// A memory that knows nothing yet; without a budget, only policies bound attempts.
    #[must_use]
    pub fn new(budget: impl Into<Option<RetryBudgetConfig>>, now: Instant) -> Self {
        Self {
            origin: now,
            budget: budget.into().map(|config| RetryBudget::new(config, now)),
            hedges: HedgeBudget::default(),
            latency: ByForm::new(),
            targets: RwLock::default(),
        }
    }

    /// The budget of extra attempts, where there is one.
    #[must_use]
    pub const fn budget(&self) -> Option<&RetryBudget> {
        self.budget.as_ref()
    }

    /// What hedged attempts are paid from.
    pub(crate) const fn hedges(&self) -> &HedgeBudget {
        &self.hedges
    }

    /// How long calls of one form take on this route: a stream to its first content, everything else
    /// to its answer.
    #[must_use]
    pub fn latency(&self, form: Form) -> &Arc<LatencyDigest> {
        self.latency
            .get(form, || Arc::new(LatencyDigest::new(self.origin)))
    }

    /// Takes note that a target answered, after that time.
    pub(crate) fn succeeded(&self, target: &Target, form: Form, latency: Duration, now: Instant) {
        if let Some(budget) = &self.budget {
            budget.succeeded(now);
        }
        self.latency(form).record(latency, now);
        if let Some(record) = self.find_or_remember(target, now) {
            record.results.record(Sample::Success, self.second(now));
            record
                .latency
                .get(form, || LatencyDigest::new(self.origin))
                .record(latency, now);
        }
    }

    /// Takes note that a target failed, where that speaks of its health.
    pub(crate) fn failed(&self, target: &Target, error: &Error, now: Instant) {
        if matches!(
            error.health_impact(),
            HealthImpact::Endpoint | HealthImpact::Host
        ) && let Some(record) = self.find_or_remember(target, now)
        {
            record.results.record(Sample::Failure, self.second(now));
        }
    }

    /// Failures and results of the last ten seconds at these targets together.
    pub(crate) fn lately<'t>(
        &self,
        targets: impl Iterator<Item = &'t Target>,
        now: Instant,
    ) -> Counts {
        let second = self.second(now);
        targets
            .filter_map(|target| self.find(target))
            .map(|record| record.results.sum(second))
            .fold(Counts::default(), Counts::plus)
    }

    /// How long a target usually takes; `None` where that is not known.
    pub(crate) fn usual(&self, target: &Target, form: Form) -> Option<Duration> {
        self.find(target)?.latency.known(form)?.summary().p50
    }

    fn find(&self, target: &Target) -> Option<Arc<TargetRecord>> {
        self.targets
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(target)
            .cloned()
    }

    /// `None` where there is no room left.
    fn find_or_remember(&self, target: &Target, now: Instant) -> Option<Arc<TargetRecord>> {
        if let Some(record) = self.find(target) {
            return Some(record);
        }
        let mut targets = self.targets.write().unwrap_or_else(PoisonError::into_inner);
        if targets.len() >= MAX_TARGETS {
            let second = self.second(now);
            targets.retain(|_, record| record.results.sum(second).samples() > 0);
            if targets.len() >= MAX_TARGETS {
                return None;
            }
        }
        let record = targets.entry(target.clone()).or_insert_with(|| {
            Arc::new(TargetRecord {
                results: Window::default(),
                latency: ByForm::new(),
            })
        });
        Some(Arc::clone(record))
    }

    fn second(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.origin).as_secs()
    }
}

impl<T> ByForm<T> {
    const fn new() -> Self {
        Self([const { OnceLock::new() }; 4])
    }

    fn known(&self, form: Form) -> Option<&T> {
        self.cell(form).get()
    }

    fn get(&self, form: Form, make: impl FnOnce() -> T) -> &T {
        self.cell(form).get_or_init(make)
    }

    const fn cell(&self, form: Form) -> &OnceLock<T> {
        let [stream, whole, embeddings, count] = &self.0;
        match form {
            Form::Stream => stream,
            Form::Whole => whole,
            Form::Embeddings => embeddings,
            Form::TokenCount => count,
        }
    }
}
