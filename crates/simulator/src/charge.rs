//! Charge: what a vendor bills for an exchange, whether or not the client got anything for it.

use std::ops::AddAssign;

use crate::reply::TokenUsage;

/// What a vendor asks for tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Price {
    /// For one input token, in pico-USD (10⁻¹² USD): a price of 2.50 USD per million tokens is 2 500 000.
    pub input_pico_usd: u64,
    /// For one output token, in pico-USD.
    pub output_pico_usd: u64,
}

impl Price {
    /// Prices in pico-USD for one input and one output token.
    #[must_use]
    pub const fn new(input_pico_usd: u64, output_pico_usd: u64) -> Self {
        Self {
            input_pico_usd,
            output_pico_usd,
        }
    }

    pub(crate) fn charge(self, usage: TokenUsage) -> Charge {
        let pico = usage.input.saturating_mul(self.input_pico_usd)
            + usage.output.saturating_mul(self.output_pico_usd);
        Charge {
            exchanges: 1,
            input_tokens: usage.input,
            output_tokens: usage.output,
            nano_usd: pico.div_ceil(1000),
        }
    }
}

/// What was billed: for one exchange, or in sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Charge {
    /// Exchanges that were billed.
    pub exchanges: u64,
    /// Input tokens.
    pub input_tokens: u64,
    /// Output tokens, those of answers that never arrived included.
    pub output_tokens: u64,
    /// Money in nano-USD (10⁻⁹ USD), each exchange rounded up; 0 without a price.
    pub nano_usd: u64,
}

impl AddAssign for Charge {
    fn add_assign(&mut self, other: Self) {
        self.exchanges += other.exchanges;
        self.input_tokens += other.input_tokens;
        self.output_tokens += other.output_tokens;
        self.nano_usd += other.nano_usd;
    }
}

#[cfg(test)]
mod tests {
    use super::Price;
    use crate::reply::TokenUsage;

    #[test]
    fn money_is_rounded_up_to_nano_usd() {
        let price = Price::new(2_500_000, 10_000_000);
        let charge = price.charge(TokenUsage::new(1000, 100));
        assert_eq!(charge.nano_usd, 2_500_000 + 1_000_000);
        assert_eq!(Price::new(1, 0).charge(TokenUsage::new(1, 0)).nano_usd, 1);
        assert_eq!(Price::default().charge(TokenUsage::new(9, 9)).nano_usd, 0);
    }
}
