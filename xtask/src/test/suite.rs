//! The test suite: plain `cargo test`, which needs nothing installed and also runs the doctests.

use super::lints::colour_of_watched_cargo;
use super::outcome::Outcome;
use super::transcript::Transcript;
use crate::workspace::Workspace;
use crate::{Result, run};

/// Failing tests that the summary names; the rest is a number. Chosen, not measured.
const NAMED_FAILURES: usize = 8;

/// The problem of a stage that needs the workspace built and did not get it.
pub(crate) const DOES_NOT_BUILD: &str = "the workspace or its tests do not compile";

/// Tells end-to-end tests where fresh binaries lie, so that they need not build them with other features.
const BINARIES: &str = "INTERLINE_TEST_BINARIES";

/// Builds every target of the workspace; `true` if that worked.
///
/// `--all-targets` resolves features as `cargo test` does, so a later `cargo test` compiles nothing again,
/// and it builds the binaries, which end-to-end tests and the wire stage start.
pub(crate) fn build(workspace: &Workspace) -> Result<bool> {
    run::through(&mut workspace.cargo(["build", "--workspace", "--all-targets"]))
}

/// Builds every target, then runs every test and counts what they report.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    if !build(workspace)? {
        return Ok(Outcome::failed(DOES_NOT_BUILD));
    }
    let mut transcript = Transcript::default();
    // `--show-output` makes passing tests' output visible, so that the transcript sees what they skipped.
    let mut command = workspace.cargo([
        "test",
        "--workspace",
        "--no-fail-fast",
        "--",
        "--show-output",
    ]);
    command
        .env("CARGO_TERM_COLOR", colour_of_watched_cargo())
        .env(BINARIES, workspace.binaries()?);
    let passed = run::watched(&mut command, |source, line| {
        transcript.observe(source, line)
    })?;
    Ok(outcome(passed, transcript))
}

fn outcome(passed: bool, transcript: Transcript) -> Outcome {
    let cases = transcript.cases;
    let mut problems = Vec::new();
    if !passed && transcript.failures.is_empty() {
        problems.push("cargo test failed: see above".to_owned());
    }
    let named = transcript.failures.iter().take(NAMED_FAILURES);
    problems.extend(named.map(|name| format!("test failed: {name}")));
    let more = transcript.failures.len().saturating_sub(NAMED_FAILURES);
    if more > 0 {
        problems.push(format!("and {more} more failed tests"));
    }
    if passed && cases.passed == 0 {
        problems.push("no test ran at all".to_owned());
    }
    Outcome {
        problems,
        facts: format!("{} passed, {} failed", cases.passed, cases.failed),
        cases,
        skips: transcript.into_skips(),
    }
}
