//! A provider of one vendor: the adapter with the vendor's defaults, as a type of its own.

use std::fmt;
use std::marker::PhantomData;

use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, ModelId, Provider,
    ProviderId, ProviderSettings, Result, async_trait,
};
use interline_transport::ConnectionSettings;

use super::{Vendor, VendorBuilder};
use crate::ChatAdapter;

/// A provider of the vendor `V`.
pub struct VendorChat<V> {
    adapter: ChatAdapter,
    vendor: PhantomData<fn() -> V>,
}

impl<V: Vendor> VendorChat<V> {
    pub(super) const fn over(adapter: ChatAdapter) -> Self {
        Self {
            adapter,
            vendor: PhantomData,
        }
    }

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
    /// As [`ConnectionSettings::from_settings`] and [`VendorBuilder::build`].
    pub fn from_settings(settings: &ProviderSettings) -> Result<Self> {
        Self::builder()
            .id(settings.id.clone())
            .settings(ConnectionSettings::from_settings(settings)?)
            .build()
    }
}

#[async_trait]
impl<V: Vendor> Provider for VendorChat<V> {
    fn id(&self) -> &ProviderId {
        self.adapter.id()
    }

    fn capabilities(&self, model: &ModelId) -> Capabilities {
        self.adapter.capabilities(model)
    }

    async fn complete(&self, cx: &CallContext, request: &ChatRequest) -> Result<ChatResponse> {
        self.adapter.complete(cx, request).await
    }

    async fn stream(&self, cx: &CallContext, request: &ChatRequest) -> Result<ChatStream> {
        self.adapter.stream(cx, request).await
    }

    async fn health_check(&self, cx: &CallContext) -> Result<()> {
        self.adapter.health_check(cx).await
    }
}

impl<V> fmt::Debug for VendorChat<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.adapter.fmt(f)
    }
}
