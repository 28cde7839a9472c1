//! One connection to a resource of Azure.

use std::fmt;
use std::sync::Arc;

use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, ModelId, Provider,
    ProviderId, ProviderSet, Result, async_trait,
};
use interline_dialect_openai::ChatAdapter;

use crate::{AzureOpenAiBuilder, Flavor};

/// What the models of OpenAI fail together with, wherever they are served.
const OPENAI_DOMAIN: &str = "openai";

/// One connection to a resource of Azure.
pub struct AzureOpenAi {
    adapter: ChatAdapter,
    flavor: Flavor,
}

impl AzureOpenAi {
    /// A connection to be made step by step: every resource has an address of its own.
    #[must_use]
    pub fn builder() -> AzureOpenAiBuilder {
        AzureOpenAiBuilder::default()
    }

    pub(crate) const fn over(adapter: ChatAdapter, flavor: Flavor) -> Self {
        Self { adapter, flavor }
    }
}

impl From<AzureOpenAi> for ProviderSet {
    fn from(provider: AzureOpenAi) -> Self {
        let flavor = provider.flavor;
        let set = Self::from(Arc::new(provider));
        match flavor {
            Flavor::OpenAi => set.with_failure_domain(OPENAI_DOMAIN),
            // Its models are of many makers.
            Flavor::Foundry => set,
        }
    }
}

#[async_trait]
impl Provider for AzureOpenAi {
    fn id(&self) -> &ProviderId {
        self.adapter.id()
    }

    fn capabilities(&self, model: &ModelId) -> Capabilities {
        self.adapter.capabilities(model)
    }

    async fn complete(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
        self.adapter.complete(cx, req).await
    }

    async fn stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
        self.adapter.stream(cx, req).await
    }

    async fn health_check(&self, cx: &CallContext) -> Result<()> {
        self.adapter.health_check(cx).await
    }
}

impl fmt::Debug for AzureOpenAi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.adapter.fmt(f)
    }
}
