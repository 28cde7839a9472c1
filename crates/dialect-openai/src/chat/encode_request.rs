//! Writes a request for a vendor: the bytes that arrived where they are of this format, else the types.

use bytes::Bytes;
use interline_core::{ChatRequest, Error, ErrorKind, Feature, Importance, Result};
use serde_json::{Map, Value};

use super::merge::{merge_extra, set};
use super::pass_through::{pass_through, with_usage};
use super::{
    FORMAT, OutputLimit, Quirks, StreamUsage, encode_message, encode_tool, thinking_control,
};

/// Whether the answer is to come whole or step by step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// Whole.
    Unary,
    /// Step by step.
    Stream,
}

/// Writes the body of a Chat Completions request.
///
/// # Errors
/// `Unsupported` with the field as its parameter, where the format or the vendor cannot carry what
/// is asked; `InvalidRequest` where the bytes that arrived are no JSON object.
pub fn encode_request(request: &ChatRequest, mode: Mode, quirks: &Quirks) -> Result<Bytes> {
    refuse_missing_features(request, quirks)?;
    match request.origin_in(&FORMAT) {
        Some(origin) => pass_through(request, origin, mode, quirks),
        None => from_types(request, mode, quirks),
    }
}

fn refuse_missing_features(request: &ChatRequest, quirks: &Quirks) -> Result<()> {
    let missing = request.features().missing_from(quirks.features);
    for feature in missing {
        if feature.importance() == Importance::Semantic {
            let message = format!("the vendor's API does not take `{}`", feature.name());
            return Err(
                Error::new(ErrorKind::Unsupported, message).with_param(request.field_of(feature))
            );
        }
    }
    Ok(())
}

fn from_types(request: &ChatRequest, mode: Mode, quirks: &Quirks) -> Result<Bytes> {
    let mut out = Map::new();
    out.insert("model".into(), request.model.as_str().into());
    let messages = encode_message::encode_messages(&request.messages, quirks)?;
    out.insert("messages".into(), messages.into());
    if !request.tools.is_empty() {
        let tools = encode_tool::encode_tools(&request.tools)?;
        out.insert("tools".into(), tools.into());
    }
    if let Some(choice) = &request.tool_choice {
        out.insert(
            "tool_choice".into(),
            encode_tool::encode_tool_choice(choice)?,
        );
    }
    if let Some(format) = &request.response_format {
        let format = encode_tool::encode_response_format(format);
        out.insert("response_format".into(), format);
    }
    put_params(&mut out, request, quirks);
    put_hints(&mut out, request, quirks);
    let options = request.extra.get(&FORMAT, "stream_options").cloned();
    merge_extra(&mut out, &request.extra);
    out.remove("stream_options");
    if mode == Mode::Stream {
        out.insert("stream".into(), true.into());
        match quirks.stream_usage {
            StreamUsage::Requested => {
                out.insert("stream_options".into(), with_usage(options));
            }
            StreamUsage::Unasked => set(&mut out, "stream_options", options),
        }
    }
    for field in quirks.refused_fields {
        out.remove(*field);
    }
    for (standard, own) in quirks.renamed_fields {
        if let Some(value) = out.remove(*standard) {
            out.entry(*own).or_insert(value);
        }
    }
    Ok(Bytes::from(Value::Object(out).to_string()))
}

/// What decides the answer.
fn put_params(out: &mut Map<String, Value>, request: &ChatRequest, quirks: &Quirks) {
    let params = &request.params;
    let limit = match quirks.output_limit {
        OutputLimit::MaxCompletionTokens => "max_completion_tokens",
        OutputLimit::MaxTokens => "max_tokens",
    };
    set(out, limit, params.max_output_tokens);
    set(out, "temperature", params.temperature);
    set(out, "top_p", params.top_p);
    set(out, "n", params.n);
    if !params.stop.is_empty() {
        out.insert("stop".into(), params.stop.clone().into());
    }
}

/// What the vendor may not know and then does not get.
fn put_hints(out: &mut Map<String, Value>, request: &ChatRequest, quirks: &Quirks) {
    let has = |feature| quirks.features.contains(feature);
    let params = &request.params;
    if has(Feature::TopK) {
        set(out, "top_k", params.top_k);
    }
    if has(Feature::FrequencyPenalty) {
        set(out, "frequency_penalty", params.frequency_penalty);
    }
    if has(Feature::PresencePenalty) {
        set(out, "presence_penalty", params.presence_penalty);
    }
    if has(Feature::Seed) {
        set(out, "seed", params.seed);
    }
    if has(Feature::Logprobs) {
        set(out, "logprobs", params.logprobs);
        set(out, "top_logprobs", params.top_logprobs);
    }
    if has(Feature::ParallelToolCalls) {
        set(out, "parallel_tool_calls", request.parallel_tool_calls);
    }
    if has(Feature::User) {
        set(out, "user", request.user.as_deref());
    }
    if has(Feature::Metadata) && !request.metadata.is_empty() {
        let labels: Map<String, Value> = request
            .metadata
            .iter()
            .map(|(key, value)| (key.clone(), value.as_str().into()))
            .collect();
        out.insert("metadata".into(), labels.into());
    }
    if has(Feature::Reasoning)
        && let Some(reasoning) = &request.reasoning
        && let Some((field, value)) = thinking_control::field(reasoning, quirks.thinking)
    {
        out.insert(field.to_owned(), value);
    }
}
