//! The quality gate: looks at a whole answer and says whether it will do.
//!
//! A fallback, or a cheap model, may answer with something that is formally an answer and yet of no
//! use: empty, cut, refused, not the JSON that was asked for. A [`Gate`] finds that out without a model
//! where it can, and with a judge where the operator names one.
//! Gates look at whole answers only: what has been streamed to a caller cannot be taken back.

mod check;
mod judge;
mod refusal;
#[cfg(feature = "json-schema")]
mod schema;

use interline_core::{ChatRequest, ChatResponse, Choice, Error, PartKind, Result};
use regex::{Regex, RegexBuilder};

pub use check::{Check, Finding};
pub use judge::{Judge, JudgeQuestion, Judgement};

/// The most memory that an operator's pattern may take, compiled: ten times what usual ones do.
const MAX_PATTERN_BYTES: usize = 1024 * 1024;

/// Looks at whole answers and says whether they will do.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Gate {
    /// What it looks for.
    pub checks: Vec<Check>,
    /// Who is asked about answers that pass the checks.
    pub judge: Option<Judge>,
    /// Which answers it looks at.
    pub applies: Applies,
    /// What becomes of an answer that does not pass.
    pub on_failure: OnFailure,
}

/// Which answers a gate looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Applies {
    /// Those of fallbacks, and those of targets that are not the best of their list.
    #[default]
    NotTheBest,
    /// All.
    Always,
}

/// What becomes of an answer that does not pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnFailure {
    /// The next better target is asked; where there is none, the answer is marked.
    #[default]
    Escalate,
    /// The answer is marked.
    Mark,
}

/// What a gate's checks say of an answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum GateVerdict {
    /// It will do.
    Pass,
    /// It will not do, and why.
    Fail(Vec<Finding>),
    /// The checks found nothing; a judge has to be asked.
    NeedsCall(JudgeQuestion),
}

/// What happens to an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It goes to the caller.
    Pass,
    /// A better target is asked.
    Escalate(Vec<Finding>),
    /// It goes to the caller, and says what is wrong with it.
    Mark(Vec<Finding>),
}

/// Whether a better target is left that may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BetterTarget {
    /// One is.
    Left,
    /// None is, or there is no time or money for it.
    None,
}

impl Gate {
    /// A gate that lets everything pass.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A gate that refuses what is of no use to anybody: empty answers, answers cut at a token limit,
    /// and what is not the JSON that was asked for.
    #[must_use]
    pub fn basic() -> Self {
        Self::new()
            .with_check(Check::NotEmpty)
            .with_check(Check::Complete)
            .with_check(Check::Json)
    }

    /// Adds a check.
    #[must_use]
    pub fn with_check(mut self, check: Check) -> Self {
        self.checks.push(check);
        self
    }

    /// Asks a model about answers that pass the checks.
    #[must_use]
    pub fn with_judge(mut self, judge: impl Into<Option<Judge>>) -> Self {
        self.judge = judge.into();
        self
    }

    /// Says which answers it looks at.
    #[must_use]
    pub const fn with_applies(mut self, applies: Applies) -> Self {
        self.applies = applies;
        self
    }

    /// Says what becomes of an answer that does not pass.
    #[must_use]
    pub const fn with_on_failure(mut self, on_failure: OnFailure) -> Self {
        self.on_failure = on_failure;
        self
    }

    /// Looks at an answer to `request`. Every choice of it must pass.
    #[must_use]
    pub fn look_at(&self, request: &ChatRequest, answer: &ChatResponse) -> GateVerdict {
        let mut findings = Vec::new();
        for check in &self.checks {
            if answer.choices.is_empty() {
                findings.extend(check.of_nothing());
            }
            for choice in &answer.choices {
                if let Some(finding) = check.look_at(request, &Said::of(choice))
                    && !findings.contains(&finding)
                {
                    findings.push(finding);
                }
            }
        }
        if !findings.is_empty() {
            return GateVerdict::Fail(findings);
        }
        match &self.judge {
            Some(judge) => GateVerdict::NeedsCall(judge.question(request, answer)),
            None => GateVerdict::Pass,
        }
    }

    /// What happens to an answer with these findings.
    #[must_use]
    pub fn outcome(&self, findings: Vec<Finding>, better: BetterTarget) -> Outcome {
        match (findings.is_empty(), self.on_failure, better) {
            (true, _, _) => Outcome::Pass,
            (false, OnFailure::Escalate, BetterTarget::Left) => Outcome::Escalate(findings),
            (false, _, _) => Outcome::Mark(findings),
        }
    }
}

/// What one choice says, as checks see it.
#[derive(Debug)]
pub(crate) struct Said<'a> {
    pub(crate) choice: &'a Choice,
    pub(crate) text: String,
    /// Whether it asks for tools: then it may be without a word.
    pub(crate) calls_tools: bool,
    /// Whether the model declined in the vendor's own form.
    pub(crate) declines: bool,
}

impl<'a> Said<'a> {
    fn of(choice: &'a Choice) -> Self {
        let declines = |part: &interline_core::Part| matches!(part.kind, PartKind::Refusal(_));
        Self {
            text: choice.text(),
            calls_tools: choice.tool_calls().next().is_some(),
            declines: choice.parts.iter().any(declines),
            choice,
        }
    }
}

/// Compiles an operator's pattern. Matching takes time linear in the text, whatever the pattern.
///
/// # Errors
/// `InvalidRequest` where it is malformed or too large.
pub(crate) fn pattern(text: &str) -> Result<Regex> {
    RegexBuilder::new(text)
        .size_limit(MAX_PATTERN_BYTES)
        .build()
        .map_err(|error| {
            let why = error.to_string();
            // The library draws the pattern over several lines; its last line says what is wrong.
            let why = why.lines().last().unwrap_or_default().trim();
            let why = why.strip_prefix("error: ").unwrap_or(why);
            Error::invalid_request(format!("`{text}` is no pattern: {why}"))
        })
}

#[cfg(test)]
mod tests;
