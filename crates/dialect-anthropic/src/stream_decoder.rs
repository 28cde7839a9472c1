//! A vendor's stream of events, one event at a time.

use bytes::Bytes;
use interline_core::{Error, Frame, Phase, RawFrame, Result, StreamEvent};
use interline_transport::{FrameDecoder, SseEvent};
use serde_json::Value;

use crate::open_blocks::{CHOICE, OpenBlocks};
use crate::usage::WireUsage;
use crate::{FORMAT, decode_error, stop_reason};
use interline_transport::json::{Fields, Flaw};

/// Reads one stream.
#[derive(Debug, Default)]
pub struct StreamDecoder {
    blocks: OpenBlocks,
    usage: WireUsage,
    saw_content: bool,
    ended: bool,
}

impl StreamDecoder {
    /// A decoder at the beginning of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one event. Pings and events no type knows give a frame without events.
    ///
    /// # Errors
    /// What an `error` event says, or `Protocol` for an event that breaks the format; the phase tells
    /// whether content was seen before.
    pub fn push(&mut self, event: SseEvent) -> Result<Frame> {
        let raw = RawFrame::new(FORMAT, event.event, event.data);
        let events = self
            .events(raw.event.as_deref(), &raw.data)
            .map_err(|error| error.with_phase(self.phase()))?;
        let frame = Frame::new(raw, events);
        self.saw_content |= frame.has_content();
        self.ended |= frame.is_end();
        Ok(frame)
    }

    /// Says that the body is over.
    ///
    /// # Errors
    /// `Protocol` where `message_stop` has not come: the answer was cut.
    pub fn finish(&mut self) -> Result<()> {
        if self.ended {
            return Ok(());
        }
        Err(
            Error::protocol("the stream ended before `message_stop`: the answer was cut")
                .with_phase(self.phase()),
        )
    }

    const fn phase(&self) -> Phase {
        if self.saw_content {
            Phase::AfterOutput
        } else {
            Phase::BeforeOutput
        }
    }

    fn events(&mut self, name: Option<&str>, data: &Bytes) -> Result<Vec<StreamEvent>> {
        if self.ended || data.is_empty() {
            return Ok(Vec::new());
        }
        let value: Value = serde_json::from_slice(data).map_err(|source| {
            Error::protocol("an event of the stream is not JSON").with_source(source)
        })?;
        let kind = value.get("type").and_then(Value::as_str).or(name);
        if kind == Some("error") {
            return Err(decode_error::decode_in_band(&value, data.clone()));
        }
        let what = kind.unwrap_or("an event without a type").to_owned();
        Fields::of(&value)
            .and_then(|fields| self.read(&what, fields))
            .map_err(|flaw| flaw.into_protocol(&format!("stream event {what}")))
    }

    fn read(&mut self, kind: &str, fields: Fields<'_>) -> Result<Vec<StreamEvent>, Flaw> {
        let index = || fields.u64("index")?.ok_or_else(|| Flaw::missing("index"));
        match kind {
            "message_start" => {
                let message = object(fields, "message")?;
                self.start(message).map_err(|flaw| flaw.within("message"))
            }
            "content_block_start" => {
                let block = fields
                    .get("content_block")
                    .ok_or_else(|| Flaw::missing("content_block"))?;
                self.blocks
                    .open(index()?, block)
                    .map_err(|flaw| flaw.within("content_block"))
            }
            "content_block_delta" => {
                let delta = object(fields, "delta")?;
                self.blocks
                    .extend(index()?, delta)
                    .map_err(|flaw| flaw.within("delta"))
            }
            "content_block_stop" => self.blocks.close(index()?),
            "message_delta" => self.delta(fields),
            "message_stop" => Ok(vec![StreamEvent::End]),
            _ => Ok(Vec::new()),
        }
    }

    fn start(&mut self, message: Fields<'_>) -> Result<Vec<StreamEvent>, Flaw> {
        let mut events = vec![StreamEvent::Started {
            id: message.str("id")?.map(str::to_owned),
            model: message.str("model")?.map(str::to_owned),
            created: None,
        }];
        events.extend(self.count(message)?);
        Ok(events)
    }

    /// The usage so far, where the event gives counts.
    fn count(&mut self, fields: Fields<'_>) -> Result<Option<StreamEvent>, Flaw> {
        let Some(counts) = fields.object("usage")? else {
            return Ok(None);
        };
        self.usage
            .update(counts)
            .map_err(|flaw| flaw.within("usage"))?;
        Ok(Some(StreamEvent::Usage(self.usage.to_core())))
    }

    fn delta(&mut self, fields: Fields<'_>) -> Result<Vec<StreamEvent>, Flaw> {
        let mut events: Vec<StreamEvent> = self.count(fields)?.into_iter().collect();
        if let Some(delta) = fields.object("delta")? {
            let within = |flaw: Flaw| flaw.within("delta");
            if let Some(reason) = delta.str("stop_reason").map_err(within)? {
                events.push(StreamEvent::Finished {
                    choice: CHOICE,
                    reason: stop_reason::to_core(reason),
                    stop_sequence: delta
                        .str("stop_sequence")
                        .map_err(within)?
                        .map(str::to_owned),
                });
            }
        }
        Ok(events)
    }
}

impl FrameDecoder for StreamDecoder {
    fn push(&mut self, event: SseEvent) -> Result<Frame> {
        Self::push(self, event)
    }

    fn finish(&mut self) -> Result<Option<Frame>> {
        Self::finish(self).map(|()| None)
    }

    fn phase(&self) -> Phase {
        Self::phase(self)
    }
}

fn object<'a>(fields: Fields<'a>, key: &str) -> Result<Fields<'a>, Flaw> {
    fields.object(key)?.ok_or_else(|| Flaw::missing(key))
}

#[cfg(test)]
mod tests;
