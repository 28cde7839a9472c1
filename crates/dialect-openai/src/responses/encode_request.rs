//! Writes a request for a vendor: the bytes that arrived where they are of this format, else the types.

use bytes::Bytes;
use interline_core::{
    ChatRequest, Error, ErrorKind, Feature, FeatureSet, Importance, Origin, Result,
};
use serde_json::{Map, Value, json};

use super::encode_input::encode_input;
use super::{FORMAT, encode_tool};
use crate::chat::encode_part::unsupported;
use crate::chat::merge::{merge_missing, set};
use crate::chat::thinking_control;
use crate::{Mode, Quirks};

/// What the format has no field for, whatever the vendor: by OpenAI's reference, read in August 2026.
const UNKNOWN_FEATURES: [Feature; 6] = [
    Feature::MultipleChoices,
    Feature::FrequencyPenalty,
    Feature::PresencePenalty,
    Feature::Seed,
    Feature::Stop,
    Feature::TopK,
];

/// The presumed hints that the format has no field for.
pub(crate) const LEFT_OUT: FeatureSet = FeatureSet::empty()
    .with(Feature::ParticipantNames)
    .with(Feature::ToolErrors)
    .with(Feature::UnsignedReasoning)
    .with(Feature::CacheMarks);

/// What `include` calls the log-probabilities of the answer.
const LOGPROBS: &str = "message.output_text.logprobs";

/// What a vendor with these quirks takes over this API.
#[must_use]
pub fn features(quirks: &Quirks) -> FeatureSet {
    let unknown = UNKNOWN_FEATURES.into_iter();
    unknown.fold(quirks.features, FeatureSet::without)
}

/// Writes the body of a Responses request.
///
/// # Errors
/// `Unsupported` with the field as its parameter, where the format or the vendor cannot carry what
/// is asked; `InvalidRequest` where the bytes that arrived are no JSON object.
pub fn encode_request(request: &ChatRequest, mode: Mode, quirks: &Quirks) -> Result<Bytes> {
    refuse_what_is_missing(request, quirks)?;
    match request.origin_in(&FORMAT) {
        Some(origin) => pass_through(request, origin, mode),
        None => from_types(request, mode, quirks),
    }
}

fn refuse_what_is_missing(request: &ChatRequest, quirks: &Quirks) -> Result<()> {
    let missing = request.features().missing_from(features(quirks));
    for feature in missing {
        if feature.importance() == Importance::Semantic {
            let name = feature.name();
            let message = format!("the vendor's Responses API does not take `{name}`");
            let field = request.field_of(feature);
            return Err(Error::new(ErrorKind::Unsupported, message).with_param(field));
        }
    }
    let needs = request.native_needs();
    match needs.iter().find(|need| need.format != FORMAT) {
        Some(need) => {
            let what = format!("is known to the format `{}` only", need.format);
            Err(unsupported(&need.field, &what))
        }
        None => Ok(()),
    }
}

/// The bytes that arrived, with model and stream replaced.
fn pass_through(request: &ChatRequest, origin: &Origin, mode: Mode) -> Result<Bytes> {
    let mut keys = vec![("model", Some(Value::from(request.model.as_str())))];
    match mode {
        Mode::Unary => keys.extend([("stream", None), ("stream_options", None)]),
        Mode::Stream => keys.push(("stream", Some(true.into()))),
    }
    origin.with_keys(&keys)
}

fn from_types(request: &ChatRequest, mode: Mode, quirks: &Quirks) -> Result<Bytes> {
    let mut out = Map::new();
    out.insert("model".into(), request.model.as_str().into());
    let input = encode_input(request, quirks)?;
    set(&mut out, "instructions", input.instructions);
    // The vendor may keep the whole conversation.
    if !input.items.is_empty() {
        out.insert("input".into(), input.items.into());
    }
    if !request.tools.is_empty() {
        let tools = encode_tool::encode_tools(&request.tools)?;
        out.insert("tools".into(), tools.into());
    }
    if let Some(choice) = &request.tool_choice {
        let choice = encode_tool::encode_tool_choice(choice, request)?;
        out.insert("tool_choice".into(), choice);
    }
    if let Some(format) = &request.response_format {
        let format = encode_tool::encode_text_format(format);
        out.insert("text".into(), json!({ "format": format }));
    }
    let params = &request.params;
    set(&mut out, "max_output_tokens", params.max_output_tokens);
    set(&mut out, "temperature", params.temperature);
    set(&mut out, "top_p", params.top_p);
    put_hints(&mut out, request, quirks);
    if let Some(extra) = request.extra.for_format(&FORMAT) {
        merge_missing(&mut out, extra);
    }
    ask_for_proofs(&mut out);
    match mode {
        Mode::Unary => {
            out.remove("stream_options");
        }
        Mode::Stream => {
            out.insert("stream".into(), true.into());
        }
    }
    Ok(Bytes::from(Value::Object(out).to_string()))
}

/// Thinking that a vendor neither keeps nor hands out is lost for the next turn, so that where it is not
/// to keep the answer it is asked for the proofs.
fn ask_for_proofs(out: &mut Map<String, Value>) {
    const PROOFS: &str = "reasoning.encrypted_content";
    if out.get("store") != Some(&Value::Bool(false)) || !out.contains_key("reasoning") {
        return;
    }
    let include = out.entry("include").or_insert_with(|| json!([]));
    if let Value::Array(words) = include
        && !words.iter().any(|word| word == PROOFS)
    {
        words.push(PROOFS.into());
    }
}

/// What the vendor may not know and then does not get.
fn put_hints(out: &mut Map<String, Value>, request: &ChatRequest, quirks: &Quirks) {
    let has = |feature| quirks.features.contains(feature);
    if has(Feature::Logprobs) {
        set(out, "top_logprobs", request.params.top_logprobs);
        if request.params.logprobs == Some(true) {
            out.insert("include".into(), with_logprobs(request));
        }
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
        && let Some(word) = thinking_control::effort_word(reasoning)
    {
        out.insert("reasoning".into(), json!({ "effort": word }));
    }
}

/// The caller's own `include`, and the log-probabilities.
fn with_logprobs(request: &ChatRequest) -> Value {
    let own = request.extra.get(&FORMAT, "include");
    let mut include = own.and_then(Value::as_array).cloned().unwrap_or_default();
    if !include.iter().any(|word| word == LOGPROBS) {
        include.push(LOGPROBS.into());
    }
    include.into()
}

#[cfg(test)]
mod tests;
