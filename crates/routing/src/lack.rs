//! What a target lacks of what a request needs: a reason to exclude it, or something left out for it.

use std::fmt;
use std::sync::Arc;

use interline_core::{Feature, FormatId, NanoUsd, NativeNeed, Operation};

use crate::PriceCap;

/// What a target lacks of what a request needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lack {
    /// The kind of call: it has no embeddings, say.
    Operation(Operation),
    /// A feature.
    Feature(Feature),
    /// A wish that only one format can carry and without which the answer would be another one.
    Native(NativeNeed),
    /// A field that no type knows, which only its own format can carry.
    UnknownField(NativeNeed),
    /// A field that the target speaks the format of and whose vendor refuses it.
    RefusedField(NativeNeed),
    /// Signed thoughts of earlier turns in this format that another vendor issued.
    SignedReasoning(FormatId),
    /// Pieces of earlier turns that only this format knows.
    NativePart(FormatId),
    /// A price that is known.
    Price,
    /// A place among the connections that may be asked.
    AllowedProvider,
    /// A region that the request may be worked on in; the allowed ones in words.
    Region(Arc<str>),
    /// A price under the cap.
    PriceWithin(PriceCap),
    /// An estimated cost under the cap.
    CostWithin(NanoUsd),
    /// Room in a budget; why there is none in words.
    Budget(Arc<str>),
    /// A context window that holds the conversation.
    ContextWindow {
        /// How many tokens it takes, by estimate.
        needed: u64,
        /// How many the model has.
        window: u64,
    },
}

impl Lack {
    /// The request field that asks for it; of a feature its name, see
    /// [`interline_core::ChatRequest::field_of`].
    #[must_use]
    pub fn field(&self) -> &str {
        match self {
            Self::Operation(_)
            | Self::Price
            | Self::AllowedProvider
            | Self::Region(_)
            | Self::PriceWithin(_)
            | Self::CostWithin(_)
            | Self::Budget(_) => "model",
            Self::Feature(feature) => feature.name(),
            Self::Native(need) | Self::UnknownField(need) | Self::RefusedField(need) => &need.field,
            Self::SignedReasoning(_) | Self::NativePart(_) | Self::ContextWindow { .. } => {
                "messages"
            }
        }
    }

    /// One of few stable words, for metrics: names that callers choose are not among them.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Operation(operation) => operation.name(),
            Self::Feature(feature) => feature.name(),
            Self::Native(_) => "native",
            Self::UnknownField(_) | Self::RefusedField(_) => "unknown_field",
            Self::SignedReasoning(_) => "signed_reasoning",
            Self::NativePart(_) => "native_part",
            Self::Price => "price",
            Self::AllowedProvider => "provider",
            Self::Region(_) => "region",
            Self::PriceWithin(_) => "price_cap",
            Self::CostWithin(_) => "cost_cap",
            Self::Budget(_) => "budget",
            Self::ContextWindow { .. } => "context_window",
        }
    }
}

impl fmt::Display for Lack {
    /// `tools`, `previous_response_id needs openai.responses`, `signed reasoning of anthropic.messages`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operation(operation) => operation.fmt(f),
            Self::Feature(feature) => f.write_str(feature.name()),
            Self::Native(need) | Self::UnknownField(need) => {
                write!(f, "{} needs {}", need.field, need.format)
            }
            Self::RefusedField(need) => write!(f, "{} (refused by the vendor)", need.field),
            Self::SignedReasoning(format) => write!(f, "signed reasoning of {format}"),
            Self::NativePart(format) => write!(f, "message parts of {format}"),
            Self::Price => f.write_str("a known price"),
            Self::AllowedProvider => f.write_str("an allowed provider"),
            Self::Region(allowed) => write!(f, "region {allowed}"),
            Self::PriceWithin(cap) => write!(f, "a price within {cap}"),
            Self::CostWithin(cap) => write!(f, "an estimated cost within {cap} USD"),
            Self::Budget(why) => write!(f, "room in the budget: {why}"),
            Self::ContextWindow { needed, window } => {
                write!(
                    f,
                    "a context window of about {needed} tokens (it has {window})"
                )
            }
        }
    }
}

impl From<Feature> for Lack {
    fn from(feature: Feature) -> Self {
        Self::Feature(feature)
    }
}

impl PartialEq<Feature> for Lack {
    fn eq(&self, other: &Feature) -> bool {
        matches!(self, Self::Feature(feature) if feature == other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lack_says_what_it_is_and_which_field_asks_for_it() {
        const CHAT: FormatId = FormatId::from_static("openai.chat");
        let need = NativeNeed::new(CHAT, "store");
        let cases = [
            (
                Lack::Budget("nothing is left".into()),
                "room in the budget: nothing is left",
                "model",
            ),
            (
                Lack::Operation(Operation::Embeddings),
                "embeddings",
                "model",
            ),
            (Lack::Feature(Feature::Tools), "tools", "tools"),
            (
                Lack::Native(need.clone()),
                "store needs openai.chat",
                "store",
            ),
            (
                Lack::UnknownField(need.clone()),
                "store needs openai.chat",
                "store",
            ),
            (
                Lack::RefusedField(need),
                "store (refused by the vendor)",
                "store",
            ),
            (
                Lack::SignedReasoning(CHAT),
                "signed reasoning of openai.chat",
                "messages",
            ),
            (
                Lack::NativePart(CHAT),
                "message parts of openai.chat",
                "messages",
            ),
            (Lack::Price, "a known price", "model"),
            (Lack::AllowedProvider, "an allowed provider", "model"),
            (Lack::Region("eu or us".into()), "region eu or us", "model"),
            (
                Lack::CostWithin(NanoUsd::new(50_000_000)),
                "an estimated cost within 0.05 USD",
                "model",
            ),
            (
                Lack::ContextWindow {
                    needed: 300_000,
                    window: 128_000,
                },
                "a context window of about 300000 tokens (it has 128000)",
                "messages",
            ),
        ];
        for (lack, text, field) in cases {
            assert_eq!(lack.to_string(), text);
            assert_eq!(lack.field(), field, "{text}");
        }
    }
}
