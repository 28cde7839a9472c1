//! Reads the fields of a JSON object one by one; what is wrong is named by its path.
//!
//! `null` counts as absent. What nobody took is left, so unknown fields survive by construction.

use interline_core::Error;
use serde_json::{Map, Value};

/// What is wrong with a JSON value, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    path: String,
    problem: String,
}

impl Flaw {
    pub(crate) fn new(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            problem: problem.into(),
        }
    }

    /// The caller's mistake.
    pub(crate) fn into_invalid_request(self) -> Error {
        if self.path.is_empty() {
            return Error::invalid_request(format!("the body {}", self.problem));
        }
        Error::invalid_request(format!("`{}` {}", self.path, self.problem)).with_param(self.path)
    }

    /// The vendor's mistake; `what` names what broke the format.
    pub(crate) fn into_protocol(self, what: &str) -> Error {
        if self.path.is_empty() {
            return Error::protocol(format!("{what} {}", self.problem));
        }
        Error::protocol(format!("{what}: `{}` {}", self.path, self.problem))
    }
}

/// The fields of one JSON object that nobody has read yet.
#[derive(Debug)]
pub(crate) struct Fields {
    path: String,
    map: Map<String, Value>,
}

impl Fields {
    /// The fields of `value`, which stands at `path`; the path of a whole body is empty.
    pub(crate) fn of(value: Value, path: impl Into<String>) -> Result<Self, Flaw> {
        let path = path.into();
        match value {
            Value::Object(map) => Ok(Self { path, map }),
            _ => Err(Flaw::new(path, "must be an object")),
        }
    }

    /// The path of a field of this object.
    pub(crate) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Takes a field of any type.
    pub(crate) fn take(&mut self, key: &str) -> Option<Value> {
        self.map.remove(key).filter(|value| !value.is_null())
    }

    /// Puts a field back, because no type can hold its value.
    pub(crate) fn keep(&mut self, key: &str, value: Value) {
        self.map.insert(key.to_owned(), value);
    }

    fn typed<T>(
        &mut self,
        key: &str,
        problem: &str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<Option<T>, Flaw> {
        let Some(value) = self.take(key) else {
            return Ok(None);
        };
        match read(value) {
            Some(read) => Ok(Some(read)),
            None => Err(Flaw::new(self.path_of(key), problem)),
        }
    }

    pub(crate) fn string(&mut self, key: &str) -> Result<Option<String>, Flaw> {
        self.typed(key, "must be a string", |value| match value {
            Value::String(text) => Some(text),
            _ => None,
        })
    }

    pub(crate) fn required_string(&mut self, key: &str) -> Result<String, Flaw> {
        self.string(key)?
            .ok_or_else(|| Flaw::new(self.path_of(key), "is required and must be a string"))
    }

    pub(crate) fn flag(&mut self, key: &str) -> Result<Option<bool>, Flaw> {
        self.typed(key, "must be true or false", |value| value.as_bool())
    }

    pub(crate) fn number(&mut self, key: &str) -> Result<Option<f64>, Flaw> {
        self.typed(key, "must be a number", |value| value.as_f64())
    }

    pub(crate) fn unsigned(&mut self, key: &str) -> Result<Option<u64>, Flaw> {
        self.typed(key, "must be a whole number of at least 0", |value| {
            whole_number(&value)
        })
    }

    pub(crate) fn signed(&mut self, key: &str) -> Result<Option<i64>, Flaw> {
        self.typed(key, "must be a whole number", |value| value.as_i64())
    }

    pub(crate) fn array(&mut self, key: &str) -> Result<Option<Vec<Value>>, Flaw> {
        self.typed(key, "must be an array", |value| match value {
            Value::Array(items) => Some(items),
            _ => None,
        })
    }

    pub(crate) fn strings(&mut self, key: &str) -> Result<Option<Vec<String>>, Flaw> {
        self.typed(key, "must be an array of strings", |value| match value {
            Value::Array(items) => items
                .into_iter()
                .map(|item| match item {
                    Value::String(text) => Some(text),
                    _ => None,
                })
                .collect(),
            _ => None,
        })
    }

    pub(crate) fn object(&mut self, key: &str) -> Result<Option<Self>, Flaw> {
        let path = self.path_of(key);
        self.take(key)
            .map(|value| Self::of(value, path))
            .transpose()
    }

    /// What nobody took, without what is `null`.
    pub(crate) fn into_rest(self) -> Map<String, Value> {
        self.map
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect()
    }
}

/// A whole number of at least 0; Cohere writes counts as `7` and as `7.0`.
pub(crate) fn whole_number(value: &Value) -> Option<u64> {
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
    fn a_wrong_type_is_named_by_its_path_to_either_side() {
        let mut fields = Fields::of(json!({"role": 7}), "messages[2]").expect("an object");
        let flaw = fields.string("role").expect_err("a number");
        let error = flaw.into_invalid_request();
        assert_eq!(error.message(), "`messages[2].role` must be a string");
        assert_eq!(error.param(), Some("messages[2].role"));
        let flaw = Fields::of(json!([]), "").expect_err("an array");
        let error = flaw.into_protocol("the answer");
        assert_eq!(error.message(), "the answer must be an object");
    }

    #[test]
    fn null_is_absent_and_untaken_fields_remain() {
        let body = json!({"seed": null, "new": 1, "k": 3.0});
        let mut fields = Fields::of(body, "").expect("an object");
        assert_eq!(fields.signed("seed"), Ok(None));
        assert_eq!(fields.unsigned("k"), Ok(Some(3)));
        assert_eq!(
            fields.into_rest(),
            *json!({"new": 1}).as_object().expect("an object")
        );
    }
}
