//! One vendor, as seen by everything above it.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, DynEmbeddingProvider,
    DynModelLister, DynTokenCounter, ModelId, ProviderId, Result,
};

/// One vendor, as seen by everything above it.
///
/// A provider translates one call: it never retries, sleeps, reads the environment or logs bodies.
/// Every method is required, so that a decorator cannot forget to forward one; conveniences live in
/// [`ProviderExt`].
///
/// # Cancellation
/// Dropping a returned future or stream cancels the call at the vendor.
#[async_trait]
pub trait Provider: fmt::Debug + Send + Sync + 'static {
    /// The connection's name, as configured.
    fn id(&self) -> &ProviderId;

    /// What this adapter can carry for `model`; the caller intersects it with what the model can do.
    fn capabilities(&self, model: &ModelId) -> Capabilities;

    /// Answers `req` in one piece. `req.model` is the vendor's model.
    ///
    /// # Errors
    /// Any kind a vendor can cause, with phase, retry hint, status and this provider's id set.
    async fn complete(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatResponse>;

    /// Answers `req` step by step. Returns once the vendor's response headers arrived.
    ///
    /// # Errors
    /// As [`Provider::complete`]; failures after the headers are items of the stream.
    async fn stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream>;

    /// Finds out cheaply whether the vendor answers and the credentials hold; never a paid call.
    ///
    /// # Errors
    /// What stands in the way of a call.
    async fn health_check(&self, cx: &CallContext) -> Result<()>;
}

/// A provider behind a shared pointer.
pub type DynProvider = Arc<dyn Provider>;

/// Conveniences for every [`Provider`].
#[async_trait]
pub trait ProviderExt: Provider {
    /// Asks one question and gives the text of the answer.
    ///
    /// # Errors
    /// As [`Provider::complete`].
    async fn ask(&self, model: &str, prompt: &str) -> Result<String> {
        let request = ChatRequest::new(model, [crate::Message::user(prompt)]);
        Ok(self
            .complete(&CallContext::new("ask"), &request)
            .await?
            .text())
    }
}

impl<P: Provider + ?Sized> ProviderExt for P {}

/// What one connection to a vendor offers: chat, and what else the vendor has.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProviderSet {
    /// Chat, whole and streamed.
    pub chat: DynProvider,
    /// Vectors, where the vendor makes them.
    pub embed: Option<DynEmbeddingProvider>,
    /// The list of models, where the vendor tells it.
    pub models: Option<DynModelLister>,
    /// Counting of tokens, where the vendor does it.
    pub count: Option<DynTokenCounter>,
    /// What the vendor shares with others that fail together with it, such as a cloud's model
    /// serving; connections that name the same domain are not each other's first resort.
    pub failure_domain: Option<Arc<str>>,
}

impl ProviderSet {
    /// A connection that offers chat.
    #[must_use]
    pub const fn new(chat: DynProvider) -> Self {
        Self {
            chat,
            embed: None,
            models: None,
            count: None,
            failure_domain: None,
        }
    }

    /// Adds embeddings.
    #[must_use]
    pub fn with_embed(mut self, embed: DynEmbeddingProvider) -> Self {
        self.embed = Some(embed);
        self
    }

    /// Adds the list of models.
    #[must_use]
    pub fn with_models(mut self, models: DynModelLister) -> Self {
        self.models = Some(models);
        self
    }

    /// Adds counting of tokens.
    #[must_use]
    pub fn with_count(mut self, count: DynTokenCounter) -> Self {
        self.count = Some(count);
        self
    }

    /// Says what the vendor fails together with.
    #[must_use]
    pub fn with_failure_domain(mut self, domain: impl Into<Arc<str>>) -> Self {
        self.failure_domain = Some(domain.into());
        self
    }
}

impl From<DynProvider> for ProviderSet {
    fn from(chat: DynProvider) -> Self {
        Self::new(chat)
    }
}

impl<P: Provider> From<Arc<P>> for ProviderSet {
    fn from(chat: Arc<P>) -> Self {
        Self::new(chat)
    }
}
