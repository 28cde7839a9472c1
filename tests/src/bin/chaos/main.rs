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
mod sockets;
mod world;

use std::process::{Command, ExitCode};

use anstream::{eprintln, println};
use clap::Parser;
use interline_tests::sockets::Size;
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
    if arguments.tier == Some(Tier::Process) {
        eprintln!(
            "{} the process tier is not built yet; nothing was run",
            "FAIL".red().bold()
        );
        return Ok(false);
    }
    if arguments.tier == Some(Tier::Sockets) {
        return sockets_alone(arguments);
    }
    let jobs = jobs::of(arguments)?;
    let progress = Progress::new(jobs.len());
    let played = campaign::play_all(&jobs, |job| progress.step(job.scenario.name));
    progress.finish();
    let mut report = Report::of(arguments, commit(), played);
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
            sockets_too(arguments, Size::Whole)?;
            eprintln!("{} the process tier is not built yet", "FAIL".red().bold());
            is_green = false;
        }
        // Who asks for one scenario or one mechanism asks for nothing else.
        None if arguments.scenario.is_empty() && arguments.without.is_none() => {
            is_green &= sockets_too(arguments, Size::Smoke)?;
        }
        _ => {}
    }
    Ok(is_green)
}

/// Plays the sockets tier and nothing else.
fn sockets_alone(arguments: &Arguments) -> Result<bool, String> {
    let played = sockets::play(arguments, Size::Whole)?;
    let json = arguments.json.as_deref();
    let is_written = written(
        "JSON",
        json.map(|path| sockets::write(&played, &commit(), path)),
    );
    Ok(sockets::print(&played) && is_written)
}

/// Plays the sockets tier beside another, whose report is written already.
fn sockets_too(arguments: &Arguments, size: Size) -> Result<bool, String> {
    let played = sockets::play(arguments, size)?;
    let json = arguments.json.as_deref();
    let is_written = written("JSON", json.map(|path| sockets::append(&played, path)));
    Ok(sockets::print(&played) && is_written)
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
        println!("--without {mechanism}: {}", mechanism.guards().join(", "));
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
