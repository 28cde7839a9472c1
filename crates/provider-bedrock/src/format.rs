//! The name of this wire format, and the tag on everything that belongs to it alone.

use interline_core::{Extra, FormatId, Signature};
use serde_json::{Map, Value};

/// Amazon Bedrock's Converse, whole and streamed.
pub const FORMAT: FormatId = FormatId::from_static("bedrock.converse");

/// Unknown fields of this format.
pub(crate) fn extra(fields: Map<String, Value>) -> Extra {
    Extra::new(FORMAT, fields)
}

/// One field of this format that no type knows.
pub(crate) fn mark(key: &str, value: Value) -> Extra {
    extra(Map::from_iter([(key.to_owned(), value)]))
}

/// Puts fields of this format that no type knows into `object`; a key that is there already stands.
pub(crate) fn merge_extra(object: &mut Map<String, Value>, extra: &Extra) {
    for (key, value) in extra.for_format(&FORMAT).into_iter().flatten() {
        object.entry(key.as_str()).or_insert_with(|| value.clone());
    }
}

/// The signature's text, if this format issued it.
pub(crate) fn own_signature(signature: Option<&Signature>) -> Option<&str> {
    signature
        .filter(|signature| signature.format == FORMAT)
        .map(|signature| signature.value.as_str())
}
