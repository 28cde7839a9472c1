//! OpenRouter, a gateway over many vendors with an OpenAI-compatible API.
//!
//! ```
//! use interline_core::{Feature, Provider};
//! use interline_provider_openrouter::OpenRouter;
//!
//! let openrouter = OpenRouter::new("sk-or-not-a-real-key")?;
//! let able = openrouter.capabilities(&"anthropic/claude-sonnet-4.5".into()).features;
//! assert!(able.contains(Feature::Files));
//! assert!(!able.contains(Feature::MultipleChoices));
//! # Ok::<(), interline_core::Error>(())
//! ```

use interline_core::{Feature, FeatureSet};
use interline_dialect_openai::embeddings::EmbeddingQuirks;
use interline_dialect_openai::{
    CacheMarks, DocumentParts, EarlierReasoning, KeyRule, Quirks, ThinkingControl, Vendor,
    VendorChat, VendorFactory, VendorProfile,
};

/// OpenRouter as a provider.
pub type OpenRouter = VendorChat<OpenRouterVendor>;

/// Makes providers of kind `openrouter` from configuration.
pub type OpenRouterFactory = VendorFactory<OpenRouterVendor>;

/// Differences in OpenRouter's API reference: one answer; thinking is asked for with an object
/// `reasoning`, and what a vendor behind it signed or sealed comes back as `reasoning_details`; marks
/// for a cache stand on parts; documents may be addresses. Routing preferences (`provider`, `models`,
/// `plugins`, `transforms`) pass through.
/// The list of models is shown to anybody; `key` tells about the key and needs it.
const QUIRKS: Quirks = Quirks::new()
    .with_features(FeatureSet::all().without(Feature::MultipleChoices))
    .with_documents(DocumentParts::InlineOrAddress)
    .with_cache_marks(CacheMarks::Kept)
    .with_thinking(ThinkingControl::ReasoningObject)
    .with_earlier_reasoning(EarlierReasoning::ReasoningDetails);

/// The vendor as a type: its defaults.
#[derive(Clone, Copy, Debug)]
pub struct OpenRouterVendor;

impl Vendor for OpenRouterVendor {
    const PROFILE: VendorProfile = VendorProfile::new(
        "openrouter",
        "https://openrouter.ai/api/v1",
        KeyRule::Required {
            variable: "OPENROUTER_API_KEY",
        },
        QUIRKS,
    )
    .with_responses("responses")
    .with_embeddings("embeddings", EmbeddingQuirks::new())
    .with_health_path("key");
}
