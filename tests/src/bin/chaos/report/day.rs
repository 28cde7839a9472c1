//! The long day on the terminal and as JSON.

use anstream::println;
use owo_colors::OwoColorize as _;
use serde_json::{Value, json};

use super::json::{drawn, finding, millis};
use crate::day::{Day, Row};
use crate::invariants::Verdict;

/// Prints the day's table and what broke.
pub(crate) fn print(day: &Day) {
    println!("{}", "a day of a large service".bold());
    println!(
        "{:<26} {:>10} {:>8} {:>13} {:>9} {:>7} {:>7}  {}",
        "time",
        "calls",
        "failed",
        "availability",
        "attempts",
        "p50",
        "p99",
        day.series.vendors.join(" / ")
    );
    for row in &day.rows {
        let shares: Vec<String> = row
            .shares
            .iter()
            .map(|share| format!("{:.1}%", share * 100.0))
            .collect();
        println!(
            "{:<26} {:>10} {:>8} {:>12.4}% {:>9.4} {:>7} {:>7}  {}",
            row.name,
            row.calls,
            row.failed,
            row.availability * 100.0,
            row.amplification,
            row.p50.as_millis(),
            row.p99.as_millis(),
            shares.join(" / ")
        );
    }
    let seconds = day.took.as_secs_f64();
    println!(
        "{} calls in {seconds:.0} s of wall clock: {:.0} calls and {:.0} events of the engine in a second",
        day.calls,
        day.calls as f64 / seconds,
        day.events as f64 / seconds
    );
    for finding in &day.findings {
        let line = format!(
            "{}: {:.4} against {:.4} ({})",
            finding.id, finding.figure, finding.limit, finding.what
        );
        match finding.verdict() {
            Verdict::Pass => println!("  {} {line}", "pass".green()),
            Verdict::Fail => println!("  {} {line}", "FAIL".red().bold()),
            Verdict::NotApplicable => {}
        }
    }
}

/// The day as JSON.
pub(crate) fn value(day: &Day) -> Value {
    let seconds = day.took.as_secs_f64();
    let faults: Vec<Value> = day
        .faults
        .iter()
        .map(|fault| {
            json!({
                "vendor": fault.vendor,
                "fault": fault.words,
                "from_s": fault.from,
                "until_s": fault.until,
                "fired": fault.fired,
            })
        })
        .collect();
    json!({
        "verdict": if day.is_passed() { "pass" } else { "fail" },
        "requests": day.calls,
        "took_s": seconds,
        "calls_per_second": day.calls as f64 / seconds,
        "events_per_second": day.events as f64 / seconds,
        "rows": day.rows.iter().map(row).collect::<Vec<_>>(),
        "invariants": day.findings.iter().map(finding).collect::<Vec<_>>(),
        "faults": faults,
        "series": drawn(&day.series),
    })
}

fn row(row: &Row) -> Value {
    json!({
        "name": row.name,
        "requests": row.calls,
        "failed": row.failed,
        "availability": row.availability,
        "amplification": row.amplification,
        "p50_ms": millis(row.p50),
        "p99_ms": millis(row.p99),
        "shares": row.shares,
    })
}
