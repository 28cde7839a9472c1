//! What else a vendor may offer beside chat: embeddings, a list of models, counting of tokens.
//!
//! Each is a small trait of its own, so that a provider promises only what it has; a
//! [`crate::ProviderSet`] says which ones there are. The rules of [`crate::Provider`] hold: one call,
//! no retry, no sleep, and dropping the future cancels it.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{CallContext, ChatRequest, EmbedRequest, EmbedResponse, Result};

/// A vendor that embeds texts.
#[async_trait]
pub trait EmbeddingProvider: fmt::Debug + Send + Sync + 'static {
    /// Gives one vector for each input. `req.model` is the vendor's model.
    ///
    /// # Errors
    /// As [`crate::Provider::complete`]; `Unsupported` where an input or a wish cannot be carried.
    async fn embed(&self, cx: &CallContext, req: &EmbedRequest) -> Result<EmbedResponse>;
}

/// A vendor that tells which models it has.
#[async_trait]
pub trait ModelLister: fmt::Debug + Send + Sync + 'static {
    /// All models that the credential may use, in the vendor's order.
    ///
    /// # Errors
    /// As [`crate::Provider::health_check`].
    async fn list_models(&self, cx: &CallContext) -> Result<Vec<ListedModel>>;
}

/// A vendor that counts tokens without answering.
#[async_trait]
pub trait TokenCounter: fmt::Debug + Send + Sync + 'static {
    /// How many tokens the model would read. `req.model` is the vendor's model.
    ///
    /// # Errors
    /// As [`crate::Provider::complete`].
    async fn count_tokens(&self, cx: &CallContext, req: &ChatRequest) -> Result<u64>;
}

/// An [`EmbeddingProvider`] behind a shared pointer.
pub type DynEmbeddingProvider = Arc<dyn EmbeddingProvider>;
/// A [`ModelLister`] behind a shared pointer.
pub type DynModelLister = Arc<dyn ModelLister>;
/// A [`TokenCounter`] behind a shared pointer.
pub type DynTokenCounter = Arc<dyn TokenCounter>;

/// One model of a vendor's list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedModel {
    /// The name that requests carry.
    pub id: String,
    /// The name for people, where there is one.
    pub display_name: Option<String>,
    /// How many tokens it reads and writes in all, where the vendor says so.
    pub context_window: Option<u64>,
    /// How many tokens it may write, where the vendor says so.
    pub max_output_tokens: Option<u64>,
}

impl ListedModel {
    /// A model of which only the name is known.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            display_name: None,
            context_window: None,
            max_output_tokens: None,
        }
    }
}
