//! A provider that speaks Chat Completions over any transport.

use std::fmt;
use std::sync::Arc;

use futures_core::Stream;
use futures_util::{FutureExt, StreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, Error, Frame, ModelId,
    Provider, ProviderId, Result, async_trait,
};
use interline_transport::{
    Accept, HttpRequest, HttpResponse, SseLimits, SseStream, Transport, body_snippet,
};

use super::{
    Endpoints, FORMAT, FORWARDED_HEADERS, Mode, Quirks, StreamDecoder, decode_error,
    decode_response, encode_request,
};

/// The longest whole answer, in bytes: 64 MiB (chosen, not measured), room for several pictures.
const ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// The longest error body, in bytes: 256 KiB (chosen, not measured).
const ERROR_BYTES: usize = 256 * 1024;

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
        let meta = response.meta();
        let id = meta.request_id.clone();
        let status = response.status;
        let read = match response.bytes(ANSWER_BYTES).await {
            Ok(body) => decode_response(body),
            Err(error) => Err(error),
        };
        match read {
            Ok(mut response) => {
                response.meta = meta;
                Ok(response)
            }
            Err(error) => Err(with_exchange(error, status, id)),
        }
    }

    async fn frames(&self, cx: &CallContext, request: &ChatRequest) -> Result<ChatStream> {
        let response = self.open(cx, request, Mode::Stream).await?;
        let meta = response.meta();
        let request_id = meta.request_id.clone();
        if is_page(&response) {
            return Err(with_exchange(page(response).await, 200, request_id));
        }
        let frames = Frames {
            events: response.sse(SseLimits::default()),
            decoder: StreamDecoder::new(self.quirks.clone()),
            provider: self.id.clone(),
            model: request.model.clone(),
            request_id,
        };
        Ok(ChatStream::new(meta, frames.into_stream()))
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

/// The response, or the vendor's error where the status says failure.
async fn succeeded(response: HttpResponse) -> Result<HttpResponse> {
    if response.is_success() {
        return Ok(response);
    }
    let status = response.status;
    let headers = response.headers.clone();
    let request_id = response.meta().request_id;
    // The status alone says enough where the body is too long or breaks off.
    let body = response.bytes(ERROR_BYTES).await.unwrap_or_default();
    Err(decode_error(status, &headers, body).with_request_id(request_id))
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

/// Says which exchange failed; a status that the error already has stays.
fn with_exchange(error: Error, status: u16, request_id: Option<String>) -> Error {
    let error = match error.status() {
        Some(_) => error,
        None => error.with_status(status),
    };
    error.with_request_id(request_id)
}

/// Whether the body claims to be a web page: some proxy answered, not the vendor.
fn is_page(response: &HttpResponse) -> bool {
    let media_type = response.headers.get(header::CONTENT_TYPE);
    media_type
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .trim_start()
                .to_ascii_lowercase()
                .starts_with("text/html")
        })
}

async fn page(response: HttpResponse) -> Error {
    match response.bytes(ERROR_BYTES).await {
        Ok(body) => Error::protocol(format!(
            "the vendor answered with a web page: {}",
            body_snippet(&body)
        )),
        Err(error) => error,
    }
}

/// The frames of one answer.
struct Frames {
    events: SseStream,
    decoder: StreamDecoder,
    provider: ProviderId,
    model: ModelId,
    request_id: Option<String>,
}

impl Frames {
    /// Ends after the terminal frame, or after one error.
    fn into_stream(self) -> impl Stream<Item = Result<Frame>> + Send + 'static {
        stream::unfold(Some(self), |frames| async move {
            let mut frames = frames?;
            match frames.next().await {
                Ok(Some(frame)) if frame.is_end() => {
                    // The end of the body usually arrived with the terminal event; a look at it
                    // lets the connection be used again.
                    let _ = frames.events.next().now_or_never();
                    Some((Ok(frame), None))
                }
                Ok(Some(frame)) => Some((Ok(frame), Some(frames))),
                Ok(None) => None,
                Err(error) => {
                    let error = with_exchange(error, 200, frames.request_id)
                        .with_target(&frames.provider, &frames.model);
                    Some((Err(error), None))
                }
            }
        })
    }

    async fn next(&mut self) -> Result<Option<Frame>> {
        match self.events.next().await {
            Some(Ok(event)) => self.decoder.push(event).map(Some),
            // The connection does not know whether content came over it.
            Some(Err(error)) => Err(error.with_phase(self.decoder.phase())),
            None => self.decoder.finish(),
        }
    }
}
