//! What a model's tokens cost, and what a call cost.
//!
//! Sums are exact integers; they are rounded once, at the end, to nano-USD.
//! Deliberately absent: priority and hour-of-day prices and fees for each search, because [`Usage`]
//! does not tell them apart.

use interline_core::{NanoUsd, TokenPrice, Usage};

/// What a model's tokens cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Prices {
    /// What calls cost that are answered at once and are not unusually long.
    pub standard: Rates,
    /// What long calls cost, where they cost something else.
    pub long_context: Option<LongContext>,
    /// What calls cost that the vendor may answer within a day, where it offers that.
    pub batch: Option<Rates>,
}

/// One price for each class of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rates {
    /// Tokens read that come neither from the cache nor go into it.
    pub input: TokenPrice,
    /// Tokens written, thinking included.
    pub output: TokenPrice,
    /// Tokens read from the cache; the price of input where `None`.
    pub cached_input: Option<TokenPrice>,
    /// Tokens written to the cache for its shortest time; the price of input where `None`.
    pub cache_write: Option<TokenPrice>,
    /// Tokens written to the cache for an hour; the price of the shortest time where `None`.
    pub cache_write_1h: Option<TokenPrice>,
}

/// Other rates for the whole call, once it reads more than a number of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LongContext {
    /// A call that reads more than this, cached tokens included, is a long one.
    pub above_input_tokens: u64,
    /// What all its tokens cost.
    pub rates: Rates,
}

impl Rates {
    /// Prices of input and output; the cache costs what input costs.
    #[must_use]
    pub const fn new(input: TokenPrice, output: TokenPrice) -> Self {
        Self {
            input,
            output,
            cached_input: None,
            cache_write: None,
            cache_write_1h: None,
        }
    }

    /// The same rates with every price changed.
    #[must_use]
    pub fn map(self, change: impl Fn(TokenPrice) -> TokenPrice) -> Self {
        Self {
            input: change(self.input),
            output: change(self.output),
            cached_input: self.cached_input.map(&change),
            cache_write: self.cache_write.map(&change),
            cache_write_1h: self.cache_write_1h.map(&change),
        }
    }

    /// Uncached input, cached input, cache writes and output, each at its price; or what the vendor says
    /// that it bills, where it bills other counts than it used.
    fn cost(&self, usage: &Usage) -> Option<NanoUsd> {
        if let (Some(input), Some(output)) = (usage.billed_input_tokens, usage.billed_output_tokens)
        {
            let billed = self.input.cost_pico_usd(input) + self.output.cost_pico_usd(output);
            return Some(NanoUsd::from_pico_usd(billed));
        }
        let written = usage.cache_write_tokens.unwrap_or(0);
        let for_an_hour = usage.cache_write_1h_tokens.unwrap_or(0).min(written);
        let write = self.cache_write.unwrap_or(self.input);
        let charges = [
            (usage.uncached_input_tokens()?, self.input),
            (
                usage.cached_input_tokens.unwrap_or(0),
                self.cached_input.unwrap_or(self.input),
            ),
            (written - for_an_hour, write),
            (for_an_hour, self.cache_write_1h.unwrap_or(write)),
            (usage.output_tokens?, self.output),
        ];
        let pico_usd = charges
            .into_iter()
            .map(|(tokens, price)| price.cost_pico_usd(tokens))
            .fold(0_u128, u128::saturating_add);
        Some(NanoUsd::from_pico_usd(pico_usd))
    }
}

impl LongContext {
    /// `rates` for calls that read more than `above_input_tokens`.
    #[must_use]
    pub const fn new(above_input_tokens: u64, rates: Rates) -> Self {
        Self {
            above_input_tokens,
            rates,
        }
    }
}

impl Prices {
    /// The same rates at any length, and no others.
    #[must_use]
    pub const fn new(standard: Rates) -> Self {
        Self {
            standard,
            long_context: None,
            batch: None,
        }
    }

    /// What a call cost.
    ///
    /// `None` where the vendor did not say how much was read or written, never zero.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> Option<NanoUsd> {
        self.rates_for(usage.input_tokens?).cost(usage)
    }

    /// What a call cost that went through the vendor's batch API. Cached tokens cost what batch
    /// input costs where no other price is known, which is the most that vendors charge.
    ///
    /// `None` as for [`Prices::cost`], where no batch price is known, and for long calls.
    #[must_use]
    pub fn batch_cost(&self, usage: &Usage) -> Option<NanoUsd> {
        let input = usage.input_tokens?;
        if self
            .long_context
            .is_some_and(|long| input > long.above_input_tokens)
        {
            return None;
        }
        self.batch?.cost(usage)
    }

    /// The rates of a call that reads `input_tokens`, cached ones included.
    #[must_use]
    pub fn rates_for(&self, input_tokens: u64) -> &Rates {
        match &self.long_context {
            Some(long) if input_tokens > long.above_input_tokens => &long.rates,
            _ => &self.standard,
        }
    }

    /// The same prices with each of them changed.
    #[must_use]
    pub fn map(self, change: impl Fn(TokenPrice) -> TokenPrice) -> Self {
        Self {
            standard: self.standard.map(&change),
            long_context: self
                .long_context
                .map(|long| LongContext::new(long.above_input_tokens, long.rates.map(&change))),
            batch: self.batch.map(|batch| batch.map(&change)),
        }
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

    fn price(text: &str) -> TokenPrice {
        TokenPrice::from_usd_per_mtok(text).expect("a price")
    }

    /// 3 USD in, 15 out, 0.3 from the cache, 3.75 and for an hour 6 into it.
    fn prices() -> Prices {
        Prices::new(Rates {
            cached_input: Some(price("0.3")),
            cache_write: Some(price("3.75")),
            cache_write_1h: Some(price("6")),
            ..Rates::new(price("3"), price("15"))
        })
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
    fn writes_that_last_an_hour_cost_more() {
        let mut long_lived = usage(1_000, None, Some(1_000), 0);
        long_lived.cache_write_1h_tokens = Some(400);
        check(prices(), &long_lived, Some(600 * 3_750 + 400 * 6_000));
        let mut plain = prices();
        plain.standard.cache_write_1h = None;
        check(plain, &long_lived, Some(3_750_000));
    }

    #[test]
    fn what_the_vendor_bills_counts_where_it_says_so() {
        let mut called = usage(1_000, None, None, 100);
        called.billed_input_tokens = Some(10);
        called.billed_output_tokens = Some(90);
        check(prices(), &called, Some(30_000 + 1_350_000));
    }

    #[test]
    fn a_long_call_is_billed_at_other_rates_as_a_whole() {
        let mut prices = prices();
        prices.long_context = Some(LongContext::new(1_000, Rates::new(price("6"), price("20"))));
        check(prices, &usage(1_000, None, None, 10), Some(3_150_000));
        check(
            prices,
            &usage(1_001, Some(500), None, 10),
            Some(1_001 * 6_000 + 10 * 20_000),
        );
    }

    #[test]
    fn batches_have_their_own_rates() {
        let mut prices = prices();
        let called = usage(1_000, Some(100), None, 10);
        assert_eq!(prices.batch_cost(&called), None);
        prices.batch = Some(Rates::new(price("1.5"), price("7.5")));
        assert_eq!(
            prices.batch_cost(&called).map(NanoUsd::get),
            Some(1_500_000 + 75_000)
        );
        prices.long_context = Some(LongContext::new(999, Rates::new(price("6"), price("20"))));
        assert_eq!(prices.batch_cost(&called), None);
    }

    #[test]
    fn thinking_is_part_of_the_output_and_not_charged_twice() {
        let mut thinking = usage(10, None, None, 100);
        thinking.reasoning_tokens = Some(80);
        check(prices(), &thinking, Some(30_000 + 1_500_000));
    }

    #[test]
    fn cache_tokens_without_a_price_cost_what_input_costs() {
        let plain = Prices::new(Rates::new(price("3"), price("15")));
        check(plain, &usage(100, Some(50), Some(20), 0), Some(300_000));
    }

    #[test]
    fn sums_are_rounded_once() {
        let tiny = TokenPrice::from_pico_usd(400);
        let mut cheap = Prices::new(Rates::new(tiny, tiny));
        check(cheap, &usage(1, None, None, 1), Some(1));
        cheap.standard.output = TokenPrice::from_pico_usd(0);
        check(cheap, &usage(1, None, None, 1), Some(0));
    }

    #[test]
    fn what_is_unknown_has_no_cost() {
        check(prices(), &Usage::default(), None);
        let mut half = Usage::default();
        half.input_tokens = Some(10);
        check(prices(), &half, None);
    }
}
