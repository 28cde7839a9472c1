//! One connection to a project's models on Vertex AI.

use std::fmt;
use std::sync::Arc;

use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, EmbedRequest, EmbedResponse,
    EmbeddingProvider, Error, ErrorKind, ListedModel, ModelId, ModelLister, Provider, ProviderId,
    ProviderSet, Result, TokenCounter, async_trait,
};
use interline_dialect_anthropic::MessagesAdapter;
use interline_dialect_gemini::GenerateContentAdapter;
use interline_dialect_openai::ChatAdapter;

use crate::exchange::Exchange;
use crate::family::Family;
use crate::{VertexBuilder, catalog, embeddings};

/// One connection to a project's models on Vertex AI; cheap to clone.
///
/// The name of a model decides which of Vertex AI's APIs is called, as the crate's documentation says.
#[derive(Clone)]
pub struct Vertex(Arc<Apis>);

/// The APIs behind one connection.
pub(crate) struct Apis {
    pub(crate) id: ProviderId,
    pub(crate) gemini: GenerateContentAdapter,
    pub(crate) claude: MessagesAdapter,
    pub(crate) open: ChatAdapter,
    pub(crate) exchange: Exchange,
}

impl Vertex {
    /// A connection to be made step by step: every project has its own.
    #[must_use]
    pub fn builder() -> VertexBuilder {
        VertexBuilder::default()
    }

    pub(crate) fn over(apis: Apis) -> Self {
        Self(Arc::new(apis))
    }

    fn chat(&self, model: &ModelId) -> &dyn Provider {
        match Family::of(model.as_str()) {
            Family::Claude => &self.0.claude,
            Family::Open => &self.0.open,
            Family::Gemini => &self.0.gemini,
        }
    }
}

impl From<Vertex> for ProviderSet {
    fn from(vertex: Vertex) -> Self {
        let vertex = Arc::new(vertex);
        Self::from(Arc::clone(&vertex))
            .with_embed(Arc::<Vertex>::clone(&vertex))
            .with_models(Arc::<Vertex>::clone(&vertex))
            .with_count(vertex)
    }
}

#[async_trait]
impl Provider for Vertex {
    fn id(&self) -> &ProviderId {
        &self.0.id
    }

    fn capabilities(&self, model: &ModelId) -> Capabilities {
        self.chat(model).capabilities(model)
    }

    async fn complete(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
        self.chat(&req.model).complete(cx, req).await
    }

    async fn stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
        self.chat(&req.model).stream(cx, req).await
    }

    /// Asks for the shortest list of Google's models, which needs the credential and costs nothing.
    async fn health_check(&self, cx: &CallContext) -> Result<()> {
        catalog::check(&self.0.exchange, cx)
            .await
            .map_err(|error| error.with_target(&self.0.id, &ModelId::from("*")))
    }
}

#[async_trait]
impl EmbeddingProvider for Vertex {
    async fn embed(&self, cx: &CallContext, req: &EmbedRequest) -> Result<EmbedResponse> {
        embeddings::embed(&self.0.exchange, cx, req)
            .await
            .map_err(|error| error.with_target(&self.0.id, &req.model))
    }
}

#[async_trait]
impl ModelLister for Vertex {
    /// Google's and Anthropic's models, the first 20 pages of 100 of each.
    async fn list_models(&self, cx: &CallContext) -> Result<Vec<ListedModel>> {
        catalog::list(&self.0.exchange, cx)
            .await
            .map_err(|error| error.with_target(&self.0.id, &ModelId::from("*")))
    }
}

#[async_trait]
impl TokenCounter for Vertex {
    async fn count_tokens(&self, cx: &CallContext, req: &ChatRequest) -> Result<u64> {
        match Family::of(req.model.as_str()) {
            Family::Claude => self.0.claude.count_tokens(cx, req).await,
            Family::Gemini => self.0.gemini.count_tokens(cx, req).await,
            Family::Open => Err(Error::new(
                ErrorKind::Unsupported,
                "Vertex AI counts tokens of Gemini and Claude models alone",
            )
            .with_param("model")
            .with_target(&self.0.id, &req.model)),
        }
    }
}

impl fmt::Debug for Vertex {
    /// Leaves the headers out: credentials may be among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vertex")
            .field("id", &self.0.id)
            .field("place", &self.0.exchange.place)
            .finish_non_exhaustive()
    }
}
