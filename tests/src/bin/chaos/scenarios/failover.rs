//! Endpoints that are half ill: shares of errors, slowness, flapping, lost probes, stale connections.

use interline_resilience::HedgePolicy;

use super::Scenario;
use super::vendors::{BUSY, CALM, LONG, SHORT, ms, secs, storm, three};
use crate::faults::Fault;
use crate::invariants::Criterion as C;
use crate::load::Load;
use crate::plan::{Order, Phases, Plan};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        number: 7,
        name: "partial-one",
        about: "one of three fails 30 %",
        plan: |_| partial(&[0.3]),
    },
    Scenario {
        number: 7,
        name: "partial-two",
        about: "two of three fail 45 %",
        plan: |_| partial(&[0.45, 0.45]),
    },
    Scenario {
        number: 8,
        name: "uniform-20",
        about: "all three fail 20 %",
        plan: |_| {
            uniform(0.2)
                .with(C::Success(0.93))
                .with(C::Amplification(1.20))
                .with(C::OpensPerMinute(1.0))
        },
    },
    Scenario {
        number: 9,
        name: "uniform-60",
        about: "all three fail 60 %",
        // Two of five calls are answered without any help: whoever opens breakers makes that worse.
        plan: |_| {
            uniform(0.6)
                .with(C::Success(0.40))
                .with(C::Amplification(1.20))
                .with(C::Recovers)
        },
    },
    Scenario {
        number: 13,
        name: "brown-out",
        about: "one of three becomes ten times slower within 10 s",
        plan: |_| {
            let slow = Fault::Slow {
                factor: 10.0,
                within: secs(10),
            };
            Plan::new(three(), Load::of(BUSY).streams(), LONG)
                .with_fault(storm(0, slow, LONG))
                .with(C::Success(0.999))
                .with(C::ShareOf(0, 0.10, secs(15)))
                .with(C::P99Ratio(2.0, secs(15)))
        },
    },
    Scenario {
        number: 14,
        name: "flapping",
        about: "one of three is down for 5 s, up for 5 s, and so on",
        plan: |_| {
            let window = storm(0, Fault::Reset, LONG).with_duty(secs(5), secs(5));
            Plan::new(three(), Load::of(BUSY), LONG)
                .with_fault(window)
                .with(C::Success(0.999))
                .with(C::Amplification(1.10))
                .with(C::OpensPerMinute(12.0))
                .with(C::Recovers)
        },
    },
    Scenario {
        number: 15,
        name: "fast-fail-lure",
        about: "one of three answers 500 in 1 ms, the others 200 in 1 s",
        plan: |_| {
            let mut vendors = three();
            for vendor in &mut vendors {
                vendor.ttft = secs(1);
            }
            Plan::new(vendors, Load::of(BUSY), LONG)
                .with_fault(storm(0, Fault::Status(500), LONG))
                .with(C::Success(0.999))
                .with(C::ShareOf(0, 0.02, secs(2)))
        },
    },
    Scenario {
        number: 33,
        name: "stale-pool",
        about: "one of ten pooled connections turns out to be dead",
        plan: |_| {
            let mut plan = Plan::new(three(), Load::of(CALM), SHORT)
                .with(C::Success(1.0))
                .with(C::NoOpening);
            plan.faults = (0..3)
                .map(|vendor| storm(vendor, Fault::Stale, SHORT).with_share(0.1))
                .collect();
            plan
        },
    },
    Scenario {
        number: 35,
        name: "clock-jump",
        about: "the process stands still for 30 s under load",
        plan: |_| {
            let mut plan = Plan::new(three(), Load::of(CALM), Phases::of(10, 40, 20))
                .with(C::Success(0.999))
                .with(C::NoOpening);
            plan.standstill = Some((secs(20), secs(30)));
            plan
        },
    },
    Scenario {
        number: 39,
        name: "lost-probe",
        about: "the primary fails, then swallows probes whose callers often go away",
        plan: |_| {
            let mut load = Load::of(CALM).streams();
            load.give_up = 0.5;
            let mut fails = storm(0, Fault::Status(500), LONG);
            let mut silent = storm(0, Fault::BlackHole, LONG);
            fails.until = LONG.storm + secs(5);
            silent.from = LONG.storm + secs(5);
            Plan::new(three(), load, LONG)
                .with_order(Order::Fallback)
                .with_fault(fails)
                .with_fault(silent)
                .with(C::Success(0.999))
                .with(C::Amplification(1.10))
                .with(C::Recovers)
        },
    },
    Scenario {
        number: 38,
        name: "hedge-race",
        about: "two in a hundred first tokens come ten times later",
        plan: |_| {
            let mut vendors = three();
            for vendor in &mut vendors {
                vendor.tail = Some((0.02, 10.0));
            }
            let mut plan = Plan::new(vendors, Load::of(CALM).streams(), SHORT)
                .with(C::Success(1.0))
                .with(C::P99Within(ms(3_000)))
                .with(C::Hedges(0.05))
                .with(C::NoOpening);
            plan.hedge = Some(HedgePolicy::default());
            plan
        },
    },
];

fn partial(shares: &[f64]) -> Plan {
    let mut plan = Plan::new(three(), Load::of(BUSY), LONG)
        .with(C::Success(0.999))
        .with(C::Amplification(1.20))
        .with(C::Recovers);
    plan.faults = shares
        .iter()
        .enumerate()
        .map(|(vendor, share)| storm(vendor, Fault::Status(500), LONG).with_share(*share))
        .collect();
    plan
}

fn uniform(share: f64) -> Plan {
    let mut plan = Plan::new(three(), Load::of(BUSY), LONG);
    plan.faults = (0..3)
        .map(|vendor| storm(vendor, Fault::Status(500), LONG).with_share(share))
        .collect();
    plan
}
