//! A policy that is switched with a word, or set in detail: `on`, `off`, or keys with values.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A policy that is switched with a word, or set in detail.
#[derive(Clone, Debug)]
pub(super) enum Switch<T> {
    /// `on`: as it is by default.
    On,
    /// `off`.
    Off,
    /// Keys with values.
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Switch<T> {
    /// By hand, because `untagged` would hide which key is wrong.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entry<T> {
            type Value = Switch<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`on`, `off`, or keys with values")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Switch<T>, E> {
                match word {
                    "on" => Ok(Switch::On),
                    "off" => Ok(Switch::Off),
                    other => Err(E::custom(format!(
                        "`{other}` is unknown: write `on`, `off`, or keys with values"
                    ))),
                }
            }

            // Readers of older YAML take `on` and `off` for truth values, and so does JSON's author.
            fn visit_bool<E: serde::de::Error>(self, is_on: bool) -> Result<Switch<T>, E> {
                Ok(if is_on { Switch::On } else { Switch::Off })
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Switch<T>, M::Error> {
                T::deserialize(MapAccessDeserializer::new(map))
                    .map(Switch::Set)
                    .map_err(M::Error::custom)
            }
        }
        deserializer.deserialize_any(Entry(PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for Switch<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("SwitchOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let settings = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [{ "enum": ["on", "off", true, false] }, settings] })
    }
}
