//! Embeddings: vectors that follow from the text, so that the same text gives the same vector.
//!
//! Texts that share words lie near each other, which is all that a caller can check.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::dialect::VendorError;
use crate::fault::ErrorCase;

/// Numbers in a vector unless the caller asks for another count; small, so that answers stay readable.
const DIMENSIONS: u64 = 16;
/// The most that a caller may ask for: what OpenAI's largest model gives.
const MOST_DIMENSIONS: u64 = 3072;
/// The most inputs of one request, as OpenAI's reference states it.
const MOST_INPUTS: usize = 2048;

/// The answer to an embeddings request in OpenAI's format, or what is wrong with it.
pub(crate) fn answer(body: &Value, model: &str) -> Result<Value, VendorError> {
    let inputs = inputs(body)?;
    let dimensions = match body.get("dimensions") {
        None | Some(Value::Null) => DIMENSIONS,
        Some(value) => value
            .as_u64()
            .filter(|count| (1..=MOST_DIMENSIONS).contains(count))
            .ok_or_else(|| refusal("dimensions", "'dimensions' must be between 1 and 3072."))?,
    };
    let as_text = body.get("encoding_format").and_then(Value::as_str) == Some("base64");
    let data: Vec<Value> = (0_u64..)
        .zip(&inputs)
        .map(|(index, input)| {
            let vector = vector(input, dimensions);
            let embedding = if as_text {
                let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
                Value::from(STANDARD.encode(bytes))
            } else {
                json!(vector)
            };
            json!({"object": "embedding", "index": index, "embedding": embedding})
        })
        .collect();
    let read: u64 = inputs.iter().map(|words| words.len() as u64).sum();
    Ok(json!({
        "object": "list",
        "data": data,
        "model": model,
        "usage": {"prompt_tokens": read, "total_tokens": read}
    }))
}

/// The words of each input; ids of tokens are words, too.
fn inputs(body: &Value) -> Result<Vec<Vec<String>>, VendorError> {
    let wrong = || {
        refusal(
            "input",
            "'$.input' is invalid. Please check the API reference.",
        )
    };
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    let inputs: Vec<Vec<String>> = match body.get("input") {
        Some(Value::String(text)) => vec![words(text)],
        Some(Value::Array(items)) if items.iter().all(Value::is_number) => {
            vec![items.iter().map(Value::to_string).collect()]
        }
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| match item {
                Value::String(text) => Ok(words(text)),
                Value::Array(ids) if ids.iter().all(Value::is_u64) => {
                    Ok(ids.iter().map(Value::to_string).collect())
                }
                _ => Err(wrong()),
            })
            .collect::<Result<_, _>>()?,
        _ => return Err(wrong()),
    };
    if inputs.is_empty() || inputs.len() > MOST_INPUTS || inputs.iter().any(Vec::is_empty) {
        return Err(wrong());
    }
    Ok(inputs)
}

fn refusal(param: &str, message: &str) -> VendorError {
    VendorError::new(ErrorCase::InvalidRequest, message).with_param(param)
}

/// A vector of length one: every word pushes one of its numbers up.
fn vector(words: &[String], dimensions: u64) -> Vec<f32> {
    let mut sums = vec![0.0_f32; usize::try_from(dimensions).unwrap_or(0)];
    for word in words {
        let place = fold(word) % dimensions;
        if let Some(sum) = usize::try_from(place)
            .ok()
            .and_then(|place| sums.get_mut(place))
        {
            *sum += 1.0;
        }
    }
    let length = sums.iter().map(|x| x * x).sum::<f32>().sqrt();
    sums.iter().map(|x| x / length).collect()
}

fn fold(word: &str) -> u64 {
    word.bytes().fold(7, |sum: u64, byte| {
        sum.wrapping_mul(31).wrapping_add(u64::from(byte))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors(body: &Value) -> Vec<Value> {
        let answer = answer(body, "m").expect("a good request");
        let data = answer["data"].as_array().expect("a list");
        data.iter().map(|one| one["embedding"].clone()).collect()
    }

    #[test]
    fn the_same_text_gives_the_same_vector_and_another_another() {
        let all = vectors(&json!({"input": ["a cat", "a cat", "quite another thing"]}));
        assert_eq!(all[0], all[1]);
        assert_ne!(all[0], all[2]);
        assert_eq!(all[0].as_array().map(Vec::len), Some(16));
    }

    #[test]
    fn every_form_of_input_is_read() {
        assert_eq!(vectors(&json!({"input": "a"})).len(), 1);
        assert_eq!(vectors(&json!({"input": [1, 2, 3]})).len(), 1);
        assert_eq!(vectors(&json!({"input": [[1, 2], [3]]})).len(), 2);
    }

    #[test]
    fn numbers_can_be_asked_for_as_bytes() {
        let text = vectors(&json!({"input": "a", "dimensions": 3, "encoding_format": "base64"}));
        let bytes = STANDARD
            .decode(text[0].as_str().expect("text"))
            .expect("base64");
        let numbers: Vec<f32> = bytes
            .chunks_exact(4)
            .map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]))
            .collect();
        assert_eq!(numbers.len(), 3);
        assert_eq!(
            json!(numbers),
            vectors(&json!({"input": "a", "dimensions": 3}))[0]
        );
    }

    #[track_caller]
    fn refused(body: &Value, param: &str) {
        let error = answer(body, "m").expect_err("refused");
        assert_eq!(error.param.as_deref(), Some(param));
    }

    #[test]
    fn what_cannot_be_embedded_is_refused() {
        refused(&json!({}), "input");
        refused(&json!({"input": []}), "input");
        refused(&json!({"input": [""]}), "input");
        refused(&json!({"input": [true]}), "input");
        refused(&json!({"input": "a", "dimensions": 0}), "dimensions");
    }
}
