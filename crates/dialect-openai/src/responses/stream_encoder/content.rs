//! What a `message` item holds: texts and refusals, one after the other.

use serde_json::{Map, Value, json};

use super::open_item::Spoken;
use crate::chat::merge::object;

/// A piece of content that still grows.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) spoken: Spoken,
    pub(super) text: String,
}

impl Content {
    /// The piece as it is when nothing has been said yet.
    pub(super) fn empty(spoken: Spoken) -> Self {
        Self {
            spoken,
            text: String::new(),
        }
    }

    /// The piece as it is on the wire, with the log-probabilities of its tokens.
    pub(super) fn part(&self, figures: &[Value]) -> Value {
        match self.spoken {
            Spoken::Text => json!({
                "type": "output_text",
                "annotations": [],
                "logprobs": figures,
                "text": self.text,
            }),
            Spoken::Refusal => json!({"type": "refusal", "refusal": self.text}),
        }
    }

    /// The name of the event that adds to the piece.
    pub(super) const fn delta_name(&self) -> &'static str {
        match self.spoken {
            Spoken::Text => "response.output_text.delta",
            Spoken::Refusal => "response.refusal.delta",
        }
    }

    /// The event that tells the whole piece: its name and its fields.
    pub(super) fn done(&self, figures: &[Value]) -> (&'static str, Map<String, Value>) {
        let text = Value::from(self.text.as_str());
        match self.spoken {
            Spoken::Text => (
                "response.output_text.done",
                object([("text", text), ("logprobs", figures.into())]),
            ),
            Spoken::Refusal => ("response.refusal.done", object([("refusal", text)])),
        }
    }
}
