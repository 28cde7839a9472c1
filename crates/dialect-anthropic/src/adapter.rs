//! A whole provider that speaks the Messages API over a transport.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, Error, Feature, FeatureSet,
    LeftOutOf, ModelId, Provider, ProviderId, Result, async_trait,
};
use interline_transport::{Accept, HttpRequest, HttpResponse, SseLimits, Transport, join_url};

use crate::generation::{Generation, Sampling};
use crate::{
    Endpoints, FORMAT, Mode, ModelPlace, Quirks, StreamDecoder, decode_error, decode_response,
    encode_request, left_out_of,
};

mod siblings;

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

/// The presumed hints that the format has no field for.
const LEFT_OUT: FeatureSet = FeatureSet::empty()
    .with(Feature::ImageDetail)
    .with(Feature::UnsignedReasoning)
    .with(Feature::ParticipantNames);

/// A provider that speaks the Messages API; vendor crates add address and credentials.
///
/// It also counts tokens and lists models, for vendors that do: a vendor's crate says in its
/// [`interline_core::ProviderSet`] which of them it offers.
pub struct MessagesAdapter {
    id: ProviderId,
    transport: Arc<dyn Transport>,
    base_url: String,
    endpoints: Endpoints,
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
            endpoints: Endpoints::default(),
            headers,
            quirks,
            capabilities: Capabilities::new(FeatureSet::from_iter(FEATURES))
                .with_left_out(LEFT_OUT)
                .with_left_out_of(LeftOutOf::by(left_out_of))
                .with_format(FORMAT),
        }
    }

    /// Says where the API lives below the base URL; the default is Anthropic's own.
    #[must_use]
    pub fn with_endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
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
        let url = self.endpoints.messages(&self.base_url, &req.model, mode);
        // Other clouds have addresses of their own, which know no such word.
        let is_own = self.quirks.model_place == ModelPlace::Body;
        let origin = req.origin_in(&FORMAT).filter(|_| is_own);
        let url = match origin.and_then(|origin| origin.query.as_ref()) {
            Some(query) => format!("{url}?{query}"),
            None => url,
        };
        let request =
            HttpRequest::post_json(url, body, accept).with_headers(&self.headers_for(Some(req)));
        self.exchange(cx, request).await
    }

    async fn exchange(&self, cx: &CallContext, request: HttpRequest) -> Result<HttpResponse> {
        let response = self.transport.send(cx, request).await?;
        response
            .error_for_status(MAX_ERROR_BYTES, decode_error)
            .await
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
        response.answer(MAX_RESPONSE_BYTES, decode_response).await
    }

    async fn try_stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
        let response = self
            .send(cx, req, Mode::Stream, Accept::EventStream)
            .await?;
        if response.is_json() {
            return Err(not_a_stream(response).await);
        }
        let decoder = StreamDecoder::new();
        Ok(response.frames(SseLimits::default(), decoder, &self.id, &req.model))
    }
}

#[async_trait]
impl Provider for MessagesAdapter {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn capabilities(&self, model: &ModelId) -> Capabilities {
        let mut capabilities = self.capabilities.clone();
        let sampling = Generation::of(model.as_str()).sampling;
        if sampling != Sampling::Free {
            capabilities
                .leaves_out
                .insert(Feature::TopPBesideTemperature);
        }
        if sampling == Sampling::Fixed {
            capabilities.features = capabilities.features.without(Feature::TopK);
            capabilities.leaves_out.insert(Feature::Temperature);
            capabilities.leaves_out.insert(Feature::TopP);
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
        self.exchange(cx, request).await.map(drop)
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

/// Why a JSON document came where a stream was asked for.
async fn not_a_stream(response: HttpResponse) -> Error {
    let request_id = response.meta().request_id;
    match response.answer(MAX_RESPONSE_BYTES, decode_response).await {
        Ok(_) => Error::protocol("the vendor answered a streaming call in one piece")
            .with_request_id(request_id),
        Err(error) => error,
    }
}
