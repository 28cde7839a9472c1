//! One budget: how much, for which calls, over which windows.

use std::fmt;
use std::str::FromStr;

use interline_core::{Error, NanoUsd, Result};

/// An amount that calls of a scope may cost within each window.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Budget {
    /// What may be spent in one window.
    pub limit: NanoUsd,
    /// How long a window is.
    pub per: Period,
    /// The IANA name of the zone whose midnights divide windows. Default: `UTC`.
    pub time_zone: String,
    /// Which calls count. Default: all.
    pub scope: Scope,
}

impl Budget {
    /// An amount for all calls in each window of UTC.
    #[must_use]
    pub fn new(limit: NanoUsd, per: Period) -> Self {
        Self {
            limit,
            per,
            time_zone: "UTC".to_owned(),
            scope: Scope::Whole,
        }
    }

    /// Divides windows at the midnights of a zone, such as `Europe/Berlin`.
    #[must_use]
    pub fn with_time_zone(mut self, name: impl Into<String>) -> Self {
        self.time_zone = name.into();
        self
    }

    /// Counts only calls of a scope.
    #[must_use]
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Names what it counts and when, but not how much: a budget whose limit changes goes on.
    pub(crate) fn id(&self) -> String {
        format!("{} {} {}", self.scope, self.per, self.time_zone)
    }
}

/// How long the windows of a budget are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Period {
    /// From midnight to midnight.
    Day,
    /// From the midnight that begins Monday.
    Week,
    /// From the midnight that begins the first of the month.
    Month,
}

impl Period {
    /// The word for it in settings: `day`, `week` or `month`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Period {
    type Err = Error;

    /// Reads `day`, `week` or `month`.
    ///
    /// # Errors
    /// `InvalidRequest` for any other word.
    fn from_str(word: &str) -> Result<Self> {
        match word {
            "day" => Ok(Self::Day),
            "week" => Ok(Self::Week),
            "month" => Ok(Self::Month),
            other => Err(Error::invalid_request(format!(
                "a budget is per `day`, `week` or `month`, not per `{other}`"
            ))),
        }
    }
}

/// Which calls count against a budget.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// All.
    Whole,
    /// Those made with the key of this name.
    Key(String),
    /// Those that carry this tag.
    Tag(String),
    /// Those to this connection.
    Provider(String),
    /// Those to this model: `provider/model`, or the bare model of any provider.
    Model(String),
}

impl Scope {
    /// Reads a scope from settings: a word (`key`, `tag`, `provider`, `model`) and a name.
    ///
    /// # Errors
    /// `InvalidRequest` for any other word, or where the name is empty.
    pub fn named(word: &str, name: impl Into<String>) -> Result<Self> {
        let make = match word {
            "key" => Self::Key,
            "tag" => Self::Tag,
            "provider" => Self::Provider,
            "model" => Self::Model,
            other => {
                let message = format!(
                    "`{other}` is no scope of a budget: use `key`, `tag`, `provider` or `model`"
                );
                return Err(Error::invalid_request(message));
            }
        };
        let name = name.into();
        if name.trim().is_empty() {
            let message = format!("the {word} that a budget counts has no name: give one");
            return Err(Error::invalid_request(message));
        }
        Ok(make(name))
    }

    /// The name that it counts, where it counts one.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Whole => None,
            Self::Key(name) | Self::Tag(name) | Self::Provider(name) | Self::Model(name) => {
                Some(name)
            }
        }
    }
}

impl fmt::Display for Scope {
    /// Writes `all calls`, or such as `key=alice`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Whole => return f.write_str("all calls"),
            Self::Key(_) => "key",
            Self::Tag(_) => "tag",
            Self::Provider(_) => "provider",
            Self::Model(_) => "model",
        };
        write!(f, "{word}={}", self.name().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_name_nothing_are_refused_by_name() {
        for (error, word) in [
            (
                "fortnight".parse::<Period>().expect_err("no period"),
                "fortnight",
            ),
            (Scope::named("team", "x").expect_err("no scope"), "team"),
            (Scope::named("key", " ").expect_err("no name"), "key"),
        ] {
            assert!(error.to_string().contains(word), "{error}");
        }
    }

    #[test]
    fn a_budget_keeps_its_name_when_its_limit_changes() {
        let at = |limit| Budget::new(NanoUsd::new(limit), Period::Day);
        assert_eq!(at(1).id(), at(2).id());
        assert_ne!(at(1).id(), at(1).with_time_zone("Asia/Tokyo").id());
    }
}
