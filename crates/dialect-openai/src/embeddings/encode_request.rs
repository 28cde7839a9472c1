//! Writes a request for a vendor: the bytes that arrived where they are of this format, else the types.

use bytes::Bytes;
use interline_core::{EmbedInput, EmbedRequest, Error, ErrorKind, Origin, Result};
use serde_json::{Map, Value};

use super::{EmbeddingQuirks, FORMAT, TokenInputs, VectorEncodings};

/// Writes the body of an embeddings request.
///
/// Bytes that arrived in this format leave as they came; `model` is replaced, and what the vendor
/// does not take is renamed or left out.
///
/// # Errors
/// `Unsupported` with the field as its parameter, where the format or the vendor cannot carry what
/// is asked; `InvalidRequest` where the bytes that arrived are no JSON object.
pub fn encode_request(request: &EmbedRequest, quirks: &EmbeddingQuirks) -> Result<Bytes> {
    refuse_what_is_not_taken(request, quirks)?;
    match request.origin_in(&FORMAT) {
        Some(origin) => pass_through(request, origin, quirks),
        None => from_types(request, quirks),
    }
}

fn refuse_what_is_not_taken(request: &EmbedRequest, quirks: &EmbeddingQuirks) -> Result<()> {
    let has_tokens = request.inputs.iter().any(|input| input.as_text().is_none());
    if has_tokens && quirks.token_inputs == TokenInputs::Refused {
        return Err(unsupported(
            "input",
            "the vendor's API does not take tokens as `input`: send text",
        ));
    }
    if request.dimensions.is_some() && quirks.dimensions.is_none() {
        return Err(unsupported(
            "dimensions",
            "the vendor's API does not take `dimensions`: leave it out, or ask another model",
        ));
    }
    Ok(())
}

fn unsupported(param: &str, message: &str) -> Error {
    Error::new(ErrorKind::Unsupported, message.to_owned()).with_param(param)
}

fn pass_through(
    request: &EmbedRequest,
    origin: &Origin,
    quirks: &EmbeddingQuirks,
) -> Result<Bytes> {
    let mut keys = vec![("model", Some(Value::from(request.model.as_str())))];
    keys.extend(left_out(quirks).map(|key| (key, None)));
    if let Some(field) = quirks.dimensions.filter(|field| *field != "dimensions") {
        keys.push(("dimensions", None));
        if let Some(dimensions) = request.dimensions {
            keys.push((field, Some(dimensions.into())));
        }
    }
    origin.with_keys(&keys)
}

fn from_types(request: &EmbedRequest, quirks: &EmbeddingQuirks) -> Result<Bytes> {
    let mut out = Map::new();
    out.insert("model".into(), request.model.as_str().into());
    out.insert("input".into(), inputs(&request.inputs)?);
    if let (Some(field), Some(dimensions)) = (quirks.dimensions, request.dimensions) {
        out.insert(field.to_owned(), dimensions.into());
    }
    if let Some(user) = &request.user {
        out.insert("user".into(), user.as_str().into());
    }
    for (key, value) in request.extra.for_format(&FORMAT).into_iter().flatten() {
        out.entry(key.as_str()).or_insert_with(|| value.clone());
    }
    for field in left_out(quirks) {
        out.remove(field);
    }
    Ok(Bytes::from(Value::Object(out).to_string()))
}

/// The fields that are not sent.
fn left_out(quirks: &EmbeddingQuirks) -> impl Iterator<Item = &'static str> {
    let encoding = match quirks.encodings {
        VectorEncodings::FloatOrBase64 => None,
        VectorEncodings::FloatOnly | VectorEncodings::SignedBytes => Some("encoding_format"),
    };
    quirks.refused_fields.iter().copied().chain(encoding)
}

/// Inputs as the list of texts, or of lists of tokens, that the format has.
fn inputs(inputs: &[EmbedInput]) -> Result<Value> {
    let texts = inputs.iter().filter(|input| input.as_text().is_some());
    let texts = texts.count();
    if texts != 0 && texts != inputs.len() {
        return Err(unsupported(
            "input",
            "texts and tokens cannot stand in one `input`: send two requests",
        ));
    }
    inputs
        .iter()
        .map(|input| match input {
            EmbedInput::Text(text) => Ok(Value::from(text.as_str())),
            EmbedInput::Tokens(tokens) => Ok(Value::from(tokens.as_slice())),
            _ => Err(unsupported(
                "input",
                "this format carries texts and tokens only",
            )),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MISTRAL_LIKE: EmbeddingQuirks = EmbeddingQuirks::new()
        .with_dimensions(Some("output_dimension"))
        .with_token_inputs(TokenInputs::Refused)
        .with_encodings(VectorEncodings::FloatOnly)
        .with_refused_fields(&["user"]);

    fn arrived(body: &Value) -> EmbedRequest {
        let inbound = super::super::decode_request(Bytes::from(body.to_string()));
        inbound.expect("a good request").request
    }

    #[track_caller]
    fn check(request: &EmbedRequest, quirks: &EmbeddingQuirks, expected: &Value) {
        let body = encode_request(request, quirks).expect("a request that can be carried");
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(body, *expected);
    }

    #[test]
    fn bytes_that_arrived_leave_with_the_model_replaced_only() {
        let body = r#"{"model":"route", "input":"x", "encoding_format":"base64","new":1.0e2}"#;
        let inbound = super::super::decode_request(Bytes::from(body)).expect("a good request");
        let request = inbound.request.for_model("m");
        let sent = encode_request(&request, &EmbeddingQuirks::new()).expect("taken");
        assert_eq!(
            sent,
            r#"{"model":"m","input":"x","encoding_format":"base64","new":1.0e2}"#
        );
    }

    #[test]
    fn what_a_vendor_calls_otherwise_or_refuses_is_renamed_or_left_out() {
        let request = arrived(
            &json!({"model": "m", "input": ["x"], "dimensions": 64, "user": "u",
            "encoding_format": "base64"}),
        );
        let expected = json!({"model": "m", "input": ["x"], "output_dimension": 64});
        check(&request, &MISTRAL_LIKE, &expected);
        let edited = request.edited(|_| {});
        check(&edited, &MISTRAL_LIKE, &expected);
    }

    #[test]
    fn fields_that_no_type_knows_return_to_their_format() {
        let body = json!({"model": "m", "input": [[1, 2], [3]], "user": "u", "dimensions": 8,
            "encoding_format": "float", "truncate": "END"});
        check(
            &arrived(&body).edited(|_| {}),
            &EmbeddingQuirks::new(),
            &body,
        );
    }

    #[track_caller]
    fn refused(request: &EmbedRequest, quirks: &EmbeddingQuirks, param: &str) {
        let error = encode_request(request, quirks).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.param(), Some(param), "{error}");
    }

    #[test]
    fn what_cannot_be_carried_is_refused_by_name() {
        refused(&EmbedRequest::new("m", [vec![1]]), &MISTRAL_LIKE, "input");
        let sized = EmbedRequest::new("m", ["x"]).with_dimensions(8);
        let unsized_only = EmbeddingQuirks::new().with_dimensions(None);
        refused(&sized, &unsized_only, "dimensions");
        let mixed = EmbedRequest::new("m", [EmbedInput::from("x"), vec![1].into()]);
        refused(&mixed, &EmbeddingQuirks::new(), "input");
    }
}
