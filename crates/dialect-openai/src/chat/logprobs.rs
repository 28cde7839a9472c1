//! Log-probabilities pass through as they are: the `logprobs` object itself, tagged with the format.

use interline_core::Extra;
use serde_json::Value;

use super::FORMAT;

/// The `logprobs` of a choice; none where it is absent or no object.
pub(crate) fn read(value: Option<Value>) -> Extra {
    match value {
        Some(Value::Object(fields)) => Extra::new(FORMAT, fields),
        _ => Extra::none(),
    }
}

/// The `logprobs` field of a choice; `null` where they belong to another format.
pub(crate) fn write(logprobs: &Extra) -> Value {
    logprobs
        .for_format(&FORMAT)
        .map_or(Value::Null, |fields| Value::Object(fields.clone()))
}
