//! A streamed answer for a caller of this format.
//!
//! Frames that came in this format pass as they are. Another vendor's events are put into blocks: a
//! block begins with the first event of its kind and ends when another kind follows, as Anthropic's own
//! streams do. What vendors say late (usage, the reason of the end) is gathered for `message_delta`,
//! which goes out with `message_stop` once the vendor's own end has come: a stream that was cut never
//! looks complete.
//!
//! Left out, because the format has no place for it: other choices than the first, log-probabilities,
//! other formats' signatures and blocks, pictures and sound.

use std::collections::BTreeMap;

use bytes::Bytes;
use interline_core::{
    FinishReason, Frame, Origin, Part, PartKind, RawFrame, Reasoning, StreamEvent, Usage,
};
use serde_json::{Value, json};

use crate::block_encode::{self, Reader};
use crate::stop_reason::{self, AsksForTools};
use crate::{FORMAT, ids, usage};

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
    message_id: String,
    open: Option<Open>,
    next_block: u64,
    /// The block of each tool call, by the call's index.
    tools: BTreeMap<u32, u64>,
    usage: Usage,
    finish: Option<(FinishReason, Option<String>)>,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Begun,
    Ended,
}

/// The block that is open, whose index is the last one given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Text,
    Thinking,
    Tool,
}

impl StreamEncoder {
    /// An encoder at the beginning of a stream.
    #[must_use]
    pub fn new(options: StreamOptions) -> Self {
        Self {
            options,
            state: State::Waiting,
            message_id: String::new(),
            open: None,
            next_block: 0,
            tools: BTreeMap::new(),
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
        if self.state == State::Ended {
            return;
        }
        match event {
            StreamEvent::Started { id, model, .. } => {
                self.begin(id.as_deref(), model.as_deref(), out);
            }
            StreamEvent::Text { choice: 0, text } | StreamEvent::Refusal { choice: 0, text } => {
                self.text(text, out);
            }
            StreamEvent::Reasoning { choice: 0, text } => self.thinking(text, out),
            StreamEvent::ReasoningSignature {
                choice: 0,
                signature,
            } if signature.format == FORMAT => self.signature(&signature.value, out),
            StreamEvent::ToolCallStart {
                choice: 0,
                index,
                id,
                name,
            } => self.tool(*index, id, name, out),
            StreamEvent::ToolCallDelta {
                choice: 0,
                index,
                arguments,
            } => self.arguments(*index, arguments, out),
            StreamEvent::Part { choice: 0, part } => self.part(part, out),
            StreamEvent::Finished {
                choice: 0,
                reason,
                stop_sequence,
            } => self.finish = Some((reason.clone(), stop_sequence.clone())),
            StreamEvent::End => self.end(out),
            // Usage is taken before; the rest has no place here.
            _ => {}
        }
    }

    fn begin(&mut self, id: Option<&str>, model: Option<&str>, out: &mut Vec<RawFrame>) {
        if self.state != State::Waiting {
            return;
        }
        self.state = State::Begun;
        let model = self.options.model.as_deref().or(model).unwrap_or_default();
        self.message_id = id
            .filter(|id| !id.is_empty())
            .or(self.options.message_id.as_deref())
            .map_or_else(|| ids::made_message_id([model]), str::to_owned);
        out.push(raw(
            "message_start",
            &json!({"type": "message_start", "message": {
                "id": self.message_id,
                "type": "message",
                "role": "assistant",
                "model": model,
                "content": [],
                "stop_reason": null,
                "stop_sequence": null,
                "usage": usage::to_wire(&self.usage),
            }}),
        ));
    }

    fn text(&mut self, text: &str, out: &mut Vec<RawFrame>) {
        if !text.is_empty() {
            let index = self.continue_block(Open::Text, out);
            out.push(delta(index, &json!({"type": "text_delta", "text": text})));
        }
    }

    fn thinking(&mut self, text: &str, out: &mut Vec<RawFrame>) {
        if !text.is_empty() {
            let index = self.continue_block(Open::Thinking, out);
            let thought = json!({"type": "thinking_delta", "thinking": text});
            out.push(delta(index, &thought));
        }
    }

    /// A signature ends its thinking: what follows is another block.
    fn signature(&mut self, value: &str, out: &mut Vec<RawFrame>) {
        let index = self.continue_block(Open::Thinking, out);
        let signature = json!({"type": "signature_delta", "signature": value});
        out.push(delta(index, &signature));
        self.close(out);
    }

    fn tool(&mut self, index: u32, id: &str, name: &str, out: &mut Vec<RawFrame>) {
        // The id below may be made from the message's.
        self.begin(None, None, out);
        let id = match id {
            "" => ids::made_tool_id(&self.message_id, index),
            id => ids::tool_id(id).into_owned(),
        };
        let start = json!({"type": "tool_use", "id": id, "name": name, "input": {}});
        let block = self.open_block(Some(Open::Tool), &start, out);
        self.tools.insert(index, block);
    }

    /// Arguments are addressed by their block's index, so that they arrive even where another call has
    /// begun meanwhile.
    fn arguments(&mut self, index: u32, arguments: &str, out: &mut Vec<RawFrame>) {
        if let Some(block) = self.tools.get(&index)
            && !arguments.is_empty()
        {
            let piece = json!({"type": "input_json_delta", "partial_json": arguments});
            out.push(delta(*block, &piece));
        }
    }

    fn part(&mut self, part: &Part, out: &mut Vec<RawFrame>) {
        match &part.kind {
            PartKind::Text(text) => {
                self.text(text, out);
                let citations = part.extra.get(&FORMAT, "citations");
                for citation in citations.and_then(Value::as_array).into_iter().flatten() {
                    let index = self.continue_block(Open::Text, out);
                    let citation = json!({"type": "citations_delta", "citation": citation});
                    out.push(delta(index, &citation));
                }
            }
            PartKind::Refusal(text) => self.text(text, out),
            PartKind::Reasoning(reasoning) if !reasoning.redacted => self.thought(reasoning, out),
            PartKind::ToolCall(call) => {
                let index = self.tools.keys().last().map_or(0, |last| last + 1);
                self.tool(index, &call.id, &call.name, out);
                self.arguments(index, &call.arguments, out);
                self.close(out);
            }
            _ => {
                if let Ok(Some(block)) = block_encode::block(part, Reader::Caller) {
                    self.open_block(None, &block, out);
                }
            }
        }
    }

    fn thought(&mut self, reasoning: &Reasoning, out: &mut Vec<RawFrame>) {
        self.close(out);
        self.thinking(&reasoning.text, out);
        if let Some(signature) = reasoning
            .signature
            .as_ref()
            .filter(|signature| signature.format == FORMAT)
        {
            self.signature(&signature.value, out);
        }
        self.close(out);
    }

    /// The index of the open block if it is of this kind, else of a new one.
    fn continue_block(&mut self, kind: Open, out: &mut Vec<RawFrame>) -> u64 {
        if self.open == Some(kind) {
            return self.next_block.saturating_sub(1);
        }
        let start = match kind {
            Open::Thinking => json!({"type": "thinking", "thinking": "", "signature": ""}),
            Open::Text | Open::Tool => json!({"type": "text", "text": ""}),
        };
        self.open_block(Some(kind), &start, out)
    }

    /// Begins a block, which stays open where it has a kind that deltas extend.
    fn open_block(&mut self, kind: Option<Open>, block: &Value, out: &mut Vec<RawFrame>) -> u64 {
        self.begin(None, None, out);
        self.close(out);
        let index = self.next_block;
        self.next_block += 1;
        out.push(raw(
            "content_block_start",
            &json!({"type": "content_block_start", "index": index, "content_block": block}),
        ));
        match kind {
            Some(_) => self.open = kind,
            None => out.push(stop(index)),
        }
        index
    }

    fn close(&mut self, out: &mut Vec<RawFrame>) {
        if self.open.take().is_some() {
            out.push(stop(self.next_block.saturating_sub(1)));
        }
    }

    fn end(&mut self, out: &mut Vec<RawFrame>) {
        self.begin(None, None, out);
        self.close(out);
        let (reason, stop_sequence) = match self.finish.take() {
            Some((reason, stop_sequence)) => (Some(reason), stop_sequence),
            None => (None, None),
        };
        let asks = if self.tools.is_empty() {
            AsksForTools::No
        } else {
            AsksForTools::Yes
        };
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

fn raw(name: &str, data: &Value) -> RawFrame {
    RawFrame::new(FORMAT, Some(name.to_owned()), Bytes::from(data.to_string()))
}

fn delta(index: u64, delta: &Value) -> RawFrame {
    raw(
        "content_block_delta",
        &json!({"type": "content_block_delta", "index": index, "delta": delta}),
    )
}

fn stop(index: u64) -> RawFrame {
    raw(
        "content_block_stop",
        &json!({"type": "content_block_stop", "index": index}),
    )
}

#[cfg(test)]
mod tests;
