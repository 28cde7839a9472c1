//! Tests that cannot run say so, and never silently.

use std::io::Write;

/// Says on standard error that a check did not run; `reason` names what is missing and how to get it.
///
/// It writes past the test harness's capture, so the line is seen although the test passes,
/// and `cargo xtask test` lists it in its summary.
pub fn announce(reason: &str) {
    writeln!(std::io::stderr(), "SKIPPED: {reason}").ok();
}

/// Whether `CI` is set: there, a missing tool is a failure and not a reason to skip.
#[must_use]
pub fn in_ci() -> bool {
    let ci = std::env::var("CI").unwrap_or_default();
    !matches!(ci.as_str(), "" | "0" | "false")
}
