//! Cohere's stream, one event at a time.
//!
//! The type stands in the data; the event's name repeats it. `message-end` is terminal; the `[DONE]`
//! that follows says nothing more. A plan for tools streams as reasoning, a citation comes as an empty
//! text part that carries it.

use std::collections::BTreeMap;

use bytes::Bytes;
use interline_core::{
    Error, FinishReason, Frame, Part, PartKind, Phase, RawFrame, Result, StreamEvent,
};
use interline_transport::{FrameDecoder, SseEvent, SseForm, body_snippet};
use serde_json::{Value, json};

use crate::decode_response::{decode_response, parts_of};
use crate::fields::{Fields, Flaw};
use crate::format::{CITATIONS, extra, object};
use crate::{FORMAT, decode_error, finish_reason, message_decode, usage};

/// What follows the terminal event.
const DONE: &[u8] = b"[DONE]";

/// The most tool calls of one answer (chosen, not measured): what is remembered of each stays bounded.
const MAX_CALLS: u32 = 1_024;

/// There is one answer only.
const CHOICE: u32 = 0;

/// Reads one stream.
#[derive(Debug, Default)]
pub struct StreamDecoder {
    /// Who answers: Cohere does not say it.
    model: Option<String>,
    started: bool,
    saw_content: bool,
    ended: bool,
    /// Our index of each tool call, by Cohere's.
    calls: BTreeMap<u64, u32>,
    begun: u32,
}

impl StreamDecoder {
    /// A decoder at the beginning of a stream.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Says which model answers, because Cohere's streams do not.
    #[must_use]
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Reads one event. After the frame with [`StreamEvent::End`] the answer is complete.
    ///
    /// # Errors
    /// What an error in the stream says, or `Protocol` for an event that breaks the format; the phase
    /// tells whether content was seen before. Nothing follows an error.
    pub fn push(&mut self, event: SseEvent) -> Result<Frame> {
        let events = self
            .read(&event)
            .map_err(|error| error.with_phase(self.phase()))?;
        self.saw_content |= events.iter().any(StreamEvent::is_content);
        self.ended |= events.contains(&StreamEvent::End);
        if event.form == SseForm::BareJson {
            return Ok(Frame::of(events));
        }
        Ok(Frame::new(
            RawFrame::new(FORMAT, event.event, event.data),
            events,
        ))
    }

    /// Says that the body is over.
    ///
    /// # Errors
    /// `Protocol` where the terminal event has not come: the answer was cut.
    pub fn finish(&mut self) -> Result<()> {
        if self.ended {
            return Ok(());
        }
        Err(
            Error::protocol("the stream ended before `message-end`: the answer was cut")
                .with_phase(self.phase()),
        )
    }

    /// How far the answer has come, for failures of the connection below.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        if self.saw_content {
            Phase::AfterOutput
        } else {
            Phase::BeforeOutput
        }
    }

    fn read(&mut self, event: &SseEvent) -> Result<Vec<StreamEvent>> {
        let data = event.data.trim_ascii();
        if data.is_empty() || self.ended {
            return Ok(Vec::new());
        }
        if data == DONE {
            self.finish()?;
            return Ok(Vec::new());
        }
        let value: Value = serde_json::from_slice(data).map_err(|source| {
            let start = body_snippet(data);
            Error::protocol(format!("an event of the stream is not JSON: {start}"))
                .with_source(source)
        })?;
        let is_named_error = event.event.as_deref() == Some("error");
        if is_named_error || (value.get("type").is_none() && decode_error::is_error(&value)) {
            return Err(decode_error::in_band(&value, event.data.clone()));
        }
        if event.form == SseForm::BareJson {
            return self.whole_answer(event.data.clone());
        }
        self.event(value, &event.data)
    }

    /// A proxy that ignored the wish for a stream gave the answer in one piece.
    fn whole_answer(&mut self, body: Bytes) -> Result<Vec<StreamEvent>> {
        if self.started {
            return Err(Error::protocol(
                "a whole document stands in the middle of the stream",
            ));
        }
        self.started = true;
        let response = decode_response(body)?;
        let mut events = vec![StreamEvent::Started {
            id: Some(response.id.clone()).filter(|id| !id.is_empty()),
            model: self.model.clone(),
            created: None,
        }];
        let counts = response.usage;
        let cited = response.choices.first().and_then(|choice| {
            let cited = choice.extra.get(&FORMAT, CITATIONS)?;
            Some(citation_part(cited.clone()))
        });
        let (parts, reason) = parts_of(response);
        for part in parts {
            events.extend(self.whole_part(part));
        }
        events.extend(cited);
        events.extend([
            StreamEvent::Finished {
                choice: CHOICE,
                reason: reason.unwrap_or(FinishReason::Stop),
                stop_sequence: None,
            },
            StreamEvent::Usage(counts),
            StreamEvent::End,
        ]);
        Ok(events)
    }

    fn whole_part(&mut self, part: Part) -> Vec<StreamEvent> {
        match part.kind {
            PartKind::Text(text) => vec![StreamEvent::Text {
                choice: CHOICE,
                text,
            }],
            PartKind::Reasoning(reasoning) => vec![StreamEvent::Reasoning {
                choice: CHOICE,
                text: reasoning.text,
            }],
            PartKind::ToolCall(call) => {
                let index = self.begun;
                self.begun = index.saturating_add(1);
                vec![
                    StreamEvent::ToolCallStart {
                        choice: CHOICE,
                        index,
                        id: call.id,
                        name: call.name,
                    },
                    StreamEvent::ToolCallDelta {
                        choice: CHOICE,
                        index,
                        arguments: call.arguments,
                    },
                ]
            }
            _ => vec![StreamEvent::Part {
                choice: CHOICE,
                part,
            }],
        }
    }

    fn event(&mut self, value: Value, data: &Bytes) -> Result<Vec<StreamEvent>> {
        let broken = |flaw: Flaw| flaw.into_protocol("an event of the stream");
        let mut fields = Fields::of(value, "").map_err(broken)?;
        let kind = fields.string("type").map_err(broken)?.unwrap_or_default();
        let mut delta = fields.object("delta").map_err(broken)?;
        if kind == "message-end" {
            let Some(delta) = delta else {
                return Err(broken(Flaw::new("delta", "is required")));
            };
            return self.message_end(delta, data);
        }
        let message = match &mut delta {
            Some(delta) => delta.object("message").map_err(broken)?,
            None => None,
        };
        match kind.as_str() {
            "message-start" => Ok(self.message_start(&mut fields)),
            "content-start" | "content-delta" => content(&mut fields, message).map_err(broken),
            "tool-plan-delta" => tool_plan(message).map_err(broken),
            "tool-call-start" | "tool-call-delta" => {
                self.tool_call(&kind, &mut fields, message).map_err(broken)
            }
            "citation-start" => Ok(citation(message)),
            // Ends of blocks, and whatever comes to be: nothing that core has a word for.
            _ => Ok(Vec::new()),
        }
    }

    fn message_start(&mut self, fields: &mut Fields) -> Vec<StreamEvent> {
        if std::mem::replace(&mut self.started, true) {
            return Vec::new();
        }
        let id = match fields.take("id") {
            Some(Value::String(id)) if !id.is_empty() => Some(id),
            _ => None,
        };
        vec![StreamEvent::Started {
            id,
            model: self.model.clone(),
            created: None,
        }]
    }

    fn tool_call(
        &mut self,
        kind: &str,
        fields: &mut Fields,
        message: Option<Fields>,
    ) -> Result<Vec<StreamEvent>, Flaw> {
        let place = fields.unsigned("index")?.unwrap_or(0);
        let Some(mut call) = one(message, "tool_calls")? else {
            return Ok(Vec::new());
        };
        let mut function = call.object("function")?;
        let arguments = function
            .as_mut()
            .map(message_decode::arguments)
            .unwrap_or_default();
        let mut events = Vec::new();
        if kind == "tool-call-start" {
            let path = call.path_of("function.name");
            let name = match &mut function {
                Some(function) => function.string("name")?,
                None => None,
            };
            let index = self.begun;
            if index == MAX_CALLS {
                return Err(Flaw::new(
                    "index",
                    format!("is above {MAX_CALLS} tool calls"),
                ));
            }
            self.begun += 1;
            self.calls.insert(place, index);
            events.push(StreamEvent::ToolCallStart {
                choice: CHOICE,
                index,
                id: call.string("id")?.unwrap_or_default(),
                name: name.ok_or_else(|| Flaw::new(path, "is required"))?,
            });
        }
        let Some(index) = self.calls.get(&place) else {
            return Err(Flaw::new("index", "belongs to no tool call that began"));
        };
        if !arguments.is_empty() {
            events.push(StreamEvent::ToolCallDelta {
                choice: CHOICE,
                index: *index,
                arguments,
            });
        }
        Ok(events)
    }

    fn message_end(&mut self, mut delta: Fields, data: &Bytes) -> Result<Vec<StreamEvent>> {
        let broken = |flaw: Flaw| flaw.into_protocol("an event of the stream");
        let word = delta.required_string("finish_reason").map_err(broken)?;
        let reason = finish_reason::decode(&word);
        if reason == FinishReason::Error {
            let told = delta.take("error");
            let told = told.as_ref().and_then(Value::as_str);
            return Err(decode_error::failed_ending(&word, told, data.clone()));
        }
        let counts = delta.take("usage").map(|counts| usage::read(&counts));
        let mut events = vec![StreamEvent::Finished {
            choice: CHOICE,
            reason,
            stop_sequence: None,
        }];
        let counts = counts.filter(|counts| !counts.is_unknown());
        events.extend(counts.map(StreamEvent::Usage));
        events.push(StreamEvent::End);
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

/// The one object under `key`; some versions of the API send a list of one.
fn one(message: Option<Fields>, key: &str) -> Result<Option<Fields>, Flaw> {
    let Some(mut message) = message else {
        return Ok(None);
    };
    let path = message.path_of(key);
    match message.take(key) {
        None => Ok(None),
        Some(Value::Array(list)) => match list.into_iter().next() {
            None => Ok(None),
            Some(first) => Fields::of(first, path).map(Some),
        },
        Some(value) => Fields::of(value, path).map(Some),
    }
}

fn content(fields: &mut Fields, message: Option<Fields>) -> Result<Vec<StreamEvent>, Flaw> {
    let mut events = Vec::new();
    if let Some(mut content) = one(message, "content")? {
        if let Some(text) = content.string("thinking")?.filter(|text| !text.is_empty()) {
            events.push(StreamEvent::Reasoning {
                choice: CHOICE,
                text,
            });
        }
        if let Some(text) = content.string("text")?.filter(|text| !text.is_empty()) {
            events.push(StreamEvent::Text {
                choice: CHOICE,
                text,
            });
        }
    }
    if let Some(figures) = fields.take("logprobs") {
        events.push(StreamEvent::Logprobs {
            choice: CHOICE,
            value: extra(object([("logprobs", figures)])),
        });
    }
    Ok(events)
}

fn tool_plan(message: Option<Fields>) -> Result<Vec<StreamEvent>, Flaw> {
    let Some(mut message) = message else {
        return Ok(Vec::new());
    };
    let plan = message.string("tool_plan")?.filter(|plan| !plan.is_empty());
    let event = plan.map(|text| StreamEvent::Reasoning {
        choice: CHOICE,
        text,
    });
    Ok(event.into_iter().collect())
}

fn citation(message: Option<Fields>) -> Vec<StreamEvent> {
    let cited = message.and_then(|mut message| message.take(CITATIONS));
    cited.map(citation_part).into_iter().collect()
}

/// An empty text that carries citations: one, or a list of them.
fn citation_part(cited: Value) -> StreamEvent {
    let cited = match cited {
        list @ Value::Array(_) => list,
        one => json!([one]),
    };
    StreamEvent::Part {
        choice: CHOICE,
        part: Part::text("").with_extra(extra(object([(CITATIONS, cited)]))),
    }
}

#[cfg(test)]
mod tests;
