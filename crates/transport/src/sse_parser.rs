//! Bytes in, events out: server-sent events without I/O, whatever the cuts between the bytes.
//!
//! `sse-core` decodes the fields. This layer walks line by line in front of it, for what the
//! standard throws away and a proxy must not: comments (a sign of life), invalid UTF-8 (an error,
//! not U+FFFD), a bare JSON document (an error of the vendor's), and the `error:` field with which
//! llama.cpp servers up to 2025 end a failed stream (delivered as an event named `error`).
//!
//! An event without its final blank line is dropped, as the standard asks. Every one of the 190
//! recorded event streams that this was checked against ends with the blank line.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroUsize;

use bytes::Bytes;
use interline_core::{Error, Result};
use sse_core::{SseDecoder, SseEvent as Decoded};

use crate::bare_json::BareJson;
use crate::utf8_gate::Utf8Gate;
use crate::{SseEvent, SseLimits};

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
const ERROR_FIELD: &[u8] = b"error:";
/// What an `error:` field is read as.
const ERROR_EVENT: &[u8] = b"event: error\ndata:";

/// What a stream says next.
#[derive(Debug, PartialEq)]
pub(crate) enum SseItem {
    Event(SseEvent),
    /// A comment.
    Ping,
}

/// Parses one body.
pub(crate) struct SseParser {
    decoder: SseDecoder,
    gate: Utf8Gate,
    /// Valid bytes that are still to be looked at.
    input: Bytes,
    place: Place,
    event: EventSoFar,
    end: End,
    limits: SseLimits,
}

/// Where the next byte stands.
#[derive(Debug)]
enum Place {
    BodyStart,
    LineStart,
    /// After a carriage return; a line feed right behind it belongs to the same line end.
    AfterReturn,
    /// At a line's start, with so many bytes of [`ERROR_FIELD`] seen and held back.
    ErrorField(usize),
    Line,
    Json(BareJson),
    /// After a bare document, up to and with the line's end.
    AfterJson,
}

/// Whether the current event has fields yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EventSoFar {
    Empty,
    Fields,
}

/// How far the end of the body has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Ahead,
    Reached,
    Told,
}

impl SseParser {
    pub(crate) fn new(limits: SseLimits) -> Self {
        let limit = NonZeroUsize::new(limits.event_bytes).unwrap_or(NonZeroUsize::MIN);
        Self {
            decoder: SseDecoder::with_limit(limit),
            gate: Utf8Gate::default(),
            input: Bytes::new(),
            place: Place::BodyStart,
            event: EventSoFar::Empty,
            end: End::Ahead,
            limits,
        }
    }

    /// Takes the next bytes; to be called once [`Self::next`] has nothing more to say.
    pub(crate) fn push(&mut self, chunk: Bytes) {
        debug_assert!(self.input.is_empty(), "the input must be drained first");
        if self.end != End::Told {
            self.input = self.gate.pass(chunk);
        }
    }

    /// Takes note that the body is over.
    pub(crate) fn finish(&mut self) {
        if self.end == End::Ahead {
            self.end = End::Reached;
        }
    }

    /// What the bytes so far say next; `None` where more are needed or the body is over.
    /// After an error there is nothing more.
    pub(crate) fn next(&mut self) -> Option<Result<SseItem>> {
        if self.end == End::Told {
            return None;
        }
        while !self.input.is_empty() {
            if let Some(item) = self.step() {
                if item.is_err() {
                    self.end = End::Told;
                    self.input.clear();
                }
                return Some(item);
            }
        }
        let fault = self.fault_at_the_end_of_input()?;
        self.end = End::Told;
        Some(Err(Error::protocol(fault)))
    }

    fn fault_at_the_end_of_input(&self) -> Option<&'static str> {
        if self.gate.is_invalid() {
            return Some("the event stream is not valid UTF-8");
        }
        if self.end == End::Ahead {
            return None;
        }
        if self.gate.is_cut() {
            return Some("the event stream ends inside a UTF-8 character");
        }
        matches!(self.place, Place::Json(_))
            .then_some("the event stream ends inside a bare JSON document")
    }

    /// Looks at the next bytes, at most one line; `input` is not empty.
    fn step(&mut self) -> Option<Result<SseItem>> {
        let first = *self.input.first()?;
        match &mut self.place {
            Place::BodyStart => {
                self.place = Place::LineStart;
                if self.input.starts_with(BYTE_ORDER_MARK) {
                    let _ = self.input.split_to(BYTE_ORDER_MARK.len());
                }
                None
            }
            Place::LineStart => self.start_line(first),
            Place::AfterReturn => {
                self.place = Place::LineStart;
                if first == b'\n' {
                    let _ = self.input.split_to(1);
                }
                None
            }
            Place::ErrorField(seen) => {
                if ERROR_FIELD.get(*seen) == Some(&first) {
                    *seen += 1;
                    let _ = self.input.split_to(1);
                    if *seen < ERROR_FIELD.len() {
                        return None;
                    }
                    self.place = Place::Line;
                    return self.feed(Bytes::from_static(ERROR_EVENT));
                }
                let held = ERROR_FIELD.get(..*seen).unwrap_or_default();
                self.place = Place::Line;
                self.feed(Bytes::from_static(held))
            }
            Place::Line => {
                let line = self.rest_of_line();
                self.feed(line)
            }
            Place::Json(json) => {
                let document = json.take(&mut self.input);
                let length = document.as_ref().map_or(json.len(), Bytes::len);
                if length > self.limits.event_bytes {
                    return Some(Err(self.too_long()));
                }
                let document = document?;
                self.place = Place::AfterJson;
                Some(Ok(SseItem::Event(SseEvent::bare_json(document))))
            }
            Place::AfterJson => {
                let _ = self.rest_of_line();
                None
            }
        }
    }

    /// Takes what the input has of the line, its end included, and remembers what comes after.
    fn rest_of_line(&mut self) -> Bytes {
        let end = self
            .input
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'));
        match end {
            Some(end) => {
                let line = self.input.split_to(end + 1);
                self.place = match line.last() {
                    Some(b'\r') => Place::AfterReturn,
                    _ => Place::LineStart,
                };
                line
            }
            None => std::mem::take(&mut self.input),
        }
    }

    fn start_line(&mut self, first: u8) -> Option<Result<SseItem>> {
        match first {
            b'\n' | b'\r' => {
                self.event = EventSoFar::Empty;
                let blank = self.rest_of_line();
                return self.feed(blank);
            }
            b':' => {
                self.place = Place::Line;
                return Some(Ok(SseItem::Ping));
            }
            b'{' | b'[' => self.place = Place::Json(BareJson::default()),
            b'e' if self.event == EventSoFar::Empty => {
                self.place = Place::ErrorField(0);
                self.event = EventSoFar::Fields;
            }
            _ => {
                self.place = Place::Line;
                self.event = EventSoFar::Fields;
            }
        }
        None
    }

    /// Gives the decoder bytes with at most one blank line among them, so at most one event.
    fn feed(&mut self, mut bytes: Bytes) -> Option<Result<SseItem>> {
        loop {
            match self.decoder.next(&mut bytes)? {
                Ok(Decoded::Message(message)) => {
                    // An event without a name gets the standard's default, borrowed.
                    let name = match message.event {
                        Cow::Borrowed(_) => None,
                        Cow::Owned(name) => Some(name),
                    };
                    let data = compact(message.data);
                    return Some(Ok(SseItem::Event(SseEvent::new(name, data))));
                }
                Ok(Decoded::Retry(_)) => {}
                Err(_) => return Some(Err(self.too_long())),
            }
        }
    }

    fn too_long(&self) -> Error {
        Error::protocol(format!(
            "an event of the stream is longer than the limit of {} bytes",
            self.limits.event_bytes
        ))
    }
}

impl fmt::Debug for SseParser {
    /// Leaves the bytes out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SseParser")
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// The text as bytes that hold no more memory than they need.
///
/// The decoder gives every event a buffer as large as the largest before it, so one giant event
/// would make each small one that somebody keeps as costly as itself.
fn compact(text: String) -> Bytes {
    if text.capacity() > 2 * text.len() {
        Bytes::copy_from_slice(text.as_bytes())
    } else {
        Bytes::from(text)
    }
}

#[cfg(test)]
mod tests;
