//! Groq, over its OpenAI-compatible API.
//!
//! ```
//! use interline_core::{Feature, Provider};
//! use interline_provider_groq::Groq;
//!
//! let groq = Groq::new("gsk-not-a-real-key")?;
//! let able = groq.capabilities(&"llama-3.3-70b-versatile".into()).features;
//! assert!(able.contains(Feature::Tools));
//! assert!(!able.contains(Feature::MultipleChoices));
//! # Ok::<(), interline_core::Error>(())
//! ```

use std::sync::Arc;

use interline_core::{Feature, FeatureSet, ProviderFactory, ProviderSet, ProviderSettings, Result};
use interline_dialect_openai::{
    KeyRule, ParticipantNames, Quirks, Vendor, VendorChat, VendorProfile,
};
use interline_transport::ConnectionSettings;
use serde_json::Value;

/// Groq as a provider.
pub type Groq = VendorChat<GroqFactory>;

/// Differences that Groq documents under "OpenAI Compatibility": `logprobs`, `logit_bias`, `n` above 1
/// and `name` on messages are refused with a 400; its API reference has penalties and `metadata`
/// without effect, no `top_k`, no sound and no documents.
/// Streams carry `usage` and `error` in an object `x_groq` too.
const QUIRKS: Quirks = Quirks::new()
    .with_features(
        FeatureSet::all()
            .without(Feature::Audio)
            .without(Feature::Files)
            .without(Feature::MultipleChoices)
            .without(Feature::Logprobs)
            .without(Feature::TopK)
            .without(Feature::Penalties)
            .without(Feature::Metadata),
    )
    .with_participant_names(ParticipantNames::Dropped)
    .with_refused_fields(&["logit_bias"])
    .with_envelope("x_groq");

/// Makes providers of kind `groq` from configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct GroqFactory;

impl Vendor for GroqFactory {
    const PROFILE: VendorProfile = VendorProfile::new(
        "groq",
        "https://api.groq.com/openai/v1",
        KeyRule::Required {
            variable: "GROQ_API_KEY",
        },
        QUIRKS,
    );
}

impl ProviderFactory for GroqFactory {
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
        Ok(Arc::new(Groq::from_settings(&settings)?).into())
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
        let error = GroqFactory.build(settings).expect_err("no key");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains("`mine`"), "{error}");
        assert!(error.message().contains("${GROQ_API_KEY}"), "{error}");
    }

    #[test]
    fn a_connection_takes_its_name_from_the_configuration() {
        let settings = ProviderSettings::new("mine", json!({"api_key": "k"}));
        let set = GroqFactory.build(settings).expect("a key is enough");
        assert_eq!(set.chat.id().as_str(), "mine");
    }
}
