//! Pacing: how fast a vendor answers.

use std::time::Duration;

/// Times of an answer that nothing goes wrong with. The default is no wait at all.
///
/// A unary answer takes as long as the stream of the same tokens would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Pacing {
    /// From the request to the first content event. Head and prefix events are sent at once.
    pub ttft: Duration,
    /// Between two content events.
    pub between_tokens: Duration,
}

impl Pacing {
    /// Time to the first token, and between tokens.
    #[must_use]
    pub fn new(ttft: Duration, between_tokens: Duration) -> Self {
        Self {
            ttft,
            between_tokens,
        }
    }

    /// Time that `tokens` content events take together.
    pub(crate) fn whole_answer(self, tokens: usize) -> Duration {
        let gaps = u32::try_from(tokens.saturating_sub(1)).unwrap_or(u32::MAX);
        self.ttft + self.between_tokens.saturating_mul(gaps)
    }
}
