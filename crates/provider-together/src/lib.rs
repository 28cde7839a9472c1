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

use interline_core::{Feature, FeatureSet};
use interline_dialect_openai::embeddings::{EmbeddingQuirks, TokenInputs, VectorEncodings};
use interline_dialect_openai::{
    DeveloperRole, KeyRule, OutputLimit, Quirks, StreamUsage, TextParts, Vendor, VendorChat,
    VendorFactory, VendorProfile,
};

/// Together AI as a provider.
pub type Together = VendorChat<TogetherVendor>;

/// Makes providers of kind `together` from configuration.
pub type TogetherFactory = VendorFactory<TogetherVendor>;

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

/// Together's published OpenAPI description of `/embeddings` has a model and texts, nothing else.
/// No recorded traffic exists.
const EMBEDDINGS: EmbeddingQuirks = EmbeddingQuirks::new()
    .with_dimensions(None)
    .with_token_inputs(TokenInputs::Refused)
    .with_encodings(VectorEncodings::FloatOnly)
    .with_refused_fields(&["user"]);

/// The vendor as a type: its defaults.
#[derive(Clone, Copy, Debug)]
pub struct TogetherVendor;

impl Vendor for TogetherVendor {
    const PROFILE: VendorProfile = VendorProfile::new(
        "together",
        "https://api.together.xyz/v1",
        KeyRule::Required {
            variable: "TOGETHER_API_KEY",
        },
        QUIRKS,
    )
    .with_embeddings("embeddings", EMBEDDINGS);
}
