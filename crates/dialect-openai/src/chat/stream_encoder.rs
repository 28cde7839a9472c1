//! Writes a streamed answer for a caller of this format.
//!
//! Frames of this format pass as they came. The gateway asks every vendor for usage, so the usage
//! chunk of a caller who did not ask is left out here, and a `usage` field beside content removed.
//! A vendor that tells it in a place of its own alone gets the chunk that a caller who asked waits for.

use std::collections::BTreeSet;

use bytes::Bytes;
use interline_core::{Frame, Origin, Part, PartKind, RawFrame, StreamEvent, Usage};
use serde_json::{Map, Value, json};

use super::encode_response::finish_word;
use super::merge::object;
use super::stream_decoder::DONE;
use super::{FORMAT, logprobs, usage};

/// Whether the caller asked for a chunk with the usage (`stream_options.include_usage`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UsageChunk {
    /// It comes last, before `[DONE]`.
    Asked,
    /// It is left out, as the format has it where nothing is said.
    #[default]
    NotAsked,
}

/// How a stream is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamOptions {
    /// Whether the caller asked for the usage.
    pub usage: UsageChunk,
    /// The model name the caller is to see; the vendor's own where absent.
    pub model: Option<String>,
    /// The id of the answer, for vendors that give none.
    pub id: String,
    /// When the answer began, in seconds since 1970, for vendors that do not say; 0 where unknown.
    pub created: u64,
}

impl StreamOptions {
    /// A stream that shows what the vendor says.
    #[must_use]
    pub const fn new(usage: UsageChunk) -> Self {
        Self {
            usage,
            model: None,
            id: String::new(),
            created: 0,
        }
    }

    /// Shows another model name.
    #[must_use]
    pub fn with_model(mut self, model: impl Into<Option<String>>) -> Self {
        self.model = model.into();
        self
    }

    /// Gives the answer an id and a time, for vendors that give none.
    #[must_use]
    pub fn with_identity(mut self, id: impl Into<String>, created: u64) -> Self {
        self.id = id.into();
        self.created = created;
        self
    }
}

/// Writes a streamed answer: feed it every frame, and the error if there is one.
#[derive(Debug)]
pub struct StreamEncoder {
    options: StreamOptions,
    model: String,
    /// The answers that have had their first chunk, which names the role.
    begun: BTreeSet<u32>,
    /// The answers that have had their finish reason; callers expect one each.
    ended: BTreeSet<u32>,
    /// Tool calls that came whole, per answer, are numbered from here.
    calls: Vec<(u32, u32)>,
    usage: Usage,
    /// Whether the vendor's own bytes showed it where the format has it.
    shows_usage: bool,
}

impl StreamEncoder {
    /// A writer for one stream.
    #[must_use]
    pub fn new(options: StreamOptions) -> Self {
        Self {
            model: options.model.clone().unwrap_or_default(),
            options,
            begun: BTreeSet::new(),
            ended: BTreeSet::new(),
            calls: Vec::new(),
            usage: Usage::default(),
            shows_usage: false,
        }
    }

    /// The events to send for a frame; none, one or several.
    pub fn encode(&mut self, frame: &Frame) -> Vec<RawFrame> {
        match &frame.raw {
            Some(raw) if raw.format == FORMAT => self.pass_through(raw, &frame.events),
            _ => {
                let mut out = Vec::new();
                for event in &frame.events {
                    self.event(event, &mut out);
                }
                out
            }
        }
    }

    /// The last event of a stream that failed; no `[DONE]` follows it.
    ///
    /// `body` is what [`super::encode_error`] made.
    #[must_use]
    pub fn error(&mut self, body: &Value) -> Vec<RawFrame> {
        let mut chunk = self.chunk(0, Map::new(), json!("error"));
        let error = body.get("error").unwrap_or(body);
        chunk.insert("error".into(), error.clone());
        vec![frame(chunk)]
    }

    fn pass_through(&mut self, raw: &RawFrame, events: &[StreamEvent]) -> Vec<RawFrame> {
        let mut tells_usage = false;
        for event in events {
            match event {
                StreamEvent::Started { id, model, created } => {
                    self.start(id.as_deref(), model.as_deref(), *created);
                }
                StreamEvent::Usage(counts) => {
                    tells_usage = true;
                    self.usage.update(*counts);
                }
                _ => {}
            }
        }
        if tells_usage && !self.shows_usage {
            self.shows_usage = has_usage(&raw.data);
        }
        let mut keys = Vec::new();
        if tells_usage && self.options.usage == UsageChunk::NotAsked {
            if events
                .iter()
                .all(|event| matches!(event, StreamEvent::Usage(_)))
                && is_usage_only(&raw.data)
            {
                return Vec::new();
            }
            keys.push(("usage", None));
        }
        let is_chunk = raw.data.trim_ascii_start().first() == Some(&b'{');
        if let Some(model) = self.options.model.as_ref().filter(|_| is_chunk) {
            keys.push(("model", Some(Value::from(model.as_str()))));
        }
        let mut out = raw.clone();
        if !keys.is_empty()
            && let Ok(data) = Origin::new(FORMAT, raw.data.clone()).with_keys(&keys)
        {
            out.data = data;
        }
        let is_last = events.iter().any(|event| matches!(event, StreamEvent::End));
        match self.usage_chunk().filter(|_| is_last) {
            Some(usage) => vec![usage, out],
            None => vec![out],
        }
    }

    fn event(&mut self, event: &StreamEvent, out: &mut Vec<RawFrame>) {
        let (choice, delta) = match event {
            StreamEvent::Started { id, model, created } => {
                self.start(id.as_deref(), model.as_deref(), *created);
                self.begin(0, out);
                return;
            }
            StreamEvent::Text { choice, text } => {
                (*choice, object([("content", text.as_str().into())]))
            }
            StreamEvent::Reasoning { choice, text } => (
                *choice,
                object([("reasoning_content", text.as_str().into())]),
            ),
            StreamEvent::Refusal { choice, text } => {
                (*choice, object([("refusal", text.as_str().into())]))
            }
            StreamEvent::ToolCallStart {
                choice,
                index,
                id,
                name,
            } => {
                self.count_call(*choice, *index);
                (*choice, call_start(*index, id, name, ""))
            }
            StreamEvent::ToolCallDelta {
                choice,
                index,
                arguments,
            } => (
                *choice,
                object([(
                    "tool_calls",
                    json!([{"index": index, "function": {"arguments": arguments}}]),
                )]),
            ),
            StreamEvent::Part { choice, part } => match self.whole_part(*choice, part) {
                Some(delta) => (*choice, delta),
                None => return,
            },
            StreamEvent::Logprobs { choice, value } => {
                if value.for_format(&FORMAT).is_some() {
                    self.begin(*choice, out);
                    out.push(self.logprobs_chunk(*choice, logprobs::write(value)));
                }
                return;
            }
            StreamEvent::Finished {
                choice,
                reason,
                stop_sequence,
            } => {
                if !self.ended.insert(*choice) {
                    return;
                }
                self.begin(*choice, out);
                let mut chunk = self.chunk(*choice, Map::new(), finish_word(Some(reason)));
                if let Some(stop) = stop_sequence {
                    chunk["choices"][0]["stop_reason"] = stop.as_str().into();
                }
                out.push(frame(chunk));
                return;
            }
            StreamEvent::Usage(counts) => {
                self.usage.update(*counts);
                return;
            }
            StreamEvent::End => {
                self.end(out);
                return;
            }
            // What another vendor signed means nothing to callers of this format.
            _ => return,
        };
        self.begin(choice, out);
        out.push(frame(self.chunk(choice, delta, Value::Null)));
    }

    fn start(&mut self, id: Option<&str>, model: Option<&str>, created: Option<u64>) {
        if let Some(id) = id {
            id.clone_into(&mut self.options.id);
        }
        if let Some(created) = created {
            self.options.created = created;
        }
        if let Some(model) = model.filter(|_| self.options.model.is_none()) {
            model.clone_into(&mut self.model);
        }
    }

    /// The first chunk of an answer names the role, as clients of the format expect.
    fn begin(&mut self, choice: u32, out: &mut Vec<RawFrame>) {
        if self.begun.insert(choice) {
            let delta = object([("role", "assistant".into()), ("content", "".into())]);
            out.push(frame(self.chunk(choice, delta, Value::Null)));
        }
    }

    fn end(&self, out: &mut Vec<RawFrame>) {
        out.extend(self.usage_chunk());
        out.push(RawFrame::new(FORMAT, None, Bytes::from_static(DONE)));
    }

    /// The chunk with the usage, where the caller asked for it, it is known and was not shown yet.
    fn usage_chunk(&self) -> Option<RawFrame> {
        if self.options.usage == UsageChunk::NotAsked || self.shows_usage {
            return None;
        }
        let counts = usage::write(&self.usage)?;
        let mut chunk = self.chunk(0, Map::new(), Value::Null);
        chunk.insert("choices".into(), json!([]));
        chunk.insert("usage".into(), counts);
        Some(frame(chunk))
    }

    /// A part that came whole, as a delta; `None` where this format has no place for it.
    fn whole_part(&mut self, choice: u32, part: &Part) -> Option<Map<String, Value>> {
        match &part.kind {
            PartKind::Text(text) => Some(object([("content", text.as_str().into())])),
            PartKind::Refusal(text) => Some(object([("refusal", text.as_str().into())])),
            PartKind::Reasoning(reasoning) if !reasoning.text.is_empty() => Some(object([(
                "reasoning_content",
                reasoning.text.as_str().into(),
            )])),
            PartKind::ToolCall(call) => {
                let index = self.next_call(choice);
                self.count_call(choice, index);
                Some(call_start(index, &call.id, &call.name, &call.arguments))
            }
            PartKind::Image(media) => {
                let url = media.to_url()?;
                let images = json!([{"type": "image_url", "image_url": {"url": url}}]);
                Some(object([("images", images)]))
            }
            PartKind::Other { format, value } if *format == FORMAT => value.as_object().cloned(),
            _ => None,
        }
    }

    fn next_call(&self, choice: u32) -> u32 {
        let known = self.calls.iter().find(|(known, _)| *known == choice);
        known.map_or(0, |(_, next)| *next)
    }

    fn count_call(&mut self, choice: u32, index: u32) {
        let next = index.saturating_add(1);
        match self.calls.iter_mut().find(|(known, _)| *known == choice) {
            Some((_, known)) => *known = next.max(*known),
            None => self.calls.push((choice, next)),
        }
    }

    fn logprobs_chunk(&self, choice: u32, figures: Value) -> RawFrame {
        let mut chunk = self.chunk(choice, Map::new(), Value::Null);
        chunk["choices"][0]["logprobs"] = figures;
        frame(chunk)
    }

    fn chunk(&self, choice: u32, delta: Map<String, Value>, finish: Value) -> Map<String, Value> {
        let choice = object([
            ("index", choice.into()),
            ("delta", delta.into()),
            ("finish_reason", finish),
        ]);
        object([
            ("id", self.options.id.as_str().into()),
            ("object", "chat.completion.chunk".into()),
            ("created", self.options.created.into()),
            ("model", self.model.as_str().into()),
            ("choices", vec![Value::Object(choice)].into()),
        ])
    }
}

fn call_start(index: u32, id: &str, name: &str, arguments: &str) -> Map<String, Value> {
    object([(
        "tool_calls",
        json!([{"index": index, "id": id, "type": "function",
            "function": {"name": name, "arguments": arguments}}]),
    )])
}

fn frame(chunk: Map<String, Value>) -> RawFrame {
    RawFrame::new(FORMAT, None, Bytes::from(Value::Object(chunk).to_string()))
}

/// Whether a chunk tells the usage where the format has it.
fn has_usage(data: &Bytes) -> bool {
    serde_json::from_slice::<Value>(data)
        .is_ok_and(|chunk| chunk.get("usage").is_some_and(Value::is_object))
}

/// Whether a chunk with usage says nothing else.
fn is_usage_only(data: &Bytes) -> bool {
    serde_json::from_slice::<Value>(data).is_ok_and(|chunk| {
        let choices = chunk.get("choices").and_then(Value::as_array);
        choices.is_none_or(Vec::is_empty)
    })
}
