//! Makes connections of kind `anthropic` from configuration.

use interline_core::{Error, ProviderFactory, ProviderSet, ProviderSettings, Result};
use interline_dialect_anthropic::Quirks;
use interline_transport::ConnectionSettings;
use serde_json::{Map, Value, json};

use crate::Anthropic;
use crate::builder::{KEY_VARIABLE, KIND};

/// The settings that other kinds do not have.
const OWN: [&str; 3] = ["version", "betas", "default_max_tokens"];

/// Makes connections of kind `anthropic` from configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnthropicFactory;

impl ProviderFactory for AnthropicFactory {
    fn kind(&self) -> &str {
        KIND
    }

    fn settings_schema(&self) -> Value {
        let defaults = Quirks::default();
        let mut schema = ConnectionSettings::schema();
        schema["properties"]["version"] = json!({
            "type": "string",
            "minLength": 1,
            "default": defaults.version,
            "description": "The anthropic-version header where the caller sends none.",
        });
        schema["properties"]["betas"] = json!({
            "type": "array",
            "items": { "type": "string", "minLength": 1 },
            "default": [],
            "description": "Values of the anthropic-beta header that every call sends.",
        });
        schema["properties"]["default_max_tokens"] = json!({
            "type": "integer",
            "minimum": 1,
            "default": defaults.default_max_tokens,
            "description": "The bound on answers, in tokens, where the caller sets none.",
        });
        schema
    }

    fn key_variable(&self) -> Option<&str> {
        Some(KEY_VARIABLE)
    }

    fn build(&self, settings: ProviderSettings) -> Result<ProviderSet> {
        let (connection, own) = ConnectionSettings::with_own(&settings, &OWN)?;
        let quirks = quirks(&own).map_err(|error| {
            let message = format!("provider `{}`: {}", settings.id, error.message());
            Error::invalid_request(message)
        })?;
        Anthropic::builder()
            .id(settings.id)
            .settings(connection)
            .quirks(quirks)
            .build_set()
    }
}

fn quirks(own: &Map<String, Value>) -> Result<Quirks> {
    let mut quirks = Quirks::default();
    let set = |key: &str| own.get(key).filter(|value| !value.is_null());
    if let Some(value) = set("version") {
        quirks = quirks.with_version(header_text("version", value)?);
    }
    if let Some(value) = set("betas") {
        let Value::Array(betas) = value else {
            return Err(wrong("betas", "a list of texts"));
        };
        for beta in betas {
            quirks = quirks.with_beta(header_text("betas", beta)?);
        }
    }
    if let Some(value) = set("default_max_tokens") {
        let tokens = value
            .as_u64()
            .filter(|tokens| *tokens > 0)
            .ok_or_else(|| wrong("default_max_tokens", "a whole number, 1 or more"))?;
        quirks = quirks.with_default_max_tokens(tokens);
    }
    Ok(quirks)
}

/// A text that a header can hold: printable ASCII, at least one character.
fn header_text<'a>(key: &str, value: &'a Value) -> Result<&'a str> {
    value
        .as_str()
        .filter(|text| !text.is_empty() && text.chars().all(|c| (' '..='~').contains(&c)))
        .ok_or_else(|| wrong(key, "text that a header can hold"))
}

fn wrong(key: &str, expected: &str) -> Error {
    Error::invalid_request(format!("{key} must be {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(values: Value) -> Result<ProviderSet> {
        AnthropicFactory.build(ProviderSettings::new("mine", values))
    }

    #[test]
    fn a_connection_takes_its_name_and_settings_from_the_configuration() {
        let set = build(json!({
            "api_key": "k", "base_url": "http://127.0.0.1:1", "version": "2023-06-01",
            "betas": ["files-api-2025-04-14"], "default_max_tokens": 100,
        }))
        .expect("good settings");
        assert_eq!(set.chat.id().as_str(), "mine");
        assert!(set.models.is_some() && set.count.is_some());
        let shown = format!("{:?}", set.chat);
        assert!(shown.contains("files-api-2025-04-14"), "{shown}");
        assert!(shown.contains("default_max_tokens: 100"), "{shown}");
    }

    #[track_caller]
    fn refused(values: Value, message: &str) {
        let error = build(values).expect_err("refused");
        assert_eq!(error.message(), message);
    }

    #[test]
    fn a_wrong_setting_is_named_with_the_way_out() {
        refused(
            json!({"api_key": "k", "version": 3}),
            "provider `mine`: version must be text that a header can hold",
        );
        refused(
            json!({"api_key": "k", "betas": ["a", "b\n"]}),
            "provider `mine`: betas must be text that a header can hold",
        );
        refused(
            json!({"api_key": "k", "default_max_tokens": 0}),
            "provider `mine`: default_max_tokens must be a whole number, 1 or more",
        );
        refused(
            json!({"api_key": "k", "region": "eu"}),
            "provider `mine`: unknown setting `region`; known are base_url, api_key, headers, \
             timeouts, version, betas, default_max_tokens",
        );
    }

    #[test]
    fn the_schema_lists_what_is_read() {
        let schema = AnthropicFactory.settings_schema();
        for key in OWN {
            assert!(schema["properties"][key].is_object(), "{key}");
        }
        assert!(schema["properties"]["api_key"].is_object());
    }
}
