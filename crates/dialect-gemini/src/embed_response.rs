//! A vendor's vectors.

use bytes::Bytes;
use interline_core::{EmbedResponse, Error, RawBody, Result};
use interline_transport::body_snippet;
use serde_json::Value;

use crate::{EMBED_FORMAT, decode_error, usage};
use interline_transport::json::{Fields, Flaw};

/// Reads the answer of `model` to a `batchEmbedContents`, or to an `embedContent`, which has one vector.
///
/// # Errors
/// `Protocol` where the body is no such answer; what the body says where it is an error.
pub fn decode_embed_response(model: &str, body: Bytes) -> Result<EmbedResponse> {
    let value: Value = serde_json::from_slice(&body).map_err(|source| {
        let start = body_snippet(&body);
        Error::protocol(format!("the vectors are not JSON: {start}")).with_source(source)
    })?;
    if decode_error::is_error(&value) {
        return Err(decode_error::decode_in_band(&value, body));
    }
    let mut response =
        read(model, &value).map_err(|flaw| flaw.into_protocol("the answer with vectors"))?;
    response.raw = Some(RawBody::new(EMBED_FORMAT, body));
    Ok(response)
}

fn read(model: &str, value: &Value) -> Result<EmbedResponse, Flaw> {
    let fields = Fields::of(value)?;
    let embeddings = match fields.get("embedding") {
        Some(one) => vec![vector(one).map_err(|flaw| flaw.within("embedding"))?],
        None if fields.get("embeddings").is_none() => return Err(Flaw::missing("embeddings")),
        None => {
            let listed = fields.list_or_one("embeddings").iter().enumerate();
            let read = |(index, one)| {
                vector(one).map_err(|flaw: Flaw| flaw.within(index).within("embeddings"))
            };
            listed.map(read).collect::<Result<_, Flaw>>()?
        }
    };
    let mut response = EmbedResponse::new(model, embeddings);
    if let Some(counts) = fields.object("usageMetadata")? {
        let counts = usage::read(counts).map_err(|flaw| flaw.within("usageMetadata"))?;
        response.usage = counts;
    }
    Ok(response)
}

fn vector(value: &Value) -> Result<Vec<f32>, Flaw> {
    embed_values(value).ok_or_else(|| Flaw::new("must be a list of numbers").within("values"))
}

/// The numbers under `values`, where they are numbers that a vector can hold.
#[must_use]
pub fn embed_values(embedding: &Value) -> Option<Vec<f32>> {
    let values = embedding.get("values")?.as_array()?;
    #[allow(
        clippy::cast_possible_truncation,
        reason = "vectors are single precision; models compute no more"
    )]
    let numbers = values.iter().map(|value| Some(value.as_f64()? as f32));
    let numbers: Option<Vec<f32>> = numbers.collect();
    // What overflows single precision is no coordinate, and JSON could not carry it on.
    numbers.filter(|numbers| numbers.iter().all(|number| number.is_finite()))
}

#[cfg(test)]
mod tests {
    use interline_core::ErrorKind;

    use super::*;

    fn decode(body: &'static str) -> Result<EmbedResponse> {
        decode_embed_response("m", Bytes::from(body))
    }

    #[test]
    fn one_vector_or_several_are_read_with_their_usage() {
        let many = decode(
            r#"{"embeddings":[{"values":[0.5,-1]},{"values":[0.25,2]}],
                "usageMetadata":{"promptTokenCount":7}}"#,
        )
        .expect("vectors");
        assert_eq!(many.embeddings, [[0.5, -1.0], [0.25, 2.0]]);
        assert_eq!(many.usage.input_tokens, Some(7));
        assert_eq!(many.model, "m");
        let one = decode(r#"{"embedding":{"values":[0.5]}}"#).expect("a vector");
        assert_eq!(one.embeddings, [[0.5]]);
        assert!(one.usage.is_unknown() && one.raw.is_some());
    }

    #[track_caller]
    fn broken(body: &'static str, kind: ErrorKind, message: &str) {
        let error = decode(body).expect_err(body);
        assert_eq!((error.kind(), error.message()), (kind, message));
    }

    #[test]
    fn a_broken_answer_is_named_and_an_error_is_what_it_says() {
        let protocol = ErrorKind::Protocol;
        broken("<p>", protocol, "the vectors are not JSON: <p>");
        broken(
            "{}",
            protocol,
            "the answer with vectors: embeddings: field required",
        );
        broken(
            r#"{"embeddings":[{"values":["1"]}]}"#,
            protocol,
            "the answer with vectors: embeddings[0].values: must be a list of numbers",
        );
        broken(
            r#"{"embeddings":[{"values":[1e300]}]}"#,
            protocol,
            "the answer with vectors: embeddings[0].values: must be a list of numbers",
        );
        broken(
            r#"{"error":{"code":503,"message":"x","status":"UNAVAILABLE"}}"#,
            ErrorKind::Unavailable,
            "x",
        );
    }
}
