//! The keys that callers of the gateway may present, and the names by which budgets tell them apart.

use std::fmt;

use schemars::JsonSchema;
use secrecy::SecretString;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::located::{Located, Place};
use super::mistakes::Mistakes;
use super::secrets::{NOT_A_REFERENCE, Secrets, is_reference};

/// A key that callers of the gateway may present.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InboundKey {
    /// What budgets, spend and logs call it; several keys may have one name, and then count together.
    pub name: String,
    /// The key itself.
    pub secret: SecretString,
}

impl InboundKey {
    /// A key and its name.
    pub fn new(name: impl Into<String>, secret: SecretString) -> Self {
        Self {
            name: name.into(),
            secret,
        }
    }
}

/// A key: a reference, or that with a name.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(untagged)]
pub(super) enum KeyEntry {
    /// A reference, `${NAME}` or `file:/path`.
    Text(String),
    /// A reference with a name.
    Named(NamedKeyEntry),
}

/// A key with a name.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedKeyEntry {
    /// What budgets and spend call it.
    name: String,
    /// A reference, `${NAME}` or `file:/path`.
    key: String,
}

impl<'de> Deserialize<'de> for KeyEntry {
    /// By hand, because `untagged` would hide which key is wrong.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;
        impl<'de> Visitor<'de> for Entry {
            type Value = KeyEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`${NAME}`, `file:/path` or `{ name: alice, key: \"${NAME}\" }`")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<KeyEntry, E> {
                Ok(KeyEntry::Text(text.to_owned()))
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<KeyEntry, M::Error> {
                NamedKeyEntry::deserialize(MapAccessDeserializer::new(map)).map(KeyEntry::Named)
            }
        }
        deserializer.deserialize_any(Entry)
    }
}

impl KeyEntry {
    fn reference(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Named(named) => &named.key,
        }
    }

    /// Its name; without one, that of the variable or file that holds it.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Named(named) => &named.name,
            Self::Text(text) => match text.strip_prefix("file:") {
                Some(path) => path.rsplit('/').next().unwrap_or(path),
                None => text.trim_start_matches("${").trim_end_matches('}'),
            },
        }
    }
}

/// Looks the keys up; notes each that is written out, leads nowhere, or is empty.
pub(super) fn read(
    keys: &[Located<KeyEntry>],
    secrets: &Secrets<'_>,
    mistakes: &mut Mistakes<'_>,
) -> Vec<InboundKey> {
    let mut found = Vec::new();
    for (place, key) in keys.iter().enumerate() {
        let path = format!("keys[{place}]");
        if let Some(secret) = secret(&path, key.value.reference(), key.place, secrets, mistakes) {
            let name = key.value.name().trim();
            if name.is_empty() {
                mistakes.add(
                    &format!("{path}.name"),
                    key.place,
                    "it is empty: give a name",
                );
            }
            found.push(InboundKey::new(name, secret));
        }
    }
    found
}

/// Looks one secret up.
pub(super) fn secret(
    path: &str,
    reference: &str,
    place: Place,
    secrets: &Secrets<'_>,
    mistakes: &mut Mistakes<'_>,
) -> Option<SecretString> {
    if !is_reference(reference) {
        mistakes.add(path, place, NOT_A_REFERENCE);
        return None;
    }
    match secrets.resolve_text(reference) {
        Ok(text) => Some(SecretString::from(text)),
        Err(message) => {
            mistakes.add(path, place, message);
            None
        }
    }
}
