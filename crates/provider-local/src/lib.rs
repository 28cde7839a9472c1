//! Any OpenAI-compatible server: Ollama, vLLM, llama.cpp, LM Studio, text-generation-inference, and
//! gateways that speak the format.
//!
//! ```
//! use interline_core::Provider;
//! use interline_provider_local::Local;
//!
//! // Ollama on this machine.
//! let ollama = Local::builder().build()?;
//! assert_eq!(ollama.id().as_str(), "local");
//!
//! let vllm = Local::builder()
//!     .id("gpu-box")
//!     .base_url("http://10.0.0.7:8000/v1")
//!     .build()?;
//! assert_eq!(vllm.id().as_str(), "gpu-box");
//! # Ok::<(), interline_core::Error>(())
//! ```

use interline_core::FeatureSet;
use interline_dialect_openai::embeddings::EmbeddingQuirks;
use interline_dialect_openai::{
    DeveloperRole, EarlierReasoning, KeyRule, OutputLimit, Quirks, StreamEnd, TextParts, Vendor,
    VendorChat, VendorFactory, VendorProfile,
};

/// A local server as a provider.
pub type Local = VendorChat<LocalVendor>;

/// Makes providers of kind `local` from configuration.
pub type LocalFactory = VendorFactory<LocalVendor>;

/// What is safe for servers that nobody can know beforehand: they may have every feature; chat
/// templates of open models know no `developer` role, and some take strings only; Ollama ignores
/// `max_completion_tokens` and would answer without a bound; open models expect their thoughts back
/// between tool calls, Ollama as `reasoning`, llama.cpp as `reasoning_content`; and some servers close a stream behind its finish reason without `[DONE]`.
const QUIRKS: Quirks = Quirks::new()
    .with_features(FeatureSet::all())
    .with_developer_role(DeveloperRole::AsSystem)
    .with_output_limit(OutputLimit::MaxTokens)
    .with_text_parts(TextParts::Joined)
    .with_earlier_reasoning(EarlierReasoning::EitherName)
    .with_stream_end(StreamEnd::DoneOrFinished);

/// The vendor as a type: its defaults.
#[derive(Clone, Copy, Debug)]
pub struct LocalVendor;

impl Vendor for LocalVendor {
    const PROFILE: VendorProfile = VendorProfile::new(
        "local",
        "http://127.0.0.1:11434/v1",
        KeyRule::Optional,
        QUIRKS,
    )
    // Newer Ollama, vLLM, llama.cpp and LM Studio have it, others say 404; every one of them has chat.
    .with_responses_if_chosen("responses")
    .with_embeddings("embeddings", EmbeddingQuirks::new());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use interline_core::{Feature, ModelId, ProviderFactory as _, ProviderSettings};

    use super::*;

    #[test]
    fn a_server_needs_neither_key_nor_address() {
        let settings = ProviderSettings::new("mine", json!({}));
        let set = LocalFactory::new()
            .build(settings)
            .expect("nothing is required");
        assert_eq!(set.chat.id().as_str(), "mine");
        assert_eq!(LocalFactory::new().key_variable(), None);
    }

    #[test]
    fn a_setting_says_that_the_server_has_responses() {
        let factory = LocalFactory::new();
        let build = |api: &str| factory.build(ProviderSettings::new("mine", json!({ "api": api })));
        let model = ModelId::from("m");
        for (api, formats) in [("chat", 1), ("responses", 2)] {
            let able = build(api).expect("known").chat.capabilities(&model);
            assert_eq!(able.formats.len(), formats, "{api}");
            assert_eq!(able.features.contains(Feature::Seed), formats == 1, "{api}");
        }
        let error = build("completions").expect_err("unknown");
        assert_eq!(error.param(), Some("api"));
        assert!(factory.settings_schema()["properties"]["api"].is_object());
    }

    #[test]
    fn a_server_may_want_a_key() {
        let values = json!({"base_url": "http://10.0.0.7:8000/v1", "api_key": "k"});
        LocalFactory::new()
            .build(ProviderSettings::new("mine", values))
            .expect("a key is allowed");
    }
}
