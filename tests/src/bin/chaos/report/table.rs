//! The report on the terminal.

use std::time::Duration;

use anstream::println;
use owo_colors::OwoColorize as _;

use super::row::{Report, Row};
use crate::known_red::reason;
use crate::mechanism::Mechanism;
use crate::outcome::Outcome;
use crate::scenarios::ELSEWHERE;
use crate::shrink;

/// Prints the tables and what failed.
pub(crate) fn print(report: &Report) {
    let heading = format!(
        "{:<28} {:>8} {:>9} {:>9} {:>6} {:>7} {:>7} {:>7} {:>7} {:>8} {:>8}  {}",
        "scenario",
        "seeds",
        "requests",
        "success",
        "att.",
        "p50",
        "p99",
        "added",
        "open",
        "recover",
        "faults",
        "verdict"
    );
    println!("{}", heading.bold());
    for row in report.rows() {
        println!("{}", line(&row));
    }
    broken(report);
    known_reds(report);
    controls(report);
    beside(report);
    println!(
        "success, attempts and latencies are the storm's, the worst seed's; times in ms; {} scenarios need \
         sockets or a process (see --list)",
        ELSEWHERE.len()
    );
}

fn line(row: &Row) -> String {
    let verdict = if row.failed == 0 {
        "pass".green().to_string()
    } else if row.seeds == 1 {
        "FAIL".red().bold().to_string()
    } else {
        format!("{} {}/{}", "FAIL".red().bold(), row.failed, row.seeds)
    };
    format!(
        "{:<28} {:>8} {:>9} {:>8.2}% {:>6.3} {:>7} {:>7} {:>7} {:>7} {:>8} {:>8}  {verdict}",
        row.name,
        row.seeds,
        row.requests,
        row.success_rate * 100.0,
        row.amplification,
        row.p50.as_millis(),
        row.p99.as_millis(),
        row.added_p99.as_millis(),
        maybe(row.time_to_open),
        maybe(row.time_to_recover),
        row.faults_fired,
    )
}

fn maybe(time: Option<Duration>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| time.as_millis().to_string())
}

fn broken(report: &Report) {
    for row in report.rows().iter().filter(|row| row.failed > 0) {
        println!("{} {}", "FAIL".red().bold(), row.name.bold());
        for (id, (seeds, figure, limit)) in &row.broken {
            let what = report
                .outcomes
                .iter()
                .filter(|outcome| outcome.scenario.name == row.name)
                .flat_map(Outcome::failures)
                .find(|finding| finding.id == *id)
                .map_or("", |finding| finding.what.as_str());
            println!(
                "     {id}: {figure:.4} against {limit:.4} ({what}; {seeds} of {} seeds)",
                row.seeds
            );
        }
        let first = report
            .outcomes
            .iter()
            .find(|outcome| outcome.scenario.name == row.name && !outcome.is_passed());
        if let Some(outcome) = first {
            let off = report.without.map(Mechanism::name);
            let all: Vec<usize> = (0..outcome.faults.len()).collect();
            let kept = report.shrunk.get(row.name).unwrap_or(&all);
            println!(
                "     {}",
                shrink::command(outcome, kept, report.breaker, off).cyan()
            );
        }
    }
    if let Some((unguarded, unharmed)) = report.off_target() {
        for name in unguarded {
            println!(
                "{} {name} failed although nothing that guards it is off",
                "OFF TARGET".red().bold()
            );
        }
        for name in unharmed {
            println!(
                "{} {name} passed although its guard is off",
                "OFF TARGET".red().bold()
            );
        }
    }
}

/// Says loudly which failures are known, and which of them are none any more.
fn known_reds(report: &Report) {
    if report.without.is_some() {
        return;
    }
    for name in report.failed() {
        if let Some(why) = reason(name) {
            let mark = "KNOWN RED".black().on_red().bold().to_string();
            println!("{mark} {name}: {why}");
        }
    }
    for name in report.turned_green() {
        println!(
            "{} {name} passes: take its row out of tests/src/bin/chaos/known_red.rs",
            "TURNED GREEN".red().bold()
        );
    }
}

fn controls(report: &Report) {
    for control in &report.controls {
        let what = format!("without {}: {}", control.mechanism, control.scenario);
        if control.failed.is_empty() {
            println!(
                "{} {what} fails no check that holds otherwise, so it proves nothing",
                "CONTROL".red().bold()
            );
        } else {
            println!(
                "{} {what} fails ({})",
                "control".green(),
                control.failed.join(", ")
            );
        }
    }
}

fn beside(report: &Report) {
    let mut scenario = "";
    for row in &report.beside {
        if row.scenario != scenario {
            scenario = row.scenario;
            println!("{}", format!("side by side: {scenario}").bold());
        }
        println!(
            "     {:<32} success {:>7.2}%  attempts {:>6.3}  broken vendors' load {:>6.3}  added p99 {:>6} ms  p99 {:>6} ms  failure p99 {:>6} ms  after heal {:>7.2}%",
            row.contender.name(),
            row.figures.success_rate * 100.0,
            row.figures.amplification,
            row.figures.broken_load,
            row.figures.added_p99.as_millis(),
            row.figures.p99.as_millis(),
            row.figures.failure_p99.as_millis(),
            row.figures.healed_success * 100.0
        );
    }
}
