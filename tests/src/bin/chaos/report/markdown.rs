//! The report as Markdown, for the documentation: the targets of the project beside their figures, then every table.

use std::fmt::{Result, Write as _};
use std::io;
use std::path::Path;

use super::document::{Day, Document};
use super::targets;

/// Writes the report to a file.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write(document: &Document, path: &Path) -> io::Result<()> {
    let text = text(document).map_err(io::Error::other)?;
    std::fs::write(path, text)
}

fn text(document: &Document) -> std::result::Result<String, std::fmt::Error> {
    let mut out = String::from("# Chaos report\n\n");
    head(&mut out, document)?;
    targets(&mut out, document)?;
    summary(&mut out, document)?;
    if let Some(day) = &document.day {
        self::day(&mut out, day)?;
    }
    beside(&mut out, document)?;
    other_tiers(&mut out, document)?;
    controls(&mut out, document)?;
    Ok(out)
}

fn head(out: &mut String, document: &Document) -> Result {
    let verdict = document.verdict.as_deref().unwrap_or("unknown");
    writeln!(
        out,
        "Commit `{}`, first seed {}, breaker {}: **{verdict}**.",
        document.commit,
        document.seed.unwrap_or_default(),
        document.breaker.as_deref().unwrap_or("adaptive")
    )?;
    if let Some(mechanism) = &document.without {
        writeln!(out, "Without `{mechanism}`.")?;
    }
    writeln!(
        out,
        "Figures are the storm's and of the worst seed; times are in milliseconds of the virtual clock, except where sockets are named."
    )?;
    writeln!(out, "[chaos.md](chaos.md) tells how to read it.\n")
}

fn targets(out: &mut String, document: &Document) -> Result {
    let rows = targets::of(document);
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Targets\n")?;
    writeln!(out, "| scenario | what | target | figure | held |")?;
    writeln!(out, "|---|---|--:|--:|---|")?;
    for row in rows {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            row.scenario,
            row.what,
            row.target,
            row.figure,
            if row.is_held { "yes" } else { "**no**" }
        )?;
    }
    writeln!(out)
}

fn summary(out: &mut String, document: &Document) -> Result {
    if document.summary.is_empty() {
        return Ok(());
    }
    writeln!(out, "## Virtual clock\n")?;
    writeln!(
        out,
        "| # | scenario | seeds | requests | success | attempts | p50 | p99 | added p99 | open | recover | faults | verdict | broken |"
    )?;
    writeln!(
        out,
        "|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|---|"
    )?;
    for row in &document.summary {
        let broken: Vec<String> = row
            .broken
            .iter()
            .map(|one| {
                format!(
                    "{} {} / {} ({} seeds)",
                    one.id,
                    figure(one.figure),
                    figure(one.limit),
                    one.seeds.min(row.seeds)
                )
            })
            .collect();
        let verdict = if row.failed == 0 {
            "pass".to_owned()
        } else {
            format!("**FAIL** {}/{}", row.failed, row.seeds)
        };
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {:.3} | {:.0} | {:.0} | {:.0} | {} | {} | {} | {verdict} | {} |",
            row.number,
            row.name,
            row.seeds,
            row.requests,
            percent(row.success_rate),
            row.amplification,
            row.p50_ms,
            row.p99_ms,
            row.added_p99_ms,
            maybe(row.time_to_open_ms),
            maybe(row.time_to_recover_ms),
            row.faults_fired,
            broken.join(", ")
        )?;
    }
    Ok(())
}

fn day(out: &mut String, day: &Day) -> Result {
    writeln!(out, "\n## A day of a large service\n")?;
    writeln!(
        out,
        "{} requests in 24 hours of virtual time, played in {:.0} s ({:.0} calls and {:.0} events of the engine in a second): **{}**.\n",
        day.requests, day.took_s, day.calls_per_second, day.events_per_second, day.verdict
    )?;
    for fault in &day.faults {
        writeln!(
            out,
            "- {}: {}, from {} to {}, fired {} times",
            fault.vendor,
            fault.fault,
            clock(fault.from_s),
            clock(fault.until_s),
            fault.fired
        )?;
    }
    write!(
        out,
        "\n| time | calls | failed | availability | attempts | p50 | p99 |"
    )?;
    for vendor in &day.series.attempts {
        write!(out, " {} |", vendor.vendor)?;
    }
    write!(out, "\n|---|--:|--:|--:|--:|--:|--:|")?;
    for _ in &day.series.attempts {
        write!(out, "--:|")?;
    }
    writeln!(out)?;
    for row in &day.rows {
        write!(
            out,
            "| {} | {} | {} | {} | {:.4} | {:.0} | {:.0} |",
            row.name,
            row.requests,
            row.failed,
            percent(row.availability),
            row.amplification,
            row.p50_ms,
            row.p99_ms
        )?;
        for share in &row.shares {
            write!(out, " {:.1} % |", share * 100.0)?;
        }
        writeln!(out)?;
    }
    writeln!(out, "\n| check | what | figure | limit | verdict |")?;
    writeln!(out, "|---|---|--:|--:|---|")?;
    for finding in &day.invariants {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            finding.id,
            finding.what,
            figure(finding.figure),
            figure(finding.limit),
            finding.verdict
        )?;
    }
    Ok(())
}

fn beside(out: &mut String, document: &Document) -> Result {
    if document.side_by_side.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Side by side\n")?;
    writeln!(
        out,
        "The same simulator, seeds and scenarios. *Load* is what the storm sends to the vendors with faults, in times of what they get when nothing is wrong.\n"
    )?;
    writeln!(
        out,
        "| scenario | who | success | attempts | load | added p99 | p99 | failure p99 | success after heal |"
    )?;
    writeln!(out, "|---|---|--:|--:|--:|--:|--:|--:|--:|")?;
    for row in &document.side_by_side {
        let mark = if row.is_ours { "**" } else { "" };
        writeln!(
            out,
            "| {} | {mark}{}{mark} | {} | {:.3} | {:.3} | {:.0} | {:.0} | {} | {} |",
            row.scenario,
            row.subject,
            percent(row.success_rate),
            row.amplification,
            row.broken_load,
            row.added_p99_ms,
            row.p99_ms,
            maybe(Some(row.failure_p99_ms).filter(|time| *time > 0.0)),
            percent(row.success_after_heal)
        )?;
    }
    Ok(())
}

fn other_tiers(out: &mut String, document: &Document) -> Result {
    let others: Vec<_> = document
        .scenarios
        .iter()
        .filter(|one| one.tier != "sim")
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Sockets and process\n")?;
    writeln!(
        out,
        "| # | scenario | tier | requests | success | attempts | faults | p50 | p99 | verdict | broken |"
    )?;
    writeln!(out, "|--:|---|---|--:|--:|--:|--:|--:|--:|---|---|")?;
    for one in others {
        let broken: Vec<&str> = one
            .invariants
            .iter()
            .filter(|finding| finding.verdict == "fail")
            .map(|finding| finding.id.as_str())
            .collect();
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            one.number,
            one.name,
            one.tier,
            one.requests,
            one.success_rate.map_or_else(|| "–".to_owned(), percent),
            one.amplification
                .map_or_else(|| "–".to_owned(), |value| format!("{value:.3}")),
            one.faults_fired,
            maybe(one.p50_ms),
            maybe(one.p99_ms),
            if one.is_passed() { "pass" } else { "**FAIL**" },
            broken.join(", ")
        )?;
    }
    Ok(())
}

fn controls(out: &mut String, document: &Document) -> Result {
    if document.controls.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Negative controls\n")?;
    writeln!(out, "| without | scenario | fails as it must | broken |")?;
    writeln!(out, "|---|---|---|---|")?;
    for control in &document.controls {
        let is_right = control.verdict == "fail";
        writeln!(
            out,
            "| {} | {} | {} | {} |",
            control.mechanism,
            control.scenario,
            if is_right { "yes" } else { "**NO**" },
            control.broken.join(", ")
        )?;
    }
    Ok(())
}

fn maybe(time: Option<f64>) -> String {
    time.map_or_else(|| "–".to_owned(), |time| format!("{time:.0}"))
}

/// Three digits where they say something.
fn figure(value: Option<f64>) -> String {
    match value {
        None => "never".to_owned(),
        Some(value) if value.fract() == 0.0 => format!("{value:.0}"),
        Some(value) => format!("{value:.3}"),
    }
}

/// A share, never rounded up to a hundred percent.
pub(super) fn percent(share: f64) -> String {
    let percent = (share * 1e5).floor() / 1e3;
    format!("{percent:.3} %")
}

/// Seconds of a day as the clock shows them.
fn clock(seconds: f64) -> String {
    let minutes = (seconds / 60.0) as u64;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}
