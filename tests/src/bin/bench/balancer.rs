//! What it costs to order sixteen targets, by strategy, and to read the snapshot that the order follows from.
//!
//! Sixteen draws take turns, so that no branch of the sort is learned by heart.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use interline_core::{Faded, History, NanoUsd, Target as Place, TargetHealth, TargetLoad};
use interline_resilience::breaker::BreakerConfig;
use interline_resilience::{
    Endpoint, Form, GateRules, Gates, GatesConfig, LatencyDigest, LimitConfig, Need, TargetGate,
    TracingObserver,
};
use interline_routing::balancer::{Affinity, Balance, Entrant, Rank, SessionKey, rank};
use interline_routing::{Rotation, Strategy};
use tokio::time::Instant;

use crate::case::{Bench, Case, Target};

/// How many targets a route has: more than any in practice.
const TARGETS: usize = 16;

/// The aim for ordering them.
const ORDER: Target = Target {
    p50_ns: Some(200.0),
    p99_ns: None,
    allocations: Some(0),
};

/// Reading and ordering must not ask for memory either.
const WHOLE: Target = Target {
    p50_ns: None,
    p99_ns: None,
    allocations: Some(0),
};

/// The bench.
pub(crate) const BENCH: Bench = Bench {
    name: "balancer",
    unit: "order",
    cases,
};

fn cases() -> Result<Vec<Case>, String> {
    let mut cases: Vec<_> = Strategy::ALL.into_iter().map(ordered).collect();
    cases.push(with_session());
    cases.push(snapshot(LimitConfig::new(), "no limits"));
    cases.push(snapshot(
        LimitConfig::new().with_rpm(3500).with_tpm(400_000),
        "rpm + tpm",
    ));
    cases.push(snapshot_and_order());
    Ok(cases)
}

/// Sixteen targets that differ in everything; two are out of service and one has no room.
fn entrants() -> Vec<Entrant> {
    let one = |slot: usize| {
        let n = slot as f32;
        let load = TargetLoad::UNKNOWN
            .with_history(History::Some)
            .with_in_flight(slot as u32 * 7 % 11)
            .with_latency(Some(Faded::new(0.3 + n * 0.37 % 0.9, 0.9)))
            .with_errors(Some(Faded::new(n * 0.13 % 0.1, 0.9)))
            .with_limits(
                Some(n * 0.31 % 0.8),
                (slot == 5).then_some(Duration::from_secs(2)),
            );
        let health = if slot % 8 == 3 {
            TargetHealth::closed_for(Duration::from_secs(30), 3)
        } else {
            TargetHealth::available(0).with_load(load)
        };
        let weight = NonZeroU32::new(slot as u32 % 3 + 1).unwrap_or(NonZeroU32::MIN);
        Entrant::new(health)
            .with_slot(slot)
            .with_weight(weight)
            .with_priority(slot as u32 / 4 + 1)
            .with_price(Some(NanoUsd::new(slot as i64 * 977 % 1000)))
            .with_name(&Place::new(format!("p{slot}").as_str(), "m"))
    };
    (0..TARGETS).map(one).collect()
}

fn ordered(strategy: Strategy) -> Case {
    let mut order = Order::new(Balance::new(strategy), None);
    Case::new(format!("{strategy}, 16 targets"), move || order.run()).with_target(ORDER)
}

/// As the most usual strategy, with a session that has a target.
fn with_session() -> Case {
    let balance = Balance::new(Strategy::LeastLatency).with_affinity(Affinity::Session);
    let mut order = Order::new(balance, Some(SessionKey::named("a session")));
    Case::new("least_latency with a session", move || order.run()).with_target(WHOLE)
}

struct Order {
    balance: Balance,
    entrants: Vec<Entrant>,
    ranks: [Rank; TARGETS],
    rotation: Rotation,
    session: Option<SessionKey>,
    draw: u64,
}

impl Order {
    fn new(balance: Balance, session: Option<SessionKey>) -> Self {
        let mut order = Self {
            balance,
            entrants: entrants(),
            ranks: [Rank::default(); TARGETS],
            rotation: Rotation::new(),
            session,
            draw: 1,
        };
        // The rotation takes its memory with the first call.
        order.run();
        order
    }

    fn run(&mut self) {
        self.draw = self
            .draw
            .wrapping_mul(0x5851_F42D_4C95_7F2D)
            .wrapping_add(1);
        rank(
            &self.balance,
            black_box(&self.entrants),
            &self.rotation,
            self.session,
            self.draw,
            &mut self.ranks,
        );
        black_box(&self.ranks);
    }
}

/// Gates of sixteen targets, as a route has them.
fn gates(limits: LimitConfig) -> Vec<TargetGate> {
    let now = Instant::now();
    let endpoints: Vec<_> = (0..TARGETS)
        .map(|slot| {
            let target = Place::new(format!("provider-{slot}").as_str(), "m");
            (Endpoint::new(target).with_limits(limits), None)
        })
        .collect();
    let gates = Gates::new(GatesConfig::default(), Arc::new(TracingObserver));
    let rules = GateRules::new(BreakerConfig::adaptive());
    let latency = Arc::new(LatencyDigest::new(now));
    gates.group(&endpoints, &rules, latency, Duration::from_secs(30), now)
}

fn snapshot(limits: LimitConfig, what: &str) -> Case {
    let gates = gates(limits);
    let need = Need::new(100, 100);
    Case::new(format!("snapshot of 16, {what}"), move || {
        let now = Instant::now();
        for gate in &gates {
            black_box(gate.snapshot(now, Form::Stream, &need));
        }
    })
    .with_target(WHOLE)
}

/// What a call pays in all: the clock, the snapshot, the order.
fn snapshot_and_order() -> Case {
    let gates = gates(LimitConfig::new());
    let balance = Balance::new(Strategy::LeastLatency);
    let rotation = Rotation::new();
    let mut draw = 1_u64;
    let mut entrants = [Entrant::new(TargetHealth::default()); TARGETS];
    let mut ranks = [Rank::default(); TARGETS];
    Case::new("clock, snapshot and least_latency of 16", move || {
        let now = Instant::now();
        for (entrant, gate) in entrants.iter_mut().zip(&gates) {
            *entrant = Entrant::new(gate.snapshot(now, Form::Stream, &Need::new(100, 100)));
        }
        draw = draw.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
        rank(&balance, &entrants, &rotation, None, draw, &mut ranks);
        black_box(&ranks);
    })
    .with_target(WHOLE)
}
