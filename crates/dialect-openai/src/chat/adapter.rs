//! A provider that speaks Chat Completions over any transport.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, ModelId, Provider,
    ProviderId, Result, async_trait,
};
use interline_transport::{HttpRequest, HttpResponse, Transport};

use super::{Endpoints, FORMAT, Mode, Quirks, StreamDecoder, decode_response, encode_request};
use crate::exchange;

/// A provider that speaks Chat Completions over any transport.
///
/// It makes one HTTP request per call, sends the headers it was given, and starts no task: dropping
/// a future or stream closes the exchange with the vendor.
pub struct ChatAdapter {
    id: ProviderId,
    transport: Arc<dyn Transport>,
    base_url: String,
    endpoints: Endpoints,
    headers: HeaderMap,
    quirks: Quirks,
}

impl ChatAdapter {
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
            endpoints: Endpoints::default(),
            headers,
            quirks,
        }
    }

    /// Says where the API lives below the base URL; the default is the reference's.
    #[must_use]
    pub fn with_endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    async fn open(
        &self,
        cx: &CallContext,
        request: &ChatRequest,
        mode: Mode,
    ) -> Result<HttpResponse> {
        let body = encode_request(request, mode, &self.quirks)?;
        let url = self.endpoints.chat(&self.base_url, &request.model);
        let outbound = HttpRequest::post_json(url, body, exchange::accept(mode))
            .with_headers(&exchange::forwarded(request, &FORMAT))
            .with_headers(&self.headers);
        exchange::succeeded(self.transport.send(cx, outbound).await?).await
    }

    async fn answer(&self, cx: &CallContext, request: &ChatRequest) -> Result<ChatResponse> {
        let response = self.open(cx, request, Mode::Unary).await?;
        exchange::answer(response, decode_response).await
    }

    async fn frames(&self, cx: &CallContext, request: &ChatRequest) -> Result<ChatStream> {
        let response = self.open(cx, request, Mode::Stream).await?;
        let decoder = StreamDecoder::new(self.quirks.clone());
        exchange::frames(response, decoder, &self.id, &request.model).await
    }
}

#[async_trait]
impl Provider for ChatAdapter {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn capabilities(&self, _: &ModelId) -> Capabilities {
        Capabilities::new(self.quirks.features)
            .with_left_out(self.quirks.left_out())
            .with_format(FORMAT)
            .with_refused(&FORMAT, self.quirks.refused().iter().map(String::as_str))
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
        let url = self.endpoints.health(&self.base_url);
        let checked = exchange::checked(self.transport.as_ref(), cx, url, &self.headers).await;
        checked.map_err(|error| error.with_target(&self.id, &ModelId::from("*")))
    }
}

impl fmt::Debug for ChatAdapter {
    /// Leaves the values of headers out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatAdapter")
            .field("id", &self.id)
            .field("base_url", &self.base_url)
            .field("endpoints", &self.endpoints)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}
