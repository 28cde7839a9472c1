//! A streamed answer: frames of typed events, with the vendor's own bytes beside them.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;

use crate::{Error, FormatId, ResponseMeta, StreamEvent};

/// A streamed answer.
///
/// Yields [`Frame`]s and ends after the one with [`StreamEvent::End`], or with one error.
/// A stream that ends without either was cut; adapters report that as a `Protocol` error of phase
/// `AfterOutput` or `BeforeOutput`.
///
/// # Cancellation
/// Dropping the stream closes the connection to the vendor.
pub struct ChatStream {
    /// What the vendor said before the first frame.
    pub meta: ResponseMeta,
    frames: Pin<Box<dyn Stream<Item = Result<Frame, Error>> + Send>>,
}

impl ChatStream {
    /// Wraps frames that follow `meta`.
    pub fn new(
        meta: ResponseMeta,
        frames: impl Stream<Item = Result<Frame, Error>> + Send + 'static,
    ) -> Self {
        Self {
            meta,
            frames: Box::pin(frames),
        }
    }
}

impl Stream for ChatStream {
    type Item = Result<Frame, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.frames.as_mut().poll_next(cx)
    }
}

impl fmt::Debug for ChatStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatStream")
            .field("meta", &self.meta)
            .finish_non_exhaustive()
    }
}

/// One frame of a vendor's stream.
///
/// Pings and frames that no type knows have no events, but still travel on to callers of the same
/// format. The events are what `raw` means: decoding `raw` again gives them.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Frame {
    /// The frame as it arrived, where it came over a wire.
    pub raw: Option<RawFrame>,
    /// What it means, in order.
    pub events: Vec<StreamEvent>,
}

impl Frame {
    /// A frame that came over a wire.
    #[must_use]
    pub const fn new(raw: RawFrame, events: Vec<StreamEvent>) -> Self {
        Self {
            raw: Some(raw),
            events,
        }
    }

    /// A frame made of events only.
    pub fn of(events: impl Into<Vec<StreamEvent>>) -> Self {
        Self {
            raw: None,
            events: events.into(),
        }
    }

    /// Whether the caller would notice a restart after this frame.
    #[must_use]
    pub fn has_content(&self) -> bool {
        self.events.iter().any(StreamEvent::is_content)
    }

    /// Whether this is the vendor's terminal frame.
    #[must_use]
    pub fn is_end(&self) -> bool {
        self.events.contains(&StreamEvent::End)
    }

    /// The memory the frame holds on the wire side, in bytes.
    #[must_use]
    pub fn raw_len(&self) -> usize {
        self.raw.as_ref().map_or(0, |raw| raw.data.len())
    }
}

/// A server-sent event as it arrived.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawFrame {
    /// The wire format it belongs to.
    pub format: FormatId,
    /// The event's name, where it has one.
    pub event: Option<String>,
    /// The event's data.
    pub data: Bytes,
}

impl RawFrame {
    /// An event of a format.
    #[must_use]
    pub const fn new(format: FormatId, event: Option<String>, data: Bytes) -> Self {
        Self {
            format,
            event,
            data,
        }
    }
}

impl fmt::Debug for RawFrame {
    /// Shows the length of the data instead of the answer in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawFrame")
            .field("format", &self.format)
            .field("event", &self.event)
            .field("data_bytes", &self.data.len())
            .finish()
    }
}
