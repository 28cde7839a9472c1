//! The picture of one run: calls, attempts, first tokens, and how targets are treated, over one time.

use std::fmt::Write as _;

use super::chart::{Panel, Scale};
use super::markup::{escaped, grouped};
use crate::report::document::{Fault, Series};

const WIDTH: f64 = 1160.0;
/// Room at the left of each plot for its labels.
const GUTTER: f64 = 68.0;
const PLOT_WIDTH: f64 = 496.0;
const PLOT_HEIGHT: f64 = 112.0;
/// Where the second column begins.
const SECOND: f64 = WIDTH - GUTTER - PLOT_WIDTH - 4.0;
const FIRST_TOP: f64 = 24.0;
const SECOND_TOP: f64 = FIRST_TOP + PLOT_HEIGHT + 54.0;
/// Colours for vendors; the ninth looks like the first.
const COLOURS: usize = 8;

/// Draws a run. `id` is unique in the page; `name` and `words` say to those who hear it what is shown.
pub(super) fn draw(series: &Series, faults: &[Fault], id: &str, name: &str, words: &str) -> String {
    let rows = Rows::of(series);
    let height = SECOND_TOP + rows.height().max(PLOT_HEIGHT) + 22.0;
    let mut out = format!(
        "<svg class=\"figure\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\
         <title id=\"{id}-t\">{}</title><desc id=\"{id}-d\">{}</desc>",
        escaped(name),
        escaped(words)
    );
    // What holds all the time marks no time.
    let passes = |fault: &&Fault| fault.from_s > 0.0 || fault.until_s < series.end_s;
    let faults: Vec<&Fault> = faults.iter().filter(passes).collect();
    let spans = spans(&faults);
    calls(&mut out, series, &spans);
    attempts(&mut out, series, &spans);
    latency(&mut out, series, &spans);
    rows.draw(&mut out, series, &faults);
    out.push_str("</svg>\n");
    out.push_str(&legend(series));
    out
}

fn panel(left: f64, top: f64, end_s: f64, scale: Scale) -> Panel {
    Panel {
        left: left + GUTTER,
        top,
        width: PLOT_WIDTH,
        height: PLOT_HEIGHT,
        end_s,
        scale,
    }
}

fn per_second(counts: &[f64], step: f64) -> Vec<f64> {
    counts.iter().map(|count| count / step).collect()
}

fn calls(out: &mut String, series: &Series, spans: &[(f64, f64)]) {
    let step = series.step_s;
    let answered = per_second(&series.answered, step);
    let failed = per_second(&series.failed, step);
    let both: Vec<f64> = answered
        .iter()
        .zip(&failed)
        .map(|(one, other)| one + other)
        .collect();
    let ground = vec![0.0; answered.len()];
    let all = per_second(&series.calls, step);
    let scale = Scale::linear(all.iter().chain(&both).copied());
    let panel = panel(0.0, FIRST_TOP, series.end_s, scale);
    panel.shade(out, spans);
    panel.value_axis(out, grouped_tick);
    panel.area(out, "answered", step, &ground, &answered);
    panel.area(out, "failed", step, &answered, &both);
    panel.time_axis(out);
    panel.title(out, "Calls in a second, by how they ended");
}

fn attempts(out: &mut String, series: &Series, spans: &[(f64, f64)]) {
    let step = series.step_s;
    let vendors: Vec<Vec<f64>> = series
        .attempts
        .iter()
        .map(|vendor| per_second(&vendor.counts, step))
        .collect();
    let scale = Scale::linear(vendors.iter().flatten().copied());
    let panel = panel(0.0, SECOND_TOP, series.end_s, scale);
    panel.shade(out, spans);
    panel.value_axis(out, grouped_tick);
    for (place, counts) in vendors.iter().enumerate() {
        let class = format!("line v{}", place % COLOURS);
        panel.line(out, &class, step, counts, |_| true);
    }
    panel.time_axis(out);
    panel.title(out, "Attempts in a second at each vendor");
}

fn latency(out: &mut String, series: &Series, spans: &[(f64, f64)]) {
    let both = series.p50_ms.iter().chain(&series.p99_ms).copied();
    let panel = panel(SECOND, FIRST_TOP, series.end_s, Scale::log(both));
    panel.shade(out, spans);
    panel.value_axis(out, seconds_tick);
    let is_known = |value: f64| value > 0.0;
    panel.line(out, "line p99", series.step_s, &series.p99_ms, is_known);
    panel.line(out, "line p50", series.step_s, &series.p50_ms, is_known);
    panel.time_axis(out);
    panel.title(out, "Time to a stream's first token, median and p99");
}

fn grouped_tick(value: f64) -> String {
    if value.fract() == 0.0 {
        grouped(value)
    } else {
        format!("{value:.1}")
    }
}

fn seconds_tick(millis: f64) -> String {
    if millis < 1_000.0 {
        format!("{millis} ms")
    } else {
        format!("{} s", grouped(millis / 1e3))
    }
}

/// When anything is broken, without overlaps: each time is shaded once.
fn spans(faults: &[&Fault]) -> Vec<(f64, f64)> {
    let mut all: Vec<(f64, f64)> = faults.iter().flat_map(|fault| turns(fault)).collect();
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut merged: Vec<(f64, f64)> = Vec::new();
    for (from, until) in all {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(until),
            _ => merged.push((from, until)),
        }
    }
    merged
}

/// When a fault holds: all the time, or by turns.
fn turns(fault: &Fault) -> Vec<(f64, f64)> {
    let (Some(on), Some(off)) = (fault.on_s, fault.off_s) else {
        return vec![(fault.from_s, fault.until_s)];
    };
    let mut turns = Vec::new();
    let mut from = fault.from_s;
    while from < fault.until_s && on + off > 0.0 {
        turns.push((from, (from + on).min(fault.until_s)));
        from += on + off;
    }
    turns
}

/// The panel of targets: a row for each.
#[derive(Debug)]
struct Rows {
    row: f64,
    count: usize,
}

impl Rows {
    fn of(series: &Series) -> Self {
        let count = series.targets.len().max(1);
        let row = (PLOT_HEIGHT / count as f64).clamp(14.0, 30.0);
        Self { row, count }
    }

    fn height(&self) -> f64 {
        self.row * self.count as f64
    }

    fn draw(&self, out: &mut String, series: &Series, faults: &[&Fault]) {
        let mut panel = panel(SECOND, SECOND_TOP, series.end_s, Scale::Linear(1.0));
        panel.height = self.height();
        for (place, target) in series.targets.iter().enumerate() {
            let top = panel.top + place as f64 * self.row;
            let (bar, strip) = (self.row * 0.52, self.row * 0.2);
            let _ = write!(
                out,
                "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}<title>{}</title></text>",
                panel.left - 6.0,
                top + bar * 0.5 + 4.0,
                escaped(&short(&target.target)),
                escaped(&target.target)
            );
            panel.bar(
                out,
                "state closed",
                (0.0, series.end_s),
                (top, bar),
                &format!("{}: called", target.target),
            );
            let mut bands: Vec<_> = series
                .bands
                .iter()
                .filter(|band| band.target == target.target)
                .collect();
            // Where a day is too short on paper for all of them, the gravest one is seen.
            bands.sort_by_key(|band| band.state == "open");
            for band in bands {
                let words = format!(
                    "{}: {} from {:.1} s to {:.1} s",
                    band.target, band.state, band.from_s, band.until_s
                );
                let class = format!("state {}", band.state);
                panel.bar(out, &class, (band.from_s, band.until_s), (top, bar), &words);
            }
            let here = faults.iter().filter(|fault| fault.vendor == target.vendor);
            for fault in here {
                for turn in turns(fault) {
                    let words = format!("fault: {}", fault.fault);
                    panel.bar(out, "fault", turn, (top + bar + 1.0, strip), &words);
                }
            }
        }
        panel.time_axis(out);
        panel.title(
            out,
            "How each target is treated, its vendor's faults beneath",
        );
    }
}

/// The vendor's part of a target's name, as far as there is room.
fn short(target: &str) -> String {
    let vendor = target.split('/').next().unwrap_or(target);
    if vendor.chars().count() <= 11 {
        return vendor.to_owned();
    }
    vendor.chars().take(10).chain(['…']).collect()
}

/// What the colours mean, and the latencies in numbers.
fn legend(series: &Series) -> String {
    let mut out = String::from("<div class=\"under\"><ul class=\"legend\">");
    let mut entry = |class: &str, text: &str| {
        let _ = write!(
            out,
            "<li><span class=\"swatch {}\"></span>{}</li>",
            escaped(class),
            escaped(text)
        );
    };
    entry("answered", "answered");
    entry("failed", "failed");
    for (place, vendor) in series.attempts.iter().enumerate() {
        entry(&format!("v{}", place % COLOURS), &vendor.vendor);
    }
    entry("p50", "median");
    entry("p99", "p99");
    entry("state closed", "called");
    let mut states: Vec<&str> = series
        .bands
        .iter()
        .map(|band| band.state.as_str())
        .collect();
    states.sort_unstable();
    states.dedup();
    for state in states {
        entry(&format!("state {state}"), state);
    }
    entry("fault", "fault");
    out.push_str("</ul><table class=\"latency\"><caption class=\"hidden\">First tokens before, during and after the storm</caption><tr><th scope=\"row\">first token</th>");
    for latency in &series.latency {
        let _ = write!(out, "<th scope=\"col\">{}</th>", escaped(&latency.when));
    }
    for (name, value) in [
        (
            "median",
            (|one| one.p50_ms) as fn(&crate::report::document::Latency) -> f64,
        ),
        ("p99", |one| one.p99_ms),
    ] {
        let _ = write!(out, "</tr><tr><th scope=\"row\">{name}</th>");
        for latency in &series.latency {
            let value = value(latency);
            let shown = if value > 0.0 {
                format!("{} ms", grouped(value.round()))
            } else {
                "–".to_owned()
            };
            let _ = write!(out, "<td class=\"n\">{shown}</td>");
        }
    }
    out.push_str("</tr></table></div>\n");
    out
}

/// The share of answered calls over time, as small as a word.
pub(super) fn sparkline(series: &Series, faults: &[Fault]) -> String {
    let panel = Panel {
        left: 0.0,
        top: 1.0,
        width: 120.0,
        height: 16.0,
        end_s: series.end_s,
        scale: Scale::Linear(1.0),
    };
    let shares: Vec<f64> = series
        .answered
        .iter()
        .zip(&series.failed)
        .map(|(answered, failed)| {
            let ended = answered + failed;
            if ended == 0.0 { 1.0 } else { answered / ended }
        })
        .collect();
    let mut out = String::from(
        "<svg class=\"spark\" viewBox=\"0 0 120 18\" aria-hidden=\"true\" focusable=\"false\">",
    );
    panel.shade(&mut out, &spans(&faults.iter().collect::<Vec<_>>()));
    panel.area(
        &mut out,
        "failed",
        series.step_s,
        &shares,
        &vec![1.0; shares.len()],
    );
    panel.area(
        &mut out,
        "answered",
        series.step_s,
        &vec![0.0; shares.len()],
        &shares,
    );
    out.push_str("</svg>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(from_s: f64, until_s: f64, duty: Option<(f64, f64)>) -> Fault {
        Fault {
            vendor: "alpha".to_owned(),
            fault: "reset".to_owned(),
            from_s,
            until_s,
            on_s: duty.map(|(on, _)| on),
            off_s: duty.map(|(_, off)| off),
            fired: 1,
        }
    }

    #[test]
    fn times_of_faults_are_shaded_once() {
        let faults = [fault(10.0, 20.0, None), fault(15.0, 30.0, None)];
        assert_eq!(spans(&[&faults[0], &faults[1]]), [(10.0, 30.0)]);
        let flapping = fault(0.0, 20.0, Some((5.0, 5.0)));
        assert_eq!(spans(&[&flapping]), [(0.0, 5.0), (10.0, 15.0)]);
    }
}
