//! The process tier on the command line: plays the library's scenarios over the built gateway and says what came of each.

use std::time::Duration;

use anstream::{eprintln, println};
use interline_tests::binary;
use interline_tests::process::{Check, ProcessReport, ProcessScenario, Relation, scenarios};
use owo_colors::OwoColorize as _;
use serde_json::{Value, json};

use crate::arguments::Arguments;

/// Plays what was asked for, or everything; the reports with their scenarios.
///
/// # Errors
/// A scenario that the tier does not have, or a gateway that does not build.
pub(crate) fn play(arguments: &Arguments) -> Result<Vec<Played>, String> {
    let all = scenarios();
    for name in &arguments.scenario {
        if !all.iter().any(|scenario| scenario.name == name) {
            let known: Vec<_> = all.iter().map(|scenario| scenario.name).collect();
            return Err(format!(
                "the process tier has no scenario `{name}`; it has {}",
                known.join(", ")
            ));
        }
    }
    eprintln!("{}", "building the gateway, where that is needed".dimmed());
    let gateway = binary::beside("interline-gateway", "interline")?;
    let is_wanted = |scenario: &ProcessScenario| {
        arguments.scenario.is_empty() || arguments.scenario.iter().any(|name| name == scenario.name)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    let mut played = Vec::new();
    for scenario in all.into_iter().filter(is_wanted) {
        eprintln!("{} {}", scenario.name.bold(), scenario.about.dimmed());
        let report = runtime.block_on(scenario.play(&gateway));
        played.push(Played { scenario, report });
    }
    Ok(played)
}

/// A scenario and what came of it.
#[derive(Debug)]
pub(crate) struct Played {
    scenario: ProcessScenario,
    report: ProcessReport,
}

/// Prints a line for each scenario with its figures; whether all held.
pub(crate) fn print(played: &[Played]) -> bool {
    println!(
        "{:>3} {:<26} {:>8} {:>9} {:>9} {:>7} {:>9} {:>9}",
        "#", "process", "requests", "answered", "attempts", "faults", "p50 ms", "p99 ms"
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
        for check in &report.checks {
            if check.is_held() {
                println!("      {}", check.dimmed());
            } else {
                println!("      {}", check.red());
            }
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
        let invariants: Vec<Value> = report.checks.iter().map(of_check).collect();
        json!({
            "name": self.scenario.name,
            "about": self.scenario.about,
            "number": self.scenario.number,
            "tier": "process",
            "seed": null,
            "verdict": verdict(report.is_passed()),
            "requests": report.requests,
            "success_rate": report.successes as f64 / requests,
            "amplification": report.attempts as f64 / requests,
            "p50_ms": millis(report.p50()),
            "p99_ms": millis(report.p99()),
            "faults_fired": report.faults_fired,
            "invariants": invariants,
        })
    }
}

fn of_check(check: &Check) -> Value {
    json!({
        "id": check.invariant,
        "verdict": verdict(check.is_held()),
        "what": check.what,
        // JSON has no word for what never came.
        "figure": check.figure.is_finite().then_some(check.figure),
        "limit": check.limit,
        "bound": match check.relation {
            Relation::AtLeast => "at_least",
            _ => "at_most",
        },
    })
}

const fn verdict(is_held: bool) -> &'static str {
    if is_held { "pass" } else { "fail" }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
