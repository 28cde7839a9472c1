//! The sockets tier on the command line: plays the library's scenarios and says what came of each.

use std::time::Duration;

use anstream::{eprintln, println};
use interline_tests::sockets::{Size, SocketReport, SocketScenario, scenarios};
use owo_colors::OwoColorize as _;
use serde_json::{Value, json};

use crate::arguments::Arguments;

/// Plays what was asked for, or everything; the reports with their scenarios.
///
/// # Errors
/// A scenario that the tier does not have.
pub(crate) fn play(arguments: &Arguments, size: Size) -> Result<Vec<Played>, String> {
    let all = scenarios();
    for name in &arguments.scenario {
        if !all.iter().any(|scenario| scenario.name == name) {
            let known: Vec<_> = all.iter().map(|scenario| scenario.name).collect();
            return Err(format!(
                "the sockets tier has no scenario `{name}`; it has {}",
                known.join(", ")
            ));
        }
    }
    let is_wanted = |scenario: &SocketScenario| {
        arguments.scenario.is_empty() || arguments.scenario.iter().any(|name| name == scenario.name)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    let mut played = Vec::new();
    for scenario in all.into_iter().filter(is_wanted) {
        eprintln!("{} {}", scenario.name.bold(), scenario.about.dimmed());
        let report = runtime.block_on(scenario.play(size));
        played.push(Played { scenario, report });
    }
    Ok(played)
}

/// A scenario and what came of it.
#[derive(Debug)]
pub(crate) struct Played {
    scenario: SocketScenario,
    report: SocketReport,
}

/// Prints a line for each scenario, and what broke; whether all held.
pub(crate) fn print(played: &[Played]) -> bool {
    println!(
        "{:>3} {:<26} {:>8} {:>9} {:>9} {:>7} {:>9} {:>9}",
        "#", "sockets", "requests", "answered", "attempts", "faults", "p50 ms", "p99 ms"
    );
    for Played { scenario, report } in played {
        let verdict = if report.is_passed() {
            "PASS".green().to_string()
        } else {
            "FAIL".red().bold().to_string()
        };
        println!(
            "{:>3} {:<26} {:>8} {:>9} {:>9} {:>7} {:>9.1} {:>9.1} {verdict}",
            scenario.number,
            scenario.name,
            report.requests,
            report.successes,
            report.attempts,
            report.faults_fired,
            millis(report.p50()),
            millis(report.p99()),
        );
        for breach in report.breaches() {
            println!("      {}", breach.red());
        }
    }
    played.iter().all(|played| played.report.is_passed())
}

/// The scenarios in the contract's fields.
pub(crate) fn values(played: &[Played]) -> Vec<Value> {
    played.iter().map(Played::value).collect()
}

impl Played {
    fn value(&self) -> Value {
        let report = &self.report;
        let requests = report.requests.max(1) as f64;
        let invariants: Vec<Value> = report
            .findings
            .iter()
            .map(|finding| {
                json!({
                    "id": finding.invariant,
                    "verdict": verdict(finding.breaches.is_empty()),
                    "figure": finding.breaches.len(),
                    "limit": 0,
                    "checked": finding.checked,
                    "breaches": finding.breaches,
                })
            })
            .collect();
        let seen: Vec<Value> = report
            .seen
            .iter()
            .map(|seen| json!({"fault": seen.fault, "attempt": seen.attempt, "ended": seen.ended}))
            .collect();
        json!({
            "name": self.scenario.name,
            "number": self.scenario.number,
            "about": self.scenario.about,
            "tier": "sockets",
            "seed": null,
            "verdict": verdict(report.is_passed()),
            "requests": report.requests,
            "success_rate": report.successes as f64 / requests,
            "amplification": report.attempts as f64 / requests,
            "p50_ms": millis(report.p50()),
            "p99_ms": millis(report.p99()),
            "faults_fired": report.faults_fired,
            "invariants": invariants,
            "seen": seen,
        })
    }
}

const fn verdict(is_held: bool) -> &'static str {
    if is_held { "pass" } else { "fail" }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
