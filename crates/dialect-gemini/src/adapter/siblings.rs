//! What a vendor of this format offers beside chat: vectors, the list of models, counting of tokens.

use bytes::Bytes;
use interline_core::{
    CallContext, ChatRequest, EmbedRequest, EmbedResponse, EmbeddingProvider, ListedModel, ModelId,
    ModelLister, Result, TokenCounter, async_trait,
};
use interline_transport::{Accept, HttpRequest, HttpResponse, join_url};

use super::GenerateContentAdapter;
use crate::{embed_request, embed_response, model_list, model_name, token_count};

/// The longest answer with vectors, in bytes (chosen, not measured: 100 texts of 3072 numbers take
/// 6 MiB).
const MAX_VECTORS_BYTES: usize = 64 * 1024 * 1024;

/// The longest count, in bytes (chosen, not measured: it is a handful of numbers).
const MAX_COUNT_BYTES: usize = 64 * 1024;

/// The longest page of models, in bytes (chosen, not measured: a model takes about 1 KiB).
const MAX_PAGE_BYTES: usize = 8 * 1024 * 1024;

/// How many models a page may have, by Google's reference.
const PAGE_MODELS: u32 = 1000;

/// How many pages are read at most, so that a vendor that never ends its list is no endless loop
/// (chosen, not measured: every list so far fits into one page).
const MAX_PAGES: usize = 20;

impl GenerateContentAdapter {
    fn method(&self, model: &ModelId, method: &str) -> String {
        let model = model_name::path(model.as_str());
        join_url(&self.base_url, &format!("{model}:{method}"))
    }

    async fn ask(&self, cx: &CallContext, url: String, body: Bytes) -> Result<HttpResponse> {
        let request = HttpRequest::post_json(url, body, Accept::Json).with_headers(&self.headers);
        self.exchange(cx, request).await
    }

    async fn try_embed(&self, cx: &CallContext, req: &EmbedRequest) -> Result<EmbedResponse> {
        let body = embed_request::encode_embed_request(req)?;
        let url = self.method(&req.model, "batchEmbedContents");
        let response = self.ask(cx, url, body).await?;
        let meta = response.meta();
        let mut vectors = response
            .read(MAX_VECTORS_BYTES, |body| {
                let vectors = embed_response::decode_embed_response(req.model.as_str(), body)?;
                vectors.fits(req)?;
                Ok(vectors)
            })
            .await?;
        vectors.meta = meta;
        Ok(vectors)
    }

    async fn try_count(&self, cx: &CallContext, req: &ChatRequest) -> Result<u64> {
        let body = token_count::encode_count_request(req, &self.quirks)?;
        let url = self.method(&req.model, "countTokens");
        let response = self.ask(cx, url, body).await?;
        response
            .read(MAX_COUNT_BYTES, token_count::decode_count_response)
            .await
    }

    async fn try_list(&self, cx: &CallContext) -> Result<Vec<ListedModel>> {
        let mut models = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut path = format!("models?pageSize={PAGE_MODELS}");
            if let Some(token) = &token {
                path.push_str("&pageToken=");
                path.push_str(&model_name::encoded(token));
            }
            let url = join_url(&self.base_url, &path);
            let request = HttpRequest::get(url).with_headers(&self.headers);
            let response = self.exchange(cx, request).await?;
            let decode = |body: Bytes| model_list::decode_model_page(&body);
            let page = response.read(MAX_PAGE_BYTES, decode).await?;
            models.extend(page.models);
            match page.next {
                Some(next) if token.as_ref() != Some(&next) => token = Some(next),
                _ => break,
            }
        }
        Ok(models)
    }
}

#[async_trait]
impl EmbeddingProvider for GenerateContentAdapter {
    async fn embed(&self, cx: &CallContext, req: &EmbedRequest) -> Result<EmbedResponse> {
        self.try_embed(cx, req)
            .await
            .map_err(|error| error.with_target(&self.id, &req.model))
    }
}

#[async_trait]
impl TokenCounter for GenerateContentAdapter {
    async fn count_tokens(&self, cx: &CallContext, req: &ChatRequest) -> Result<u64> {
        self.try_count(cx, req)
            .await
            .map_err(|error| error.with_target(&self.id, &req.model))
    }
}

#[async_trait]
impl ModelLister for GenerateContentAdapter {
    /// The first 20 pages of 1000 models; nobody has as many.
    async fn list_models(&self, cx: &CallContext) -> Result<Vec<ListedModel>> {
        self.try_list(cx)
            .await
            .map_err(|error| error.with_target(&self.id, &ModelId::from("*")))
    }
}
