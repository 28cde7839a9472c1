//! Makes connections of kind `bedrock` from configuration.

use interline_core::{Error, ProviderFactory, ProviderSet, ProviderSettings, Result};
use interline_transport::ConnectionSettings;
use serde_json::{Map, Value, json};

use crate::builder::KIND;
use crate::{Bedrock, BedrockBuilder};

/// The settings that other kinds do not have.
const OWN: [&str; 4] = [
    "region",
    "access_key_id",
    "secret_access_key",
    "session_token",
];

/// Makes connections of kind `bedrock` from configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct BedrockFactory;

impl ProviderFactory for BedrockFactory {
    fn kind(&self) -> &str {
        KIND
    }

    fn settings_schema(&self) -> Value {
        let mut schema = ConnectionSettings::schema();
        let text = |description: &str| json!({"type": "string", "minLength": 1, "description": description});
        let properties = &mut schema["properties"];
        properties["base_url"]["description"] = "The runtime's address. Default: \
             https://bedrock-runtime.REGION.amazonaws.com."
            .into();
        properties["api_key"]["description"] =
            "A Bedrock API key, as ${ENV} or file:/path; or else an access key.".into();
        properties["region"] = json!({
            "type": "string",
            "pattern": "^[a-z0-9-]+$",
            "description": "The region of AWS, such as us-east-1.",
        });
        properties["access_key_id"] = text("The access key's id, as ${ENV} or file:/path.");
        properties["secret_access_key"] = text("The access key's secret, as ${ENV} or file:/path.");
        properties["session_token"] =
            text("The token of a temporary access key, as ${ENV} or file:/path.");
        schema
    }

    /// None: a key without a region is not enough for a connection.
    fn key_variable(&self) -> Option<&str> {
        None
    }

    fn build(&self, settings: ProviderSettings) -> Result<ProviderSet> {
        let (connection, own) = ConnectionSettings::with_own(&settings, &OWN)?;
        let builder = Bedrock::builder()
            .id(settings.id.clone())
            .settings(connection);
        let in_connection = |error: Error| {
            let message = format!("provider `{}`: {}", settings.id, error.message());
            Error::invalid_request(message)
        };
        let builder = with_own(builder, &own).map_err(in_connection)?;
        Ok(builder.build()?.into())
    }
}

fn with_own(mut builder: BedrockBuilder, own: &Map<String, Value>) -> Result<BedrockBuilder> {
    if let Some(region) = text(own, "region")? {
        builder = builder.region(region);
    }
    let id = text(own, "access_key_id")?;
    let secret = text(own, "secret_access_key")?;
    let token = text(own, "session_token")?;
    builder = match (id, secret) {
        (Some(id), Some(secret)) => builder.access_key(id, secret),
        (None, None) => builder,
        (Some(_), None) => return Err(needs("access_key_id", "secret_access_key")),
        (None, Some(_)) => return Err(needs("secret_access_key", "access_key_id")),
    };
    match token {
        Some(_) if id.is_none() => Err(needs("session_token", "access_key_id")),
        Some(token) => Ok(builder.session_token(token)),
        None => Ok(builder),
    }
}

/// A text without the white space around it: a file's last line break is not part of a key.
fn text<'a>(own: &'a Map<String, Value>, key: &str) -> Result<Option<&'a str>> {
    match own.get(key).filter(|value| !value.is_null()) {
        None => Ok(None),
        // The value may be a secret, so it is not shown.
        Some(value) => match value
            .as_str()
            .map(str::trim)
            .filter(|text| !text.is_empty())
        {
            Some(text) => Ok(Some(text)),
            None => Err(Error::invalid_request(format!("{key} must be a text"))),
        },
    }
}

fn needs(key: &str, other: &str) -> Error {
    Error::invalid_request(format!("{key} is set without {other}: set both or none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(values: Value) -> Result<ProviderSet> {
        BedrockFactory.build(ProviderSettings::new("mine", values))
    }

    #[test]
    fn a_connection_takes_its_name_and_settings_from_the_configuration() {
        let set = build(json!({"region": "eu-west-1", "api_key": "k"})).expect("good settings");
        assert_eq!(set.chat.id().as_str(), "mine");
        let shown = format!("{:?}", set.chat);
        assert!(
            shown.contains("bedrock-runtime.eu-west-1.amazonaws.com"),
            "{shown}"
        );
        let set = build(json!({"region": "us-east-1", "access_key_id": "AKID",
            "secret_access_key": "hidden\n", "session_token": "hidden"}));
        let shown = format!("{:?}", set.expect("good settings").chat);
        assert!(
            shown.contains("Signer") && !shown.contains("hidden"),
            "{shown}"
        );
    }

    #[track_caller]
    fn refused(values: Value, told: &str) {
        let error = build(values).expect_err("refused");
        assert!(error.message().contains(told), "{error}");
        assert!(error.message().contains("`mine`"), "{error}");
        assert!(!error.to_string().contains("hidden"), "{error}");
    }

    #[test]
    fn a_wrong_setting_is_named_with_the_way_out() {
        refused(json!({}), "set it, for example to us-east-1");
        refused(json!({"region": "us-east-1"}), "${AWS_ACCESS_KEY_ID}");
        refused(
            json!({"region": "us-east-1", "access_key_id": "hidden"}),
            "access_key_id is set without secret_access_key",
        );
        refused(
            json!({"region": "us-east-1", "api_key": "k", "session_token": "hidden"}),
            "session_token is set without access_key_id",
        );
        refused(json!({"region": 1}), "region must be a text");
        refused(json!({"regoin": "x"}), "unknown setting `regoin`");
    }
}
