//! A request as Cohere reads it.
//!
//! A request that was decoded from this format goes out as it came; any other is written from the
//! types. Beyond the rules of messages, tools and thinking:
//! - figures outside Cohere's ranges are taken into them: `temperature` 0–1, `p` 0.01–0.99, penalties
//!   0–1 (`docs.cohere.com/reference/chat`, 2026-08), because other vendors take more and Cohere
//!   refuses the call;
//! - of two penalties the frequency's goes out: current models refuse both together;
//! - hints that Cohere does not know (labels, the end user, a switch for parallel calls, alternatives
//!   per token) are left out, and so is a seed below 0.

use bytes::Bytes;
use interline_core::{ChatRequest, Feature, FeatureSet, Result};
use serde_json::{Map, Value};

use crate::format::{merge_extra, set};
use crate::{FORMAT, message_encode, thinking, tools};

/// Whether the answer is to come whole or step by step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// Whole.
    Unary,
    /// Step by step.
    Stream,
}

/// Writes the body of a chat request for `request.model`.
///
/// # Errors
/// `Unsupported` for what the format cannot carry, so that another target is tried; `InvalidRequest`
/// for a request no vendor could serve, such as one without messages.
pub fn encode_request(request: &ChatRequest, mode: Mode) -> Result<Bytes> {
    let stream = match mode {
        Mode::Unary => None,
        Mode::Stream => Some(Value::from(true)),
    };
    if let Some(origin) = request.origin_in(&FORMAT) {
        let model = Value::from(request.model.as_str());
        return origin.with_keys(&[("model", Some(model)), ("stream", stream)]);
    }
    request.validate()?;
    if let Some(n) = request.params.n.filter(|n| *n > 1) {
        return Err(tools::unsupported(
            "n",
            &format!("is {n}: Cohere gives one answer"),
        ));
    }
    let mut out = Map::new();
    out.insert("model".into(), request.model.as_str().into());
    out.insert(
        "messages".into(),
        message_encode::conversation(&request.messages)?.into(),
    );
    tools::put(&mut out, request)?;
    put_params(&mut out, request);
    if let Some(wish) = &request.reasoning
        && thinking::may_think(request.model.as_str())
    {
        set(&mut out, "thinking", thinking::encode(wish));
    }
    if let Some(Value::Object(more)) = request.extra.get(&FORMAT, "thinking")
        && let Some(Value::Object(said)) = out.get_mut("thinking")
    {
        for (key, value) in more {
            said.entry(key.as_str()).or_insert_with(|| value.clone());
        }
    }
    merge_extra(&mut out, &request.extra);
    out.remove("stream");
    set(&mut out, "stream", stream);
    Ok(Bytes::from(Value::Object(out).to_string()))
}

/// The hints that the vendor refuses for what they say, or for what stands beside them: a second
/// penalty, a seed below 0, a thought without a mark in a turn that calls no tool.
pub(crate) fn left_out_of(request: &ChatRequest) -> FeatureSet {
    if request.origin_in(&FORMAT).is_some() {
        return FeatureSet::empty();
    }
    let mut out = Map::new();
    put_params(&mut out, request);
    let params = &request.params;
    let mut left_out = FeatureSet::empty();
    if params.presence_penalty.is_some() && !out.contains_key("presence_penalty") {
        left_out.insert(Feature::PresencePenalty);
    }
    if params.seed.is_some() && !out.contains_key("seed") {
        left_out.insert(Feature::Seed);
    }
    if request.messages.iter().any(message_encode::drops_a_thought) {
        left_out.insert(Feature::UnsignedReasoning);
    }
    left_out
}

fn put_params(out: &mut Map<String, Value>, request: &ChatRequest) {
    let params = &request.params;
    set(out, "max_tokens", params.max_output_tokens);
    set(out, "temperature", within(params.temperature, 0.0, 1.0));
    set(out, "p", within(params.top_p, 0.01, 0.99));
    set(out, "k", params.top_k);
    let frequency = within(params.frequency_penalty, 0.0, 1.0);
    let presence = within(params.presence_penalty, 0.0, 1.0);
    let has_both = [frequency, presence]
        .iter()
        .all(|p| p.is_some_and(|p| p > 0.0));
    set(out, "frequency_penalty", frequency);
    set(out, "presence_penalty", presence.filter(|_| !has_both));
    if !params.stop.is_empty() {
        out.insert("stop_sequences".into(), params.stop.clone().into());
    }
    set(out, "seed", params.seed.filter(|seed| *seed >= 0));
    set(out, "logprobs", params.logprobs);
}

fn within(figure: Option<f64>, least: f64, most: f64) -> Option<f64> {
    figure.map(|figure| figure.clamp(least, most))
}

#[cfg(test)]
mod tests {
    use interline_core::{Effort, ErrorKind, Message, ReasoningConfig};
    use serde_json::json;

    use super::*;
    use crate::decode_request;

    fn sent(request: &ChatRequest, mode: Mode) -> Value {
        let body = encode_request(request, mode).expect("encodable");
        serde_json::from_slice(&body).expect("JSON")
    }

    #[test]
    fn several_answers_are_refused() {
        let mut request = ChatRequest::new("m", [Message::user("hi")]);
        request.edit(|body| body.params.n = Some(2));
        let error = encode_request(&request, Mode::Unary).expect_err("one answer at most");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.param(), Some("n"));
    }

    #[test]
    fn a_request_of_this_format_goes_out_as_it_came_or_is_written_alike() {
        let body = json!({
            "model": "command-a-reasoning-08-2025", "stream": true,
            "messages": [{"role": "user", "content": "hi"}],
            "max_tokens": 9, "temperature": 0.5, "p": 0.75, "k": 3, "seed": 7, "logprobs": true,
            "frequency_penalty": 0.5, "stop_sequences": ["END"],
            "thinking": {"type": "enabled", "token_budget": 500, "new": 1},
            "documents": [], "safety_mode": "STRICT", "strict_tools": true,
        });
        let mut request = decode_request(body.to_string().into()).expect("a good request");
        assert_eq!(sent(&request, Mode::Stream), body);
        request.edit(|_| {});
        assert_eq!(sent(&request, Mode::Stream), body);
        assert_eq!(sent(&request, Mode::Unary).get("stream"), None);
    }

    #[test]
    fn figures_of_other_vendors_are_taken_into_coheres_ranges() {
        let mut request = ChatRequest::new("command-a-03-2025", [Message::user("hi")])
            .with_temperature(1.7)
            .with_reasoning(ReasoningConfig::effort(Effort::High));
        request.edit(|body| {
            body.params.top_p = Some(1.0);
            body.params.frequency_penalty = Some(-2.0);
            body.params.presence_penalty = Some(2.0);
            body.params.seed = Some(-1);
            body.params.top_logprobs = Some(3);
            body.user = Some("u".into());
        });
        assert_eq!(
            sent(&request, Mode::Unary),
            json!({
                "model": "command-a-03-2025", "messages": [{"role": "user", "content": "hi"}],
                "temperature": 1.0, "p": 0.99, "frequency_penalty": 0.0, "presence_penalty": 1.0,
            })
        );
        request.edit(|body| body.params.frequency_penalty = Some(0.5));
        assert_eq!(sent(&request, Mode::Unary).get("presence_penalty"), None);
        let told: Vec<_> = left_out_of(&request).iter().collect();
        assert_eq!(told, [Feature::Seed, Feature::PresencePenalty]);
    }

    #[test]
    fn an_empty_conversation_is_the_callers_mistake() {
        let error = encode_request(&ChatRequest::new("m", []), Mode::Unary).expect_err("empty");
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    }
}
