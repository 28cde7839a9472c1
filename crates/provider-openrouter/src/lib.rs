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

use std::sync::Arc;

use interline_core::{Feature, FeatureSet, ProviderFactory, ProviderSet, ProviderSettings, Result};
use interline_dialect_openai::{
    CacheMarks, DocumentParts, EarlierReasoning, KeyRule, Quirks, ThinkingControl, Vendor,
    VendorChat, VendorProfile,
};
use interline_transport::ConnectionSettings;
use serde_json::Value;

/// OpenRouter as a provider.
pub type OpenRouter = VendorChat<OpenRouterFactory>;

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

/// Makes providers of kind `openrouter` from configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenRouterFactory;

impl Vendor for OpenRouterFactory {
    const PROFILE: VendorProfile = VendorProfile::new(
        "openrouter",
        "https://openrouter.ai/api/v1",
        KeyRule::Required {
            variable: "OPENROUTER_API_KEY",
        },
        QUIRKS,
    )
    .with_health_path("key");
}

impl ProviderFactory for OpenRouterFactory {
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
        Ok(Arc::new(OpenRouter::from_settings(&settings)?).into())
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
        let error = OpenRouterFactory.build(settings).expect_err("no key");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains("`mine`"), "{error}");
        assert!(error.message().contains("${OPENROUTER_API_KEY}"), "{error}");
    }

    #[test]
    fn a_connection_takes_its_name_from_the_configuration() {
        let settings = ProviderSettings::new("mine", json!({"api_key": "k"}));
        let set = OpenRouterFactory.build(settings).expect("a key is enough");
        assert_eq!(set.chat.id().as_str(), "mine");
    }
}
