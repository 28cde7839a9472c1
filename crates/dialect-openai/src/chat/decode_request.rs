//! Reads a caller's request: bytes to types, with the bytes kept beside them.

use std::collections::BTreeMap;

use bytes::Bytes;
use interline_core::{
    ChatBody, ChatRequest, Effort, Error, GenerationParams, NativeNeed, Origin, ReasoningConfig,
    Result,
};
use serde_json::Value;

use super::fields::{Fields, invalid, kind_of};
use super::{FORMAT, decode_message, decode_tool};

/// The headers of a caller that may travel on to a vendor of OpenAI's formats, in lower case:
/// `session_id` is how Codex tells a conversation, for the vendor's cache.
///
/// Credentials and the headers that name an account stay behind: they are the gateway's affair.
pub const FORWARDED_HEADERS: &[&str] = &["openai-beta", "session_id"];

/// A caller's request, and what it says about the way back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct InboundRequest {
    /// What the caller wants; the bytes are attached, the model is what the caller typed.
    pub request: ChatRequest,
    /// Whether the answer is to come as a stream.
    pub stream: bool,
    /// Whether a stream is to tell its usage in a chunk of its own.
    pub include_usage: bool,
}

/// Reads the body of a Chat Completions request.
///
/// `headers` are those of [`FORWARDED_HEADERS`] that the caller sent, in lower case.
/// Fields that no type knows are kept in `extra`, at every level.
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
    let include_usage = take_stream_options(&mut fields)?;
    let chat = decode_body(fields)?;
    let request = ChatRequest::from_body(model, chat);
    request.validate()?;
    Ok(InboundRequest {
        request: request.with_origin(Origin::new(FORMAT, body).with_headers(headers)),
        stream,
        include_usage,
    })
}

fn take_stream_options(fields: &mut Fields) -> Result<bool> {
    let Some(mut options) = fields.object("stream_options")? else {
        return Ok(false);
    };
    let include_usage = options.flag("include_usage")?.unwrap_or(false);
    fields.keep_rest("stream_options", options);
    Ok(include_usage)
}

fn decode_body(mut fields: Fields) -> Result<ChatBody> {
    let mut body = ChatBody::default();
    let messages = fields
        .array("messages")?
        .ok_or_else(|| invalid("messages", "is required and must be an array"))?;
    body.messages = decode_message::decode_messages(messages)?;
    body.tools = decode_tool::take_tools(&mut fields)?;
    body.tool_choice = decode_tool::take_tool_choice(&mut fields)?;
    body.parallel_tool_calls = fields.flag("parallel_tool_calls")?;
    body.response_format = decode_tool::take_response_format(&mut fields)?;
    body.params = take_params(&mut fields)?;
    if let Some(word) = fields.string("reasoning_effort")? {
        body.reasoning = Some(ReasoningConfig::effort(Effort::from(word.as_str())));
    }
    body.metadata = take_metadata(&mut fields)?;
    body.user = fields.string("user")?;
    body.native = native_needs(&fields);
    body.extra = fields.into_extra();
    Ok(body)
}

/// What only a vendor of this format can carry and without which the answer would be another one: an
/// answer that is spoken, a search of the web.
fn native_needs(fields: &Fields) -> Vec<NativeNeed> {
    let modalities = fields.peek("modalities").and_then(Value::as_array);
    let speaks = modalities.is_some_and(|words| words.iter().any(|word| word != "text"));
    let searches = fields.peek("web_search_options").is_some();
    let asked = [("modalities", speaks), ("web_search_options", searches)];
    let asked = asked.into_iter().filter(|(_, is_asked)| *is_asked);
    asked
        .map(|(name, _)| NativeNeed::new(FORMAT, name))
        .collect()
}

fn take_params(fields: &mut Fields) -> Result<GenerationParams> {
    let mut params = GenerationParams::default();
    let old_limit = fields.unsigned("max_tokens")?;
    params.max_output_tokens = fields.unsigned("max_completion_tokens")?.or(old_limit);
    params.temperature = fields.number("temperature")?;
    params.top_p = fields.number("top_p")?;
    // Servers of this format outside its reference take −1 for "no bound", which no type holds.
    if fields.peek("top_k").is_some_and(Value::is_u64) {
        params.top_k = fields.unsigned("top_k")?;
    }
    params.frequency_penalty = fields.number("frequency_penalty")?;
    params.presence_penalty = fields.number("presence_penalty")?;
    params.stop = take_stop(fields)?;
    params.seed = fields.signed("seed")?;
    params.n = fields.small("n")?;
    if params.n == Some(0) {
        return Err(invalid("n", "must be at least 1"));
    }
    // Some servers take a number here; it stays unread for them.
    if fields.peek("logprobs").is_none_or(Value::is_boolean) {
        params.logprobs = fields.flag("logprobs")?;
    }
    params.top_logprobs = fields.small("top_logprobs")?;
    Ok(params)
}

fn take_stop(fields: &mut Fields) -> Result<Vec<String>> {
    match fields.take("stop") {
        None => Ok(Vec::new()),
        Some(Value::String(stop)) => Ok(vec![stop]),
        Some(Value::Array(stops)) => stops
            .into_iter()
            .enumerate()
            .map(|(position, stop)| match stop {
                Value::String(stop) => Ok(stop),
                other => Err(invalid(
                    &format!("stop[{position}]"),
                    format_args!("must be a string, not {}", kind_of(&other)),
                )),
            })
            .collect(),
        Some(other) => Err(invalid(
            "stop",
            format_args!(
                "must be a string or an array of strings, not {}",
                kind_of(&other)
            ),
        )),
    }
}

fn take_metadata(fields: &mut Fields) -> Result<BTreeMap<String, String>> {
    match fields.take("metadata") {
        None => Ok(BTreeMap::new()),
        Some(Value::Object(labels)) => labels
            .into_iter()
            .map(|(key, value)| match value {
                Value::String(value) => Ok((key, value)),
                other => Err(invalid(
                    &format!("metadata.{key}"),
                    format_args!("must be a string, not {}", kind_of(&other)),
                )),
            })
            .collect(),
        Some(other) => Err(invalid(
            "metadata",
            format_args!("must be an object, not {}", kind_of(&other)),
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decode(body: &Value) -> Result<InboundRequest> {
        decode_request(Bytes::from(body.to_string()), Vec::new())
    }

    #[track_caller]
    fn check_refused(body: &Value, param: &str, message: &str) {
        let error = decode(body).expect_err("a wrong request");
        assert_eq!(error.kind(), interline_core::ErrorKind::InvalidRequest);
        assert_eq!(error.param(), Some(param), "{error}");
        assert_eq!(error.message(), message);
    }

    #[test]
    fn wrong_fields_are_named_by_their_path() {
        let ask = |content: Value| json!({"model": "m", "messages": [content]});
        check_refused(
            &json!({"messages": []}),
            "model",
            "`model` is required and must be a string",
        );
        check_refused(
            &json!({"model": "m"}),
            "messages",
            "`messages` is required and must be an array",
        );
        check_refused(
            &json!({"model": "m", "messages": []}),
            "messages",
            "`messages` is empty: send at least one message",
        );
        check_refused(
            &ask(json!({"role": "user", "content": 7})),
            "messages[0].content",
            "`messages[0].content` must be a string or an array of parts, not a number",
        );
        check_refused(
            &ask(json!({"role": "user", "content": [{"type": "text"}]})),
            "messages[0].content[0].text",
            "`messages[0].content[0].text` is required and must be a string",
        );
        check_refused(
            &json!({"model": "m", "messages": [{"role": "user", "content": "x"}], "temperature": "hot"}),
            "temperature",
            "`temperature` must be a number, not a string",
        );
    }

    #[test]
    fn broken_json_is_refused_with_line_and_column() {
        let error = decode_request(Bytes::from_static(b"{\n  \"model\": }"), Vec::new())
            .expect_err("no JSON");
        assert!(error.message().contains("line 2 column"), "{error}");
    }

    #[test]
    fn what_only_this_format_can_carry_is_a_need() {
        let needs = |more: Value| {
            let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "x"}]});
            let more = more.as_object().expect("an object").clone();
            body.as_object_mut().expect("an object").extend(more);
            let request = decode(&body).expect("a good request").request;
            let needs = request.native_needs().into_iter();
            needs.map(|need| need.field).collect::<Vec<_>>()
        };
        let spoken = json!({"modalities": ["text", "audio"], "audio": {"voice": "x"}});
        assert_eq!(needs(spoken), ["modalities"]);
        assert_eq!(needs(json!({"modalities": ["text"]})), [""; 0]);
        assert_eq!(
            needs(json!({"web_search_options": {}})),
            ["web_search_options"]
        );
    }

    #[test]
    fn the_way_back_is_read_and_other_stream_options_are_kept() {
        let inbound = decode(&json!({"model": "m", "messages": [{"role": "user", "content": "x"}],
            "stream": true, "stream_options": {"include_usage": true, "include_obfuscation": false}}))
        .expect("a good request");
        assert!(inbound.stream && inbound.include_usage);
        assert_eq!(
            inbound.request.extra.get(&FORMAT, "stream_options"),
            Some(&json!({"include_obfuscation": false}))
        );
    }

    #[test]
    fn the_newer_limit_wins_and_unknown_fields_stay() {
        let inbound = decode(
            &json!({"model": "m", "messages": [{"role": "user", "content": "x"}],
            "max_tokens": 1, "max_completion_tokens": 2, "top_k": -1, "service_tier": "flex"}),
        )
        .expect("a good request");
        assert_eq!(inbound.request.params.max_output_tokens, Some(2));
        assert_eq!(inbound.request.params.top_k, None);
        assert_eq!(
            inbound.request.extra.get(&FORMAT, "top_k"),
            Some(&json!(-1))
        );
        assert_eq!(
            inbound.request.extra.get(&FORMAT, "service_tier"),
            Some(&json!("flex"))
        );
    }
}
