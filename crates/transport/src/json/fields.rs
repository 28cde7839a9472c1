//! Reads the fields of a JSON object by type; what is wrong is named by its key.
//!
//! `null` counts as absent, as it does for every vendor whose documents are read so.

use serde_json::{Map, Value};

use super::Flaw;

/// A JSON object that is being read. A read gives `None` where the field is absent or `null`, and a
/// [`Flaw`] where it is of another type.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// The fields of `value`.
    ///
    /// # Errors
    /// Where it is not an object.
    pub fn of(value: &'a Value) -> Result<Self, Flaw> {
        match value {
            Value::Object(map) => Ok(Self(map)),
            _ => Err(Flaw::new("must be an object")),
        }
    }

    /// The fields of an object.
    #[must_use]
    pub const fn of_map(map: &'a Map<String, Value>) -> Self {
        Self(map)
    }

    /// A field of any type.
    #[must_use]
    pub fn get(self, key: &str) -> Option<&'a Value> {
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

    /// A text.
    ///
    /// # Errors
    /// Where it is of another type.
    pub fn str(self, key: &str) -> Result<Option<&'a str>, Flaw> {
        self.read(key, "must be text", Value::as_str)
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// Where it is absent, or of another type.
    pub fn required_str(self, key: &str) -> Result<&'a str, Flaw> {
        self.str(key)?.ok_or_else(|| Flaw::missing(key))
    }

    /// A whole number from 0; `40.0` is one, because some clients and vendors keep every number as a
    /// fraction.
    ///
    /// # Errors
    /// Where it is of another type, negative or broken.
    pub fn u64(self, key: &str) -> Result<Option<u64>, Flaw> {
        self.read(key, "must be a whole number, 0 or more", whole_number)
    }

    /// A whole number.
    ///
    /// # Errors
    /// Where it is of another type.
    pub fn i64(self, key: &str) -> Result<Option<i64>, Flaw> {
        self.read(key, "must be a whole number", Value::as_i64)
    }

    /// A number.
    ///
    /// # Errors
    /// Where it is of another type.
    pub fn f64(self, key: &str) -> Result<Option<f64>, Flaw> {
        self.read(key, "must be a number", Value::as_f64)
    }

    /// Yes or no.
    ///
    /// # Errors
    /// Where it is of another type.
    pub fn bool(self, key: &str) -> Result<Option<bool>, Flaw> {
        self.read(key, "must be true or false", Value::as_bool)
    }

    /// A list.
    ///
    /// # Errors
    /// Where it is of another type.
    pub fn array(self, key: &str) -> Result<Option<&'a [Value]>, Flaw> {
        self.read(key, "must be an array", |value| {
            value.as_array().map(Vec::as_slice)
        })
    }

    /// A list; empty where it is absent.
    ///
    /// # Errors
    /// Where it is of another type.
    pub fn list(self, key: &str) -> Result<&'a [Value], Flaw> {
        self.array(key).map(Option::unwrap_or_default)
    }

    /// A list; one value alone is a list of one, as Google's own reader takes it.
    #[must_use]
    pub fn list_or_one(self, key: &str) -> &'a [Value] {
        match self.get(key) {
            None => &[],
            Some(Value::Array(items)) => items,
            Some(one) => std::slice::from_ref(one),
        }
    }

    /// An object.
    ///
    /// # Errors
    /// Where it is of another type.
    pub fn object(self, key: &str) -> Result<Option<Self>, Flaw> {
        self.read(key, "must be an object", |value| {
            value.as_object().map(Self)
        })
    }

    /// An object that must be there.
    ///
    /// # Errors
    /// Where it is absent, or of another type.
    pub fn required_object(self, key: &str) -> Result<Self, Flaw> {
        self.object(key)?.ok_or_else(|| Flaw::missing(key))
    }

    /// The one key of a union, where there is exactly one.
    #[must_use]
    pub fn only_key(self) -> Option<&'a str> {
        match self.0.keys().map(String::as_str).collect::<Vec<_>>()[..] {
            [key] => Some(key),
            _ => None,
        }
    }

    /// The fields whose keys are not among `known`, `null`s included.
    #[must_use]
    pub fn rest(self, known: &[&str]) -> Map<String, Value> {
        let unknown = |key: &str| !known.contains(&key);
        let fields = self.0.iter().filter(|(key, _)| unknown(key));
        fields
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// The fields whose keys are not among `known`, without `null`s.
    #[must_use]
    pub fn rest_without_nulls(self, known: &[&str]) -> Map<String, Value> {
        let mut rest = self.rest(known);
        rest.retain(|_, value| !value.is_null());
        rest
    }
}

/// A whole number from 0, also where it is written as a fraction.
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
        assert_eq!(fields.only_key(), None);
    }

    #[test]
    fn one_value_may_be_a_list_of_one() {
        let value = json!({"a": {"text": "x"}, "b": [1, 2], "c": null});
        let fields = Fields::of(&value).expect("an object");
        assert_eq!(fields.list_or_one("a").len(), 1);
        assert_eq!(fields.list_or_one("b").len(), 2);
        assert_eq!(fields.list_or_one("c").len(), 0);
        assert_eq!(fields.list("c").map(<[Value]>::len), Ok(0));
        assert!(fields.list("a").is_err());
    }

    #[test]
    fn what_is_left_is_told_with_and_without_nulls() {
        let value = json!({"a": 1, "b": null, "c": 3});
        let fields = Fields::of(&value).expect("an object");
        assert_eq!(Value::from(fields.rest(&["a"])), json!({"b": null, "c": 3}));
        assert_eq!(
            Value::from(fields.rest_without_nulls(&["a"])),
            json!({"c": 3})
        );
    }
}
