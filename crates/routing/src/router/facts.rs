//! What routing knows of a target beside its abilities: price, tier, and where it works.

use std::sync::Arc;

use interline_catalog::{Prices, Tier};

/// What routing knows of a target beside its abilities.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TargetFacts {
    /// What its tokens cost; `None` where no price is known.
    pub prices: Option<Prices>,
    /// How dear it is, in a word.
    pub tier: Tier,
    /// Where it may work on a request, in the operator's own words (`eu`, `us-east-1`); empty where
    /// nobody said so.
    pub regions: Vec<Arc<str>>,
}

impl TargetFacts {
    /// A target of which nothing is known.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says what its tokens cost; the tier follows from it.
    #[must_use]
    pub fn with_prices(mut self, prices: impl Into<Option<Prices>>) -> Self {
        self.prices = prices.into();
        self.tier = self
            .prices
            .map_or_else(Tier::default, |prices| Tier::of(prices.standard.output));
        self
    }

    /// Says how dear it is, against what its price says.
    #[must_use]
    pub const fn with_tier(mut self, tier: Tier) -> Self {
        self.tier = tier;
        self
    }

    /// Says where it may work on a request.
    #[must_use]
    pub fn with_regions(mut self, regions: impl IntoIterator<Item = impl Into<Arc<str>>>) -> Self {
        self.regions = regions.into_iter().map(Into::into).collect();
        self
    }
}
