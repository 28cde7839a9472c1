//! Frames of this format pass as they came, except for what clients rely on and vendors neglect:
//! events are numbered without a gap and named, and nothing follows the last one.

use interline_core::{Origin, RawFrame};
use serde_json::Value;

use super::{Stage, StreamEncoder};
use crate::responses::FORMAT;

/// The events after which there is no other.
const LAST: [&str; 4] = [
    "response.completed",
    "response.incomplete",
    "response.failed",
    "error",
];

impl StreamEncoder {
    /// The frame to send for one of this format; none for what is no event of it, such as `[DONE]`.
    pub(super) fn relay(&mut self, raw: &RawFrame) -> Option<RawFrame> {
        let event: Value = serde_json::from_slice(&raw.data).ok()?;
        let name = event.get("type").and_then(Value::as_str);
        let name = name.or(raw.event.as_deref()).unwrap_or_default().to_owned();
        let number = event.get("sequence_number").and_then(Value::as_u64);
        let expected = match self.stage {
            Stage::Over => return None,
            Stage::Waiting => number.unwrap_or(0),
            Stage::Begun => self.ledger.sequence(),
        };
        if let Some(id) = event.pointer("/response/id").and_then(Value::as_str) {
            id.clone_into(&mut self.id);
        }
        self.stage = if LAST.contains(&name.as_str()) {
            Stage::Over
        } else {
            Stage::Begun
        };
        self.ledger.set_sequence(expected.saturating_add(1));
        let mut out = raw.clone();
        if number != Some(expected) {
            let number = [("sequence_number", Some(expected.into()))];
            let origin = Origin::new(FORMAT, raw.data.clone());
            out.data = origin.with_keys(&number).ok()?;
        }
        out.event.get_or_insert(name);
        Some(out)
    }
}
