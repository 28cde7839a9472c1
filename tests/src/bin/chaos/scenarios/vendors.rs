//! Vendors and times that scenarios share.

use std::time::Duration;

use crate::faults::{Fault, FaultWindow};
use crate::plan::{Phases, VendorSpec};

/// Calls in a second, where the design says nothing else.
pub(super) const BUSY: f64 = 200.0;
/// Calls in a second, where the rate does not matter.
pub(super) const CALM: f64 = 60.0;

/// 20 s of health, 60 s of storm, 50 s of healing: the design's minute, and time to recover.
pub(super) const LONG: Phases = Phases::of(20, 60, 50);
/// 10 s of health, 30 s of storm, 40 s of healing.
pub(super) const SHORT: Phases = Phases::of(10, 30, 40);

/// Three equal vendors.
pub(super) fn three() -> [VendorSpec; 3] {
    ["alpha", "beta", "gamma"].map(VendorSpec::new)
}

/// A fault that hits every exchange of the storm.
pub(super) const fn storm(vendor: usize, fault: Fault, phases: Phases) -> FaultWindow {
    FaultWindow::new(vendor, fault, phases.storm, phases.heal)
}

/// So many seconds.
pub(super) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// So many milliseconds.
pub(super) const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
