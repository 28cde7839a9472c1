//! One connection to Anthropic.

use std::fmt;
use std::sync::Arc;

use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, ModelId, Provider,
    ProviderId, ProviderSet, Result, async_trait,
};
use interline_dialect_anthropic::MessagesAdapter;

use crate::AnthropicBuilder;

/// One connection to Anthropic.
///
/// It counts tokens and lists models too: [`AnthropicBuilder::build_set`], and the conversion into a
/// [`ProviderSet`], give all of them.
pub struct Anthropic {
    adapter: Arc<MessagesAdapter>,
}

impl Anthropic {
    /// A connection called `anthropic` to Anthropic's own API.
    ///
    /// # Errors
    /// As [`AnthropicBuilder::build`].
    pub fn new(api_key: impl Into<String>) -> Result<Self> {
        Self::builder().api_key(api_key).build()
    }

    /// A connection to be made step by step.
    #[must_use]
    pub fn builder() -> AnthropicBuilder {
        AnthropicBuilder::default()
    }

    pub(crate) fn over(adapter: MessagesAdapter) -> Self {
        Self {
            adapter: Arc::new(adapter),
        }
    }
}

impl From<Anthropic> for ProviderSet {
    fn from(provider: Anthropic) -> Self {
        let adapter = Arc::clone(&provider.adapter);
        Self::from(Arc::new(provider))
            .with_models(Arc::<MessagesAdapter>::clone(&adapter))
            .with_count(adapter)
    }
}

#[async_trait]
impl Provider for Anthropic {
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

impl fmt::Debug for Anthropic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.adapter.fmt(f)
    }
}
