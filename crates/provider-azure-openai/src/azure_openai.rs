//! One connection to a resource of Azure.

use std::fmt;
use std::sync::Arc;

use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, DynEmbeddingProvider,
    DynModelLister, ModelId, Provider, ProviderId, ProviderSet, Result, async_trait,
};
use interline_dialect_openai::ChatApis;

use crate::{AzureOpenAiBuilder, Flavor};

/// What the models of OpenAI fail together with, wherever they are served.
const OPENAI_DOMAIN: &str = "openai";

/// One connection to a resource of Azure.
///
/// As a [`Provider`] it is the resource's chat. Turned into a [`ProviderSet`], which is what a client
/// takes, it brings its embeddings and its list of models along.
pub struct AzureOpenAi {
    pub(crate) chat: ChatApis,
    pub(crate) embeddings: DynEmbeddingProvider,
    pub(crate) models: DynModelLister,
    pub(crate) flavor: Flavor,
}

impl AzureOpenAi {
    /// A connection to be made step by step: every resource has an address of its own.
    #[must_use]
    pub fn builder() -> AzureOpenAiBuilder {
        AzureOpenAiBuilder::default()
    }

    /// The resource's embeddings.
    #[must_use]
    pub fn embeddings(&self) -> DynEmbeddingProvider {
        Arc::clone(&self.embeddings)
    }

    /// The list of the models that could be deployed; the deployments themselves only the resource's
    /// management tells.
    #[must_use]
    pub fn models(&self) -> DynModelLister {
        Arc::clone(&self.models)
    }
}

impl From<AzureOpenAi> for ProviderSet {
    fn from(provider: AzureOpenAi) -> Self {
        let flavor = provider.flavor;
        let (embeddings, models) = (provider.embeddings(), provider.models());
        let set = Self::new(Arc::new(provider))
            .with_embed(embeddings)
            .with_models(models);
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
        self.chat.id()
    }

    fn capabilities(&self, model: &ModelId) -> Capabilities {
        self.chat.capabilities(model)
    }

    async fn complete(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
        self.chat.complete(cx, req).await
    }

    async fn stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
        self.chat.stream(cx, req).await
    }

    async fn health_check(&self, cx: &CallContext) -> Result<()> {
        self.chat.health_check(cx).await
    }
}

impl fmt::Debug for AzureOpenAi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.chat.fmt(f)
    }
}
