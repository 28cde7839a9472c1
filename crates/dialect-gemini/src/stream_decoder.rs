//! A vendor's stream, one step at a time.
//!
//! Every step is a whole response with the pieces that are new. There is no terminal event: the
//! stream is complete when the body ends and every candidate has named its reason, so the end and the
//! reasons come out at the end of the body (some models repeated the reason in every step).
//! Without `alt=sse` the steps come as one JSON array; it is read as one event when it is whole.

use std::collections::BTreeMap;

use bytes::Bytes;
use interline_core::{
    Error, FinishReason, Frame, Part, PartKind, Phase, RawFrame, Result, StreamEvent,
};
use interline_transport::{FrameDecoder, SseEvent};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::answer::{self, Answer, Candidate};
use crate::finish_reason::{self, AsksForTools};
use crate::{FORMAT, call_ids, decode_error, format};

/// The most candidates that a stream may have; Google gives 8 (chosen, not measured).
const MAX_CANDIDATES: usize = 256;

/// What some proxies put at the end of every stream.
const DONE: &[u8] = b"[DONE]";

/// Facts about the text of an answer, which belong into its transcript.
const ABOUT_TEXT: [&str; 3] = [
    "groundingMetadata",
    "citationMetadata",
    "urlContextMetadata",
];

/// Reads one stream.
#[derive(Debug, Default)]
pub struct StreamDecoder {
    candidates: BTreeMap<u32, CandidateState>,
    /// The id that made ids of calls hold; `None` before the first step.
    response_id: Option<String>,
    saw_content: bool,
    /// A failure that stood behind content in one event; it is told next.
    failure: Option<Error>,
}

/// What is known of one answer so far.
#[derive(Debug, Default)]
struct CandidateState {
    calls: u32,
    finish: Option<FinishReason>,
}

impl StreamDecoder {
    /// A decoder at the beginning of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one event.
    ///
    /// # Errors
    /// What an error in the stream says, or `Protocol` for an event that breaks the format; the phase
    /// tells whether content was seen before.
    pub fn push(&mut self, event: SseEvent) -> Result<Frame> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let raw = RawFrame::new(FORMAT, event.event, event.data);
        let mut events = Vec::new();
        let read = match raw.data.trim_ascii() {
            [] | DONE => Ok(()),
            data if data.starts_with(b"[") => self.array(data, &mut events),
            _ => self.step(&raw.data, &mut events),
        };
        self.saw_content |= events.iter().any(StreamEvent::is_content);
        match read.map_err(|error| error.with_phase(self.phase())) {
            Err(error) if events.is_empty() => return Err(error),
            read => self.failure = read.err(),
        }
        Ok(Frame::new(raw, events))
    }

    /// Says that the body is over; gives the last frame, which has no bytes of its own.
    ///
    /// # Errors
    /// `Protocol` where a candidate has not named its reason, or none has come: the answer was cut.
    /// A failure that the last event told after its content.
    pub fn finish(&mut self) -> Result<Frame> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let mut events = Vec::new();
        for (choice, state) in std::mem::take(&mut self.candidates) {
            let Some(reason) = state.finish else {
                events.clear();
                break;
            };
            let asks = match state.calls {
                0 => AsksForTools::No,
                _ => AsksForTools::Yes,
            };
            events.push(StreamEvent::Finished {
                choice,
                reason: finish_reason::with_calls(reason, asks),
                stop_sequence: None,
            });
        }
        if events.is_empty() {
            return Err(Error::protocol(
                "the stream ended before `finishReason`: the answer was cut",
            )
            .with_phase(self.phase()));
        }
        events.push(StreamEvent::End);
        Ok(Frame::of(events))
    }

    const fn phase(&self) -> Phase {
        if self.saw_content {
            Phase::AfterOutput
        } else {
            Phase::BeforeOutput
        }
    }

    fn array(&mut self, data: &[u8], events: &mut Vec<StreamEvent>) -> Result<()> {
        let steps: Vec<&RawValue> = serde_json::from_slice(data).map_err(not_json)?;
        for step in steps {
            self.step(&Bytes::copy_from_slice(step.get().as_bytes()), events)?;
        }
        Ok(())
    }

    fn step(&mut self, data: &Bytes, events: &mut Vec<StreamEvent>) -> Result<()> {
        let value: Value = serde_json::from_slice(data).map_err(not_json)?;
        if decode_error::is_error(&value) {
            return Err(decode_error::decode_in_band(&value, data.clone()));
        }
        let answer = answer::read(&value, data)
            .map_err(|flaw| flaw.into_protocol("a step of the stream"))?;
        self.take(answer, data, events)
    }

    fn take(&mut self, answer: Answer, data: &[u8], events: &mut Vec<StreamEvent>) -> Result<()> {
        if self.response_id.is_none() {
            events.push(StreamEvent::Started {
                id: (!answer.id.is_empty()).then(|| answer.id.clone()),
                model: answer.model,
                created: None,
            });
            self.response_id = Some(match answer.id {
                id if id.is_empty() => call_ids::made_response_id(data),
                id => id,
            });
        }
        if answer.is_blocked {
            let state = self.candidates.entry(0).or_default();
            state.finish = Some(FinishReason::ContentFilter);
        }
        for candidate in answer.candidates {
            self.candidate(candidate, events);
        }
        if self.candidates.len() > MAX_CANDIDATES {
            return Err(Error::protocol(format!(
                "the stream has more than {MAX_CANDIDATES} candidates"
            )));
        }
        let usage = answer.usage.filter(|usage| !usage.is_unknown());
        events.extend(usage.map(StreamEvent::Usage));
        Ok(())
    }

    fn candidate(&mut self, candidate: Candidate, events: &mut Vec<StreamEvent>) {
        let choice = candidate.index;
        let response_id = self.response_id.as_deref().unwrap_or_default();
        let state = self.candidates.entry(choice).or_default();
        for part in candidate.parts {
            state.part(choice, part, response_id, events);
        }
        if !candidate.logprobs.is_empty() {
            events.push(StreamEvent::Logprobs {
                choice,
                value: candidate.logprobs,
            });
        }
        let mut about = candidate.extra;
        about.retain(|key, value| {
            ABOUT_TEXT.contains(&key.as_str()) && *value != Value::Object(serde_json::Map::new())
        });
        if !about.is_empty() {
            let part = Part::text("").with_extra(format::extra(about));
            events.push(StreamEvent::Part { choice, part });
        }
        if candidate.finish.is_some() {
            state.finish = candidate.finish;
        }
    }
}

impl FrameDecoder for StreamDecoder {
    fn push(&mut self, event: SseEvent) -> Result<Frame> {
        Self::push(self, event)
    }

    fn finish(&mut self) -> Result<Option<Frame>> {
        Self::finish(self).map(Some)
    }

    fn phase(&self) -> Phase {
        Self::phase(self)
    }
}

impl CandidateState {
    fn part(&mut self, choice: u32, part: Part, response_id: &str, events: &mut Vec<StreamEvent>) {
        match part.kind {
            PartKind::Text(text) if part.extra.is_empty() => {
                events.push(StreamEvent::Text { choice, text });
            }
            PartKind::Reasoning(reasoning) => {
                if !reasoning.text.is_empty() {
                    let text = reasoning.text;
                    events.push(StreamEvent::Reasoning { choice, text });
                }
                let signature = reasoning.signature;
                events.extend(
                    signature
                        .map(|signature| StreamEvent::ReasoningSignature { choice, signature }),
                );
            }
            PartKind::ToolCall(call) => {
                let index = self.calls;
                self.calls = self.calls.saturating_add(1);
                let id = match call.id {
                    id if id.is_empty() => call_ids::made(response_id, choice, index),
                    id => id,
                };
                events.push(StreamEvent::ToolCallStart {
                    choice,
                    index,
                    id,
                    name: call.name,
                });
                events.push(StreamEvent::ToolCallDelta {
                    choice,
                    index,
                    arguments: call.arguments,
                });
            }
            _ => events.push(StreamEvent::Part { choice, part }),
        }
    }
}

fn not_json(source: serde_json::Error) -> Error {
    Error::protocol("an event of the stream is not JSON").with_source(source)
}

#[cfg(test)]
mod tests;
