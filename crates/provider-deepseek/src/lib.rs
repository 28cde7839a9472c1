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

use std::sync::Arc;

use interline_core::{Feature, FeatureSet, ProviderFactory, ProviderSet, ProviderSettings, Result};
use interline_dialect_openai::{
    DeveloperRole, EarlierReasoning, KeyRule, OutputLimit, Quirks, TextParts, ThinkingControl,
    Vendor, VendorChat, VendorProfile,
};
use interline_transport::ConnectionSettings;
use serde_json::Value;

/// DeepSeek as a provider.
pub type DeepSeek = VendorChat<DeepSeekFactory>;

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

/// Makes providers of kind `deepseek` from configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeepSeekFactory;

impl Vendor for DeepSeekFactory {
    const PROFILE: VendorProfile = VendorProfile::new(
        "deepseek",
        "https://api.deepseek.com",
        KeyRule::Required {
            variable: "DEEPSEEK_API_KEY",
        },
        QUIRKS,
    );
}

impl ProviderFactory for DeepSeekFactory {
    fn kind(&self) -> &str {
        Self::PROFILE.kind
    }

    fn settings_schema(&self) -> Value {
        ConnectionSettings::schema()
    }

    fn key_variable(&self) -> Option<&str> {
        Self::PROFILE.key_variable()
    }

    fn build(&self, settings: ProviderSettings) -> Result<ProviderSet> {
        Ok(Arc::new(DeepSeek::from_settings(&settings)?).into())
    }
}

#[cfg(test)]
mod tests {
    use interline_core::ErrorKind;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_missing_key_is_an_error_that_says_what_to_set() {
        let settings = ProviderSettings::new("mine", json!({}));
        let error = DeepSeekFactory.build(settings).expect_err("no key");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains("`mine`"), "{error}");
        assert!(error.message().contains("${DEEPSEEK_API_KEY}"), "{error}");
    }

    #[test]
    fn a_connection_takes_its_name_from_the_configuration() {
        let settings = ProviderSettings::new("mine", json!({"api_key": "k"}));
        let set = DeepSeekFactory.build(settings).expect("a key is enough");
        assert_eq!(set.chat.id().as_str(), "mine");
    }
}
