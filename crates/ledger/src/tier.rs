//! What is left of a budget, as a word that a router acts on.

use std::fmt;

use interline_core::Priority;

/// Which targets what is left of a budget pays for.
///
/// | left | critical | standard | low |
/// |---|---|---|---|
/// | from 80 % (`balanced_below`) | best | best | best |
/// | from 20 % (`downgrade_below`) | best | balanced | cheapest |
/// | above the reserve | balanced | cheapest | exhausted |
/// | above nothing | cheapest | exhausted | exhausted |
/// | nothing | exhausted | exhausted | exhausted |
///
/// So low calls absorb the cuts first: they are one word worse off than standard ones, and end where
/// those only change to the cheapest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum BudgetTier {
    /// The best target for the task.
    Best,
    /// A target that balances quality and cost.
    Balanced,
    /// The cheapest target that can serve the call.
    Cheapest,
    /// None: calls are refused until the window ends.
    Exhausted,
}

/// How full a budget is, before priorities are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Plenty,
    Middle,
    Scarce,
    Reserve,
    Nothing,
}

impl BudgetTier {
    /// The stable word for it: `best`, `balanced`, `cheapest` or `exhausted`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Best => "best",
            Self::Balanced => "balanced",
            Self::Cheapest => "cheapest",
            Self::Exhausted => "exhausted",
        }
    }

    pub(crate) const fn of(level: Level, priority: Priority) -> Self {
        match (level, priority) {
            (Level::Plenty, _) | (Level::Middle, Priority::Critical) => Self::Best,
            (Level::Middle, Priority::Low)
            | (Level::Scarce, Priority::Standard)
            | (Level::Reserve, Priority::Critical) => Self::Cheapest,
            (Level::Middle, _) | (Level::Scarce, Priority::Critical) => Self::Balanced,
            (Level::Scarce | Level::Reserve | Level::Nothing, _) => Self::Exhausted,
        }
    }
}

impl fmt::Display for BudgetTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
