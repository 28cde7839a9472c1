//! The project's task runner: `cargo xtask test`, `cargo xtask tidy`, `cargo xtask wire`, `cargo xtask fuzz`, `cargo xtask chaos`, `cargo xtask bench`, `cargo xtask vendors`, `cargo xtask train-classifier`.
//!
//! It depends on no crate of the workspace, so that `tidy` compiles in seconds and still runs when a crate does not build.
//! Tasks that need the workspace's code live in another package's binary, and [`delegate`] starts them.

mod delegate;
mod run;
mod screen;
mod stopwatch;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use workspace::Workspace;

/// What every fallible step of a task returns: the error is only ever printed.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The project's tasks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run everything the project's tests need: format, lints, docs, tests, recorded traffic
    Test(test::Options),
    /// Check the rules that no compiler checks: licences, crate edges, file headers, names in docs
    Tidy,
    /// Run the recorded vendor traffic through the providers and print a table per vendor
    Wire(delegate::WireOptions),
    /// Feed mutated input to every reader of foreign bytes, for a bounded time
    Fuzz(delegate::FuzzOptions),
    /// Break vendors on purpose, on a virtual clock, and check what the engine makes of it
    Chaos(delegate::ChaosOptions),
    /// Measure what decisions cost: time, instructions, allocations
    Bench(delegate::BenchOptions),
    /// Write docs/vendors.md from the tables that calls are served by
    Vendors(delegate::VendorsOptions),
    /// Fit the classifier that is compiled in, and print how good it is
    TrainClassifier(delegate::TrainOptions),
}

/// Whether the work succeeded: exit code 0 or 1. Usage errors are clap's, with code 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match perform(&cli.task) {
        Ok(Verdict::Passed) => ExitCode::SUCCESS,
        Ok(Verdict::Failed) => ExitCode::FAILURE,
        Err(error) => {
            screen::complain(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn perform(task: &Task) -> Result<Verdict> {
    let workspace = Workspace::find()?;
    match task {
        Task::Test(options) => test::perform(&workspace, options),
        Task::Tidy => tidy::perform(&workspace),
        Task::Wire(options) => delegate::wire(&workspace, options, delegate::Launch::Cargo),
        Task::Fuzz(options) => delegate::fuzz(&workspace, options, delegate::Launch::Cargo),
        Task::Chaos(options) => delegate::chaos(&workspace, options, delegate::Launch::Optimised),
        Task::Bench(options) => delegate::bench(&workspace, options, delegate::Launch::Optimised),
        Task::TrainClassifier(options) => {
            delegate::train_classifier(&workspace, options, delegate::Launch::Optimised)
        }
        Task::Vendors(options) => delegate::vendors(&workspace, options, delegate::Launch::Cargo),
    }
}
