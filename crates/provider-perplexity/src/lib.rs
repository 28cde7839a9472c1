//! Perplexity, over the Sonar API, which is OpenAI-compatible.
//!
//! ```
//! use interline_core::{Feature, Provider};
//! use interline_provider_perplexity::Perplexity;
//!
//! let perplexity = Perplexity::new("pplx-not-a-real-key")?;
//! let able = perplexity.capabilities(&"sonar".into()).features;
//! assert!(able.contains(Feature::Files));
//! assert!(!able.contains(Feature::Tools));
//! # Ok::<(), interline_core::Error>(())
//! ```

use std::sync::Arc;

use interline_core::{Feature, FeatureSet, ProviderFactory, ProviderSet, ProviderSettings, Result};
use interline_dialect_openai::{
    DeveloperRole, DocumentParts, KeyRule, OutputLimit, Quirks, StreamEnd, StreamUsage, TextParts,
    Vendor, VendorChat, VendorProfile,
};
use interline_transport::ConnectionSettings;
use serde_json::Value;

/// Perplexity as a provider.
pub type Perplexity = VendorChat<PerplexityFactory>;

/// Differences in Perplexity's API reference and in the types of its own client library: searching
/// models run no tools of the caller; the shape of an answer needs a schema; no sound; no `seed`,
/// `user` or `metadata`; no `developer` role; the bound is `max_tokens`; documents are `file_url`
/// parts. Streams tell the usage unasked and end without `[DONE]`, as recorded streams show.
/// Citations and search results stand beside the answer and reach callers of this format as they are.
/// There is no list of models; the list of background calls is free and needs the key.
const QUIRKS: Quirks = Quirks::new()
    .with_features(
        FeatureSet::all()
            .without(Feature::Tools)
            .without(Feature::JsonObject)
            .without(Feature::Audio)
            .without(Feature::ParallelToolCalls)
            .without(Feature::Seed)
            .without(Feature::User)
            .without(Feature::Metadata),
    )
    .with_developer_role(DeveloperRole::AsSystem)
    .with_output_limit(OutputLimit::MaxTokens)
    .with_renamed_fields(&[("max_completion_tokens", "max_tokens")])
    .with_text_parts(TextParts::Joined)
    .with_documents(DocumentParts::FileUrl)
    .with_stream_usage(StreamUsage::Unasked)
    .with_stream_end(StreamEnd::DoneOrFinished);

/// Makes providers of kind `perplexity` from configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct PerplexityFactory;

impl Vendor for PerplexityFactory {
    const PROFILE: VendorProfile = VendorProfile::new(
        "perplexity",
        "https://api.perplexity.ai",
        KeyRule::Required {
            variable: "PERPLEXITY_API_KEY",
        },
        QUIRKS,
    )
    .with_health_path("async/chat/completions");
}

impl ProviderFactory for PerplexityFactory {
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
        Ok(Arc::new(Perplexity::from_settings(&settings)?).into())
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
        let error = PerplexityFactory.build(settings).expect_err("no key");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains("`mine`"), "{error}");
        assert!(error.message().contains("${PERPLEXITY_API_KEY}"), "{error}");
    }

    #[test]
    fn a_connection_takes_its_name_from_the_configuration() {
        let settings = ProviderSettings::new("mine", json!({"api_key": "k"}));
        let set = PerplexityFactory.build(settings).expect("a key is enough");
        assert_eq!(set.chat.id().as_str(), "mine");
    }
}
