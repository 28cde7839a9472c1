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

use interline_core::{Feature, FeatureSet};
use interline_dialect_openai::embeddings::{EmbeddingQuirks, VectorEncodings};
use interline_dialect_openai::{
    DeveloperRole, EarlierReasoning, KeyRule, Quirks, StreamUsage, Vendor, VendorChat,
    VendorFactory, VendorProfile,
};

/// Fireworks AI as a provider.
pub type Fireworks = VendorChat<FireworksVendor>;

/// Makes providers of kind `fireworks` from configuration.
pub type FireworksFactory = VendorFactory<FireworksVendor>;

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

/// Differences in Fireworks's API reference of `/embeddings`: vectors come as numbers only, and there
/// is no `user`. No recorded traffic exists.
const EMBEDDINGS: EmbeddingQuirks = EmbeddingQuirks::new()
    .with_encodings(VectorEncodings::FloatOnly)
    .with_refused_fields(&["user"]);

/// The vendor as a type: its defaults.
#[derive(Clone, Copy, Debug)]
pub struct FireworksVendor;

impl Vendor for FireworksVendor {
    const PROFILE: VendorProfile = VendorProfile::new(
        "fireworks",
        "https://api.fireworks.ai/inference/v1",
        KeyRule::Required {
            variable: "FIREWORKS_API_KEY",
        },
        QUIRKS,
    )
    .with_embeddings("embeddings", EMBEDDINGS);
}
