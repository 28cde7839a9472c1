//! The live table on the terminal.

use std::io::{self, IsTerminal, Write};

use owo_colors::{OwoColorize, Style};

use super::observed::Observed;
use super::scenes::{Ask, Scene};
use crate::failure::millis;

const CLIENT: usize = 16;
const ANSWERED_BY: usize = 25;
const ATTEMPTS: usize = 8;
const MS: usize = 5;
const COST: usize = 10;

/// The live table: a line per request, grouped by what is broken.
#[derive(Debug)]
pub(crate) struct Table {
    is_terminal: bool,
    rows: usize,
}

impl Table {
    pub(crate) fn new() -> Self {
        Self {
            is_terminal: io::stdout().is_terminal(),
            rows: 0,
        }
    }

    /// The columns' names.
    pub(crate) fn head(&self) {
        let head = format!(
            "  {:>2}    {:<CLIENT$} {:<ANSWERED_BY$} {:>ATTEMPTS$} {:>MS$} {:>COST$}   what happened",
            "#", "client", "answered by", "attempts", "ms", "cost"
        );
        anstream::println!("{}", head.bold());
    }

    /// What is broken from here on.
    pub(crate) fn scene(&self, scene: &Scene) {
        anstream::println!();
        let note = format!("· {}", scene.note);
        anstream::println!("  {} {}", scene.title.cyan().bold(), note.dimmed());
    }

    /// On a terminal, shows that a request is under way.
    pub(crate) fn asking(&self, ask: &Ask) {
        if self.is_terminal {
            let line = format!("  {:>2}  …  {}", self.rows + 1, ask.client());
            anstream::print!("{}", line.dimmed());
            // The line is for the eye only: if it cannot be shown, nothing is lost.
            let _ = anstream::stdout().flush();
        }
    }

    /// Shows how it ended.
    pub(crate) fn ended(&mut self, ask: &Ask, seen: &Observed, as_it_should: bool) {
        self.rows += 1;
        if self.is_terminal {
            anstream::print!("\r\u{1b}[2K");
        }
        let (mark, style) = match (as_it_should, seen.fell_back) {
            (false, _) => ("✗", Style::new().red().bold()),
            (true, true) => ("✓", Style::new().yellow()),
            (true, false) => ("✓", Style::new().green()),
        };
        let cost = seen
            .cost_usd
            .as_deref()
            .and_then(|usd| usd.parse::<f64>().ok());
        let cost = cost.map_or_else(|| "—".to_owned(), |usd| format!("${usd:.6}"));
        let answered_by = seen.answered_by().unwrap_or_else(|| "nobody".to_owned());
        let line = format!(
            "{:>ATTEMPTS$} {:>MS$} {:>COST$}",
            seen.attempts,
            millis(seen.duration),
            cost
        );
        let outcome = outcome(seen);
        let outcome = if outcome.is_empty() {
            outcome
        } else {
            format!("   {}", outcome.dimmed())
        };
        anstream::println!(
            "  {:>2}  {} {:<CLIENT$} {} {line}{outcome}",
            self.rows,
            mark.style(style),
            ask.client(),
            format!("{answered_by:<ANSWERED_BY$}").style(style),
        );
    }
}

fn outcome(seen: &Observed) -> String {
    let mut parts = vec![seen.routing().unwrap_or_default(), seen.story()];
    if let Some(code) = &seen.error_code {
        parts.push(if seen.text.is_empty() {
            format!("error `{code}`")
        } else {
            format!(
                "cut after {} letters, then typed error `{code}`",
                seen.text.chars().count()
            )
        });
    } else if !seen.tools.is_empty() {
        parts.push(format!("calls {}", seen.tools.join(", ")));
    }
    parts.retain(|part| !part.is_empty());
    parts.join("; ")
}
