//! Reads a whole answer.

use bytes::Bytes;
use interline_core::{ChatResponse, Choice, Error, Extra, PartKind, RawBody, Result};
use interline_transport::body_snippet;
use serde_json::{Map, Value};

use super::decode_item::{Said, decode_item};
use super::ending::{self, Calls, Ending};
use super::{FORMAT, decode_error, usage};
use crate::chat::vendor_error;

/// Reads the body of a successful answer.
///
/// The body is attached as it is, for callers of this format; fields that no type knows are in
/// `extra`, those of items in the `extra` of their parts.
///
/// # Errors
/// `Protocol` where the body is no answer of this format; the vendor's own error, by its kind, where
/// the answer failed although the status says success.
pub fn decode_response(body: Bytes) -> Result<ChatResponse> {
    let document: Value = serde_json::from_slice(&body)
        .map_err(|_| broken(&format!("is not JSON: {}", body_snippet(&body))))?;
    if !document.get("output").is_some_and(Value::is_array)
        && let Some(error) = vendor_error::find(&document, None)
    {
        return Err(decode_error::in_band(error, body));
    }
    let Value::Object(fields) = document else {
        return Err(broken("is not a JSON object"));
    };
    let mut response = read(fields, &body)?;
    response.raw = Some(RawBody::new(FORMAT, body));
    Ok(response)
}

/// Reads the response object `fields`, which stands in `body`.
pub(crate) fn read(mut fields: Map<String, Value>, body: &Bytes) -> Result<ChatResponse> {
    let output = match fields.remove("output") {
        Some(Value::Array(output)) => output,
        // An answer that failed has none at some vendors.
        None | Some(Value::Null) if ending::read(&fields, Calls::None) == Ending::Failure => {
            Vec::new()
        }
        Some(_) => return Err(broken("has `output` that is no list")),
        None => return Err(broken("has no field `output`")),
    };
    let mut said = Said::default();
    for (position, item) in output.into_iter().enumerate() {
        let item = decode_item(item)
            .map_err(|what| broken(&format!("is wrong: `output[{position}]` {what}")))?;
        said.parts.extend(item.parts);
        said.logprobs.extend(item.logprobs);
    }
    let called = said
        .parts
        .iter()
        .any(|part| matches!(part.kind, PartKind::ToolCall(_)));
    let calls = if called { Calls::Made } else { Calls::None };
    let reason = match ending::read(&fields, calls) {
        Ending::Reason(reason) => reason,
        Ending::Failure => return Err(decode_error::failed(&fields, body.clone())),
    };
    if let Some(error) = fields.get("error").filter(|error| !error.is_null()) {
        return Err(decode_error::in_band(error, body.clone()));
    }
    let mut choice = Choice::new(0, said.parts).with_finish_reason(reason);
    choice.logprobs = logprobs(said.logprobs);
    let names = Names::of(&fields);
    let mut response = ChatResponse::new(names.model.unwrap_or_default(), [choice]);
    response.id = names.id.unwrap_or_default();
    response.created = names.created;
    for known in ["id", "model", "created_at", "object"] {
        fields.remove(known);
    }
    if let Some(counts) = fields.remove("usage") {
        response.usage = usage::read(&counts);
    }
    fields.retain(|_, value| !value.is_null());
    response.extra = Extra::new(FORMAT, fields);
    Ok(response)
}

/// What an answer is called.
pub(crate) struct Names {
    pub(crate) id: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) created: Option<u64>,
}

impl Names {
    /// Those of a response object.
    pub(crate) fn of(response: &Map<String, Value>) -> Self {
        let text = |key: &str| {
            let text = response.get(key)?.as_str()?;
            (!text.is_empty()).then(|| text.to_owned())
        };
        let created = response.get("created_at").and_then(|at| {
            // Some servers count in fractions; the cast is of a checked float.
            let seconds = at.as_f64().filter(|at| *at >= 0.0);
            at.as_u64().or_else(|| seconds.map(|at| at as u64))
        });
        Self {
            id: text("id"),
            model: text("model"),
            created,
        }
    }
}

/// Log-probabilities as they pass through; none where there is none.
pub(crate) fn logprobs(steps: Vec<Value>) -> Extra {
    if steps.is_empty() {
        return Extra::none();
    }
    let fields = Map::from_iter([("content".to_owned(), Value::Array(steps))]);
    Extra::new(FORMAT, fields)
}

fn broken(what: &str) -> Error {
    Error::protocol(format!("the vendor's answer {what}"))
}

#[cfg(test)]
mod tests {
    use interline_core::{ErrorKind, FinishReason, Usage};
    use serde_json::json;

    use super::*;

    fn read_json(document: &Value) -> Result<ChatResponse> {
        decode_response(Bytes::from(document.to_string()))
    }

    fn text(text: &str) -> Value {
        json!({"type": "message", "id": "msg_1", "role": "assistant",
               "content": [{"type": "output_text", "text": text, "logprobs": [{"token": text}]}]})
    }

    #[test]
    fn an_answer_is_one_choice_with_everything_around_it() {
        let document = json!({
            "id": "resp_1", "object": "response", "created_at": 7.9, "model": "m", "status": "completed",
            "error": null, "output": [text("Hi")], "service_tier": "flex",
            "usage": {"input_tokens": 3, "output_tokens": 2},
        });
        let response = read_json(&document).expect("an answer");
        assert_eq!(
            (response.id.as_str(), response.created),
            ("resp_1", Some(7))
        );
        assert_eq!(
            (response.model.as_str(), response.text().as_str()),
            ("m", "Hi")
        );
        assert_eq!(response.finish_reason(), Some(&FinishReason::Stop));
        assert_eq!(response.usage, Usage::new(3, 2));
        assert_eq!(
            response.extra.get(&FORMAT, "service_tier"),
            Some(&json!("flex"))
        );
        let steps = response.choices[0].logprobs.get(&FORMAT, "content");
        assert_eq!(steps, Some(&json!([{"token": "Hi"}])));
        assert_eq!(response.raw.expect("the body").format, FORMAT);
    }

    #[test]
    fn a_filtered_answer_keeps_what_was_said() {
        let document = json!({"status": "incomplete", "output": [text("Once")],
                              "incomplete_details": {"reason": "content_filter"}});
        let response = read_json(&document).expect("an answer");
        assert_eq!(response.text(), "Once");
        assert_eq!(response.finish_reason(), Some(&FinishReason::ContentFilter));
    }

    #[track_caller]
    fn check_failure(document: &Value, kind: ErrorKind, message: &str) {
        let error = read_json(document).expect_err("a failure");
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(message), "{error}");
    }

    /// Hand-written: no failure inside a 200 is recorded.
    #[test]
    fn failures_inside_a_200_are_errors() {
        let error = json!({"code": "server_error", "message": "The model broke."});
        check_failure(
            &json!({"status": "failed", "error": error, "output": []}),
            ErrorKind::Unavailable,
            "The model broke.",
        );
        check_failure(
            &json!({"status": "failed", "error": null}),
            ErrorKind::Unavailable,
            "gave no reason",
        );
        check_failure(
            &json!({"error": {"code": "rate_limit_exceeded", "message": "Slow."}}),
            ErrorKind::RateLimited,
            "Slow.",
        );
    }

    #[test]
    fn a_body_of_another_shape_is_refused() {
        check_failure(&json!([]), ErrorKind::Protocol, "not a JSON object");
        check_failure(&json!({}), ErrorKind::Protocol, "no field `output`");
        check_failure(&json!({"output": {}}), ErrorKind::Protocol, "no list");
        check_failure(
            &json!({"output": [text("a"), 3]}),
            ErrorKind::Protocol,
            "`output[1]` is no object",
        );
        let error = decode_response(Bytes::from_static(b"<html>")).expect_err("no JSON");
        assert!(error.message().contains("is not JSON"), "{error}");
    }
}
