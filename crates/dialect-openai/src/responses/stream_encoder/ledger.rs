//! The items of an answer, and the events that tell of them in the format's order.
//!
//! Text, refusals and thinking end when something else begins. Calls stay open until the answer
//! ends, because vendors may send the arguments of parallel calls by turns.

use std::collections::BTreeMap;

use bytes::Bytes;
use interline_core::{RawFrame, Reasoning, Signature};
use serde_json::{Map, Value, json};

use super::content::Content;
use super::open_item::{CallKind, Ending, OpenItem, Spoken};
use crate::chat::merge::object;
use crate::responses::{FORMAT, Identity, custom_tool, reasoning_item};

#[derive(Debug)]
pub(super) struct Ledger {
    identity: Identity,
    /// The number of the next event.
    sequence: u64,
    frames: Vec<RawFrame>,
    /// Items that have ended, by their place.
    ended: BTreeMap<u32, Value>,
    /// The message or thought that still grows.
    current: Option<Slot>,
    /// The calls that still grow, by the index that their events have.
    calls: BTreeMap<u32, Slot>,
    next_place: u32,
    /// Log-probabilities of the tokens of the current text.
    figures: Vec<Value>,
}

/// An item that still grows, in its place.
#[derive(Debug)]
struct Slot {
    place: u32,
    id: String,
    item: OpenItem,
}

impl Ledger {
    pub(super) const fn new(identity: Identity) -> Self {
        Self {
            identity,
            sequence: 0,
            frames: Vec::new(),
            ended: BTreeMap::new(),
            current: None,
            calls: BTreeMap::new(),
            next_place: 0,
            figures: Vec::new(),
        }
    }

    /// The events told since this was last asked.
    pub(super) fn take_frames(&mut self) -> Vec<RawFrame> {
        std::mem::take(&mut self.frames)
    }

    /// Tells an event.
    pub(super) fn tell(&mut self, name: &str, fields: Map<String, Value>) {
        let mut event = object([
            ("type", name.into()),
            ("sequence_number", self.sequence.into()),
        ]);
        event.extend(fields);
        self.sequence += 1;
        let data = Bytes::from(Value::Object(event).to_string());
        self.frames
            .push(RawFrame::new(FORMAT, Some(name.to_owned()), data));
    }

    /// The number that the next event is to have.
    pub(super) const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Goes on counting from `sequence`.
    pub(super) const fn set_sequence(&mut self, sequence: u64) {
        self.sequence = sequence;
    }

    /// All items in their order; those that still grow are cut.
    pub(super) fn output(&self) -> Vec<Value> {
        let mut items = self.ended.clone();
        for slot in self.current.iter().chain(self.calls.values()) {
            let item = slot.item.ended(&slot.id, Ending::Cut);
            items.insert(slot.place, item.into());
        }
        items.into_values().collect()
    }

    /// Adds to what the model says.
    pub(super) fn speak(&mut self, spoken: Spoken, text: &str) {
        if text.is_empty() {
            return;
        }
        let mut slot = match self.current.take() {
            Some(slot) if matches!(slot.item, OpenItem::Message { .. }) => slot,
            other => {
                self.close(other, Ending::Whole);
                self.open(OpenItem::message())
            }
        };
        if let OpenItem::Message { parts, content } = &mut slot.item {
            if content.as_ref().is_some_and(|open| open.spoken != spoken) {
                self.close_content(&slot.id, slot.place, parts, content);
            }
            let open = match content {
                Some(open) => open,
                None => {
                    let begun = content.insert(Content::empty(spoken));
                    let mut fields = at(&slot.id, slot.place, parts.len());
                    fields.insert("part".into(), begun.part(&[]));
                    self.tell("response.content_part.added", fields);
                    begun
                }
            };
            open.text.push_str(text);
            let mut fields = at(&slot.id, slot.place, parts.len());
            fields.insert("delta".into(), text.into());
            if spoken == Spoken::Text {
                fields.insert("logprobs".into(), json!([]));
            }
            self.tell(open.delta_name(), fields);
        }
        self.current = Some(slot);
    }

    /// Adds log-probabilities to the current text.
    pub(super) fn figures(&mut self, figures: impl Iterator<Item = Value>) {
        self.figures.extend(figures);
    }

    /// Adds to what the model thinks; a signed thought is whole, so what follows is the next one.
    pub(super) fn think(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let unsigned = |slot: &Slot| matches!(&slot.item, OpenItem::Reasoning(thought) if thought.signature.is_none());
        let mut slot = match self.current.take() {
            Some(slot) if unsigned(&slot) => slot,
            other => {
                self.close(other, Ending::Whole);
                self.open(OpenItem::Reasoning(Reasoning::default()))
            }
        };
        if let OpenItem::Reasoning(thought) = &mut slot.item {
            if thought.text.is_empty() {
                let mut fields = summary_at(&slot.id, slot.place);
                fields.insert("part".into(), json!({"type": "summary_text", "text": ""}));
                self.tell("response.reasoning_summary_part.added", fields);
            }
            thought.text.push_str(text);
            let mut fields = summary_at(&slot.id, slot.place);
            fields.insert("delta".into(), text.into());
            self.tell("response.reasoning_summary_text.delta", fields);
        }
        self.current = Some(slot);
    }

    /// Signs the current thought; a signature without one is an item of its own.
    pub(super) fn sign(&mut self, signature: &Signature) {
        self.thought().signature = Some(signature.clone());
    }

    /// Says that the vendor hid the current thought.
    pub(super) fn redact(&mut self) {
        self.thought().redacted = true;
    }

    fn thought(&mut self) -> &mut Reasoning {
        let slot = match self.current.take() {
            Some(slot) if matches!(slot.item, OpenItem::Reasoning(_)) => slot,
            other => {
                self.close(other, Ending::Whole);
                self.open(OpenItem::Reasoning(Reasoning::default()))
            }
        };
        match &mut self.current.insert(slot).item {
            OpenItem::Reasoning(thought) => thought,
            _ => unreachable!("the slot was chosen or made for a thought"),
        }
    }

    /// Begins a call.
    pub(super) fn open_call(&mut self, index: u32, call: OpenItem) {
        self.close_spoken();
        let earlier = self.calls.remove(&index);
        self.close(earlier, Ending::Whole);
        let slot = self.open(call);
        self.calls.insert(index, slot);
    }

    /// Adds to the arguments of a call.
    pub(super) fn more_arguments(&mut self, index: u32, text: &str) {
        let Some(mut slot) = self.calls.remove(&index) else {
            return;
        };
        self.argue(&mut slot, text);
        self.calls.insert(index, slot);
    }

    /// A call that came whole.
    pub(super) fn whole_call(&mut self, call: OpenItem, arguments: &str) {
        self.close_spoken();
        let mut slot = self.open(call);
        self.argue(&mut slot, arguments);
        self.close(Some(slot), Ending::Whole);
    }

    fn argue(&mut self, slot: &mut Slot, text: &str) {
        if let OpenItem::Call {
            kind, arguments, ..
        } = &mut slot.item
        {
            arguments.push_str(text);
            if *kind == CallKind::Function && !text.is_empty() {
                let mut fields = item_at(&slot.id, slot.place);
                fields.insert("delta".into(), text.into());
                self.tell("response.function_call_arguments.delta", fields);
            }
        }
    }

    /// An item that came whole; `make` gets its id.
    pub(super) fn whole_item(
        &mut self,
        prefix: &str,
        make: impl FnOnce(&str) -> Map<String, Value>,
    ) {
        self.close_spoken();
        let place = self.take_place();
        let item = make(&self.identity.item(prefix, place));
        self.tell_item("response.output_item.added", place, item.clone());
        self.tell_item("response.output_item.done", place, item.clone());
        self.ended.insert(place, item.into());
    }

    /// Ends the current message or thought.
    pub(super) fn close_spoken(&mut self) {
        let current = self.current.take();
        self.close(current, Ending::Whole);
    }

    /// Ends everything that still grows.
    pub(super) fn close_all(&mut self, ending: Ending) {
        let calls = std::mem::take(&mut self.calls);
        let mut open: Vec<Slot> = self.current.take().into_iter().collect();
        open.extend(calls.into_values());
        open.sort_by_key(|slot| slot.place);
        for slot in open {
            self.close(Some(slot), ending);
        }
    }

    fn take_place(&mut self) -> u32 {
        let place = self.next_place;
        self.next_place += 1;
        place
    }

    fn open(&mut self, item: OpenItem) -> Slot {
        let place = self.take_place();
        let id = self.identity.item(item.prefix(), place);
        self.tell_item("response.output_item.added", place, item.begun(&id));
        Slot { place, id, item }
    }

    fn close(&mut self, slot: Option<Slot>, ending: Ending) {
        let Some(mut slot) = slot else {
            return;
        };
        match &mut slot.item {
            OpenItem::Message { parts, content } => {
                self.close_content(&slot.id, slot.place, parts, content);
            }
            OpenItem::Reasoning(thought) if !thought.text.is_empty() => {
                self.close_summary(&slot.id, slot.place, &thought.text);
            }
            OpenItem::Reasoning(_) => {}
            OpenItem::Call {
                kind: CallKind::Function,
                name,
                arguments,
                ..
            } => {
                let mut fields = item_at(&slot.id, slot.place);
                fields.insert("name".into(), name.as_str().into());
                fields.insert("arguments".into(), arguments.as_str().into());
                self.tell("response.function_call_arguments.done", fields);
            }
            OpenItem::Call { arguments, .. } => {
                let input = custom_tool::input_of(arguments);
                for (name, key) in [
                    ("response.custom_tool_call_input.delta", "delta"),
                    ("response.custom_tool_call_input.done", "input"),
                ] {
                    let mut fields = item_at(&slot.id, slot.place);
                    fields.insert(key.into(), input.as_str().into());
                    self.tell(name, fields);
                }
            }
        }
        let item = slot.item.ended(&slot.id, ending);
        self.tell_item("response.output_item.done", slot.place, item.clone());
        self.ended.insert(slot.place, item.into());
    }

    fn close_content(
        &mut self,
        id: &str,
        place: u32,
        parts: &mut Vec<Value>,
        content: &mut Option<Content>,
    ) {
        let Some(content) = content.take() else {
            return;
        };
        let figures = match content.spoken {
            Spoken::Text => std::mem::take(&mut self.figures),
            Spoken::Refusal => Vec::new(),
        };
        let (name, more) = content.done(&figures);
        let mut fields = at(id, place, parts.len());
        fields.extend(more);
        self.tell(name, fields);
        let part = content.part(&figures);
        let mut fields = at(id, place, parts.len());
        fields.insert("part".into(), part.clone());
        self.tell("response.content_part.done", fields);
        parts.push(part);
    }

    fn close_summary(&mut self, id: &str, place: u32, text: &str) {
        let mut fields = summary_at(id, place);
        fields.insert("text".into(), text.into());
        self.tell("response.reasoning_summary_text.done", fields);
        let mut fields = summary_at(id, place);
        if let [part] = reasoning_item::summary(text)
            .as_array()
            .map_or(&[][..], Vec::as_slice)
        {
            fields.insert("part".into(), part.clone());
        }
        self.tell("response.reasoning_summary_part.done", fields);
    }

    fn tell_item(&mut self, name: &str, place: u32, item: Map<String, Value>) {
        let fields = object([("output_index", place.into()), ("item", item.into())]);
        self.tell(name, fields);
    }
}

/// The fields that say which item an event is about.
fn item_at(id: &str, place: u32) -> Map<String, Value> {
    object([("item_id", id.into()), ("output_index", place.into())])
}

/// The fields that say which piece of a message's content an event is about.
fn at(id: &str, place: u32, content: usize) -> Map<String, Value> {
    let mut fields = item_at(id, place);
    fields.insert("content_index".into(), content.into());
    fields
}

/// The fields that say which piece of a summary an event is about; ours have one.
fn summary_at(id: &str, place: u32) -> Map<String, Value> {
    let mut fields = item_at(id, place);
    fields.insert("summary_index".into(), 0.into());
    fields
}
