//! Rate limits, quotas, keys and refusals: none of them is ill health.

use interline_core::ErrorKind;

use super::Scenario;
use super::vendors::{CALM, LONG, SHORT, secs, storm, three};
use crate::faults::{Fault, RetryAfterForm as Form};
use crate::invariants::Criterion as C;
use crate::load::Load;
use crate::plan::{Isolation, Order, Plan, TargetSpec, VendorLimits, VendorSpec};

/// Every form of a wait, its vendor, and whether it means one.
const FORMS: [(&str, Form); 8] = [
    ("seconds", Form::Seconds(4)),
    ("milliseconds", Form::Milliseconds(2_500)),
    ("fraction", Form::Fraction(1.5)),
    ("date", Form::Date(6)),
    ("go-duration", Form::GoDuration("6m0s", 360)),
    ("past", Form::Past),
    ("absurd", Form::Absurd),
    ("garbage", Form::Garbage),
];

pub(super) const ALL: &[Scenario] = &[
    Scenario {
        number: 16,
        name: "429-storm",
        about: "one of three answers 429, retry after 20 s",
        plan: |_| {
            Plan::new(three(), Load::of(CALM), LONG)
                .with_fault(storm(0, Fault::Busy(429, Form::Seconds(20)), LONG))
                .with(C::Success(0.999))
                .with(C::Amplification(1.05))
                .with(C::NoOpening)
        },
    },
    Scenario {
        number: 17,
        name: "429-formats",
        about: "eight vendors say 429 in eight ways, a ninth answers",
        plan: |_| {
            let names = FORMS.map(|(name, _)| name);
            let vendors: Vec<_> = names
                .into_iter()
                .chain(["healthy"])
                .map(VendorSpec::new)
                .collect();
            let mut plan = Plan::new(vendors, Load::of(CALM), SHORT)
                .with(C::Success(0.999))
                .with(C::NoOpening);
            plan.policy = plan.policy.with_max_attempts(9);
            for (vendor, (_, form)) in FORMS.iter().enumerate() {
                plan.faults
                    .push(storm(vendor, Fault::Busy(429, *form), SHORT));
                let limit = form.wait().unwrap_or_default() + secs(2);
                plan.criteria
                    .push(C::NeverPausedFor(vendor, limit.min(secs(30))));
            }
            plan
        },
    },
    Scenario {
        number: 18,
        name: "all-429",
        about: "every vendor allows less than half of what is asked",
        plan: |_| {
            let mut plan = limited(600.0, None, CALM)
                .with(C::FailsAs(ErrorKind::AllTargetsFailed))
                .with(C::NamesWait(1.0))
                .with(C::NoOpening);
            plan.criteria
                .extend((0..3).map(|vendor| C::Refusals(vendor, 3)));
            plan
        },
    },
    Scenario {
        number: 19,
        name: "tpm-squeeze",
        about: "tokens in a minute are short, requests are not",
        plan: |_| {
            let mut plan = limited(60_000.0, Some(150_000.0), 40.0).with(C::NoOpening);
            plan.criteria
                .extend((0..3).map(|vendor| C::Utilisation(vendor, 0.9)));
            plan.criteria
                .extend((0..3).map(|vendor| C::Refusals(vendor, 3)));
            plan
        },
    },
    Scenario {
        number: 20,
        name: "limit-halves",
        about: "the vendor halves its limit while running, and says so in its headers",
        plan: |_| {
            let mut vendors = three();
            for vendor in &mut vendors {
                vendor.limits = Some(VendorLimits {
                    rpm: 900.0,
                    tpm: None,
                    change: Some((LONG.storm, 0.5)),
                });
            }
            let mut plan = Plan::new(vendors, Load::of(35.0), LONG).with(C::NoOpening);
            plan.criteria
                .extend((0..3).map(|vendor| C::Refusals(vendor, 3)));
            plan
        },
    },
    Scenario {
        number: 0,
        name: "capacity-aware",
        about: "a vendor of 30 requests in a minute stands beside one of 3,500",
        plan: |_| {
            let mut vendors = ["small", "large"].map(VendorSpec::new);
            for (vendor, rpm) in vendors.iter_mut().zip([30.0, 3_500.0]) {
                vendor.limits = Some(VendorLimits {
                    rpm,
                    tpm: None,
                    change: None,
                });
            }
            Plan::new(vendors, Load::of(30.0), LONG)
                .with(C::Success(0.999))
                .with(C::Refusals(0, 0))
                .with(C::Refusals(1, 0))
                .with(C::NoOpening)
        },
    },
    Scenario {
        number: 21,
        name: "quota-exhausted",
        about: "the first of two keys has no quota left",
        plan: |_| {
            let mut plan = Plan::new(three(), Load::of(CALM), SHORT)
                .with_order(Order::Fallback)
                .with_fault(storm(0, Fault::Quota, SHORT).with_key(1))
                .with(C::Success(0.999))
                .with(C::Amplification(1.01))
                .with(C::NoOpening);
            plan.targets = [(0, 1), (0, 2), (1, 0)]
                .map(|(vendor, key)| TargetSpec {
                    vendor,
                    key,
                    tenant: None,
                })
                .into();
            plan
        },
    },
    Scenario {
        number: 22,
        name: "bad-key-tenant",
        about: "one of three tenants has wrong keys everywhere",
        plan: |_| {
            let mut load = Load::of(CALM);
            load.tenants = 3;
            let mut plan = Plan::new(three(), load, SHORT)
                .with(C::FailsAs(ErrorKind::AllTargetsFailed))
                .with(C::SuccessOfOthers(0, 1.0))
                .with(C::NoOpening);
            plan.targets.clear();
            for tenant in 0..3_u16 {
                for vendor in 0..3 {
                    plan.targets.push(TargetSpec {
                        vendor,
                        key: tenant + 1,
                        tenant: Some(tenant),
                    });
                }
            }
            plan.faults = (0..3)
                .map(|vendor| storm(vendor, Fault::BadKey, SHORT).with_key(1))
                .collect();
            plan.isolation = Isolation::Twin;
            plan
        },
    },
    Scenario {
        number: 23,
        name: "content-policy",
        about: "half of all prompts are refused by policy",
        plan: |_| {
            let mut plan = Plan::new(three(), Load::of(CALM), SHORT)
                .with(C::Amplification(1.0))
                .with(C::FailsAs(ErrorKind::ContentFiltered))
                .with(C::NoOpening);
            plan.faults = (0..3)
                .map(|vendor| storm(vendor, Fault::ContentPolicy, SHORT).with_share(0.5))
                .collect();
            plan
        },
    },
];

/// Three vendors with the same limits.
fn limited(rpm: f64, tpm: Option<f64>, rate: f64) -> Plan {
    let mut vendors = three();
    for vendor in &mut vendors {
        vendor.limits = Some(VendorLimits {
            rpm,
            tpm,
            change: None,
        });
    }
    Plan::new(vendors, Load::of(rate), SHORT)
}
