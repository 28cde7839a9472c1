//! A provider that speaks Responses over any transport.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, ModelId, Provider,
    ProviderId, Result, async_trait,
};
use interline_transport::{HttpRequest, HttpResponse, Transport};

use super::encode_request::LEFT_OUT;
use super::{FORMAT, StreamDecoder, decode_error, decode_response, encode_request, features};
use crate::{Endpoint, Mode, Quirks, exchange};

/// The longest error body, in bytes: 256 KiB (chosen, not measured).
const ERROR_BYTES: usize = 256 * 1024;

/// A provider that speaks Responses over any transport.
///
/// It makes one HTTP request per call, sends the headers it was given, and starts no task: dropping
/// a future or stream closes the exchange with the vendor.
pub struct ResponsesAdapter {
    id: ProviderId,
    transport: Arc<dyn Transport>,
    base_url: String,
    endpoint: Endpoint,
    health: Endpoint,
    headers: HeaderMap,
    quirks: Quirks,
}

impl ResponsesAdapter {
    /// A connection called `id` to the vendor at `base_url`, up to and with its version path.
    ///
    /// `headers` go with every request; the `authorization` header is among them and marked
    /// sensitive.
    pub fn new(
        id: impl Into<ProviderId>,
        transport: Arc<dyn Transport>,
        base_url: impl Into<String>,
        headers: HeaderMap,
        quirks: Quirks,
    ) -> Self {
        Self {
            id: id.into(),
            transport,
            base_url: base_url.into(),
            endpoint: Endpoint::new("responses"),
            health: Endpoint::new("models"),
            headers,
            quirks,
        }
    }

    /// Says where calls go below the base URL; the default is `responses`.
    #[must_use]
    pub fn with_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// Says what answers a free GET request that needs the key; the default is `models`.
    #[must_use]
    pub fn with_health(mut self, health: Endpoint) -> Self {
        self.health = health;
        self
    }

    async fn open(
        &self,
        cx: &CallContext,
        request: &ChatRequest,
        mode: Mode,
    ) -> Result<HttpResponse> {
        let body = encode_request(request, mode, &self.quirks)?;
        let url = self.endpoint.url_for(&self.base_url, &request.model);
        let outbound = HttpRequest::post_json(url, body, exchange::accept(mode))
            .with_headers(&exchange::forwarded(request, &FORMAT))
            .with_headers(&self.headers);
        let response = self.transport.send(cx, outbound).await?;
        response.error_for_status(ERROR_BYTES, decode_error).await
    }

    async fn answer(&self, cx: &CallContext, request: &ChatRequest) -> Result<ChatResponse> {
        let response = self.open(cx, request, Mode::Unary).await?;
        exchange::answer(response, decode_response).await
    }

    async fn frames(&self, cx: &CallContext, request: &ChatRequest) -> Result<ChatStream> {
        let response = self.open(cx, request, Mode::Stream).await?;
        exchange::frames(response, StreamDecoder::new(), &self.id, &request.model).await
    }
}

#[async_trait]
impl Provider for ResponsesAdapter {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn capabilities(&self, _: &ModelId) -> Capabilities {
        Capabilities::new(features(&self.quirks))
            .with_left_out(LEFT_OUT)
            .with_format(FORMAT)
    }

    async fn complete(&self, cx: &CallContext, request: &ChatRequest) -> Result<ChatResponse> {
        let answer = self.answer(cx, request).await;
        answer.map_err(|error| error.with_target(&self.id, &request.model))
    }

    async fn stream(&self, cx: &CallContext, request: &ChatRequest) -> Result<ChatStream> {
        let answer = self.frames(cx, request).await;
        answer.map_err(|error| error.with_target(&self.id, &request.model))
    }

    /// Asks for something free that needs the key: the list of models at most vendors.
    async fn health_check(&self, cx: &CallContext) -> Result<()> {
        let url = self.health.url(&self.base_url);
        let checked = exchange::checked(self.transport.as_ref(), cx, url, &self.headers).await;
        checked.map_err(|error| error.with_target(&self.id, &ModelId::from("*")))
    }
}

impl fmt::Debug for ResponsesAdapter {
    /// Leaves the values of headers out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponsesAdapter")
            .field("id", &self.id)
            .field("base_url", &self.base_url)
            .field("endpoint", &self.endpoint)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}
