//! A whole provider that speaks generateContent over a transport.

use std::fmt;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream;
use http::HeaderMap;
use interline_core::{
    CallContext, Capabilities, ChatRequest, ChatResponse, ChatStream, Error, Frame, ModelId,
    Provider, ProviderId, Result, async_trait,
};
use interline_transport::{
    Accept, HttpRequest, HttpResponse, SseLimits, SseStream, Transport, join_url,
};

use crate::{FORMAT, Quirks, StreamDecoder, decode_error, decode_response, encode_request};

/// The longest whole answer, in bytes (chosen, not measured: room for several pictures in base64).
const MAX_RESPONSE_BYTES: usize = 64 * 1024 * 1024;

/// The longest error body, in bytes (chosen, not measured).
const MAX_ERROR_BYTES: usize = 1024 * 1024;

/// The longest step of a stream, in bytes (chosen, not measured): a picture comes whole in one step,
/// and without `alt=sse` the steps come whole in one array.
const MAX_STEP_BYTES: usize = 32 * 1024 * 1024;

/// Collections that a model's name may begin with.
const COLLECTIONS: [&str; 3] = ["models/", "tunedModels/", "endpoints/"];

/// A provider that speaks generateContent; vendor crates add address and credentials.
///
/// Calls go to `{base_url}/models/{model}:generateContent` and `…:streamGenerateContent?alt=sse`,
/// which fits the Gemini API (`…/v1beta`) and Vertex AI
/// (`…/v1/projects/P/locations/L/publishers/google`) alike. A vendor whose credential changes from call
/// to call hands over a transport that adds it.
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
        let model = model_path(req.model.as_str());
        let path = match accept {
            Accept::EventStream => format!("{model}:streamGenerateContent?alt=sse"),
            _ => format!("{model}:generateContent"),
        };
        let url = join_url(&self.base_url, &path);
        let request = HttpRequest::post_json(url, body, accept).with_headers(&self.headers);
        checked(self.transport.send(cx, request).await?).await
    }

    async fn try_complete(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatResponse> {
        let response = self.send(cx, req, Accept::Json).await?;
        let meta = response.meta();
        let read = match response.bytes(MAX_RESPONSE_BYTES).await {
            Ok(body) => decode_response(body),
            Err(error) => Err(error),
        };
        match read {
            Ok(mut response) => {
                response.meta = meta;
                Ok(response)
            }
            Err(error) => Err(identified(error, meta.request_id)),
        }
    }

    async fn try_stream(&self, cx: &CallContext, req: &ChatRequest) -> Result<ChatStream> {
        let response = self.send(cx, req, Accept::EventStream).await?;
        let meta = response.meta();
        let reader = FrameReader {
            events: response.sse(SseLimits::default().with_event_bytes(MAX_STEP_BYTES)),
            decoder: StreamDecoder::new(),
            provider: self.id.clone(),
            model: req.model.clone(),
            request_id: meta.request_id.clone(),
        };
        let frames = stream::unfold(Some(reader), |reader| async { Some(reader?.next().await) });
        Ok(ChatStream::new(meta, frames))
    }
}

#[async_trait]
impl Provider for GenerateContentAdapter {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn capabilities(&self, _: &ModelId) -> Capabilities {
        Capabilities::new(self.quirks.features).with_format(FORMAT)
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
        checked(self.transport.send(cx, request).await?).await?;
        Ok(())
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

/// The model's place below the base address; a name cannot leave it.
fn model_path(model: &str) -> String {
    let collection = COLLECTIONS
        .iter()
        .find(|collection| model.starts_with(**collection));
    let (collection, name) = model.split_at(collection.map_or(0, |collection| collection.len()));
    let collection = match collection {
        "" => "models/",
        collection => collection,
    };
    let mut path = collection.to_owned();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            path.push(char::from(byte));
        } else {
            path.push_str(&format!("%{byte:02X}"));
        }
    }
    path
}

/// The answer if it is a success, else the error it tells.
async fn checked(response: HttpResponse) -> Result<HttpResponse> {
    if response.is_success() {
        return Ok(response);
    }
    let (status, headers) = (response.status, response.headers.clone());
    let request_id = response.meta().request_id;
    // A body that breaks off leaves the status, which says enough.
    let body = response.bytes(MAX_ERROR_BYTES).await.unwrap_or_default();
    Err(identified(decode_error(status, &headers, body), request_id))
}

/// Adds the exchange's id where the error does not tell one itself.
fn identified(error: Error, id: Option<String>) -> Error {
    match error.request_id() {
        Some(_) => error,
        None => error.with_request_id(id),
    }
}

/// Turns events into frames until the end of the body or a failure.
struct FrameReader {
    events: SseStream,
    decoder: StreamDecoder,
    provider: ProviderId,
    model: ModelId,
    request_id: Option<String>,
}

impl FrameReader {
    async fn next(mut self) -> (Result<Frame>, Option<Self>) {
        let frame = match self.events.next().await {
            Some(Ok(event)) => self.decoder.push(event),
            Some(Err(error)) => Err(error.with_phase(self.decoder.phase())),
            None => self.decoder.finish(),
        };
        match frame {
            Ok(frame) if frame.is_end() => (Ok(frame), None),
            Ok(frame) => (Ok(frame), Some(self)),
            Err(error) => {
                let error =
                    identified(error, self.request_id).with_target(&self.provider, &self.model);
                (Err(error), None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(model: &str, path: &str) {
        assert_eq!(model_path(model), path);
    }

    #[test]
    fn a_models_name_cannot_leave_its_place() {
        check("gemini-2.5-flash", "models/gemini-2.5-flash");
        check("models/gemini-2.5-flash", "models/gemini-2.5-flash");
        check("tunedModels/mine-1", "tunedModels/mine-1");
        check("../x?key=1#y", "models/..%2Fx%3Fkey%3D1%23y");
        check("gemini-1.5@001", "models/gemini-1.5@001");
        check("", "models/");
    }
}
