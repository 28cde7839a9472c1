//! A request as a vendor of this format reads it.
//!
//! A request that arrived in this format goes out as it came, with only `model`, `stream` and the body's own
//! version set.
//! The one exception is a history with thinking that Anthropic did not sign, which it would refuse:
//! then, and for requests of other formats, the body is written from the types. The rules of the parts
//! stand in `conversation`, `tools`, `thinking`, `schema` and `generation`. Beyond them:
//! - hints that the format does not know (seed, penalties, log-probabilities, labels) are left out;
//!   `temperature` above 1, which other vendors take, becomes 1; sampling parameters that the model or
//!   its thinking refuses are left out;
//! - what would change the answer is `Unsupported`: several choices, JSON without a schema, stop texts
//!   of white space alone;
//! - unknown fields of this format come back, at the top, in parts, tools and messages.

use bytes::Bytes;
use interline_core::{
    ChatRequest, Effort, Error, ErrorKind, Feature, FeatureSet, GenerationParams, Origin,
    ReasoningConfig, ResponseFormat, Result,
};
use serde_json::{Map, Value, json};

use crate::generation::{Generation, Sampling};
use crate::thinking::{self, Situation, ThinkingPlan};
use crate::{FORMAT, ModelPlace, Quirks, conversation, format, schema, sealed, settings, tools};

/// The body's own version, for vendors that want one there.
pub(crate) const BODY_VERSION: &str = "anthropic_version";

/// The highest `temperature` of the format, which is also its default.
const HIGHEST_TEMPERATURE: f64 = 1.0;

/// The least `top_p` that goes together with thinking, by Anthropic's documentation.
const LEAST_TOP_P_WITH_THINKING: f64 = 0.95;

/// Whether the answer comes whole or step by step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// In one piece.
    Unary,
    /// As server-sent events.
    Stream,
}

/// Writes the body for `request.model`.
///
/// # Errors
/// `Unsupported` for what the format cannot carry, so that another target is tried; `InvalidRequest`
/// for a request no vendor could serve, such as one without messages.
pub fn encode_request(request: &ChatRequest, mode: Mode, quirks: &Quirks) -> Result<Bytes> {
    if let Some(origin) = native_origin(request) {
        let stream = (mode == Mode::Stream).then_some(Value::Bool(true));
        let mut keys = vec![("model", model(request, quirks)), ("stream", stream)];
        if let Some(version) = &quirks.body_version {
            keys.push((BODY_VERSION, Some(version.as_str().into())));
        }
        return origin.with_keys(&keys);
    }
    request.validate()?;
    refuse_unsupported(request)?;
    let body = from_types(request, mode, quirks)?;
    Ok(Bytes::from(Value::Object(body).to_string()))
}

/// The bytes that may go out as they came: of this format, without thinking that it would refuse.
pub(crate) fn native_origin(request: &ChatRequest) -> Option<&Origin> {
    request
        .origin_in(&FORMAT)
        .filter(|_| !conversation::has_foreign_thinking(&request.messages))
        .filter(|origin| !sealed::is_in(&origin.body))
}

/// The model as it stands in the body, where it does.
fn model(request: &ChatRequest, quirks: &Quirks) -> Option<Value> {
    match quirks.model_place {
        ModelPlace::Body => Some(request.model.as_str().into()),
        ModelPlace::Path => None,
    }
}

fn refuse_unsupported(request: &ChatRequest) -> Result<()> {
    let refuse = |param: &str, message: &str| {
        Err(Error::new(ErrorKind::Unsupported, message).with_param(param))
    };
    if request.params.n.is_some_and(|n| n > 1) {
        return refuse("n", "anthropic.messages gives one answer per call");
    }
    if request.response_format == Some(ResponseFormat::JsonObject) {
        return refuse(
            "response_format",
            "anthropic.messages gives JSON only by a schema: send `json_schema`",
        );
    }
    if request
        .params
        .stop
        .iter()
        .any(|stop| stop.trim().is_empty())
    {
        return refuse(
            "stop",
            "anthropic.messages refuses a stop text of white space alone",
        );
    }
    Ok(())
}

fn from_types(request: &ChatRequest, mode: Mode, quirks: &Quirks) -> Result<Map<String, Value>> {
    let generation = Generation::of(request.model.as_str());
    let conversation = conversation::encode(&request.messages)?;
    if conversation.messages.is_empty() {
        return Err(
            Error::invalid_request("`messages` says nothing: send at least one text")
                .with_param("messages"),
        );
    }
    let thinking = thinking::plan(
        request.reasoning.as_ref(),
        Situation {
            generation,
            max_tokens: request.params.max_output_tokens,
            default_max_tokens: quirks.default_max_tokens,
            forces_tool: tools::forces_tool(request.tool_choice.as_ref()),
            messages: &conversation.messages,
        },
    );
    let mut body = Map::new();
    let mut put = |key: &str, value: Value| body.insert(key.to_owned(), value);
    if let Some(version) = &quirks.body_version {
        put(BODY_VERSION, json!(version));
    }
    if let Some(model) = model(request, quirks) {
        put("model", model);
    }
    put("max_tokens", json!(thinking.max_tokens));
    if !conversation.system.is_empty() {
        put("system", Value::Array(conversation.system));
    }
    put("messages", Value::Array(conversation.messages));
    if !request.tools.is_empty() {
        let tools: Result<Vec<Value>> = request.tools.iter().map(tools::encode).collect();
        put("tools", Value::Array(tools?));
    }
    let choice = tools::encode_choice(
        request.tool_choice.as_ref(),
        request.parallel_tool_calls,
        &request.tools,
    )?;
    if let Some(choice) = choice {
        put("tool_choice", choice);
    }
    if mode == Mode::Stream {
        put("stream", json!(true));
    }
    put_sampling(&mut body, &request.params, generation, &thinking);
    put_settings(&mut body, request, thinking);
    put_rest(&mut body, request);
    Ok(body)
}

/// The hints that give way to what else a request asks: thinking to a forced tool, to a prescribed
/// beginning of the answer, to a turn that began without a thought, and to a bound that leaves no room
/// for it; sampling to thinking.
///
/// The writer itself is asked, so that the two cannot disagree; only where there is a wish that may
/// give way.
pub(crate) fn left_out_of(request: &ChatRequest) -> FeatureSet {
    let is_asked =
        |wish: &ReasoningConfig| wish.enabled != Some(false) && wish.effort != Some(Effort::None);
    let wish = request.reasoning.as_ref().filter(|wish| is_asked(wish));
    if wish.is_none_or(|wish| *wish == ReasoningConfig::default())
        || native_origin(request).is_some()
    {
        return FeatureSet::empty();
    }
    // What cannot be written at all is for the attempt to tell.
    let Ok(body) = from_types(request, Mode::Unary, &Quirks::default()) else {
        return FeatureSet::empty();
    };
    let thinks = body.contains_key("thinking")
        || body
            .get("output_config")
            .is_some_and(|config| config.get("effort").is_some());
    let sent = [
        (Feature::Reasoning, thinks),
        (Feature::Temperature, body.contains_key("temperature")),
        (Feature::TopP, body.contains_key("top_p")),
        (Feature::TopPBesideTemperature, body.contains_key("top_p")),
        (Feature::TopK, body.contains_key("top_k")),
    ];
    let asked = request.features();
    let left_out = sent.into_iter().filter(|(_, is_sent)| !is_sent);
    left_out
        .map(|(feature, _)| feature)
        .filter(|feature| asked.contains(*feature))
        .collect()
}

fn put_sampling(
    body: &mut Map<String, Value>,
    params: &GenerationParams,
    generation: Generation,
    thinking: &ThinkingPlan,
) {
    if !params.stop.is_empty() {
        body.insert("stop_sequences".into(), json!(params.stop));
    }
    if generation.sampling == Sampling::Fixed {
        return;
    }
    let temperature = params
        .temperature
        .filter(|temperature| !thinking.is_on || is_default_temperature(*temperature));
    if let Some(temperature) = temperature {
        let temperature = temperature.min(HIGHEST_TEMPERATURE);
        body.insert("temperature".into(), json!(temperature));
    }
    let top_p = params
        .top_p
        .filter(|_| generation.sampling == Sampling::Free || temperature.is_none())
        .filter(|top_p| !thinking.is_on || *top_p >= LEAST_TOP_P_WITH_THINKING);
    if let Some(top_p) = top_p {
        body.insert("top_p".into(), json!(top_p));
    }
    if let Some(top_k) = params.top_k.filter(|_| !thinking.is_on) {
        body.insert("top_k".into(), json!(top_k));
    }
}

/// Whether this is the temperature that models have without a word, the only one beside thinking.
fn is_default_temperature(temperature: f64) -> bool {
    (temperature - HIGHEST_TEMPERATURE).abs() < f64::EPSILON
}

/// `thinking` and `output_config`: as the caller wrote them where that still holds, else from types.
fn put_settings(body: &mut Map<String, Value>, request: &ChatRequest, plan: ThinkingPlan) {
    if let Some(kept) = settings::kept(request) {
        body.extend(kept);
        if let Some(bound) = request.params.max_output_tokens {
            body.insert("max_tokens".into(), json!(bound));
        }
        return;
    }
    if let Some(thinking) = plan.thinking {
        body.insert("thinking".into(), thinking);
    }
    let mut config = Map::new();
    if let Some(effort) = plan.effort {
        config.insert("effort".into(), json!(effort));
    }
    if let Some(ResponseFormat::JsonSchema(wanted)) = &request.response_format {
        let schema = schema::accepted(&wanted.schema);
        config.insert(
            "format".into(),
            json!({"type": "json_schema", "schema": schema}),
        );
    }
    if !config.is_empty() {
        body.insert("output_config".into(), Value::Object(config));
    }
}

/// The end user and the fields that no type knows.
fn put_rest(body: &mut Map<String, Value>, request: &ChatRequest) {
    let mut metadata = match request.extra.get(&FORMAT, "metadata") {
        Some(Value::Object(metadata)) => metadata.clone(),
        _ => Map::new(),
    };
    if let Some(user) = &request.user {
        metadata.insert("user_id".into(), json!(user));
    }
    if !metadata.is_empty() {
        body.insert("metadata".into(), Value::Object(metadata));
    }
    let mut rest = Map::new();
    format::merge_extra(&mut rest, &request.extra);
    for (key, value) in rest {
        if !settings::KEYS.contains(&key.as_str()) {
            body.entry(key).or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests;
