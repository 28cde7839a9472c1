//! The events of a body that is still arriving.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use interline_core::{Progress, ProgressSink, Result};

use crate::echoed_secret::EchoedSecrets;
use crate::http_response::Body;
use crate::sse_parser::{SseItem, SseParser};
use crate::{SseEvent, SseLimits};

/// The name of events that only say that the vendor is alive.
const PING_EVENT: &str = "ping";

/// The events of a body, in order; ends with the body or after one error.
///
/// An event that the body's end cuts short is not delivered, as the standard asks, so a stream
/// without its terminal event stays recognisable as cut.
/// Comments are reported as `Ping` and not delivered; events named `ping` are both.
///
/// # Cancellation
/// Dropping it closes the exchange with the vendor.
pub struct SseStream {
    /// `None` once nothing more is to be read.
    body: Option<Body>,
    parser: SseParser,
    progress: Arc<dyn ProgressSink>,
    echoed: EchoedSecrets,
}

impl SseStream {
    pub(crate) fn new(body: Body, progress: Arc<dyn ProgressSink>, limits: SseLimits) -> Self {
        Self {
            body: Some(body),
            parser: SseParser::new(limits),
            progress,
            echoed: EchoedSecrets::default(),
        }
    }

    /// Says which secrets events are delivered without.
    pub(crate) fn with_echoed_secrets(mut self, echoed: EchoedSecrets) -> Self {
        self.echoed = echoed;
        self
    }

    /// What the parser can say from the bytes it has.
    fn parsed(&mut self) -> Option<Result<SseEvent>> {
        loop {
            match self.parser.next()? {
                Ok(SseItem::Ping) => self.progress.report(Progress::Ping),
                Ok(SseItem::Event(mut event)) => {
                    event.data = self.echoed.removed_from(event.data);
                    if event.event.as_deref() == Some(PING_EVENT) {
                        self.progress.report(Progress::Ping);
                    }
                    return Some(Ok(event));
                }
                Err(error) => {
                    self.body = None;
                    return Some(Err(error));
                }
            }
        }
    }
}

impl Stream for SseStream {
    type Item = Result<SseEvent>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(event) = this.parsed() {
                return Poll::Ready(Some(event));
            }
            let Some(body) = &mut this.body else {
                return Poll::Ready(None);
            };
            match ready!(body.as_mut().poll_next(cx)) {
                Some(Ok(chunk)) => {
                    this.progress.report(Progress::Bytes(chunk.len()));
                    this.parser.push(chunk);
                }
                Some(Err(error)) => {
                    this.body = None;
                    return Poll::Ready(Some(Err(error)));
                }
                None => {
                    this.body = None;
                    this.parser.finish();
                }
            }
        }
    }
}

impl fmt::Debug for SseStream {
    /// Leaves the bytes out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SseStream")
            .field("ended", &self.body.is_none())
            .finish_non_exhaustive()
    }
}
