//! The random soup: some 300 calls through a random subset of all faults at random strength.

use std::time::Duration;

use super::Scenario;
use super::vendors::{ms, secs};
use crate::faults::{Fault, FaultWindow, Malformed, RetryAfterForm};
use crate::invariants::Criterion as C;
use crate::load::{Burst, Load};
use crate::plan::{Order, Phases, Plan, VendorSpec};
use crate::random::Stream;

/// The soup.
pub(crate) const SOUP: Scenario = Scenario {
    number: 48,
    name: "soup",
    about: "a random subset of all faults at random strength",
    plan: mix,
};

const PHASES: Phases = Phases::of(3, 14, 23);
const NAMES: [&str; 4] = ["alpha", "beta", "gamma", "delta"];

fn mix(draws: &mut Stream) -> Plan {
    let vendors = NAMES.into_iter().take(draws.whole(2, 4) as usize);
    let vendors: Vec<_> = vendors.map(|name| vendor(name, draws)).collect();
    let count = u32::try_from(vendors.len()).unwrap_or(1);
    let mut load = Load::of(draws.between(5.0, 8.0));
    load.streamed = draws.between(0.3, 1.0);
    load.give_up = draws.pick(&[0.0, 0.0, 0.1, 0.3]);
    if draws.chance(0.3) {
        let from = PHASES.storm + secs(u64::from(draws.whole(0, 10)));
        load.bursts.push(Burst {
            from,
            until: from + secs(2),
            factor: draws.between(2.0, 8.0),
        });
    }
    let mut plan = Plan::new(vendors, load, PHASES).with(C::Recovers);
    plan.order = draws.pick(&[Order::Balanced, Order::Fallback]);
    for _ in 0..draws.whole(1, 5) {
        let vendor = draws.whole(0, count - 1) as usize;
        plan.faults.push(window(vendor, draws));
    }
    if draws.chance(0.05) {
        let at = PHASES.storm + secs(u64::from(draws.whole(0, 10)));
        plan.standstill = Some((at, secs(u64::from(draws.whole(1, 30)))));
    }
    plan
}

fn vendor(name: &'static str, draws: &mut Stream) -> VendorSpec {
    let mut vendor = VendorSpec::new(name);
    vendor.ttft = ms(u64::from(draws.whole(200, 1_000)));
    vendor.domain = draws.pick(&[None, None, Some("shared")]);
    vendor.tail = draws.pick(&[None, None, Some((0.02, 5.0))]);
    vendor
}

fn window(vendor: usize, draws: &mut Stream) -> FaultWindow {
    let begin = draws.between(0.0, 12.0);
    let length = draws.between(1.0, 14.0);
    let from = PHASES.storm + Duration::from_secs_f64(begin);
    let until = (from + Duration::from_secs_f64(length)).min(PHASES.heal);
    let share = draws.pick(&[0.1, 0.3, 0.5, 1.0, 1.0]);
    let mut window = FaultWindow::new(vendor, fault(draws), from, until).with_share(share);
    if draws.chance(0.15) {
        window = window.with_duty(secs(2), secs(2));
    }
    // What is drawn may hit nobody; over all seeds every fault fires, which the report shows.
    window.minimum = 0;
    window
}

fn fault(draws: &mut Stream) -> Fault {
    let tokens = draws.whole(0, 3);
    let form = draws.pick(&[
        RetryAfterForm::Absent,
        RetryAfterForm::Seconds(3),
        RetryAfterForm::Milliseconds(700),
        RetryAfterForm::Past,
        RetryAfterForm::Garbage,
    ]);
    let malformed = draws.pick(&[
        Malformed::Html,
        Malformed::HalfJson,
        Malformed::WrongShape,
        Malformed::Empty,
    ]);
    let factor = draws.between(2.0, 12.0);
    draws.pick(&[
        Fault::Refuse,
        Fault::Unresolvable,
        Fault::BadCertificate,
        Fault::ConnectTimeout(secs(5)),
        Fault::Reset,
        Fault::CloseAfterRequest,
        Fault::Stale,
        Fault::BlackHole,
        Fault::SlowHeaders,
        Fault::Status(500),
        Fault::Status(502),
        Fault::Status(408),
        Fault::Busy(429, form),
        Fault::Busy(503, form),
        Fault::Busy(529, form),
        Fault::Quota,
        Fault::BadKey,
        Fault::ContentPolicy,
        Fault::Status(404),
        Fault::Slow {
            factor,
            within: secs(3),
        },
        Fault::Malformed(malformed),
        Fault::StallAt(tokens),
        Fault::TruncateAt(tokens),
        Fault::BreakAt(tokens),
        Fault::ErrorEventAt(tokens),
        Fault::Trickle(secs(4)),
        Fault::PingsAt(tokens, secs(4)),
    ])
}
