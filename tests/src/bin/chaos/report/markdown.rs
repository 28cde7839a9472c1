//! The report as Markdown, for the documentation.

use std::fmt::Write as _;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::row::Report;

/// Writes the report to a file.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write(report: &Report, path: &Path) -> io::Result<()> {
    let text = text(report).map_err(io::Error::other)?;
    std::fs::write(path, text)
}

fn text(report: &Report) -> Result<String, std::fmt::Error> {
    let mut out = String::new();
    writeln!(out, "# Chaos report\n")?;
    writeln!(
        out,
        "Commit `{}`, first seed {}.",
        report.commit, report.seed
    )?;
    if let Some(mechanism) = report.without {
        writeln!(out, "Without `{mechanism}`.")?;
    }
    writeln!(
        out,
        "Figures are the storm's and of the worst seed; times are in milliseconds.\n"
    )?;
    writeln!(
        out,
        "| # | scenario | seeds | requests | success | attempts | p50 | p99 | added p99 | open | recover | faults | verdict | broken |"
    )?;
    writeln!(
        out,
        "|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|---|"
    )?;
    for row in report.rows() {
        let broken: Vec<String> = row
            .broken
            .iter()
            .map(|(id, (_, figure, limit))| format!("{id} {figure:.3} / {limit:.3}"))
            .collect();
        let verdict = if row.failed == 0 { "pass" } else { "FAIL" };
        writeln!(
            out,
            "| {} | {} | {} | {} | {:.2} % | {:.3} | {} | {} | {} | {} | {} | {} | {verdict} | {} |",
            row.number,
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
            broken.join(", ")
        )?;
    }
    if !report.controls.is_empty() {
        writeln!(out, "\n## Negative controls\n")?;
        writeln!(out, "| without | scenario | fails as it must | broken |")?;
        writeln!(out, "|---|---|---|---|")?;
        for control in &report.controls {
            let verdict = if control.failed.is_empty() {
                "NO"
            } else {
                "yes"
            };
            writeln!(
                out,
                "| {} | {} | {verdict} | {} |",
                control.mechanism,
                control.scenario,
                control.failed.join(", ")
            )?;
        }
    }
    if !report.beside.is_empty() {
        writeln!(out, "\n## Side by side\n")?;
        writeln!(
            out,
            "| scenario | who | success | attempts | p99 | failure p99 | success after heal |"
        )?;
        writeln!(out, "|---|---|--:|--:|--:|--:|--:|")?;
        for row in &report.beside {
            writeln!(
                out,
                "| {} | {} | {:.2} % | {:.3} | {} | {} | {:.2} % |",
                row.scenario,
                row.baseline.map_or("interline", |baseline| baseline.name()),
                row.figures.success_rate * 100.0,
                row.figures.amplification,
                row.figures.p99.as_millis(),
                row.figures.failure_p99.as_millis(),
                row.figures.healed_success * 100.0
            )?;
        }
    }
    Ok(out)
}

fn maybe(time: Option<Duration>) -> String {
    time.map_or_else(|| "–".to_owned(), |time| time.as_millis().to_string())
}
