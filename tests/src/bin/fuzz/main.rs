//! `cargo xtask fuzz`: feeds mutated input to every reader of foreign bytes, for a bounded time.
//!
//! Runs in one process on the stable toolchain with nothing installed. There is no instrumentation, so
//! coverage is judged by behaviour: a target tells in one number what it made of an input, and an input
//! that led to a new number is mutated further. What panics, breaks a target's own promise, takes too
//! long or too much memory is made small, saved, and printed with the command that runs it again.
//!
//! The same seed gives the same inputs in the same order, so a failure that kills the process, such as
//! an overflowing stack, is met again with the seed that was printed at the start.

mod campaign;
mod corpus;
mod dialect;
mod json_mutation;
mod memory;
mod minimise;
mod mutation;
mod probe;
mod recorded;
mod seeds;
mod target;
mod targets;
mod watchdog;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anstream::{eprintln, println};
use clap::Parser;
use owo_colors::OwoColorize as _;

use crate::campaign::{Campaign, Finding, Tally};
use crate::probe::Prober;
use crate::target::Target;

/// Where failing inputs are saved, seen from the workspace's root.
const FINDINGS: &str = "target/fuzz";

/// Feeds mutated input to every reader of foreign bytes.
#[derive(Debug, Parser)]
struct Arguments {
    /// How long to mutate for each target, in seconds; seeds are run in any case.
    #[arg(long, value_name = "N", default_value_t = 20.0)]
    seconds: f64,
    /// Only this target; may be given several times.
    #[arg(long, value_name = "NAME")]
    target: Vec<String>,
    /// List the targets and what each promises.
    #[arg(long)]
    list: bool,
    /// Run this one input instead of mutating; needs one --target.
    #[arg(long, value_name = "FILE", requires = "target")]
    input: Option<PathBuf>,
    /// Seed of the mutations.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder with recorded vendor traffic to begin with, one folder per vendor.
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut targets = target::all();
    if arguments.list {
        for target in &targets {
            println!("{:<28} {}", target.name.bold(), target.promise);
        }
        return ExitCode::SUCCESS;
    }
    if let Some(unknown) = unknown(&arguments.target, &targets) {
        eprintln!("no target is called `{unknown}`; --list shows them");
        return ExitCode::from(2);
    }
    if !arguments.target.is_empty() {
        targets.retain(|target| arguments.target.contains(&target.name));
    }
    let prober = Prober::new();
    let found = match &arguments.input {
        Some(file) => run_one(&prober, &targets, file),
        None => run_all(&prober, &targets, &arguments),
    };
    match found {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

fn unknown<'a>(wanted: &'a [String], targets: &[Target]) -> Option<&'a String> {
    let known = |name: &&String| targets.iter().any(|target| target.name == **name);
    wanted.iter().find(|name| !known(name))
}

fn run_one(prober: &Prober, targets: &[Target], file: &Path) -> Result<usize, String> {
    let [target] = targets else {
        return Err("--input needs exactly one --target".to_owned());
    };
    let input =
        std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    match prober.run(target, &input) {
        Ok(_) => {
            println!("{}: {} bytes, nothing wrong", target.name, input.len());
            Ok(0)
        }
        Err(failure) => {
            println!("{} {}: {failure}", "FAIL".red().bold(), target.name);
            Ok(1)
        }
    }
}

fn run_all(prober: &Prober, targets: &[Target], arguments: &Arguments) -> Result<usize, String> {
    if !(0.0..=86_400.0).contains(&arguments.seconds) {
        return Err(format!(
            "--seconds {} is not from 0 to 86400",
            arguments.seconds
        ));
    }
    let recordings = recorded::read(arguments.cases.as_deref())?;
    let duration = Duration::from_secs_f64(arguments.seconds);
    println!(
        "{} targets, {} s each, seed {}",
        targets.len(),
        arguments.seconds,
        arguments.seed
    );
    let mut findings = 0;
    for target in targets {
        let mut campaign = Campaign::new(target, prober, &recordings, arguments.seed);
        let found = campaign.run(duration);
        report(target, &campaign.tally(), found.as_ref())?;
        findings += usize::from(found.is_some());
    }
    println!("fuzz: {} targets, {findings} failed", targets.len());
    Ok(findings)
}

fn report(target: &Target, tally: &Tally, finding: Option<&Finding>) -> Result<(), String> {
    let verdict = match finding {
        None => "ok".green().to_string(),
        Some(_) => "FAIL".red().bold().to_string(),
    };
    println!(
        "{verdict:<4} {:<28} {:>9} inputs, {:>5} behaviours, {:>5} seeds",
        target.name, tally.inputs, tally.behaviours, tally.seeds
    );
    let Some(finding) = finding else {
        return Ok(());
    };
    let file = finding
        .save(Path::new(FINDINGS), &target.name)
        .map_err(|error| format!("cannot save the input under {FINDINGS}: {error}"))?;
    println!("     {}", finding.failure);
    println!("     input: {}", finding.shown());
    println!(
        "     again: cargo xtask fuzz --target {} --input {}",
        target.name,
        file.display()
    );
    Ok(())
}
