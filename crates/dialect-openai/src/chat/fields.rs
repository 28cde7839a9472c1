//! Reads the fields of a caller's JSON object one by one, and names the path of a field that is wrong.
//!
//! A field that is `null` counts as absent, as it does at the format's vendors.
//! What nobody took is left as [`Extra`], so unknown fields survive by construction.

use std::fmt::Display;

use interline_core::{CacheControl, Error, Extra, Result};
use serde_json::{Map, Value};

use super::FORMAT;

/// The fields of one JSON object that nobody has read yet.
pub(crate) struct Fields {
    path: String,
    map: Map<String, Value>,
}

/// The caller's mistake at `path`.
pub(crate) fn invalid(path: &str, what: impl Display) -> Error {
    Error::invalid_request(format!("`{path}` {what}")).with_param(path)
}

/// What a JSON value is, for error messages.
pub(crate) const fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

impl Fields {
    /// The fields of `value`, which stands at `path`; the path of a whole body is empty.
    pub(crate) fn of(value: Value, path: impl Into<String>) -> Result<Self> {
        let path = path.into();
        match value {
            Value::Object(map) => Ok(Self { path, map }),
            other if path.is_empty() => Err(Error::invalid_request(format!(
                "the body must be a JSON object, not {}",
                kind_of(&other)
            ))),
            other => Err(invalid(
                &path,
                format_args!("must be an object, not {}", kind_of(&other)),
            )),
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

    /// The object's own path.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Looks at a field without taking it.
    pub(crate) fn peek(&self, key: &str) -> Option<&Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// Takes a field of any type.
    pub(crate) fn take(&mut self, key: &str) -> Option<Value> {
        self.map.remove(key).filter(|value| !value.is_null())
    }

    /// Puts a field back for [`Fields::into_extra`], because no type can hold its value.
    pub(crate) fn keep(&mut self, key: &str, value: Value) {
        self.map.insert(key.to_owned(), value);
    }

    fn typed<T>(
        &mut self,
        key: &str,
        wanted: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>> {
        let Some(value) = self.take(key) else {
            return Ok(None);
        };
        match read(&value) {
            Some(read) => Ok(Some(read)),
            None => Err(invalid(
                &self.path_of(key),
                format_args!("must be {wanted}, not {}", shown(&value)),
            )),
        }
    }

    pub(crate) fn string(&mut self, key: &str) -> Result<Option<String>> {
        self.typed(key, "a string", |value| value.as_str().map(str::to_owned))
    }

    pub(crate) fn required_string(&mut self, key: &str) -> Result<String> {
        self.string(key)?
            .ok_or_else(|| invalid(&self.path_of(key), "is required and must be a string"))
    }

    pub(crate) fn flag(&mut self, key: &str) -> Result<Option<bool>> {
        self.typed(key, "true or false", Value::as_bool)
    }

    pub(crate) fn number(&mut self, key: &str) -> Result<Option<f64>> {
        self.typed(key, "a number", Value::as_f64)
    }

    pub(crate) fn unsigned(&mut self, key: &str) -> Result<Option<u64>> {
        self.typed(key, "a whole number of at least 0", Value::as_u64)
    }

    pub(crate) fn small(&mut self, key: &str) -> Result<Option<u32>> {
        self.typed(key, "a whole number from 0 to 4294967295", |value| {
            value.as_u64().and_then(|number| number.try_into().ok())
        })
    }

    pub(crate) fn signed(&mut self, key: &str) -> Result<Option<i64>> {
        self.typed(key, "a whole number", Value::as_i64)
    }

    pub(crate) fn array(&mut self, key: &str) -> Result<Option<Vec<Value>>> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Array(values)) => Ok(Some(values)),
            Some(other) => Err(invalid(
                &self.path_of(key),
                format_args!("must be an array, not {}", kind_of(&other)),
            )),
        }
    }

    pub(crate) fn object(&mut self, key: &str) -> Result<Option<Self>> {
        let path = self.path_of(key);
        self.take(key)
            .map(|value| Self::of(value, path))
            .transpose()
    }

    /// The mark that asks the vendor to cache the prompt up to here.
    pub(crate) fn cache_control(&mut self) -> Result<Option<CacheControl>> {
        let Some(mut mark) = self.object("cache_control")? else {
            return Ok(None);
        };
        Ok(Some(match mark.string("ttl")? {
            Some(ttl) => CacheControl::ephemeral().with_ttl(ttl),
            None => CacheControl::ephemeral(),
        }))
    }

    /// Puts back, under `key`, what is left of an object that was taken from there.
    pub(crate) fn keep_rest(&mut self, key: &str, rest: Self) {
        if !rest.map.is_empty() {
            self.keep(key, Value::Object(rest.map));
        }
    }

    /// What nobody took, as the map it is.
    pub(crate) fn into_map(self) -> Map<String, Value> {
        self.map
    }

    /// What nobody took.
    pub(crate) fn into_extra(self) -> Extra {
        Extra::new(FORMAT, self.map)
    }
}

/// A wrong value in an error message: numbers and booleans as they are, the rest by type, because
/// strings may hold prompts.
fn shown(value: &Value) -> String {
    match value {
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        other => kind_of(other).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wrong_type_is_named_by_its_path() {
        let mut fields = Fields::of(json!({"role": 7}), "messages[2]").expect("an object");
        let error = fields.string("role").expect_err("a number");
        assert_eq!(
            error.message(),
            "`messages[2].role` must be a string, not 7"
        );
        assert_eq!(error.param(), Some("messages[2].role"));
    }

    #[test]
    fn null_is_absent_and_untaken_fields_remain() {
        let mut fields = Fields::of(json!({"seed": null, "new": 1}), "").expect("an object");
        assert_eq!(fields.signed("seed").expect("absent"), None);
        let extra = fields.into_extra();
        assert_eq!(extra.get(&FORMAT, "new"), Some(&json!(1)));
        assert_eq!(extra.get(&FORMAT, "seed"), None);
    }
}
