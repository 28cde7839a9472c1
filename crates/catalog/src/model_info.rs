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
    /// What it is for.
    pub mode: ModelMode,
    /// Whether the vendor still serves it.
    pub status: ModelStatus,
    /// The day its service ends or ended, as `YYYY-MM-DD`, where one is announced.
    pub ends: Option<String>,
    /// What tokens cost; `None` where no price is known.
    pub prices: Option<Prices>,
    /// How many tokens it reads and writes in all.
    pub context_window: Option<u64>,
    /// How many tokens it may write.
    pub max_output_tokens: Option<u64>,
    /// How many numbers its vectors have unless the caller asks otherwise.
    pub dimensions: Option<u32>,
    /// What it is said to do. A feature that is absent may still be there, see [`ModelInfo::lacks`].
    pub features: FeatureSet,
    /// What it is known not to do: reasons to exclude it from calls that need one of them.
    pub lacks: FeatureSet,
    /// Who says so, by the names in `data/SOURCES.md`; `configuration` for what an operator says.
    pub sources: Vec<String>,
}

/// What a model is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ModelMode {
    /// It answers conversations.
    #[default]
    Chat,
    /// It makes vectors.
    Embedding,
}

impl ModelMode {
    /// The mode in one lower-case word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Embedding => "embedding",
        }
    }
}

impl ModelInfo {
    /// A chat model that a vendor of `kind` serves, of which nothing else is known.
    pub fn new(kind: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            id: id.into(),
            aliases: Vec::new(),
            mode: ModelMode::Chat,
            status: ModelStatus::Active,
            ends: None,
            prices: None,
            context_window: None,
            max_output_tokens: None,
            dimensions: None,
            features: FeatureSet::empty(),
            lacks: FeatureSet::empty(),
            sources: Vec::new(),
        }
    }

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
            .map_or_else(Tier::default, |prices| Tier::of(prices.standard.output))
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
