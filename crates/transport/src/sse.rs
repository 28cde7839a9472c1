//! Server-sent events as data: an event, how it stood in the body, and what a stream may cost.

use std::fmt;

use bytes::Bytes;

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
    /// The longest data of one event, in bytes; at least 1. Default 4 MiB (chosen, not measured).
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
    /// Sets the longest data of one event, in bytes.
    #[must_use]
    pub const fn with_event_bytes(mut self, event_bytes: usize) -> Self {
        self.event_bytes = event_bytes;
        self
    }
}
