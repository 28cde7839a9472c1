//! DeepSeek, over its OpenAI-compatible API.
//!
//! ```
//! use interline_core::{Feature, Provider};
//! use interline_provider_deepseek::DeepSeek;
//!
//! let deepseek = DeepSeek::new("not-a-real-key")?;
//! let able = deepseek.capabilities(&"deepseek-chat".into()).features;
//! assert!(able.contains(Feature::JsonObject));
//! assert!(!able.contains(Feature::JsonSchema));
//! # Ok::<(), interline_core::Error>(())
//! ```

use interline_core::{Feature, FeatureSet};
use interline_dialect_openai::{
    DeveloperRole, EarlierReasoning, KeyRule, OutputLimit, Quirks, TextParts, ThinkingControl,
    Vendor, VendorChat, VendorFactory, VendorProfile,
};

/// DeepSeek as a provider.
pub type DeepSeek = VendorChat<DeepSeekVendor>;

/// Makes providers of kind `deepseek` from configuration.
pub type DeepSeekFactory = VendorFactory<DeepSeekVendor>;

/// Differences in DeepSeek's API reference and its page on thinking: messages hold text only; the
/// shape of an answer is a JSON object without a schema; one answer; no `seed`, `top_k` or
/// `metadata`; no `developer` role. The bound is `max_tokens`: the newer name is ignored.
/// Thinking has a switch of its own, and comes back with every message that called tools: a request
/// without it is refused.
const QUIRKS: Quirks = Quirks::new()
    .with_features(
        FeatureSet::all()
            .without(Feature::JsonSchema)
            .without(Feature::Images)
            .without(Feature::Audio)
            .without(Feature::Files)
            .without(Feature::MultipleChoices)
            .without(Feature::Seed)
            .without(Feature::TopK)
            .without(Feature::Metadata),
    )
    .with_developer_role(DeveloperRole::AsSystem)
    .with_output_limit(OutputLimit::MaxTokens)
    .with_renamed_fields(&[("max_completion_tokens", "max_tokens")])
    .with_text_parts(TextParts::Joined)
    .with_thinking(ThinkingControl::EffortAndSwitch)
    .with_earlier_reasoning(EarlierReasoning::ReasoningContentRequired);

/// The vendor as a type: its defaults.
#[derive(Clone, Copy, Debug)]
pub struct DeepSeekVendor;

impl Vendor for DeepSeekVendor {
    const PROFILE: VendorProfile = VendorProfile::new(
        "deepseek",
        "https://api.deepseek.com",
        KeyRule::Required {
            variable: "DEEPSEEK_API_KEY",
        },
        QUIRKS,
    )
    .with_responses("responses");
}
