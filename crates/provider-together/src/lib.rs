//! Together AI, over its OpenAI-compatible API.
//!
//! ```
//! use interline_core::{Feature, Provider};
//! use interline_provider_together::Together;
//!
//! let together = Together::new("not-a-real-key")?;
//! let able = together.capabilities(&"meta-llama/Llama-3.3-70B-Instruct-Turbo".into()).features;
//! assert!(able.contains(Feature::TopK));
//! # Ok::<(), interline_core::Error>(())
//! ```

use std::sync::Arc;

use interline_core::{Feature, FeatureSet, ProviderFactory, ProviderSet, ProviderSettings, Result};
use interline_dialect_openai::{
    DeveloperRole, KeyRule, OutputLimit, Quirks, StreamUsage, TextParts, Vendor, VendorChat,
    VendorProfile,
};
use interline_transport::ConnectionSettings;
use serde_json::Value;

/// Together AI as a provider.
pub type Together = VendorChat<TogetherFactory>;

/// Differences in Together's published OpenAPI description of `/chat/completions`: the bound is
/// `max_tokens` (without it answers end early); `logprobs` is a number, so the switch is left out; no
/// documents, no `metadata`, `user`, `parallel_tool_calls` or `stream_options`; no `developer` role;
/// texts of all but the user are strings.
/// The last chunk of every stream tells the usage unasked, as recorded streams show.
const QUIRKS: Quirks = Quirks::new()
    .with_features(
        FeatureSet::all()
            .without(Feature::Files)
            .without(Feature::Logprobs)
            .without(Feature::ParallelToolCalls)
            .without(Feature::User)
            .without(Feature::Metadata),
    )
    .with_developer_role(DeveloperRole::AsSystem)
    .with_output_limit(OutputLimit::MaxTokens)
    .with_text_parts(TextParts::Joined)
    .with_stream_usage(StreamUsage::Unasked);

/// Makes providers of kind `together` from configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct TogetherFactory;

impl Vendor for TogetherFactory {
    const PROFILE: VendorProfile = VendorProfile::new(
        "together",
        "https://api.together.xyz/v1",
        KeyRule::Required {
            variable: "TOGETHER_API_KEY",
        },
        QUIRKS,
    );
}

impl ProviderFactory for TogetherFactory {
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
        Ok(Arc::new(Together::from_settings(&settings)?).into())
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
        let error = TogetherFactory.build(settings).expect_err("no key");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains("`mine`"), "{error}");
        assert!(error.message().contains("${TOGETHER_API_KEY}"), "{error}");
    }

    #[test]
    fn a_connection_takes_its_name_from_the_configuration() {
        let settings = ProviderSettings::new("mine", json!({"api_key": "k"}));
        let set = TogetherFactory.build(settings).expect("a key is enough");
        assert_eq!(set.chat.id().as_str(), "mine");
    }
}
