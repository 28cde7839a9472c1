//! What is known about one model.

use interline_core::{FeatureSet, NanoUsd, Usage};

use crate::{Prices, Tier};

/// What is known about one model of one kind of vendor.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ModelInfo {
    /// The kind of vendor, as in configuration files: `openai`, `anthropic`, …
    pub kind: String,
    /// The name that the vendor is asked for.
    pub id: String,
    /// Other names of the same model.
    pub aliases: Vec<String>,
    /// Whether the vendor still serves it.
    pub status: ModelStatus,
    /// What tokens cost; `None` where no price is known.
    pub prices: Option<Prices>,
    /// How many tokens it reads and writes in all.
    pub context_window: Option<u64>,
    /// How many tokens it may write.
    pub max_output_tokens: Option<u64>,
    /// What it is said to do. A feature that is absent may still be there, see [`ModelInfo::lacks`].
    pub features: FeatureSet,
    /// What it is known not to do: reasons to exclude it from calls that need one of them.
    pub lacks: FeatureSet,
}

impl ModelInfo {
    /// What a call cost, by the inclusion rule of [`Usage`].
    ///
    /// `None` where a price or a figure is unknown, never zero.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> Option<NanoUsd> {
        self.prices.as_ref()?.cost(usage)
    }

    /// How dear it is, in a word; the default where no price is known.
    #[must_use]
    pub fn tier(&self) -> Tier {
        self.prices
            .map_or_else(Tier::default, |prices| Tier::of(prices.output))
    }
}

/// Whether a vendor still serves a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ModelStatus {
    /// It is served.
    Active,
    /// It is served, and its end is announced.
    Deprecated,
    /// It is no longer served.
    Retired,
    /// Its price is known, but the newest source no longer lists it.
    Unlisted,
}

impl ModelStatus {
    /// The status in one lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deprecated => "deprecated",
            Self::Retired => "retired",
            Self::Unlisted => "unlisted",
        }
    }
}
