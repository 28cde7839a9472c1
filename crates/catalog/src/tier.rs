//! How dear a model is, in three words that users see.
//!
//! By the price of output, which dominates the bill of most chats.
//! The bounds are chosen, not measured: they put the vendors' flagship models above ten dollars per
//! million tokens, and their small ones below two.

use interline_core::TokenPrice;

const PREMIUM_FROM: TokenPrice = TokenPrice::from_pico_usd(10_000_000);
const STANDARD_FROM: TokenPrice = TokenPrice::from_pico_usd(2_000_000);

/// How dear a model is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Tier {
    /// Output costs less than 2 USD per million tokens.
    Economy,
    /// Output costs 2 to 10 USD per million tokens, or nobody knows.
    #[default]
    Standard,
    /// Output costs 10 USD per million tokens or more.
    Premium,
}

impl Tier {
    /// The tier of a price of output.
    #[must_use]
    pub fn of(output: TokenPrice) -> Self {
        if output >= PREMIUM_FROM {
            Self::Premium
        } else if output >= STANDARD_FROM {
            Self::Standard
        } else {
            Self::Economy
        }
    }

    /// The tier in one lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Economy => "economy",
            Self::Standard => "standard",
            Self::Premium => "premium",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalog;

    #[track_caller]
    fn check(kind: &str, model: &str, tier: Tier) {
        let catalog = Catalog::embedded();
        let info = catalog.find(kind, model).expect("a well-known model");
        assert_eq!(info.tier(), tier, "{model}");
    }

    #[test]
    fn well_known_models_are_where_people_expect_them() {
        check("openai", "gpt-4o", Tier::Premium);
        check("openai", "gpt-4o-mini", Tier::Economy);
        check("groq", "llama-3.3-70b-versatile", Tier::Economy);
    }

    #[test]
    fn bounds_belong_to_the_dearer_tier() {
        let price = |usd| TokenPrice::from_usd_per_mtok(usd).expect("a price");
        assert_eq!(Tier::of(price("10")), Tier::Premium);
        assert_eq!(Tier::of(price("9.999999")), Tier::Standard);
        assert_eq!(Tier::of(price("2")), Tier::Standard);
        assert_eq!(Tier::of(price("1.999999")), Tier::Economy);
    }
}
