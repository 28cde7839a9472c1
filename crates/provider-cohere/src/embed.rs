//! Embeddings.
//!
//! Cohere tunes vectors to what they are for and demands to be told: where the caller does not say,
//! they are documents that are stored and searched. Comparison of like with like has no word of its
//! own; vectors for grouping, which compares so too, serve it.

use bytes::Bytes;
use interline_core::{
    EmbedBody, EmbedInput, EmbedPurpose, EmbedRequest, EmbedResponse, Error, Extra, Origin,
    RawBody, Result, Usage,
};
use interline_transport::body_snippet;
use serde_json::{Map, Value};

use crate::fields::{Fields, Flaw};
use crate::format::set;
use crate::tools::unsupported;
use crate::{EMBED_FORMAT, decode_error, usage};

/// The most texts in one call (`docs.cohere.com/reference/embed`, 2026-08).
const MAX_TEXTS: usize = 96;

/// The field with the forms of the numbers.
const TYPES: &str = "embedding_types";

/// Writes the body of an embeddings request.
///
/// # Errors
/// `Unsupported` for tokens in place of words, and for more texts than Cohere takes in one call;
/// `InvalidRequest` where there is nothing to embed.
pub fn encode_embed_request(request: &EmbedRequest) -> Result<Bytes> {
    request.validate()?;
    if let Some(origin) = request.origin_in(&EMBED_FORMAT) {
        let model = Value::from(request.model.as_str());
        return origin.with_keys(&[("model", Some(model))]);
    }
    if request.inputs.len() > MAX_TEXTS {
        let given = request.inputs.len();
        return Err(unsupported(
            "input",
            &format!("has {given} texts: Cohere takes at most {MAX_TEXTS} in one call"),
        ));
    }
    let mut texts: Vec<Value> = Vec::with_capacity(request.inputs.len());
    for (position, input) in request.inputs.iter().enumerate() {
        let text = input.as_text().ok_or_else(|| {
            unsupported(
                &format!("input[{position}]"),
                "is a list of tokens: Cohere takes words",
            )
        })?;
        texts.push(text.into());
    }
    let mut out = Map::new();
    out.insert("model".into(), request.model.as_str().into());
    out.insert("texts".into(), texts.into());
    out.insert(
        "input_type".into(),
        word_for(request.purpose.as_ref()).into(),
    );
    set(&mut out, "output_dimension", request.dimensions);
    for (key, value) in request
        .extra
        .for_format(&EMBED_FORMAT)
        .into_iter()
        .flatten()
    {
        out.entry(key.as_str()).or_insert_with(|| value.clone());
    }
    // Numbers in another form are not what core holds; without a word they come as `float`.
    if let Some(types) = out.get_mut(TYPES)
        && !types
            .as_array()
            .is_some_and(|types| types.contains(&"float".into()))
    {
        *types = vec!["float"].into();
    }
    Ok(Bytes::from(Value::Object(out).to_string()))
}

fn word_for(purpose: Option<&EmbedPurpose>) -> &str {
    match purpose {
        Some(EmbedPurpose::Query) => "search_query",
        Some(EmbedPurpose::Classification) => "classification",
        Some(EmbedPurpose::Clustering | EmbedPurpose::Similarity) => "clustering",
        Some(EmbedPurpose::Other(word)) => word,
        _ => "search_document",
    }
}

/// Reads the body of an embeddings request, for tools that replay or compare recorded ones.
///
/// # Errors
/// `InvalidRequest` with the path of the value at fault as parameter.
pub fn decode_embed_request(body: Bytes) -> Result<EmbedRequest> {
    let value: Value = serde_json::from_slice(&body)
        .map_err(|source| Error::invalid_request(format!("the body is not JSON: {source}")))?;
    let read = |value: Value| -> Result<EmbedRequest, Flaw> {
        let mut fields = Fields::of(value, "")?;
        let model = fields.required_string("model")?;
        let mut typed = EmbedBody::default();
        let texts = fields.strings("texts")?.unwrap_or_default();
        typed.inputs = texts.into_iter().map(EmbedInput::Text).collect();
        typed.purpose = fields
            .string("input_type")?
            .map(|word| match word.as_str() {
                "search_query" => EmbedPurpose::Query,
                "search_document" => EmbedPurpose::Document,
                "classification" => EmbedPurpose::Classification,
                "clustering" => EmbedPurpose::Clustering,
                _ => EmbedPurpose::Other(word),
            });
        let dimensions = fields.unsigned("output_dimension")?.map(u32::try_from);
        typed.dimensions = dimensions
            .transpose()
            .map_err(|_| Flaw::new("output_dimension", "is too large"))?;
        typed.extra = Extra::new(EMBED_FORMAT, fields.into_rest());
        Ok(EmbedRequest::from_body(model, typed))
    };
    let request = read(value).map_err(Flaw::into_invalid_request)?;
    request.validate()?;
    Ok(request.with_origin(Origin::new(EMBED_FORMAT, body)))
}

/// Reads the body of a successful answer; `model` is what was asked for, because Cohere does not name
/// it again.
///
/// # Errors
/// `Protocol` where the body is not an answer of this format; what the body says where it is an error.
pub fn decode_embed_response(model: &str, body: Bytes) -> Result<EmbedResponse> {
    let value: Value = serde_json::from_slice(&body).map_err(|source| {
        let start = body_snippet(&body);
        Error::protocol(format!("the answer is not JSON: {start}")).with_source(source)
    })?;
    if decode_error::is_error(&value) {
        return Err(decode_error::in_band(&value, body));
    }
    let (vectors, counts) = read(value).map_err(|flaw| flaw.into_protocol("the answer"))?;
    let mut response = EmbedResponse::new(model, vectors).with_usage(counts);
    response.raw = Some(RawBody::new(EMBED_FORMAT, body));
    Ok(response)
}

fn read(value: Value) -> Result<(Vec<Vec<f32>>, Usage), Flaw> {
    let mut fields = Fields::of(value, "")?;
    // Older models give one form of numbers without its name.
    let vectors = match fields.take("embeddings") {
        Some(Value::Array(vectors)) => vectors,
        Some(forms) => {
            let mut forms = Fields::of(forms, "embeddings")?;
            forms
                .array("float")?
                .ok_or_else(|| Flaw::new("embeddings.float", "is required"))?
        }
        None => return Err(Flaw::new("embeddings", "is required")),
    };
    let vectors = vectors.into_iter().enumerate().map(|(place, vector)| {
        numbers(&vector).ok_or_else(|| {
            Flaw::new(
                format!("embeddings.float[{place}]"),
                "must be an array of numbers",
            )
        })
    });
    let mut counts = fields
        .take("meta")
        .map(|meta| usage::billed(&meta))
        .unwrap_or_default();
    // Nothing but the texts is read, and all of it is billed.
    counts.input_tokens = counts.billed_input_tokens;
    Ok((vectors.collect::<Result<_, Flaw>>()?, counts))
}

fn numbers(vector: &Value) -> Option<Vec<f32>> {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "a vector's numbers are single precision on the vendor's side already"
    )]
    let number = |value: &Value| value.as_f64().map(|number| number as f32);
    let numbers: Option<Vec<f32>> = vector.as_array()?.iter().map(number).collect();
    numbers.filter(|numbers| numbers.iter().all(|number| number.is_finite()))
}

#[cfg(test)]
mod tests {
    use interline_core::ErrorKind;
    use serde_json::json;

    use super::*;

    fn sent(request: &EmbedRequest) -> Value {
        let body = encode_embed_request(request).expect("encodable");
        serde_json::from_slice(&body).expect("JSON")
    }

    #[test]
    fn a_request_is_written_as_it_was_read() {
        let body = json!({
            "model": "embed-v4.0", "texts": ["a", "b"], "input_type": "search_query",
            "output_dimension": 256, "truncate": "NONE", "embedding_types": ["float"],
        });
        let request = decode_embed_request(body.to_string().into()).expect("a good request");
        assert_eq!(request.purpose, Some(EmbedPurpose::Query));
        assert_eq!(request.dimensions, Some(256));
        assert_eq!(sent(&request), body);
        assert_eq!(sent(&request.edited(|_| {})), body);
    }

    #[test]
    fn vectors_are_for_documents_unless_the_caller_says_otherwise() {
        let plain = EmbedRequest::new("m", ["a"]);
        assert_eq!(sent(&plain)["input_type"], "search_document");
        for (purpose, word) in [
            (EmbedPurpose::Query, "search_query"),
            (EmbedPurpose::Document, "search_document"),
            (EmbedPurpose::Similarity, "clustering"),
            (EmbedPurpose::Clustering, "clustering"),
            (EmbedPurpose::Classification, "classification"),
            (EmbedPurpose::Other("image".into()), "image"),
        ] {
            let request = plain.clone().with_purpose(purpose);
            assert_eq!(sent(&request)["input_type"], word);
        }
    }

    #[test]
    fn numbers_always_come_as_numbers() {
        let body = json!({"model": "m", "texts": ["a"], "embedding_types": ["base64"]});
        let request = decode_embed_request(body.to_string().into()).expect("a good request");
        assert_eq!(
            sent(&request.edited(|_| {}))["embedding_types"],
            json!(["float"])
        );
    }

    #[track_caller]
    fn refused(request: &EmbedRequest, kind: ErrorKind, param: &str) {
        let error = encode_embed_request(request).expect_err("refused");
        assert_eq!((error.kind(), error.param()), (kind, Some(param)));
    }

    #[test]
    fn what_cohere_does_not_take_is_refused_by_name() {
        let tokens = EmbedRequest::new("m", [vec![1]]);
        refused(&tokens, ErrorKind::Unsupported, "input[0]");
        let many = EmbedRequest::new("m", vec!["a"; MAX_TEXTS + 1]);
        refused(&many, ErrorKind::Unsupported, "input");
        let none = EmbedRequest::new("m", Vec::<String>::new());
        refused(&none, ErrorKind::InvalidRequest, "input");
    }

    fn decode(body: &Value) -> Result<EmbedResponse> {
        decode_embed_response("m", body.to_string().into())
    }

    #[test]
    fn both_forms_of_answers_are_read() {
        for embeddings in [
            json!({"float": [[0.5, 1], [0, -2.5]]}),
            json!([[0.5, 1], [0, -2.5]]),
        ] {
            let response = decode(&json!({
                "id": "1", "embeddings": embeddings, "meta": {"billed_units": {"input_tokens": 3}},
            }))
            .expect("an answer");
            assert_eq!(response.embeddings, [[0.5, 1.0], [0.0, -2.5]]);
            assert_eq!(response.usage.input_tokens, Some(3));
            assert_eq!(response.usage.output_tokens, None);
            assert_eq!(response.model, "m");
        }
    }

    #[test]
    fn a_broken_answer_is_named() {
        for (body, message) in [
            (json!({}), "the answer: `embeddings` is required"),
            (
                json!({"embeddings": {"int8": []}}),
                "the answer: `embeddings.float` is required",
            ),
            (
                json!({"embeddings": {"float": [["x"]]}}),
                "the answer: `embeddings.float[0]` must be an array of numbers",
            ),
            (
                json!({"embeddings": {"float": [[1e300]]}}),
                "the answer: `embeddings.float[0]` must be an array of numbers",
            ),
        ] {
            assert_eq!(decode(&body).expect_err("broken").message(), message);
        }
    }
}
