//! What a vendor says about its rate limits, whatever the headers it says it in.

use std::time::Duration;

/// What a vendor says about one of its limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToldLimit {
    /// What is counted.
    pub unit: LimitUnit,
    /// Over which time.
    pub window: LimitWindow,
    /// How much there is in all, where the vendor says so.
    pub limit: Option<u64>,
    /// How much of it remains, where the vendor says so.
    pub remaining: Option<u64>,
    /// How long until all of it is there again, where the vendor says so.
    pub reset: Option<Duration>,
}

impl ToldLimit {
    /// A limit of which nothing is known yet.
    #[must_use]
    pub const fn new(unit: LimitUnit, window: LimitWindow) -> Self {
        Self {
            unit,
            window,
            limit: None,
            remaining: None,
            reset: None,
        }
    }

    /// Says how much there is in all.
    #[must_use]
    pub fn with_limit(mut self, limit: impl Into<Option<u64>>) -> Self {
        self.limit = limit.into();
        self
    }

    /// Says how much remains.
    #[must_use]
    pub fn with_remaining(mut self, remaining: impl Into<Option<u64>>) -> Self {
        self.remaining = remaining.into();
        self
    }

    /// Says how long until all of it is there again.
    #[must_use]
    pub fn with_reset(mut self, reset: impl Into<Option<Duration>>) -> Self {
        self.reset = reset.into();
        self
    }
}

/// What a rate limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LimitUnit {
    /// Requests.
    Requests,
    /// Tokens, read and written together.
    Tokens,
    /// Tokens read.
    InputTokens,
    /// Tokens written.
    OutputTokens,
}

/// Over which time a rate limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LimitWindow {
    /// A minute.
    Minute,
    /// A day.
    Day,
}
