//! `cargo xtask test`: every check of the project, one stage after the other, and a table of how each ended.
//!
//! A failing stage does not stop the ones after it, so one run shows all failures.
//! A check that could not run is never silent: it is listed in the summary, and it is a failure where `CI=true`.
//!
//! The order is cheap first, and the stages after `clippy` reuse what earlier ones compiled:
//! `features` and `doc` share checked dependencies, `tests`, `outside` and `wire` share built ones.

mod clients;
mod features;
mod lints;
mod outcome;
mod outside;
mod stage;
mod strictness;
mod suite;
mod summary;
mod transcript;

use clap::Args;
use owo_colors::OwoColorize;

use crate::stopwatch::Stopwatch;
use crate::workspace::Workspace;
use crate::{Result, Verdict, screen};
use outcome::{Outcome, Skip};
use stage::Stage;
use strictness::Strictness;
use summary::Row;

/// What `cargo xtask test` understands.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Run only this stage; may be given several times
    #[arg(long, value_name = "STAGE")]
    only: Vec<Stage>,
    /// Leave this stage out; may be given several times
    #[arg(long, value_name = "STAGE")]
    skip: Vec<Stage>,
    /// List the stages and what each checks
    #[arg(long)]
    list: bool,
}

/// Runs the chosen stages and prints the summary.
pub(crate) fn perform(workspace: &Workspace, options: &Options) -> Result<Verdict> {
    if options.list {
        for stage in Stage::ALL {
            screen::say(&format!(
                "{:<9} {}",
                stage.name().bold(),
                stage.description()
            ));
        }
        return Ok(Verdict::Passed);
    }
    let strictness = Strictness::of_environment();
    let total = Stopwatch::start();
    let mut rows = Vec::new();
    let chosen = |stage: &Stage| options.only.is_empty() || options.only.contains(stage);
    for stage in Stage::ALL.into_iter().filter(chosen) {
        let watch = Stopwatch::start();
        let outcome = if options.skip.contains(&stage) {
            Outcome::skipped(Skip::new(format!(
                "stage `{}` was left out with --skip",
                stage.name()
            )))
        } else {
            summary::header(stage);
            stage
                .run(workspace)
                .unwrap_or_else(|error| Outcome::failed(error.to_string()))
        };
        rows.push(Row {
            stage,
            outcome,
            took: watch.elapsed(),
        });
    }
    summary::print(&rows, total.elapsed(), strictness);
    Ok(summary::verdict(&rows, strictness))
}
