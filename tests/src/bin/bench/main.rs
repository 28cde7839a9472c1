//! `cargo xtask bench`: what the decisions on the way of every call cost, in time, instructions and allocations.
//!
//! A bench is a list of cases, one file a bench; [`measure`] times each case and counts what it
//! allocates, [`instructions`] has valgrind count its instructions, which no neighbour on the machine
//! disturbs, and [`table`] prints the result beside the targets.

mod admission;
mod balancer;
mod case;
mod classifier;
mod instructions;
mod ledger;
mod measure;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use anstream::eprintln;
use clap::Parser;
use owo_colors::OwoColorize as _;

use crate::case::Bench;
use crate::table::Row;

/// Every bench.
const BENCHES: &[Bench] = &[
    admission::BENCH,
    balancer::BENCH,
    ledger::BENCH,
    classifier::BENCH,
];

/// Measure what decisions cost
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Arguments {
    /// Only this bench; all of them without a name
    bench: Option<String>,
    /// Only cases whose name holds this
    #[arg(long, value_name = "TEXT")]
    case: Option<String>,
    /// Write the figures as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Do not count instructions, which takes valgrind and some seconds a case
    #[arg(long)]
    no_instructions: bool,
    /// Run the one case this often and print nothing: what valgrind is given
    #[arg(long, value_name = "N", hide = true, requires = "case")]
    rounds: Option<u64>,
}

fn main() -> ExitCode {
    match perform(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(usage) => {
            eprintln!("{} {usage}", "error:".red().bold());
            ExitCode::from(2)
        }
    }
}

/// Measures what was asked for; whether every target with a figure was met.
fn perform(arguments: &Arguments) -> Result<bool, String> {
    let benches = chosen(arguments.bench.as_deref())?;
    if let Some(rounds) = arguments.rounds {
        let name = arguments.case.as_deref().unwrap_or_default();
        for bench in benches {
            for mut case in (bench.cases)()? {
                if case.name == name {
                    (0..rounds).for_each(|_| case.run());
                }
            }
        }
        return Ok(true);
    }
    let counter = if arguments.no_instructions {
        None
    } else {
        instructions::Counter::find()
    };
    let mut rows = Vec::new();
    for bench in benches {
        for mut case in (bench.cases)()? {
            let is_wanted = |part: &String| case.name.contains(part.as_str());
            if !arguments.case.as_ref().is_none_or(is_wanted) {
                continue;
            }
            eprintln!("{} {}: {}", "bench".bold(), bench.name, case.name);
            let figures = measure::measure(&mut case);
            let counted = counter
                .as_ref()
                .map(|counter| counter.count(bench.name, &case.name));
            let instructions = counted.transpose()?;
            rows.push(Row::new(bench, &case, figures, instructions));
        }
    }
    if rows.is_empty() {
        return Err(format!(
            "no case holds `{}` in its name",
            arguments.case.as_deref().unwrap_or_default()
        ));
    }
    table::print(&rows);
    if let Some(path) = &arguments.json {
        let text = table::json(&rows);
        std::fs::write(path, text)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    Ok(rows.iter().all(Row::is_met))
}

fn chosen(name: Option<&str>) -> Result<Vec<&'static Bench>, String> {
    let Some(name) = name else {
        return Ok(BENCHES.iter().collect());
    };
    let found: Vec<_> = BENCHES.iter().filter(|bench| bench.name == name).collect();
    if found.is_empty() {
        let known: Vec<_> = BENCHES.iter().map(|bench| bench.name).collect();
        return Err(format!("no bench `{name}`: there are {}", known.join(", ")));
    }
    Ok(found)
}
