//! Writes a streamed answer for a caller of this format.
//!
//! Frames of this format pass as they came, their numbers made continuous. Any other is written
//! from its events: text and refusals are content of `message` items, thinking is a `reasoning` item
//! with the words as its summary and its signature sealed, tool calls are `function_call` items, or
//! `custom_tool_call` where the caller declared the tool so, and a picture is an
//! `image_generation_call`. What the format has no place for (sound, other vendors' own blocks,
//! answers beyond the first) is left out.
//!
//! Most of the format's events tell once more what the deltas told, so an answer is kept until it
//! has ended; it is as long as the vendor's bound on answers lets it be.

mod content;
mod ledger;
mod open_item;
mod relay;

use interline_core::{
    ChatRequest, FinishReason, Frame, Part, PartKind, RawFrame, Reasoning, StreamEvent, Usage,
};
use serde_json::{Map, Value, json};

use self::ledger::Ledger;
use self::open_item::{OpenItem, Spoken};
use super::echo::Echo;
use super::item::is_content;
use super::{FORMAT, Identity, custom_tool, encode_usage};
use crate::chat;
use crate::chat::merge::object;

/// Writes a streamed answer: feed it every frame, and the error if there is one.
#[derive(Debug)]
pub struct StreamEncoder {
    echo: Echo,
    /// The answer's own id, once it has begun.
    id: String,
    model: String,
    created: u64,
    stage: Stage,
    ledger: Ledger,
    /// The tools whose calls carry plain text.
    custom_tools: Vec<String>,
    usage: Usage,
    finish: Option<FinishReason>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Waiting,
    Begun,
    Over,
}

impl StreamEncoder {
    /// A writer for the answer to `request`.
    #[must_use]
    pub fn new(request: &ChatRequest, identity: Identity) -> Self {
        Self {
            echo: Echo::of(request),
            id: identity.answer(),
            model: request.model.as_str().to_owned(),
            created: identity.created,
            stage: Stage::Waiting,
            ledger: Ledger::new(identity),
            custom_tools: custom_tool::names(request),
            usage: Usage::default(),
            finish: None,
        }
    }

    /// The events to send for a frame; none, one or several.
    pub fn encode(&mut self, frame: &Frame) -> Vec<RawFrame> {
        for event in &frame.events {
            self.note(event);
        }
        match &frame.raw {
            Some(raw) if raw.format == FORMAT => self.relay(raw).into_iter().collect(),
            _ => {
                for event in &frame.events {
                    self.event(event);
                }
                self.ledger.take_frames()
            }
        }
    }

    /// The last events of a stream that failed.
    ///
    /// `body` is what [`encode_error`](crate::encode_error) made; its code, message and attempts are
    /// the `error` of the answer that `response.failed` tells.
    #[must_use]
    pub fn error(&mut self, body: &Value) -> Vec<RawFrame> {
        if self.stage == Stage::Over {
            return Vec::new();
        }
        self.begin();
        let error = body.get("error").unwrap_or(body);
        let told = ["code", "message", "attempts"].into_iter();
        let told: Map<String, Value> = told
            .filter_map(|key| Some((key.to_owned(), error.get(key)?.clone())))
            .collect();
        self.fail(told.into());
        self.ledger.take_frames()
    }

    /// The answer as far as it has come.
    pub(crate) fn into_response(self) -> Map<String, Value> {
        let status = match &self.finish {
            Some(FinishReason::Error) => Status::Failed,
            Some(reason) if incomplete_reason(reason).is_some() => Status::Incomplete,
            _ => Status::Completed,
        };
        self.response(status)
    }

    /// Takes what the answer says about itself.
    fn note(&mut self, event: &StreamEvent) {
        match event {
            StreamEvent::Started { id, model, created } if self.stage == Stage::Waiting => {
                if let Some(id) = id.as_ref().filter(|id| id.starts_with("resp_")) {
                    self.id.clone_from(id);
                }
                if let Some(model) = model {
                    self.model.clone_from(model);
                }
                self.created = created.unwrap_or(self.created);
            }
            StreamEvent::Usage(counts) => self.usage.update(*counts),
            _ => {}
        }
    }

    fn event(&mut self, event: &StreamEvent) {
        if self.stage == Stage::Over || choice_of(event) > 0 {
            return;
        }
        self.begin();
        match event {
            StreamEvent::Text { text, .. } => self.ledger.speak(Spoken::Text, text),
            StreamEvent::Refusal { text, .. } => self.ledger.speak(Spoken::Refusal, text),
            StreamEvent::Reasoning { text, .. } => self.ledger.think(text),
            StreamEvent::ReasoningSignature { signature, .. } => self.ledger.sign(signature),
            StreamEvent::ToolCallStart {
                index, id, name, ..
            } => {
                let call = self.open_call(id, name);
                self.ledger.open_call(*index, call);
            }
            StreamEvent::ToolCallDelta {
                index, arguments, ..
            } => self.ledger.more_arguments(*index, arguments),
            StreamEvent::Part { part, .. } => self.whole_part(part),
            StreamEvent::Logprobs { value, .. } => {
                let figures = value.get(&chat::FORMAT, "content");
                let figures = figures.and_then(Value::as_array);
                self.ledger.figures(figures.into_iter().flatten().cloned());
            }
            StreamEvent::Finished { reason, .. } => {
                self.ledger.close_all(cut(reason));
                self.finish.get_or_insert_with(|| reason.clone());
            }
            StreamEvent::End => self.end(),
            _ => {}
        }
    }

    fn open_call(&self, id: &str, name: &str) -> OpenItem {
        if self.custom_tools.iter().any(|known| known == name) {
            OpenItem::custom_call(id, name)
        } else {
            OpenItem::function_call(id, name)
        }
    }

    fn whole_part(&mut self, part: &Part) {
        match &part.kind {
            PartKind::Text(text) => self.ledger.speak(Spoken::Text, text),
            PartKind::Refusal(text) => self.ledger.speak(Spoken::Refusal, text),
            PartKind::Reasoning(reasoning) => self.whole_thought(reasoning),
            PartKind::ToolCall(call) => {
                let open = self.open_call(&call.id, &call.name);
                self.ledger.whole_call(open, &call.arguments);
            }
            PartKind::Image(media) => {
                if let interline_core::MediaSource::Base64(data) = &media.source {
                    self.ledger.whole_item("ig", |id| {
                        object([
                            ("id", id.into()),
                            ("type", "image_generation_call".into()),
                            ("status", "completed".into()),
                            ("result", data.as_str().into()),
                        ])
                    });
                }
            }
            PartKind::Other { format, value } if *format == FORMAT && !is_content(value) => {
                let item = value.as_object().cloned().unwrap_or_default();
                self.ledger.whole_item("item", |_| item);
            }
            _ => {}
        }
    }

    fn whole_thought(&mut self, reasoning: &Reasoning) {
        self.ledger.close_spoken();
        self.ledger.think(&reasoning.text);
        if reasoning.redacted {
            self.ledger.redact();
        }
        if let Some(signature) = &reasoning.signature {
            self.ledger.sign(signature);
        }
        self.ledger.close_spoken();
    }

    /// The first two events of every answer.
    fn begin(&mut self) {
        if self.stage != Stage::Waiting {
            return;
        }
        self.stage = Stage::Begun;
        for name in ["response.created", "response.in_progress"] {
            let response = self.response(Status::InProgress);
            self.ledger
                .tell(name, object([("response", response.into())]));
        }
    }

    fn end(&mut self) {
        let reason = self.finish.clone().unwrap_or(FinishReason::Stop);
        self.ledger.close_all(cut(&reason));
        if reason == FinishReason::Error {
            let message = "the vendor failed after it had begun to answer";
            return self.fail(json!({"code": "server_error", "message": message}));
        }
        self.stage = Stage::Over;
        let (name, status) = match incomplete_reason(&reason) {
            Some(_) => ("response.incomplete", Status::Incomplete),
            None => ("response.completed", Status::Completed),
        };
        let response = self.response(status);
        self.ledger
            .tell(name, object([("response", response.into())]));
    }

    fn fail(&mut self, error: Value) {
        self.stage = Stage::Over;
        let mut response = self.response(Status::Failed);
        response.insert("error".to_owned(), error);
        let fields = object([("response", response.into())]);
        self.ledger.tell("response.failed", fields);
    }

    fn response(&self, status: Status) -> Map<String, Value> {
        let mut response = object([
            ("id", self.id.as_str().into()),
            ("object", "response".into()),
            ("created_at", self.created.into()),
            ("status", status.word().into()),
            ("error", Value::Null),
            ("incomplete_details", Value::Null),
            ("model", self.model.as_str().into()),
            ("output", self.ledger.output().into()),
            ("usage", encode_usage::write(&self.usage)),
        ]);
        if status == Status::Incomplete {
            let reason = self.finish.as_ref().and_then(incomplete_reason);
            response.insert("incomplete_details".into(), json!({ "reason": reason }));
        }
        if status == Status::InProgress {
            response.insert("usage".into(), Value::Null);
        }
        response.extend(self.echo.fields());
        response
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    InProgress,
    Completed,
    Incomplete,
    Failed,
}

impl Status {
    const fn word(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
        }
    }
}

/// Why an answer is not whole, in the format's words; a reason of a vendor's own is an end.
const fn incomplete_reason(reason: &FinishReason) -> Option<&'static str> {
    match reason {
        FinishReason::Length => Some("max_output_tokens"),
        FinishReason::ContentFilter => Some("content_filter"),
        _ => None,
    }
}

/// Whether items that are still open when an answer ends were cut.
const fn cut(reason: &FinishReason) -> open_item::Ending {
    match reason {
        FinishReason::Length | FinishReason::ContentFilter | FinishReason::Error => {
            open_item::Ending::Cut
        }
        _ => open_item::Ending::Whole,
    }
}

/// Which answer an event belongs to.
const fn choice_of(event: &StreamEvent) -> u32 {
    match event {
        StreamEvent::Text { choice, .. }
        | StreamEvent::Reasoning { choice, .. }
        | StreamEvent::ReasoningSignature { choice, .. }
        | StreamEvent::Refusal { choice, .. }
        | StreamEvent::ToolCallStart { choice, .. }
        | StreamEvent::ToolCallDelta { choice, .. }
        | StreamEvent::Part { choice, .. }
        | StreamEvent::Logprobs { choice, .. }
        | StreamEvent::Finished { choice, .. } => *choice,
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
