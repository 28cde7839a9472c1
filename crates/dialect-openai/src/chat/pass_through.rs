//! Writes a request as the bytes that arrived.
//!
//! Every byte of every value stays, in its order, except the top-level keys that the call or a quirk
//! changes. Messages are read and written anew only where a quirk changes something in them.

use std::collections::BTreeMap;

use bytes::Bytes;
use interline_core::{ChatRequest, Error, Feature, Origin, Result};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::adapt_messages::{adapt, may_change};
use super::thinking_control::{self, is_off};
use super::{Mode, Quirks, StreamUsage, ThinkingControl};

/// Writes a request as the bytes that arrived, with as little changed as the vendor needs.
///
/// # Errors
/// `InvalidRequest` where the bytes are no JSON object.
pub(crate) fn pass_through(
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
    if quirks.thinking == ThinkingControl::EffortAndSwitch
        && let Some(reasoning) = request.reasoning.as_ref().filter(|wish| is_off(wish))
        && arrived.value("thinking").is_none()
        && let Some((field, value)) = thinking_control::field(reasoning, quirks.thinking)
    {
        keys.extend([(field, Some(value)), ("reasoning_effort", None)]);
    }
    for feature in request.features().missing_from(quirks.features) {
        keys.extend(hint_keys(feature).iter().map(|key| (*key, None)));
    }
    keys.extend(quirks.refused_fields.iter().map(|key| (*key, None)));
    for (standard, own) in quirks.renamed_fields {
        let leaves = keys
            .iter()
            .any(|(key, new)| key == standard && new.is_none());
        if let Some(value) = arrived.value(standard).filter(|_| !leaves) {
            keys.push((standard, None));
            if arrived.value(own).is_none() {
                keys.push((own, Some(value)));
            }
        }
    }
    if may_change(request, quirks)
        && let Some(Value::Array(mut messages)) = arrived.value("messages")
        && adapt(&mut messages, quirks)
    {
        keys.push(("messages", Some(messages.into())));
    }
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
        Feature::FrequencyPenalty => &["frequency_penalty"],
        Feature::PresencePenalty => &["presence_penalty"],
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
pub(crate) fn with_usage(options: Option<Value>) -> Value {
    let mut options = match options {
        Some(Value::Object(options)) => options,
        _ => Map::new(),
    };
    options.insert("include_usage".into(), true.into());
    options.into()
}
