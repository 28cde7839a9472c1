//! A whole provider that speaks generateContent over a transport.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, Feature, FeatureSet, ModelId,
    Provider, ProviderId, Result, async_trait,
};
use interline_transport::{Accept, HttpRequest, HttpResponse, SseLimits, Transport, join_url};

use crate::model_family::{ModelFamily, ThinkingControl};
use crate::{
    FORMAT, Quirks, StreamDecoder, decode_error, decode_response, encode_request, model_name,
};

mod siblings;

/// The longest whole answer, in bytes (chosen, not measured: room for several pictures in base64).
const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

/// The longest error body, in bytes (chosen, not measured).
const MAX_ERROR_BYTES: usize = 1024 * 1024;

/// The longest step of a stream, in bytes (chosen, not measured): a picture comes whole in one step,
/// and without `alt=sse` the steps come whole in one array.
const MAX_STEP_BYTES: usize = 32 * 1024 * 1024;

/// The presumed hints that the format has no field for.
const LEFT_OUT: FeatureSet = FeatureSet::empty()
    .with(Feature::StrictTools)
    .with(Feature::ImageDetail)
    .with(Feature::ParticipantNames)
    .with(Feature::UnsignedReasoning)
    .with(Feature::CacheMarks);

/// A provider that speaks generateContent; vendor crates add address and credentials.
///
/// Calls go to `{base_url}/models/{model}:generateContent` and `…:streamGenerateContent?alt=sse`,
/// which fits the Gemini API (`…/v1beta`) and Vertex AI
/// (`…/v1/projects/P/locations/L/publishers/google`) alike. A vendor whose credential changes from call
/// to call hands over a transport that adds it.
///
/// It also embeds texts, counts tokens and lists models, for vendors that do: a vendor's crate says in
/// its [`interline_core::ProviderSet`] which of them it offers.
pub struct GenerateContentAdapter {
    id: ProviderId,
    transport: Arc<dyn Transport>,
    base_url: String,
    headers: HeaderMap,
    quirks: Quirks,
}

impl GenerateContentAdapter {
    /// A provider called `id` at `base_url`, up to and without `/models`. `headers` go with every
    /// call: the credential first of all, marked sensitive.
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
            headers,
            quirks,
        }
    }

    async fn send(
        &self,
        cx: &CallContext,
        req: &ChatRequest,
        accept: Accept,
    ) -> Result<HttpResponse> {
        let body = encode_request(req, &self.quirks)?;
        let model = model_name::path(req.model.as_str());
        let path = match accept {
            Accept::EventStream => format!("{model}:streamGenerateContent?alt=sse"),
            _ => format!("{model}:generateContent"),
        };
        let url = join_url(&self.base_url, &path);
        let request = HttpRequest::post_json(url, body, accept).with_headers(&self.headers);
        self.exchange(cx, request).await
    }

    async fn exchange(&self, cx: &CallContext, request: HttpRequest) -> Result<HttpResponse> {
        let response = self.transport.send(cx, request).await?;
        response
            .error_for_status(MAX_ERROR_BYTES, decode_error)
            .await
    }

    async fn try_complete(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
        let response = self.send(cx, req, Accept::Json).await?;
        response.answer(MAX_RESPONSE_BYTES, decode_response).await
    }

    async fn try_stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
        let response = self.send(cx, req, Accept::EventStream).await?;
        let limits = SseLimits::default().with_event_bytes(MAX_STEP_BYTES);
        Ok(response.frames(limits, StreamDecoder::new(), &self.id, &req.model))
    }
}

#[async_trait]
impl Provider for GenerateContentAdapter {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    /// Thinking is not asked of a model that refuses the setting, or that nobody here knows.
    fn capabilities(&self, model: &ModelId) -> Capabilities {
        let mut features = self.quirks.features;
        if ModelFamily::of(model.as_str()).thinking == ThinkingControl::None {
            features = features.without(Feature::Reasoning);
        }
        Capabilities::new(features)
            .with_left_out(LEFT_OUT)
            .with_format(FORMAT)
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
        let url = join_url(&self.base_url, "models?pageSize=1");
        let request = HttpRequest::get(url).with_headers(&self.headers);
        self.exchange(cx, request).await.map(drop)
    }
}

impl fmt::Debug for GenerateContentAdapter {
    /// Leaves the headers out: the key is among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GenerateContentAdapter")
            .field("id", &self.id)
            .field("quirks", &self.quirks)
            .finish_non_exhaustive()
    }
}
