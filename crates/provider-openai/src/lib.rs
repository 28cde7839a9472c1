//! OpenAI, over the Chat Completions API.
//!
//! ```
//! use interline_core::Provider;
//! use interline_provider_openai::OpenAi;
//!
//! let openai = OpenAi::new("sk-not-a-real-key")?;
//! assert_eq!(openai.id().as_str(), "openai");
//!
//! let europe = OpenAi::builder()
//!     .id("openai-eu")
//!     .api_key("sk-not-a-real-key")
//!     .base_url("https://eu.api.openai.com/v1")
//!     .build()?;
//! assert_eq!(europe.id().as_str(), "openai-eu");
//! # Ok::<(), interline_core::Error>(())
//! ```
//!
//! The format is OpenAI's own, so there is no quirk: `developer` messages, `max_completion_tokens` and
//! usage in streams on request are the reference.

use std::sync::Arc;

use interline_core::{ProviderFactory, ProviderSet, ProviderSettings, Result};
use interline_dialect_openai::{KeyRule, Quirks, Vendor, VendorChat, VendorProfile};
use interline_transport::ConnectionSettings;
use serde_json::Value;

/// OpenAI as a provider.
pub type OpenAi = VendorChat<OpenAiFactory>;

/// The format is its own, so nothing differs.
const QUIRKS: Quirks = Quirks::new();

/// Makes providers of kind `openai` from configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenAiFactory;

impl Vendor for OpenAiFactory {
    const PROFILE: VendorProfile = VendorProfile::new(
        "openai",
        "https://api.openai.com/v1",
        KeyRule::Required {
            variable: "OPENAI_API_KEY",
        },
        QUIRKS,
    );
}

impl ProviderFactory for OpenAiFactory {
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
        Ok(Arc::new(OpenAi::from_settings(&settings)?).into())
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
        let error = OpenAiFactory.build(settings).expect_err("no key");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains("`mine`"), "{error}");
        assert!(error.message().contains("${OPENAI_API_KEY}"), "{error}");
    }

    #[test]
    fn a_connection_takes_its_name_from_the_configuration() {
        let settings = ProviderSettings::new("mine", json!({"api_key": "k"}));
        let set = OpenAiFactory.build(settings).expect("a key is enough");
        assert_eq!(set.chat.id().as_str(), "mine");
    }
}
