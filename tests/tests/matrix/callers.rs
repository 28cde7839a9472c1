//! What callers send in each case, in the formats that callers speak.

pub(crate) mod chat;
pub(crate) mod messages;
pub(crate) mod responses;

use serde_json::{Value, json};

/// What callers put into `model`.
pub(crate) const ROUTE: &str = "weather";

/// Signed state of the kind that the caller's format knows, issued by somebody.
pub(crate) const FOREIGN_SIGNATURE: &str = "proof/of+somebody==";

/// A picture, as far as anybody here looks at it.
const PICTURE: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB";
const PICTURE_URL: &str = "https://pictures.example/windsock.png";

/// What the first tool takes, with every kind of constraint that strict schemas may have.
fn wind_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "harbour": {"type": "string", "description": "The harbour's name."},
            "unit": {"type": "string", "enum": ["knots", "beaufort"]},
        },
        "required": ["harbour", "unit"],
        "additionalProperties": false,
    })
}

/// What the second tool takes.
fn tide_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "harbour": {"type": "string"},
            "day": {"type": "integer", "minimum": 1, "maximum": 31},
        },
        "required": ["harbour"],
    })
}

/// The shape that answers are asked in.
fn answer_schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "from": {"type": "string", "description": "Where it blows from."},
            "knots": {"type": "integer"},
        },
        "required": ["from", "knots"],
        "additionalProperties": false,
    })
}

/// A request with more at the end of its conversation.
fn with_more(asked: &Value, key: &str, more: impl IntoIterator<Item = Value>) -> Value {
    let mut next = asked.clone();
    if let Some(list) = next[key].as_array_mut() {
        list.extend(more);
    }
    next
}
