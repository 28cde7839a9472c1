//! Reads the fields of a JSON object by type; what is wrong is named by its key.
//!
//! `null` counts as absent, as Amazon's own serialisers take it.

use serde_json::{Map, Value};

use crate::flaw::Flaw;

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

    pub(crate) fn list(self, key: &str) -> Result<&'a [Value], Flaw> {
        let list = self.read(key, "must be a list", Value::as_array)?;
        Ok(list.map_or(&[], Vec::as_slice))
    }

    pub(crate) fn object(self, key: &str) -> Result<Option<Self>, Flaw> {
        self.read(key, "must be an object", |value| {
            value.as_object().map(Self)
        })
    }

    pub(crate) fn required_object(self, key: &str) -> Result<Self, Flaw> {
        self.object(key)?.ok_or_else(|| Flaw::missing(key))
    }

    /// The one key of a union, where there is exactly one.
    pub(crate) fn only_key(self) -> Option<&'a str> {
        match self.0.keys().map(String::as_str).collect::<Vec<_>>()[..] {
            [key] => Some(key),
            _ => None,
        }
    }

    /// The fields whose keys are not among `known`, without `null`s.
    pub(crate) fn rest(self, known: &[&str]) -> Map<String, Value> {
        self.0
            .iter()
            .filter(|(key, value)| !known.contains(&key.as_str()) && !value.is_null())
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_is_absent_and_a_wrong_type_is_named_by_its_key() {
        let value = json!({"a": null, "b": "text", "c": 40});
        let fields = Fields::of(&value).expect("an object");
        assert_eq!(fields.u64("a"), Ok(None));
        assert_eq!(fields.u64("c"), Ok(Some(40)));
        let wrong = Flaw::new("must be a whole number, 0 or more").within("b");
        assert_eq!(fields.u64("b"), Err(wrong));
        assert_eq!(fields.required_str("a"), Err(Flaw::missing("a")));
        assert_eq!(fields.only_key(), None);
    }
}
