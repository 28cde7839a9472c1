//! How a stage ended: its problems, the checks it could not run, and what it found out.

/// Why a check could not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The `shared` folder beside the clone is missing.
    NoSharedFolder,
    /// Anything else: a tool, a component, a network.
    Other,
}

/// A check that did not run, with the reason and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Skip {
    pub(crate) reason: String,
    pub(crate) cause: Cause,
}

impl Skip {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            cause: Cause::Other,
        }
    }

    pub(crate) fn without_shared(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            cause: Cause::NoSharedFolder,
        }
    }
}

/// How a stage ended. Without problems and skips it passed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// What failed, one line each.
    pub(crate) problems: Vec<String>,
    /// What could not run.
    pub(crate) skips: Vec<Skip>,
    /// A figure for the summary, for example the number of tests; may be empty.
    pub(crate) facts: String,
    /// The test cases that ran, where the stage runs any.
    pub(crate) cases: Cases,
}

/// Test cases, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cases {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
}

impl Outcome {
    pub(crate) fn passed() -> Self {
        Self::default()
    }

    pub(crate) fn failed(problem: impl Into<String>) -> Self {
        Self {
            problems: vec![problem.into()],
            ..Self::default()
        }
    }

    pub(crate) fn skipped(skip: Skip) -> Self {
        Self {
            skips: vec![skip],
            ..Self::default()
        }
    }

    /// Passed when a command succeeded, else failed with this problem.
    pub(crate) fn of(succeeded: bool, problem: &str) -> Self {
        if succeeded {
            Self::passed()
        } else {
            Self::failed(problem)
        }
    }
}
