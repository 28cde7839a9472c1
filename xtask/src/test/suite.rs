//! The test suite: plain `cargo test`, which needs nothing installed and also runs the doctests.

use super::lints::colour_of_watched_cargo;
use super::outcome::Outcome;
use super::transcript::Transcript;
use crate::workspace::Workspace;
use crate::{Result, run};

/// Failing tests that the summary names; the rest is a number. Chosen, not measured.
const NAMED_FAILURES: usize = 8;

/// Builds every target, then runs every test and counts what they report.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    // `--all-targets` resolves features as `cargo test` does, so the second command compiles nothing again;
    // and it builds the binaries, which end-to-end tests start.
    let built = run::through(&mut workspace.cargo(["build", "--workspace", "--all-targets"]))?;
    if !built {
        return Ok(Outcome::failed("the workspace or its tests do not compile"));
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
    command.env("CARGO_TERM_COLOR", colour_of_watched_cargo());
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
