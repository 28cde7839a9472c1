//! A vendor's services, asked with another request than the call's: the one it may see.

use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, DynProvider, DynTokenCounter,
    ModelId, Provider, ProviderId, Result, TokenCounter, async_trait,
};

/// A service that is asked with `request` instead of the call's; only the model is the attempt's.
#[derive(Debug)]
pub(crate) struct Stripped<S> {
    pub(crate) service: S,
    pub(crate) request: ChatRequest,
}

impl<S> Stripped<S> {
    fn instead_of(&self, asked: &ChatRequest) -> ChatRequest {
        self.request.for_model(&asked.model)
    }
}

#[async_trait]
impl Provider for Stripped<DynProvider> {
    fn id(&self) -> &ProviderId {
        self.service.id()
    }

    fn capabilities(&self, model: &ModelId) -> Capabilities {
        self.service.capabilities(model)
    }

    async fn complete(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
        self.service.complete(cx, &self.instead_of(req)).await
    }

    async fn stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
        self.service.stream(cx, &self.instead_of(req)).await
    }

    async fn health_check(&self, cx: &CallContext) -> Result<()> {
        self.service.health_check(cx).await
    }
}

#[async_trait]
impl TokenCounter for Stripped<DynTokenCounter> {
    async fn count_tokens(&self, cx: &CallContext, req: &ChatRequest) -> Result<u64> {
        self.service.count_tokens(cx, &self.instead_of(req)).await
    }
}
