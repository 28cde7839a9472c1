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

use interline_core::{Feature, FeatureSet};
use interline_dialect_openai::{
    KeyRule, ParticipantNames, Quirks, Vendor, VendorChat, VendorFactory, VendorProfile,
};

/// Groq as a provider.
pub type Groq = VendorChat<GroqVendor>;

/// Makes providers of kind `groq` from configuration.
pub type GroqFactory = VendorFactory<GroqVendor>;

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
            .without(Feature::FrequencyPenalty)
            .without(Feature::PresencePenalty)
            .without(Feature::Metadata),
    )
    .with_participant_names(ParticipantNames::Dropped)
    .with_refused_fields(&["logit_bias"])
    .with_envelope("x_groq");

/// The vendor as a type: its defaults.
#[derive(Clone, Copy, Debug)]
pub struct GroqVendor;

impl Vendor for GroqVendor {
    const PROFILE: VendorProfile = VendorProfile::new(
        "groq",
        "https://api.groq.com/openai/v1",
        KeyRule::Required {
            variable: "GROQ_API_KEY",
        },
        QUIRKS,
    );
}
