//! How much the model should think before it answers.

/// What the caller asks of the model's thinking.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ReasoningConfig {
    /// How hard to think.
    pub effort: Option<Effort>,
    /// A bound on thinking, in tokens, for vendors that take one.
    pub budget_tokens: Option<u64>,
    /// Whether thinking is on at all, where the caller says so without a measure.
    pub enabled: Option<bool>,
}

impl ReasoningConfig {
    /// Thinking of a given effort.
    #[must_use]
    pub const fn effort(effort: Effort) -> Self {
        Self {
            effort: Some(effort),
            budget_tokens: None,
            enabled: None,
        }
    }

    /// Thinking bounded in tokens.
    #[must_use]
    pub const fn budget(tokens: u64) -> Self {
        Self {
            effort: None,
            budget_tokens: Some(tokens),
            enabled: Some(true),
        }
    }

    /// Thinking on or off, with no measure.
    #[must_use]
    pub const fn switched(enabled: Option<bool>) -> Self {
        Self {
            effort: None,
            budget_tokens: None,
            enabled,
        }
    }
}

/// How hard to think.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Effort {
    /// Not at all.
    None,
    /// As little as possible.
    Minimal,
    /// A little.
    Low,
    /// The vendor's middle.
    Medium,
    /// A lot.
    High,
    /// A word that only some vendors know, such as `xhigh` or `max`.
    Other(String),
}

impl Effort {
    /// The word that is on the wire in every format that has one.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Other(word) => word,
        }
    }
}

impl From<&str> for Effort {
    fn from(word: &str) -> Self {
        match word {
            "none" => Self::None,
            "minimal" => Self::Minimal,
            "low" => Self::Low,
            "medium" => Self::Medium,
            "high" => Self::High,
            other => Self::Other(other.to_owned()),
        }
    }
}
