//! A scenario worked out for one seed: vendors, faults, load, policy, and what must come of it.

use std::time::Duration;

use interline_resilience::{AttemptPolicy, HedgePolicy, Timeouts};

use crate::faults::FaultWindow;
use crate::invariants::Criterion;
use crate::load::Load;

/// One run, worked out.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Who answers.
    pub(crate) vendors: Vec<VendorSpec>,
    /// Where a call may go, in order of preference.
    pub(crate) targets: Vec<TargetSpec>,
    /// In which order a call asks them.
    pub(crate) order: Order,
    /// Who calls.
    pub(crate) load: Load,
    /// What goes wrong.
    pub(crate) faults: Vec<FaultWindow>,
    /// When.
    pub(crate) phases: Phases,
    /// How hard the engine tries.
    pub(crate) policy: AttemptPolicy,
    /// When second attempts set out beside silent ones.
    pub(crate) hedge: Option<HedgePolicy>,
    /// What must come of it, besides the invariants that hold for every run.
    pub(crate) criteria: Vec<Criterion>,
    /// The process stands still once, for so long, at this time.
    pub(crate) standstill: Option<(Duration, Duration)>,
    /// Whether the calls of other tenants must go as if the first tenant's faults were not there.
    pub(crate) isolation: Isolation,
}

/// Whether one tenant's faults may be seen in the routing of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isolation {
    /// They may: tenants share keys.
    Shared,
    /// They must not: the run is compared with a twin that lacks the faults.
    Twin,
}

/// When a run is healthy, broken, healing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Phases {
    /// When the faults begin.
    pub(crate) storm: Duration,
    /// When they are over.
    pub(crate) heal: Duration,
    /// When the last call comes.
    pub(crate) end: Duration,
}

impl Phases {
    /// Seconds of health, storm and healing.
    pub(crate) const fn of(warm: u64, storm: u64, heal: u64) -> Self {
        Self {
            storm: Duration::from_secs(warm),
            heal: Duration::from_secs(warm + storm),
            end: Duration::from_secs(warm + storm + heal),
        }
    }
}

/// In which order a call asks its targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// As in the plan: the first is the primary.
    Fallback,
    /// Each call draws an order, so that targets share the load evenly.
    Balanced,
}

/// A virtual vendor.
#[derive(Clone, Debug)]
pub(crate) struct VendorSpec {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it fails together with.
    pub(crate) domain: Option<&'static str>,
    /// Half of the first tokens come sooner.
    pub(crate) ttft: Duration,
    /// The spread of log-normal first-token times.
    pub(crate) sigma: f64,
    /// Some first tokens come much later, without a fault: the share, and how many times later.
    pub(crate) tail: Option<(f64, f64)>,
    /// The time from token to token.
    pub(crate) pace: Duration,
    /// How many answers it works on at full speed; at three times as many it refuses.
    pub(crate) capacity: Option<u32>,
    /// What it allows.
    pub(crate) limits: Option<VendorLimits>,
}

impl VendorSpec {
    /// A vendor as in the design's simulation: log-normal, median 0.6 s to the first token, no limits.
    ///
    /// The spread of 0.4 (p99 at 2.5 times the median) is chosen, not measured.
    pub(crate) const fn new(name: &'static str) -> Self {
        Self {
            name,
            domain: None,
            ttft: Duration::from_millis(600),
            sigma: 0.4,
            tail: None,
            pace: Duration::from_millis(30),
            capacity: None,
            limits: None,
        }
    }
}

/// What a vendor allows each key in a minute, and enforces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VendorLimits {
    /// Requests.
    pub(crate) rpm: f64,
    /// Tokens read and written.
    pub(crate) tpm: Option<f64>,
    /// From this time on everything is multiplied by the second number.
    pub(crate) change: Option<(Duration, f64)>,
}

impl VendorLimits {
    /// Requests and tokens in a minute, as they hold at this time.
    pub(crate) fn now(&self, now: Duration) -> (f64, Option<f64>) {
        let factor = match self.change {
            Some((from, factor)) if now >= from => factor,
            _ => 1.0,
        };
        (self.rpm * factor, self.tpm.map(|tpm| tpm * factor))
    }
}

/// Somewhere a call may go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TargetSpec {
    /// Which vendor.
    pub(crate) vendor: usize,
    /// With which of its keys.
    pub(crate) key: u16,
    /// Whose key it is; everybody's where nobody is named.
    pub(crate) tenant: Option<u16>,
}

impl Plan {
    /// A plan with one target for each vendor, evenly used, and no fault.
    pub(crate) fn new(vendors: impl Into<Vec<VendorSpec>>, load: Load, phases: Phases) -> Self {
        let vendors = vendors.into();
        let targets = (0..vendors.len())
            .map(|vendor| TargetSpec {
                vendor,
                key: 0,
                tenant: None,
            })
            .collect();
        Self {
            vendors,
            targets,
            order: Order::Balanced,
            load,
            faults: Vec::new(),
            phases,
            policy: policy(),
            hedge: None,
            criteria: Vec::new(),
            standstill: None,
            isolation: Isolation::Shared,
        }
    }

    /// Adds a fault.
    pub(crate) fn with_fault(mut self, fault: FaultWindow) -> Self {
        self.faults.push(fault);
        self
    }

    /// Demands something.
    pub(crate) fn with(mut self, criterion: Criterion) -> Self {
        self.criteria.push(criterion);
        self
    }

    /// Changes the order in which targets are asked.
    pub(crate) const fn with_order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Keeps only these faults, by their place; they need not fire enough then.
    pub(crate) fn keep_faults(&mut self, kept: &[usize]) {
        let mut place = 0;
        self.faults.retain(|_| {
            place += 1;
            kept.contains(&(place - 1))
        });
        for window in &mut self.faults {
            window.minimum = 0;
        }
    }
}

/// The policy of every scenario that does not say otherwise.
///
/// 10 s to the first token as in the design's simulation; the contract's 30 s would only make
/// storms longer. A minute in all: the patience of a caller.
fn policy() -> AttemptPolicy {
    let timeouts = Timeouts::default()
        .with_first_token(Duration::from_secs(10))
        .with_unary(Duration::from_secs(30))
        .with_total(Duration::from_secs(60));
    AttemptPolicy::default()
        .with_max_attempts(3)
        .with_timeouts(timeouts)
}
