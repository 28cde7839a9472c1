//! A request in this format, as a client of Cohere's sent it.
//!
//! No gateway takes such requests; this is for tools that replay recorded traffic or compare it with
//! what [`crate::encode_request`] writes.

use bytes::Bytes;
use interline_core::{ChatBody, ChatRequest, Error, Origin, Result};
use serde_json::Value;

use crate::fields::{Fields, Flaw};
use crate::{FORMAT, format, message_decode, thinking, tools};

/// Reads the body of a chat request. Fields that no type knows are kept.
///
/// # Errors
/// `InvalidRequest` with the path of the value at fault as parameter.
pub fn decode_request(body: Bytes) -> Result<ChatRequest> {
    let value: Value = serde_json::from_slice(&body)
        .map_err(|source| Error::invalid_request(format!("the body is not JSON: {source}")))?;
    let (model, typed) = read(value).map_err(Flaw::into_invalid_request)?;
    let request = ChatRequest::from_body(model, typed);
    request.validate()?;
    Ok(request.with_origin(Origin::new(FORMAT, body)))
}

fn read(value: Value) -> Result<(String, ChatBody), Flaw> {
    let mut fields = Fields::of(value, "")?;
    let model = fields.required_string("model")?;
    // Whether to stream belongs to the call, not to the request.
    fields.flag("stream")?;
    let mut body = ChatBody::default();
    body.messages = message_decode::conversation(fields.array("messages")?.unwrap_or_default())?;
    tools::take(&mut fields, &mut body)?;
    body.reasoning = thinking::take(&mut fields)?;
    let params = &mut body.params;
    params.max_output_tokens = fields.unsigned("max_tokens")?;
    params.temperature = fields.number("temperature")?;
    params.top_p = fields.number("p")?;
    params.top_k = fields.unsigned("k")?;
    params.frequency_penalty = fields.number("frequency_penalty")?;
    params.presence_penalty = fields.number("presence_penalty")?;
    params.stop = fields.strings("stop_sequences")?.unwrap_or_default();
    params.seed = fields.signed("seed")?;
    params.logprobs = fields.flag("logprobs")?;
    body.extra = format::extra(fields.into_rest());
    Ok((model, body))
}

#[cfg(test)]
mod tests {
    use interline_core::{ErrorKind, ReasoningConfig};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_becomes_typed_and_keeps_what_no_type_knows() {
        let body = json!({
            "model": "command-a-03-2025", "stream": true,
            "messages": [{"role": "user", "content": "hi"}],
            "max_tokens": 9, "temperature": 0.5, "p": 0.9, "k": 3, "seed": 7, "logprobs": true,
            "frequency_penalty": 0.1, "presence_penalty": 0.2, "stop_sequences": ["END"],
            "thinking": {"type": "enabled", "token_budget": 500},
            "documents": [{"id": "1", "data": {"text": "x"}}], "safety_mode": "STRICT", "new": null,
        });
        let request = decode_request(body.to_string().into()).expect("a good request");
        assert_eq!(request.model.as_str(), "command-a-03-2025");
        let params = &request.params;
        assert_eq!((params.top_p, params.top_k), (Some(0.9), Some(3)));
        assert_eq!((params.seed, params.stop.len()), (Some(7), 1));
        assert_eq!(request.reasoning, Some(ReasoningConfig::budget(500)));
        let extra = request.extra.for_format(&FORMAT).expect("unknown fields");
        let keys: Vec<&String> = extra.keys().collect();
        assert_eq!(keys, ["documents", "safety_mode"]);
        assert!(request.origin_in(&FORMAT).is_some());
    }

    #[track_caller]
    fn refused(body: &Value, message: &str) {
        let error = decode_request(body.to_string().into()).expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.message(), message);
    }

    #[test]
    fn mistakes_are_named_with_their_path() {
        refused(&json!([]), "the body must be an object");
        refused(&json!({}), "`model` is required and must be a string");
        refused(
            &json!({"model": "m"}),
            "`messages` is empty: send at least one message",
        );
        refused(
            &json!({"model": "m", "messages": [], "k": -1}),
            "`k` must be a whole number of at least 0",
        );
        refused(
            &json!({"model": "m", "messages": [], "thinking": {"type": "x"}}),
            "`thinking.type` must be `enabled` or `disabled`",
        );
    }
}
