//! Reads the fields of a JSON object by type; what is wrong is named by its key.
//!
//! `null` counts as absent, as it does in protocol buffers' JSON.

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

    /// A whole number; `40.0` is one, because some clients keep every number as a fraction.
    pub(crate) fn u64(self, key: &str) -> Result<Option<u64>, Flaw> {
        self.read(key, "must be a whole number, 0 or more", whole_number)
    }

    pub(crate) fn i64(self, key: &str) -> Result<Option<i64>, Flaw> {
        self.read(key, "must be a whole number", Value::as_i64)
    }

    pub(crate) fn f64(self, key: &str) -> Result<Option<f64>, Flaw> {
        self.read(key, "must be a number", Value::as_f64)
    }

    pub(crate) fn bool(self, key: &str) -> Result<Option<bool>, Flaw> {
        self.read(key, "must be true or false", Value::as_bool)
    }

    /// A list; one value alone is a list of one, as Google's own reader takes it.
    pub(crate) fn list(self, key: &str) -> &'a [Value] {
        match self.get(key) {
            None => &[],
            Some(Value::Array(items)) => items,
            Some(one) => std::slice::from_ref(one),
        }
    }

    pub(crate) fn object(self, key: &str) -> Result<Option<Self>, Flaw> {
        self.read(key, "must be an object", |value| {
            value.as_object().map(Self)
        })
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

fn whole_number(value: &Value) -> Option<u64> {
    /// Up to here every whole number has an exact `f64`.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_u64().or_else(|| {
        let number = value.as_f64()?;
        let is_whole = number.fract() == 0.0 && (0.0..=EXACT).contains(&number);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked: whole, not negative and exact"
        )]
        is_whole.then_some(number as u64)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_is_absent_and_a_wrong_type_is_named_by_its_key() {
        let value = json!({"a": null, "b": "text", "c": 40.0, "d": 1.5});
        let fields = Fields::of(&value).expect("an object");
        assert_eq!(fields.u64("a"), Ok(None));
        assert_eq!(fields.u64("c"), Ok(Some(40)));
        let wrong = |key| Flaw::new("must be a whole number, 0 or more").within(key);
        assert_eq!(fields.u64("b"), Err(wrong("b")));
        assert_eq!(fields.u64("d"), Err(wrong("d")));
        assert_eq!(fields.required_str("a"), Err(Flaw::missing("a")));
    }

    #[test]
    fn one_value_is_a_list_of_one() {
        let value = json!({"a": {"text": "x"}, "b": [1, 2], "c": null});
        let fields = Fields::of(&value).expect("an object");
        assert_eq!(fields.list("a").len(), 1);
        assert_eq!(fields.list("b").len(), 2);
        assert_eq!(fields.list("c").len(), 0);
    }
}
