//! What a call asks of a target: an answer, vectors, or a count of tokens.

use std::fmt;

/// What a call asks of a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// An answer, whole or step by step.
    #[default]
    Chat,
    /// Vectors.
    Embeddings,
    /// How many tokens the model would read.
    CountTokens,
}

impl Operation {
    /// The operation in one stable word, for reports and metrics; the first two are OpenTelemetry's.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Embeddings => "embeddings",
            Self::CountTokens => "count_tokens",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
