//! What the reader sees: a header before each stage, a table at the end.

use std::time::Duration;

use owo_colors::OwoColorize;

use super::outcome::{Cases, Outcome};
use super::stage::Stage;
use super::strictness::Strictness;
use crate::stopwatch::readable;
use crate::{Verdict, screen};

/// One stage that was asked for.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) stage: Stage,
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

/// How a row ends up in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Ok,
    Skipped,
    Failed,
}

fn mark(outcome: &Outcome, strictness: Strictness) -> Mark {
    let forbidden = outcome.skips.iter().any(|skip| strictness.forbids(skip));
    if forbidden || !outcome.problems.is_empty() {
        Mark::Failed
    } else if outcome.skips.is_empty() {
        Mark::Ok
    } else {
        Mark::Skipped
    }
}

/// Announces a stage.
pub(crate) fn header(stage: Stage) {
    screen::say("");
    let line = format!("━━ {} ━━ {}", stage.name(), stage.description());
    screen::say(&format!("{}", line.bold().cyan()));
}

/// Failed when any row failed.
pub(crate) fn verdict(rows: &[Row], strictness: Strictness) -> Verdict {
    let failed = rows
        .iter()
        .any(|row| mark(&row.outcome, strictness) == Mark::Failed);
    if failed {
        Verdict::Failed
    } else {
        Verdict::Passed
    }
}

/// Prints the table, then each skipped check, then the totals.
pub(crate) fn print(rows: &[Row], total: Duration, strictness: Strictness) {
    screen::say("");
    screen::say(&format!("{}", "━━ summary ━━".bold().cyan()));
    for row in rows {
        print_row(row, strictness);
    }
    print_skips(rows, strictness);
    screen::say("");
    let took = readable(total);
    match verdict(rows, strictness) {
        Verdict::Passed => screen::say(&format!("{} in {took}", "passed".green().bold())),
        Verdict::Failed => screen::say(&format!("{} in {took}", "FAILED".red().bold())),
    }
    print_cases(rows);
}

fn print_row(row: &Row, strictness: Strictness) {
    let word = match mark(&row.outcome, strictness) {
        Mark::Ok => format!("{}", format!("{:<8}", "ok").green()),
        Mark::Skipped => format!("{}", format!("{:<8}", "SKIPPED").yellow().bold()),
        Mark::Failed => format!("{}", format!("{:<8}", "FAILED").red().bold()),
    };
    let line = format!(
        "  {:<9} {word} {:>12}  {}",
        row.stage.name(),
        readable(row.took),
        row.outcome.facts
    );
    screen::say(line.trim_end());
    for problem in &row.outcome.problems {
        screen::say(&format!("  {:<9} {}", "", problem.red()));
    }
}

fn print_skips(rows: &[Row], strictness: Strictness) {
    let skips: Vec<_> = rows
        .iter()
        .flat_map(|row| row.outcome.skips.iter().map(move |skip| (row.stage, skip)))
        .collect();
    if skips.is_empty() {
        return;
    }
    screen::say("");
    screen::say(&format!("{}", "CHECKS THAT DID NOT RUN".yellow().bold()));
    for (stage, skip) in skips {
        let note = if strictness.forbids(skip) {
            " (a failure, because CI is set)"
        } else {
            ""
        };
        let line = format!("  {:<9} {}{note}", stage.name(), skip.reason);
        screen::say(&format!("{}", line.yellow()));
    }
}

/// The last line: how many test cases ran, in the plain form that tools read.
fn print_cases(rows: &[Row]) {
    let sum = rows.iter().fold(Cases::default(), |sum, row| Cases {
        passed: sum.passed + row.outcome.cases.passed,
        failed: sum.failed + row.outcome.cases.failed,
        ignored: sum.ignored + row.outcome.cases.ignored,
    });
    if sum != Cases::default() {
        screen::say(&format!(
            "tests: {} passed, {} failed, {} skipped",
            sum.passed, sum.failed, sum.ignored
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::outcome::Skip;
    use super::*;

    #[track_caller]
    fn check(outcome: &Outcome, strictness: Strictness, expected: Mark) {
        assert_eq!(mark(outcome, strictness), expected);
    }

    #[test]
    fn a_skip_is_a_warning_at_a_desk_and_a_failure_in_ci() {
        let skipped = Outcome::skipped(Skip::new("no python3"));
        check(&skipped, Strictness::Desk, Mark::Skipped);
        check(&skipped, Strictness::Ci, Mark::Failed);
        check(&Outcome::passed(), Strictness::Ci, Mark::Ok);
    }

    #[test]
    fn a_problem_fails_everywhere() {
        let failed = Outcome::failed("broken");
        check(&failed, Strictness::Desk, Mark::Failed);
        check(&failed, Strictness::CiWithoutShared, Mark::Failed);
    }
}
