//! A card for each scenario of the sim tier: figures, picture, checks, faults; and one for the long day.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::figure;
use super::markup::{
    Table, anchor, badge, counted, escaped, figure as number, grouped, ms, percent,
};
use crate::report::document::{Day, Document, Fault, Finding, Scenario, Summary};

/// All cards.
pub(super) fn all(document: &Document) -> String {
    let mut out = String::new();
    if document.summary.is_empty() {
        return out;
    }
    out.push_str("<h2 id=\"pictures\">Scenarios on the virtual clock</h2>\n<p class=\"lead\">Pictures show the first seed; figures and checks are the worst of all seeds. Shaded and hatched times are those in which a fault holds.</p>\n");
    for row in &document.summary {
        let played: Vec<&Scenario> = document
            .scenarios
            .iter()
            .filter(|scenario| scenario.tier == "sim" && scenario.name == row.name)
            .collect();
        out.push_str(&card(row, &played));
    }
    out
}

fn card(row: &Summary, played: &[&Scenario]) -> String {
    let is_passed = row.failed == 0;
    let id = anchor("s", &row.name);
    let class = if is_passed { "pass" } else { "fail" };
    let number = match row.number {
        0 => String::new(),
        number => format!("<span class=\"place\">#{number}</span> "),
    };
    let mut out = format!(
        "<section class=\"card {class}\" id=\"{id}\" aria-labelledby=\"{id}-h\"><header><h3 id=\"{id}-h\">{number}{}</h3>{}<p>{}</p></header>\n",
        escaped(&row.name),
        badge(is_passed),
        escaped(&row.about)
    );
    out.push_str(&chips(row));
    if let Some((drawn, series)) = played
        .iter()
        .find_map(|scenario| Some((scenario, scenario.series.as_ref()?)))
    {
        let words = format!(
            "Of the calls of the storm {} were answered with {:.3} attempts each; half of the first tokens came within {} ms, 99 of 100 within {} ms.",
            percent(row.success_rate),
            row.amplification,
            ms(Some(row.p50_ms)),
            ms(Some(row.p99_ms)),
        );
        let seed = drawn.seed.unwrap_or_default();
        let name = format!("{} with seed {seed}, second by second", row.name);
        out.push_str(&figure::draw(series, &drawn.faults, &id, &name, &words));
    }
    out.push_str(&broken(row));
    let worst = worst_of(played);
    let _ = writeln!(
        out,
        "<details{}><summary>{} over {}</summary>",
        if is_passed { "" } else { " open" },
        counted(worst.len() as u64, "check"),
        counted(row.seeds, "seed")
    );
    out.push_str(&checks(&worst));
    out.push_str("</details>\n");
    if let Some(first) = played.first() {
        out.push_str(&faults(&first.faults));
        if let (Some(hash), Some(seed)) = (&first.event_log_hash, first.seed) {
            let _ = writeln!(
                out,
                "<p class=\"again\">Again: <code>cargo xtask chaos --tier sim --scenario {} --seed {seed} --seeds 1</code>; event log <code>{}</code></p>",
                escaped(&row.name),
                escaped(hash)
            );
        }
    }
    out.push_str("</section>\n");
    out
}

fn chips(row: &Summary) -> String {
    let mut out = String::from("<dl class=\"chips\">");
    let mut chip = |name: &str, value: String| {
        let _ = write!(
            out,
            "<div><dt>{}</dt><dd>{}</dd></div>",
            escaped(name),
            escaped(&value)
        );
    };
    chip("success", percent(row.success_rate));
    chip("attempts per call", format!("{:.3}", row.amplification));
    // Where nobody was answered there is no latency.
    if row.p99_ms > 0.0 {
        chip("p50", format!("{} ms", ms(Some(row.p50_ms))));
        chip("p99", format!("{} ms", ms(Some(row.p99_ms))));
    }
    chip("added p99", format!("{} ms", ms(Some(row.added_p99_ms))));
    if let Some(open) = row.time_to_open_ms {
        chip("time to open", format!("{} ms", ms(Some(open))));
    }
    if let Some(recover) = row.time_to_recover_ms {
        chip("time to recover", format!("{} ms", ms(Some(recover))));
    }
    chip("success after heal", percent(row.success_after_heal));
    chip("calls", grouped(row.requests as f64));
    chip("faults fired", grouped(row.faults_fired as f64));
    out.push_str("</dl>\n");
    out
}

fn broken(row: &Summary) -> String {
    if row.broken.is_empty() {
        return String::new();
    }
    let mut out = String::from("<ul class=\"broken\">");
    for one in &row.broken {
        let _ = write!(
            out,
            "<li><strong>{}</strong> {} against {} with {} of {} seeds</li>",
            escaped(&one.id),
            number(one.figure),
            number(one.limit),
            one.seeds.min(row.seeds),
            row.seeds
        );
    }
    out.push_str("</ul>\n");
    out
}

/// A check over all seeds: its worst figure.
#[derive(Debug)]
pub(super) struct Worst {
    finding: Finding,
    runs: u64,
    failed: u64,
}

/// Every check over all seeds, in the order of the first seed; those that nothing could be measured for last.
fn worst_of(played: &[&Scenario]) -> Vec<Worst> {
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut all: Vec<Worst> = Vec::new();
    for finding in played.iter().flat_map(|scenario| &scenario.invariants) {
        let key = (finding.id.as_str(), finding.what.as_str());
        let place = *places.entry(key).or_insert_with(|| {
            all.push(Worst {
                finding: finding.clone(),
                runs: 0,
                failed: 0,
            });
            all.len() - 1
        });
        if let Some(worst) = all.get_mut(place) {
            worst.add(finding);
        }
    }
    all.sort_by_key(|worst| worst.runs == 0);
    all
}

impl Worst {
    fn add(&mut self, other: &Finding) {
        if other.bound == "none" {
            return;
        }
        let is_worse = match (self.runs, self.finding.figure, other.figure) {
            (0, ..) => true,
            // A figure that was never reached is the worst there is.
            (_, None, _) => false,
            (_, _, None) => true,
            (_, Some(mine), Some(other_figure)) => match other.bound.as_str() {
                "at_least" => other_figure < mine,
                _ => other_figure > mine,
            },
        };
        if is_worse {
            self.finding = other.clone();
        }
        self.runs += 1;
        self.failed += u64::from(other.verdict == "fail");
    }
}

fn checks(all: &[Worst]) -> String {
    let mut table = Table::new(
        "Checks, with the worst figure of all seeds beside its limit",
        &[
            "check",
            "what is measured",
            "#figure",
            "#limit",
            "#runs",
            "",
        ],
    );
    for worst in all {
        let finding = &worst.finding;
        if worst.runs == 0 {
            table.row("idle").text(&finding.id).text(&finding.what);
            table.number("–").number("–").number("0");
            table.text("nothing to measure").end();
            continue;
        }
        let sign = if finding.bound == "at_least" {
            "≥"
        } else {
            "≤"
        };
        table.row(if worst.failed == 0 { "" } else { "bad" });
        table.text(&finding.id).text(&finding.what);
        table.number(&number(finding.figure));
        table.number(&format!("{sign} {}", number(finding.limit)));
        table.number(&grouped(worst.runs as f64));
        table.markup(badge(worst.failed == 0)).end();
    }
    table.finish()
}

fn faults(faults: &[Fault]) -> String {
    if faults.is_empty() {
        return String::new();
    }
    let fired: u64 = faults.iter().map(|fault| fault.fired).sum();
    let mut table = Table::new(
        "The schedule of faults",
        &["#place", "vendor", "fault", "#from", "#until", "#fired"],
    );
    for (place, fault) in faults.iter().enumerate() {
        table.row("").number(&place.to_string()).text(&fault.vendor);
        table.text(&fault.fault);
        table.number(&format!("{:.1} s", fault.from_s));
        table.number(&format!("{:.1} s", fault.until_s));
        table.number(&grouped(fault.fired as f64)).end();
    }
    format!(
        "<details><summary>{}, fired {}</summary>\n{}</details>\n",
        counted(faults.len() as u64, "fault"),
        counted(fired, "time"),
        table.finish()
    )
}

/// The card of the long day.
pub(super) fn day(day: &Day) -> String {
    let is_passed = day.verdict == "pass";
    let mut out = format!(
        "<h2 id=\"day\">A day of a large service</h2>\n<section class=\"card {}\" aria-labelledby=\"day-h\"><header><h3 id=\"day-h\">{} calls in 24 hours</h3>{}<p>Diurnal load on three vendors, two incidents, on the virtual clock; it took {:.0} s of wall clock ({} calls and {} events of the engine in a second).</p></header>\n",
        if is_passed { "pass" } else { "fail" },
        grouped(day.requests as f64),
        badge(is_passed),
        day.took_s,
        grouped(day.calls_per_second.round()),
        grouped(day.events_per_second.round()),
    );
    let whole = day.rows.last();
    let words = whole.map_or_else(String::new, |row| {
        format!(
            "Over the day {} of the calls were answered with {:.3} attempts each.",
            percent(row.availability),
            row.amplification
        )
    });
    out.push_str(&figure::draw(
        &day.series,
        &day.faults,
        "day",
        "The day in steps of five minutes",
        &words,
    ));
    let mut heads = vec![
        "time",
        "#calls",
        "#failed",
        "#availability",
        "#attempts",
        "#p50 ms",
        "#p99 ms",
    ];
    let vendors: Vec<String> = day
        .series
        .attempts
        .iter()
        .map(|vendor| format!("#{}", vendor.vendor))
        .collect();
    heads.extend(vendors.iter().map(String::as_str));
    let mut table = Table::new("The day by hours, its incidents, and as a whole", &heads);
    for row in &day.rows {
        let is_hour = row.name.contains(':') && !row.name.contains(' ');
        table.row(if is_hour { "" } else { "ours" }).text(&row.name);
        table.number(&grouped(row.requests as f64));
        table.number(&grouped(row.failed as f64));
        table.number(&percent(row.availability));
        table.number(&format!("{:.4}", row.amplification));
        table
            .number(&ms(Some(row.p50_ms)))
            .number(&ms(Some(row.p99_ms)));
        for share in &row.shares {
            table.number(&format!("{:.1} %", share * 100.0));
        }
        table.end();
    }
    out.push_str(&table.finish());
    let worst: Vec<Worst> = day
        .invariants
        .iter()
        .map(|finding| {
            let mut worst = Worst {
                finding: finding.clone(),
                runs: 0,
                failed: 0,
            };
            worst.add(finding);
            worst
        })
        .collect();
    let _ = writeln!(
        out,
        "<details{}><summary>{}</summary>\n{}</details>\n{}</section>",
        if is_passed { "" } else { " open" },
        counted(worst.len() as u64, "check"),
        checks(&worst),
        faults(&day.faults)
    );
    out
}
