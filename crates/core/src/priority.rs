//! How urgent a call is.

use std::fmt;

/// How urgent a call is.
///
/// Under a limit or a budget the more urgent ones find room that the less urgent ones may not use, and
/// they wait in front of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Priority {
    /// Somebody waits for it and everything hangs on it.
    Critical,
    /// Somebody waits for it.
    #[default]
    Standard,
    /// Nobody waits for it: batches, background work.
    Low,
}

impl Priority {
    /// All priorities, most urgent first.
    pub const ALL: [Self; 3] = [Self::Critical, Self::Standard, Self::Low];

    /// The stable word for it: `critical`, `standard` or `low`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Standard => "standard",
            Self::Low => "low",
        }
    }

    /// The priority with that [name](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Its place among all of them, from 0 for the most urgent.
    #[must_use]
    pub const fn rank(self) -> usize {
        match self {
            Self::Critical => 0,
            Self::Standard => 1,
            Self::Low => 2,
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
