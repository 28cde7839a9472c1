//! What the suite found, case by case, as a table.

use std::fmt;
use std::time::Duration;

use super::Case;

/// What the suite found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// Whose report it is: the provider's id.
    pub subject: String,
    /// The cases that were asked for, in order.
    pub rows: Vec<Row>,
}

/// What came of one case.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Row {
    /// The case.
    pub case: Case,
    /// What came of it.
    pub verdict: Verdict,
    /// How long it took.
    pub took: Duration,
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The provider keeps the rule.
    Passed,
    /// It does not, one sentence for each way in which it does not.
    Failed(Vec<String>),
    /// Nobody knows, because something was not supplied or was left out: look at the reason.
    Skipped(String),
    /// The rule says nothing about this provider, because it does not claim to have such a thing.
    NotApplicable(String),
}

impl Report {
    /// What came of a case; `None` where it was not asked for.
    #[must_use]
    pub fn verdict(&self, case: Case) -> Option<&Verdict> {
        let row = self.rows.iter().find(|row| row.case == case)?;
        Some(&row.verdict)
    }

    /// The cases that the provider does not pass.
    pub fn failed(&self) -> impl Iterator<Item = Case> {
        let is_failed = |row: &&Row| matches!(row.verdict, Verdict::Failed(_));
        self.rows.iter().filter(is_failed).map(|row| row.case)
    }

    /// The cases of which nobody knows.
    pub fn skipped(&self) -> impl Iterator<Item = Case> {
        let is_skipped = |row: &&Row| matches!(row.verdict, Verdict::Skipped(_));
        self.rows.iter().filter(is_skipped).map(|row| row.case)
    }

    /// Whether no case failed.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.failed().next().is_none()
    }

    /// Prints what was skipped, and panics with the table where a case failed.
    ///
    /// # Panics
    /// Where a case failed.
    #[track_caller]
    #[expect(
        clippy::print_stderr,
        reason = "skipping is loud, also in a test that passes"
    )]
    pub fn assert_passed(&self) {
        assert!(self.is_passed(), "\n{self}");
        if self.skipped().next().is_some() {
            eprintln!("{self}");
        }
    }
}

impl fmt::Display for Report {
    /// A table of the cases; what passed or does not apply takes one line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "conformance of `{}`", self.subject)?;
        for row in &self.rows {
            let took = format!("{} ms", row.took.as_millis());
            let line = format!("{:<22} {took:>8}", row.case);
            match &row.verdict {
                Verdict::Passed => writeln!(f, "  passed   {line}")?,
                Verdict::NotApplicable(why) => writeln!(f, "  -        {line}  {why}")?,
                Verdict::Skipped(why) => writeln!(f, "  NOT RUN  {line}  {why}")?,
                Verdict::Failed(findings) => {
                    writeln!(f, "  FAILED   {line}")?;
                    for finding in findings {
                        writeln!(f, "             {finding}")?;
                    }
                }
            }
        }
        let count = |wanted: fn(&Verdict) -> bool| {
            let verdicts = self.rows.iter().map(|row| &row.verdict);
            verdicts.filter(|verdict| wanted(verdict)).count()
        };
        write!(
            f,
            "{} passed, {} failed, {} skipped, {} not applicable",
            count(|verdict| *verdict == Verdict::Passed),
            self.failed().count(),
            self.skipped().count(),
            count(|verdict| matches!(verdict, Verdict::NotApplicable(_))),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(verdict: Verdict) -> Report {
        let row = Row {
            case: Case::Text,
            verdict,
            took: Duration::from_millis(3),
        };
        Report {
            subject: "acme".to_owned(),
            rows: vec![row],
        }
    }

    #[test]
    fn only_failures_fail() {
        report(Verdict::Skipped("no answer".to_owned())).assert_passed();
        report(Verdict::NotApplicable("no tools".to_owned())).assert_passed();
        assert!(!report(Verdict::Failed(vec!["wrong".to_owned()])).is_passed());
    }

    #[test]
    fn the_table_names_cases_and_reasons() {
        let shown = report(Verdict::Failed(vec!["said nothing".to_owned()])).to_string();
        assert!(shown.contains("FAILED   text"), "{shown}");
        assert!(shown.contains("said nothing"), "{shown}");
        assert!(
            shown.ends_with("0 passed, 1 failed, 0 skipped, 0 not applicable"),
            "{shown}"
        );
    }
}
