//! xAI, over its OpenAI-compatible API.
//!
//! ```
//! use interline_core::{Feature, Provider};
//! use interline_provider_xai::Xai;
//!
//! let xai = Xai::new("xai-not-a-real-key")?;
//! let able = xai.capabilities(&"grok-4".into()).features;
//! assert!(able.contains(Feature::Images));
//! assert!(!able.contains(Feature::Audio));
//! # Ok::<(), interline_core::Error>(())
//! ```

use interline_core::{Feature, FeatureSet};
use interline_dialect_openai::{
    DeveloperRole, KeyRule, Quirks, Vendor, VendorChat, VendorFactory, VendorProfile,
};

/// xAI as a provider.
pub type Xai = VendorChat<XaiVendor>;

/// Makes providers of kind `xai` from configuration.
pub type XaiFactory = VendorFactory<XaiVendor>;

/// Differences in xAI's API reference of `/v1/chat/completions`: no sound, no inline documents, no
/// `top_k`, no `metadata`; `developer` is an alias of `system` there, so that one word is sent.
/// Thinking is counted beside the completion, which the totals of recorded answers show.
const QUIRKS: Quirks = Quirks::new()
    .with_features(
        FeatureSet::all()
            .without(Feature::Audio)
            .without(Feature::Files)
            .without(Feature::TopK)
            .without(Feature::Metadata),
    )
    .with_developer_role(DeveloperRole::AsSystem);

/// The vendor as a type: its defaults.
#[derive(Clone, Copy, Debug)]
pub struct XaiVendor;

impl Vendor for XaiVendor {
    const PROFILE: VendorProfile = VendorProfile::new(
        "xai",
        "https://api.x.ai/v1",
        KeyRule::Required {
            variable: "XAI_API_KEY",
        },
        QUIRKS,
    )
    .with_responses("responses");
}
