//! The items of a streamed answer: which are open, and how much of each has been told.
//!
//! An item is told three times: in deltas, in a `done` event for each piece, and whole at its end.
//! Deltas are told at once. The end tells what no delta did, so that servers without deltas lose
//! nothing and the others repeat nothing.

use std::collections::BTreeMap;

use interline_core::{PartKind, StreamEvent};
use serde_json::{Map, Value};

use super::decode_item::{call_id, decode_item};
use super::decode_response::logprobs;
use super::item::type_of;
use super::{custom_tool, reasoning_item};

/// Most items that are open at once, and most pieces of one item: 1,024 (chosen, not measured).
const MOST_OPEN: usize = 1024;

/// The one answer of the format.
const CHOICE: u32 = 0;

/// What a delta belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Text,
    Refusal,
    Arguments,
    /// The thoughts themselves.
    Thoughts,
    /// The vendor's summary of them.
    Summary,
}

/// The items of a streamed answer.
#[derive(Debug, Default)]
pub(crate) struct OpenItems {
    open: BTreeMap<u64, OpenItem>,
    /// How many calls have begun.
    calls: u32,
    /// Whether any item came.
    seen: bool,
}

#[derive(Debug, Default)]
struct OpenItem {
    /// Bytes told of each piece.
    told: BTreeMap<(Field, u64), usize>,
    /// The number of the call, where the item is one.
    call: Option<u32>,
    /// What of the thinking is shown: the thoughts, or their summary, but not both.
    thinking: Option<Field>,
}

impl OpenItem {
    /// Notes that more of a piece is told; `false` where it is not to be.
    fn tell(&mut self, field: Field, piece: u64, bytes: usize) -> Result<bool, &'static str> {
        if let Field::Thoughts | Field::Summary = field
            && *self.thinking.get_or_insert(field) != field
        {
            return Ok(false);
        }
        if self.told.len() >= MOST_OPEN && !self.told.contains_key(&(field, piece)) {
            return Err("has too many pieces");
        }
        *self.told.entry((field, piece)).or_default() += bytes;
        Ok(bytes > 0)
    }

    /// What of a whole piece was not told.
    fn rest<'a>(&self, field: Field, piece: u64, whole: &'a str) -> &'a str {
        let told = self.told.get(&(field, piece)).copied().unwrap_or_default();
        whole.get(told..).unwrap_or_default()
    }
}

impl OpenItems {
    /// Whether the answer asks the caller to run a tool.
    pub(crate) const fn has_calls(&self) -> bool {
        self.calls > 0
    }

    /// Whether any item came.
    pub(crate) const fn any(&self) -> bool {
        self.seen
    }

    fn at(&mut self, place: u64) -> Result<&mut OpenItem, &'static str> {
        self.seen = true;
        if self.open.len() >= MOST_OPEN && !self.open.contains_key(&place) {
            return Err("opens too many items");
        }
        Ok(self.open.entry(place).or_default())
    }

    /// An item began at `place` of the output.
    pub(crate) fn begin(
        &mut self,
        place: u64,
        item: &Value,
        events: &mut Vec<StreamEvent>,
    ) -> Result<(), &'static str> {
        self.at(place)?;
        if type_of(item) == "function_call"
            && let Some(fields) = item.as_object()
            && fields.get("name").is_some_and(Value::is_string)
        {
            self.start_call(place, fields, events)?;
            if let Some(begun) = fields.get("arguments").and_then(Value::as_str) {
                self.delta(place, Field::Arguments, 0, begun, events)?;
            }
        }
        Ok(())
    }

    /// More of a piece of the item at `place`.
    pub(crate) fn delta(
        &mut self,
        place: u64,
        field: Field,
        piece: u64,
        more: &str,
        events: &mut Vec<StreamEvent>,
    ) -> Result<(), &'static str> {
        let item = self.at(place)?;
        let call = item.call;
        // Arguments of a call whose name is not known yet are told at its end.
        if field == Field::Arguments && call.is_none() {
            return Ok(());
        }
        if item.tell(field, piece, more.len())? {
            events.push(event(field, call, more));
        }
        Ok(())
    }

    /// A piece of the item at `place` is whole.
    pub(crate) fn piece(
        &mut self,
        place: u64,
        field: Field,
        piece: u64,
        whole: &str,
        events: &mut Vec<StreamEvent>,
    ) -> Result<(), &'static str> {
        let rest = self.at(place)?.rest(field, piece, whole);
        self.delta(place, field, piece, rest, events)
    }

    /// The item at `place` is whole.
    pub(crate) fn end(
        &mut self,
        place: u64,
        item: Value,
        events: &mut Vec<StreamEvent>,
    ) -> Result<(), &'static str> {
        self.at(place)?;
        match type_of(&item) {
            "message" => self.end_message(place, item, events)?,
            "reasoning" => {
                let Value::Object(item) = item else {
                    return Err("ends with no object");
                };
                self.end_reasoning(place, item, events)?;
            }
            "function_call" | custom_tool::CALL => self.end_call(place, item, events)?,
            _ => {
                let parts = decode_item(item)?.parts.into_iter();
                events.extend(parts.map(|part| StreamEvent::Part {
                    choice: CHOICE,
                    part,
                }));
            }
        }
        self.open.remove(&place);
        Ok(())
    }

    fn end_message(
        &mut self,
        place: u64,
        item: Value,
        events: &mut Vec<StreamEvent>,
    ) -> Result<(), &'static str> {
        let untold = self.at(place)?.told.is_empty();
        let said = decode_item(item)?;
        for (piece, part) in (0..).zip(said.parts) {
            match &part.kind {
                PartKind::Text(text) => self.piece(place, Field::Text, piece, text, events)?,
                PartKind::Refusal(words) => {
                    self.piece(place, Field::Refusal, piece, words, events)?;
                }
                _ => events.push(StreamEvent::Part {
                    choice: CHOICE,
                    part,
                }),
            }
        }
        if untold && !said.logprobs.is_empty() {
            events.push(StreamEvent::Logprobs {
                choice: CHOICE,
                value: logprobs(said.logprobs),
            });
        }
        Ok(())
    }

    fn end_reasoning(
        &mut self,
        place: u64,
        item: Map<String, Value>,
        events: &mut Vec<StreamEvent>,
    ) -> Result<(), &'static str> {
        // The thoughts come first, so that they are what is shown where no delta has decided.
        for (key, field) in [("content", Field::Thoughts), ("summary", Field::Summary)] {
            let pieces = item.get(key).and_then(Value::as_array);
            for (piece, text) in (0..).zip(pieces.into_iter().flatten()) {
                if let Some(text) = text.get("text").and_then(Value::as_str) {
                    self.piece(place, field, piece, text, events)?;
                }
            }
        }
        let signature = reasoning_item::read(item).signature;
        events.extend(signature.map(|signature| StreamEvent::ReasoningSignature {
            choice: CHOICE,
            signature,
        }));
        Ok(())
    }

    fn end_call(
        &mut self,
        place: u64,
        item: Value,
        events: &mut Vec<StreamEvent>,
    ) -> Result<(), &'static str> {
        if self.at(place)?.call.is_none() {
            let fields = item.as_object().ok_or("ends with no object")?;
            self.start_call(place, fields, events)?;
        }
        for part in decode_item(item)?.parts {
            if let PartKind::ToolCall(call) = part.kind {
                self.piece(place, Field::Arguments, 0, &call.arguments, events)?;
            }
        }
        Ok(())
    }

    fn start_call(
        &mut self,
        place: u64,
        item: &Map<String, Value>,
        events: &mut Vec<StreamEvent>,
    ) -> Result<(), &'static str> {
        let index = self.calls;
        let open = self.at(place)?;
        if open.call.is_some() {
            return Ok(());
        }
        open.call = Some(index);
        self.calls += 1;
        let name = item.get("name").and_then(Value::as_str);
        events.push(StreamEvent::ToolCallStart {
            choice: CHOICE,
            index,
            id: call_id(item),
            name: name.ok_or("calls a tool without `name`")?.to_owned(),
        });
        Ok(())
    }
}

fn event(field: Field, call: Option<u32>, more: &str) -> StreamEvent {
    let (choice, text) = (CHOICE, more.to_owned());
    match field {
        Field::Text => StreamEvent::Text { choice, text },
        Field::Refusal => StreamEvent::Refusal { choice, text },
        Field::Thoughts | Field::Summary => StreamEvent::Reasoning { choice, text },
        Field::Arguments => StreamEvent::ToolCallDelta {
            choice,
            index: call.unwrap_or_default(),
            arguments: text,
        },
    }
}
