//! Streams that go wrong on their way, and readers that are slow.

use interline_core::ErrorKind;

use super::Scenario;
use super::vendors::{CALM, SHORT, ms, secs, storm, three};
use crate::faults::Fault;
use crate::invariants::Criterion as C;
use crate::load::Load;
use crate::plan::{Phases, Plan};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        number: 25,
        name: "trickle",
        about: "one vendor sends a token every 15 s, another nothing but pings after two",
        plan: |_| {
            let phases = Phases::of(10, 30, 60);
            let mut load = Load::of(10.0).streams();
            load.tokens = (3, 3);
            let mut plan = Plan::new(three(), load, phases)
                .with_fault(storm(0, Fault::PingsAt(2, secs(5)), phases).with_share(0.5))
                .with_fault(storm(1, Fault::Trickle(secs(15)), phases).with_share(0.5))
                .with(C::StreamEndsWithin(ms(30_050)))
                .with(C::CutAtLeast(1));
            plan.policy.timeouts = plan
                .policy
                .timeouts
                .with_progress(secs(30))
                .with_first_token(secs(20))
                .with_total(secs(120));
            plan
        },
    },
    Scenario {
        number: 26,
        name: "stall-mid-stream",
        about: "streams of one vendor fall silent after two tokens",
        plan: |_| {
            let mut load = Load::of(20.0).streams();
            load.tokens = (3, 9);
            Plan::new(three(), load, SHORT)
                .with_fault(storm(0, Fault::StallAt(2), SHORT).with_share(0.5))
                .with(C::StreamEndsWithin(ms(20_050)))
                .with(C::CutAtLeast(1))
                .with(C::Success(0.999))
        },
    },
    Scenario {
        number: 27,
        name: "truncated-stream",
        about: "streams end without their last event, after no token, one, two, three",
        plan: |_| {
            let mut plan = Plan::new(three(), Load::of(CALM).streams(), SHORT)
                .with(C::Success(0.999))
                .with(C::CutAtLeast(1));
            plan.faults = (0..4)
                .map(|tokens| storm(0, Fault::TruncateAt(tokens), SHORT).with_share(0.05))
                .chain([storm(1, Fault::BreakAt(1), SHORT).with_share(0.05)])
                .chain([storm(1, Fault::BreakAt(0), SHORT).with_share(0.05)])
                .collect();
            plan
        },
    },
    Scenario {
        number: 28,
        name: "error-event",
        about: "an overload error comes as an event of a stream that began well",
        plan: |_| {
            let mut plan = Plan::new(three(), Load::of(CALM).streams(), SHORT)
                .with(C::Success(0.999))
                .with(C::CutAtLeast(1))
                .with(C::FailsAs(ErrorKind::Overloaded));
            plan.faults = [0, 2]
                .map(|tokens| storm(0, Fault::ErrorEventAt(tokens), SHORT).with_share(0.1))
                .into();
            plan
        },
    },
    Scenario {
        number: 37,
        name: "client-disconnects",
        about: "three of ten callers leave at some point",
        plan: |_| {
            let mut load = Load::of(CALM);
            load.give_up = 0.3;
            Plan::new(three(), load, Phases::of(5, 60, 5))
                .with(C::Success(1.0))
                .with(C::Amplification(1.0))
                .with(C::NoOpening)
        },
    },
    Scenario {
        number: 42,
        name: "slow-reader",
        about: "readers pause 30 s after every token",
        plan: |_| {
            let mut load = Load::of(5.0).streams();
            load.reader_pause = secs(30);
            let mut plan = Plan::new(three(), load, Phases::of(5, 30, 5))
                .with(C::Success(1.0))
                .with(C::NoOpening);
            plan.policy.timeouts = plan.policy.timeouts.with_total(secs(600));
            plan
        },
    },
];
