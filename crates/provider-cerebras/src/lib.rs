//! Cerebras, over its OpenAI-compatible API.
//!
//! ```
//! use interline_core::{Feature, Provider};
//! use interline_provider_cerebras::Cerebras;
//!
//! let cerebras = Cerebras::new("csk-not-a-real-key")?;
//! let able = cerebras.capabilities(&"gpt-oss-120b".into()).features;
//! assert!(able.contains(Feature::Tools));
//! assert!(!able.contains(Feature::Images));
//! # Ok::<(), interline_core::Error>(())
//! ```

use std::sync::Arc;

use interline_core::{Feature, FeatureSet, ProviderFactory, ProviderSet, ProviderSettings, Result};
use interline_dialect_openai::{
    DeveloperRole, KeyRule, Quirks, TextParts, Vendor, VendorChat, VendorProfile,
};
use interline_transport::ConnectionSettings;
use serde_json::Value;

/// Cerebras as a provider.
pub type Cerebras = VendorChat<CerebrasFactory>;

/// Differences that Cerebras documents under "OpenAI Compatibility" and in the types of its own client
/// library: messages hold text only; penalties, `logit_bias` and `service_tier` are refused with a
/// 400; no `top_k`, no `metadata`, one answer; `system` stands for `developer`, which is not exposed;
/// texts of all but the user are strings. Fields of other vendors' thinking are refused in messages.
const QUIRKS: Quirks = Quirks::new()
    .with_features(
        FeatureSet::all()
            .without(Feature::Images)
            .without(Feature::Audio)
            .without(Feature::Files)
            .without(Feature::MultipleChoices)
            .without(Feature::TopK)
            .without(Feature::Penalties)
            .without(Feature::Metadata),
    )
    .with_developer_role(DeveloperRole::AsSystem)
    .with_text_parts(TextParts::Joined)
    .with_refused_fields(&["logit_bias", "service_tier"])
    .with_refused_message_fields(&["annotations", "reasoning_content", "reasoning_details"]);

/// Makes providers of kind `cerebras` from configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct CerebrasFactory;

impl Vendor for CerebrasFactory {
    const PROFILE: VendorProfile = VendorProfile::new(
        "cerebras",
        "https://api.cerebras.ai/v1",
        KeyRule::Required {
            variable: "CEREBRAS_API_KEY",
        },
        QUIRKS,
    );
}

impl ProviderFactory for CerebrasFactory {
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
        Ok(Arc::new(Cerebras::from_settings(&settings)?).into())
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
        let error = CerebrasFactory.build(settings).expect_err("no key");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains("`mine`"), "{error}");
        assert!(error.message().contains("${CEREBRAS_API_KEY}"), "{error}");
    }

    #[test]
    fn a_connection_takes_its_name_from_the_configuration() {
        let settings = ProviderSettings::new("mine", json!({"api_key": "k"}));
        let set = CerebrasFactory.build(settings).expect("a key is enough");
        assert_eq!(set.chat.id().as_str(), "mine");
    }
}
