//! Reads a caller's request: bytes to types, with the bytes kept beside them.

use std::collections::BTreeMap;

use bytes::Bytes;
use interline_core::{
    ChatBody, ChatRequest, Effort, Error, Extra, GenerationParams, Message, NativeNeed, Origin,
    ReasoningConfig, ResponseFormat, Result,
};
use serde_json::Value;

use super::decode_items::decode_items;
use super::{FORMAT, decode_tools, reasoning_item};
use crate::chat::InboundRequest;
use crate::chat::fields::{Fields, invalid, kind_of};

/// What the vendor is to look up, keep or run itself: nobody else can.
const KEPT_BY_THE_VENDOR: [&str; 3] = ["previous_response_id", "conversation", "prompt"];

/// Reads the body of a Responses request.
///
/// `headers` are those of [`FORWARDED_HEADERS`](crate::FORWARDED_HEADERS) that the caller sent, in
/// lower case. How items become messages is told in the [module](super)'s documentation.
/// - What only a vendor of this format can carry and changes the answer is a [`NativeNeed`]:
///   conversations and prompts that the vendor keeps, background work, references to items, and
///   compacted history. Tools that the vendor runs itself are
///   [`Tool::Provider`](interline_core::Tool::Provider).
/// - Hints that no type knows (`store`, `include`, `truncation`, `verbosity` …) stay in `extra`.
/// - The attached bytes lack sealed reasoning items: they hold another format's state, which a
///   vendor of this one refuses. The types have it.
///
/// # Errors
/// `InvalidRequest` with the path of the field that is wrong, or with line and column where the body
/// is not JSON.
pub fn decode_request(body: Bytes, headers: Vec<(String, String)>) -> Result<InboundRequest> {
    let document: Value = serde_json::from_slice(&body)
        .map_err(|source| Error::invalid_request(format!("the body is not JSON: {source}")))?;
    let mut fields = Fields::of(document, "")?;
    let model = fields.required_string("model")?;
    if model.is_empty() {
        return Err(invalid("model", "is empty: name a model or a route"));
    }
    let stream = fields.flag("stream")?.unwrap_or(false);
    let origin = without_sealed(Origin::new(FORMAT, body), fields.peek("input"))?;
    let request = ChatRequest::from_body(model, decode_body(fields)?);
    Ok(InboundRequest {
        request: request.with_origin(origin.with_headers(headers)),
        stream,
        // The last event of the format always tells it.
        include_usage: true,
    })
}

fn without_sealed(origin: Origin, input: Option<&Value>) -> Result<Origin> {
    let items = input
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    if !items.iter().any(reasoning_item::is_sealed) {
        return Ok(origin);
    }
    let unsealed = |item: &&Value| !reasoning_item::is_sealed(item);
    let rest: Value = items.iter().filter(unsealed).cloned().collect();
    Ok(Origin::new(
        FORMAT,
        origin.with_keys(&[("input", Some(rest))])?,
    ))
}

fn decode_body(mut fields: Fields) -> Result<ChatBody> {
    let mut body = ChatBody::default();
    take_native_needs(&mut fields, &mut body.native)?;
    if let Some(instructions) = fields.take("instructions") {
        let instructions = instructions
            .as_str()
            .ok_or_else(|| invalid("instructions", "must be a string"))?;
        body.messages.push(Message::system(instructions));
    }
    match fields.take("input") {
        Some(Value::String(text)) => body.messages.push(Message::user(text)),
        Some(Value::Array(items)) => decode_items(items, &mut body)?,
        None if !body.native.is_empty() => {}
        None => {
            return Err(invalid(
                "input",
                "is required: a string or an array of items",
            ));
        }
        Some(other) => {
            let kind = kind_of(&other);
            let what = format_args!("must be a string or an array of items, not {kind}");
            return Err(invalid("input", what));
        }
    }
    if body.messages.is_empty() && body.native.is_empty() {
        return Err(invalid("input", "is empty: send at least one item"));
    }
    body.tools = decode_tools::take_tools(&mut fields)?;
    body.tool_choice = decode_tools::take_tool_choice(&mut fields)?;
    body.parallel_tool_calls = fields.flag("parallel_tool_calls")?;
    body.response_format = take_text(&mut fields)?;
    body.params = take_params(&mut fields)?;
    body.reasoning = take_reasoning(&mut fields)?;
    body.metadata = take_metadata(&mut fields)?;
    body.user = fields.string("user")?;
    if body.user.is_none() {
        // The newer name for the same; it stays, so that it can be told from the older one.
        let newer = fields.peek("safety_identifier").and_then(Value::as_str);
        body.user = newer.map(str::to_owned);
    }
    body.extra = Extra::new(FORMAT, fields.into_map());
    Ok(body)
}

/// The wishes stay in `fields` as well, so that the request can be written again from the types.
fn take_native_needs(fields: &mut Fields, native: &mut Vec<NativeNeed>) -> Result<()> {
    let kept = KEPT_BY_THE_VENDOR
        .into_iter()
        .filter(|key| fields.peek(key).is_some());
    native.extend(kept.map(|key| NativeNeed::new(FORMAT, key)));
    if let Some(background) = fields.flag("background")? {
        if background {
            native.push(NativeNeed::new(FORMAT, "background"));
        }
        fields.keep("background", background.into());
    }
    Ok(())
}

/// Takes the shape of the answer; how many words to make stays.
fn take_text(fields: &mut Fields) -> Result<Option<ResponseFormat>> {
    let Some(mut text) = fields.object("text")? else {
        return Ok(None);
    };
    let format = decode_tools::take_format(&mut text)?;
    fields.keep_rest("text", text);
    Ok(format)
}

/// Takes the effort; whether and how to sum thoughts up stays.
fn take_reasoning(fields: &mut Fields) -> Result<Option<ReasoningConfig>> {
    let Some(mut reasoning) = fields.object("reasoning")? else {
        return Ok(None);
    };
    let effort = reasoning.string("effort")?;
    fields.keep_rest("reasoning", reasoning);
    Ok(effort.map(|word| ReasoningConfig::effort(Effort::from(word.as_str()))))
}

fn take_params(fields: &mut Fields) -> Result<GenerationParams> {
    let mut params = GenerationParams::default();
    params.max_output_tokens = fields.unsigned("max_output_tokens")?;
    params.temperature = fields.number("temperature")?;
    params.top_p = fields.number("top_p")?;
    params.top_logprobs = fields.small("top_logprobs")?;
    let included = fields.peek("include").and_then(Value::as_array);
    let asked = included
        .into_iter()
        .flatten()
        .any(|name| name == "message.output_text.logprobs");
    if asked || params.top_logprobs.is_some_and(|number| number > 0) {
        params.logprobs = Some(true);
    }
    Ok(params)
}

fn take_metadata(fields: &mut Fields) -> Result<BTreeMap<String, String>> {
    let Some(labels) = fields.object("metadata")? else {
        return Ok(BTreeMap::new());
    };
    labels
        .into_map()
        .into_iter()
        .map(|(key, value)| match value {
            Value::String(value) => Ok((key, value)),
            other => Err(invalid(
                &format!("metadata.{key}"),
                format_args!("must be a string, not {}", kind_of(&other)),
            )),
        })
        .collect()
}

#[cfg(test)]
mod tests;
