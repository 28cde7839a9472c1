//! Asks for the list of models over any transport.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use interline_core::{
    CallContext, ListedModel, ModelId, ModelLister, ProviderId, Result, async_trait,
};
use interline_transport::{HttpRequest, Transport};

use super::decode_models;
use crate::Endpoint;
use crate::exchange::{at_status, is_page, page, succeeded};

/// The longest list, in bytes: 32 MiB (chosen, not measured); the longest known list, of a gateway
/// over hundreds of models, is below 1 MiB.
const LIST_BYTES: usize = 32 * 1024 * 1024;

/// Asks for the list of models over any transport: one GET request per call.
pub struct ModelsAdapter {
    id: ProviderId,
    transport: Arc<dyn Transport>,
    base_url: String,
    endpoint: Endpoint,
    headers: HeaderMap,
}

impl ModelsAdapter {
    /// A connection called `id` to the vendor at `base_url`, up to and with its version path.
    ///
    /// `headers` go with every request; the `authorization` header is among them and marked
    /// sensitive.
    pub fn new(
        id: impl Into<ProviderId>,
        transport: Arc<dyn Transport>,
        base_url: impl Into<String>,
        headers: HeaderMap,
    ) -> Self {
        Self {
            id: id.into(),
            transport,
            base_url: base_url.into(),
            endpoint: Endpoint::new("models"),
            headers,
        }
    }

    /// Says where the list is below the base URL; the default is the reference's `models`.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    async fn list(&self, cx: &CallContext) -> Result<Vec<ListedModel>> {
        let url = self.endpoint.url(&self.base_url);
        let outbound = HttpRequest::get(url).with_headers(&self.headers);
        let response = succeeded(self.transport.send(cx, outbound).await?).await?;
        let (status, request_id) = (response.status, response.meta().request_id);
        let read = if is_page(&response) {
            Err(page(response).await)
        } else {
            let body = response.bytes(LIST_BYTES).await;
            body.and_then(|body| decode_models(&body))
        };
        read.map_err(|error| at_status(error, status).with_request_id(request_id))
    }
}

#[async_trait]
impl ModelLister for ModelsAdapter {
    async fn list_models(&self, cx: &CallContext) -> Result<Vec<ListedModel>> {
        let listed = self.list(cx).await;
        listed.map_err(|error| error.with_target(&self.id, &ModelId::from("*")))
    }
}

impl fmt::Debug for ModelsAdapter {
    /// Leaves the values of headers out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelsAdapter")
            .field("id", &self.id)
            .field("base_url", &self.base_url)
            .field("endpoint", &self.endpoint)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}
