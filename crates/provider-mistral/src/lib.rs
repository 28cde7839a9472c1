//! Mistral, over La Plateforme's chat API, which is close to OpenAI's and stricter.
//!
//! ```
//! use interline_core::{Feature, Provider};
//! use interline_provider_mistral::Mistral;
//!
//! let mistral = Mistral::new("not-a-real-key")?;
//! let able = mistral.capabilities(&"mistral-small-latest".into()).features;
//! assert!(able.contains(Feature::Files));
//! assert!(!able.contains(Feature::Logprobs));
//! # Ok::<(), interline_core::Error>(())
//! ```

use std::sync::Arc;

use interline_core::{Feature, FeatureSet, ProviderFactory, ProviderSet, ProviderSettings, Result};
use interline_dialect_openai::{
    CallIds, DeveloperRole, DocumentParts, EarlierReasoning, KeyRule, OutputLimit,
    ParticipantNames, Quirks, SoundParts, StreamUsage, Vendor, VendorChat, VendorProfile,
};
use interline_transport::ConnectionSettings;
use serde_json::Value;

/// Mistral as a provider.
pub type Mistral = VendorChat<MistralFactory>;

/// Differences in Mistral's API reference of `/v1/chat/completions`, which answers any field that it
/// does not know with a 422 (`extra_forbidden`), in messages too.
/// The bound is `max_tokens`, the seed `random_seed`; there are no log-probabilities, no `top_k`,
/// `user` or `metadata`; no `developer` role. Ids of tool calls have nine letters or digits.
/// Documents are `document_url` parts, sound is bare data, thinking is a part of the content, also on
/// the way back. Streams tell the usage unasked, as recorded streams show.
const QUIRKS: Quirks = Quirks::new()
    .with_features(
        FeatureSet::all()
            .without(Feature::Logprobs)
            .without(Feature::TopK)
            .without(Feature::User)
            .without(Feature::Metadata),
    )
    .with_developer_role(DeveloperRole::AsSystem)
    .with_output_limit(OutputLimit::MaxTokens)
    .with_renamed_fields(&[
        ("max_completion_tokens", "max_tokens"),
        ("seed", "random_seed"),
    ])
    .with_refused_fields(&[
        "logit_bias",
        "modalities",
        "service_tier",
        "store",
        "stream_options",
        "verbosity",
    ])
    .with_refused_message_fields(&[
        "annotations",
        "audio",
        "function_call",
        "reasoning_details",
        "refusal",
    ])
    .with_participant_names(ParticipantNames::Dropped)
    .with_call_ids(CallIds::NineAlphanumeric)
    .with_documents(DocumentParts::DocumentUrl)
    .with_sound(SoundParts::Data)
    .with_earlier_reasoning(EarlierReasoning::ThinkingParts)
    .with_stream_usage(StreamUsage::Unasked);

/// Makes providers of kind `mistral` from configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct MistralFactory;

impl Vendor for MistralFactory {
    const PROFILE: VendorProfile = VendorProfile::new(
        "mistral",
        "https://api.mistral.ai/v1",
        KeyRule::Required {
            variable: "MISTRAL_API_KEY",
        },
        QUIRKS,
    );
}

impl ProviderFactory for MistralFactory {
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
        Ok(Arc::new(Mistral::from_settings(&settings)?).into())
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
        let error = MistralFactory.build(settings).expect_err("no key");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains("`mine`"), "{error}");
        assert!(error.message().contains("${MISTRAL_API_KEY}"), "{error}");
    }

    #[test]
    fn a_connection_takes_its_name_from_the_configuration() {
        let settings = ProviderSettings::new("mine", json!({"api_key": "k"}));
        let set = MistralFactory.build(settings).expect("a key is enough");
        assert_eq!(set.chat.id().as_str(), "mine");
    }
}
