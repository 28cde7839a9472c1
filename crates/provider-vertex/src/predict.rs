//! `:predict` of text embeddings: instances in, predictions out.

use bytes::Bytes;
use interline_core::{
    EmbedBody, EmbedInput, EmbedRequest, EmbedResponse, Error, Extra, FormatId, ModelId, Origin,
    RawBody, Result, Usage,
};
use interline_dialect_gemini::{embed_texts, embed_values, purpose, task_type};
use interline_transport::body_snippet;
use serde_json::{Map, Value, json};

/// Vertex AI's `:predict` of text embeddings.
pub const PREDICT_FORMAT: FormatId = FormatId::from_static("vertex.predict");

/// Writes the body. Unknown fields of this format, such as `autoTruncate`, are parameters.
///
/// # Errors
/// As [`embed_texts`].
pub(crate) fn encode(request: &EmbedRequest) -> Result<Bytes> {
    if let Some(origin) = request.origin_in(&PREDICT_FORMAT) {
        return origin.with_keys(&[]);
    }
    let task = request.purpose.as_ref().map(task_type);
    let instances = embed_texts(request)?.into_iter().map(|text| {
        let mut instance = json!({"content": text});
        if let Some(task) = task {
            instance["task_type"] = json!(task);
        }
        instance
    });
    let mut body = json!({"instances": instances.collect::<Vec<_>>()});
    let extra = request.extra.for_format(&PREDICT_FORMAT);
    let mut parameters: Map<String, Value> = extra.cloned().unwrap_or_default();
    if let Some(dimensions) = request.dimensions {
        parameters.insert("outputDimensionality".into(), json!(dimensions));
    }
    if !parameters.is_empty() {
        body["parameters"] = Value::Object(parameters);
    }
    Ok(Bytes::from(body.to_string()))
}

/// Reads a request of this format, for tools that replay or compare recorded ones; the model stands in
/// the address it was sent to. What holds for every text is read from the first one.
///
/// # Errors
/// `InvalidRequest` where the body is no such request.
pub fn decode_predict_request(model: impl Into<ModelId>, body: Bytes) -> Result<EmbedRequest> {
    let typed = serde_json::from_slice(&body).ok().as_ref().and_then(read);
    let typed = typed.ok_or_else(|| {
        Error::invalid_request("body is not a `:predict` of texts: instances with content")
            .with_param("instances")
    })?;
    Ok(EmbedRequest::from_body(model, typed).with_origin(Origin::new(PREDICT_FORMAT, body)))
}

fn read(value: &Value) -> Option<EmbedBody> {
    let instances = value.get("instances")?.as_array()?;
    let texts = instances
        .iter()
        .map(|instance| Some(EmbedInput::from(instance.get("content")?.as_str()?)));
    let mut body = EmbedBody::default();
    body.inputs = texts.collect::<Option<_>>()?;
    let first = instances.first();
    let task = first.and_then(|first| first.get("task_type")?.as_str());
    body.purpose = task.map(purpose);
    if let Some(parameters) = value.get("parameters").and_then(Value::as_object) {
        let mut rest = parameters.clone();
        let dimensions = rest.remove("outputDimensionality");
        body.dimensions = dimensions.and_then(|count| u32::try_from(count.as_u64()?).ok());
        body.extra = Extra::new(PREDICT_FORMAT, rest);
    }
    Some(body)
}

/// Reads the answer of `model`.
///
/// # Errors
/// `Protocol` where the body is no such answer.
pub(crate) fn decode(model: &str, body: Bytes) -> Result<EmbedResponse> {
    let value: Value = serde_json::from_slice(&body).map_err(|source| {
        let start = body_snippet(&body);
        Error::protocol(format!("the predictions are not JSON: {start}")).with_source(source)
    })?;
    let predictions = value.get("predictions").and_then(Value::as_array);
    let predictions =
        predictions.ok_or_else(|| Error::protocol("the answer has no list of predictions"))?;
    let vector = |prediction: &Value| embed_values(prediction.get("embeddings")?);
    let vectors: Option<Vec<Vec<f32>>> = predictions.iter().map(vector).collect();
    let vectors = vectors.ok_or_else(|| Error::protocol("a prediction has no list of numbers"))?;
    let mut response = EmbedResponse::new(model, vectors);
    // The vendor counts per text; a text without a count leaves the sum unknown.
    let count = |prediction: &Value| {
        let statistics = prediction.get("embeddings")?.get("statistics")?;
        // Written as a fraction by some servers: `6.0`.
        let count = statistics.get("token_count")?.as_f64()?;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked: not negative, far below 2^53"
        )]
        (0.0..1e9).contains(&count).then_some(count as u64)
    };
    let counts: Option<u64> = predictions.iter().map(count).sum();
    let mut usage = Usage::default();
    usage.input_tokens = counts;
    response.usage = usage;
    response.raw = Some(RawBody::new(PREDICT_FORMAT, body));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use interline_core::{EmbedPurpose, ErrorKind};
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    fn sent(request: &EmbedRequest) -> Value {
        serde_json::from_slice(&encode(request).expect("encodable")).expect("JSON")
    }

    #[test]
    fn every_text_is_an_instance() {
        let request = EmbedRequest::new("text-embedding-005", ["a", "b"])
            .with_dimensions(8)
            .with_purpose(EmbedPurpose::Document);
        let instance = |text: &str| json!({"content": text, "task_type": "RETRIEVAL_DOCUMENT"});
        assert_eq!(
            sent(&request),
            json!({"instances": [instance("a"), instance("b")],
                "parameters": {"outputDimensionality": 8}})
        );
        let plain = sent(&EmbedRequest::new("m", ["a"]));
        assert_eq!(plain, json!({"instances": [{"content": "a"}]}));
    }

    #[test]
    fn a_recorded_request_is_read_and_written_again() {
        let body = json!({"instances": [{"content": "a", "task_type": "CLUSTERING"}],
            "parameters": {"outputDimensionality": 4, "autoTruncate": false}});
        let request = decode_predict_request("m", Bytes::from(body.to_string()));
        let request = request.expect("a good request");
        assert_eq!(sent(&request), body);
        let typed = EmbedRequest::from_body("m", (*request).clone());
        assert_eq!(sent(&typed), body);
        let error = decode_predict_request("m", Bytes::from_static(b"{}")).expect_err("none");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    }

    #[test]
    fn vectors_and_their_tokens_are_read() {
        let body = r#"{"predictions":[
            {"embeddings":{"values":[0.5],"statistics":{"token_count":3,"truncated":false}}},
            {"embeddings":{"values":[0.25],"statistics":{"token_count":4.0}}}]}"#;
        let response = decode("m", Bytes::from(body)).expect("vectors");
        assert_eq!(response.embeddings, [[0.5], [0.25]]);
        assert_eq!(response.usage.input_tokens, Some(7));
        let uncounted = decode(
            "m",
            Bytes::from(r#"{"predictions":[{"embeddings":{"values":[1]}}]}"#),
        );
        assert!(uncounted.expect("vectors").usage.is_unknown());
    }

    proptest! {
        #[test]
        fn any_request_survives_the_way_out_and_back(
            texts in vec("\\PC{1,20}", 1..5),
            dimensions in option::of(1u32..4096),
            task in option::of("[A-Z_]{1,12}"),
        ) {
            let mut body = EmbedBody::default();
            body.inputs = texts.into_iter().map(EmbedInput::from).collect();
            body.dimensions = dimensions;
            body.purpose = task.as_deref().map(purpose);
            let request = EmbedRequest::from_body("m", body.clone());
            let back = decode_predict_request("m", encode(&request).expect("encodable"));
            let back = back.expect("decodable");
            prop_assert_eq!(&back.inputs, &body.inputs);
            prop_assert_eq!(back.dimensions, body.dimensions);
            prop_assert_eq!(&back.purpose, &body.purpose);
        }

        #[test]
        fn no_bytes_make_anything_panic(bytes in vec(any::<u8>(), 0..200)) {
            let bytes = Bytes::from(bytes);
            let _ = decode("m", bytes.clone());
            let _ = decode_predict_request("m", bytes);
        }
    }

    #[test]
    fn a_broken_answer_is_a_protocol_error() {
        for body in ["<p>", "{}", r#"{"predictions":[{}]}"#] {
            let error = decode("m", Bytes::from(body)).expect_err(body);
            assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
        }
    }
}
