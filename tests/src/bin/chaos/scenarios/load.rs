//! Too many calls: at the start, in a flood, in a spike.

use super::Scenario;
use super::vendors::{SHORT, ms, secs, three};
use crate::invariants::Criterion as C;
use crate::load::{Burst, Load};
use crate::plan::{Phases, Plan, VendorLimits};

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        number: 36,
        name: "cold-start-herd",
        about: "a thousand calls come at once before anything is known",
        plan: |_| {
            let mut load = Load::of(50.0);
            load.bursts.push(Burst {
                from: secs(0),
                until: ms(100),
                factor: 200.0,
            });
            let phases = Phases::of(0, 20, 20);
            Plan::new(three(), load, phases)
                .with(C::Success(1.0))
                .with(C::FairStart(2.0))
                .with(C::NoOpening)
        },
    },
    Scenario {
        number: 40,
        name: "batch-flood",
        about: "ten batch calls come for each interactive one, more than vendors allow",
        plan: |_| {
            let mut vendors = three();
            for vendor in &mut vendors {
                vendor.limits = Some(VendorLimits {
                    rpm: 600.0,
                    tpm: None,
                    change: None,
                });
            }
            let mut load = Load::of(5.0);
            load.batch = 10.0;
            Plan::new(vendors, load, SHORT)
                .with(C::InteractiveSuccess(0.999))
                .with(C::InteractiveRatio(2.0))
                .with(C::NoOpening)
        },
    },
    Scenario {
        number: 41,
        name: "metastable",
        about: "a spike of five times the load meets vendors of limited capacity",
        plan: |_| {
            let phases = Phases::of(20, 10, 60);
            let mut vendors = three();
            for vendor in &mut vendors {
                vendor.capacity = Some(80);
            }
            let mut load = Load::of(200.0);
            load.bursts.push(Burst {
                from: phases.storm,
                until: phases.heal,
                factor: 5.0,
            });
            Plan::new(vendors, load, phases)
                .with(C::Goodput(0.95, secs(15)))
                .with(C::Amplification(1.20))
        },
    },
];
