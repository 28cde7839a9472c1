//! Reads a caller's request: bytes to types, with the bytes kept beside them.

use bytes::Bytes;
use interline_core::{EmbedBody, EmbedInput, EmbedRequest, Error, Extra, Origin, Result};
use serde_json::Value;

use super::FORMAT;
use crate::chat::fields::{Fields, invalid, kind_of};

/// The field that says how vectors are to come; it stays among those that no type knows.
const ENCODING: &str = "encoding_format";

/// How a caller wants its vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// As arrays of numbers.
    #[default]
    Float,
    /// As base64 of 32-bit floats, the lowest byte first.
    Base64,
}

/// A caller's request, and what it says about the way back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InboundEmbedRequest {
    /// What the caller wants; the bytes are attached, the model is what the caller typed.
    pub request: EmbedRequest,
    /// How the vectors are to come.
    pub encoding: Encoding,
}

/// Reads the body of an embeddings request: a text, texts, tokens, or lists of tokens.
///
/// Fields that no type knows are kept in `extra`.
///
/// # Errors
/// `InvalidRequest` with the path of the field that is wrong, such as `input[3]`, or with line and
/// column where the body is not JSON.
pub fn decode_request(body: Bytes) -> Result<InboundEmbedRequest> {
    let document: Value = serde_json::from_slice(&body)
        .map_err(|source| Error::invalid_request(format!("the body is not JSON: {source}")))?;
    let mut fields = Fields::of(document, "")?;
    let model = fields.required_string("model")?;
    if model.is_empty() {
        return Err(invalid("model", "is empty: name a model or a route"));
    }
    let mut embed = EmbedBody::default();
    embed.inputs = match fields.take("input") {
        Some(input) => inputs(input)?,
        None => {
            return Err(invalid(
                "input",
                "is required: send a text or a list of texts",
            ));
        }
    };
    embed.dimensions = fields.small("dimensions")?;
    if embed.dimensions == Some(0) {
        return Err(invalid("dimensions", "must be at least 1"));
    }
    embed.user = fields.string("user")?;
    let encoding = encoding(&mut fields)?;
    embed.extra = Extra::new(FORMAT, fields.into_map());
    let request = EmbedRequest::from_body(model, embed);
    request.validate()?;
    Ok(InboundEmbedRequest {
        request: request.with_origin(Origin::new(FORMAT, body)),
        encoding,
    })
}

fn encoding(fields: &mut Fields) -> Result<Encoding> {
    let Some(word) = fields.string(ENCODING)? else {
        return Ok(Encoding::default());
    };
    let encoding = match word.as_str() {
        "float" => Encoding::Float,
        "base64" => Encoding::Base64,
        _ => return Err(invalid(ENCODING, "must be `float` or `base64`")),
    };
    fields.keep(ENCODING, word.into());
    Ok(encoding)
}

fn inputs(input: Value) -> Result<Vec<EmbedInput>> {
    match input {
        Value::String(text) => Ok(vec![EmbedInput::Text(text)]),
        Value::Array(items) => list(items),
        other => Err(invalid(
            "input",
            format_args!("must be a text or a list, not {}", kind_of(&other)),
        )),
    }
}

/// The first item says what all items are.
fn list(items: Vec<Value>) -> Result<Vec<EmbedInput>> {
    match items.first() {
        Some(Value::Number(_)) => Ok(vec![EmbedInput::Tokens(tokens(&items, "input")?)]),
        Some(Value::Array(_)) => each(items, "a list of tokens", |path, item| match item {
            Value::Array(items) => Ok(Ok(EmbedInput::Tokens(tokens(&items, path)?))),
            other => Ok(Err(other)),
        }),
        _ => each(items, "a text", |_, item| match item {
            Value::String(text) => Ok(Ok(EmbedInput::Text(text))),
            other => Ok(Err(other)),
        }),
    }
}

fn each(
    items: Vec<Value>,
    wanted: &str,
    read: impl Fn(&str, Value) -> Result<std::result::Result<EmbedInput, Value>>,
) -> Result<Vec<EmbedInput>> {
    items
        .into_iter()
        .enumerate()
        .map(|(position, item)| {
            let path = format!("input[{position}]");
            read(&path, item)?.map_err(|other| {
                invalid(
                    &path,
                    format_args!("must be {wanted}, not {}", kind_of(&other)),
                )
            })
        })
        .collect()
}

fn tokens(items: &[Value], path: &str) -> Result<Vec<u32>> {
    items
        .iter()
        .enumerate()
        .map(|(position, item)| {
            let token = item.as_u64().and_then(|token| token.try_into().ok());
            token.ok_or_else(|| {
                invalid(
                    &format!("{path}[{position}]"),
                    "must be a token, a whole number from 0 to 4294967295",
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decode(body: &Value) -> Result<InboundEmbedRequest> {
        decode_request(Bytes::from(body.to_string()))
    }

    #[track_caller]
    fn check(input: &Value, expected: &[EmbedInput]) {
        let inbound = decode(&json!({"model": "m", "input": input})).expect("a good request");
        assert_eq!(inbound.request.inputs, expected);
        assert_eq!(inbound.encoding, Encoding::Float);
        assert!(inbound.request.origin_in(&FORMAT).is_some());
    }

    #[test]
    fn texts_and_tokens_come_alone_or_in_lists() {
        check(&json!("a"), &["a".into()]);
        check(&json!(["a", "b"]), &["a".into(), "b".into()]);
        check(&json!([1, 2]), &[vec![1, 2].into()]);
        check(&json!([[1, 2], [3]]), &[vec![1, 2].into(), vec![3].into()]);
    }

    #[track_caller]
    fn refused(fields: &Value, param: &str, message: &str) {
        let mut body = json!({"model": "m", "input": "a"});
        for (key, value) in fields.as_object().expect("an object") {
            body[key] = value.clone();
        }
        let error = decode(&body).expect_err("a wrong request");
        assert_eq!(error.kind(), interline_core::ErrorKind::InvalidRequest);
        assert_eq!(error.param(), Some(param), "{error}");
        assert_eq!(error.message(), message);
    }

    #[test]
    fn wrong_fields_are_named_by_their_path() {
        let input = |value: Value| json!({"input": value});
        refused(
            &json!({"model": null}),
            "model",
            "`model` is required and must be a string",
        );
        refused(
            &input(Value::Null),
            "input",
            "`input` is required: send a text or a list of texts",
        );
        refused(
            &input(json!({})),
            "input",
            "`input` must be a text or a list, not an object",
        );
        refused(
            &input(json!([])),
            "input",
            "`input` is empty: send at least one text",
        );
        refused(
            &input(json!(["a", ""])),
            "input",
            "`input[1]` is empty: send text or leave it out",
        );
        refused(
            &input(json!(["a", "b", "c", 7])),
            "input[3]",
            "`input[3]` must be a text, not a number",
        );
        refused(
            &input(json!([[1], "a"])),
            "input[1]",
            "`input[1]` must be a list of tokens, not a string",
        );
        let token = "must be a token, a whole number from 0 to 4294967295";
        refused(
            &input(json!([[1], [2, -3]])),
            "input[1][1]",
            &format!("`input[1][1]` {token}"),
        );
        refused(
            &input(json!([1, "a"])),
            "input[1]",
            &format!("`input[1]` {token}"),
        );
        refused(
            &json!({"encoding_format": "int8"}),
            "encoding_format",
            "`encoding_format` must be `float` or `base64`",
        );
        refused(
            &json!({"dimensions": 0}),
            "dimensions",
            "`dimensions` must be at least 1",
        );
    }

    #[test]
    fn the_way_back_is_read_and_unknown_fields_stay() {
        let inbound = decode(
            &json!({"model": "m", "input": "a", "encoding_format": "base64",
            "dimensions": 8, "user": "u", "truncate": "END"}),
        )
        .expect("a good request");
        let request = &inbound.request;
        assert_eq!(inbound.encoding, Encoding::Base64);
        assert_eq!(request.dimensions, Some(8));
        assert_eq!(request.user.as_deref(), Some("u"));
        assert_eq!(request.extra.get(&FORMAT, "truncate"), Some(&json!("END")));
    }

    #[test]
    fn broken_json_is_refused_with_line_and_column() {
        let error = decode_request(Bytes::from_static(b"{\n  \"model\": }")).expect_err("no JSON");
        assert!(error.message().contains("line 2 column"), "{error}");
    }
}
