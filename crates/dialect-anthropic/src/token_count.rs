//! Counting of tokens: what is asked and what is answered, in both directions.
//!
//! A count is asked for with the fields that make the prompt. Anthropic refuses fields that only
//! matter to an answer, such as `max_tokens`, so they are taken out; fields that no type knows stay.

use bytes::Bytes;
use interline_core::{ChatRequest, Error, Origin, Result};
use interline_transport::body_snippet;
use serde_json::{Map, Value, json};

use crate::decode_request::{self, Purpose};
use crate::encode_request::BODY_VERSION;
use crate::{FORMAT, Mode, Quirks, decode_error, encode_request};
use interline_transport::json::Fields;

/// Fields that matter to an answer alone; a count with one of them is refused.
const ANSWER_ONLY: [&str; 10] = [
    "max_tokens",
    "stream",
    "temperature",
    "top_p",
    "top_k",
    "stop_sequences",
    "metadata",
    "service_tier",
    "container",
    "inference_geo",
];

/// Reads a caller's question how many tokens a prompt has; the model is what the caller typed.
///
/// `headers` are those of [`crate::FORWARDED_HEADERS`] that the caller sent, names in lower case.
///
/// # Errors
/// `InvalidRequest` with the path as `param`, line and column.
pub fn decode_count_request(body: Bytes, headers: Vec<(String, String)>) -> Result<ChatRequest> {
    let inbound = decode_request::decode(body, headers, Purpose::Count)?;
    Ok(inbound.request)
}

/// Writes the answer to a question how many tokens a prompt has.
#[must_use]
pub fn encode_count_response(input_tokens: u64) -> Bytes {
    Bytes::from(json!({"input_tokens": input_tokens}).to_string())
}

/// Writes the question how many tokens `request` has; the model stands in the body, whatever the
/// quirks say of answers.
///
/// # Errors
/// As [`encode_request()`].
pub fn encode_count_request(request: &ChatRequest, quirks: &Quirks) -> Result<Bytes> {
    let model = Value::from(request.model.as_str());
    let version = quirks.body_version.as_deref().map(Value::from);
    if let Some(origin) = encode_request::native_origin(request) {
        let removed = ANSWER_ONLY.map(|key| (key, None));
        let mut keys = vec![("model", Some(model))];
        keys.extend(version.map(|version| (BODY_VERSION, Some(version))));
        keys.extend(removed);
        return origin.with_keys(&keys);
    }
    let body = encode_request(request, Mode::Unary, quirks)?;
    let keys: Vec<(&str, Option<Value>)> = ANSWER_ONLY
        .map(|key| (key, None))
        .into_iter()
        .chain([("model", Some(model))])
        .collect();
    Origin::new(FORMAT, body).with_keys(&keys)
}

/// Reads the vendor's count.
///
/// # Errors
/// `Protocol` where the body has no count; what the body says where it is an error.
pub(crate) fn decode_count_response(body: Bytes) -> Result<u64> {
    let value: Value = serde_json::from_slice(&body).map_err(|source| {
        let start = body_snippet(&body);
        Error::protocol(format!("the count is not JSON: {start}")).with_source(source)
    })?;
    if value.get("type").and_then(Value::as_str) == Some("error") {
        return Err(decode_error::decode_in_band(&value, body));
    }
    let empty = Map::new();
    let fields = Fields::of(&value).unwrap_or(Fields::of_map(&empty));
    fields.u64("input_tokens").ok().flatten().ok_or_else(|| {
        Error::protocol("the count: input_tokens: must be a whole number, 0 or more")
    })
}

#[cfg(test)]
mod tests {
    use interline_core::{ErrorKind, Message};

    use super::*;

    fn asked(request: &ChatRequest, quirks: &Quirks) -> Value {
        let body = encode_count_request(request, quirks).expect("encodable");
        serde_json::from_slice(&body).expect("JSON")
    }

    #[test]
    fn only_the_prompt_is_asked_about() {
        let request = ChatRequest::new("claude-x", [Message::user("hi")])
            .with_max_output_tokens(9)
            .with_temperature(0.5)
            .with_stop("END");
        let content = json!([{"type": "text", "text": "hi"}]);
        assert_eq!(
            asked(&request, &Quirks::default()),
            json!({"model": "claude-x", "messages": [{"role": "user", "content": content}]})
        );
    }

    #[test]
    fn a_question_of_this_format_keeps_what_no_type_knows() {
        let body = br#"{"model":"chat","messages":[{"role":"user","content":"hi"}],
            "new_field":{"a":1.0},"max_tokens":5,"stream":true}"#;
        let request = decode_count_request(Bytes::from_static(body), Vec::new());
        let request = request.expect("a good question").for_model("claude-x");
        let version = Quirks::default().with_body_version("v");
        assert_eq!(
            asked(&request, &version),
            json!({"model": "claude-x", "messages": [{"role": "user", "content": "hi"}],
                "new_field": {"a": 1.0}, "anthropic_version": "v"})
        );
    }

    #[test]
    fn a_question_needs_no_bound_on_the_answer() {
        let body = Bytes::from_static(br#"{"model":"m","messages":[]}"#);
        let error = decode_count_request(body, Vec::new()).expect_err("no message");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.param(), Some("messages"));
        let body =
            Bytes::from_static(br#"{"model":"m","messages":[{"role":"user","content":"a"}]}"#);
        let request = decode_count_request(body, Vec::new()).expect("no max_tokens");
        assert_eq!(request.params.max_output_tokens, None);
    }

    #[test]
    fn counts_are_read_as_they_are_written() {
        let count = |body: Bytes| decode_count_response(body);
        assert_eq!(count(encode_count_response(17)).expect("a count"), 17);
        for body in ["<p>", "[]", "{}", r#"{"input_tokens":-1}"#] {
            let error = count(Bytes::from(body)).expect_err(body);
            assert_eq!(error.kind(), ErrorKind::Protocol, "{body}");
        }
        let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"x"}}"#;
        let error = count(Bytes::from(error)).expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Overloaded);
    }
}
