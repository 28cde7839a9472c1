//! Reads an answer.

use bytes::Bytes;
use interline_core::{EmbedResponse, Error, RawBody, Result, Usage};
use interline_transport::{body_snippet, redact};
use serde::Deserialize;
use serde_json::Value;

use super::numbers::Numbers;
use super::{EmbeddingQuirks, FORMAT, VectorEncodings};
use crate::chat::usage;
use crate::exchange::in_band_error;

/// The fields of an answer that are read.
#[derive(Deserialize)]
struct Answer {
    data: Option<Vec<Item>>,
    #[serde(default)]
    model: Value,
    #[serde(default)]
    usage: Value,
}

#[derive(Deserialize)]
struct Item {
    index: Option<usize>,
    embedding: Numbers,
}

/// Reads the body of a successful answer; vectors stand in the order of their `index`.
///
/// The body is attached as it is, for callers of this format, unless its vectors are packed in a way
/// that only this vendor knows.
///
/// # Errors
/// `Protocol` where the body is no answer of this format, an index is missing or occurs twice, or a
/// vector is not what it says; the vendor's own error, by its kind, where the body reports one
/// although the status says success. Whether there is one vector for each input,
/// [`EmbedResponse::fits`] tells.
pub fn decode_response(body: Bytes, quirks: &EmbeddingQuirks) -> Result<EmbedResponse> {
    let answer: Answer = match serde_json::from_slice(&body) {
        Ok(answer) => answer,
        Err(source) => return Err(not_read(&source, &body)),
    };
    let Some(items) = answer.data else {
        return Err(in_band_error(&body).unwrap_or_else(|| broken("has no field `data`")));
    };
    let embeddings = in_order(items, quirks.encodings)?;
    let model = answer.model.as_str().unwrap_or_default();
    let mut response = EmbedResponse::new(model, embeddings).with_usage(tokens(&answer.usage));
    if quirks.encodings != VectorEncodings::SignedBytes {
        response.raw = Some(RawBody::new(FORMAT, body));
    }
    Ok(response)
}

fn broken(what: &str) -> Error {
    Error::protocol(format!("the vendor's answer {what}"))
}

/// Why a body could not be read: its error, where it reports one in place of vectors.
fn not_read(source: &serde_json::Error, body: &Bytes) -> Error {
    if !source.is_data() {
        return broken(&format!("is not JSON: {}", body_snippet(body)));
    }
    in_band_error(body).unwrap_or_else(|| {
        let what = redact(&source.to_string());
        broken(&format!("is no list of embeddings: {what}"))
    })
}

fn in_order(items: Vec<Item>, encodings: VectorEncodings) -> Result<Vec<Vec<f32>>> {
    let mut places: Vec<Option<Vec<f32>>> = Vec::new();
    places.resize_with(items.len(), || None);
    for (position, item) in items.into_iter().enumerate() {
        let at = |what: &str| broken(&format!("is wrong in `data[{position}]`, which {what}"));
        let Some(index) = item.index else {
            return Err(at("has no `index`"));
        };
        match places.get_mut(index) {
            Some(place @ None) => {
                let vector = item.embedding.into_vector(encodings);
                *place = Some(vector.map_err(|what| at(&what))?);
            }
            Some(Some(_)) => return Err(at(&format!("repeats index {index}"))),
            None => return Err(at(&format!("has index {index}, so another is missing"))),
        }
    }
    // Every place is taken, because there are as many places as vectors and none was taken twice.
    Ok(places.into_iter().flatten().collect())
}

/// Tokens read; nothing is written, whatever some vendors count as completion.
fn tokens(counts: &Value) -> Usage {
    let mut usage = usage::read(counts);
    let total = || counts.get("total_tokens").and_then(Value::as_u64);
    usage.input_tokens = usage.input_tokens.or_else(total);
    usage.output_tokens = usage.input_tokens.map(|_| 0);
    usage.reasoning_tokens = None;
    usage
}

#[cfg(test)]
mod tests {
    use interline_core::ErrorKind;
    use serde_json::json;

    use super::*;

    const SIGNED: EmbeddingQuirks =
        EmbeddingQuirks::new().with_encodings(VectorEncodings::SignedBytes);

    fn decode(body: &Value) -> Result<EmbedResponse> {
        decode_response(Bytes::from(body.to_string()), &EmbeddingQuirks::new())
    }

    #[test]
    fn vectors_stand_in_the_order_of_their_index_however_they_are_written() {
        // 1.0 and -2.5 as 32-bit floats, the lowest byte first.
        let answer = decode(&json!({"object": "list", "model": "m", "data": [
            {"index": 1, "embedding": "AACAPwAAIMA=", "object": "embedding"},
            {"index": 0, "embedding": [0.5, -3]}],
            "usage": {"prompt_tokens": 7, "total_tokens": 7}}))
        .expect("an answer");
        assert_eq!(answer.embeddings, [vec![0.5, -3.0], vec![1.0, -2.5]]);
        assert_eq!(answer.model, "m");
        assert_eq!(answer.usage, Usage::new(7, 0));
        assert!(answer.raw.is_some());
    }

    #[test]
    fn bytes_of_a_vendors_own_packing_are_read_and_not_passed_on() {
        let body = json!({"data": [{"index": 0, "embedding": "AX+A/w=="}],
            "usage": {"total_tokens": 3}});
        let answer = decode_response(Bytes::from(body.to_string()), &SIGNED).expect("an answer");
        assert_eq!(answer.embeddings, [vec![1.0, 127.0, -128.0, -1.0]]);
        assert_eq!(answer.usage.input_tokens, Some(3));
        assert_eq!(answer.raw, None);
    }

    #[track_caller]
    fn broken_by(body: &Value, told: &str) {
        let error = decode(body).expect_err("broken");
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        assert!(error.message().contains(told), "{error}");
    }

    #[test]
    fn what_is_wrong_with_an_answer_is_told() {
        let data = |items: Value| json!({"data": items});
        broken_by(&json!({}), "has no field `data`");
        broken_by(&json!([1]), "is no list of embeddings");
        broken_by(
            &data(json!([{"embedding": [1]}])),
            "`data[0]`, which has no `index`",
        );
        broken_by(
            &data(json!([{"index": 1, "embedding": [1]}])),
            "has index 1, so another is missing",
        );
        broken_by(
            &data(json!([{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}])),
            "`data[1]`, which repeats index 0",
        );
        broken_by(
            &data(json!([{"index": 0, "embedding": "AACAPwA="}])),
            "has 5 bytes, which are no whole number of 32-bit floats",
        );
        broken_by(
            &data(json!([{"index": 0, "embedding": "?"}])),
            "is not base64",
        );
        broken_by(
            &data(json!([{"index": 0, "embedding": [1e39]}])),
            "a number that is none",
        );
        broken_by(
            &data(json!([{"index": 0, "embedding": [null]}])),
            "is no list of embeddings",
        );
        broken_by(&data(json!([{"index": 0}])), "missing field `embedding`");
    }

    #[test]
    fn an_error_inside_a_success_keeps_its_kind() {
        let error = decode(
            &json!({"error": {"message": "slow down", "type": "rate_limit_error",
            "code": 429}}),
        )
        .expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.message(), "slow down");
    }

    #[test]
    fn a_body_that_is_no_json_is_shown_in_part() {
        let body = Bytes::from_static(b"<html>busy");
        let error = decode_response(body, &EmbeddingQuirks::new()).expect_err("no JSON");
        assert!(error.message().contains("is not JSON"), "{error}");
    }
}
