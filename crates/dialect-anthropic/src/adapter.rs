//! A whole provider that speaks the Messages API over a transport.

use std::fmt;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue};
use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, Error, Feature, FeatureSet,
    Frame, ModelId, Provider, ProviderId, Result, async_trait,
};
use interline_transport::{
    Accept, HttpRequest, HttpResponse, SseLimits, SseStream, Transport, join_url,
};

use crate::generation::{Generation, Sampling};
use crate::{FORMAT, Mode, Quirks, StreamDecoder, decode_error, decode_response, encode_request};

/// The longest whole answer, in bytes (chosen, not measured: far above any model's output limit).
const MAX_RESPONSE_BYTES: usize = 32 * 1024 * 1024;

/// The longest error body, in bytes (chosen, not measured).
const MAX_ERROR_BYTES: usize = 1024 * 1024;

const VERSION: HeaderName = HeaderName::from_static("anthropic-version");
const BETA: HeaderName = HeaderName::from_static("anthropic-beta");

/// What the format can carry; what a model can do is for the catalogue to say.
const FEATURES: [Feature; 9] = [
    Feature::Tools,
    Feature::JsonSchema,
    Feature::Images,
    Feature::Files,
    Feature::Reasoning,
    Feature::ParallelToolCalls,
    Feature::TopK,
    Feature::Stop,
    Feature::User,
];

/// A provider that speaks the Messages API; vendor crates add address and credentials.
pub struct MessagesAdapter {
    id: ProviderId,
    transport: Arc<dyn Transport>,
    base_url: String,
    headers: HeaderMap,
    quirks: Quirks,
    capabilities: Capabilities,
}

impl MessagesAdapter {
    /// A provider called `id` at `base_url`, the address without `/v1` (a `/v1` at its end is
    /// forgiven, any path before it is kept). `headers` go with every call: the credential first of
    /// all, marked sensitive.
    pub fn new(
        id: impl Into<ProviderId>,
        transport: Arc<dyn Transport>,
        base_url: impl Into<String>,
        headers: HeaderMap,
        quirks: Quirks,
    ) -> Self {
        let base_url = base_url.into();
        let base_url = base_url.trim_end_matches('/');
        let base_url = base_url.strip_suffix("/v1").unwrap_or(base_url).to_owned();
        Self {
            id: id.into(),
            transport,
            base_url,
            headers,
            quirks,
            capabilities: Capabilities::new(FeatureSet::from_iter(FEATURES)).with_format(FORMAT),
        }
    }

    /// Says what this vendor can carry, where it is not everything the format can.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    async fn send(
        &self,
        cx: &CallContext,
        req: &ChatRequest,
        mode: Mode,
        accept: Accept,
    ) -> Result<HttpResponse> {
        let body = encode_request(req, mode, &self.quirks)?;
        let url = join_url(&self.base_url, "v1/messages");
        let request =
            HttpRequest::post_json(url, body, accept).with_headers(&self.headers_for(Some(req)));
        checked(self.transport.send(cx, request).await?).await
    }

    /// The connection's headers with the version and all betas: the quirks', the connection's own and
    /// those of a caller of this format.
    fn headers_for(&self, req: Option<&ChatRequest>) -> HeaderMap {
        let origin = req.and_then(|req| req.origin_in(&FORMAT));
        let from_caller = |name: &HeaderName| {
            let headers = origin.into_iter().flat_map(|origin| origin.headers.iter());
            headers
                .filter(|(key, _)| key == name.as_str())
                .map(|(_, value)| value.as_str())
                .collect::<Vec<_>>()
        };
        let own_betas = self.headers.get_all(&BETA).into_iter();
        let mut betas: Vec<&str> = Vec::new();
        let said = self.quirks.betas.iter().map(String::as_str);
        let said = said
            .chain(own_betas.filter_map(|value| value.to_str().ok()))
            .chain(from_caller(&BETA));
        for beta in said.flat_map(|list| list.split(',')).map(str::trim) {
            if !beta.is_empty() && !betas.contains(&beta) {
                betas.push(beta);
            }
        }
        let mut headers = self.headers.clone();
        if let Ok(value) = HeaderValue::from_str(&betas.join(","))
            && !betas.is_empty()
        {
            headers.insert(BETA, value);
        }
        let caller_version = from_caller(&VERSION);
        let version = match caller_version.first() {
            None if headers.contains_key(&VERSION) => None,
            None => Some(self.quirks.version.as_str()),
            Some(version) => Some(*version),
        };
        if let Some(Ok(value)) = version.map(HeaderValue::from_str) {
            headers.insert(VERSION, value);
        }
        headers
    }

    async fn try_complete(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
        let response = self.send(cx, req, Mode::Unary, Accept::Json).await?;
        let meta = response.meta();
        match whole(response).await {
            Ok(mut response) => {
                response.meta = meta;
                Ok(response)
            }
            Err(error) => Err(identified(error, meta.request_id)),
        }
    }

    async fn try_stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
        let response = self
            .send(cx, req, Mode::Stream, Accept::EventStream)
            .await?;
        let meta = response.meta();
        if response.is_json() {
            return Err(identified(not_a_stream(response).await, meta.request_id));
        }
        let reader = FrameReader {
            events: response.sse(SseLimits::default()),
            decoder: StreamDecoder::new(),
            provider: self.id.clone(),
            model: req.model.clone(),
            request_id: meta.request_id.clone(),
        };
        let frames = stream::unfold(Some(reader), |reader| async { reader?.next().await });
        Ok(ChatStream::new(meta, frames))
    }
}

#[async_trait]
impl Provider for MessagesAdapter {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn capabilities(&self, model: &ModelId) -> Capabilities {
        let mut capabilities = self.capabilities.clone();
        if Generation::of(model.as_str()).sampling == Sampling::Fixed {
            capabilities.features = capabilities.features.without(Feature::TopK);
        }
        capabilities
    }

    async fn complete(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
        self.try_complete(cx, req)
            .await
            .map_err(|error| error.with_target(&self.id, &req.model))
    }

    async fn stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
        self.try_stream(cx, req)
            .await
            .map_err(|error| error.with_target(&self.id, &req.model))
    }

    /// Asks for the shortest list of models.
    async fn health_check(&self, cx: &CallContext) -> Result<()> {
        let url = join_url(&self.base_url, "v1/models?limit=1");
        let request = HttpRequest::get(url).with_headers(&self.headers_for(None));
        checked(self.transport.send(cx, request).await?).await?;
        Ok(())
    }
}

impl fmt::Debug for MessagesAdapter {
    /// Leaves the headers out: the key is among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessagesAdapter")
            .field("id", &self.id)
            .field("quirks", &self.quirks)
            .finish_non_exhaustive()
    }
}

/// The answer if it is a success, else the error it tells.
async fn checked(response: HttpResponse) -> Result<HttpResponse> {
    if response.is_success() {
        return Ok(response);
    }
    let (status, headers) = (response.status, response.headers.clone());
    // A body that breaks off leaves the status, which says enough.
    let body = response.bytes(MAX_ERROR_BYTES).await.unwrap_or_default();
    Err(decode_error(status, &headers, body))
}

async fn whole(response: HttpResponse) -> Result<ChatResponse> {
    decode_response(response.bytes(MAX_RESPONSE_BYTES).await?)
}

/// Why a JSON document came where a stream was asked for.
async fn not_a_stream(response: HttpResponse) -> Error {
    match whole(response).await {
        Ok(_) => Error::protocol("the vendor answered a streaming call in one piece"),
        Err(error) => error,
    }
}

/// Adds the exchange's id where the error does not tell one itself.
fn identified(error: Error, id: Option<String>) -> Error {
    match error.request_id() {
        Some(_) => error,
        None => error.with_request_id(id),
    }
}

/// Turns events into frames until the end, a failure, or the end of the body.
struct FrameReader {
    events: SseStream,
    decoder: StreamDecoder,
    provider: ProviderId,
    model: ModelId,
    request_id: Option<String>,
}

impl FrameReader {
    async fn next(mut self) -> Option<(Result<Frame>, Option<Self>)> {
        let frame = match self.events.next().await {
            Some(Ok(event)) => self.decoder.push(event),
            Some(Err(error)) => Err(error.with_phase(self.decoder.phase())),
            None => match self.decoder.finish() {
                Ok(()) => return None,
                Err(error) => Err(error),
            },
        };
        match frame {
            Ok(frame) if frame.is_end() => Some((Ok(frame), None)),
            Ok(frame) => Some((Ok(frame), Some(self))),
            Err(error) => {
                let error =
                    identified(error, self.request_id).with_target(&self.provider, &self.model);
                Some((Err(error), None))
            }
        }
    }
}
