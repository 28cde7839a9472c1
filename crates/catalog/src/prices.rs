//! What a model's tokens cost, and what a call cost.
//!
//! Sums are exact integers; they are rounded once, at the end, to nano-USD.
//! Deliberately absent: batch, priority and hour-of-day prices, and the dearer one-hour cache
//! writes, because [`Usage`] does not tell them apart.

use interline_core::{NanoUsd, TokenPrice, Usage};

/// What a model's tokens cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prices {
    /// Tokens read that come neither from the cache nor go into it.
    pub input: TokenPrice,
    /// Tokens written, thinking included.
    pub output: TokenPrice,
    /// Tokens read from the cache; the price of input where `None`.
    pub cached_input: Option<TokenPrice>,
    /// Tokens written to the cache for its shortest time; the price of input where `None`.
    pub cache_write: Option<TokenPrice>,
    /// Calls that read more than this many tokens are billed at other prices, which are unknown.
    pub up_to_input_tokens: Option<u64>,
}

impl Prices {
    /// Prices of input and output, the same for cached input, at any length.
    #[must_use]
    pub const fn new(input: TokenPrice, output: TokenPrice) -> Self {
        Self {
            input,
            output,
            cached_input: None,
            cache_write: None,
            up_to_input_tokens: None,
        }
    }

    /// What a call cost: uncached input, cached input, cache writes and output, each at its price.
    ///
    /// `None` where the vendor did not say how much was read or written, or where the call is
    /// longer than these prices hold for.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> Option<NanoUsd> {
        let input = usage.input_tokens?;
        if self.up_to_input_tokens.is_some_and(|limit| input > limit) {
            return None;
        }
        let charges = [
            (usage.uncached_input_tokens()?, self.input),
            (
                usage.cached_input_tokens.unwrap_or(0),
                self.cached_input.unwrap_or(self.input),
            ),
            (
                usage.cache_write_tokens.unwrap_or(0),
                self.cache_write.unwrap_or(self.input),
            ),
            (usage.output_tokens?, self.output),
        ];
        let pico_usd = charges
            .into_iter()
            .map(|(tokens, price)| price.cost_pico_usd(tokens))
            .fold(0_u128, u128::saturating_add);
        Some(NanoUsd::from_pico_usd(pico_usd))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(input: u64, cached: Option<u64>, written: Option<u64>, output: u64) -> Usage {
        let mut usage = Usage::new(input, output);
        usage.cached_input_tokens = cached;
        usage.cache_write_tokens = written;
        usage
    }

    /// 3 USD in, 15 out, 0.3 from the cache, 3.75 into it.
    fn prices() -> Prices {
        let price = |text| TokenPrice::from_usd_per_mtok(text).expect("a price");
        Prices {
            cached_input: Some(price("0.3")),
            cache_write: Some(price("3.75")),
            ..Prices::new(price("3"), price("15"))
        }
    }

    #[track_caller]
    fn check(prices: Prices, usage: &Usage, nano_usd: Option<i64>) {
        assert_eq!(prices.cost(usage).map(NanoUsd::get), nano_usd, "{usage:?}");
    }

    #[test]
    fn each_class_of_tokens_has_its_price() {
        check(prices(), &usage(1_000, None, None, 0), Some(3_000_000));
        check(prices(), &usage(0, None, None, 1_000), Some(15_000_000));
        check(prices(), &usage(1_000, Some(1_000), None, 0), Some(300_000));
        check(
            prices(),
            &usage(1_000, None, Some(1_000), 0),
            Some(3_750_000),
        );
        check(
            prices(),
            &usage(1_000, Some(600), Some(300), 10),
            Some(300_000 + 180_000 + 1_125_000 + 150_000),
        );
    }

    #[test]
    fn thinking_is_part_of_the_output_and_not_charged_twice() {
        let mut thinking = usage(10, None, None, 100);
        thinking.reasoning_tokens = Some(80);
        check(prices(), &thinking, Some(30_000 + 1_500_000));
    }

    #[test]
    fn cache_tokens_without_a_price_cost_what_input_costs() {
        let plain = Prices {
            cached_input: None,
            cache_write: None,
            ..prices()
        };
        check(plain, &usage(100, Some(50), Some(20), 0), Some(300_000));
    }

    #[test]
    fn sums_are_rounded_once() {
        let mut cheap = Prices::new(
            TokenPrice::from_pico_usd(400),
            TokenPrice::from_pico_usd(400),
        );
        check(cheap, &usage(1, None, None, 1), Some(1));
        cheap.output = TokenPrice::from_pico_usd(0);
        check(cheap, &usage(1, None, None, 1), Some(0));
    }

    #[test]
    fn what_is_unknown_has_no_cost() {
        check(prices(), &Usage::default(), None);
        let mut half = Usage::default();
        half.input_tokens = Some(10);
        check(prices(), &half, None);
        let limited = Prices {
            up_to_input_tokens: Some(1_000),
            ..prices()
        };
        check(limited, &usage(1_000, None, None, 0), Some(3_000_000));
        check(limited, &usage(1_001, None, None, 0), None);
    }
}
