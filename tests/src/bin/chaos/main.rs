//! `cargo xtask chaos`: breaks virtual vendors and checks what the engine makes of it.
//!
//! Every scenario is a plan worked out from a seed ([`plan`], [`scenarios`]); the [`world`] plays it with
//! the real engine on a paused clock; [`history`] joins what callers, vendors and the engine's events say;
//! [`invariants`] hold it against limits; [`report`] says what came of it.

mod arguments;
mod campaign;
mod day;
mod faults;
mod figures;
mod history;
mod invariants;
mod jobs;
mod known_red;
mod load;
mod mechanism;
mod outcome;
mod plan;
mod process;
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
use serde_json::{Value, json};

use crate::arguments::{Arguments, Tier};
use crate::day::Day;
use crate::known_red::KNOWN_RED;
use crate::mechanism::Mechanism;
use crate::report::{Document, Progress, Report};

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
    let wanted = Wanted::of(arguments);
    let mut document = json!({ "seed": null, "commit": commit(), "scenarios": [] });
    let mut is_green = true;
    if wanted.sim {
        let report = sim(arguments)?;
        is_green &= report.is_green();
        document = report::json(&report);
    }
    if wanted.day {
        let day = long_day(arguments);
        is_green &= day.is_passed();
        document["day"] = report::day_json(&day);
    }
    if let Some(size) = wanted.sockets {
        let played = sockets::play(arguments, size)?;
        is_green &= sockets::print(&played);
        add(&mut document, sockets::values(&played));
    }
    if wanted.process {
        let played = process::play(arguments)?;
        is_green &= process::print(&played);
        add(&mut document, process::values(&played));
    }
    document["verdict"] = json!(if is_green { "pass" } else { "fail" });
    Ok(write(arguments, &document)? && is_green)
}

/// What to play.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    sim: bool,
    day: bool,
    sockets: Option<Size>,
    process: bool,
}

impl Wanted {
    fn of(arguments: &Arguments) -> Self {
        let tier = arguments.tier;
        let is_everything = arguments.scenario.is_empty() && arguments.without.is_none();
        let days = arguments.scenario.iter().filter(|name| *name == day::NAME);
        let only_day = !is_everything && days.count() == arguments.scenario.len();
        Self {
            sim: matches!(tier, None | Some(Tier::Sim | Tier::All))
                && (!only_day || arguments.without.is_some()),
            day: arguments.scenario.iter().any(|name| name == day::NAME)
                || (tier == Some(Tier::All) && is_everything),
            sockets: match tier {
                Some(Tier::Sockets | Tier::All) => Some(Size::Whole),
                // Who asks for one scenario or one mechanism asks for nothing else.
                None if is_everything => Some(Size::Smoke),
                _ => None,
            },
            process: matches!(tier, Some(Tier::Process | Tier::All)),
        }
    }
}

/// Plays the sim tier and prints what came of it.
fn sim(arguments: &Arguments) -> Result<Report, String> {
    let jobs = jobs::of(arguments)?;
    let progress = Progress::new(jobs.len());
    let played = campaign::play_all(&jobs, |job| progress.step(job.scenario.name));
    progress.finish();
    let mut report = Report::of(arguments, commit(), played);
    if arguments.faults.is_none() && !arguments.smoke {
        report.shrink();
    }
    report::print(&report);
    Ok(report)
}

/// Plays the long day and prints what came of it.
fn long_day(arguments: &Arguments) -> Day {
    let progress = Progress::new(day::parts());
    let day = day::play(arguments.seed, arguments.breaker, || {
        progress.step(day::NAME);
    });
    progress.finish();
    report::print_day(&day);
    day
}

/// Adds a tier's scenarios to the report.
fn add(document: &mut Value, scenarios: Vec<Value>) {
    if let Some(all) = document["scenarios"].as_array_mut() {
        all.extend(scenarios);
    }
}

/// Writes the files that were asked for; whether that worked.
fn write(arguments: &Arguments, report: &Value) -> Result<bool, String> {
    let document: Document = serde_json::from_value(report.clone())
        .map_err(|error| format!("the report cannot be read back: {error}"))?;
    let json = arguments.json.as_deref();
    let markdown = arguments.markdown.as_deref();
    let html = arguments.html.as_deref();
    let results = [
        (
            "JSON",
            json.map(|path| std::fs::write(path, format!("{report}\n"))),
        ),
        (
            "Markdown",
            markdown.map(|path| report::markdown(&document, path)),
        ),
        ("HTML", html.map(|path| report::html(&document, path))),
    ];
    let mut is_written = true;
    for (what, result) in results {
        is_written &= written(what, result);
    }
    Ok(is_written)
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
    println!(
        "   {:<28} ten million calls in a day with two incidents; part of --tier all",
        day::NAME.bold()
    );
    for (name, _, why) in KNOWN_RED {
        println!("known red: {name} ({why})");
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
