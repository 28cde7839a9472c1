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

use interline_core::{Feature, FeatureSet};
use interline_dialect_openai::embeddings::{EmbeddingQuirks, TokenInputs, VectorEncodings};
use interline_dialect_openai::{
    DeveloperRole, DocumentParts, KeyRule, OutputLimit, Quirks, StreamEnd, StreamUsage, TextParts,
    Vendor, VendorChat, VendorFactory, VendorProfile,
};

/// Perplexity as a provider.
pub type Perplexity = VendorChat<PerplexityVendor>;

/// Makes providers of kind `perplexity` from configuration.
pub type PerplexityFactory = VendorFactory<PerplexityVendor>;

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

/// Differences in Perplexity's documentation of its embeddings: texts only, no `user`, and vectors
/// come as one signed byte for each number. No recorded traffic exists.
const EMBEDDINGS: EmbeddingQuirks = EmbeddingQuirks::new()
    .with_token_inputs(TokenInputs::Refused)
    .with_encodings(VectorEncodings::SignedBytes)
    .with_refused_fields(&["user"]);

/// The vendor as a type: its defaults.
#[derive(Clone, Copy, Debug)]
pub struct PerplexityVendor;

impl Vendor for PerplexityVendor {
    const PROFILE: VendorProfile = VendorProfile::new(
        "perplexity",
        "https://api.perplexity.ai",
        KeyRule::Required {
            variable: "PERPLEXITY_API_KEY",
        },
        QUIRKS,
    )
    .with_embeddings("v1/embeddings", EMBEDDINGS)
    .without_models()
    .with_health_path("async/chat/completions");
}
