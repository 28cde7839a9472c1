//! What a client takes over from the one that it succeeds, such as after a new configuration.
//!
//! Knowledge goes by key, never by value: whoever is not known begins anew, and what is known of something
//! that is gone is kept for a while, in case it comes back.

use std::sync::Arc;

use interline_core::{Error, Result, Target};
use interline_ledger::LedgerConfig;
use interline_resilience::{
    Gates, GatesConfig, Observer, RetryBudget, RetryBudgetConfig, RouteMemory,
};
use tokio::time::Instant;

use crate::Client;
use crate::client::Inner;
use crate::names::Names;
use crate::signed_state::Issuers;
use crate::spending::{SpendPlace, Spending};
use crate::statistics::Collected;

/// The client that is succeeded, if there is one.
#[derive(Debug, Default)]
pub(crate) struct Inheritance(Option<Arc<Inner>>);

impl Inheritance {
    pub(crate) fn of(predecessor: &Client) -> Self {
        Self(Some(Arc::clone(&predecessor.inner)))
    }

    /// Gates that know what the predecessor's knew.
    pub(crate) fn gates(&self, observer: &Arc<dyn Observer>) -> Gates {
        let observer = Arc::clone(observer);
        match &self.0 {
            Some(inner) => inner.gates.succeeding(observer),
            None => Gates::new(GatesConfig::default(), observer),
        }
    }

    /// The memory of the route of that name, under that retry budget.
    pub(crate) fn memory(
        &self,
        route: &str,
        budget: Option<RetryBudgetConfig>,
        now: Instant,
    ) -> Arc<RouteMemory> {
        let inner = self.0.as_ref();
        let known = inner.and_then(|inner| inner.names.routes.get(route));
        kept_or_new(known.map(|route| &route.memory), budget, now)
    }

    /// The memory of calls that name a target or a model.
    pub(crate) fn direct_memory(
        &self,
        budget: Option<RetryBudgetConfig>,
        now: Instant,
    ) -> Arc<RouteMemory> {
        let known = self.0.as_ref().map(|inner| &inner.direct_memory);
        kept_or_new(known, budget, now)
    }

    /// The predecessor's ledger under these budgets, or a new one.
    pub(crate) fn spending(&self, config: LedgerConfig, place: SpendPlace) -> Result<Spending> {
        let Some(inner) = &self.0 else {
            return Spending::open(config, place);
        };
        let known = &inner.spending;
        if !known.place.is(&place) {
            return Err(Error::invalid_request(format!(
                "spend is kept in {:?} and cannot move to {place:?} while the process runs: restart it, or                  leave `budget.file` as it was",
                known.place
            )));
        }
        known.succeeding(config)
    }

    /// What was collected for whoever looks.
    pub(crate) fn collected(&self) -> Arc<Collected> {
        let metrics = self.0.as_ref().and_then(|inner| inner.metrics.as_ref());
        metrics
            .map(|metrics| Arc::clone(metrics.collected()))
            .unwrap_or_default()
    }

    pub(crate) fn issuers(&self) -> Arc<Issuers> {
        let known = self.0.as_ref().map(|inner| Arc::clone(&inner.issuers));
        known.unwrap_or_default()
    }

    /// Ends what only one of both may do, and what is told of targets that are gone.
    pub(crate) fn take_office(&self, names: &Names) {
        let Some(inner) = &self.0 else { return };
        inner.end_health_checks();
        // Its own metrics know the target's name still.
        let Some(metrics) = &inner.metrics else {
            return;
        };
        for target in targets(&inner.names) {
            // Nobody would ever say again how it is, and an alert on it would never end.
            if !targets(names).any(|one| one == target) {
                metrics.is_gone(target);
            }
        }
    }
}

fn targets(names: &Names) -> impl Iterator<Item = &Target> {
    names.routes.values().flat_map(|route| route.targets())
}

fn kept_or_new(
    known: Option<&Arc<RouteMemory>>,
    budget: Option<RetryBudgetConfig>,
    now: Instant,
) -> Arc<RouteMemory> {
    let is_right =
        |memory: &&Arc<RouteMemory>| memory.budget().map(RetryBudget::config) == budget.as_ref();
    known
        .filter(is_right)
        .map_or_else(|| Arc::new(RouteMemory::new(budget, now)), Arc::clone)
}
