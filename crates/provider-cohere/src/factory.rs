//! Makes connections of kind `cohere` from configuration.

use interline_core::{ProviderFactory, ProviderSet, ProviderSettings, Result};
use interline_transport::ConnectionSettings;
use serde_json::Value;

use crate::Cohere;
use crate::builder::{KEY_VARIABLE, KIND};

/// Makes connections of kind `cohere` from configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct CohereFactory;

impl ProviderFactory for CohereFactory {
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
        let cohere = Cohere::builder()
            .id(settings.id)
            .settings(connection)
            .build()?;
        Ok(cohere.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn build(values: Value) -> Result<ProviderSet> {
        CohereFactory.build(ProviderSettings::new("mine", values))
    }

    #[test]
    fn a_connection_takes_its_name_from_the_configuration() {
        let set = build(json!({"api_key": "k", "base_url": "http://127.0.0.1:1"}));
        let set = set.expect("good settings");
        assert_eq!(set.chat.id().as_str(), "mine");
        assert!(set.embed.is_some() && set.models.is_some() && set.count.is_none());
        assert_eq!(CohereFactory.kind(), "cohere");
        assert_eq!(CohereFactory.key_variable(), Some("COHERE_API_KEY"));
    }

    #[test]
    fn a_wrong_setting_is_named() {
        let error = build(json!({"api_key": "k", "project": "p"})).expect_err("unknown");
        assert!(
            error.message().contains("unknown setting `project`"),
            "{error}"
        );
        let error = build(json!({})).expect_err("no key");
        assert!(error.message().contains("${COHERE_API_KEY}"), "{error}");
    }
}
