//! A provider that speaks Chat Completions over any transport.

use std::fmt;
use std::sync::Arc;

use futures_util::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue};
use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, ModelId, Provider,
    ProviderId, Result, async_trait,
};
use interline_transport::{Accept, HttpRequest, HttpResponse, SseLimits, Transport};

use super::{
    Endpoints, FORMAT, FORWARDED_HEADERS, Mode, Quirks, StreamDecoder, decode_response,
    encode_request,
};
use crate::exchange::{at_status, is_page, page, succeeded};

/// The longest whole answer, in bytes: 64 MiB (chosen, not measured), room for several pictures.
const ANSWER_BYTES: usize = 64 * 1024 * 1024;

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
        let accept = match mode {
            Mode::Unary => Accept::Json,
            Mode::Stream => Accept::EventStream,
        };
        let url = self.endpoints.chat(&self.base_url, &request.model);
        let outbound = HttpRequest::post_json(url, body, accept)
            .with_headers(&forwarded(request))
            .with_headers(&self.headers);
        succeeded(self.transport.send(cx, outbound).await?).await
    }

    async fn answer(&self, cx: &CallContext, request: &ChatRequest) -> Result<ChatResponse> {
        let response = self.open(cx, request, Mode::Unary).await?;
        let status = response.status;
        let answer = response.answer(ANSWER_BYTES, decode_response).await;
        answer.map_err(|error| at_status(error, status))
    }

    async fn frames(&self, cx: &CallContext, request: &ChatRequest) -> Result<ChatStream> {
        let response = self.open(cx, request, Mode::Stream).await?;
        let status = response.status;
        if is_page(&response) {
            let request_id = response.meta().request_id;
            let error = page(response).await.with_request_id(request_id);
            return Err(at_status(error, status));
        }
        let decoder = StreamDecoder::new(self.quirks.clone());
        let stream = response.frames(SseLimits::default(), decoder, &self.id, &request.model);
        let meta = stream.meta.clone();
        let frames = stream.map(move |frame| frame.map_err(|error| at_status(error, status)));
        Ok(ChatStream::new(meta, frames))
    }
}

#[async_trait]
impl Provider for ChatAdapter {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn capabilities(&self, _: &ModelId) -> Capabilities {
        Capabilities::new(self.quirks.features).with_format(FORMAT)
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
        let outbound = HttpRequest::get(url).with_headers(&self.headers);
        let checked = match self.transport.send(cx, outbound).await {
            Ok(response) => listed(response).await,
            Err(error) => Err(error),
        };
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

/// The caller's own headers that belong to the format.
fn forwarded(request: &ChatRequest) -> HeaderMap {
    let Some(origin) = request.origin_in(&FORMAT) else {
        return HeaderMap::new();
    };
    let known = origin
        .headers
        .iter()
        .filter(|(name, _)| FORWARDED_HEADERS.contains(&name.as_str()));
    known
        .filter_map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_str(value).ok()?))
        })
        .collect()
}

/// Whether models were listed. What they are does not matter; a web page is no list.
async fn listed(response: HttpResponse) -> Result<()> {
    let response = succeeded(response).await?;
    if is_page(&response) {
        return Err(page(response).await);
    }
    // Read to its end, so that the connection can be used again.
    response.bytes(ANSWER_BYTES).await.map(drop)
}
