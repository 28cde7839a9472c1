//! The request as it arrived, byte for byte, so that a provider of the same format loses nothing.
//!
//! Where the formats are equal and nothing was edited, the origin's bytes go out and only named
//! top-level keys are replaced.
//! An edit drops the origin (see [`crate::ChatRequest::edit`]), so a stale body cannot exist.

use std::fmt;

use bytes::Bytes;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::{Error, ErrorKind, FormatId};

/// A request body as it arrived, with the headers that may travel on.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origin {
    /// The wire format of the body.
    pub format: FormatId,
    /// The body: one JSON object.
    pub body: Bytes,
    /// Allow-listed headers in lower case that belong to the format, such as `anthropic-beta`.
    pub headers: Vec<(String, String)>,
    /// The part of the address behind its question mark that belongs to the format, such as
    /// `beta=true`.
    pub query: Option<String>,
}

impl Origin {
    /// A body without headers.
    #[must_use]
    pub const fn new(format: FormatId, body: Bytes) -> Self {
        Self {
            format,
            body,
            headers: Vec::new(),
            query: None,
        }
    }

    /// Adds what of the address may travel on; the caller has already chosen it.
    #[must_use]
    pub fn with_query(mut self, query: impl Into<String>) -> Self {
        self.query = Some(query.into());
        self
    }

    /// Adds the headers that may travel on; the caller has already chosen them from an allow-list.
    #[must_use]
    pub fn with_headers(mut self, headers: Vec<(String, String)>) -> Self {
        self.headers = headers;
        self
    }

    /// The body with top-level keys replaced, added (`Some`) or removed (`None`); every other byte
    /// of every other value stays as it is, in its order.
    ///
    /// A key that occurs twice keeps its last value, as JSON parsers do.
    ///
    /// # Errors
    /// `InvalidRequest` where the body is not a JSON object.
    pub fn with_keys(&self, keys: &[(&str, Option<Value>)]) -> Result<Bytes, Error> {
        let RawObject(entries) = serde_json::from_slice(&self.body).map_err(|source| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("body is not a JSON object: {source}"),
            )
        })?;
        let mut out = Vec::with_capacity(self.body.len() + 64);
        out.push(b'{');
        let mut put = |key: &str, value: &str| {
            if out.len() > 1 {
                out.push(b',');
            }
            out.extend_from_slice(Value::from(key).to_string().as_bytes());
            out.push(b':');
            out.extend_from_slice(value.as_bytes());
        };
        for (position, (key, raw)) in entries.iter().enumerate() {
            let repeated = entries
                .iter()
                .skip(position + 1)
                .any(|(later, _)| later == key);
            match keys.iter().find(|(name, _)| name == key) {
                _ if repeated => {}
                Some((_, Some(value))) => put(key, &value.to_string()),
                Some((_, None)) => {}
                None => put(key, raw.get()),
            }
        }
        for (name, value) in keys {
            if let Some(value) = value
                && !entries.iter().any(|(key, _)| key == name)
            {
                put(name, &value.to_string());
            }
        }
        out.push(b'}');
        Ok(Bytes::from(out))
    }
}

impl fmt::Debug for Origin {
    /// Shows the length of the body instead of the prompt in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin")
            .field("format", &self.format)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// The top level of a JSON object in its order, values untouched.
struct RawObject<'a>(Vec<(String, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for RawObject<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = RawObject<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry::<String, &'de RawValue>()? {
                    entries.push(entry);
                }
                Ok(RawObject(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop, proptest};

    use super::*;

    const FORMAT: FormatId = FormatId::from_static("test");

    fn patched(body: &str, keys: &[(&str, Option<Value>)]) -> String {
        let origin = Origin::new(FORMAT, Bytes::copy_from_slice(body.as_bytes()));
        let bytes = origin.with_keys(keys).expect("a JSON object");
        String::from_utf8(bytes.to_vec()).expect("UTF-8")
    }

    #[test]
    fn only_named_keys_change_and_numbers_keep_their_spelling() {
        let body = r#"{"model":"chat", "x": 1.0e5, "stream":true,"y":{"b":1, "a":2}}"#;
        assert_eq!(
            patched(
                body,
                &[
                    ("model", Some("gpt-4o".into())),
                    ("stream", None),
                    ("new", Some(7.into()))
                ]
            ),
            r#"{"model":"gpt-4o","x":1.0e5,"y":{"b":1, "a":2},"new":7}"#
        );
    }

    #[test]
    fn a_repeated_key_cannot_smuggle_a_second_model() {
        let body = r#"{"model":"a","model":"b"}"#;
        assert_eq!(
            patched(body, &[("model", Some("c".into()))]),
            r#"{"model":"c"}"#
        );
    }

    #[test]
    fn a_body_that_is_no_object_is_the_callers_mistake() {
        let error = Origin::new(FORMAT, Bytes::from_static(b"[1]"))
            .with_keys(&[])
            .expect_err("an array");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    }

    proptest! {
        #[test]
        fn untouched_objects_survive(map in prop::collection::hash_map("[a-z\"\\\\]{1,6}", any::<i64>(), 0..8)) {
            let value = serde_json::to_value(&map).expect("serialisable");
            let back: Value = serde_json::from_str(&patched(&value.to_string(), &[])).expect("JSON");
            assert_eq!(back, value);
        }
    }
}
