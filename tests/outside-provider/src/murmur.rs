//! Murmur, a vendor with a format of its own: chat at `/talk`, whole or as server-sent events, and
//! embeddings at `/hear`.

mod answer;
mod error;
mod request;

use std::sync::Arc;

use http::{HeaderMap, header};
use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, EmbedRequest, EmbedResponse,
    EmbeddingProvider, Feature, FeatureSet, ModelId, Phase, Provider, ProviderFactory, ProviderId,
    ProviderSet, ProviderSettings, Result, async_trait,
};
use interline_transport::{
    Accept, ConnectionSettings, HttpRequest, HttpResponse, SseLimits, Transport, bearer_header,
    join_url,
};
use serde_json::Value;

/// What the format can carry. Anything else that an answer would depend on is refused.
const FEATURES: FeatureSet = FeatureSet::empty().with(Feature::Tools).with(Feature::Stop);

/// The longest answer or error, in bytes (chosen, not measured).
const LIMIT: usize = 16 * 1024 * 1024;

/// One connection to Murmur. Its debug output shows no key, because the header is marked sensitive.
#[derive(Debug)]
pub struct Murmur {
    id: ProviderId,
    transport: Arc<dyn Transport>,
    base_url: String,
    headers: HeaderMap,
}

impl Murmur {
    /// Reads the settings of a configuration; an error names the setting that is wrong.
    pub fn new(settings: &ProviderSettings) -> Result<Self> {
        let connection = ConnectionSettings::from_settings(settings)?;
        let mut headers = connection.header_map()?;
        if let Some(key) = &connection.api_key {
            headers.insert(header::AUTHORIZATION, bearer_header(key)?);
        }
        let home = || "https://api.murmur.example".to_owned();
        Ok(Self {
            id: settings.id.clone(),
            transport: connection.transport()?,
            base_url: connection.base_url.unwrap_or_else(home),
            headers,
        })
    }

    async fn send(&self, cx: &CallContext, request: HttpRequest) -> Result<HttpResponse> {
        let request = request.with_headers(&self.headers);
        let response = self.transport.send(cx, request).await?;
        response.error_for_status(LIMIT, error::refused).await
    }

    async fn talk(&self, cx: &CallContext, req: &ChatRequest, how: Accept) -> Result<HttpResponse> {
        let body = request::encode(req, &self.capabilities(&req.model), how)?;
        let request = HttpRequest::post_json(join_url(&self.base_url, "talk"), body, how);
        self.send(cx, request).await
    }
}

#[async_trait]
impl Provider for Murmur {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn capabilities(&self, _: &ModelId) -> Capabilities {
        Capabilities::new(FEATURES)
    }

    async fn complete(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
        let answer = match self.talk(cx, req, Accept::Json).await {
            Ok(response) => {
                response
                    .answer(LIMIT, |body| answer::decode(req, body))
                    .await
            }
            Err(error) => Err(error),
        };
        answer.map_err(|error| error.with_target(&self.id, &req.model))
    }

    async fn stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
        let opened = self.talk(cx, req, Accept::EventStream).await;
        let response = opened.map_err(|error| error.with_target(&self.id, &req.model))?;
        let decoder = answer::StreamDecoder(Phase::BeforeOutput);
        Ok(response.frames(SseLimits::default(), decoder, &self.id, &req.model))
    }

    async fn health_check(&self, cx: &CallContext) -> Result<()> {
        let voices = HttpRequest::get(join_url(&self.base_url, "voices"));
        let checked = self.send(cx, voices).await.map(drop);
        checked.map_err(|error| error.with_target(&self.id, &ModelId::from("*")))
    }
}

#[async_trait]
impl EmbeddingProvider for Murmur {
    async fn embed(&self, cx: &CallContext, req: &EmbedRequest) -> Result<EmbedResponse> {
        let heard = async {
            let url = join_url(&self.base_url, "hear");
            let body = request::encode_texts(req)?;
            let request = HttpRequest::post_json(url, body, Accept::Json);
            let body = self.send(cx, request).await?.bytes(LIMIT).await?;
            answer::decode_traces(req, &body)
        };
        let answer = heard.await;
        answer.map_err(|error| error.with_target(&self.id, &req.model))
    }
}

/// Makes connections of kind `murmur` from configuration.
#[derive(Clone, Copy, Debug, Default)]
pub struct MurmurFactory;

impl ProviderFactory for MurmurFactory {
    fn kind(&self) -> &str {
        "murmur"
    }

    fn settings_schema(&self) -> Value {
        ConnectionSettings::schema()
    }

    fn key_variable(&self) -> Option<&str> {
        Some("MURMUR_API_KEY")
    }

    fn build(&self, settings: ProviderSettings) -> Result<ProviderSet> {
        let murmur = Arc::new(Murmur::new(&settings)?);
        Ok(ProviderSet::from(murmur.clone()).with_embed(murmur))
    }
}
