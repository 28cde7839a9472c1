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

use std::sync::Arc;

use interline_core::{Feature, FeatureSet, ProviderFactory, ProviderSet, ProviderSettings, Result};
use interline_dialect_openai::{DeveloperRole, KeyRule, Quirks, Vendor, VendorChat, VendorProfile};
use interline_transport::ConnectionSettings;
use serde_json::Value;

/// xAI as a provider.
pub type Xai = VendorChat<XaiFactory>;

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

/// Makes providers of kind `xai` from configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct XaiFactory;

impl Vendor for XaiFactory {
    const PROFILE: VendorProfile = VendorProfile::new(
        "xai",
        "https://api.x.ai/v1",
        KeyRule::Required {
            variable: "XAI_API_KEY",
        },
        QUIRKS,
    );
}

impl ProviderFactory for XaiFactory {
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
        Ok(Arc::new(Xai::from_settings(&settings)?).into())
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
        let error = XaiFactory.build(settings).expect_err("no key");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains("`mine`"), "{error}");
        assert!(error.message().contains("${XAI_API_KEY}"), "{error}");
    }

    #[test]
    fn a_connection_takes_its_name_from_the_configuration() {
        let settings = ProviderSettings::new("mine", json!({"api_key": "k"}));
        let set = XaiFactory.build(settings).expect("a key is enough");
        assert_eq!(set.chat.id().as_str(), "mine");
    }
}
