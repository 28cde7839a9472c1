//! Writes a request for a vendor: the bytes that arrived where they are of this format, else the types.
//!
//! The bytes pass through unless a quirk needs a change below the top level; then the request is
//! written from the types, whose unknown fields still hold everything that arrived.

use std::collections::BTreeMap;

use bytes::Bytes;
use interline_core::{
    ChatRequest, Effort, Error, ErrorKind, Feature, Importance, Origin, ReasoningConfig, Result,
    Role,
};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::merge::{merge_extra, set};
use super::{
    DeveloperRole, FORMAT, OutputLimit, ParticipantNames, Quirks, StreamUsage, encode_message,
    encode_tool,
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

/// Thinking budgets up to this many tokens are called `low` (chosen, not measured).
const LOW_BUDGET_TOKENS: u64 = 2_048;
/// Thinking budgets up to this many tokens are called `medium` (chosen, not measured).
const MEDIUM_BUDGET_TOKENS: u64 = 8_192;

/// Writes the body of a Chat Completions request.
///
/// # Errors
/// `Unsupported` with the field as its parameter, where the format or the vendor cannot carry what
/// is asked; `InvalidRequest` where the bytes that arrived are no JSON object.
pub fn encode_request(request: &ChatRequest, mode: Mode, quirks: &Quirks) -> Result<Bytes> {
    refuse_missing_features(request, quirks)?;
    match request.origin_in(&FORMAT) {
        Some(origin) if !needs_edit(request, quirks) => pass_through(request, origin, mode, quirks),
        _ => from_types(request, mode, quirks),
    }
}

fn refuse_missing_features(request: &ChatRequest, quirks: &Quirks) -> Result<()> {
    let missing = request.features().missing_from(quirks.features);
    for feature in missing {
        if feature.importance() == Importance::Semantic {
            let name = feature.name();
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("the vendor's API does not take `{name}`"),
            )
            .with_param(name));
        }
    }
    Ok(())
}

/// Whether a quirk needs a change inside the messages.
fn needs_edit(request: &ChatRequest, quirks: &Quirks) -> bool {
    let unknown_role = quirks.developer_role == DeveloperRole::AsSystem
        && request.messages.iter().any(|m| m.role == Role::Developer);
    let unwanted_name = quirks.participant_names == ParticipantNames::Dropped
        && request.messages.iter().any(|m| m.name.is_some());
    unknown_role || unwanted_name
}

fn pass_through(
    request: &ChatRequest,
    origin: &Origin,
    mode: Mode,
    quirks: &Quirks,
) -> Result<Bytes> {
    let mut keys = vec![("model", Some(Value::from(request.model.as_str())))];
    let arrived = TopLevel::of(origin)?;
    match mode {
        Mode::Unary => keys.extend([("stream", None), ("stream_options", None)]),
        Mode::Stream => {
            keys.push(("stream", Some(true.into())));
            if quirks.stream_usage == StreamUsage::Requested {
                let options = with_usage(arrived.value("stream_options"));
                keys.push(("stream_options", Some(options)));
            }
        }
    }
    // The newer word stays for servers that know it; the older one makes sure that the limit holds.
    if quirks.output_limit == OutputLimit::MaxTokens
        && arrived.value("max_tokens").is_none()
        && let Some(limit) = arrived.value("max_completion_tokens")
    {
        keys.push(("max_tokens", Some(limit)));
    }
    for feature in request.features().missing_from(quirks.features) {
        keys.extend(hint_keys(feature).iter().map(|key| (*key, None)));
    }
    keys.extend(quirks.refused_fields.iter().map(|key| (*key, None)));
    origin.with_keys(&keys)
}

/// The top-level keys that carry a hint.
const fn hint_keys(feature: Feature) -> &'static [&'static str] {
    match feature {
        Feature::Reasoning => &["reasoning_effort"],
        Feature::ParallelToolCalls => &["parallel_tool_calls"],
        Feature::Seed => &["seed"],
        Feature::Logprobs => &["logprobs", "top_logprobs"],
        Feature::TopK => &["top_k"],
        Feature::Penalties => &["frequency_penalty", "presence_penalty"],
        Feature::User => &["user"],
        Feature::Metadata => &["metadata"],
        _ => &[],
    }
}

/// The top level of the bytes that arrived, values unread.
struct TopLevel<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> TopLevel<'a> {
    fn of(origin: &'a Origin) -> Result<Self> {
        serde_json::from_slice(&origin.body)
            .map(Self)
            .map_err(|source| {
                Error::invalid_request(format!("the body is not a JSON object: {source}"))
            })
    }

    fn value(&self, key: &str) -> Option<Value> {
        let value: Value = serde_json::from_str(self.0.get(key)?.get()).ok()?;
        (!value.is_null()).then_some(value)
    }
}

/// The caller's own stream options, and the wish for usage.
fn with_usage(options: Option<Value>) -> Value {
    let mut options = match options {
        Some(Value::Object(options)) => options,
        _ => Map::new(),
    };
    options.insert("include_usage".into(), true.into());
    options.into()
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
    for field in quirks.refused_fields {
        out.remove(*field);
    }
    if mode == Mode::Stream {
        out.insert("stream".into(), true.into());
        match quirks.stream_usage {
            StreamUsage::Requested => {
                out.insert("stream_options".into(), with_usage(options));
            }
            StreamUsage::Unasked => set(&mut out, "stream_options", options),
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
    if has(Feature::Penalties) {
        set(out, "frequency_penalty", params.frequency_penalty);
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
    if has(Feature::Reasoning) {
        set(
            out,
            "reasoning_effort",
            request.reasoning.as_ref().and_then(effort),
        );
    }
}

/// The format knows words, not budgets: a budget becomes the word of its size, and a bare switch
/// has no word at all.
fn effort(reasoning: &ReasoningConfig) -> Option<String> {
    let word = match (&reasoning.effort, reasoning.budget_tokens) {
        (Some(effort), _) => effort.as_str(),
        (None, Some(..=LOW_BUDGET_TOKENS)) => Effort::Low.as_str(),
        (None, Some(..=MEDIUM_BUDGET_TOKENS)) => Effort::Medium.as_str(),
        (None, Some(_)) => Effort::High.as_str(),
        (None, None) => return None,
    };
    Some(word.to_owned())
}
