//! Reads a whole answer.

use bytes::Bytes;
use interline_core::{
    ChatResponse, Choice, Error, ErrorKind, Extra, Phase, RawBody, Result, RetryHint, WireError,
};
use interline_transport::body_snippet;
use serde_json::{Map, Value};

use super::finish_reason::{self, Ending};
use super::{FORMAT, decode_answer, decode_error, logprobs, usage, vendor_error};

/// Reads the body of a successful answer.
///
/// The body is attached as it is, for callers of this format, or with its content as the string that
/// they read where a vendor gives a list; fields that no type knows are in
/// `extra`, those of a choice's message under `message` in the choice's `extra`.
///
/// # Errors
/// `Protocol` where the body is no answer of this format; the vendor's own error, by its kind, where
/// the body reports one although the status says success.
pub fn decode_response(body: Bytes) -> Result<ChatResponse> {
    let mut document: Value = serde_json::from_slice(&body)
        .map_err(|_| broken(&format!("is not JSON: {}", body_snippet(&body))))?;
    let body = if decode_answer::flatten_content(&mut document) {
        Bytes::from(document.to_string())
    } else {
        body
    };
    let Value::Object(mut fields) = document else {
        return Err(broken("is not a JSON object"));
    };
    let choices = match fields.remove("choices") {
        Some(Value::Array(choices)) if !choices.is_empty() => choices,
        other => {
            let document = Value::Object(fields);
            return Err(match vendor_error::find(&document, None) {
                Some(error) => decode_error::in_band(error, body),
                None if other.is_some() => broken("has no choices"),
                None => broken("has no field `choices`"),
            });
        }
    };
    if let Some(error) = fields.get("error").filter(|error| !error.is_null()) {
        return Err(decode_error::in_band(error, body));
    }
    let text = |value: Option<Value>| match value {
        Some(Value::String(text)) => text,
        _ => String::new(),
    };
    let id = text(fields.remove("id"));
    let choices = choices
        .into_iter()
        .enumerate()
        .map(|(position, choice)| decode_choice(choice, position, &id, &body))
        .collect::<Result<Vec<_>>>()?;
    let mut response = ChatResponse::new(text(fields.remove("model")), choices);
    response.id = id;
    response.created = fields.remove("created").and_then(|value| value.as_u64());
    fields.remove("object");
    if let Some(counts) = fields.remove("usage") {
        response.usage = usage::read(&counts);
    }
    response.extra = Extra::new(FORMAT, fields);
    response.raw = Some(RawBody::new(FORMAT, body));
    Ok(response)
}

fn broken(what: &str) -> Error {
    Error::protocol(format!("the vendor's answer {what}"))
}

fn decode_choice(choice: Value, position: usize, answer: &str, body: &Bytes) -> Result<Choice> {
    let Value::Object(mut fields) = choice else {
        return Err(broken(&format!("has no object in `choices[{position}]`")));
    };
    let place = u32::try_from(position).unwrap_or(u32::MAX);
    let index = fields.remove("index").and_then(|value| value.as_u64());
    let index = index
        .and_then(|index| index.try_into().ok())
        .unwrap_or(place);
    if let Some(error) = fields.get("error").filter(|error| !error.is_null()) {
        return Err(decode_error::in_band(error, body.clone()));
    }
    let Some(Value::Object(mut message)) = fields.remove("message") else {
        return Err(broken(&format!("has no `choices[{position}].message`")));
    };
    let reason = match finish_reason::read(fields.remove("finish_reason").as_ref()) {
        Some(Ending::Failure(kind)) => return Err(failed(kind, body.clone())),
        Some(Ending::Reason(reason)) => Some(reason),
        None => None,
    };
    let parts = decode_answer::take_parts(&mut message, answer, index).map_err(|what| {
        broken(&format!(
            "is wrong in `choices[{position}].message`: {what}"
        ))
    })?;
    let mut choice = Choice::new(index, parts).with_finish_reason(reason);
    if let Some(Value::String(stop)) = fields.get("stop_reason") {
        choice.stop_sequence = Some(stop.clone());
        fields.remove("stop_reason");
    }
    choice.logprobs = logprobs::read(fields.remove("logprobs"));
    message.remove("role");
    choice.extra = choice_extra(fields, message);
    Ok(choice)
}

/// The unknown fields of a choice, with those of its message under `message`.
fn choice_extra(mut choice: Map<String, Value>, mut message: Map<String, Value>) -> Extra {
    message.retain(|_, value| !value.is_null());
    choice.retain(|_, value| !value.is_null());
    if !message.is_empty() {
        choice.insert("message".into(), message.into());
    }
    Extra::new(FORMAT, choice)
}

/// The vendor gave up and only says so by its finish reason.
pub(crate) fn failed(kind: ErrorKind, body: Bytes) -> Error {
    Error::new(kind, "the vendor failed while it answered")
        .with_phase(Phase::BeforeOutput)
        .with_retry(RetryHint::Backoff)
        .with_status(200)
        .with_wire(WireError::new(FORMAT, 200, body))
}
