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

use interline_core::{Feature, FeatureSet};
use interline_dialect_openai::embeddings::{EmbeddingQuirks, TokenInputs};
use interline_dialect_openai::{
    CallIds, DeveloperRole, DocumentParts, EarlierReasoning, KeyRule, OutputLimit,
    ParticipantNames, Quirks, SoundParts, StreamUsage, Vendor, VendorChat, VendorFactory,
    VendorProfile,
};

/// Mistral as a provider.
pub type Mistral = VendorChat<MistralVendor>;

/// Makes providers of kind `mistral` from configuration.
pub type MistralFactory = VendorFactory<MistralVendor>;

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

/// Differences in Mistral's API reference of `/v1/embeddings`: texts only, the measure is
/// `output_dimension`, as a recorded call shows, and there is no `user`.
const EMBEDDINGS: EmbeddingQuirks = EmbeddingQuirks::new()
    .with_dimensions(Some("output_dimension"))
    .with_token_inputs(TokenInputs::Refused)
    .with_refused_fields(&["user"]);

/// The vendor as a type: its defaults.
#[derive(Clone, Copy, Debug)]
pub struct MistralVendor;

impl Vendor for MistralVendor {
    const PROFILE: VendorProfile = VendorProfile::new(
        "mistral",
        "https://api.mistral.ai/v1",
        KeyRule::Required {
            variable: "MISTRAL_API_KEY",
        },
        QUIRKS,
    )
    .with_embeddings("embeddings", EMBEDDINGS);
}
