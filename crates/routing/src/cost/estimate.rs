//! How large a call is, and what that costs by a list of prices.

use interline_catalog::Prices;
use interline_core::{NanoUsd, Usage};

/// What an answer is taken to hold where the request bounds nothing and nothing was learned. Chosen,
/// not measured: about a page of text.
pub const DEFAULT_OUTPUT_TOKENS: u64 = 500;

/// How large a call is, by estimate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallSize {
    /// Tokens that the model reads.
    pub input_tokens: u64,
    /// The bound that the request sets on what the model writes, where it sets one.
    pub max_output_tokens: Option<u64>,
    /// What the model usually writes, where that was learned.
    pub usual_output_tokens: Option<u64>,
}

impl CallSize {
    /// A call that reads so many tokens.
    #[must_use]
    pub const fn new(input_tokens: u64) -> Self {
        Self {
            input_tokens,
            max_output_tokens: None,
            usual_output_tokens: None,
        }
    }

    /// Says what the request bounds the answer to.
    #[must_use]
    pub fn with_max_output_tokens(mut self, tokens: impl Into<Option<u64>>) -> Self {
        self.max_output_tokens = tokens.into();
        self
    }

    /// Says what the model usually writes.
    #[must_use]
    pub fn with_usual_output_tokens(mut self, tokens: impl Into<Option<u64>>) -> Self {
        self.usual_output_tokens = tokens.into();
        self
    }

    /// How many tokens the answer is taken to hold: the request's bound, since a model may use all of
    /// it; else what it usually writes; else [`DEFAULT_OUTPUT_TOKENS`].
    #[must_use]
    pub fn output_tokens(&self) -> u64 {
        self.max_output_tokens
            .or(self.usual_output_tokens)
            .unwrap_or(DEFAULT_OUTPUT_TOKENS)
    }

    /// How much of a context window the call takes at most, as far as the request says.
    #[must_use]
    pub fn window_tokens(&self) -> u64 {
        self.input_tokens
            .saturating_add(self.max_output_tokens.unwrap_or(0))
    }

    /// What it costs by `prices`. Nobody knows yet what a vendor's cache holds, so all input counts as
    /// uncached.
    #[must_use]
    pub fn cost(&self, prices: &Prices) -> Option<NanoUsd> {
        prices.cost(&Usage::new(self.input_tokens, self.output_tokens()))
    }
}

#[cfg(test)]
mod tests {
    use interline_catalog::Rates;
    use interline_core::TokenPrice;

    use super::*;

    #[test]
    fn the_requests_bound_counts_before_what_was_learned_and_that_before_the_default() {
        let size = CallSize::new(1_000);
        assert_eq!(size.output_tokens(), DEFAULT_OUTPUT_TOKENS);
        let learned = size.with_usual_output_tokens(90);
        assert_eq!(learned.output_tokens(), 90);
        assert_eq!(learned.with_max_output_tokens(7).output_tokens(), 7);
    }

    #[test]
    fn all_input_counts_as_uncached() {
        let price = |usd| TokenPrice::from_usd_per_mtok(usd).expect("a price");
        let mut rates = Rates::new(price("2"), price("10"));
        rates.cached_input = Some(price("0.2"));
        let size = CallSize::new(1_000).with_max_output_tokens(100);
        let cost = size.cost(&Prices::new(rates));
        assert_eq!(cost, Some(NanoUsd::new(2_000_000 + 1_000_000)));
    }
}
