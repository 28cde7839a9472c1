//! Makes connections of kind `google` from configuration.

use interline_core::{ProviderFactory, ProviderSet, ProviderSettings, Result};
use interline_transport::ConnectionSettings;
use serde_json::Value;

use crate::Google;
use crate::builder::{KEY_VARIABLE, KIND};

/// Makes connections of kind `google` from configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct GoogleFactory;

impl ProviderFactory for GoogleFactory {
    fn kind(&self) -> &str {
        KIND
    }

    fn settings_schema(&self) -> Value {
        ConnectionSettings::schema()
    }

    fn key_variable(&self) -> Option<&str> {
        Some(KEY_VARIABLE)
    }

    fn build(&self, settings: ProviderSettings) -> Result<ProviderSet> {
        let connection = ConnectionSettings::from_settings(&settings)?;
        Google::builder()
            .id(settings.id)
            .settings(connection)
            .build_set()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn build(values: Value) -> Result<ProviderSet> {
        GoogleFactory.build(ProviderSettings::new("mine", values))
    }

    #[test]
    fn a_connection_takes_its_name_from_the_configuration() {
        let set = build(json!({"api_key": "k", "base_url": "http://127.0.0.1:1/v1beta"}));
        let set = set.expect("good settings");
        assert_eq!(set.chat.id().as_str(), "mine");
        assert!(set.embed.is_some() && set.models.is_some() && set.count.is_some());
        assert_eq!(GoogleFactory.kind(), "google");
        assert_eq!(GoogleFactory.key_variable(), Some("GEMINI_API_KEY"));
    }

    #[test]
    fn a_wrong_setting_is_named() {
        let error = build(json!({"api_key": "k", "project": "p"})).expect_err("unknown");
        assert!(
            error.message().contains("unknown setting `project`"),
            "{error}"
        );
        let error = build(json!({})).expect_err("no key");
        assert!(error.message().contains("${GEMINI_API_KEY}"), "{error}");
    }
}
