//! Fields that no type of this crate knows, tagged with the wire format they came from.
//!
//! An unknown field means something only in its own format, so it is handed back there and never
//! crosses into another one.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::FormatId;

/// Unknown fields of one wire format. Empty by default; cheap to clone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extra(Option<Arc<(FormatId, Map<String, Value>)>>);

impl Extra {
    /// No extra fields.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// The unknown `fields` of `format`. An empty map is the same as [`Extra::none`].
    #[must_use]
    pub fn new(format: FormatId, fields: Map<String, Value>) -> Self {
        if fields.is_empty() {
            Self(None)
        } else {
            Self(Some(Arc::new((format, fields))))
        }
    }

    /// Whether there is no extra field of any format.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The format the fields belong to, where there are any.
    #[must_use]
    pub fn format(&self) -> Option<&FormatId> {
        self.0.as_deref().map(|(format, _)| format)
    }

    /// The fields, if they belong to `format`.
    #[must_use]
    pub fn for_format(&self, format: &FormatId) -> Option<&Map<String, Value>> {
        self.0
            .as_deref()
            .filter(|(own, _)| own == format)
            .map(|(_, fields)| fields)
    }

    /// The names of the fields that hold something, of whatever format: neither `null` nor an empty
    /// list. An empty object holds something: it may switch a thing on.
    pub fn said(&self) -> impl Iterator<Item = &str> {
        let fields = self.0.as_deref().into_iter().flat_map(|(_, fields)| fields);
        fields
            .filter(|(_, value)| !holds_nothing(value))
            .map(|(name, _)| name.as_str())
    }

    /// One field, if it belongs to `format`.
    #[must_use]
    pub fn get(&self, format: &FormatId, key: &str) -> Option<&Value> {
        self.for_format(format)?.get(key)
    }
}

fn holds_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: FormatId = FormatId::from_static("a");
    const B: FormatId = FormatId::from_static("b");

    #[test]
    fn fields_never_cross_formats() {
        let fields = Map::from_iter([("tier".to_owned(), Value::from("flex"))]);
        let extra = Extra::new(A, fields);
        assert_eq!(extra.get(&A, "tier"), Some(&Value::from("flex")));
        assert_eq!(extra.for_format(&B), None);
        assert!(!extra.is_empty());
        assert!(Extra::new(A, Map::new()).is_empty());
    }

    #[test]
    fn only_fields_that_hold_something_say_something() {
        let fields = serde_json::json!({"a": null, "b": [], "c": {}, "d": false, "e": [0]});
        let extra = Extra::new(A, fields.as_object().expect("an object").clone());
        assert_eq!(extra.said().collect::<Vec<_>>(), ["c", "d", "e"]);
    }
}
