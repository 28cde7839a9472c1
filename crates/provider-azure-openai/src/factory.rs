//! Makes connections of kind `azure-openai` from configuration.

use interline_core::{Error, ProviderFactory, ProviderSet, ProviderSettings, Result};
use interline_dialect_openai::ChatApi;
use interline_transport::ConnectionSettings;
use serde_json::{Map, Value, json};

use crate::builder::KIND;
use crate::{AzureOpenAi, AzureOpenAiBuilder, Flavor};

/// The settings that other kinds do not have.
const OWN: [&str; 3] = ["api_version", "flavor", ChatApi::SETTING];

/// Makes connections of kind `azure-openai` from configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct AzureOpenAiFactory;

impl ProviderFactory for AzureOpenAiFactory {
    fn kind(&self) -> &str {
        KIND
    }

    fn settings_schema(&self) -> Value {
        let mut schema = ConnectionSettings::schema();
        schema["required"] = json!(["base_url"]);
        schema["properties"]["base_url"]["description"] =
            "The resource's address, such as https://NAME.openai.azure.com.".into();
        schema["properties"]["api_version"] = json!({
            "type": "string",
            "pattern": "^[A-Za-z0-9.-]+$",
            "description": "A dated version of the API, such as 2024-10-21. Default: the version-free API.",
        });
        schema["properties"]["flavor"] = json!({
            "type": "string",
            "enum": ["openai", "foundry"],
            "default": "openai",
            "description": "Whose models are served: OpenAI's, or those of Azure AI Foundry.",
        });
        schema["properties"][ChatApi::SETTING] = ChatApi::schema();
        schema
    }

    /// None: a key without the resource's address is not enough for a connection.
    fn key_variable(&self) -> Option<&str> {
        None
    }

    fn build(&self, settings: ProviderSettings) -> Result<ProviderSet> {
        let (connection, own) = ConnectionSettings::with_own(&settings, &OWN)?;
        let builder = AzureOpenAi::builder()
            .id(settings.id.clone())
            .settings(connection);
        let builder = with_own(builder, &own).map_err(|error| {
            let message = format!("provider `{}`: {}", settings.id, error.message());
            Error::invalid_request(message)
        })?;
        Ok(builder.build()?.into())
    }
}

fn with_own(
    mut builder: AzureOpenAiBuilder,
    own: &Map<String, Value>,
) -> Result<AzureOpenAiBuilder> {
    let set = |key: &str| own.get(key).filter(|value| !value.is_null());
    if let Some(value) = set("api_version") {
        let Some(version) = value.as_str() else {
            return Err(wrong("api_version", "a text such as \"2024-10-21\""));
        };
        builder = builder.api_version(version.to_owned());
    }
    builder = builder.api(ChatApi::from_setting(set(ChatApi::SETTING))?);
    match set("flavor").map(Value::as_str) {
        None | Some(Some("openai")) => Ok(builder),
        Some(Some("foundry")) => Ok(builder.flavor(Flavor::Foundry)),
        Some(_) => Err(wrong("flavor", "openai or foundry")),
    }
}

fn wrong(key: &str, expected: &str) -> Error {
    Error::invalid_request(format!("{key} must be {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(mut values: Value) -> Result<ProviderSet> {
        values["api_key"] = "k".into();
        AzureOpenAiFactory.build(ProviderSettings::new("mine", values))
    }

    #[test]
    fn a_connection_takes_its_name_and_settings_from_the_configuration() {
        let set = build(json!({
            "base_url": "https://n.openai.azure.com", "api_version": "2024-10-21",
        }))
        .expect("good settings");
        assert_eq!(set.chat.id().as_str(), "mine");
        let shown = format!("{:?}", set.chat);
        assert!(shown.contains("api-version=2024-10-21"), "{shown}");
        let set = build(json!({"base_url": "https://n.example", "flavor": "foundry"}));
        let shown = format!("{:?}", set.expect("good settings").chat);
        assert!(shown.contains("models/chat/completions"), "{shown}");
    }

    #[track_caller]
    fn refused(values: Value, message: &str) {
        let error = build(values).expect_err("refused");
        assert_eq!(error.message(), message);
    }

    #[test]
    fn a_wrong_setting_is_named_with_the_way_out() {
        refused(
            json!({}),
            "provider `mine` of kind `azure-openai` has no base_url: set it to the resource's \
             address, such as https://NAME.openai.azure.com",
        );
        refused(
            json!({"base_url": "https://n.example", "api_version": 3}),
            "provider `mine`: api_version must be a text such as \"2024-10-21\"",
        );
        refused(
            json!({"base_url": "https://n.example", "flavor": "vanilla"}),
            "provider `mine`: flavor must be openai or foundry",
        );
        refused(
            json!({"base_url": "https://n.example", "region": "eu"}),
            "provider `mine`: unknown setting `region`; known are base_url, api_key, headers, \
             timeouts, api_version, flavor, api",
        );
    }

    #[test]
    fn the_schema_lists_what_is_read() {
        let schema = AzureOpenAiFactory.settings_schema();
        for key in OWN {
            assert!(schema["properties"][key].is_object(), "{key}");
        }
        assert!(schema["properties"]["api_key"].is_object());
    }
}
