//! Money in integers: prices per token in pico-USD, amounts in nano-USD.
//!
//! Why integers: a price of one dollar per million tokens is exactly 10⁶ pico-USD per token, so no
//! sum is ever off by a rounding error; amounts fit atomics.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

const PICO_PER_NANO: u128 = 1_000;
const NANO_PER_USD: i64 = 1_000_000_000;

/// A price in pico-USD per token: the price in USD per million tokens, times 10⁶.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenPrice(u64);

impl TokenPrice {
    /// A price in pico-USD (10⁻¹² USD) per token.
    #[must_use]
    pub const fn from_pico_usd(pico_usd: u64) -> Self {
        Self(pico_usd)
    }

    /// The price in pico-USD per token.
    #[must_use]
    pub const fn pico_usd(self) -> u64 {
        self.0
    }

    /// A price from a decimal number of USD per million tokens, such as `2.5`.
    ///
    /// `None` where the text is no non-negative decimal, has more than six digits behind the
    /// point, or is too large.
    #[must_use]
    pub fn from_usd_per_mtok(decimal: &str) -> Option<Self> {
        parse_decimal(decimal, 6)
            .and_then(|pico| u64::try_from(pico).ok())
            .map(Self)
    }

    /// What `tokens` cost at this price, in pico-USD.
    #[must_use]
    pub fn cost_pico_usd(self, tokens: u64) -> u128 {
        u128::from(self.0) * u128::from(tokens)
    }
}

/// An amount in nano-USD (10⁻⁹ USD).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NanoUsd(i64);

impl NanoUsd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount in nano-USD.
    #[must_use]
    pub const fn new(nano_usd: i64) -> Self {
        Self(nano_usd)
    }

    /// The amount in nano-USD.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Rounds a sum in pico-USD to the nearest nano-USD, half up; done once per call.
    #[must_use]
    pub fn from_pico_usd(pico_usd: u128) -> Self {
        let nano = (pico_usd + PICO_PER_NANO / 2) / PICO_PER_NANO;
        Self(i64::try_from(nano).unwrap_or(i64::MAX))
    }

    /// An amount from a decimal number of USD, such as `0.25`.
    ///
    /// `None` where the text is no non-negative decimal, has more than nine digits behind the
    /// point, or is too large.
    #[must_use]
    pub fn from_usd(decimal: &str) -> Option<Self> {
        parse_decimal(decimal, 9)
            .and_then(|nano| i64::try_from(nano).ok())
            .map(Self)
    }
}

impl Add for NanoUsd {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for NanoUsd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::add)
    }
}

impl fmt::Display for NanoUsd {
    /// Writes USD as a plain decimal without trailing zeros, such as `0.0000125`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nano = self.0.unsigned_abs();
        let unit = NANO_PER_USD.unsigned_abs();
        let fraction = format!("{:09}", nano % unit);
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{sign}{}", nano / unit),
            digits => write!(f, "{sign}{}.{digits}", nano / unit),
        }
    }
}

/// Reads a non-negative decimal as an integer of `digits` digits behind the point.
fn parse_decimal(text: &str, digits: usize) -> Option<u128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let empty = whole.is_empty() && fraction.is_empty();
    if empty || fraction.len() > digits || !numeric(whole) || !numeric(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<digits$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn prices_are_exact() {
        let price = TokenPrice::from_usd_per_mtok("2.5").expect("a price");
        assert_eq!(price.pico_usd(), 2_500_000);
        let cost = NanoUsd::from_pico_usd(price.cost_pico_usd(1_000_000));
        assert_eq!(cost.to_string(), "2.5");
    }

    #[test]
    fn half_a_nano_dollar_rounds_up() {
        assert_eq!(NanoUsd::from_pico_usd(1_499).get(), 1);
        assert_eq!(NanoUsd::from_pico_usd(1_500).get(), 2);
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for bad in [
            "",
            ".",
            "-1",
            "1e3",
            "0.0000000001",
            "1.2.3",
            "99999999999999999999",
        ] {
            assert_eq!(NanoUsd::from_usd(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn amounts_survive_being_written_and_read(nano in 0..i64::MAX) {
            prop_assert_eq!(NanoUsd::from_usd(&NanoUsd::new(nano).to_string()), Some(NanoUsd::new(nano)));
        }
    }
}
