//! One connection to the Gemini API.

use std::fmt;
use std::sync::Arc;

use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, ModelId, Provider,
    ProviderId, ProviderSet, Result, async_trait,
};
use interline_dialect_gemini::GenerateContentAdapter;

use crate::GoogleBuilder;

/// One connection to the Gemini API.
///
/// It embeds texts, counts tokens and lists models too: [`GoogleBuilder::build_set`], and the conversion
/// into a [`ProviderSet`], give all of them.
pub struct Google {
    adapter: Arc<GenerateContentAdapter>,
}

impl Google {
    /// A connection called `google` to Google's own endpoint.
    ///
    /// # Errors
    /// As [`GoogleBuilder::build`].
    pub fn new(api_key: impl Into<String>) -> Result<Self> {
        Self::builder().api_key(api_key).build()
    }

    /// A connection to be made step by step.
    #[must_use]
    pub fn builder() -> GoogleBuilder {
        GoogleBuilder::default()
    }

    pub(crate) fn over(adapter: GenerateContentAdapter) -> Self {
        Self {
            adapter: Arc::new(adapter),
        }
    }
}

impl From<Google> for ProviderSet {
    fn from(provider: Google) -> Self {
        let adapter = Arc::clone(&provider.adapter);
        Self::from(Arc::new(provider))
            .with_embed(Arc::<GenerateContentAdapter>::clone(&adapter))
            .with_models(Arc::<GenerateContentAdapter>::clone(&adapter))
            .with_count(adapter)
    }
}

#[async_trait]
impl Provider for Google {
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

impl fmt::Debug for Google {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.adapter.fmt(f)
    }
}
