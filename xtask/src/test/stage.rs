//! The stages in the order in which they run.

use clap::ValueEnum;

use super::outcome::{Outcome, Skip};
use super::{clients, features, lints, outside, suite};
use crate::delegate::{self, ChaosOptions, FuzzOptions, Launch, WireOptions};
use crate::workspace::Workspace;
use crate::{Result, Verdict, tidy};

/// One kind of check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    Fmt,
    Tidy,
    Clippy,
    Features,
    Doc,
    Clients,
    Tests,
    Outside,
    Wire,
    Fuzz,
    Chaos,
}

impl Stage {
    /// Cheap first, so that small mistakes show early.
    pub(crate) const ALL: [Self; 11] = [
        Self::Fmt,
        Self::Tidy,
        Self::Clippy,
        Self::Features,
        Self::Doc,
        Self::Clients,
        Self::Tests,
        Self::Outside,
        Self::Wire,
        Self::Fuzz,
        Self::Chaos,
    ];

    /// The name on the command line and in the summary.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Tidy => "tidy",
            Self::Clippy => "clippy",
            Self::Features => "features",
            Self::Doc => "doc",
            Self::Clients => "clients",
            Self::Tests => "tests",
            Self::Outside => "outside",
            Self::Wire => "wire",
            Self::Fuzz => "fuzz",
            Self::Chaos => "chaos",
        }
    }

    /// What the stage checks, for `--list` and the stage's header.
    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::Fmt => "every file is formatted by rustfmt",
            Self::Tidy => "licences, crate edges, file headers and lengths, names in docs",
            Self::Clippy => "clippy has no warning in any target of the workspace",
            Self::Features => "the facade compiles with no feature and with each vendor alone",
            Self::Doc => "rustdoc has no warning",
            Self::Clients => {
                "python3 and node are there for the end-to-end tests with real clients"
            }
            Self::Tests => "unit, integration, doc and end-to-end tests",
            Self::Outside => "a crate outside of the workspace has its own vendors and gateway",
            Self::Wire => "recorded vendor traffic comes out as expected",
            Self::Fuzz => {
                "readers of foreign bytes keep their promises for a moment of mutated input"
            }
            Self::Chaos => "broken vendors, one seed of each scenario: what must hold does",
        }
    }

    /// Runs the stage. An error is a stage that could not do its work.
    pub(crate) fn run(self, workspace: &Workspace) -> Result<Outcome> {
        match self {
            Self::Fmt => lints::fmt(workspace),
            Self::Tidy => {
                let verdict = tidy::perform(workspace)?;
                Ok(Outcome::of(
                    verdict == Verdict::Passed,
                    "see the findings above",
                ))
            }
            Self::Clippy => lints::clippy(workspace),
            Self::Features => features::run(workspace),
            Self::Doc => lints::doc(workspace),
            Self::Clients => clients::run(workspace),
            Self::Tests => suite::run(workspace),
            Self::Outside => outside::run(workspace),
            Self::Wire => wire(workspace),
            Self::Fuzz => fuzz(workspace),
            Self::Chaos => chaos(workspace),
        }
    }
}

fn wire(workspace: &Workspace) -> Result<Outcome> {
    let options = WireOptions::everything();
    if !options.folder(workspace).is_dir() {
        return Ok(Outcome::skipped(Skip::without_shared(format!(
            "NO RECORDED TRAFFIC WAS CHECKED: {} is missing; put the shared folder beside the clone, \
             or set INTERLINE_NO_SHARED=1 to accept that in CI",
            delegate::WIRE_CASES
        ))));
    }
    if !suite::build(workspace)? {
        return Ok(Outcome::failed(suite::DOES_NOT_BUILD));
    }
    let verdict = delegate::wire(workspace, &options, Launch::Built)?;
    Ok(Outcome::of(
        verdict == Verdict::Passed,
        "recorded cases came out wrong: see the table above, or run `cargo xtask wire --provider NAME`",
    ))
}

fn fuzz(workspace: &Workspace) -> Result<Outcome> {
    if !suite::build(workspace)? {
        return Ok(Outcome::failed(suite::DOES_NOT_BUILD));
    }
    let verdict = delegate::fuzz(workspace, &FuzzOptions::smoke(), Launch::Built)?;
    Ok(Outcome::of(
        verdict == Verdict::Passed,
        "an input failed: the line that begins with `again:` above runs it once more",
    ))
}

/// In the development build: it is there already, and building an optimised one takes longer than it saves.
fn chaos(workspace: &Workspace) -> Result<Outcome> {
    if !suite::build(workspace)? {
        return Ok(Outcome::failed(suite::DOES_NOT_BUILD));
    }
    let verdict = delegate::chaos(workspace, &ChaosOptions::smoke(), Launch::Built)?;
    Ok(Outcome::of(
        verdict == Verdict::Passed,
        "a scenario failed, or one that is known to be red turned green: see the tables above",
    ))
}
