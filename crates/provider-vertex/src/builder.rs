//! Makes a connection to a project's models on Vertex AI from code.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use http::header;
use interline_core::{Error, Feature, FeatureSet, ProviderId, ProviderSet, Result};
use interline_dialect_anthropic::{Endpoints, MessagesAdapter, ModelPlace};
use interline_dialect_gemini::{CallIds, CountBody, GenerateContentAdapter};
use interline_dialect_openai::{ChatAdapter, DeveloperRole, OutputLimit};
use interline_transport::{ConnectionParts, Transport, connection_setters};
use secrecy::SecretString;

use crate::authorized::Authorized;
use crate::credentials::Credentials;
use crate::exchange::Exchange;
use crate::place::{GLOBAL, Place};
use crate::vertex::Apis;
use crate::{ApiVersion, Vertex};

/// The kind's name, which is also a connection's name where none is given.
pub(crate) const KIND: &str = "vertex";

/// What the body of a call to Claude says in place of the version header, by Anthropic's reference for
/// Vertex AI.
const CLAUDE_VERSION: &str = "vertex-2023-10-16";

/// What the reference of the open models' Chat Completions lists: no documents and no labels; the bound
/// is `max_tokens`.
const OPEN_MODELS: interline_dialect_openai::Quirks = interline_dialect_openai::Quirks::new()
    .with_features(
        FeatureSet::all()
            .without(Feature::Files)
            .without(Feature::TopK)
            .without(Feature::Metadata),
    )
    .with_developer_role(DeveloperRole::AsSystem)
    .with_output_limit(OutputLimit::MaxTokens);

/// Makes a connection to a project's models on Vertex AI; the project is needed, unless the file of
/// credentials names it.
pub struct VertexBuilder {
    connection: ConnectionParts,
    project: Option<String>,
    location: Option<String>,
    api_version: ApiVersion,
    credentials: Credentials,
}

impl Default for VertexBuilder {
    fn default() -> Self {
        Self {
            connection: ConnectionParts::new(KIND),
            project: None,
            location: None,
            api_version: ApiVersion::default(),
            credentials: Credentials::default(),
        }
    }
}

impl VertexBuilder {
    connection_setters! {
        base_url: "Says where the API lives: the host without a version, any path kept. The default follows the location.",
    }

    /// Says whose project is used and billed, by its id.
    #[must_use]
    pub fn project(mut self, project: impl Into<String>) -> Self {
        self.project = Some(project.into());
        self
    }

    /// Says where models run, such as `us-east5`. Default `global`, which is wherever there is room.
    #[must_use]
    pub fn location(mut self, location: impl Into<String>) -> Self {
        self.location = Some(location.into());
        self
    }

    /// Says which version of the API is called. Default `v1`.
    #[must_use]
    pub const fn api_version(mut self, api_version: ApiVersion) -> Self {
        self.api_version = api_version;
        self
    }

    /// Sends this token with every request, in place of earlier credentials. Nobody renews it: Google's
    /// live for an hour.
    #[must_use]
    pub fn access_token(mut self, token: impl Into<String>) -> Self {
        self.credentials = Credentials::AccessToken(SecretString::from(token.into()));
        self
    }

    /// Acts as the service account whose JSON key is in this file, in place of earlier credentials.
    #[must_use]
    pub fn credentials_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.credentials = Credentials::File(path.into());
        self
    }

    /// Makes the connection. Reads the file of credentials, where one was named; nothing is sent.
    ///
    /// # Errors
    /// `InvalidRequest` where the project is missing, where project or location cannot stand in an
    /// address, where the file is no key of a service account, where an `api_key` was set, or where a
    /// token or header cannot be sent; what [`ConnectionSettings::transport`](interline_transport::ConnectionSettings::transport) says.
    pub fn build(self) -> Result<Vertex> {
        if self.connection.settings.api_key.is_some() {
            return Err(no_api_key(&self.connection.id));
        }
        let headers = self.connection.settings.header_map()?;
        // A token in a header, such as a proxy wants, stands in place of default credentials.
        let has_own_token = headers.contains_key(header::AUTHORIZATION)
            && matches!(self.credentials, Credentials::Default);
        let identity = self.credentials.identify()?;
        let project = self.project.or(identity.project);
        let project = project.ok_or_else(|| missing_project(&self.connection.id))?;
        let place = Place::new(
            self.connection.settings.base_url.as_deref(),
            self.api_version,
            &project,
            self.location.as_deref().unwrap_or(GLOBAL),
        )?;
        let transport = self.connection.transport()?;
        let transport: Arc<dyn Transport> = if has_own_token {
            transport
        } else {
            Arc::new(Authorized::new(transport, identity.authority))
        };
        let exchange = Exchange {
            transport,
            headers,
            place,
        };
        Ok(Vertex::over(Apis {
            gemini: gemini(&self.connection.id, &exchange, self.api_version),
            claude: claude(&self.connection.id, &exchange),
            open: open_models(&self.connection.id, &exchange),
            id: self.connection.id,
            exchange,
        }))
    }

    /// Makes the connection with everything it offers: chat, embeddings, the list of models, counting
    /// of tokens.
    ///
    /// # Errors
    /// As [`VertexBuilder::build`].
    pub fn build_set(self) -> Result<ProviderSet> {
        Ok(self.build()?.into())
    }
}

fn gemini(id: &ProviderId, exchange: &Exchange, version: ApiVersion) -> GenerateContentAdapter {
    // `v1beta1` takes the ids, as recorded calls show; of `v1` refusals are reported.
    let call_ids = match version {
        ApiVersion::V1 => CallIds::LeftOut,
        ApiVersion::V1Beta1 => CallIds::Sent,
    };
    let quirks = interline_dialect_gemini::Quirks::default()
        .with_call_ids(call_ids)
        .with_count_body(CountBody::PromptFields);
    GenerateContentAdapter::new(
        id,
        Arc::clone(&exchange.transport),
        exchange.place.publisher("google"),
        exchange.headers.clone(),
        quirks,
    )
}

fn claude(id: &ProviderId, exchange: &Exchange) -> MessagesAdapter {
    let quirks = interline_dialect_anthropic::Quirks::default()
        .with_model_place(ModelPlace::Path)
        .with_body_version(CLAUDE_VERSION);
    MessagesAdapter::new(
        id,
        Arc::clone(&exchange.transport),
        exchange.place.publisher("anthropic"),
        exchange.headers.clone(),
        quirks,
    )
    .with_endpoints(Endpoints::new(
        "models/{model}:rawPredict",
        "models/{model}:streamRawPredict",
        "models/count-tokens:rawPredict",
    ))
}

fn open_models(id: &ProviderId, exchange: &Exchange) -> ChatAdapter {
    ChatAdapter::new(
        id,
        Arc::clone(&exchange.transport),
        exchange.place.open_models(),
        exchange.headers.clone(),
        OPEN_MODELS,
    )
}

fn missing_project(id: &ProviderId) -> Error {
    Error::invalid_request(format!(
        "provider `{id}` of kind `{KIND}` has no project: set it to the id of the project to bill, \
         such as my-project"
    ))
    .with_param("project")
}

fn no_api_key(id: &ProviderId) -> Error {
    Error::invalid_request(format!(
        "provider `{id}` of kind `{KIND}` takes no api_key: set access_token or credentials_file, or \
         neither for the default Google credentials"
    ))
    .with_param("api_key")
}

impl fmt::Debug for VertexBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VertexBuilder")
            .field("connection", &self.connection)
            .field("project", &self.project)
            .field("location", &self.location)
            .field("api_version", &self.api_version)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use interline_core::{ErrorKind, Provider};

    use super::*;

    fn refused(builder: VertexBuilder, param: &str, told: &str) {
        let error = builder.build().expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.param(), Some(param));
        assert!(error.message().contains(told), "{error}");
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_with_the_way_out() {
        let vertex = || Vertex::builder().id("mine").access_token("t");
        refused(
            vertex(),
            "project",
            "`mine` of kind `vertex` has no project",
        );
        refused(vertex().project("a/b"), "project", "`a/b`");
        refused(vertex().project("p").location(""), "location", "us-east5");
        let mut settings = interline_transport::ConnectionSettings::default();
        settings.api_key = Some(SecretString::from("k"));
        let keyed = vertex().project("p").settings(settings);
        refused(keyed, "api_key", "set access_token or credentials_file");
        let error = vertex().project("p").access_token("ya29\ncret").build();
        let error = error.expect_err("a line break");
        assert!(!error.to_string().contains("cret"), "{error}");
    }

    #[test]
    fn a_connection_offers_everything_and_hides_its_token() {
        let builder = Vertex::builder().project("p").access_token("ya29.secret");
        let shown = format!("{builder:?}");
        assert!(!shown.contains("ya29"), "{shown}");
        let vertex = builder.build().expect("complete");
        assert_eq!(vertex.id().as_str(), "vertex");
        let set: ProviderSet = vertex.into();
        assert!(set.embed.is_some() && set.models.is_some() && set.count.is_some());
        assert_eq!(set.failure_domain, None);
        let shown = format!("{set:?}");
        assert!(!shown.contains("ya29"), "{shown}");
    }

    #[test]
    fn every_family_has_its_own_capabilities() {
        let vertex = Vertex::builder().project("p").access_token("t").build();
        let vertex = vertex.expect("complete");
        let able = |model: &str, feature| {
            let model = model.into();
            vertex.capabilities(&model).features.contains(feature)
        };
        assert!(able("gemini-2.5-flash", Feature::Audio));
        assert!(!able("claude-haiku-4-5", Feature::Audio));
        assert!(able("claude-haiku-4-5", Feature::Files));
        assert!(!able("meta/llama-4", Feature::Files));
    }
}
