//! Puts unknown fields back where they were.

use interline_core::Extra;
use serde_json::{Map, Value};

use super::FORMAT;

/// Adds the fields of `extra` that belong to this format and are missing in `target`, objects field
/// by field. What the types say wins.
pub(crate) fn merge_extra(target: &mut Map<String, Value>, extra: &Extra) {
    if let Some(fields) = extra.for_format(&FORMAT) {
        merge_missing(target, fields);
    }
}

/// Adds the fields that are missing in `target`, objects field by field.
pub(crate) fn merge_missing(target: &mut Map<String, Value>, fields: &Map<String, Value>) {
    for (key, value) in fields {
        match (target.get_mut(key), value) {
            (Some(Value::Object(inner)), Value::Object(more)) => merge_missing(inner, more),
            (Some(_), _) => {}
            (None, _) => {
                target.insert(key.clone(), value.clone());
            }
        }
    }
}

/// A JSON object of named values.
pub(crate) fn object<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

/// Sets a field where there is a value.
pub(crate) fn set<T: Into<Value>>(target: &mut Map<String, Value>, key: &str, value: Option<T>) {
    if let Some(value) = value {
        target.insert(key.to_owned(), value.into());
    }
}
