//! One connection to Bedrock in one region.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, HeaderValue, header};
use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, Error, ErrorKind, Feature,
    FeatureSet, LeftOutOf, ModelId, Provider, ProviderId, ProviderSet, Result, async_trait,
};
use interline_transport::{Accept, HttpRequest, HttpResponse, Transport};

use crate::address::Address;
use crate::encode_request::left_out_of;
use crate::format::ANTHROPIC;
use crate::model_family::{Maker, ModelFamily, Sampling, ThinkingStyle};
use crate::signing::Signer;
use crate::{
    BedrockBuilder, EventStreamFraming, FORMAT, StreamDecoder, decode_error, decode_response,
    encode_request,
};

/// The longest whole answer, in bytes (chosen, not measured: room for a picture in base64).
pub(crate) const MAX_RESPONSE_BYTES: usize = 32 * 1024 * 1024;

/// The longest error body, in bytes (chosen, not measured).
const MAX_ERROR_BYTES: usize = 1024 * 1024;

/// What streams come as.
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("application/vnd.amazon.eventstream");

/// What IAM says to a caller whom it knows and who may not do the thing.
const KNOWN_CALLER: &str = "is not authorized to perform";

/// What Converse can carry for every model.
const FEATURES: FeatureSet = FeatureSet::empty()
    .with(Feature::Tools)
    .with(Feature::Images)
    .with(Feature::Audio)
    .with(Feature::Files)
    .with(Feature::Stop)
    .with(Feature::Metadata);

/// The presumed hints that a model does not get: Converse has no place for how closely to look and for
/// names, and the rest depends on the model.
fn left_out(family: ModelFamily) -> FeatureSet {
    let mut left_out = FeatureSet::empty()
        .with(Feature::ImageDetail)
        .with(Feature::UnsignedReasoning)
        .with(Feature::ParticipantNames);
    if !family.enforces_schemas() {
        left_out.insert(Feature::StrictTools);
    }
    if !family.caches_messages() {
        left_out.insert(Feature::CacheMarks);
    }
    if family.sampling != Sampling::Free {
        left_out.insert(Feature::TopPBesideTemperature);
    }
    if family.sampling == Sampling::Fixed {
        left_out.insert(Feature::Temperature);
        left_out.insert(Feature::TopP);
    }
    left_out
}

/// One connection to Bedrock in one region.
///
/// It embeds, counts tokens and lists models too; the conversion into a [`ProviderSet`] gives all of
/// them.
pub struct Bedrock {
    pub(crate) id: ProviderId,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) address: Address,
    /// They go with every call; a bearer key is among them.
    pub(crate) headers: HeaderMap,
    pub(crate) signer: Option<Signer>,
}

impl Bedrock {
    /// A connection to be made step by step.
    #[must_use]
    pub fn builder() -> BedrockBuilder {
        BedrockBuilder::default()
    }

    /// Sends a request with headers and signature; gives the response where its status is a success.
    pub(crate) async fn exchange(
        &self,
        cx: &CallContext,
        request: HttpRequest,
    ) -> Result<HttpResponse> {
        let request = request.with_headers(&self.headers);
        let request = match &self.signer {
            Some(signer) => signer.sign(request, SystemTime::now())?,
            None => request,
        };
        let response = self.transport.send(cx, request).await?;
        response
            .error_for_status(MAX_ERROR_BYTES, decode_error)
            .await
    }

    async fn try_complete(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
        let url = self.address.of_model(req.model.as_str(), "converse")?;
        let body = encode_request(req)?;
        let request = HttpRequest::post_json(url, body, Accept::Json);
        let response = self.exchange(cx, request).await?;
        let decode = |body| decode_response(&req.model, body);
        response.answer(MAX_RESPONSE_BYTES, decode).await
    }

    async fn try_stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
        let url = self
            .address
            .of_model(req.model.as_str(), "converse-stream")?;
        let body = encode_request(req)?;
        let request = HttpRequest::post_json(url, body, Accept::EventStream)
            .with_header(header::ACCEPT, EVENT_STREAM);
        let response = self.exchange(cx, request).await?;
        let decoder = StreamDecoder::new(req.model.as_str());
        let framing = EventStreamFraming::new();
        Ok(response.framed(framing, decoder, &self.id, &req.model))
    }
}

impl From<Bedrock> for ProviderSet {
    fn from(provider: Bedrock) -> Self {
        let provider = Arc::new(provider);
        Self::from(Arc::clone(&provider))
            .with_embed(Arc::<Bedrock>::clone(&provider))
            .with_models(Arc::<Bedrock>::clone(&provider))
            .with_count(provider)
    }
}

#[async_trait]
impl Provider for Bedrock {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn capabilities(&self, model: &ModelId) -> Capabilities {
        let family = ModelFamily::of(model.as_str());
        let mut features = FEATURES;
        if family.enforces_schemas() {
            features.insert(Feature::JsonSchema);
        }
        if family.thinking != ThinkingStyle::None {
            features.insert(Feature::Reasoning);
        }
        if family.takes_top_k() {
            features.insert(Feature::TopK);
        }
        let can = Capabilities::new(features)
            .with_left_out(left_out(family))
            .with_left_out_of(LeftOutOf::by(left_out_of))
            .with_format(FORMAT);
        match family.maker {
            Maker::Claude => can.with_signatures_of(ANTHROPIC),
            _ => can,
        }
    }

    async fn complete(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
        let answer = self.try_complete(cx, req).await;
        answer.map_err(|error| error.with_target(&self.id, &req.model))
    }

    async fn stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
        let stream = self.try_stream(cx, req).await;
        stream.map_err(|error| error.with_target(&self.id, &req.model))
    }

    /// Asks the runtime for the shortest list of asynchronous calls, which costs nothing and shows
    /// that it answers and knows the credential. A credential that may not ask is known all the same.
    async fn health_check(&self, cx: &CallContext) -> Result<()> {
        let url = self.address.of_runtime("async-invoke?maxResults=1");
        match self.exchange(cx, HttpRequest::get(url)).await {
            Err(error) if is_known_caller(&error) => Ok(()),
            answer => answer.map(drop),
        }
    }
}

fn is_known_caller(error: &Error) -> bool {
    error.kind() == ErrorKind::Permission && error.message().contains(KNOWN_CALLER)
}

impl fmt::Debug for Bedrock {
    /// Leaves the headers out: the key may be among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bedrock")
            .field("id", &self.id)
            .field("address", &self.address)
            .field("signer", &self.signer)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
