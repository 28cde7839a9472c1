//! The targets of one group of routes, which a breaker compares its own with.
//!
//! A breaker alone cannot tell its target's failure from everybody's, nor whether somebody could take
//! its place. The fleet answers from a snapshot of the members' atomics: no list is locked and nothing
//! is counted twice. It knows circuits, not breakers, so nothing refers in circles.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Breaker;
use super::circuit::Circuit;
use super::config::{AdaptiveTrip, PanicRule};
use super::status::BreakerState;
use super::trickle::{Trickle, Turn};
use super::window::{Counts, ratio};
use crate::latency_digest::LatencyDigest;
use crate::sync::{Mutex, MutexGuard};

/// A target of a group.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Member {
    /// What is known of it.
    pub circuit: Arc<Circuit>,
    /// What it fails together with; `None` for nobody.
    pub failure_domain: Option<Arc<str>>,
    /// How much of the group's traffic it can carry, in any unit that all members share.
    pub capacity: f64,
}

impl Member {
    /// A target that fails alone and carries as much as each of the others.
    #[must_use]
    pub const fn new(circuit: Arc<Circuit>) -> Self {
        Self {
            circuit,
            failure_domain: None,
            capacity: 1.0,
        }
    }

    /// Says what it fails together with.
    #[must_use]
    pub fn with_failure_domain(mut self, domain: impl Into<Option<Arc<str>>>) -> Self {
        self.failure_domain = domain.into();
        self
    }

    /// Says how much it can carry, compared with the others; nothing for what is no positive number.
    #[must_use]
    pub const fn with_capacity(mut self, capacity: f64) -> Self {
        self.capacity = capacity;
        self
    }
}

/// The targets of one group of routes.
#[derive(Debug)]
pub struct Fleet {
    seats: Box<[Seat]>,
    capacity: f64,
    latency: Arc<LatencyDigest>,
    first_token_timeout: Duration,
    trickle: Trickle,
    origin: Instant,
    /// Held while a doubtful trip looks whether the others can do without it, so that two such trips
    /// cannot both take the last capacity there is. Taken before a circuit's lock, never after.
    ejection: Mutex<()>,
}

#[derive(Debug)]
struct Seat {
    circuit: Arc<Circuit>,
    /// Equal for those that fail together.
    domain: usize,
    capacity: f64,
}

impl Fleet {
    /// A group of these targets.
    ///
    /// Its breakers read `latency` (first tokens of this route) for what is slow and how long a probe
    /// may be out; recording is up to whoever sees first tokens. `first_token_timeout` is the longest
    /// an attempt waits for one.
    #[must_use]
    pub fn new(
        members: impl IntoIterator<Item = Member>,
        latency: Arc<LatencyDigest>,
        first_token_timeout: Duration,
        now: Instant,
    ) -> Arc<Self> {
        let mut domains: BTreeMap<Arc<str>, usize> = BTreeMap::new();
        let seat = |(index, member): (usize, Member)| Seat {
            domain: match member.failure_domain {
                Some(name) => *domains.entry(name).or_insert(index),
                None => index,
            },
            circuit: member.circuit,
            // What is no number is nothing; infinity would make every share senseless.
            capacity: match member.capacity.is_nan() {
                true => 0.0,
                false => member.capacity.clamp(0.0, 1e12),
            },
        };
        let seats: Box<[Seat]> = members.into_iter().enumerate().map(seat).collect();
        Arc::new(Self {
            capacity: seats.iter().map(|seat| seat.capacity).sum(),
            seats,
            latency,
            first_token_timeout,
            trickle: Trickle::default(),
            origin: now,
            ejection: Mutex::new(()),
        })
    }

    /// The breakers of its members, in the order in which they were given.
    #[must_use]
    pub fn breakers(self: &Arc<Self>) -> Vec<Breaker> {
        let seats = self.seats.iter().enumerate();
        seats
            .map(|(index, seat)| Breaker::new(Arc::clone(self), index, Arc::clone(&seat.circuit)))
            .collect()
    }

    /// From when on the silence of a target is suspicious; see [`LatencyDigest::stall_limit`].
    #[must_use]
    pub fn stall_limit(&self) -> Duration {
        self.latency.stall_limit(self.first_token_timeout)
    }

    pub(crate) fn median_first_token(&self) -> Option<Duration> {
        self.latency.summary().p50
    }

    /// Failures per result, 0–1, at the other members in service.
    ///
    /// Members out of service are left out: that they fail is known, and says nothing about what
    /// chance does to the others.
    pub(crate) fn failure_ratio_elsewhere(&self, index: usize, now: Instant) -> f64 {
        let counts = self
            .others(index)
            .filter(|seat| seat.circuit.status().lets_through());
        let sum = counts.fold(Counts::default(), |sum, seat| sum.plus(seat.counts(now)));
        sum.failure_ratio()
    }

    /// Slow answers per success, 0–1, at the other members in service.
    pub(crate) fn slow_ratio_elsewhere(&self, index: usize, now: Instant) -> f64 {
        let counts = self
            .others(index)
            .filter(|seat| seat.circuit.status().lets_through());
        let sum = counts.fold(Counts::default(), |sum, seat| sum.plus(seat.counts(now)));
        ratio(sum.slow, sum.successes)
    }

    /// Whether results show that a member of another failure domain in full service is healthy.
    pub(crate) fn is_somebody_healthier(
        &self,
        index: usize,
        rule: &AdaptiveTrip,
        now: Instant,
    ) -> bool {
        let own = self.seats.get(index).map(|seat| seat.domain);
        self.others(index).any(|seat| {
            let status = seat.circuit.status();
            Some(seat.domain) != own
                && status.lets_through()
                && status.state == BreakerState::Closed
                && rule.is_healthy(seat.counts(now))
        })
    }

    /// Whether any other member is in service.
    pub(crate) fn is_somebody_in_service(&self, index: usize) -> bool {
        self.others(index)
            .any(|seat| seat.circuit.status().lets_through())
    }

    /// The share of the group's capacity that is left in service, 0–1, if this member had that weight.
    pub(crate) fn capacity_left(&self, index: usize, weight: f64, now: Instant) -> f64 {
        let left: f64 = self
            .seats
            .iter()
            .enumerate()
            .map(|(other, seat)| {
                let weight = if other == index {
                    weight
                } else {
                    seat.weight(now)
                };
                seat.capacity * weight
            })
            .sum();
        if self.capacity > 0.0 {
            left / self.capacity
        } else {
            0.0
        }
    }

    /// The share of requests that goes to a member which has only a share: its own, or as much more as
    /// keeps the group from falling below this part of its capacity. All where nobody is in full service.
    pub(crate) fn share(&self, own: f64, floor: f64, now: Instant) -> f64 {
        let (mut full, mut reduced) = (0.0, 0.0);
        for seat in &self.seats {
            let status = seat.circuit.status();
            if !status.lets_through() {
                continue;
            }
            match status.state_at(seat.circuit.at(now).ms()) {
                BreakerState::Closed => full += seat.capacity,
                BreakerState::Ramping | BreakerState::Degraded => reduced += seat.capacity,
                BreakerState::Open | BreakerState::HalfOpen => {}
            }
        }
        if full <= 0.0 || reduced <= 0.0 {
            return 1.0;
        }
        let needed = (floor * self.capacity - full) / reduced;
        own.max(needed.min(1.0))
    }

    /// Whether any other member is in full service.
    pub(crate) fn is_somebody_whole(&self, index: usize) -> bool {
        self.others(index).any(|seat| {
            let status = seat.circuit.status();
            status.lets_through() && status.state == BreakerState::Closed
        })
    }

    /// Keeps other doubtful trips waiting while one decides.
    pub(crate) fn lock_ejection(&self) -> MutexGuard<'_, ()> {
        match self.ejection.lock() {
            Ok(guard) => guard,
            Err(poisoned) => poisoned.into_inner(),
        }
    }

    /// Whether a request may go to a member that is out of service, as all of them are.
    pub(crate) fn may_trickle(&self, rule: PanicRule, now: Instant) -> bool {
        let PanicRule::Trickle { per_second, share } = rule else {
            return true;
        };
        let since = now.saturating_duration_since(self.origin).as_millis();
        let ms = u64::try_from(since).unwrap_or(u64::MAX);
        // A rate or share of nothing never comes round: the conversion saturates.
        let interval_ms = (1000.0 / per_second).ceil() as u64;
        let every = (1.0 / share).ceil() as u64;
        self.trickle.ask(ms, interval_ms, every) == Turn::Mine
    }

    fn others(&self, index: usize) -> impl Iterator<Item = &Seat> {
        let seats = self.seats.iter().enumerate();
        seats.filter_map(move |(other, seat)| (other != index).then_some(seat))
    }
}

impl Seat {
    fn counts(&self, now: Instant) -> Counts {
        self.circuit.window.sum(self.circuit.at(now).second())
    }

    fn weight(&self, now: Instant) -> f64 {
        self.circuit
            .weight(self.circuit.status(), self.circuit.at(now))
    }
}
