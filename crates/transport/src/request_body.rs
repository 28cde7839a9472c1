//! A request body that tells when it begins to be written.
//!
//! The HTTP client asks for the body only once a connection stands, so the first question is the
//! moment from which the request may be billed. Nothing else in the client tells it.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use interline_core::{Progress, ProgressSink};

use crate::connect_error::Sent;

/// Whether a body began to be written; shared between the body and who sends it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SentFlag(Arc<AtomicBool>);

impl SentFlag {
    pub(crate) fn get(&self) -> Sent {
        if self.0.load(Ordering::Acquire) {
            Sent::Perhaps
        } else {
            Sent::Nothing
        }
    }

    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A body in one piece.
#[derive(Debug)]
pub(crate) struct RequestBody {
    bytes: Bytes,
    sent: SentFlag,
    progress: Arc<dyn ProgressSink>,
}

impl RequestBody {
    pub(crate) fn new(bytes: Bytes, sent: SentFlag, progress: Arc<dyn ProgressSink>) -> Self {
        Self {
            bytes,
            sent,
            progress,
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.bytes.is_empty() {
            return Poll::Ready(None);
        }
        self.sent.set();
        self.progress.report(Progress::Sending);
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}
