//! Tells which tool call a streamed fragment belongs to.
//!
//! The format numbers calls with `index` and gives id and name in the first fragment.
//! Servers deviate: no index at all, index 0 for every call, the name repeated in every fragment,
//! id or name `null` in later ones. The rules below read all of these the same way.

use interline_core::StreamEvent;
use serde_json::Value;

use super::decode_answer::{arguments, made_up_id};

/// Most tool calls of one answer (chosen, not measured); keeps memory bounded.
const MAX_CALLS: usize = 1_024;

/// The tool calls of one answer, in order of beginning.
#[derive(Debug, Default)]
pub(crate) struct ToolCallSlots {
    slots: Vec<Slot>,
}

#[derive(Debug)]
struct Slot {
    wire_index: Option<u64>,
    id: Option<String>,
    /// Whether the start was told; it needs a name, which may come after the id.
    started: bool,
}

/// A non-empty text field.
fn text<'a>(fields: &'a Value, key: &str) -> Option<&'a str> {
    fields.get(key)?.as_str().filter(|text| !text.is_empty())
}

impl ToolCallSlots {
    /// Takes one entry of `tool_calls` and adds what it means to `events`.
    ///
    /// `Err` says what breaks the format.
    pub(crate) fn take(
        &mut self,
        fragment: &Value,
        answer: &str,
        choice: u32,
        events: &mut Vec<StreamEvent>,
    ) -> Result<(), String> {
        let function = fragment.get("function").unwrap_or(&Value::Null);
        let wire_index = fragment.get("index").and_then(Value::as_u64);
        let id = text(fragment, "id");
        let name = text(function, "name");
        let position = match self.find(wire_index, id, name) {
            Some(position) => position,
            None => self.open(wire_index, id)?,
        };
        let slot = self.slots.get_mut(position).ok_or("no such tool call")?;
        let index = u32::try_from(position).map_err(|_| "too many tool calls")?;
        if let Some(name) = name
            && !slot.started
        {
            slot.started = true;
            let id = slot
                .id
                .get_or_insert_with(|| made_up_id(answer, choice, position));
            events.push(StreamEvent::ToolCallStart {
                choice,
                index,
                id: id.clone(),
                name: name.to_owned(),
            });
        }
        let arguments = arguments(function.get("arguments"));
        if arguments.is_empty() {
            return Ok(());
        }
        if !slot.started {
            return Err("a tool call has arguments before it has a name".to_owned());
        }
        events.push(StreamEvent::ToolCallDelta {
            choice,
            index,
            arguments,
        });
        Ok(())
    }

    fn find(&self, wire_index: Option<u64>, id: Option<&str>, name: Option<&str>) -> Option<usize> {
        let same_id = |slot: &Slot| id.is_some() && slot.id.as_deref() == id;
        if wire_index.is_some() {
            let position = self.last(|slot| slot.wire_index == wire_index)?;
            let slot = self.slots.get(position)?;
            // A new id with a name under a used index is a new call of a server that never counts.
            let another = id.is_some()
                && name.is_some()
                && slot.started
                && slot.id.is_some()
                && !same_id(slot);
            return (!another).then_some(position);
        }
        match (id, name) {
            (Some(_), _) => self.last(same_id),
            (None, Some(_)) => self.last(|slot| !slot.started),
            (None, None) => self.slots.len().checked_sub(1),
        }
    }

    fn last(&self, test: impl Fn(&Slot) -> bool) -> Option<usize> {
        self.slots.iter().rposition(test)
    }

    fn open(&mut self, wire_index: Option<u64>, id: Option<&str>) -> Result<usize, String> {
        if self.slots.len() >= MAX_CALLS {
            return Err(format!("an answer has more than {MAX_CALLS} tool calls"));
        }
        self.slots.push(Slot {
            wire_index,
            id: id.map(str::to_owned),
            started: false,
        });
        Ok(self.slots.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The calls that `fragments` make, as `id name arguments`.
    #[track_caller]
    fn check(fragments: &[Value], expected: &[&str]) {
        let mut slots = ToolCallSlots::default();
        let mut events = Vec::new();
        for fragment in fragments {
            slots
                .take(fragment, "r", 0, &mut events)
                .expect("a good fragment");
        }
        let mut calls: Vec<String> = Vec::new();
        for event in events {
            match event {
                StreamEvent::ToolCallStart {
                    index, id, name, ..
                } => {
                    assert_eq!(index as usize, calls.len(), "starts come in order");
                    calls.push(format!("{id} {name} "));
                }
                StreamEvent::ToolCallDelta {
                    index, arguments, ..
                } => {
                    calls[index as usize].push_str(&arguments);
                }
                other => panic!("unexpected {other:?}"),
            }
        }
        assert_eq!(calls, expected);
    }

    #[test]
    fn indexed_fragments_of_several_calls_may_interleave() {
        check(
            &[
                json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": ""}}),
                json!({"index": 1, "id": "b", "function": {"name": "g"}}),
                json!({"index": 0, "function": {"arguments": "1"}}),
                json!({"index": 1, "id": null, "function": {"name": null, "arguments": "2"}}),
            ],
            &["a f 1", "b g 2"],
        );
    }

    #[test]
    fn a_server_that_counts_every_call_as_zero_still_makes_two_calls() {
        check(
            &[
                json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "1"}}),
                json!({"index": 0, "id": "b", "function": {"name": "f", "arguments": "2"}}),
            ],
            &["a f 1", "b f 2"],
        );
    }

    #[test]
    fn a_repeated_name_is_no_new_call() {
        check(
            &[
                json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "1"}}),
                json!({"index": 0, "id": "a", "function": {"name": "f", "arguments": "2"}}),
                json!({"index": 0, "function": {"name": "f", "arguments": "3"}}),
            ],
            &["a f 123"],
        );
    }

    #[test]
    fn without_index_ids_and_order_tell_the_calls_apart() {
        check(
            &[
                json!({"id": "a", "function": {"name": "f", "arguments": "1"}}),
                json!({"function": {"arguments": "2"}}),
                json!({"id": "b", "function": {"name": "g", "arguments": {"x": 1}}}),
                json!({"id": "a", "function": {"arguments": "3"}}),
            ],
            &["a f 123", "b g {\"x\":1}"],
        );
    }

    #[test]
    fn a_missing_id_is_made_up_and_a_late_name_is_awaited() {
        check(
            &[
                json!({"index": 0, "id": "a", "function": {}}),
                json!({"index": 0, "function": {"name": "f", "arguments": "1"}}),
                json!({"index": 1, "function": {"name": "g", "arguments": "2"}}),
            ],
            &["a f 1", "call_r_0_1 g 2"],
        );
    }

    #[test]
    fn arguments_of_a_nameless_call_break_the_format() {
        let fragment = json!({"index": 0, "id": "a", "function": {"arguments": "1"}});
        let mut slots = ToolCallSlots::default();
        assert!(slots.take(&fragment, "", 0, &mut Vec::new()).is_err());
    }
}
