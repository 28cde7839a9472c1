//! The name of this wire format, and the tag on everything that belongs to it alone.

use interline_core::{Extra, FormatId};
use serde_json::{Map, Value};

/// Anthropic's Messages API.
pub const FORMAT: FormatId = FormatId::from_static("anthropic.messages");

/// Unknown fields of this format.
pub(crate) fn extra(fields: Map<String, Value>) -> Extra {
    Extra::new(FORMAT, fields)
}

/// Puts fields of this format that no type knows into `object`; a key that is there already stands.
pub(crate) fn merge_extra(object: &mut Map<String, Value>, extra: &Extra) {
    for (key, value) in extra.for_format(&FORMAT).into_iter().flatten() {
        object.entry(key.as_str()).or_insert_with(|| value.clone());
    }
}
