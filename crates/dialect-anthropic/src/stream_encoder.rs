//! A streamed answer for a caller of this format.
//!
//! Frames that came in this format pass as they are. Another vendor's events are put into blocks, as
//! Anthropic's own streams are. What vendors say late (usage, the reason of the end) is gathered for
//! `message_delta`, which goes out with `message_stop` once the vendor's own end has come: a stream
//! that was cut never looks complete. Other choices than the first and log-probabilities are left out,
//! because the format has no place for them.

use bytes::Bytes;
use interline_core::{FinishReason, Frame, Origin, RawFrame, StreamEvent, Usage};
use serde_json::{Value, json};

use crate::block_writer::{BlockWriter, raw};
use crate::{FORMAT, ids, stop_reason, usage};

/// What a caller's stream says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamOptions {
    /// What the answering model is called; the vendor's own word where absent.
    pub model: Option<String>,
    /// The message's id where the vendor gives none; should begin with `msg_` and differ per call.
    pub message_id: Option<String>,
}

impl StreamOptions {
    /// Says what the answering model is called.
    #[must_use]
    pub fn with_model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }

    /// Gives the message an id, for vendors that give none.
    #[must_use]
    pub fn with_message_id(mut self, id: impl Into<String>) -> Self {
        self.message_id = Some(id.into());
        self
    }
}

/// Writes one stream.
#[derive(Debug)]
pub struct StreamEncoder {
    options: StreamOptions,
    state: State,
    blocks: BlockWriter,
    usage: Usage,
    finish: Option<(FinishReason, Option<String>)>,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Begun,
    Ended,
}

impl StreamEncoder {
    /// An encoder at the beginning of a stream.
    #[must_use]
    pub fn new(options: StreamOptions) -> Self {
        Self {
            options,
            state: State::Waiting,
            blocks: BlockWriter::default(),
            usage: Usage::default(),
            finish: None,
        }
    }

    /// Writes one frame; nothing after the end or an error.
    pub fn encode(&mut self, frame: &Frame) -> Vec<RawFrame> {
        if self.state == State::Ended {
            return Vec::new();
        }
        if let Some(raw) = frame.raw.as_ref().filter(|raw| raw.format == FORMAT) {
            self.state = if frame.is_end() {
                State::Ended
            } else {
                State::Begun
            };
            return vec![self.renamed(raw, frame)];
        }
        // Counts first: where they come with the start, `message_start` tells them.
        for event in &frame.events {
            if let StreamEvent::Usage(usage) = event {
                self.usage.update(*usage);
            }
        }
        let mut out = Vec::new();
        for event in &frame.events {
            self.event(event, &mut out);
        }
        out
    }

    /// The last event of a stream that failed; `body` is what [`crate::encode_error`] made.
    pub fn error(&mut self, body: &Value) -> Vec<RawFrame> {
        if self.state == State::Ended {
            return Vec::new();
        }
        self.state = State::Ended;
        vec![raw("error", body)]
    }

    /// A sign of life without content.
    #[must_use]
    pub fn ping() -> RawFrame {
        raw("ping", &json!({"type": "ping"}))
    }

    /// The frame with the model renamed, where it names one and another name is asked for.
    fn renamed(&self, raw: &RawFrame, frame: &Frame) -> RawFrame {
        let started = frame.events.iter().find_map(|event| match event {
            StreamEvent::Started { model, .. } => Some(model),
            _ => None,
        });
        match (started, &self.options.model) {
            (Some(said), Some(wanted)) if said.as_ref() != Some(wanted) => {
                rename(&raw.data, wanted).map_or_else(
                    || raw.clone(),
                    |data| RawFrame::new(FORMAT, raw.event.clone(), data),
                )
            }
            _ => raw.clone(),
        }
    }

    fn event(&mut self, event: &StreamEvent, out: &mut Vec<RawFrame>) {
        match event {
            _ if self.state == State::Ended => {}
            StreamEvent::Started { id, model, .. } => {
                self.begin(id.as_deref(), model.as_deref(), out);
            }
            StreamEvent::Finished {
                choice: 0,
                reason,
                stop_sequence,
            } => self.finish = Some((reason.clone(), stop_sequence.clone())),
            StreamEvent::End => self.end(out),
            content => self.content(content, out),
        }
    }

    fn content(&mut self, event: &StreamEvent, out: &mut Vec<RawFrame>) {
        let mut content = Vec::new();
        let blocks = &mut self.blocks;
        match event {
            StreamEvent::Text { choice: 0, text } | StreamEvent::Refusal { choice: 0, text } => {
                blocks.text(text, &mut content);
            }
            StreamEvent::Reasoning { choice: 0, text } => blocks.thinking(text, &mut content),
            StreamEvent::ReasoningSignature {
                choice: 0,
                signature,
            } => blocks.signature(signature, &mut content),
            StreamEvent::ToolCallStart {
                choice: 0,
                index,
                id,
                name,
            } => {
                // The call's id may be made from the message's.
                self.begin(None, None, out);
                self.blocks.tool(*index, id, name, &mut content);
            }
            StreamEvent::ToolCallDelta {
                choice: 0,
                index,
                arguments,
            } => blocks.arguments(*index, arguments, &mut content),
            StreamEvent::Part { choice: 0, part } => {
                self.begin(None, None, out);
                self.blocks.part(part, &mut content);
            }
            // Usage is taken before; the rest has no place here.
            _ => {}
        }
        if !content.is_empty() {
            self.begin(None, None, out);
            out.append(&mut content);
        }
    }

    fn begin(&mut self, id: Option<&str>, model: Option<&str>, out: &mut Vec<RawFrame>) {
        if self.state != State::Waiting {
            return;
        }
        self.state = State::Begun;
        let model = self.options.model.as_deref().or(model).unwrap_or_default();
        let id = id
            .filter(|id| !id.is_empty())
            .or(self.options.message_id.as_deref())
            .map_or_else(|| ids::made_message_id([model]), str::to_owned);
        out.push(raw(
            "message_start",
            &json!({"type": "message_start", "message": {
                "id": id,
                "type": "message",
                "role": "assistant",
                "model": model,
                "content": [],
                "stop_reason": null,
                "stop_sequence": null,
                "usage": usage::to_wire(&self.usage),
            }}),
        ));
        self.blocks.set_message_id(id);
    }

    fn end(&mut self, out: &mut Vec<RawFrame>) {
        self.begin(None, None, out);
        self.blocks.close(out);
        let (reason, stop_sequence) = match self.finish.take() {
            Some((reason, stop_sequence)) => (Some(reason), stop_sequence),
            None => (None, None),
        };
        let asks = self.blocks.asks_for_tools();
        let reason = stop_reason::to_wire(reason.as_ref(), stop_sequence.as_deref(), asks);
        out.push(raw(
            "message_delta",
            &json!({
                "type": "message_delta",
                "delta": {"stop_reason": reason, "stop_sequence": stop_sequence},
                "usage": usage::to_wire(&self.usage),
            }),
        ));
        out.push(raw("message_stop", &json!({"type": "message_stop"})));
        self.state = State::Ended;
    }
}

/// A `message_start` whose model has another name; every other byte of the message stays.
fn rename(data: &Bytes, model: &str) -> Option<Bytes> {
    #[derive(serde::Deserialize)]
    struct Start<'a> {
        #[serde(borrow)]
        message: &'a serde_json::value::RawValue,
    }
    let start: Start<'_> = serde_json::from_slice(data).ok()?;
    let message = Bytes::copy_from_slice(start.message.get().as_bytes());
    let message = Origin::new(FORMAT, message)
        .with_keys(&[("model", Some(model.into()))])
        .ok()?;
    let message = std::str::from_utf8(&message).ok()?;
    Some(Bytes::from(format!(
        r#"{{"type":"message_start","message":{message}}}"#
    )))
}

#[cfg(test)]
mod tests;
