//! A vendor's answer: status and headers at once, the body to be read whole or as events.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use futures_core::Stream;
use futures_util::StreamExt;
use http::{HeaderMap, header};
use interline_core::{Error, NoProgress, Progress, ProgressSink, ResponseMeta, Result};

use crate::echoed_secret::EchoedSecrets;
use crate::framing::MessageStream;
use crate::whole_body::WholeBody;
use crate::{Framing, SseLimits, SseStream, rate_limit};

/// The bytes of a body as they arrive.
pub(crate) type Body = Pin<Box<dyn Stream<Item = Result<Bytes>> + Send>>;

/// A vendor's answer whose body is still to be read.
///
/// # Cancellation
/// Dropping it, or the reader made of it, closes the exchange with the vendor.
#[non_exhaustive]
pub struct HttpResponse {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    body: Body,
    progress: Arc<dyn ProgressSink>,
    echoed: EchoedSecrets,
}

impl HttpResponse {
    /// An answer whose body arrives as `body`; its progress goes nowhere.
    pub fn new(
        status: u16,
        headers: HeaderMap,
        body: impl Stream<Item = Result<Bytes>> + Send + 'static,
    ) -> Self {
        Self {
            status,
            headers,
            body: Box::pin(body),
            progress: Arc::new(NoProgress),
            echoed: EchoedSecrets::default(),
        }
    }

    /// Says which secrets the request held, so that a body that echoes them is read without.
    pub(crate) fn with_echoed_secrets(mut self, echoed: EchoedSecrets) -> Self {
        self.echoed = echoed;
        self
    }

    /// Says where to tell how the body arrives; transports pass on `cx.progress`.
    #[must_use]
    pub fn with_progress(mut self, progress: Arc<dyn ProgressSink>) -> Self {
        self.progress = progress;
        self
    }

    /// Whether the status says success (200 to 299).
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the body claims to be server-sent events.
    #[must_use]
    pub fn is_event_stream(&self) -> bool {
        self.media_type().as_deref() == Some("text/event-stream")
    }

    /// Whether the body claims to be one JSON document (`application/json` or `…+json`).
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.media_type().is_some_and(|media_type| {
            media_type == "application/json" || media_type.ends_with("+json")
        })
    }

    /// The content type in lower case without its parameters, where there is one.
    fn media_type(&self) -> Option<String> {
        let value = self.headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let media_type = value.split(';').next().unwrap_or_default();
        Some(media_type.trim().to_ascii_lowercase())
    }

    /// What the headers say around the answer: request id, rate limits, processing time.
    #[must_use]
    pub fn meta(&self) -> ResponseMeta {
        rate_limit::response_meta(&self.headers)
    }

    /// Reads the body whole, without the request's own secrets.
    ///
    /// # Errors
    /// `Protocol` where it is longer than `limit_bytes` after decompression; `Unavailable` or
    /// `Protocol` where it breaks off.
    pub async fn bytes(mut self, limit_bytes: usize) -> Result<Bytes> {
        let mut whole = WholeBody::default();
        while let Some(chunk) = self.body.next().await {
            let chunk = chunk?;
            self.progress.report(Progress::Bytes(chunk.len()));
            if whole.len() + chunk.len() > limit_bytes {
                return Err(Error::protocol(format!(
                    "response body is longer than the limit of {limit_bytes} bytes"
                ))
                .with_status(self.status));
            }
            whole.push(chunk);
        }
        Ok(self.echoed.removed_from(whole.join()))
    }

    /// Reads the body as server-sent events, whatever its content type says, without the request's
    /// own secrets.
    #[must_use]
    pub fn sse(self, limits: SseLimits) -> SseStream {
        SseStream::new(self.body, self.progress, limits).with_echoed_secrets(self.echoed)
    }

    /// Reads the body as the messages that `framing` cuts it into.
    pub(crate) fn messages<F: Framing>(self, framing: F) -> MessageStream<F> {
        MessageStream::new(self.body, self.progress, self.echoed, framing)
    }
}

impl fmt::Debug for HttpResponse {
    /// Leaves headers and body out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
