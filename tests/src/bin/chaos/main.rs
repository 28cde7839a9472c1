//! `cargo xtask chaos`: breaks virtual vendors and checks what the engine makes of it.
//!
//! Every scenario is a plan worked out from a seed ([`plan`], [`scenarios`]); the [`world`] plays it with
//! the real engine on a paused clock; [`history`] joins what callers, vendors and the engine's events say;
//! [`invariants`] hold it against limits; [`report`] says what came of it.

mod arguments;
mod campaign;
mod faults;
mod figures;
mod history;
mod invariants;
mod jobs;
mod load;
mod mechanism;
mod outcome;
mod plan;
mod random;
mod report;
mod scenarios;
mod series;
mod shrink;
mod world;

use std::process::{Command, ExitCode};

use anstream::{eprintln, println};
use clap::Parser;
use owo_colors::OwoColorize as _;

use crate::arguments::{Arguments, Tier};
use crate::mechanism::Mechanism;
use crate::report::{Progress, Report};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match perform(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(usage) => {
            eprintln!("{} {usage}", "error:".red().bold());
            ExitCode::from(2)
        }
    }
}

/// Does what was asked; whether everything is as it must be. An error is one of usage.
fn perform(arguments: &Arguments) -> Result<bool, String> {
    if arguments.list {
        list();
        return Ok(true);
    }
    if let Some(missing @ (Tier::Sockets | Tier::Process)) = arguments.tier {
        eprintln!(
            "{} the {missing:?} tier is not built yet; nothing was run",
            "FAIL".red().bold()
        );
        return Ok(false);
    }
    if let Some(mechanism) = arguments.without.filter(|mechanism| !mechanism.is_built()) {
        eprintln!(
            "{} the engine has no {mechanism} yet that could be switched off; nothing was run",
            "FAIL".red().bold()
        );
        return Ok(false);
    }
    let jobs = jobs::of(arguments)?;
    let progress = Progress::new(jobs.len());
    let played = campaign::play_all(&jobs, |job| progress.step(job.scenario.name));
    progress.finish();
    let mut report = Report::of(arguments.seed, commit(), arguments.without, played);
    if arguments.faults.is_none() {
        report.shrink();
    }
    report::print(&report);
    let mut is_green = report.is_green();
    is_green &= written(
        "JSON",
        arguments
            .json
            .as_deref()
            .map(|path| report::json(&report, path)),
    );
    let markdown = arguments.markdown.as_deref();
    is_green &= written(
        "Markdown",
        markdown.map(|path| report::markdown(&report, path)),
    );
    if arguments.html.is_some() {
        eprintln!(
            "{} the HTML report is not built yet; no page was written",
            "FAIL".red().bold()
        );
        is_green = false;
    }
    match arguments.tier {
        Some(Tier::All) => {
            eprintln!(
                "{} the sockets and process tiers are not built yet",
                "FAIL".red().bold()
            );
            is_green = false;
        }
        None => eprintln!(
            "{} the sockets smoke set is not built yet and was not run",
            "note:".yellow().bold()
        ),
        Some(_) => {}
    }
    Ok(is_green)
}

fn written(what: &str, result: Option<std::io::Result<()>>) -> bool {
    match result {
        Some(Err(error)) => {
            eprintln!(
                "{} the {what} report cannot be written: {error}",
                "FAIL".red().bold()
            );
            false
        }
        _ => true,
    }
}

fn list() {
    for scenario in scenarios::all().iter().chain([&scenarios::SOUP]) {
        let number = match scenario.number {
            0 => "  ".to_owned(),
            number => format!("{number:>2}"),
        };
        println!("{number} {:<28} {}", scenario.name.bold(), scenario.about);
    }
    for mechanism in Mechanism::ALL {
        let built = if mechanism.is_built() {
            ""
        } else {
            " (not built yet)"
        };
        println!(
            "--without {mechanism}{built}: {}",
            mechanism.guards().join(", ")
        );
    }
    for (number, name, tier, why) in scenarios::ELSEWHERE {
        println!("{number:>2} {:<28} {tier} tier: {why}", name.dimmed());
    }
}

/// The commit that was played, as far as git knows.
fn commit() -> String {
    let output = Command::new("git").args(["rev-parse", "HEAD"]).output();
    let text = output.ok().filter(|output| output.status.success());
    let text = text.and_then(|output| String::from_utf8(output.stdout).ok());
    text.map_or_else(|| "unknown".to_owned(), |text| text.trim().to_owned())
}
