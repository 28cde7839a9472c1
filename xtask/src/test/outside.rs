//! The crate outside of the workspace, built and tested as a team that uses Interline would do it.
//!
//! It shares cargo's target folder: dependencies that are compiled already are not compiled again.

use super::lints::colour_of_watched_cargo;
use super::outcome::Outcome;
use super::transcript::Transcript;
use crate::workspace::Workspace;
use crate::{Result, run};

const MANIFEST: &str = "tests/outside-provider/Cargo.toml";

/// What the project promises to those who write providers: these files together have fewer lines than that.
const SIZES: [(&[&str], usize); 2] = [
    (&["src/acme.rs"], 150),
    (
        &[
            "src/murmur.rs",
            "src/murmur/answer.rs",
            "src/murmur/error.rs",
            "src/murmur/request.rs",
        ],
        400,
    ),
];

/// Checks the lock file, the sizes, the format and the lints, then runs the crate's tests.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    let mut problems = too_long(workspace)?;
    let locked = [
        "metadata",
        "--locked",
        "--format-version",
        "1",
        "--manifest-path",
        MANIFEST,
    ];
    if run::captured(&mut workspace.cargo(locked)).is_none() {
        problems.push(format!(
            "its Cargo.lock is stale: run `cargo metadata --manifest-path {MANIFEST}` and commit it"
        ));
        return Ok(Outcome {
            problems,
            ..Outcome::default()
        });
    }
    let format = ["fmt", "--check", "--manifest-path", MANIFEST];
    if !run::through(&mut workspace.cargo(format))? {
        problems.push(format!("run `cargo fmt --manifest-path {MANIFEST}`"));
    }
    let target = workspace.target()?;
    let lints = ["clippy", "--manifest-path", MANIFEST, "--all-targets"];
    let mut clippy = workspace.cargo(lints);
    clippy.args(["--all-features", "--locked", "--target-dir"]);
    clippy.arg(&target).args(["--", "-D", "warnings"]);
    if !run::through(&mut clippy)? {
        problems.push("clippy found something: see above".to_owned());
    }
    let mut transcript = Transcript::default();
    let mut tests = workspace.cargo(["test", "--manifest-path", MANIFEST, "--all-features"]);
    tests.args(["--locked", "--no-fail-fast", "--target-dir"]);
    tests.arg(&target).args(["--", "--show-output"]);
    tests.env("CARGO_TERM_COLOR", colour_of_watched_cargo());
    let passed = run::watched(&mut tests, |source, line| transcript.observe(source, line))?;
    if !passed && transcript.failures.is_empty() {
        problems.push("cargo test failed: see above".to_owned());
    }
    let failures = transcript.failures.iter();
    problems.extend(failures.map(|name| format!("test failed: {name}")));
    let cases = transcript.cases;
    if passed && cases.passed == 0 {
        problems.push("no test ran at all".to_owned());
    }
    Ok(Outcome {
        problems,
        facts: format!("{} passed, {} failed", cases.passed, cases.failed),
        cases,
        skips: transcript.into_skips(),
    })
}

/// The vendors that have grown beyond what is promised.
fn too_long(workspace: &Workspace) -> Result<Vec<String>> {
    let folder = workspace.root().join(MANIFEST);
    let folder = folder.parent().ok_or("a manifest lies in a folder")?;
    let mut problems = Vec::new();
    for (files, below) in SIZES {
        let mut lines = 0;
        for file in files {
            let text = std::fs::read_to_string(folder.join(file))
                .map_err(|error| format!("cannot read {file} of the outside crate: {error}"))?;
            lines += text.lines().count();
        }
        if lines >= below {
            let files = files.join(", ");
            problems.push(format!(
                "{files} have {lines} lines, and fewer than {below} are promised"
            ));
        }
    }
    Ok(problems)
}
