//! What the adapters of this crate do alike in an exchange with a vendor.

use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use interline_core::{
    CallContext, ChatRequest, ChatResponse, ChatStream, Error, FormatId, ModelId, ProviderId,
    Result,
};
use interline_transport::{
    Accept, FrameDecoder, HttpRequest, HttpResponse, SseLimits, Transport, body_snippet,
};
use serde_json::Value;

use crate::chat::{decode_error, vendor_error};
use crate::{FORWARDED_HEADERS, Mode};

/// The longest whole answer, in bytes: 64 MiB (chosen, not measured), room for several pictures.
const ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// The longest error body, in bytes: 256 KiB (chosen, not measured).
const ERROR_BYTES: usize = 256 * 1024;

/// The kind of answer that is asked for.
pub(crate) const fn accept(mode: Mode) -> Accept {
    match mode {
        Mode::Unary => Accept::Json,
        Mode::Stream => Accept::EventStream,
    }
}

/// The caller's own headers that belong to `format`.
pub(crate) fn forwarded(request: &ChatRequest, format: &FormatId) -> HeaderMap {
    let Some(origin) = request.origin_in(format) else {
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
pub(crate) async fn succeeded(response: HttpResponse) -> Result<HttpResponse> {
    response
        .error_for_status(ERROR_BYTES, crate::decode_error)
        .await
}

/// Reads a whole answer.
pub(crate) async fn answer(
    response: HttpResponse,
    decode: fn(Bytes) -> Result<ChatResponse>,
) -> Result<ChatResponse> {
    let status = response.status;
    let answer = response.answer(ANSWER_BYTES, decode).await;
    answer.map_err(|error| at_status(error, status))
}

/// Reads a streamed answer of `model` at `provider`.
pub(crate) async fn frames(
    response: HttpResponse,
    decoder: impl FrameDecoder,
    provider: &ProviderId,
    model: &ModelId,
) -> Result<ChatStream> {
    let status = response.status;
    if is_page(&response) {
        let request_id = response.meta().request_id;
        let error = page(response).await.with_request_id(request_id);
        return Err(at_status(error, status));
    }
    let stream = response.frames(SseLimits::default(), decoder, provider, model);
    let meta = stream.meta.clone();
    let frames = stream.map(move |frame| frame.map_err(|error| at_status(error, status)));
    Ok(ChatStream::new(meta, frames))
}

/// Asks `url` for something free that needs the key. What is said does not matter, unless it is a web
/// page.
pub(crate) async fn checked(
    transport: &dyn Transport,
    cx: &CallContext,
    url: String,
    headers: &HeaderMap,
) -> Result<()> {
    let outbound = HttpRequest::get(url).with_headers(headers);
    let response = succeeded(transport.send(cx, outbound).await?).await?;
    if is_page(&response) {
        return Err(page(response).await);
    }
    // Read to its end, so that the connection can be used again.
    response.bytes(ANSWER_BYTES).await.map(drop)
}

/// Says which status the failing exchange had; one that the error already has stays.
pub(crate) fn at_status(error: Error, status: u16) -> Error {
    match error.status() {
        Some(_) => error,
        None => error.with_status(status),
    }
}

/// Whether the body claims to be a web page: some proxy answered, not the vendor.
pub(crate) fn is_page(response: &HttpResponse) -> bool {
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

/// The web page as an error.
pub(crate) async fn page(response: HttpResponse) -> Error {
    match response.bytes(ERROR_BYTES).await {
        Ok(body) => Error::protocol(format!(
            "the vendor answered with a web page: {}",
            body_snippet(&body)
        )),
        Err(error) => error,
    }
}

/// The error that a body reports although the status says success; `None` where it reports none.
pub(crate) fn in_band_error(body: &Bytes) -> Option<Error> {
    let document: Value = serde_json::from_slice(body).ok()?;
    let error = vendor_error::find(&document, None)?;
    Some(decode_error::in_band(error, body.clone()))
}
