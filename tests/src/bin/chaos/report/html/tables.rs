//! What the page says in words and tables: the head, the overview, and everything that has no picture.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::figure;
use super::markup::{
    Table, anchor, badge, counted, escaped, figure as number, grouped, ms, percent,
};
use crate::report::document::{Document, Scenario};

/// The head: verdict, commit, seed, counts, and the way to everything else.
pub(super) fn header(document: &Document) -> String {
    let is_passed = document.verdict.as_deref() == Some("pass");
    let failed = failing(document);
    let runs = document.scenarios.len();
    let calls: u64 = document.scenarios.iter().map(|one| one.requests).sum();
    let faults: u64 = document.scenarios.iter().map(|one| one.faults_fired).sum();
    let calls = calls + document.day.as_ref().map_or(0, |day| day.requests);
    let mut out = format!(
        "<header class=\"top {}\"><div class=\"title\"><h1>Chaos report</h1>{}</div>\n<dl class=\"facts\">",
        if is_passed { "pass" } else { "fail" },
        badge(is_passed)
    );
    let mut fact = |name: &str, value: &str| {
        let _ = write!(
            out,
            "<div><dt>{}</dt><dd>{}</dd></div>",
            escaped(name),
            escaped(value)
        );
    };
    let commit: String = document.commit.chars().take(12).collect();
    fact("commit", &commit);
    if let Some(seed) = document.seed {
        fact("first seed", &seed.to_string());
    }
    if let Some(breaker) = &document.breaker {
        fact("breaker", breaker);
    }
    if let Some(without) = &document.without {
        fact("without", without);
    }
    fact("runs", &grouped(runs as f64));
    fact("calls", &grouped(calls as f64));
    fact("faults fired", &grouped(faults as f64));
    fact("scenarios that fail", &failed.len().to_string());
    out.push_str("</dl>\n");
    if !failed.is_empty() {
        let names: Vec<String> = failed
            .iter()
            .map(|one| {
                let (link, name) = (link(one), escaped(&one.name));
                format!("<a href=\"#{link}\">{name}</a>")
            })
            .collect();
        let _ = writeln!(
            out,
            "<p class=\"failing\">Failing: {}</p>",
            names.join(", ")
        );
    }
    out.push_str("<nav aria-label=\"Parts of this page\">");
    let parts = [
        ("day", "The long day", document.day.is_some()),
        ("beside", "Side by side", !document.side_by_side.is_empty()),
        ("overview", "Overview", !document.summary.is_empty()),
        ("pictures", "Scenarios", !document.summary.is_empty()),
        ("tiers", "Sockets and process", has_other_tiers(document)),
        ("invariants", "Invariants", true),
        (
            "controls",
            "Negative controls",
            !document.controls.is_empty(),
        ),
    ];
    for (id, name, is_there) in parts {
        if is_there {
            let _ = write!(out, "<a href=\"#{id}\">{name}</a>");
        }
    }
    out.push_str(
        "<label class=\"filter\"><input type=\"checkbox\" id=\"only-failing\"> only what fails</label></nav></header>\n",
    );
    out
}

/// The scenarios that failed in any tier, each once.
fn failing(document: &Document) -> Vec<&Scenario> {
    let mut all: Vec<&Scenario> = Vec::new();
    for scenario in document.scenarios.iter().filter(|one| !one.is_passed()) {
        let is_it = |one: &&Scenario| one.name == scenario.name && one.tier == scenario.tier;
        if !all.iter().any(is_it) {
            all.push(scenario);
        }
    }
    all
}

/// Where the page tells of a scenario: tiers share names.
fn link(scenario: &Scenario) -> String {
    let kind = if scenario.tier == "sim" { "s" } else { "t" };
    anchor(kind, &scenario.name)
}

/// One line for each scenario of the sim tier.
pub(super) fn summary(document: &Document) -> String {
    if document.summary.is_empty() {
        return String::new();
    }
    let mut table = Table::new(
        "Every scenario on the virtual clock: success, attempts and latencies are the storm's, the worst of all seeds",
        &[
            "#nr",
            "scenario",
            "success over time",
            "#seeds",
            "#calls",
            "#success",
            "#attempts",
            "#p50 ms",
            "#p99 ms",
            "#added ms",
            "#open ms",
            "#recover ms",
            "#faults",
            "",
        ],
    );
    for row in &document.summary {
        let drawn = document.scenarios.iter().find_map(|scenario| {
            let is_it = scenario.tier == "sim" && scenario.name == row.name;
            Some((scenario.series.as_ref().filter(|_| is_it)?, scenario))
        });
        let spark = drawn.map_or_else(String::new, |(series, scenario)| {
            figure::sparkline(series, &scenario.faults)
        });
        let is_passed = row.failed == 0;
        table.row(if is_passed { "pass" } else { "fail" });
        table.number(&match row.number {
            0 => "–".to_owned(),
            number => number.to_string(),
        });
        let name = escaped(&row.name);
        table.markup(&format!(
            "<a href=\"#{}\">{name}</a>",
            anchor("s", &row.name)
        ));
        table.markup(&spark);
        table.number(&grouped(row.seeds as f64));
        table.number(&grouped(row.requests as f64));
        table.number(&percent(row.success_rate));
        table.number(&format!("{:.3}", row.amplification));
        table
            .number(&ms(Some(row.p50_ms)))
            .number(&ms(Some(row.p99_ms)));
        table.number(&ms(Some(row.added_p99_ms)));
        table.number(&ms(row.time_to_open_ms));
        table.number(&ms(row.time_to_recover_ms));
        table.number(&grouped(row.faults_fired as f64));
        let verdict = if is_passed || row.seeds == 1 {
            badge(is_passed).to_owned()
        } else {
            format!("{} {}/{}", badge(false), row.failed, row.seeds)
        };
        table.markup(&verdict).end();
    }
    format!(
        "<h2 id=\"overview\">Overview</h2>\n<div class=\"card filtered\">{}</div>\n",
        table.finish()
    )
}

/// Ours and others in the same world.
pub(super) fn side_by_side(document: &Document) -> String {
    if document.side_by_side.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<h2 id=\"beside\">Side by side</h2>\n<p class=\"lead\">The same simulator, seeds and scenarios; the worst of all seeds. \
         The others are rules in their plainest form, not products. <em>Broken vendors' load</em> is what the storm sends to the vendors with faults, in times of what they get when nothing is wrong.</p>\n<div class=\"beside\">",
    );
    let mut scenarios: Vec<&str> = Vec::new();
    for row in &document.side_by_side {
        if !scenarios.contains(&row.scenario.as_str()) {
            scenarios.push(&row.scenario);
        }
    }
    for scenario in scenarios {
        let rows = document
            .side_by_side
            .iter()
            .filter(|row| row.scenario == scenario);
        let seeds = rows.clone().map(|row| row.seeds).max().unwrap_or(0);
        let about = document.summary.iter().find(|row| row.name == scenario);
        let mut table = Table::new(
            scenario,
            &[
                "who",
                "#success",
                "#attempts",
                "#broken vendors' load",
                "#added p99 ms",
                "#p99 ms",
                "#failure p99 ms",
                "#after heal",
            ],
        );
        for row in rows {
            table
                .row(if row.is_ours { "ours" } else { "" })
                .text(&row.subject);
            table.number(&percent(row.success_rate));
            table.number(&format!("{:.3}", row.amplification));
            table.number(&format!("{:.3}", row.broken_load));
            table.number(&ms(Some(row.added_p99_ms)));
            table.number(&ms(Some(row.p99_ms)));
            // Where nobody failed there is no time to a failure.
            table.number(&ms(Some(row.failure_p99_ms).filter(|time| *time > 0.0)));
            table.number(&percent(row.success_after_heal)).end();
        }
        let _ = writeln!(
            out,
            "<section class=\"card\"><h3>{}</h3><p>{}; {}</p>{}</section>",
            escaped(scenario),
            escaped(about.map_or("", |row| row.about.as_str())),
            counted(seeds, "seed"),
            table.finish()
        );
    }
    out.push_str("</div>\n");
    out
}

fn has_other_tiers(document: &Document) -> bool {
    document
        .scenarios
        .iter()
        .any(|scenario| scenario.tier != "sim")
}

/// The scenarios of real sockets and of the gateway's process.
pub(super) fn other_tiers(document: &Document) -> String {
    if !has_other_tiers(document) {
        return String::new();
    }
    let mut out = String::from("<h2 id=\"tiers\">Real sockets, the gateway's process</h2>\n");
    let others = document.scenarios.iter().filter(|one| one.tier != "sim");
    let mut tiers: BTreeMap<&str, Vec<&Scenario>> = BTreeMap::new();
    for scenario in others {
        tiers.entry(&scenario.tier).or_default().push(scenario);
    }
    for (tier, scenarios) in tiers.iter().rev() {
        let mut table = Table::new(
            &format!("Scenarios of the {tier} tier"),
            &[
                "#nr",
                "scenario",
                "#calls",
                "#success",
                "#attempts",
                "#faults",
                "#p50 ms",
                "#p99 ms",
                "#checks",
                "",
            ],
        );
        for scenario in scenarios {
            let checks: u64 = scenario
                .invariants
                .iter()
                .map(|finding| finding.checked.unwrap_or(1))
                .sum();
            table.row(if scenario.is_passed() { "pass" } else { "fail" });
            table.number(&scenario.number.to_string());
            table.markup(&format!(
                "<span id=\"{}\">{}</span>",
                link(scenario),
                escaped(&scenario.name)
            ));
            table.number(&grouped(scenario.requests as f64));
            table.number(
                &scenario
                    .success_rate
                    .map_or_else(|| "–".to_owned(), percent),
            );
            let attempts = scenario.amplification.map(|value| format!("{value:.3}"));
            table.number(&attempts.unwrap_or_else(|| "–".to_owned()));
            table.number(&grouped(scenario.faults_fired as f64));
            table
                .number(&ms(scenario.p50_ms))
                .number(&ms(scenario.p99_ms));
            table.number(&grouped(checks as f64));
            table.markup(badge(scenario.is_passed())).end();
        }
        let _ = write!(
            out,
            "<div class=\"card filtered\"><h3>{}</h3>{}",
            escaped(tier),
            table.finish()
        );
        for scenario in scenarios {
            out.push_str(&details(scenario));
        }
        out.push_str("</div>\n");
    }
    out
}

/// What one scenario of another tier checked, and what its client saw.
fn details(scenario: &Scenario) -> String {
    let is_passed = scenario.is_passed();
    let mut out = format!(
        "<details class=\"{}\"{}><summary>{}: {}{}</summary>\n<p>{}</p>\n",
        if is_passed { "pass" } else { "fail" },
        if is_passed { "" } else { " open" },
        escaped(&scenario.name),
        counted(scenario.invariants.len() as u64, "check"),
        match scenario.seen.len() {
            0 => String::new(),
            cases => format!(", {}", counted(cases as u64, "case")),
        },
        escaped(&scenario.about)
    );
    let mut table = Table::new(
        "Checks",
        &["check", "what broke it", "#figure", "#limit", ""],
    );
    for finding in &scenario.invariants {
        let held = finding.verdict != "fail";
        table.row(if held { "" } else { "bad" }).text(&finding.id);
        let what = if finding.breaches.is_empty() {
            finding.what.clone()
        } else {
            finding.breaches.join("; ")
        };
        table.text(&what);
        table
            .number(&number(finding.figure))
            .number(&number(finding.limit));
        table.markup(badge(held)).end();
    }
    out.push_str(&table.finish());
    if !scenario.seen.is_empty() {
        let mut table = Table::new(
            "What the client saw of each fault",
            &["fault", "the attempt", "the call"],
        );
        for seen in &scenario.seen {
            table
                .row("")
                .text(&seen.fault)
                .text(&seen.attempt)
                .text(&seen.ended)
                .end();
        }
        out.push_str(&table.finish());
    }
    out.push_str("</details>\n");
    out
}

/// Every invariant over everything that was played.
pub(super) fn invariants(document: &Document) -> String {
    let mut all: BTreeMap<(u32, &str), Held<'_>> = BTreeMap::new();
    for scenario in &document.scenarios {
        for finding in &scenario.invariants {
            let digits = finding.id.trim_start_matches('I').trim_end_matches('=');
            let place = digits.parse().unwrap_or(u32::MAX);
            let held = all.entry((place, &finding.id)).or_default();
            if held.what.is_empty() {
                held.what.clone_from(&finding.what);
            }
            match finding.verdict.as_str() {
                "pass" => held.runs += 1,
                "fail" => {
                    held.runs += 1;
                    held.failed += 1;
                    if !held.scenarios.contains(&scenario.name.as_str()) {
                        held.scenarios.push(&scenario.name);
                    }
                }
                _ => {}
            }
        }
    }
    let mut table = Table::new(
        "Invariants and criteria over all runs of all tiers",
        &[
            "check",
            "what is measured",
            "#runs that measured it",
            "#runs that broke it",
            "where",
        ],
    );
    for ((_, id), held) in &all {
        table.row(if held.failed == 0 { "" } else { "bad" });
        table.text(id).text(&held.what);
        table.number(&grouped(held.runs as f64));
        table.rated(
            &grouped(held.failed as f64),
            if held.failed == 0 { "good" } else { "worse" },
        );
        table.text(&held.scenarios.join(", ")).end();
    }
    let mut out = format!(
        "<h2 id=\"invariants\">Invariants</h2>\n<div class=\"card\">{}",
        table.finish()
    );
    if !document.invariants_checked_elsewhere.is_empty() {
        out.push_str("<ul class=\"notes\">");
        for one in &document.invariants_checked_elsewhere {
            let _ = write!(
                out,
                "<li><strong>{}</strong>: {}</li>",
                escaped(&one.id),
                escaped(&one.reason)
            );
        }
        out.push_str("</ul>");
    }
    out.push_str("</div>\n");
    out
}

/// A check over everything.
#[derive(Debug, Default)]
struct Held<'a> {
    what: String,
    runs: u64,
    failed: u64,
    scenarios: Vec<&'a str>,
}

/// The proof that checks can fail: scenarios without their guards.
pub(super) fn controls(document: &Document) -> String {
    if document.controls.is_empty() {
        return String::new();
    }
    let mut table = Table::new(
        "Scenarios with a mechanism off that guards them: each must fail",
        &["without", "scenario", "checks that fail now", ""],
    );
    for control in &document.controls {
        let is_right = control.verdict == "fail";
        table.row(if is_right { "pass" } else { "fail" });
        table.text(&control.mechanism).text(&control.scenario);
        table.text(&control.broken.join(", "));
        let word = if is_right {
            "<span class=\"badge pass\">fails, as it must</span>"
        } else {
            "<span class=\"badge fail\">proves nothing</span>"
        };
        table.markup(word).end();
    }
    format!(
        "<h2 id=\"controls\">Negative controls</h2>\n<div class=\"card filtered\">{}</div>\n",
        table.finish()
    )
}

/// Scenarios of the catalogue that another tier plays.
pub(super) fn elsewhere(document: &Document) -> String {
    if document.not_in_this_tier.is_empty() {
        return String::new();
    }
    let mut table = Table::new(
        "Scenarios that a simulation of typed errors cannot express",
        &["#nr", "scenario", "tier", "why"],
    );
    for one in &document.not_in_this_tier {
        table
            .row("")
            .number(&one.number.to_string())
            .text(&one.name);
        table.text(&one.tier).text(&one.reason).end();
    }
    format!(
        "<h2 id=\"elsewhere\">Played elsewhere</h2>\n<div class=\"card\">{}</div>\n",
        table.finish()
    )
}
