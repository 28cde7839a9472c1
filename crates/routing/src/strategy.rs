//! The rule by which a route orders its targets.

use std::fmt;
use std::str::FromStr;

use interline_core::{Error, Result};

/// The rule by which a route orders its targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy {
    /// In groups, one after the other as written: the first that can answer answers. Within a group by
    /// lot, each as likely as its weight says.
    #[default]
    Fallback,
    /// In turn, each as often as its weight says, evenly spread.
    RoundRobin,
    /// By lot, each as likely as the others.
    Random,
    /// By lot, each as likely as its weight says.
    Weighted,
    /// The one of two drawn by lot that is likely to answer first: by its time to the first token, which
    /// rises at once and falls bit by bit, and its calls under way.
    LeastLatency,
    /// The one of two drawn by lot that has fewer calls under way.
    LeastBusy,
    /// The one whose rate limits leave most room.
    Capacity,
    /// The one where this call costs least; unknown prices last.
    Cost,
    /// The one with the best weighted mean of several metrics.
    Score,
}

impl Strategy {
    /// Every strategy.
    pub const ALL: [Self; 9] = [
        Self::Fallback,
        Self::RoundRobin,
        Self::Random,
        Self::Weighted,
        Self::LeastLatency,
        Self::LeastBusy,
        Self::Capacity,
        Self::Cost,
        Self::Score,
    ];

    /// The strategy's name in configuration files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fallback => "fallback",
            Self::RoundRobin => "round_robin",
            Self::Random => "random",
            Self::Weighted => "weighted",
            Self::LeastLatency => "least_latency",
            Self::LeastBusy => "least_busy",
            Self::Capacity => "capacity",
            Self::Cost => "cost",
            Self::Score => "score",
        }
    }

    /// Whether it asks what a call costs.
    #[must_use]
    pub const fn asks_prices(self) -> bool {
        matches!(self, Self::Cost | Self::Score)
    }

    /// Whether it asks how much room limits leave, so that estimating a call's tokens is worth the work.
    #[must_use]
    pub const fn asks_room(self) -> bool {
        matches!(self, Self::Capacity | Self::Score)
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Names that the configuration contract reserves for strategies of later versions.
const LATER: [&str; 1] = ["bandit"];

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
        let later = "bandit".parse::<Strategy>().expect_err("not yet");
        assert_eq!(
            later.message(),
            "strategy `bandit` is not available in this version: use `fallback`, `round_robin`, \
             `random`, `weighted`, `least_latency`, `least_busy`, `capacity`, `cost`, `score`"
        );
        let typo = "falback".parse::<Strategy>().expect_err("a typo");
        assert!(typo.message().contains("`falback` is unknown"), "{typo}");
    }
}
