//! The result of a bench, for people and for programs.

use anstream::println;
use owo_colors::OwoColorize as _;
use serde_json::{Value, json};

use crate::case::{Bench, Case, Target};
use crate::measure::Figures;

/// A case with its figures.
#[derive(Debug)]
pub(crate) struct Row {
    bench: &'static str,
    unit: &'static str,
    case: String,
    target: Target,
    figures: Figures,
    instructions: Option<f64>,
}

impl Row {
    pub(crate) fn new(
        bench: &Bench,
        case: &Case,
        figures: Figures,
        instructions: Option<f64>,
    ) -> Self {
        Self {
            bench: bench.name,
            unit: bench.unit,
            case: case.name.clone(),
            target: case.target,
            figures,
            instructions,
        }
    }

    /// Whether it keeps within its targets.
    pub(crate) fn is_met(&self) -> bool {
        let within = |figure: f64, limit: Option<f64>| limit.is_none_or(|limit| figure <= limit);
        #[expect(clippy::cast_precision_loss, reason = "targets are small")]
        let allocations = self.target.allocations.map(|limit| limit as f64);
        within(self.figures.p50_ns, self.target.p50_ns)
            && within(self.figures.p99_ns, self.target.p99_ns)
            && within(self.figures.allocations, allocations)
    }
}

/// Prints the rows.
pub(crate) fn print(rows: &[Row]) {
    println!(
        "{:<10} {:<44} {:>14} {:>16} {:>10} {:>12} {:>11}  {}",
        "bench",
        "case",
        "p50 ns (max)",
        "p99 ns (max)",
        "mean ns",
        "per s, core",
        "allocations",
        "instructions"
    );
    for row in rows {
        let Row {
            figures, target, ..
        } = row;
        let with = |figure: f64, limit: Option<f64>| match limit {
            Some(limit) => format!("{figure:.0} ({limit:.0})"),
            None => format!("{figure:.0}"),
        };
        let counted = row
            .instructions
            .map_or_else(|| "-".to_owned(), |count| format!("{count:.0}"));
        let line = format!(
            "{:<10} {:<44} {:>14} {:>16} {:>10.0} {:>12.0} {:>11.3}  {counted}",
            row.bench,
            row.case,
            with(figures.p50_ns, target.p50_ns),
            with(figures.p99_ns, target.p99_ns),
            figures.mean_ns,
            1e9 / figures.mean_ns,
            figures.allocations,
        );
        if row.is_met() {
            println!("{line}");
        } else {
            println!("{} {}", line.red(), "above its target".red().bold());
        }
    }
}

/// The same as JSON.
pub(crate) fn json(rows: &[Row]) -> String {
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "bench": row.bench, "unit": row.unit, "case": row.case,
                "p50_ns": row.figures.p50_ns, "p99_ns": row.figures.p99_ns, "mean_ns": row.figures.mean_ns,
                "samples": row.figures.samples, "allocations": row.figures.allocations,
                "instructions": row.instructions,
                "p50_ns_max": row.target.p50_ns, "p99_ns_max": row.target.p99_ns,
                "allocations_max": row.target.allocations, "met": row.is_met(),
            })
        })
        .collect();
    format!("{:#}\n", Value::from(rows))
}
