//! Fireworks AI, over its OpenAI-compatible API.
//!
//! ```
//! use interline_core::{Feature, Provider};
//! use interline_provider_fireworks::Fireworks;
//!
//! let fireworks = Fireworks::new("fw-not-a-real-key")?;
//! let able = fireworks.capabilities(&"accounts/fireworks/models/kimi-k2-instruct".into()).features;
//! assert!(able.contains(Feature::TopK));
//! assert!(!able.contains(Feature::Files));
//! # Ok::<(), interline_core::Error>(())
//! ```

use std::sync::Arc;

use interline_core::{Feature, FeatureSet, ProviderFactory, ProviderSet, ProviderSettings, Result};
use interline_dialect_openai::{
    DeveloperRole, EarlierReasoning, KeyRule, Quirks, StreamUsage, Vendor, VendorChat,
    VendorProfile,
};
use interline_transport::ConnectionSettings;
use serde_json::Value;

/// Fireworks AI as a provider.
pub type Fireworks = VendorChat<FireworksFactory>;

/// Differences in Fireworks's API reference and on its page "OpenAI compatibility": `top_k` is known;
/// no sound and no documents; chat templates of open models know no `developer` role, and expect
/// their thoughts back. The last chunk of every stream tells the usage unasked, and `stream_options`
/// is not among the documented fields. No recorded traffic exists: all of this is from the documents.
const QUIRKS: Quirks = Quirks::new()
    .with_features(
        FeatureSet::all()
            .without(Feature::Audio)
            .without(Feature::Files),
    )
    .with_developer_role(DeveloperRole::AsSystem)
    .with_refused_fields(&["stream_options"])
    .with_earlier_reasoning(EarlierReasoning::ReasoningContent)
    .with_stream_usage(StreamUsage::Unasked);

/// Makes providers of kind `fireworks` from configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct FireworksFactory;

impl Vendor for FireworksFactory {
    const PROFILE: VendorProfile = VendorProfile::new(
        "fireworks",
        "https://api.fireworks.ai/inference/v1",
        KeyRule::Required {
            variable: "FIREWORKS_API_KEY",
        },
        QUIRKS,
    );
}

impl ProviderFactory for FireworksFactory {
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
        Ok(Arc::new(Fireworks::from_settings(&settings)?).into())
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
        let error = FireworksFactory.build(settings).expect_err("no key");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains("`mine`"), "{error}");
        assert!(error.message().contains("${FIREWORKS_API_KEY}"), "{error}");
    }

    #[test]
    fn a_connection_takes_its_name_from_the_configuration() {
        let settings = ProviderSettings::new("mine", json!({"api_key": "k"}));
        let set = FireworksFactory.build(settings).expect("a key is enough");
        assert_eq!(set.chat.id().as_str(), "mine");
    }
}
