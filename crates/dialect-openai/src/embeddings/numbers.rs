//! The numbers of one vector as they stand in a body: an array, or base64 of bytes.
//!
//! Bodies of thousands of vectors are read straight into numbers: a JSON tree of them would take
//! many times their memory.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

use super::VectorEncodings;

/// One vector as it stands in a body.
pub(super) enum Numbers {
    Written(Vec<f32>),
    /// Bytes that were base64; what they mean, the vendor's quirks say.
    Packed(Vec<u8>),
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumbersVisitor)
    }
}

struct NumbersVisitor;

impl<'de> Visitor<'de> for NumbersVisitor {
    type Value = Numbers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of numbers or base64")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Numbers, A::Error> {
        let mut numbers = Vec::new();
        while let Some(number) = values.next_element::<f32>()? {
            numbers.push(number);
        }
        Ok(Numbers::Written(numbers))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Numbers, E> {
        match BASE64_STANDARD.decode(text) {
            Ok(bytes) => Ok(Numbers::Packed(bytes)),
            Err(_) => Err(E::custom("an embedding is not base64")),
        }
    }
}

impl Numbers {
    /// The vector; or what is wrong with it.
    pub(super) fn into_vector(self, encodings: VectorEncodings) -> Result<Vec<f32>, String> {
        let vector = match self {
            Self::Written(numbers) => numbers,
            Self::Packed(bytes) => match encodings {
                VectorEncodings::SignedBytes => bytes
                    .into_iter()
                    .map(|byte| f32::from(byte.cast_signed()))
                    .collect(),
                VectorEncodings::FloatOrBase64 | VectorEncodings::FloatOnly => floats(&bytes)?,
            },
        };
        if vector.iter().all(|number| number.is_finite()) {
            Ok(vector)
        } else {
            Err("holds a number that is none".to_owned())
        }
    }
}

/// How many bytes a packed number has.
const BYTES: usize = size_of::<f32>();

fn floats(bytes: &[u8]) -> Result<Vec<f32>, String> {
    let (numbers, rest) = bytes.as_chunks::<BYTES>();
    if rest.is_empty() {
        Ok(numbers
            .iter()
            .map(|four| f32::from_le_bytes(*four))
            .collect())
    } else {
        Err(format!(
            "has {} bytes, which are no whole number of 32-bit floats",
            bytes.len()
        ))
    }
}

/// A vector as base64 of 32-bit floats, the lowest byte first.
pub(super) fn packed(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    BASE64_STANDARD.encode(bytes)
}
