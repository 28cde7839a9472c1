//! Endpoints that are down: one, two, all; by reset, refusal, silence, error status.

use super::Scenario;
use super::vendors::{BUSY, CALM, LONG, SHORT, ms, secs, storm, three};
use crate::faults::{Fault, Malformed};
use crate::invariants::Criterion as C;
use crate::load::Load;
use crate::plan::{Phases, Plan};

/// The stall limit of 3 s and 2 s more (I8).
const SILENT_OPENS: std::time::Duration = secs(5);

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        number: 1,
        name: "baseline",
        about: "nothing is wrong",
        plan: |_| {
            Plan::new(three(), Load::of(BUSY), Phases::of(5, 60, 5))
                .with(C::Success(1.0))
                .with(C::Amplification(1.0))
                .with(C::NoOpening)
        },
    },
    Scenario {
        number: 2,
        name: "one-down-reset",
        about: "one of three resets every connection for a minute",
        plan: |_| {
            Plan::new(three(), Load::of(BUSY), LONG)
                .with_fault(storm(0, Fault::Reset, LONG))
                .with(C::Success(0.999))
                .with(C::Amplification(1.05))
                .with(C::AddedP99(ms(50)))
                .with(C::OpensWithin(secs(1)))
                .with(C::Recovers)
        },
    },
    Scenario {
        number: 3,
        name: "one-down-refused",
        about: "one of three closes its port",
        plan: |_| {
            Plan::new(three(), Load::of(CALM), SHORT)
                .with_fault(storm(0, Fault::Refuse, SHORT))
                .with(C::Success(0.999))
                .with(C::ConnectsPerTenSeconds(0, 2))
                .with(C::Recovers)
        },
    },
    Scenario {
        number: 4,
        name: "one-blackhole",
        about: "one of three accepts and never answers",
        plan: |_| {
            Plan::new(three(), Load::of(BUSY).streams(), LONG)
                .with_fault(storm(0, Fault::BlackHole, LONG))
                .with(C::Success(0.999))
                .with(C::Amplification(1.10))
                .with(C::OpensWithin(SILENT_OPENS))
                .with(C::Recovers)
        },
    },
    Scenario {
        number: 5,
        name: "accept-then-close",
        about: "one of three reads the request, works on it, and closes",
        plan: |_| {
            Plan::new(three(), Load::of(CALM), SHORT)
                .with_fault(storm(0, Fault::CloseAfterRequest, SHORT))
                .with(C::Success(0.999))
                .with(C::Amplification(1.10))
                .with(C::MarksEqualBill)
                .with(C::Recovers)
        },
    },
    Scenario {
        number: 6,
        name: "500-storm",
        about: "one of three answers 500 to everything",
        plan: |_| {
            Plan::new(three(), Load::of(BUSY), LONG)
                .with_fault(storm(0, Fault::Status(500), LONG))
                .with(C::Success(0.999))
                .with(C::OpensWithin(secs(1)))
                .with(C::Recovers)
        },
    },
    Scenario {
        number: 10,
        name: "total-outage",
        about: "all three reset every connection for a minute",
        plan: |_| {
            let mut plan = Plan::new(three(), Load::of(BUSY), LONG)
                .with(C::Amplification(0.3))
                .with(C::FailsWithin(ms(5)))
                .with(C::Recovers);
            plan.faults = (0..3)
                .map(|vendor| storm(vendor, Fault::Reset, LONG))
                .collect();
            plan
        },
    },
    Scenario {
        number: 11,
        name: "shared-infra",
        about: "two of three share a failure domain and are down together",
        plan: |_| {
            let mut vendors = three();
            for vendor in vendors.iter_mut().take(2) {
                vendor.domain = Some("shared-model-serving");
            }
            let mut plan = Plan::new(vendors, Load::of(BUSY), LONG)
                .with(C::Success(0.999))
                .with(C::WastedHops(1))
                .with(C::Recovers);
            plan.faults = (0..2)
                .map(|vendor| storm(vendor, Fault::Reset, LONG))
                .collect();
            plan
        },
    },
    Scenario {
        number: 12,
        name: "two-of-three-blackhole",
        about: "two of three accept and never answer",
        plan: |_| two_silent(BUSY, 0.995),
    },
    Scenario {
        number: 12,
        name: "two-of-three-blackhole-5rps",
        about: "the same with few calls",
        plan: |_| two_silent(5.0, 0.985),
    },
    Scenario {
        number: 12,
        name: "two-of-three-reset",
        about: "two of three reset every connection, in no declared domain",
        plan: |_| {
            let mut plan = Plan::new(three(), Load::of(BUSY), LONG)
                .with(C::Success(0.995))
                .with(C::Amplification(1.20))
                .with(C::Recovers);
            plan.faults = (0..2)
                .map(|vendor| storm(vendor, Fault::Reset, LONG))
                .collect();
            plan
        },
    },
    Scenario {
        number: 24,
        name: "slow-headers",
        about: "one of three sends its headers a byte a second",
        plan: |_| {
            Plan::new(three(), Load::of(CALM).streams(), SHORT)
                .with_fault(storm(0, Fault::SlowHeaders, SHORT))
                .with(C::Success(0.999))
                .with(C::AddedP99(ms(10_050)))
                .with(C::OpensWithin(SILENT_OPENS))
                .with(C::Recovers)
        },
    },
    Scenario {
        number: 30,
        name: "malformed-200",
        about: "one of three answers 200 with HTML, half JSON, other JSON, nothing",
        plan: |_| {
            let mut plan = Plan::new(three(), Load::of(CALM), SHORT)
                .with(C::Success(0.999))
                .with(C::OpensWithin(secs(2)))
                .with(C::Recovers);
            // Each of the four hits a quarter: what is left of the shares before it.
            plan.faults = [
                (Malformed::Html, 0.25),
                (Malformed::HalfJson, 1.0 / 3.0),
                (Malformed::WrongShape, 0.5),
                (Malformed::Empty, 1.0),
            ]
            .map(|(form, share)| storm(0, Fault::Malformed(form), SHORT).with_share(share))
            .into();
            plan
        },
    },
    Scenario {
        number: 34,
        name: "tls-dns",
        about: "one host's certificate is wrong, then another's name is gone",
        plan: |_| {
            let mut plan = Plan::new(three(), Load::of(CALM), SHORT)
                .with(C::Success(0.999))
                .with(C::Recovers);
            let mut certificate = storm(0, Fault::BadCertificate, SHORT);
            let mut name = storm(1, Fault::Unresolvable, SHORT);
            certificate.until = SHORT.storm + secs(15);
            name.from = SHORT.storm + secs(15);
            plan.faults = vec![certificate, name];
            plan
        },
    },
    Scenario {
        number: 34,
        name: "slow-dns",
        about: "one host's name takes longer to resolve than a connection may take",
        plan: |_| {
            Plan::new(three(), Load::of(CALM), SHORT)
                .with_fault(storm(0, Fault::ConnectTimeout(secs(3)), SHORT))
                .with(C::Success(0.999))
                .with(C::Amplification(1.10))
                .with(C::OpensWithin(SILENT_OPENS))
                .with(C::Recovers)
        },
    },
];

fn two_silent(rate: f64, success: f64) -> Plan {
    let mut plan = Plan::new(three(), Load::of(rate).streams(), LONG)
        .with(C::Success(success))
        .with(C::Recovers);
    // Five in a row, the fewest that open, take longer than that where few calls come.
    if rate >= BUSY {
        plan = plan.with(C::OpensWithin(SILENT_OPENS));
    }
    plan.faults = (0..2)
        .map(|vendor| storm(vendor, Fault::BlackHole, LONG))
        .collect();
    plan
}
