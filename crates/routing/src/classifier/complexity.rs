//! How hard a prompt is.

use std::fmt;
use std::str::FromStr;

use interline_core::Error;

use super::Task;

/// How hard a prompt is for models of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Complexity {
    /// Most models get it right.
    Simple,
    /// Some do.
    Medium,
    /// Few do.
    Complex,
}

impl Complexity {
    /// Every level, the easiest first.
    pub const ALL: [Self; 3] = [Self::Simple, Self::Medium, Self::Complex];

    /// What configuration and traces call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Medium => "medium",
            Self::Complex => "complex",
        }
    }

    /// The level of a prompt that the given share of models fails (0–1), where they were measured.
    ///
    /// The thirds are those that the measured difficulty of the training data is described by.
    #[must_use]
    pub fn of_failing_share(share: f32) -> Self {
        if share < 1.0 / 3.0 {
            Self::Simple
        } else if share < 2.0 / 3.0 {
            Self::Medium
        } else {
            Self::Complex
        }
    }

    /// A guess by what is asked for and by the bytes of the prompt.
    ///
    /// The bounds are chosen, not measured: a line or two, a page, more. What was learned from measured
    /// difficulty did not carry over to kinds of prompts that were left out, so nothing of it is used
    /// (`docs/routing.md`). Reasoning takes more than a line to be simple at any model; small talk, facts
    /// and translations stay below the hardest level.
    #[must_use]
    pub fn of(task: Task, bytes: usize) -> Self {
        let by_length = match bytes {
            0..200 => Self::Simple,
            200..2_000 => Self::Medium,
            _ => Self::Complex,
        };
        match task {
            Task::Math | Task::Coding | Task::Analysis if bytes >= 60 => {
                by_length.max(Self::Medium)
            }
            Task::Chat | Task::SimpleQa | Task::Translation => by_length.min(Self::Medium),
            Task::LongDocument => by_length.max(Self::Medium),
            _ => by_length,
        }
    }

    /// One level harder, `Complex` at most.
    #[must_use]
    pub const fn harder(self) -> Self {
        match self {
            Self::Simple => Self::Medium,
            Self::Medium | Self::Complex => Self::Complex,
        }
    }
}

impl fmt::Display for Complexity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Complexity {
    type Err = Error;

    /// Reads [`Complexity::name`].
    ///
    /// # Errors
    /// `InvalidRequest` that lists the known names.
    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|level| level.name() == name)
            .ok_or_else(|| {
                let known = Self::ALL.map(Self::name).join(", ");
                Error::invalid_request(format!("unknown complexity `{name}`: there are {known}"))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_thirds_of_the_failing_share() {
        for (share, level) in [
            (0.0, Complexity::Simple),
            (0.34, Complexity::Medium),
            (0.67, Complexity::Complex),
            (f32::NAN, Complexity::Complex),
        ] {
            assert_eq!(Complexity::of_failing_share(share), level, "{share}");
        }
    }

    #[test]
    fn reasoning_is_harder_than_small_talk_of_the_same_length() {
        for (task, bytes, level) in [
            (Task::Chat, 20, Complexity::Simple),
            (Task::Chat, 10_000, Complexity::Medium),
            (Task::Math, 20, Complexity::Simple),
            (Task::Math, 100, Complexity::Medium),
            (Task::Coding, 5_000, Complexity::Complex),
            (Task::LongDocument, 10, Complexity::Medium),
        ] {
            assert_eq!(Complexity::of(task, bytes), level, "{task}, {bytes} bytes");
        }
    }

    #[test]
    fn an_unknown_level_is_told_the_known_ones() {
        let error = "hard".parse::<Complexity>().expect_err("unknown");
        assert_eq!(
            error.message(),
            "unknown complexity `hard`: there are simple, medium, complex"
        );
    }
}
