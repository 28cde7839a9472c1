//! The names of the buckets that a call needs room in.

use std::fmt;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Bucket {
    /// Requests per minute.
    Requests,
    /// Tokens per minute, read and written together.
    Tokens,
    /// Tokens read per minute.
    InputTokens,
    /// Tokens written per minute.
    OutputTokens,
    /// Requests per day.
    RequestsPerDay,
    /// Tokens per day, read and written together.
    TokensPerDay,
    /// Calls at a time.
    Concurrency,
}

impl Bucket {
    /// The stable snake_case code that users and metrics see.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Requests => "rpm",
            Self::Tokens => "tpm",
            Self::InputTokens => "itpm",
            Self::OutputTokens => "otpm",
            Self::RequestsPerDay => "rpd",
            Self::TokensPerDay => "tpd",
            Self::Concurrency => "concurrency",
        }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
