//! Makes connections of kind `vertex` from configuration.

use interline_core::{Error, ProviderFactory, ProviderSet, ProviderSettings, Result};
use interline_transport::ConnectionSettings;
use serde_json::{Map, Value, json};

use crate::builder::KIND;
use crate::place::GLOBAL;
use crate::{ApiVersion, Vertex, VertexBuilder};

/// The settings that other kinds do not have.
const OWN: [&str; 5] = [
    "project",
    "location",
    "api_version",
    "access_token",
    "credentials_file",
];

/// Makes connections of kind `vertex` from configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct VertexFactory;

impl ProviderFactory for VertexFactory {
    fn kind(&self) -> &str {
        KIND
    }

    fn settings_schema(&self) -> Value {
        let mut schema = ConnectionSettings::schema();
        if let Some(properties) = schema["properties"].as_object_mut() {
            properties.remove("api_key");
        }
        schema["properties"]["base_url"]["description"] =
            "Where the API lives, without a version. Default: the location's own host.".into();
        let text = |description: &str| json!({"type": "string", "minLength": 1, "description": description});
        schema["properties"]["project"] =
            text("The id of the project to bill. Default: the one in credentials_file.");
        schema["properties"]["location"] = text("Where models run, such as us-east5.");
        schema["properties"]["location"]["default"] = GLOBAL.into();
        schema["properties"]["api_version"] = json!({
            "type": "string",
            "enum": [ApiVersion::V1.as_str(), ApiVersion::V1Beta1.as_str()],
            "default": ApiVersion::default().as_str(),
            "description": "The version of the API.",
        });
        schema["properties"]["access_token"] =
            text("A token that nobody renews, as ${ENV} or file:/path.");
        schema["properties"]["credentials_file"] = text(
            "The path of a service account's JSON key. With neither this nor access_token, the \
             default Google credentials are used.",
        );
        schema
    }

    /// None: credentials without a project are not enough for a connection.
    fn key_variable(&self) -> Option<&str> {
        None
    }

    fn build(&self, settings: ProviderSettings) -> Result<ProviderSet> {
        let (connection, own) = ConnectionSettings::with_own(&settings, &OWN)?;
        let builder = Vertex::builder()
            .id(settings.id.clone())
            .settings(connection);
        let builder = with_own(builder, &own).map_err(|error| {
            let message = format!("provider `{}`: {}", settings.id, error.message());
            Error::invalid_request(message)
        })?;
        builder.build_set()
    }
}

fn with_own(mut builder: VertexBuilder, own: &Map<String, Value>) -> Result<VertexBuilder> {
    if let Some(project) = text(own, "project")? {
        builder = builder.project(project);
    }
    if let Some(location) = text(own, "location")? {
        builder = builder.location(location);
    }
    match text(own, "api_version")? {
        None | Some("v1") => {}
        Some("v1beta1") => builder = builder.api_version(ApiVersion::V1Beta1),
        Some(_) => return Err(wrong("api_version", "v1 or v1beta1")),
    }
    match (text(own, "access_token")?, text(own, "credentials_file")?) {
        (Some(_), Some(_)) => Err(Error::invalid_request(
            "access_token and credentials_file are both set: leave one out",
        )),
        (Some(token), None) => Ok(builder.access_token(token)),
        (None, Some(path)) => Ok(builder.credentials_file(path)),
        (None, None) => Ok(builder),
    }
}

/// A text that is set; a file's last line break is not part of a token.
fn text<'a>(own: &'a Map<String, Value>, key: &str) -> Result<Option<&'a str>> {
    match own.get(key).filter(|value| !value.is_null()) {
        None => Ok(None),
        Some(value) => match value.as_str().map(str::trim) {
            Some(text) if !text.is_empty() => Ok(Some(text)),
            _ => Err(wrong(key, "a text that is not empty")),
        },
    }
}

fn wrong(key: &str, expected: &str) -> Error {
    Error::invalid_request(format!("{key} must be {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(values: Value) -> Result<ProviderSet> {
        VertexFactory.build(ProviderSettings::new("mine", values))
    }

    #[test]
    fn a_connection_takes_its_name_and_settings_from_the_configuration() {
        let set = build(
            json!({"project": "p", "location": "us-east5", "access_token": "t\n",
            "api_version": "v1beta1"}),
        )
        .expect("good settings");
        assert_eq!(set.chat.id().as_str(), "mine");
        assert!(set.embed.is_some() && set.models.is_some() && set.count.is_some());
        let shown = format!("{:?}", set.chat);
        let root =
            "https://us-east5-aiplatform.googleapis.com/v1beta1/projects/p/locations/us-east5";
        assert!(shown.contains(root), "{shown}");
        // Default credentials are looked up at the first call, not here.
        build(json!({"project": "p"})).expect("a project is enough");
    }

    #[track_caller]
    fn refused(values: Value, message: &str) {
        let error = build(values).expect_err("refused");
        assert_eq!(error.message(), message);
    }

    #[test]
    fn a_wrong_setting_is_named_with_the_way_out() {
        refused(
            json!({"project": 3}),
            "provider `mine`: project must be a text that is not empty",
        );
        refused(
            json!({"project": "p", "api_version": "v2"}),
            "provider `mine`: api_version must be v1 or v1beta1",
        );
        refused(
            json!({"project": "p", "access_token": "a", "credentials_file": "b"}),
            "provider `mine`: access_token and credentials_file are both set: leave one out",
        );
        refused(
            json!({"project": "p", "region": "eu"}),
            "provider `mine`: unknown setting `region`; known are base_url, api_key, headers, \
             timeouts, project, location, api_version, access_token, credentials_file",
        );
    }

    #[test]
    fn the_schema_lists_what_is_read() {
        let schema = VertexFactory.settings_schema();
        for key in OWN {
            assert!(schema["properties"][key].is_object(), "{key}");
        }
        assert_eq!(schema["properties"].get("api_key"), None);
    }
}
