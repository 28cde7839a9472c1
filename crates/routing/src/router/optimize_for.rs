//! What a choice is to be best at, and what a caller says of it in `model`.

use std::fmt;
use std::str::FromStr;

use interline_core::{Error, Result};

/// What a choice of targets is to be best at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OptimizeFor {
    /// The best answer for the task.
    #[default]
    Quality,
    /// The least money.
    Cost,
    /// The soonest first token.
    Speed,
    /// Good answers for little money.
    Balanced,
}

impl OptimizeFor {
    /// Every objective.
    pub const ALL: [Self; 4] = [Self::Quality, Self::Cost, Self::Speed, Self::Balanced];

    /// Its name in configuration files and behind `auto:`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quality => "quality",
            Self::Cost => "cost",
            Self::Speed => "speed",
            Self::Balanced => "balanced",
        }
    }
}

impl fmt::Display for OptimizeFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for OptimizeFor {
    type Err = Error;

    /// Reads a name.
    ///
    /// # Errors
    /// `InvalidRequest` that names the objectives there are.
    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|one| one.name() == name);
        found.ok_or_else(|| {
            let known = Self::ALL.map(|one| format!("`{one}`")).join(", ");
            Error::invalid_request(format!("objective `{name}` is unknown: use {known}"))
        })
    }
}

/// A `model` that asks for automatic routing: `auto`, or `auto:` with an objective.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AutoModel {
    /// What the caller wants optimised; the operator's default where `None`.
    pub optimize_for: Option<OptimizeFor>,
}

impl AutoModel {
    /// Automatic routing for an objective.
    #[must_use]
    pub const fn new(optimize_for: Option<OptimizeFor>) -> Self {
        Self { optimize_for }
    }

    /// Whether `model` asks for automatic routing, well spelt or not.
    #[must_use]
    pub fn is_meant(model: &str) -> bool {
        model == "auto" || model.starts_with("auto:")
    }

    /// Reads a `model`; `None` where it means something else.
    ///
    /// # Errors
    /// `InvalidRequest` where the objective behind `auto:` is unknown.
    pub fn parse(model: &str) -> Result<Option<Self>> {
        if model == "auto" {
            return Ok(Some(Self::default()));
        }
        let Some(objective) = model.strip_prefix("auto:") else {
            return Ok(None);
        };
        let optimize_for = objective.parse().map_err(|_| {
            let known = OptimizeFor::ALL
                .map(|one| format!("`auto:{one}`"))
                .join(", ");
            let message = format!("model `{model}` is unknown: use `auto`, {known}");
            Error::invalid_request(message).with_param("model")
        })?;
        Ok(Some(Self::new(Some(optimize_for))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_is_read_with_and_without_an_objective() {
        let parsed = |model| AutoModel::parse(model).expect("well spelt");
        assert_eq!(parsed("auto"), Some(AutoModel::default()));
        for objective in OptimizeFor::ALL {
            let model = format!("auto:{objective}");
            let read = AutoModel::parse(&model).expect("well spelt");
            assert_eq!(read, Some(AutoModel::new(Some(objective))));
            assert!(AutoModel::is_meant(&model));
        }
        for other in ["automatic", "chat", "openai/auto", ""] {
            assert_eq!(parsed(other), None, "{other}");
            assert!(!AutoModel::is_meant(other), "{other}");
        }
    }

    #[test]
    fn an_unknown_objective_is_refused_with_those_there_are() {
        let error = AutoModel::parse("auto:cheap").expect_err("unknown");
        assert_eq!(
            error.message(),
            "model `auto:cheap` is unknown: use `auto`, `auto:quality`, `auto:cost`, `auto:speed`, \
             `auto:balanced`"
        );
        assert_eq!(error.param(), Some("model"));
    }
}
