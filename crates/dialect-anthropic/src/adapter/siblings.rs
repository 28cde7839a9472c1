//! What a vendor of this format offers beside chat: counting of tokens and the list of models.

use interline_core::{
    CallContext, ChatRequest, ListedModel, ModelId, ModelLister, Result, TokenCounter, async_trait,
};
use interline_transport::{Accept, HttpRequest, join_url};

use super::MessagesAdapter;
use crate::model_list::{self, Page};
use crate::token_count;

/// The longest count, in bytes (chosen, not measured: it is one number).
const MAX_COUNT_BYTES: usize = 64 * 1024;

/// The longest page of models, in bytes (chosen, not measured: a recorded model takes 1 KiB).
const MAX_PAGE_BYTES: usize = 8 * 1024 * 1024;

/// How many models a page may have, by Anthropic's reference.
const PAGE_MODELS: u32 = 1000;

/// How many pages are read at most, so that a vendor that never ends its list is no endless loop
/// (chosen, not measured: every list so far fits into one page).
const MAX_PAGES: usize = 20;

impl MessagesAdapter {
    async fn try_count(&self, cx: &CallContext, req: &ChatRequest) -> Result<u64> {
        let body = token_count::encode_count_request(req, &self.quirks)?;
        let url = self.endpoints.count(&self.base_url, &req.model);
        let request = HttpRequest::post_json(url, body, Accept::Json)
            .with_headers(&self.headers_for(Some(req)));
        let response = self.exchange(cx, request).await?;
        response
            .read(MAX_COUNT_BYTES, token_count::decode_count_response)
            .await
    }

    async fn try_list(&self, cx: &CallContext) -> Result<Vec<ListedModel>> {
        let mut models = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let mut path = format!("v1/models?limit={PAGE_MODELS}");
            if let Some(after) = &after {
                path.push_str("&after_id=");
                path.push_str(&crate::endpoints::path_segment(after));
            }
            let request = HttpRequest::get(join_url(&self.base_url, &path))
                .with_headers(&self.headers_for(None));
            let response = self.exchange(cx, request).await?;
            let page: Page = response
                .read(MAX_PAGE_BYTES, |body| model_list::decode_page(&body))
                .await?;
            models.extend(page.models);
            match page.after {
                Some(next) if after.as_ref() != Some(&next) => after = Some(next),
                _ => break,
            }
        }
        Ok(models)
    }
}

#[async_trait]
impl TokenCounter for MessagesAdapter {
    async fn count_tokens(&self, cx: &CallContext, req: &ChatRequest) -> Result<u64> {
        self.try_count(cx, req)
            .await
            .map_err(|error| error.with_target(&self.id, &req.model))
    }
}

#[async_trait]
impl ModelLister for MessagesAdapter {
    /// The first 20 pages of 1000 models; nobody has as many.
    async fn list_models(&self, cx: &CallContext) -> Result<Vec<ListedModel>> {
        self.try_list(cx)
            .await
            .map_err(|error| error.with_target(&self.id, &ModelId::from("*")))
    }
}
