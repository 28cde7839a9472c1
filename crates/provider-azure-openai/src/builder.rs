//! Makes a connection to a resource of Azure from code.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, header};
use interline_core::{Error, ProviderId, Result};
use interline_dialect_openai::embeddings::EmbeddingsAdapter;
use interline_dialect_openai::models::ModelsAdapter;
use interline_dialect_openai::responses::ResponsesAdapter;
use interline_dialect_openai::{ChatAdapter, ChatApi, ChatApis};
use interline_transport::{ConnectionParts, connection_setters, secret_header};

use crate::surface::{Surface, host};
use crate::{AzureOpenAi, Flavor};

/// The kind's name, which is also a connection's name where none is given.
pub(crate) const KIND: &str = "azure-openai";

/// The environment variable that usually holds the key.
const KEY_VARIABLE: &str = "AZURE_OPENAI_API_KEY";

const API_KEY: HeaderName = HeaderName::from_static("api-key");

/// Makes a connection to a resource of Azure; address and key are needed.
pub struct AzureOpenAiBuilder {
    connection: ConnectionParts,
    api_version: Option<String>,
    flavor: Flavor,
    api: ChatApi,
}

impl Default for AzureOpenAiBuilder {
    fn default() -> Self {
        Self {
            connection: ConnectionParts::new(KIND),
            api_version: None,
            flavor: Flavor::default(),
            api: ChatApi::default(),
        }
    }
}

impl AzureOpenAiBuilder {
    connection_setters! {
        api_key: "Sets the key.",
        base_url: "Says where the resource is: its host, such as `https://NAME.openai.azure.com`, any path before the API's own kept.",
    }

    /// Calls a dated version of the API, such as `2024-10-21`, under the deployment's path; without
    /// one the version-free API is called.
    #[must_use]
    pub fn api_version(mut self, api_version: impl Into<Option<String>>) -> Self {
        self.api_version = api_version.into();
        self
    }

    /// Says whose models the resource serves; the default is OpenAI's.
    #[must_use]
    pub fn flavor(mut self, flavor: Flavor) -> Self {
        self.flavor = flavor;
        self
    }

    /// Says which API serves a call that arrives in another format; the default is Chat Completions.
    #[must_use]
    pub fn api(mut self, api: ChatApi) -> Self {
        self.api = api;
        self
    }

    /// Makes the connection. Nothing is sent.
    ///
    /// # Errors
    /// `InvalidRequest` where the address is missing, where there is neither a key nor a header that
    /// stands for one, where a key, header or version cannot be sent, or where Responses are preferred
    /// and the version has none; what [`ConnectionSettings::transport`](interline_transport::ConnectionSettings::transport) says.
    pub fn build(self) -> Result<AzureOpenAi> {
        let surface = Surface::of(self.flavor, self.api_version.as_deref())?;
        let Some(base_url) = &self.connection.settings.base_url else {
            return Err(missing_address(&self.connection.id));
        };
        let mut headers = self.connection.settings.header_map()?;
        match &self.connection.settings.api_key {
            Some(key) => {
                headers.insert(API_KEY, secret_header(key)?);
            }
            None if has_credential(&headers) => {}
            None => return Err(missing_key(&self.connection.id)),
        }
        let base_url = host(base_url).to_owned();
        let transport = self.connection.transport()?;
        let (id, shared) = (self.connection.id, || Arc::clone(&transport));
        let (base, with) = (|| base_url.clone(), || headers.clone());
        let quirks = surface.embedding_quirks;
        let embeddings = EmbeddingsAdapter::new(id.clone(), shared(), base(), with(), quirks)
            .with_endpoint(surface.embeddings);
        let health = surface.models.clone();
        let models =
            ModelsAdapter::new(id.clone(), shared(), base(), with()).with_endpoint(surface.models);
        let quirks = surface.quirks.clone();
        let chat = ChatAdapter::new(id.clone(), shared(), base(), with(), quirks)
            .with_endpoints(surface.endpoints);
        let chat = match (surface.responses, self.api) {
            (Some(endpoint), api) => {
                let responses = ResponsesAdapter::new(id, shared(), base(), with(), surface.quirks)
                    .with_endpoint(endpoint)
                    .with_health(health);
                ChatApis::both(chat, responses, api)
            }
            (None, ChatApi::Responses) => return Err(no_responses(&id)),
            (None, _) => ChatApis::chat_only(chat),
        };
        Ok(AzureOpenAi {
            chat,
            embeddings: Arc::new(embeddings),
            models: Arc::new(models),
            flavor: self.flavor,
        })
    }
}

/// Whether the extra headers hold a credential: tokens of Entra ID stand in place of the key.
fn has_credential(headers: &HeaderMap) -> bool {
    headers.contains_key(API_KEY) || headers.contains_key(header::AUTHORIZATION)
}

fn no_responses(id: &ProviderId) -> Error {
    Error::invalid_request(format!(
        "provider `{id}` of kind `{KIND}` has no Responses API in this api_version or flavor; leave \
         api or api_version out"
    ))
    .with_param(ChatApi::SETTING)
}

fn missing_address(id: &ProviderId) -> Error {
    Error::invalid_request(format!(
        "provider `{id}` of kind `{KIND}` has no base_url: set it to the resource's address, such as \
         https://NAME.openai.azure.com"
    ))
    .with_param("base_url")
}

fn missing_key(id: &ProviderId) -> Error {
    Error::invalid_request(format!(
        "provider `{id}` of kind `{KIND}` has no api_key: set api_key, for example to \
         \"${{{KEY_VARIABLE}}}\" in a configuration file"
    ))
    .with_param("api_key")
}

impl fmt::Debug for AzureOpenAiBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureOpenAiBuilder")
            .field("connection", &self.connection)
            .field("api_version", &self.api_version)
            .field("flavor", &self.flavor)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use interline_core::{ErrorKind, Feature, Provider, ProviderSet};

    use super::*;

    fn azure() -> AzureOpenAiBuilder {
        AzureOpenAi::builder().base_url("https://n.openai.azure.com")
    }

    #[test]
    fn address_and_key_are_needed_and_errors_say_so() {
        let error = AzureOpenAi::builder()
            .id("mine")
            .api_key("k")
            .build()
            .expect_err("no address");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.param(), Some("base_url"));
        assert!(error.message().contains("`mine`"), "{error}");
        let error = azure().build().expect_err("no key");
        assert!(
            error.message().contains("${AZURE_OPENAI_API_KEY}"),
            "{error}"
        );
        let token = azure().header("authorization", "Bearer t");
        token.build().expect("a token is enough");
    }

    #[test]
    fn models_of_openai_fail_together_and_those_of_foundry_do_not() {
        let set: ProviderSet = azure().api_key("k").build().expect("complete").into();
        assert_eq!(set.failure_domain.as_deref(), Some("openai"));
        let foundry = azure().api_key("k").flavor(Flavor::Foundry);
        let set: ProviderSet = foundry.build().expect("complete").into();
        assert_eq!(set.failure_domain, None);
        let able = set.chat.capabilities(&"grok".into()).features;
        assert!(able.contains(Feature::Images));
        assert!(!able.contains(Feature::Files));
    }

    #[test]
    fn keys_are_not_shown() {
        let builder = azure().api_key("secret-key");
        let shown = format!("{builder:?} {:?}", azure().api_key("secret-key").build());
        assert!(!shown.contains("secret-key"), "{shown}");
        assert_eq!(builder.build().expect("complete").id().as_str(), KIND);
    }
}
