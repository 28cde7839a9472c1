//! A vendor's stream of events, one event at a time.
//!
//! Text, thinking and the caller's tools stream as they come; hidden thinking and blocks of the
//! vendor's own tools come out whole, when they end. A tool call without arguments ends with `{}`, so
//! that its arguments are JSON in streams as in whole answers. Citations come out as empty text parts
//! whose extra holds them: they belong to the text around them.

use std::collections::BTreeMap;

use bytes::Bytes;
use interline_core::{
    Error, Frame, Part, Phase, RawFrame, Reasoning, Result, Signature, StreamEvent,
};
use interline_transport::SseEvent;
use serde_json::{Map, Value, json};

use crate::usage::WireUsage;
use crate::{FORMAT, block_decode, decode_error, fields::Fields, flaw::Flaw, format, stop_reason};

/// The most that one whole block may gather, in bytes (chosen, not measured).
const MAX_BLOCK_BYTES: usize = 16 * 1024 * 1024;

/// The most blocks that may be open at once, tool calls that have ended included; Anthropic opens one
/// (chosen, not measured).
const MAX_OPEN_BLOCKS: usize = 256;

/// There is only ever one answer.
const CHOICE: u32 = 0;

/// Reads one stream.
#[derive(Debug, Default)]
pub struct StreamDecoder {
    blocks: BTreeMap<u64, Block>,
    tools: u32,
    usage: WireUsage,
    saw_content: bool,
    ended: bool,
}

/// A content block that has begun and not ended.
#[derive(Debug)]
enum Block {
    /// Text or thinking.
    Words,
    /// A tool call; `input` is what the start said, for calls whose arguments never come.
    Tool {
        index: u32,
        input: String,
        has_arguments: bool,
    },
    /// A block that only this format knows, gathered until it ends.
    Whole { value: Value, input: String },
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

    /// How far the answer has come, for failures of the stream itself.
    pub(crate) const fn phase(&self) -> Phase {
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
                self.open(index()?, block)
                    .map_err(|flaw| flaw.within("content_block"))
            }
            "content_block_delta" => {
                let delta = object(fields, "delta")?;
                self.extend(index()?, delta)
                    .map_err(|flaw| flaw.within("delta"))
            }
            "content_block_stop" => self.close(index()?),
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

    fn open(&mut self, index: u64, value: &Value) -> Result<Vec<StreamEvent>, Flaw> {
        let fields = Fields::of(value)?;
        let (block, events) = match fields.required_str("type")? {
            "text" => (Block::Words, text(fields.str("text")?)),
            "thinking" => {
                let mut events = thoughts(fields.str("thinking")?);
                events.extend(signature(fields.str("signature")?));
                (Block::Words, events)
            }
            "redacted_thinking" => {
                let data = Signature::new(FORMAT, fields.required_str("data")?);
                let part = Part::reasoning(Reasoning::redacted(data));
                (Block::Words, vec![whole(part)])
            }
            "tool_use" => {
                let index = self.tools;
                self.tools = self.tools.saturating_add(1);
                let start = StreamEvent::ToolCallStart {
                    choice: CHOICE,
                    index,
                    id: fields.required_str("id")?.to_owned(),
                    name: fields.required_str("name")?.to_owned(),
                };
                let block = Block::Tool {
                    index,
                    input: fields
                        .get("input")
                        .map_or_else(|| "{}".to_owned(), Value::to_string),
                    has_arguments: false,
                };
                (block, vec![start])
            }
            _ => {
                let block = Block::Whole {
                    value: value.clone(),
                    input: String::new(),
                };
                (block, Vec::new())
            }
        };
        if self.blocks.len() >= MAX_OPEN_BLOCKS {
            return Err(Flaw::new(format!(
                "more than {MAX_OPEN_BLOCKS} blocks are open at once"
            )));
        }
        self.blocks.insert(index, block);
        Ok(events)
    }

    fn extend(&mut self, index: u64, delta: Fields<'_>) -> Result<Vec<StreamEvent>, Flaw> {
        let kind = delta.required_str("type")?;
        match (kind, self.blocks.get_mut(&index)) {
            (_, Some(Block::Whole { value, input })) => {
                gather(value, input, kind, delta)?;
                Ok(Vec::new())
            }
            (
                "input_json_delta",
                Some(Block::Tool {
                    index,
                    has_arguments,
                    ..
                }),
            ) => {
                let arguments = delta.str("partial_json")?.unwrap_or_default();
                if arguments.is_empty() {
                    return Ok(Vec::new());
                }
                *has_arguments = true;
                Ok(vec![StreamEvent::ToolCallDelta {
                    choice: CHOICE,
                    index: *index,
                    arguments: arguments.to_owned(),
                }])
            }
            ("input_json_delta", _) => Err(Flaw::new(format!(
                "arguments for block {index}, which is no tool call"
            ))),
            ("text_delta", _) => Ok(text(delta.str("text")?)),
            ("thinking_delta", _) => Ok(thoughts(delta.str("thinking")?)),
            ("signature_delta", _) => Ok(signature(delta.str("signature")?).into_iter().collect()),
            ("citations_delta", _) => Ok(delta.get("citation").map(citation).into_iter().collect()),
            _ => Ok(Vec::new()),
        }
    }

    fn close(&mut self, index: u64) -> Result<Vec<StreamEvent>, Flaw> {
        // A tool call stays known: its arguments are addressed by the block's index, and gateways that
        // translate parallel calls may send some after the end of the block.
        if let Some(Block::Tool {
            index,
            input,
            has_arguments,
        }) = self.blocks.get_mut(&index)
        {
            let spoke = std::mem::replace(has_arguments, true);
            let arguments = std::mem::take(input);
            let index = *index;
            return Ok((!spoke)
                .then_some(StreamEvent::ToolCallDelta {
                    choice: CHOICE,
                    index,
                    arguments,
                })
                .into_iter()
                .collect());
        }
        match self.blocks.remove(&index) {
            Some(Block::Whole { mut value, input }) => {
                if !input.is_empty() {
                    value["input"] = serde_json::from_str(&input)
                        .map_err(|_| Flaw::new("the input of a server tool is not JSON"))?;
                }
                Ok(vec![whole(block_decode::part(&value)?)])
            }
            Some(Block::Words | Block::Tool { .. }) | None => Ok(Vec::new()),
        }
    }
}

/// Adds a delta to a block that is gathered whole.
fn gather(
    value: &mut Value,
    input: &mut String,
    kind: &str,
    delta: Fields<'_>,
) -> Result<(), Flaw> {
    let (target, piece) = match kind {
        "input_json_delta" => (Some(input), delta.str("partial_json")?),
        "text_delta" => (None, delta.str("text")?),
        "compaction_delta" => (None, delta.str("content")?),
        _ => return Ok(()),
    };
    let piece = piece.unwrap_or_default();
    let length = match target {
        Some(input) => {
            input.push_str(piece);
            input.len()
        }
        None => {
            let key = if kind == "text_delta" {
                "text"
            } else {
                "content"
            };
            let Value::Object(fields) = value else {
                return Ok(());
            };
            append(fields, key, piece)
        }
    };
    if length > MAX_BLOCK_BYTES {
        return Err(Flaw::new(format!(
            "a block is longer than the limit of {MAX_BLOCK_BYTES} bytes"
        )));
    }
    Ok(())
}

/// Appends to a text field and gives its new length; a field that is no text begins anew.
fn append(fields: &mut Map<String, Value>, key: &str, piece: &str) -> usize {
    match fields.get_mut(key) {
        Some(Value::String(text)) => {
            text.push_str(piece);
            text.len()
        }
        _ => {
            fields.insert(key.to_owned(), json!(piece));
            piece.len()
        }
    }
}

fn object<'a>(fields: Fields<'a>, key: &str) -> Result<Fields<'a>, Flaw> {
    fields.object(key)?.ok_or_else(|| Flaw::missing(key))
}

fn text(text: Option<&str>) -> Vec<StreamEvent> {
    words(text, |text| StreamEvent::Text {
        choice: CHOICE,
        text,
    })
}

fn thoughts(text: Option<&str>) -> Vec<StreamEvent> {
    words(text, |text| StreamEvent::Reasoning {
        choice: CHOICE,
        text,
    })
}

fn words(text: Option<&str>, event: impl FnOnce(String) -> StreamEvent) -> Vec<StreamEvent> {
    text.filter(|text| !text.is_empty())
        .map(|text| event(text.to_owned()))
        .into_iter()
        .collect()
}

fn signature(value: Option<&str>) -> Option<StreamEvent> {
    let value = value.filter(|value| !value.is_empty())?;
    Some(StreamEvent::ReasoningSignature {
        choice: CHOICE,
        signature: Signature::new(FORMAT, value),
    })
}

fn citation(citation: &Value) -> StreamEvent {
    let fields = Map::from_iter([("citations".to_owned(), json!([citation]))]);
    whole(Part::text("").with_extra(format::extra(fields)))
}

const fn whole(part: Part) -> StreamEvent {
    StreamEvent::Part {
        choice: CHOICE,
        part,
    }
}

#[cfg(test)]
mod tests;
