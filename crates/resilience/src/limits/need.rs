//! What a call asks of a limiter, what it holds, how it ends, and how long to wait instead.

use std::time::Duration;

use interline_core::Usage;

use super::{Bucket, Priority};

/// What a call asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Need {
    /// Tokens that the model will read, as estimated.
    pub input: u64,
    /// Tokens that it may write; `None` where the call sets no bound.
    pub output: Option<u64>,
    /// How urgent it is.
    pub priority: Priority,
}

impl Need {
    /// One request of standard priority that reads `input` tokens and writes at most `output`.
    #[must_use]
    pub fn new(input: u64, output: impl Into<Option<u64>>) -> Self {
        Self {
            input,
            output: output.into(),
            priority: Priority::Standard,
        }
    }

    /// Says how urgent it is.
    #[must_use]
    pub const fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }
}

/// What a call holds of a limiter until it settles: plain data, so that holding costs no memory.
///
/// Whoever holds it has to settle it; [`Permit`](crate::Permit) does so even where it is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "what is reserved stays reserved until it is settled"]
pub struct Hold {
    /// When it was reserved, in nanoseconds since the limiter began.
    pub(crate) at: i64,
    /// Tokens that the caller expected to be read.
    pub(crate) estimate: u64,
    /// What was reserved: input in all, input without what the vendor has cached, output.
    pub(crate) input: u64,
    pub(crate) fresh: u64,
    pub(crate) output: u64,
    /// What had been reserved of requests, and of tokens read and written, when this was.
    pub(crate) marks: [u64; 3],
}

/// Tokens that an answer used, as far as is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spent {
    /// What the vendor said so far.
    pub usage: Usage,
    /// Output tokens that were seen, as estimated from what arrived; 0 where nobody counted.
    pub emitted: u64,
}

impl Spent {
    /// What the vendor said.
    #[must_use]
    pub const fn new(usage: Usage) -> Self {
        Self { usage, emitted: 0 }
    }

    /// Adds output tokens that were seen.
    #[must_use]
    pub const fn with_emitted(mut self, tokens: u64) -> Self {
        self.emitted = tokens;
        self
    }

    /// Input that counts where cached input does not.
    pub(crate) fn fresh_input(&self) -> Option<u64> {
        let cached = self.usage.cached_input_tokens.unwrap_or(0);
        Some(self.usage.input_tokens?.saturating_sub(cached))
    }
}

/// How a call ended, as far as its limits care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settlement {
    /// It was answered to the end: what the vendor says it used is exact; what it does not say stays as
    /// reserved.
    Answered(Spent),
    /// It was cut off on the way: what is known to be used may cost more than was reserved, never less.
    Broken(Spent),
    /// The vendor refused it: it counts as a request, and used no tokens.
    Refused,
    /// It never reached the vendor: everything goes back.
    Unsent,
}

/// How long to wait for room, and where room is lacking most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wait {
    /// How long: the longest of all buckets.
    pub retry_in: Duration,
    /// Which bucket takes that long.
    pub bucket: Bucket,
}

impl Wait {
    pub(crate) const fn new(bucket: Bucket, nanos: i64) -> Self {
        let nanos = if nanos > 0 { nanos.cast_unsigned() } else { 0 };
        Self {
            retry_in: Duration::from_nanos(nanos),
            bucket,
        }
    }

    /// The longer of two.
    pub(crate) fn longer(self, other: Option<Self>) -> Self {
        other
            .filter(|other| other.retry_in > self.retry_in)
            .unwrap_or(self)
    }
}
