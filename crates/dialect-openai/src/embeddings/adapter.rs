//! A provider of embeddings over any transport.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use interline_core::{
    CallContext, EmbedRequest, EmbedResponse, EmbeddingProvider, ProviderId, Result, async_trait,
};
use interline_transport::{Accept, HttpRequest, Transport};

use super::{EmbeddingQuirks, decode_response, encode_request};
use crate::Endpoint;
use crate::exchange::{at_status, is_page, page, succeeded};

/// The longest answer, in bytes: 160 MiB. The reference takes 2048 inputs, and its largest vectors
/// have 3072 numbers of up to 24 bytes with their comma, which is 144 MiB.
const ANSWER_BYTES: usize = 160 * 1024 * 1024;

/// A provider of embeddings over any transport.
///
/// It makes one HTTP request per call, sends the headers it was given, and starts no task: dropping
/// a future closes the exchange with the vendor.
pub struct EmbeddingsAdapter {
    id: ProviderId,
    transport: Arc<dyn Transport>,
    base_url: String,
    endpoint: Endpoint,
    headers: HeaderMap,
    quirks: EmbeddingQuirks,
}

impl EmbeddingsAdapter {
    /// A connection called `id` to the vendor at `base_url`, up to and with its version path.
    ///
    /// `headers` go with every request; the `authorization` header is among them and marked
    /// sensitive.
    pub fn new(
        id: impl Into<ProviderId>,
        transport: Arc<dyn Transport>,
        base_url: impl Into<String>,
        headers: HeaderMap,
        quirks: EmbeddingQuirks,
    ) -> Self {
        Self {
            id: id.into(),
            transport,
            base_url: base_url.into(),
            endpoint: Endpoint::new("embeddings"),
            headers,
            quirks,
        }
    }

    /// Says where the API lives below the base URL; the default is the reference's `embeddings`.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    async fn answer(&self, cx: &CallContext, request: &EmbedRequest) -> Result<EmbedResponse> {
        let body = encode_request(request, &self.quirks)?;
        let url = self.endpoint.url_for(&self.base_url, &request.model);
        let outbound = HttpRequest::post_json(url, body, Accept::Json).with_headers(&self.headers);
        let response = succeeded(self.transport.send(cx, outbound).await?).await?;
        let (status, meta) = (response.status, response.meta());
        let read = if is_page(&response) {
            Err(page(response).await)
        } else {
            let body = response.bytes(ANSWER_BYTES).await;
            body.and_then(|body| decode_response(body, &self.quirks))
        };
        match read.and_then(|answer| answer.fits(request).map(|()| answer)) {
            Ok(mut answer) => {
                answer.meta = meta;
                Ok(answer)
            }
            Err(error) => Err(at_status(error, status).with_request_id(meta.request_id)),
        }
    }
}

#[async_trait]
impl EmbeddingProvider for EmbeddingsAdapter {
    async fn embed(&self, cx: &CallContext, req: &EmbedRequest) -> Result<EmbedResponse> {
        let answer = self.answer(cx, req).await;
        answer.map_err(|error| error.with_target(&self.id, &req.model))
    }
}

impl fmt::Debug for EmbeddingsAdapter {
    /// Leaves the values of headers out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddingsAdapter")
            .field("id", &self.id)
            .field("base_url", &self.base_url)
            .field("endpoint", &self.endpoint)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}
