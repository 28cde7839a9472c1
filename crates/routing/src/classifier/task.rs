//! The kinds of tasks that routes are chosen by.

use std::fmt;
use std::str::FromStr;

use interline_core::Error;

/// What the answer to a prompt has to be, whatever its topic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Task {
    /// Write, fix, explain, convert or query code, SQL, shell, configuration.
    Coding,
    /// Compose original text: a story, a poem, a scene, a slogan, a post.
    Creative,
    /// Judge, compare, classify, extract, rank or reason over material or an argument.
    Analysis,
    /// Small talk, talk about the assistant, personal advice and feelings.
    Chat,
    /// Shorten a given text, a dialogue or a known work.
    Summarization,
    /// From one human language into another.
    Translation,
    /// Compute, solve, prove; word problems.
    Math,
    /// One short fact or definition, no material given: the fast class.
    SimpleQa,
    /// A question or instruction over a long pasted document.
    LongDocument,
}

impl Task {
    /// Every task, in the order of their declaration.
    pub const ALL: [Self; 9] = [
        Self::Coding,
        Self::Creative,
        Self::Analysis,
        Self::Chat,
        Self::Summarization,
        Self::Translation,
        Self::Math,
        Self::SimpleQa,
        Self::LongDocument,
    ];

    /// What configuration and traces call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Coding => "coding",
            Self::Creative => "creative",
            Self::Analysis => "analysis",
            Self::Chat => "chat",
            Self::Summarization => "summarization",
            Self::Translation => "translation",
            Self::Math => "math",
            Self::SimpleQa => "simple_qa",
            Self::LongDocument => "long_document",
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Task {
    type Err = Error;

    /// Reads [`Task::name`].
    ///
    /// # Errors
    /// `InvalidRequest` that lists the known names.
    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|task| task.name() == name)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::name).join(", ");
                Error::invalid_request(format!("unknown task `{name}`: there are {known}"))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_is_known_by_its_name() {
        for task in Task::ALL {
            assert_eq!(task.name().parse::<Task>().expect("known"), task);
        }
    }

    #[test]
    fn an_unknown_task_is_told_the_known_ones() {
        let error = "codding".parse::<Task>().expect_err("unknown");
        assert_eq!(
            error.message(),
            "unknown task `codding`: there are coding, creative, analysis, chat, summarization, \
             translation, math, simple_qa, long_document"
        );
    }
}
