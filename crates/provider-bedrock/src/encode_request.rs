//! A request as Bedrock reads it.
//!
//! A request that was decoded from this format goes out as it came; the model and whether the answer is
//! streamed stand in the address. Any other request is written from the types: the rules of the parts
//! stand in `conversation`, `block_encode`, `media`, `tool_config`, `model_fields`, `thinking` and
//! `output_config`. Beyond them:
//! - hints that the format does not know (seed, penalties, log-probabilities, the end user, a switch for
//!   parallel calls) are left out; `temperature` above 1, which other vendors take, becomes 1; sampling
//!   parameters that Claude or its thinking refuses are left out;
//! - labels become `requestMetadata` as far as they obey its rules;
//! - several choices and stop texts of white space alone are `Unsupported`;
//! - unknown fields of this format come back, at the top, in parts, tools and messages.

use bytes::Bytes;
use interline_core::{
    ChatRequest, Effort, Error, ErrorKind, Feature, FeatureSet, GenerationParams, ReasoningConfig,
    Result, ToolChoice,
};
use serde_json::{Map, Value, json};

use crate::model_family::{Maker, ModelFamily, Sampling};
use crate::thinking::Situation;
use crate::{FORMAT, conversation, format, model_fields, output_config, tool_config};

/// The key of limits and sampling, on the wire and in the extra of a request.
pub(crate) const INFERENCE: &str = "inferenceConfig";

/// The highest `temperature` of the format.
const HIGHEST_TEMPERATURE: f64 = 1.0;

/// The least `topP` that goes together with Claude's thinking, by Anthropic's documentation.
const LEAST_TOP_P_WITH_THINKING: f64 = 0.95;

/// The most labels, and the longest key or value in characters, by the API's reference.
const MOST_LABELS: usize = 16;
const LONGEST_LABEL: usize = 256;

/// Writes the body for `request.model`.
///
/// # Errors
/// `Unsupported` for what the format cannot carry, so that another target is tried; `InvalidRequest`
/// for a request no vendor could serve, such as one without messages.
pub fn encode_request(request: &ChatRequest) -> Result<Bytes> {
    if let Some(origin) = request.origin_in(&FORMAT) {
        return origin.with_keys(&[]);
    }
    let body = from_types(request)?;
    Ok(Bytes::from(Value::Object(body).to_string()))
}

/// The body, written from the types.
pub(crate) fn from_types(request: &ChatRequest) -> Result<Map<String, Value>> {
    request.validate()?;
    refuse_unsupported(request)?;
    let family = ModelFamily::of(request.model.as_str());
    let conversation = conversation::encode(&request.messages, family)?;
    if conversation.messages.is_empty() {
        let message = "`messages` says nothing: send at least one text";
        return Err(Error::invalid_request(message).with_param("messages"));
    }
    let params = &request.params;
    let situation = Situation {
        family,
        max_tokens: params.max_output_tokens,
        has_sampling: params.temperature.is_some()
            || params.top_p.is_some()
            || params.top_k.is_some(),
        forces_tool: matches!(
            request.tool_choice,
            Some(ToolChoice::Required | ToolChoice::Function(_))
        ),
        messages: &conversation.messages,
    };
    let fields = model_fields::encode(request, situation);
    let thinks = family.maker == Maker::Claude && model_fields::is_thinking(&fields);
    let mut config = inference(params, family, thinks);
    let kept = request.extra.get(&FORMAT, INFERENCE);
    for (key, value) in kept.and_then(Value::as_object).into_iter().flatten() {
        config.entry(key.as_str()).or_insert_with(|| value.clone());
    }
    let object = |map: Map<String, Value>| (!map.is_empty()).then_some(Value::Object(map));
    let system = conversation.system;
    let mut body = Map::new();
    body.insert("messages".into(), Value::Array(conversation.messages));
    for (key, value) in [
        (
            "system",
            (!system.is_empty()).then_some(Value::Array(system)),
        ),
        (INFERENCE, object(config)),
        (tool_config::KEY, tool_config::encode(request, family)?),
        (output_config::KEY, output_config::encode(request, family)?),
        (model_fields::KEY, object(fields)),
        ("requestMetadata", object(labels(request))),
    ] {
        body.extend(value.map(|value| (key.to_owned(), value)));
    }
    let mut rest = Map::new();
    format::merge_extra(&mut rest, &request.extra);
    for key in [tool_config::KEY, output_config::KEY, model_fields::KEY] {
        rest.remove(key);
    }
    for (key, value) in rest {
        body.entry(key).or_insert(value);
    }
    Ok(body)
}

/// The hints that give way to what else a request asks, or that Bedrock refuses for what they say:
/// thinking and sampling as with Claude's own API, labels that break the rules for labels.
///
/// The writer itself is asked, so that the two cannot disagree; only where there is a wish that may
/// give way.
pub(crate) fn left_out_of(request: &ChatRequest) -> FeatureSet {
    let is_asked =
        |wish: &ReasoningConfig| wish.enabled != Some(false) && wish.effort != Some(Effort::None);
    let mut left_out = FeatureSet::empty();
    if request.origin_in(&FORMAT).is_some() {
        return left_out;
    }
    if labels(request).len() < request.metadata.len() {
        left_out.insert(Feature::Metadata);
    }
    let wish = request.reasoning.as_ref().filter(|wish| is_asked(wish));
    if wish.is_none_or(|wish| *wish == ReasoningConfig::default()) {
        return left_out;
    }
    // What cannot be written at all is for the attempt to tell.
    let Ok(body) = from_types(request) else {
        return left_out;
    };
    let config = body.get(INFERENCE);
    let is_set = |key: &str| config.is_some_and(|config| config.get(key).is_some());
    let fields = body.get(model_fields::KEY);
    let sent = [
        (
            Feature::Reasoning,
            fields.is_some_and(|fields| model_fields::reasoning(fields).is_some()),
        ),
        (Feature::Temperature, is_set("temperature")),
        (Feature::TopP, is_set("topP")),
        (Feature::TopPBesideTemperature, is_set("topP")),
        (
            Feature::TopK,
            fields.is_some_and(|fields| model_fields::top_k(fields).is_some()),
        ),
    ];
    let asked = request.features();
    for (feature, is_sent) in sent {
        if !is_sent && asked.contains(feature) {
            left_out.insert(feature);
        }
    }
    left_out
}

fn refuse_unsupported(request: &ChatRequest) -> Result<()> {
    let refuse = |param: &str, message: &str| {
        let message = format!("bedrock.converse {message}");
        Err(Error::new(ErrorKind::Unsupported, message).with_param(param))
    };
    if request.params.n.is_some_and(|n| n > 1) {
        return refuse("n", "gives one answer: ask several times");
    }
    if request
        .params
        .stop
        .iter()
        .any(|text| text.trim().is_empty())
    {
        return refuse("stop", "takes no stop text of white space alone");
    }
    Ok(())
}

fn inference(params: &GenerationParams, family: ModelFamily, thinks: bool) -> Map<String, Value> {
    let mut config = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        config.extend(value.map(|value| (key.to_owned(), value)));
    };
    put("maxTokens", params.max_output_tokens.map(Value::from));
    let temperature = params
        .temperature
        .filter(|_| !thinks && family.sampling != Sampling::Fixed)
        .map(|temperature| temperature.min(HIGHEST_TEMPERATURE));
    let top_p = params
        .top_p
        .filter(|top_p| !thinks || *top_p >= LEAST_TOP_P_WITH_THINKING)
        .filter(|_| match family.sampling {
            Sampling::Free => true,
            Sampling::OneOf => temperature.is_none(),
            Sampling::Fixed => false,
        });
    put("temperature", temperature.map(Value::from));
    put("topP", top_p.map(Value::from));
    if !params.stop.is_empty() {
        put("stopSequences", Some(json!(params.stop)));
    }
    config
}

/// Labels that obey the API's rules: letters, digits, white space and some signs.
fn labels(request: &ChatRequest) -> Map<String, Value> {
    let may_stand = |c: char| c.is_ascii_alphanumeric() || " \t\n\r:_@$#=/+,-.".contains(c);
    let is_good = |text: &String| text.len() <= LONGEST_LABEL && text.chars().all(may_stand);
    request
        .metadata
        .iter()
        .filter(|(key, value)| !key.is_empty() && is_good(key) && is_good(value))
        .take(MOST_LABELS)
        .map(|(key, value)| (key.clone(), json!(value)))
        .collect()
}

#[cfg(test)]
mod tests {
    use interline_core::{FormatId, FunctionTool, Message, ReasoningConfig};

    use super::*;

    const CLAUDE: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

    fn sent(request: &ChatRequest) -> Value {
        let body = encode_request(request).expect("encodable");
        serde_json::from_slice(&body).expect("JSON")
    }

    fn hi(model: &str) -> ChatRequest {
        ChatRequest::new(model, [Message::system("Be brief."), Message::user("hi")])
    }

    #[test]
    fn a_request_is_written_from_its_types() {
        let tool = FunctionTool::new("add", json!({"type": "object"})).with_description("Adds.");
        let mut request = hi("mistral.devstral-2-123b")
            .with_tool(tool)
            .with_tool_choice(ToolChoice::Required)
            .with_temperature(1.5)
            .with_max_output_tokens(9)
            .with_stop("END");
        request.edit(|body| {
            body.user = Some("u".into());
            body.metadata.insert("team".into(), "blue".into());
            body.metadata.insert("bad".into(), "*".into());
            body.params.top_p = Some(0.5);
            body.params.seed = Some(1);
            body.extra = format::mark("guardrailConfig", json!({"guardrailVersion": "1"}));
        });
        assert_eq!(
            sent(&request),
            json!({
                "system": [{"text": "Be brief."}],
                "messages": [{"role": "user", "content": [{"text": "hi"}]}],
                "inferenceConfig": {"maxTokens": 9, "temperature": 1.0, "topP": 0.5,
                    "stopSequences": ["END"]},
                "toolConfig": {
                    "tools": [{"toolSpec": {"name": "add", "description": "Adds.",
                        "inputSchema": {"json": {"type": "object"}}}}],
                    "toolChoice": {"any": {}},
                },
                "requestMetadata": {"team": "blue"},
                "guardrailConfig": {"guardrailVersion": "1"},
            })
        );
    }

    #[test]
    fn sampling_that_claude_refuses_is_left_out() {
        let mut request = hi(CLAUDE).with_temperature(0.5);
        request.edit(|body| body.params.top_p = Some(0.9));
        assert_eq!(
            sent(&request)["inferenceConfig"],
            json!({"temperature": 0.5})
        );
        let thinking = request
            .clone()
            .with_reasoning(ReasoningConfig::budget(2000));
        let body = sent(&thinking);
        assert_eq!(body.get("inferenceConfig"), None);
        assert_eq!(body[model_fields::KEY]["thinking"]["budget_tokens"], 2000);
        let fixed = request.for_model("us.anthropic.claude-sonnet-5");
        assert_eq!(sent(&fixed).get("inferenceConfig"), None);
    }

    #[test]
    fn wishes_that_give_way_to_others_are_told() {
        let told = |request: &ChatRequest| left_out_of(request).iter().collect::<Vec<_>>();
        let warm = hi(CLAUDE).with_temperature(0.5);
        assert_eq!(told(&warm), []);
        let thinking = warm.with_reasoning(ReasoningConfig::budget(2000));
        assert_eq!(told(&thinking), [Feature::Temperature]);
        let cramped = thinking.with_max_output_tokens(1000);
        assert_eq!(told(&cramped), [Feature::Reasoning]);
        let mut labelled = hi(CLAUDE);
        labelled.edit(|body| body.metadata = [("a".to_owned(), "*".to_owned())].into());
        assert_eq!(told(&labelled), [Feature::Metadata]);
    }

    #[test]
    fn fields_of_other_formats_never_go_out() {
        let mut request = hi(CLAUDE);
        request.edit(|body| {
            let fields = Map::from_iter([("serviceTier".to_owned(), json!({}))]);
            body.extra = interline_core::Extra::new(FormatId::from_static("other"), fields);
        });
        assert_eq!(sent(&request), sent(&hi(CLAUDE)));
    }

    #[track_caller]
    fn refused(request: &ChatRequest, kind: ErrorKind, param: &str) {
        let error = encode_request(request).expect_err("refused");
        assert_eq!((error.kind(), error.param()), (kind, Some(param)));
    }

    #[test]
    fn what_cannot_be_carried_is_refused_by_name() {
        let mut several = hi(CLAUDE);
        several.edit(|body| body.params.n = Some(2));
        refused(&several, ErrorKind::Unsupported, "n");
        refused(&hi(CLAUDE).with_stop(" "), ErrorKind::Unsupported, "stop");
        let silent = ChatRequest::new(CLAUDE, [Message::user(" ")]);
        refused(&silent, ErrorKind::InvalidRequest, "messages");
        let empty = ChatRequest::new(CLAUDE, []);
        refused(&empty, ErrorKind::InvalidRequest, "messages");
    }
}
