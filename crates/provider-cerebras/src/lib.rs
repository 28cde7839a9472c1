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

use interline_core::{Feature, FeatureSet};
use interline_dialect_openai::{
    DeveloperRole, KeyRule, Quirks, TextParts, Vendor, VendorChat, VendorFactory, VendorProfile,
};

/// Cerebras as a provider.
pub type Cerebras = VendorChat<CerebrasVendor>;

/// Makes providers of kind `cerebras` from configuration.
pub type CerebrasFactory = VendorFactory<CerebrasVendor>;

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
            .without(Feature::FrequencyPenalty)
            .without(Feature::PresencePenalty)
            .without(Feature::Metadata),
    )
    .with_developer_role(DeveloperRole::AsSystem)
    .with_text_parts(TextParts::Joined)
    .with_refused_fields(&["logit_bias", "service_tier"])
    .with_refused_message_fields(&["annotations", "reasoning_content", "reasoning_details"]);

/// The vendor as a type: its defaults.
#[derive(Clone, Copy, Debug)]
pub struct CerebrasVendor;

impl Vendor for CerebrasVendor {
    const PROFILE: VendorProfile = VendorProfile::new(
        "cerebras",
        "https://api.cerebras.ai/v1",
        KeyRule::Required {
            variable: "CEREBRAS_API_KEY",
        },
        QUIRKS,
    );
}
