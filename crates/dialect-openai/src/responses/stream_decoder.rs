//! Reads a streamed answer, one server-sent event at a time.

use bytes::Bytes;
use interline_core::{Error, Frame, Phase, RawFrame, Result, StreamEvent};
use interline_transport::{FrameDecoder, SseEvent, SseForm, body_snippet};
use serde_json::{Map, Value};

use super::decode_response::{Names, decode_response, logprobs, read};
use super::ending::{self, Calls, Ending};
use super::item::type_of;
use super::open_items::{Field, OpenItems};
use super::{FORMAT, decode_error, usage};
use crate::chat::response_events;

/// What some servers send behind the last event, as Chat Completions do.
const DONE: &[u8] = b"[DONE]";

/// Reads a streamed answer: feed it every event, then tell it that the body ended.
///
/// Keeps only how much of each open item was told. Pings, events of tools that the vendor runs, and
/// events of types not yet known mean nothing and travel on.
#[derive(Debug, Default)]
pub struct StreamDecoder {
    announced: bool,
    content_seen: bool,
    ended: bool,
    items: OpenItems,
}

impl StreamDecoder {
    /// A decoder at the beginning of an answer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
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
        let events = self.read(&event).map_err(|error| error.with_phase(phase))?;
        self.content_seen |= events.iter().any(StreamEvent::is_content);
        Ok(match event.form {
            // A whole answer is no event that a caller could read.
            SseForm::BareJson => Frame::of(events),
            _ => Frame::new(RawFrame::new(FORMAT, event.event, event.data), events),
        })
    }

    /// The body ended.
    ///
    /// # Errors
    /// `Protocol` where the answer is incomplete; the phase tells whether content came before.
    pub fn finish(&mut self) -> Result<Option<Frame>> {
        if self.ended {
            return Ok(None);
        }
        Err(
            Error::protocol("the vendor's stream ended without `response.completed`")
                .with_phase(self.phase()),
        )
    }

    fn read(&mut self, event: &SseEvent) -> Result<Vec<StreamEvent>> {
        let data = event.data.trim_ascii();
        if data.is_empty() || (data == DONE && self.ended) {
            return Ok(Vec::new());
        }
        if data == DONE {
            return Err(broken("is `[DONE]` before `response.completed`"));
        }
        if event.form == SseForm::BareJson {
            return self.whole_answer(event.data.clone());
        }
        let document: Value = serde_json::from_slice(data)
            .map_err(|_| broken(&format!("is not JSON: {}", body_snippet(data))))?;
        let named_error = event.event.as_deref() == Some("error") || type_of(&document) == "error";
        // The object stands in a field of its own, or is the event itself.
        let error = document.get("error").filter(|error| !error.is_null());
        if let Some(error) = error.or_else(|| named_error.then_some(&document)) {
            return Err(decode_error::in_band(error, event.data.clone()));
        }
        let Value::Object(fields) = document else {
            return Err(broken("is not a JSON object"));
        };
        let mut events = Vec::new();
        self.event(fields, &event.data, &mut events)?;
        Ok(events)
    }

    /// A server that ignored the wish for a stream gave the answer in one piece.
    fn whole_answer(&mut self, body: Bytes) -> Result<Vec<StreamEvent>> {
        if self.announced || self.items.any() {
            return Err(broken("is a whole document in the middle of a stream"));
        }
        let response = decode_response(body)?;
        self.announced = true;
        self.ended = true;
        Ok(response_events::of(&response))
    }

    fn event(
        &mut self,
        mut fields: Map<String, Value>,
        data: &Bytes,
        events: &mut Vec<StreamEvent>,
    ) -> Result<()> {
        let word = match fields.remove("type") {
            Some(Value::String(word)) => word,
            _ => return Err(broken("has no `type`")),
        };
        if let Some(Value::Object(response)) = fields.get("response") {
            self.announce(response, events);
        }
        match word.as_str() {
            "response.completed"
            | "response.incomplete"
            | "response.failed"
            | "response.cancelled" => {
                let Some(Value::Object(response)) = fields.remove("response") else {
                    return Err(broken(&format!("is `{word}` without its `response`")));
                };
                self.close(&word, response, data, events)
            }
            _ => self
                .step(&word, &mut fields, events)
                .map_err(|what| broken(&format!("is wrong: `{word}` {what}"))),
        }
    }

    /// Tells that the answer has begun.
    fn announce(&mut self, response: &Map<String, Value>, events: &mut Vec<StreamEvent>) {
        if self.announced {
            return;
        }
        self.announced = true;
        let names = Names::of(response);
        events.push(StreamEvent::Started {
            id: names.id,
            model: names.model,
            created: names.created,
        });
    }

    /// An event of an item.
    fn step(
        &mut self,
        word: &str,
        fields: &mut Map<String, Value>,
        events: &mut Vec<StreamEvent>,
    ) -> Result<(), &'static str> {
        let number = |key: &str| fields.get(key).and_then(Value::as_u64).unwrap_or_default();
        let place = number("output_index");
        let (field, whole_key) =
            match word {
                "response.output_item.added" => {
                    let item = fields.get("item").ok_or("has no `item`")?;
                    return self.items.begin(place, item, events);
                }
                "response.output_item.done" => {
                    let item = fields.remove("item").ok_or("has no `item`")?;
                    return self.items.end(place, item, events);
                }
                "response.output_text.delta" | "response.output_text.done" => (Field::Text, "text"),
                "response.refusal.delta" | "response.refusal.done" => (Field::Refusal, "refusal"),
                "response.function_call_arguments.delta"
                | "response.function_call_arguments.done" => (Field::Arguments, "arguments"),
                "response.reasoning_text.delta" | "response.reasoning_text.done" => {
                    (Field::Thoughts, "text")
                }
                "response.reasoning_summary_text.delta"
                | "response.reasoning_summary_text.done" => (Field::Summary, "text"),
                _ => return Ok(()),
            };
        let piece = match field {
            Field::Summary => number("summary_index"),
            Field::Arguments => 0,
            _ => number("content_index"),
        };
        let text = |key: &str| fields.get(key).and_then(Value::as_str);
        if !word.ends_with(".delta") {
            let whole = text(whole_key).unwrap_or_default();
            return self.items.piece(place, field, piece, whole, events);
        }
        let more = text("delta").ok_or("has no text `delta`")?;
        self.items.delta(place, field, piece, more, events)?;
        if let Some(Value::Array(steps)) = fields.remove("logprobs")
            && !steps.is_empty()
        {
            events.push(StreamEvent::Logprobs {
                choice: 0,
                value: logprobs(steps),
            });
        }
        Ok(())
    }

    /// The terminal event, which repeats the whole answer.
    fn close(
        &mut self,
        word: &str,
        mut response: Map<String, Value>,
        data: &Bytes,
        events: &mut Vec<StreamEvent>,
    ) -> Result<()> {
        let status = word.strip_prefix("response.").unwrap_or_default();
        response.entry("status").or_insert_with(|| status.into());
        if !self.items.any() && response.get("output").is_some_and(Value::is_array) {
            // A server without events of items says everything here.
            let answer = read(response, data)?;
            events.extend(response_events::of(&answer).into_iter().skip(1));
        } else {
            let calls = if self.items.has_calls() {
                Calls::Made
            } else {
                Calls::None
            };
            let reason = match ending::read(&response, calls) {
                Ending::Reason(reason) => reason,
                Ending::Failure => return Err(decode_error::failed(&response, data.clone())),
            };
            events.push(StreamEvent::Finished {
                choice: 0,
                reason,
                stop_sequence: None,
            });
            let counts = response.get("usage").map(usage::read).unwrap_or_default();
            if !counts.is_unknown() {
                events.push(StreamEvent::Usage(counts));
            }
            events.push(StreamEvent::End);
        }
        self.ended = true;
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

fn broken(what: &str) -> Error {
    Error::protocol(format!("an event of the vendor's stream {what}"))
}

#[cfg(test)]
mod tests;
