//! What it costs to decide whether targets may be called: every gate of a route of sixteen.
//!
//! A gate is breaker, host, credential, pause, and limits told and configured, so the cases differ in
//! how many gates are asked before one opens. Each case settles what it was given.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use interline_resilience::breaker::{BreakerConfig, Mode};
use interline_resilience::{
    Admission as _, Admit, Ask, Endpoint, GateRules, Gates, GatesConfig, LatencyDigest,
    LimitConfig, Need, Outcome, TargetGate, TracingObserver,
};
use tokio::time::Instant;

use crate::case::{Bench, Case, Target};

/// How many candidates a call has: more than any route in practice.
const CANDIDATES: usize = 16;

/// The aim for a whole admission over all candidates (resilience.md).
const WHOLE: Target = Target {
    p50_ns: Some(500.0),
    p99_ns: Some(2_000.0),
    allocations: Some(0),
};

/// The bench.
pub(crate) const BENCH: Bench = Bench {
    name: "admission",
    unit: "decision",
    cases,
};

fn cases() -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for (preset, config) in [
        ("simple", BreakerConfig::simple()),
        ("adaptive", BreakerConfig::adaptive()),
    ] {
        cases.push(first_is_well(preset, config));
        cases.push(last_is_well(preset, config));
        cases.push(health_of_all(preset, config));
    }
    cases.push(with_limits());
    Ok(cases)
}

/// The ordinary call: the first target is well and gets it.
fn first_is_well(preset: &str, config: BreakerConfig) -> Case {
    let gates = gates(config, LimitConfig::default());
    let mut draws = Draws::default();
    Case::new(
        format!("first of 16 admits and settles, {preset}"),
        move || {
            admit_first_open(&gates, &mut draws);
        },
    )
    .with_target(WHOLE)
}

/// The worst call that still finds somebody: fifteen circuits are open.
fn last_is_well(preset: &str, config: BreakerConfig) -> Case {
    let gates = gates(config, LimitConfig::default());
    let now = Instant::now();
    for gate in gates.iter().take(CANDIDATES - 1) {
        if let Some(breaker) = gate.breaker() {
            breaker.force(Mode::Open, now);
        }
    }
    let mut draws = Draws::default();
    Case::new(
        format!("15 of 16 are open, last admits, {preset}"),
        move || {
            admit_first_open(&gates, &mut draws);
        },
    )
    .with_target(WHOLE)
}

/// What a balancer reads before it orders: the health of all sixteen.
fn health_of_all(preset: &str, config: BreakerConfig) -> Case {
    let gates = gates(config, LimitConfig::default());
    Case::new(format!("health of 16, {preset}"), move || {
        let now = Instant::now();
        for gate in &gates {
            black_box(gate.health(now));
        }
    })
}

/// As the ordinary call, where requests, tokens and calls at once are limited.
fn with_limits() -> Case {
    // More than any machine asks for in a minute: a limit that runs out would measure refusals.
    let plenty = 1_000_000_000_000;
    let limits = LimitConfig::new()
        .with_rpm(plenty)
        .with_tpm(plenty)
        .with_concurrency(plenty);
    let gates = gates(BreakerConfig::adaptive(), limits);
    let mut draws = Draws::default();
    Case::new("first of 16 admits, rpm + tpm + concurrency", move || {
        admit_first_open(&gates, &mut draws);
    })
    .with_target(WHOLE)
}

/// Asks gate after gate until one opens, and settles its permit, with one reading of the clock.
fn admit_first_open(gates: &[TargetGate], draws: &mut Draws) {
    let now = Instant::now();
    for gate in gates {
        let ask = Ask::new(gate.target(), now)
            .with_draw(draws.next())
            .with_need(Need::new(1_000, 200));
        if let Admit::Go(permit) = gate.admit(&ask) {
            permit.settle(Outcome::Success, now);
            return;
        }
    }
}

fn gates(config: BreakerConfig, limits: LimitConfig) -> Vec<TargetGate> {
    let now = Instant::now();
    let keeper = Gates::new(GatesConfig::default(), Arc::new(TracingObserver));
    let endpoints: Vec<_> = (0..CANDIDATES)
        .map(|number| {
            let target = interline_core::Target::new(format!("vendor-{number}"), "model");
            let endpoint = Endpoint::new(target).with_limits(limits);
            (endpoint, None)
        })
        .collect();
    let latency = Arc::new(LatencyDigest::new(now));
    let first_token = Duration::from_secs(30);
    keeper.group(
        &endpoints,
        &GateRules::new(config),
        latency,
        first_token,
        now,
    )
}

/// Draws that cost next to nothing: the bench is not about random numbers.
#[derive(Debug, Default)]
struct Draws(u32);

impl Draws {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(self.0) / (f64::from(u32::MAX) + 1.0)
    }
}
