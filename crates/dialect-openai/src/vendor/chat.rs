//! A provider of one vendor: the adapter with the vendor's defaults, as a type of its own.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, DynEmbeddingProvider,
    DynModelLister, Error, ModelId, Provider, ProviderId, ProviderSet, ProviderSettings, Result,
    async_trait,
};
use interline_transport::ConnectionSettings;

use super::{ResponsesRule, Vendor, VendorBuilder};
use crate::{ChatApi, ChatApis};

/// A provider of the vendor `V`, with what else the vendor offers.
///
/// As a [`Provider`] it is the vendor's chat. Turned into a [`ProviderSet`], which is what a client
/// takes, it brings its embeddings and its list of models along; an `Arc` of it is chat only.
pub struct VendorChat<V> {
    pub(super) chat: ChatApis,
    pub(super) siblings: Siblings,
    pub(super) vendor: PhantomData<fn() -> V>,
}

/// What a vendor offers beside chat, and what it fails together with.
pub(super) struct Siblings {
    pub(super) embeddings: Option<DynEmbeddingProvider>,
    pub(super) models: Option<DynModelLister>,
    pub(super) failure_domain: Option<&'static str>,
}

impl<V: Vendor> VendorChat<V> {
    /// A provider with the vendor's defaults and this key.
    ///
    /// # Errors
    /// As [`VendorBuilder::build`].
    pub fn new(api_key: impl Into<String>) -> Result<Self> {
        Self::builder().api_key(api_key).build()
    }

    /// A provider to be made step by step.
    #[must_use]
    pub fn builder() -> VendorBuilder<V> {
        VendorBuilder::new()
    }

    /// A provider from the settings of a configuration.
    ///
    /// # Errors
    /// As [`ConnectionSettings::from_settings`] and [`VendorBuilder::build`]; `InvalidRequest` where
    /// `api` is no word of [`ChatApi`].
    pub fn from_settings(settings: &ProviderSettings) -> Result<Self> {
        let own = match V::PROFILE.responses {
            ResponsesRule::None => &[],
            _ => &[ChatApi::SETTING][..],
        };
        let (connection, own) = ConnectionSettings::with_own(settings, own)?;
        let api = ChatApi::from_setting(own.get(ChatApi::SETTING)).map_err(|error| {
            let message = format!("provider `{}`: {}", settings.id, error.message());
            Error::invalid_request(message).with_param(ChatApi::SETTING)
        })?;
        Self::builder()
            .id(settings.id.clone())
            .settings(connection)
            .api(api)
            .build()
    }

    /// The vendor's embeddings, where it makes any.
    #[must_use]
    pub fn embeddings(&self) -> Option<DynEmbeddingProvider> {
        self.siblings.embeddings.clone()
    }

    /// The vendor's list of models, where it tells one.
    #[must_use]
    pub fn models(&self) -> Option<DynModelLister> {
        self.siblings.models.clone()
    }
}

impl<V: Vendor> From<VendorChat<V>> for ProviderSet {
    fn from(provider: VendorChat<V>) -> Self {
        let Siblings {
            embeddings,
            models,
            failure_domain,
        } = &provider.siblings;
        let (embeddings, models) = (embeddings.clone(), models.clone());
        let failure_domain = *failure_domain;
        let mut set = Self::new(Arc::new(provider));
        set.embed = embeddings;
        set.models = models;
        set.failure_domain = failure_domain.map(Into::into);
        set
    }
}

#[async_trait]
impl<V: Vendor> Provider for VendorChat<V> {
    fn id(&self) -> &ProviderId {
        self.chat.id()
    }

    fn capabilities(&self, model: &ModelId) -> Capabilities {
        self.chat.capabilities(model)
    }

    async fn complete(&self, cx: &CallContext, request: &ChatRequest) -> Result<ChatResponse> {
        self.chat.complete(cx, request).await
    }

    async fn stream(&self, cx: &CallContext, request: &ChatRequest) -> Result<ChatStream> {
        self.chat.stream(cx, request).await
    }

    async fn health_check(&self, cx: &CallContext) -> Result<()> {
        self.chat.health_check(cx).await
    }
}

impl<V> fmt::Debug for VendorChat<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.chat.fmt(f)
    }
}
