//! The rule by which a route orders its targets.

use std::fmt;
use std::str::FromStr;

use interline_core::{Error, Result};

/// The rule by which a route orders its targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy {
    /// In the order written: the first that can answer answers.
    #[default]
    Fallback,
    /// In turn, each as often as its weight says, evenly spread.
    RoundRobin,
    /// By lot, each as likely as the others.
    Random,
    /// By lot, each as likely as its weight says.
    Weighted,
}

impl Strategy {
    /// Every strategy.
    pub const ALL: [Self; 4] = [
        Self::Fallback,
        Self::RoundRobin,
        Self::Random,
        Self::Weighted,
    ];

    /// The strategy's name in configuration files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fallback => "fallback",
            Self::RoundRobin => "round_robin",
            Self::Random => "random",
            Self::Weighted => "weighted",
        }
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Names that the configuration contract reserves for strategies of later versions.
const LATER: [&str; 5] = ["least_latency", "least_busy", "capacity", "cost", "bandit"];

impl FromStr for Strategy {
    type Err = Error;

    /// Reads a name of a configuration file.
    ///
    /// # Errors
    /// `InvalidRequest` that names the strategies there are.
    fn from_str(name: &str) -> Result<Self> {
        if let Some(found) = Self::ALL.into_iter().find(|known| known.name() == name) {
            return Ok(found);
        }
        let known = Self::ALL.map(|known| format!("`{}`", known.name()));
        let what = if LATER.contains(&name) {
            "is not available in this version"
        } else {
            "is unknown"
        };
        Err(Error::invalid_request(format!(
            "strategy `{name}` {what}: use {}",
            known.join(", ")
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for strategy in Strategy::ALL {
            assert_eq!(strategy.name().parse::<Strategy>().ok(), Some(strategy));
        }
    }

    #[test]
    fn other_names_are_refused_with_the_available_ones() {
        let later = "cost".parse::<Strategy>().expect_err("not yet");
        assert_eq!(
            later.message(),
            "strategy `cost` is not available in this version: \
             use `fallback`, `round_robin`, `random`, `weighted`"
        );
        let typo = "falback".parse::<Strategy>().expect_err("a typo");
        assert!(typo.message().contains("`falback` is unknown"), "{typo}");
    }
}
