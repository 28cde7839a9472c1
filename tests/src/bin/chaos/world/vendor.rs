//! A virtual vendor: what it is doing, what it allows, which faults hold.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use interline_core::ToldLimit;

use super::allowance::Allowance;
use crate::faults::{Effect, Fault, FaultWindow};
use crate::history::Ledger;
use crate::plan::VendorSpec;
use crate::random::{Purpose, Stream};

/// A virtual vendor, shared by all its keys.
#[derive(Debug)]
pub(crate) struct Vendor {
    /// Its place in the plan.
    pub(crate) index: usize,
    /// What it is like.
    pub(crate) spec: VendorSpec,
    /// Where it writes down what it sees.
    pub(crate) ledger: Arc<Ledger>,
    /// The faults of the whole run; those of other vendors never hold here.
    faults: Arc<[FaultWindow]>,
    /// How often each fault fired; shared by all vendors.
    fired: Arc<[AtomicU64]>,
    seed: u64,
    in_flight: AtomicU32,
    allowance: Mutex<Allowance>,
    /// Calls that met a dead connection: their next one is new.
    reconnected: Mutex<HashSet<usize>>,
}

/// Which fault hits an exchange, and what it does.
#[derive(Debug)]
pub(crate) struct Hit {
    /// The fault's place in the plan.
    pub(crate) fault: usize,
    /// What it does.
    pub(crate) effect: Effect,
}

/// Counts an exchange as under way until it is dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<Vendor>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Vendor {
    /// A vendor that nobody has called yet.
    pub(crate) fn new(
        index: usize,
        spec: VendorSpec,
        ledger: Arc<Ledger>,
        faults: Arc<[FaultWindow]>,
        fired: Arc<[AtomicU64]>,
        seed: u64,
    ) -> Self {
        Self {
            index,
            spec,
            ledger,
            faults,
            fired,
            seed,
            in_flight: AtomicU32::new(0),
            allowance: Mutex::default(),
            reconnected: Mutex::default(),
        }
    }

    /// The draws of one exchange: the same whatever else happens in the run.
    pub(crate) fn draws(&self, call: usize, attempt: u32) -> Stream {
        let labels = [self.index as u64, call as u64, u64::from(attempt)];
        Stream::of(self.seed, Purpose::Exchange, &labels)
    }

    /// The first fault of the plan that hits this exchange.
    pub(crate) fn hit(&self, key: u16, call: usize, attempt: u32) -> Option<Hit> {
        let now = self.ledger.now();
        let hit = self.faults.iter().enumerate().find_map(|(fault, window)| {
            if window.vendor != self.index || window.key.is_some_and(|only| only != key) {
                return None;
            }
            let since = window.held_for(now)?;
            let labels = [fault as u64, call as u64, u64::from(attempt)];
            let mut draws = Stream::of(self.seed, Purpose::Fault, &labels);
            let effect = window.fault.effect(since);
            let is_hit = draws.chance(window.share)
                && (window.fault != Fault::Stale || self.is_first_connection_of(call));
            is_hit.then_some(Hit { fault, effect })
        })?;
        if let Some(count) = self.fired.get(hit.fault) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        Some(hit)
    }

    /// Whether a call has met no dead connection yet; from now on it has.
    fn is_first_connection_of(&self, call: usize) -> bool {
        let mut reconnected = self
            .reconnected
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        reconnected.insert(call)
    }

    /// Takes a place among the exchanges under way, and says how many times slower they are for being
    /// so many; `None` where the vendor refuses.
    pub(crate) fn enter(self: &Arc<Self>) -> (Place, Option<f64>) {
        let busy = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        let factor = match self.spec.capacity {
            None => Some(1.0),
            Some(capacity) if busy > capacity.saturating_mul(3) => None,
            Some(capacity) => Some((f64::from(busy) / f64::from(capacity)).max(1.0)),
        };
        (Place(Arc::clone(self)), factor)
    }

    /// Charges a request against what a key may do; `Err` with the wait where it may not.
    pub(crate) fn charge(&self, key: u16, tokens: u32) -> Result<(), Duration> {
        let Some(limits) = &self.spec.limits else {
            return Ok(());
        };
        let mut allowance = self
            .allowance
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        allowance.charge(limits, key, tokens, self.ledger.now())
    }

    /// What a key may do and has left, as the vendor's headers say it.
    pub(crate) fn told_limits(&self, key: u16) -> Vec<ToldLimit> {
        let Some(limits) = &self.spec.limits else {
            return Vec::new();
        };
        let allowance = self
            .allowance
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        allowance.told(limits, key, self.ledger.now())
    }
}
