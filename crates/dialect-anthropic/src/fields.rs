//! Reads the fields of a JSON object by type; what is wrong is named by its key.
//!
//! `null` counts as absent, as it does for Anthropic.

use interline_core::Extra;
use serde_json::{Map, Value};

use crate::{flaw::Flaw, format};

/// A JSON object that is being read.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    pub(crate) fn of(value: &'a Value) -> Result<Self, Flaw> {
        match value {
            Value::Object(map) => Ok(Self(map)),
            _ => Err(Flaw::new("must be an object")),
        }
    }

    pub(crate) const fn of_map(map: &'a Map<String, Value>) -> Self {
        Self(map)
    }

    pub(crate) fn get(self, key: &str) -> Option<&'a Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    fn read<T>(
        self,
        key: &str,
        expected: &'static str,
        read: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, Flaw> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => match read(value) {
                Some(read) => Ok(Some(read)),
                None => Err(Flaw::new(expected).within(key)),
            },
        }
    }

    pub(crate) fn str(self, key: &str) -> Result<Option<&'a str>, Flaw> {
        self.read(key, "must be text", Value::as_str)
    }

    pub(crate) fn required_str(self, key: &str) -> Result<&'a str, Flaw> {
        self.str(key)?.ok_or_else(|| Flaw::missing(key))
    }

    pub(crate) fn u64(self, key: &str) -> Result<Option<u64>, Flaw> {
        self.read(key, "must be a whole number, 0 or more", Value::as_u64)
    }

    pub(crate) fn f64(self, key: &str) -> Result<Option<f64>, Flaw> {
        self.read(key, "must be a number", Value::as_f64)
    }

    pub(crate) fn bool(self, key: &str) -> Result<Option<bool>, Flaw> {
        self.read(key, "must be true or false", Value::as_bool)
    }

    pub(crate) fn array(self, key: &str) -> Result<Option<&'a [Value]>, Flaw> {
        self.read(key, "must be an array", |value| {
            value.as_array().map(Vec::as_slice)
        })
    }

    pub(crate) fn object(self, key: &str) -> Result<Option<Self>, Flaw> {
        self.read(key, "must be an object", |value| {
            value.as_object().map(Self)
        })
    }

    /// The fields whose keys are not among `known`, `null`s included.
    pub(crate) fn rest(self, known: &[&str]) -> Map<String, Value> {
        self.0
            .iter()
            .filter(|(key, _)| !known.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// [`Fields::rest`] as fields that no type knows.
    pub(crate) fn extra(self, known: &[&str]) -> Extra {
        format::extra(self.rest(known))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_is_absent_and_a_wrong_type_is_named_by_its_key() {
        let value = json!({"a": null, "b": "text"});
        let fields = Fields::of(&value).expect("an object");
        assert_eq!(fields.u64("a"), Ok(None));
        assert_eq!(
            fields.u64("b"),
            Err(Flaw::new("must be a whole number, 0 or more").within("b"))
        );
        assert_eq!(fields.required_str("a"), Err(Flaw::missing("a")));
    }
}
