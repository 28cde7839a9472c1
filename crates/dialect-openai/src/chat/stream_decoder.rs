//! Reads a streamed answer, one server-sent event at a time.

use std::collections::BTreeMap;

use bytes::Bytes;
use interline_core::{Error, Frame, Part, Phase, RawFrame, Result, StreamEvent};
use interline_transport::{FrameDecoder, SseEvent, SseForm, body_snippet};
use serde_json::{Map, Value, json};

use super::decode_answer::{flatten_content, take_refusal, take_said};
use super::finish_reason::{self, Ending};
use super::reasoning_details::DetailsLog;
use super::tool_call_slots::ToolCallSlots;
use super::{
    FORMAT, Quirks, StreamEnd, decode_error, decode_response, logprobs, response_events, usage,
    vendor_error,
};

/// The data of the terminal event.
pub(crate) const DONE: &[u8] = b"[DONE]";

/// Most answers in one stream; the format allows 128.
const MAX_CHOICES: usize = 128;

/// Reads a streamed answer: feed it every event, then tell it that the body ended.
///
/// Keeps only what later events refer to: ids of tool calls and which answers ended.
#[derive(Debug)]
pub struct StreamDecoder {
    quirks: Quirks,
    id: String,
    started: bool,
    announced: bool,
    content_seen: bool,
    ended: bool,
    choices: BTreeMap<u32, ChoiceState>,
}

#[derive(Debug, Default)]
struct ChoiceState {
    finished: bool,
    calls: ToolCallSlots,
    details: DetailsLog,
}

impl StreamDecoder {
    /// A decoder for a vendor with these quirks.
    #[must_use]
    pub const fn new(quirks: Quirks) -> Self {
        Self {
            quirks,
            id: String::new(),
            started: false,
            announced: false,
            content_seen: false,
            ended: false,
            choices: BTreeMap::new(),
        }
    }

    /// How far the answer has come, for failures of the connection below.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        if self.content_seen {
            Phase::AfterOutput
        } else {
            Phase::BeforeOutput
        }
    }

    /// Reads one event. After the frame with [`StreamEvent::End`] the answer is complete.
    ///
    /// # Errors
    /// The vendor's own error, by its kind, where the event reports one; `Protocol` where the event
    /// is not of this format. The phase tells whether content came before. Nothing follows an error.
    pub fn push(&mut self, event: SseEvent) -> Result<Frame> {
        let phase = self.phase();
        let (events, forwarded) = self.read(&event).map_err(|error| error.with_phase(phase))?;
        self.content_seen |= events.iter().any(StreamEvent::is_content);
        Ok(match forwarded {
            Forwarded::AsItCame => {
                Frame::new(RawFrame::new(FORMAT, event.event, event.data), events)
            }
            Forwarded::Flattened(data) => {
                Frame::new(RawFrame::new(FORMAT, event.event, data), events)
            }
            Forwarded::EventsOnly => Frame::of(events),
        })
    }

    /// The body ended. Gives the terminal frame where this vendor's bodies may end without one.
    ///
    /// # Errors
    /// `Protocol` where the answer is incomplete; the phase tells whether content came before.
    pub fn finish(&mut self) -> Result<Option<Frame>> {
        if self.ended {
            return Ok(None);
        }
        let finished =
            !self.choices.is_empty() && self.choices.values().all(|choice| choice.finished);
        if self.quirks.stream_end == StreamEnd::DoneOrFinished && finished {
            self.ended = true;
            return Ok(Some(Frame::of([StreamEvent::End])));
        }
        Err(
            Error::protocol("the vendor's stream ended without its terminal event `[DONE]`")
                .with_phase(self.phase()),
        )
    }

    fn read(&mut self, event: &SseEvent) -> Result<(Vec<StreamEvent>, Forwarded)> {
        let data = event.data.trim_ascii();
        if data == DONE {
            if !self.started {
                return Err(Error::protocol(
                    "the vendor's stream ended before it began to answer",
                ));
            }
            self.ended = true;
            return Ok((vec![StreamEvent::End], Forwarded::AsItCame));
        }
        if data.is_empty() {
            return Ok((Vec::new(), Forwarded::AsItCame));
        }
        let mut document: Value = serde_json::from_slice(data)
            .map_err(|_| broken(&format!("is not JSON: {}", body_snippet(data))))?;
        if let Some(error) = vendor_error::find(&document, self.quirks.envelope) {
            return Err(decode_error::in_band(error, event.data.clone()));
        }
        if event.event.as_deref() == Some("error") {
            return Err(decode_error::in_band(&document, event.data.clone()));
        }
        if event.form == SseForm::BareJson {
            return self.whole_answer(event.data.clone());
        }
        let forwarded = if flatten_content(&mut document) {
            Forwarded::Flattened(Bytes::from(document.to_string()))
        } else {
            Forwarded::AsItCame
        };
        let Value::Object(chunk) = document else {
            return Err(broken("is not a JSON object"));
        };
        let events = self.chunk(chunk, &event.data)?;
        Ok((events, forwarded))
    }

    /// A server that ignored the wish for a stream gave the answer in one piece.
    fn whole_answer(&mut self, body: Bytes) -> Result<(Vec<StreamEvent>, Forwarded)> {
        if self.started {
            return Err(broken("is a whole document in the middle of a stream"));
        }
        let response = decode_response(body)?;
        self.started = true;
        self.announced = true;
        self.ended = true;
        Ok((response_events::of(&response), Forwarded::EventsOnly))
    }

    fn chunk(&mut self, mut chunk: Map<String, Value>, data: &Bytes) -> Result<Vec<StreamEvent>> {
        let mut events = Vec::new();
        self.started |= chunk.contains_key("choices");
        if !self.announced {
            events.extend(self.announce(&chunk));
        }
        match chunk.remove("choices") {
            None | Some(Value::Null) => {}
            Some(Value::Array(choices)) => {
                for choice in choices {
                    self.choice(choice, data, &mut events)?;
                }
            }
            Some(_) => return Err(broken("has `choices` that are no list")),
        }
        let counts = chunk.get("usage").filter(|usage| usage.is_object());
        let counts = counts.or_else(|| chunk.get(self.quirks.envelope?)?.get("usage"));
        if let Some(counts) = counts {
            let counts = usage::read(counts);
            if !counts.is_unknown() {
                events.push(StreamEvent::Usage(counts));
            }
        }
        Ok(events)
    }

    /// Tells that the answer has begun. A chunk without answers and names, which some vendors send
    /// ahead with what their filter found, tells nothing yet.
    fn announce(&mut self, chunk: &Map<String, Value>) -> Option<StreamEvent> {
        let text = |key: &str| {
            let text = chunk.get(key)?.as_str()?;
            (!text.is_empty()).then(|| text.to_owned())
        };
        let choices = chunk.get("choices")?.as_array();
        let (id, model) = (text("id"), text("model"));
        if choices.is_none_or(Vec::is_empty) && id.is_none() && model.is_none() {
            return None;
        }
        self.announced = true;
        self.id = id.clone().unwrap_or_default();
        let created = chunk.get("created").and_then(Value::as_u64);
        Some(StreamEvent::Started { id, model, created })
    }

    fn choice(&mut self, choice: Value, data: &Bytes, events: &mut Vec<StreamEvent>) -> Result<()> {
        let Value::Object(mut fields) = choice else {
            return Err(broken("has a choice that is no object"));
        };
        if let Some(error) = fields.get("error").filter(|error| !error.is_null()) {
            return Err(decode_error::in_band(error, data.clone()));
        }
        let index = match fields.get("index").map(Value::as_u64) {
            None => 0,
            Some(Some(index)) => u32::try_from(index).unwrap_or(u32::MAX),
            Some(None) => return Err(broken("has a choice with a wrong `index`")),
        };
        if !self.choices.contains_key(&index) && self.choices.len() >= MAX_CHOICES {
            return Err(broken("has more than 128 choices"));
        }
        let state = self.choices.entry(index).or_default();
        if let Some(Value::Object(delta)) = fields.remove("delta") {
            read_delta(delta, index, &self.id, state, events)?;
        }
        let figures = logprobs::read(fields.remove("logprobs"));
        if !figures.is_empty() {
            events.push(StreamEvent::Logprobs {
                choice: index,
                value: figures,
            });
        }
        match finish_reason::read(fields.get("finish_reason")) {
            Some(Ending::Failure(kind)) => {
                return Err(decode_response::failed(kind, data.clone()));
            }
            // Some servers repeat the reason in a closing chunk.
            Some(Ending::Reason(reason)) if !state.finished => {
                state.finished = true;
                events.extend(state.details.signature().map(|signature| {
                    StreamEvent::ReasoningSignature {
                        choice: index,
                        signature,
                    }
                }));
                let stop = fields.get("stop_reason").and_then(Value::as_str);
                events.push(StreamEvent::Finished {
                    choice: index,
                    reason,
                    stop_sequence: stop.map(str::to_owned),
                });
            }
            _ => {}
        }
        Ok(())
    }
}

impl FrameDecoder for StreamDecoder {
    fn push(&mut self, event: SseEvent) -> Result<Frame> {
        Self::push(self, event)
    }

    fn finish(&mut self) -> Result<Option<Frame>> {
        Self::finish(self)
    }

    fn phase(&self) -> Phase {
        Self::phase(self)
    }
}

/// Whether callers of this format get the frame itself.
enum Forwarded {
    AsItCame,
    /// With content as the string that they read.
    Flattened(Bytes),
    EventsOnly,
}

fn broken(what: &str) -> Error {
    Error::protocol(format!("an event of the vendor's stream {what}"))
}

fn read_delta(
    mut delta: Map<String, Value>,
    choice: u32,
    answer: &str,
    state: &mut ChoiceState,
    events: &mut Vec<StreamEvent>,
) -> Result<()> {
    if let Some(details) = delta.get("reasoning_details") {
        state.details.take(details);
    }
    let said = take_said(&mut delta).map_err(|()| broken("has content that is no text"))?;
    if !said.thoughts.is_empty() {
        events.push(StreamEvent::Reasoning {
            choice,
            text: said.thoughts,
        });
    }
    if !said.text.is_empty() {
        events.push(StreamEvent::Text {
            choice,
            text: said.text,
        });
    }
    if let Some(text) = take_refusal(&mut delta) {
        events.push(StreamEvent::Refusal { choice, text });
    }
    // Sound and pictures are content that no delta event knows; they travel whole.
    for key in ["audio", "images"] {
        if let Some(value) = delta.remove(key).filter(|value| !value.is_null()) {
            let part = Part::other(FORMAT, json!({ key: value }));
            events.push(StreamEvent::Part { choice, part });
        }
    }
    let wrong = |what: String| broken(&format!("is wrong: {what}"));
    match delta.get("tool_calls") {
        None | Some(Value::Null) => {}
        Some(Value::Array(fragments)) => {
            for fragment in fragments {
                // A call of a custom tool is content that no type knows.
                if fragment.get("custom").is_some() {
                    let part = Part::other(FORMAT, json!({"tool_calls": [fragment]}));
                    events.push(StreamEvent::Part { choice, part });
                    continue;
                }
                state
                    .calls
                    .take(fragment, answer, choice, events)
                    .map_err(wrong)?;
            }
        }
        Some(_) => return Err(broken("has `tool_calls` that are no list")),
    }
    // The older way to ask for one function.
    if let Some(function) = delta.get("function_call").filter(|value| value.is_object()) {
        let fragment = json!({"index": 0, "function": function});
        state
            .calls
            .take(&fragment, answer, choice, events)
            .map_err(wrong)?;
    }
    Ok(())
}
