//! Makes a provider from code.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use http::{HeaderMap, header};
use interline_core::{Error, ProviderId, Result};
use interline_transport::{ConnectionSettings, Transport, bearer_header, missing_key};
use secrecy::SecretString;

use super::chat::Siblings;
use super::{KeyRule, ResponsesRule, Vendor, VendorChat};
use crate::embeddings::EmbeddingsAdapter;
use crate::models::ModelsAdapter;
use crate::responses::ResponsesAdapter;
use crate::{ChatAdapter, ChatApi, ChatApis, Endpoint, Endpoints, Quirks};

/// Makes a provider of the vendor `V`; everything but a required key has a default.
pub struct VendorBuilder<V> {
    id: ProviderId,
    settings: ConnectionSettings,
    quirks: Quirks,
    api: ChatApi,
    transport: Option<Arc<dyn Transport>>,
    vendor: PhantomData<fn() -> V>,
}

impl<V: Vendor> VendorBuilder<V> {
    pub(super) fn new() -> Self {
        Self {
            id: V::PROFILE.kind.into(),
            settings: ConnectionSettings::default(),
            quirks: V::PROFILE.quirks,
            api: ChatApi::default(),
            transport: None,
            vendor: PhantomData,
        }
    }

    /// Names the connection; the default is the vendor's kind.
    #[must_use]
    pub fn id(mut self, id: impl Into<ProviderId>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets the key.
    #[must_use]
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.settings.api_key = Some(SecretString::from(key.into()));
        self
    }

    /// Says where the API lives, up to and with its version path.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.settings.base_url = Some(base_url.into());
        self
    }

    /// Sends a header with every request.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.headers.insert(name.into(), value.into());
        self
    }

    /// Replaces all connection settings.
    #[must_use]
    pub fn settings(mut self, settings: ConnectionSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Replaces what is known about the server's differences, for servers of one's own.
    #[must_use]
    pub fn quirks(mut self, quirks: Quirks) -> Self {
        self.quirks = quirks;
        self
    }

    /// Says which API serves a call that arrives in another format; the default is Chat Completions.
    #[must_use]
    pub fn api(mut self, api: ChatApi) -> Self {
        self.api = api;
        self
    }

    /// Sends requests over another transport; connection timeouts are then the transport's own.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Makes the provider, with what else the vendor offers. Nothing is sent.
    ///
    /// # Errors
    /// `InvalidRequest` where a required key is missing, where a key, header or URL cannot be sent, or
    /// where the vendor has no Responses API that could be preferred;
    /// what [`ConnectionSettings::transport`] says.
    pub fn build(self) -> Result<VendorChat<V>> {
        let base_url = self
            .settings
            .base_url
            .clone()
            .unwrap_or_else(|| V::PROFILE.base_url.to_owned());
        let mut headers = self.settings.header_map()?;
        match (&self.settings.api_key, V::PROFILE.key) {
            (Some(key), _) => {
                headers.insert(header::AUTHORIZATION, bearer_header(key)?);
            }
            (None, KeyRule::Required { variable })
                if !headers.contains_key(header::AUTHORIZATION) =>
            {
                return Err(missing_key(&self.id, V::PROFILE.kind, variable));
            }
            (None, _) => {}
        }
        let transport = match self.transport {
            Some(transport) => transport,
            None => self.settings.transport()?,
        };
        let connection = Connection {
            id: self.id,
            transport,
            base_url,
            headers,
            is_vendors_own: self.settings.base_url.is_none(),
        };
        let siblings = connection.siblings::<V>();
        let chat = connection.chat::<V>(self.quirks, self.api)?;
        Ok(VendorChat {
            chat,
            siblings,
            vendor: PhantomData,
        })
    }
}

/// What every adapter of one connection is made with.
struct Connection {
    id: ProviderId,
    transport: Arc<dyn Transport>,
    base_url: String,
    headers: HeaderMap,
    /// Whether the address is the vendor's own, not that of somebody who speaks like it.
    is_vendors_own: bool,
}

impl Connection {
    fn chat<V: Vendor>(&self, quirks: Quirks, api: ChatApi) -> Result<ChatApis> {
        let profile = V::PROFILE;
        let transport = || Arc::clone(&self.transport);
        let (base_url, headers) = (self.base_url.as_str(), || self.headers.clone());
        let endpoints = Endpoints::new("chat/completions", profile.health_path);
        let id = self.id.clone();
        let chat = ChatAdapter::new(id, transport(), base_url, headers(), quirks.clone())
            .with_endpoints(endpoints);
        let path = match (profile.responses, api) {
            (ResponsesRule::Has { path }, _)
            | (ResponsesRule::IfChosen { path }, ChatApi::Responses) => path,
            (_, ChatApi::Chat) => return Ok(ChatApis::chat_only(chat)),
            (ResponsesRule::None, ChatApi::Responses) => {
                return Err(no_responses(&self.id, profile.kind));
            }
        };
        let id = self.id.clone();
        let responses = ResponsesAdapter::new(id, transport(), base_url, headers(), quirks)
            .with_endpoint(Endpoint::new(path))
            .with_health(Endpoint::new(profile.health_path));
        Ok(ChatApis::both(chat, responses, api))
    }

    fn siblings<V: Vendor>(&self) -> Siblings {
        let profile = V::PROFILE;
        let transport = || Arc::clone(&self.transport);
        let base_url = self.base_url.as_str();
        let headers = || self.headers.clone();
        let embeddings = profile.embeddings.map(|embeddings| {
            let id = self.id.clone();
            EmbeddingsAdapter::new(id, transport(), base_url, headers(), embeddings.quirks)
                .with_endpoint(Endpoint::new(embeddings.path))
        });
        let models = profile.models_path.map(|path| {
            ModelsAdapter::new(self.id.clone(), transport(), base_url, headers())
                .with_endpoint(Endpoint::new(path))
        });
        Siblings {
            embeddings: embeddings.map(|adapter| Arc::new(adapter) as _),
            models: models.map(|adapter| Arc::new(adapter) as _),
            failure_domain: profile.failure_domain.filter(|_| self.is_vendors_own),
        }
    }
}

fn no_responses(id: &ProviderId, kind: &str) -> Error {
    Error::invalid_request(format!(
        "provider `{id}`: kind `{kind}` has no Responses API; leave `api` out"
    ))
    .with_param(ChatApi::SETTING)
}

impl<V> fmt::Debug for VendorBuilder<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VendorBuilder")
            .field("id", &self.id)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
