//! A stream of ConverseStream, one event at a time.
//!
//! `messageStop` is the terminal event, and `metadata` with the counts follows it; so the answer ends
//! with the body, and is complete only where `messageStop` came. An exception may come at any time.
//! Calls of tools that the vendor runs itself, and their results, are gathered and come out whole.

use std::collections::BTreeMap;

use interline_core::{
    Error, FinishReason, Frame, Media, Part, Phase, RawFrame, Reasoning, Result, Signature,
    StreamEvent,
};
use interline_transport::FrameDecoder;
use serde_json::{Map, Value, json};

use crate::media::{MediaKind, mime_of};
use crate::model_family::ModelFamily;
use crate::{
    EventMessage, FORMAT, MessageKind, block_decode, decode_error, format, stop_reason, usage,
};
use interline_transport::json::{Fields, Flaw};

/// The most blocks that may be open at once (chosen, not measured; models open one).
const MAX_OPEN_BLOCKS: usize = 256;

/// The most that is gathered of one block, in bytes (chosen, not measured).
const MAX_GATHERED_BYTES: usize = 4 * 1024 * 1024;

/// The one answer of a stream.
const CHOICE: u32 = 0;

/// Reads one stream.
#[derive(Debug)]
pub struct StreamDecoder {
    model: String,
    /// Blocks that need to be remembered until they stop, by the vendor's index.
    open: BTreeMap<u64, Block>,
    calls: u32,
    saw_content: bool,
    stopped: bool,
}

/// A block that has begun.
#[derive(Debug)]
enum Block {
    /// A call of the caller's tool, by its place among the calls.
    Call(u32),
    /// A call of a tool that the vendor runs, and its arguments so far.
    OwnCall(Map<String, Value>, String),
    /// The result of such a tool so far, and its size in bytes.
    OwnResult(Map<String, Value>, Vec<Value>, usize),
    /// A picture of this form, which comes in one piece.
    Picture(String),
}

impl StreamDecoder {
    /// A decoder at the beginning of a stream of `model`, which the stream itself does not name.
    pub fn new(model: impl Into<String>) -> Self {
        Self {
            model: model.into(),
            open: BTreeMap::new(),
            calls: 0,
            saw_content: false,
            stopped: false,
        }
    }

    /// Reads one event.
    ///
    /// # Errors
    /// What an exception says, or `Protocol` for an event that breaks the format; the phase tells
    /// whether content was seen before.
    pub fn push(&mut self, message: EventMessage) -> Result<Frame> {
        let events = self.events(&message);
        let events = events.map_err(|error| error.with_phase(self.phase()))?;
        self.saw_content |= events.iter().any(StreamEvent::is_content);
        let raw = RawFrame::new(FORMAT, Some(message.name), message.payload);
        Ok(Frame::new(raw, events))
    }

    /// Says that the body is over; gives the last frame, which has no bytes of its own.
    ///
    /// # Errors
    /// `Protocol` where `messageStop` has not come: the answer was cut.
    pub fn finish(&mut self) -> Result<Frame> {
        if self.stopped {
            return Ok(Frame::of([StreamEvent::End]));
        }
        Err(
            Error::protocol("the stream ended before `messageStop`: the answer was cut")
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

    fn events(&mut self, message: &EventMessage) -> Result<Vec<StreamEvent>> {
        if message.kind == MessageKind::Exception {
            let payload = message.payload.clone();
            return Err(decode_error::decode_in_band(&message.name, payload));
        }
        let value: Value = serde_json::from_slice(&message.payload).map_err(|source| {
            Error::protocol(format!("`{}` of the stream is not JSON", message.name))
                .with_source(source)
        })?;
        self.event(&message.name, &value)
            .map_err(|flaw| flaw.into_protocol(&format!("`{}` of the stream", message.name)))
    }

    fn event(&mut self, name: &str, value: &Value) -> Result<Vec<StreamEvent>, Flaw> {
        let fields = Fields::of(value)?;
        Ok(match name {
            "messageStart" => vec![StreamEvent::Started {
                id: None,
                model: Some(self.model.clone()),
                created: None,
            }],
            "contentBlockStart" => self.start(index(fields)?, fields)?,
            "contentBlockDelta" => self.delta(index(fields)?, fields)?,
            "contentBlockStop" => self.close(index(fields)?),
            "messageStop" => {
                let reason = fields.required_str("stopReason")?;
                self.stop(
                    stop_reason::decode(reason),
                    stop_reason::stop_sequence(value),
                )
            }
            "metadata" => match fields.object("usage")? {
                Some(counts) => {
                    let usage = usage::read(counts).map_err(|flaw| flaw.within("usage"))?;
                    vec![StreamEvent::Usage(usage)]
                }
                None => Vec::new(),
            },
            _ => Vec::new(),
        })
    }

    fn start(&mut self, index: u64, fields: Fields<'_>) -> Result<Vec<StreamEvent>, Flaw> {
        let Some(start) = fields.object("start")? else {
            return Ok(Vec::new());
        };
        let within = |flaw: Flaw| flaw.within("start");
        let mut events = Vec::new();
        let block = if let Some(call) = start.object("toolUse").map_err(within)? {
            if block_decode::is_own_tool(call) {
                Block::OwnCall(call.rest(&[]), String::new())
            } else {
                let text = |key| {
                    let text = call.required_str(key).map(str::to_owned);
                    text.map_err(|flaw| within(flaw.within("toolUse")))
                };
                let place = self.calls;
                self.calls = self.calls.saturating_add(1);
                events.push(StreamEvent::ToolCallStart {
                    choice: CHOICE,
                    index: place,
                    id: text("toolUseId")?,
                    name: text("name")?,
                });
                Block::Call(place)
            }
        } else if let Some(result) = start.object("toolResult").map_err(within)? {
            Block::OwnResult(result.rest(&[]), Vec::new(), 0)
        } else if let Some(picture) = start.object("image").map_err(within)? {
            let form = picture
                .str("format")
                .map_err(|flaw| within(flaw.within("image")))?;
            Block::Picture(form.unwrap_or("png").to_owned())
        } else {
            let unknown = Value::Object(start.rest(&[]));
            return Ok(vec![part(Part::other(FORMAT, unknown))]);
        };
        if self.open.len() >= MAX_OPEN_BLOCKS {
            return Err(Flaw::new("too many blocks are open").within("contentBlockIndex"));
        }
        if let Some(before) = self.open.insert(index, block) {
            let mut closed: Vec<_> = before.into_part().map(part).into_iter().collect();
            closed.extend(events);
            return Ok(closed);
        }
        Ok(events)
    }

    fn delta(&mut self, index: u64, fields: Fields<'_>) -> Result<Vec<StreamEvent>, Flaw> {
        let delta = fields.required_object("delta")?;
        let within = |flaw: Flaw| flaw.within("delta");
        let event = if let Some(text) = delta.str("text").map_err(within)? {
            said(text, |text| StreamEvent::Text {
                choice: CHOICE,
                text,
            })
        } else if let Some(thought) = delta.object("reasoningContent").map_err(within)? {
            reasoning(thought, &self.model)
                .map_err(|flaw| within(flaw.within("reasoningContent")))?
        } else if let Some(call) = delta.object("toolUse").map_err(within)? {
            let input = call.str("input");
            let input = input.map_err(|flaw| within(flaw.within("toolUse")))?;
            self.arguments(index, input.unwrap_or_default())?
        } else if let Some(results) = delta.get("toolResult") {
            self.results(index, results)?
        } else if let Some(citation) = delta.get("citation") {
            let cited = format::mark("citation", citation.clone());
            Some(part(Part::text("").with_extra(cited)))
        } else if let Some(picture) = delta.object("image").map_err(within)? {
            self.picture(index, picture)
        } else {
            let unknown = Value::Object(delta.rest(&[]));
            Some(part(Part::other(FORMAT, unknown)))
        };
        Ok(event.into_iter().collect())
    }

    fn arguments(&mut self, index: u64, input: &str) -> Result<Option<StreamEvent>, Flaw> {
        match self.open.get_mut(&index) {
            Some(Block::Call(place)) => {
                let place = *place;
                Ok(said(input, |arguments| StreamEvent::ToolCallDelta {
                    choice: CHOICE,
                    index: place,
                    arguments,
                }))
            }
            Some(Block::OwnCall(_, so_far)) => {
                check_gathered(so_far.len() + input.len())?;
                so_far.push_str(input);
                Ok(None)
            }
            _ => Err(Flaw::new("no tool call has begun here").within("contentBlockIndex")),
        }
    }

    fn results(&mut self, index: u64, results: &Value) -> Result<Option<StreamEvent>, Flaw> {
        let Some(Block::OwnResult(_, so_far, bytes)) = self.open.get_mut(&index) else {
            return Err(Flaw::new("no tool result has begun here").within("contentBlockIndex"));
        };
        *bytes += results.to_string().len();
        check_gathered(*bytes)?;
        match results {
            Value::Array(results) => so_far.extend(results.iter().cloned()),
            one => so_far.push(one.clone()),
        }
        Ok(None)
    }

    fn picture(&mut self, index: u64, picture: Fields<'_>) -> Option<StreamEvent> {
        let form = match self.open.get(&index) {
            Some(Block::Picture(form)) => form.as_str(),
            _ => "png",
        };
        let whole = || Value::Object(picture.rest(&[]));
        let data = picture.get("source").and_then(|source| source.get("bytes"));
        Some(part(match data.and_then(Value::as_str) {
            Some(data) => Part::image(Media::inline(mime_of(MediaKind::Image, form), data)),
            None => Part::other(FORMAT, json!({"image": whole()})),
        }))
    }

    fn close(&mut self, index: u64) -> Vec<StreamEvent> {
        let block = self.open.remove(&index);
        block
            .and_then(Block::into_part)
            .map(part)
            .into_iter()
            .collect()
    }

    fn stop(&mut self, reason: FinishReason, stop_sequence: Option<String>) -> Vec<StreamEvent> {
        let open = std::mem::take(&mut self.open).into_values();
        let mut events: Vec<_> = open.filter_map(Block::into_part).map(part).collect();
        self.stopped = true;
        events.push(StreamEvent::Finished {
            choice: CHOICE,
            reason,
            stop_sequence,
        });
        events
    }
}

impl FrameDecoder<EventMessage> for StreamDecoder {
    fn push(&mut self, message: EventMessage) -> Result<Frame> {
        Self::push(self, message)
    }

    fn finish(&mut self) -> Result<Option<Frame>> {
        Self::finish(self).map(Some)
    }

    fn phase(&self) -> Phase {
        Self::phase(self)
    }
}

impl Block {
    /// What was gathered, as the block would stand in a whole answer.
    fn into_part(self) -> Option<Part> {
        let whole = match self {
            Self::Call(_) | Self::Picture(_) => return None,
            Self::OwnCall(mut call, arguments) => {
                let input = serde_json::from_str(&arguments).unwrap_or(Value::String(arguments));
                call.insert("input".to_owned(), input);
                json!({"toolUse": call})
            }
            Self::OwnResult(mut result, content, _) => {
                result.insert("content".to_owned(), Value::Array(content));
                json!({"toolResult": result})
            }
        };
        Some(Part::other(FORMAT, whole))
    }
}

fn index(fields: Fields<'_>) -> Result<u64, Flaw> {
    Ok(fields.u64("contentBlockIndex")?.unwrap_or(0))
}

const fn part(part: Part) -> StreamEvent {
    StreamEvent::Part {
        choice: CHOICE,
        part,
    }
}

/// An event for words that are there.
fn said(text: &str, event: impl FnOnce(String) -> StreamEvent) -> Option<StreamEvent> {
    (!text.is_empty()).then(|| event(text.to_owned()))
}

fn reasoning(thought: Fields<'_>, model: &str) -> Result<Option<StreamEvent>, Flaw> {
    if let Some(text) = thought.str("text")? {
        return Ok(said(text, |text| StreamEvent::Reasoning {
            choice: CHOICE,
            text,
        }));
    }
    if let Some(signature) = thought.str("signature")? {
        return Ok(said(signature, |signature| {
            StreamEvent::ReasoningSignature {
                choice: CHOICE,
                signature: Signature::new(format::of_signatures(ModelFamily::of(model)), signature),
            }
        }));
    }
    let hidden = thought.str("redactedContent")?;
    Ok(hidden.map(|hidden| {
        part(Part::reasoning(Reasoning::redacted(Signature::new(
            FORMAT, hidden,
        ))))
    }))
}

fn check_gathered(bytes: usize) -> Result<(), Flaw> {
    if bytes > MAX_GATHERED_BYTES {
        let problem = format!("a block is longer than the limit of {MAX_GATHERED_BYTES} bytes");
        return Err(Flaw::new(problem));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
