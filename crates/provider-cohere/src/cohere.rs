//! One connection to Cohere.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, EmbedRequest, EmbedResponse,
    EmbeddingProvider, Error, Feature, FeatureSet, LeftOutOf, ListedModel, ModelId, ModelLister,
    Provider, ProviderId, ProviderSet, Result, async_trait,
};
use interline_transport::{Accept, HttpRequest, HttpResponse, SseLimits, Transport, join_url};

use crate::decode_error::TRACE_ID;
use crate::encode_request::left_out_of;
use crate::{
    CohereBuilder, FORMAT, Mode, StreamDecoder, decode_embed_response, decode_error,
    decode_response, encode_embed_request, encode_request, models, thinking,
};

/// The longest whole answer, in bytes (chosen, not measured).
const MAX_RESPONSE_BYTES: usize = 32 * 1024 * 1024;

/// The longest error body, in bytes (chosen, not measured).
const MAX_ERROR_BYTES: usize = 256 * 1024;

/// The most pages of a list of models that are read (chosen, not measured): 100,000 models.
const MAX_PAGES: usize = 100;

/// What requests may ask for.
const FEATURES: [Feature; 11] = [
    Feature::Tools,
    Feature::JsonObject,
    Feature::JsonSchema,
    Feature::Images,
    Feature::Reasoning,
    Feature::Seed,
    Feature::Logprobs,
    Feature::TopK,
    Feature::FrequencyPenalty,
    Feature::PresencePenalty,
    Feature::Stop,
];

/// The presumed hints that the format has no field for.
const LEFT_OUT: FeatureSet = FeatureSet::empty()
    .with(Feature::TopLogprobs)
    .with(Feature::ParticipantNames)
    .with(Feature::ToolErrors)
    .with(Feature::CacheMarks);

/// One connection to Cohere: chat, embeddings and the list of models.
#[derive(Clone)]
pub struct Cohere {
    connection: Arc<Connection>,
}

struct Connection {
    id: ProviderId,
    transport: Arc<dyn Transport>,
    base_url: String,
    headers: HeaderMap,
}

impl Cohere {
    /// A connection called `cohere` to Cohere's own API.
    ///
    /// # Errors
    /// As [`CohereBuilder::build`].
    pub fn new(api_key: impl Into<String>) -> Result<Self> {
        Self::builder().api_key(api_key).build()
    }

    /// A connection to be made step by step.
    #[must_use]
    pub fn builder() -> CohereBuilder {
        CohereBuilder::default()
    }

    pub(crate) fn over(
        id: ProviderId,
        transport: Arc<dyn Transport>,
        base_url: String,
        headers: HeaderMap,
    ) -> Self {
        Self {
            connection: Arc::new(Connection {
                id,
                transport,
                base_url,
                headers,
            }),
        }
    }

    async fn post(
        &self,
        cx: &CallContext,
        path: &str,
        body: bytes::Bytes,
        accept: Accept,
    ) -> Result<HttpResponse> {
        let url = join_url(&self.connection.base_url, path);
        self.exchange(cx, HttpRequest::post_json(url, body, accept))
            .await
    }

    async fn get(&self, cx: &CallContext, path: &str) -> Result<HttpResponse> {
        let url = join_url(&self.connection.base_url, path);
        self.exchange(cx, HttpRequest::get(url)).await
    }

    async fn exchange(&self, cx: &CallContext, request: HttpRequest) -> Result<HttpResponse> {
        let request = request.with_headers(&self.connection.headers);
        let response = self.connection.transport.send(cx, request).await?;
        response
            .error_for_status(MAX_ERROR_BYTES, decode_error)
            .await
    }

    async fn try_complete(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
        let body = encode_request(req, Mode::Unary)?;
        let response = self.post(cx, "v2/chat", body, Accept::Json).await?;
        let trace = trace_id(&response);
        let answer = response.answer(MAX_RESPONSE_BYTES, decode_response).await;
        let mut answer = answer.map_err(|error| in_trace(error, trace.clone()))?;
        req.model.as_str().clone_into(&mut answer.model);
        answer.meta.request_id = answer.meta.request_id.or(trace);
        Ok(answer)
    }

    async fn try_stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
        let body = encode_request(req, Mode::Stream)?;
        let response = self.post(cx, "v2/chat", body, Accept::EventStream).await?;
        let trace = trace_id(&response);
        let limits = SseLimits::default();
        let decoder = StreamDecoder::new().with_model(req.model.as_str());
        let mut stream = response.frames(limits, decoder, &self.connection.id, &req.model);
        stream.meta.request_id = stream.meta.request_id.take().or(trace);
        Ok(stream)
    }

    async fn try_embed(&self, cx: &CallContext, req: &EmbedRequest) -> Result<EmbedResponse> {
        let body = encode_embed_request(req)?;
        let response = self.post(cx, "v2/embed", body, Accept::Json).await?;
        let (meta, trace) = (response.meta(), trace_id(&response));
        let body = response.bytes(MAX_RESPONSE_BYTES).await;
        let answer = body.and_then(|body| decode_embed_response(req.model.as_str(), body));
        let answer = answer.and_then(|answer| answer.fits(req).map(|()| answer));
        let mut answer = answer.map_err(|error| in_trace(error, trace.clone()))?;
        answer.meta = meta;
        answer.meta.request_id = answer.meta.request_id.or(trace);
        Ok(answer)
    }

    async fn try_list(&self, cx: &CallContext) -> Result<Vec<ListedModel>> {
        let mut listed = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let response = self.get(cx, &models::path(token.as_deref())).await?;
            let page = models::decode(&response.bytes(MAX_RESPONSE_BYTES).await?)?;
            listed.extend(page.models);
            if page.next.is_none() || page.next == token {
                return Ok(listed);
            }
            token = page.next;
        }
        Err(Error::protocol(format!(
            "the list of models has more than {MAX_PAGES} pages"
        )))
    }

    /// Says whose failure it is where no single model is asked for.
    fn of_any_model(&self, error: Error) -> Error {
        error.with_target(&self.connection.id, &ModelId::from("*"))
    }
}

/// Cohere's id of the exchange.
fn trace_id(response: &HttpResponse) -> Option<String> {
    let value = response.headers.get(TRACE_ID)?.to_str().ok()?;
    Some(value.to_owned())
}

fn in_trace(error: Error, trace: Option<String>) -> Error {
    match error.request_id() {
        Some(_) => error,
        None => error.with_request_id(trace),
    }
}

impl From<Cohere> for ProviderSet {
    fn from(cohere: Cohere) -> Self {
        let cohere = Arc::new(cohere);
        Self::new(Arc::<Cohere>::clone(&cohere))
            .with_embed(Arc::<Cohere>::clone(&cohere))
            .with_models(cohere)
    }
}

#[async_trait]
impl Provider for Cohere {
    fn id(&self) -> &ProviderId {
        &self.connection.id
    }

    fn capabilities(&self, model: &ModelId) -> Capabilities {
        let mut features = FeatureSet::from_iter(FEATURES);
        if !thinking::may_think(model.as_str()) {
            features = features.without(Feature::Reasoning);
        }
        Capabilities::new(features)
            .with_left_out(LEFT_OUT)
            .with_left_out_of(LeftOutOf::by(left_out_of))
            .with_format(FORMAT)
    }

    async fn complete(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
        self.try_complete(cx, req)
            .await
            .map_err(|error| error.with_target(&self.connection.id, &req.model))
    }

    async fn stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
        self.try_stream(cx, req)
            .await
            .map_err(|error| error.with_target(&self.connection.id, &req.model))
    }

    /// Asks for the shortest list of models.
    async fn health_check(&self, cx: &CallContext) -> Result<()> {
        let checked = match self.get(cx, "v1/models?page_size=1").await {
            // Read to its end, so that the connection can be used again.
            Ok(response) => response.bytes(MAX_RESPONSE_BYTES).await.map(drop),
            Err(error) => Err(error),
        };
        checked.map_err(|error| self.of_any_model(error))
    }
}

#[async_trait]
impl EmbeddingProvider for Cohere {
    async fn embed(&self, cx: &CallContext, req: &EmbedRequest) -> Result<EmbedResponse> {
        self.try_embed(cx, req)
            .await
            .map_err(|error| error.with_target(&self.connection.id, &req.model))
    }
}

#[async_trait]
impl ModelLister for Cohere {
    async fn list_models(&self, cx: &CallContext) -> Result<Vec<ListedModel>> {
        self.try_list(cx)
            .await
            .map_err(|error| self.of_any_model(error))
    }
}

impl fmt::Debug for Cohere {
    /// Leaves the headers out: the key is among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cohere")
            .field("id", &self.connection.id)
            .field("base_url", &self.connection.base_url)
            .finish_non_exhaustive()
    }
}
