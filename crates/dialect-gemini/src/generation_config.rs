//! `generationConfig`: sampling, limits, the answer's shape and thinking.
//!
//! Hints that the vendor does not take are left out. `temperature` above the format's 2 is for the
//! vendor to judge; a seed that does not fit its 32 bits is folded into them, always to the same number.

use interline_core::{
    ChatBody, Feature, FeatureSet, GenerationParams, JsonSchemaFormat, ResponseFormat,
};
use serde_json::{Map, Value, json};

use crate::model_family::ModelFamily;
use crate::{FORMAT, schema, thinking};
use interline_transport::json::{Fields, Flaw};

/// The object's key, in requests and in the extra of bodies.
pub(crate) const KEY: &str = "generationConfig";

const THINKING: &str = "thinkingConfig";
const JSON: &str = "application/json";

/// Fields that become typed and nothing else.
const KNOWN: [&str; 14] = [
    "maxOutputTokens",
    "temperature",
    "topP",
    "topK",
    "frequencyPenalty",
    "presencePenalty",
    "stopSequences",
    "seed",
    "candidateCount",
    "responseLogprobs",
    "logprobs",
    "responseMimeType",
    "responseSchema",
    "responseJsonSchema",
];

/// Reads the object into `body`; gives back the fields that no type knows.
pub(crate) fn decode(config: Fields<'_>, body: &mut ChatBody) -> Result<Map<String, Value>, Flaw> {
    body.params = params(config)?;
    if let Some(config) = config.object(THINKING)? {
        let wish = thinking::decode(config).map_err(|flaw| flaw.within(THINKING))?;
        body.reasoning = Some(wish);
    }
    let mut rest = config.rest_without_nulls(&KNOWN);
    let json_schema = config.get("responseJsonSchema").cloned();
    let schema = config.get("responseSchema").map(schema::to_json_schema);
    body.response_format = match (config.str("responseMimeType")?, json_schema.or(schema)) {
        (Some(JSON), Some(schema)) => {
            Some(ResponseFormat::JsonSchema(JsonSchemaFormat::new(schema)))
        }
        (Some(JSON), None) => Some(ResponseFormat::JsonObject),
        // Other types, such as `text/x.enum`, have no word in core.
        _ => {
            for key in ["responseMimeType", "responseSchema", "responseJsonSchema"] {
                rest.extend(config.get(key).map(|value| (key.to_owned(), value.clone())));
            }
            None
        }
    };
    Ok(rest)
}

fn params(config: Fields<'_>) -> Result<GenerationParams, Flaw> {
    let narrow = |key: &str| -> Result<Option<u32>, Flaw> {
        let number = config.u64(key)?.map(u32::try_from).transpose();
        number.map_err(|_| Flaw::new("is too large").within(key))
    };
    let mut params = GenerationParams::default();
    params.max_output_tokens = config.u64("maxOutputTokens")?;
    params.temperature = config.f64("temperature")?;
    params.top_p = config.f64("topP")?;
    params.top_k = config.u64("topK")?;
    params.frequency_penalty = config.f64("frequencyPenalty")?;
    params.presence_penalty = config.f64("presencePenalty")?;
    params.seed = config.i64("seed")?;
    params.n = narrow("candidateCount")?;
    params.logprobs = config.bool("responseLogprobs")?;
    params.top_logprobs = narrow("logprobs")?;
    for (index, text) in config.list_or_one("stopSequences").iter().enumerate() {
        let Some(text) = text.as_str() else {
            return Err(Flaw::new("must be text")
                .within(index)
                .within("stopSequences"));
        };
        params.stop.push(text.to_owned());
    }
    Ok(params)
}

/// Writes the object; empty where there is nothing to say.
pub(crate) fn encode(
    body: &ChatBody,
    family: ModelFamily,
    features: FeatureSet,
) -> Map<String, Value> {
    let mut config = Map::new();
    put_params(&mut config, &body.params, features);
    match &body.response_format {
        Some(ResponseFormat::JsonObject) => {
            config.insert("responseMimeType".into(), json!(JSON));
        }
        Some(ResponseFormat::JsonSchema(wanted)) => {
            config.insert("responseMimeType".into(), json!(JSON));
            config.insert("responseJsonSchema".into(), wanted.schema.clone());
        }
        _ => {}
    }
    let rest = body.extra.get(&FORMAT, KEY).and_then(Value::as_object);
    let kept = rest.and_then(|rest| rest.get(THINKING));
    let wish = body.reasoning.as_ref();
    let thinking = match thinking::kept(kept, wish) {
        Some(config) => Some(config.clone()),
        None => wish
            .filter(|_| features.contains(Feature::Reasoning))
            .and_then(|wish| thinking::encode(wish, family.thinking)),
    };
    if let Some(thinking) = thinking {
        config.insert(THINKING.into(), thinking);
    }
    for (key, value) in rest.into_iter().flatten() {
        if key != THINKING {
            config.entry(key.as_str()).or_insert_with(|| value.clone());
        }
    }
    config
}

fn put_params(config: &mut Map<String, Value>, params: &GenerationParams, features: FeatureSet) {
    let has = |feature| features.contains(feature);
    let mut put = |key: &str, value: Option<Value>| {
        config.extend(value.map(|value| (key.to_owned(), value)));
    };
    put("maxOutputTokens", params.max_output_tokens.map(Value::from));
    put("temperature", params.temperature.map(Value::from));
    put("topP", params.top_p.map(Value::from));
    if !params.stop.is_empty() {
        put("stopSequences", Some(json!(params.stop)));
    }
    put("candidateCount", params.n.map(Value::from));
    if has(Feature::TopK) {
        put("topK", params.top_k.map(Value::from));
    }
    if has(Feature::Seed) {
        put("seed", params.seed.map(|seed| json!(narrowed(seed))));
    }
    if has(Feature::FrequencyPenalty) {
        put(
            "frequencyPenalty",
            params.frequency_penalty.map(Value::from),
        );
    }
    if has(Feature::PresencePenalty) {
        put("presencePenalty", params.presence_penalty.map(Value::from));
    }
    if has(Feature::Logprobs) {
        put("responseLogprobs", params.logprobs.map(Value::from));
        put("logprobs", params.top_logprobs.map(Value::from));
    }
}

/// The seed in the 31 bits that every reader of the format takes.
fn narrowed(seed: i64) -> i32 {
    i32::try_from(seed)
        .or_else(|_| i32::try_from(seed & i64::from(i32::MAX)))
        .unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Quirks;

    const FULL: &str = r#"{"maxOutputTokens":9,"temperature":0.5,"topP":0.9,"topK":3,
        "frequencyPenalty":0.1,"presencePenalty":0.2,"stopSequences":["END"],"seed":7,
        "candidateCount":2,"responseLogprobs":true,"logprobs":2,
        "responseMimeType":"application/json","responseJsonSchema":{"type":"object"},
        "thinkingConfig":{"thinkingBudget":100},"responseModalities":["TEXT"]}"#;

    fn decoded(config: &Value) -> ChatBody {
        let mut body = ChatBody::default();
        let rest = decode(Fields::of(config).expect("an object"), &mut body).expect("good");
        let extra = Map::from_iter([(KEY.to_owned(), Value::Object(rest))]);
        body.extra = crate::format::extra(extra);
        body
    }

    fn encoded(body: &ChatBody, features: FeatureSet) -> Value {
        Value::Object(encode(body, ModelFamily::of("gemini-2.5-flash"), features))
    }

    #[test]
    fn every_field_survives() {
        let config: Value = serde_json::from_str(FULL).expect("JSON");
        let all = Quirks::default().features;
        assert_eq!(encoded(&decoded(&config), all), config);
        let own_type =
            json!({"responseMimeType": "text/x.enum", "responseSchema": {"type": "STRING"}});
        assert_eq!(encoded(&decoded(&own_type), all), own_type);
    }

    #[test]
    fn hints_that_the_vendor_refuses_are_left_out() {
        let config: Value = serde_json::from_str(FULL).expect("JSON");
        let few = FeatureSet::empty();
        let sent = encoded(&decoded(&config), few);
        let keys: Vec<&String> = sent.as_object().expect("an object").keys().collect();
        for key in [
            "topK",
            "seed",
            "frequencyPenalty",
            "presencePenalty",
            "logprobs",
        ] {
            assert!(!keys.iter().any(|sent| *sent == key), "{key}");
        }
        assert_eq!(sent["temperature"], 0.5);
    }

    #[test]
    fn an_edited_wish_wins_over_the_kept_object() {
        let mut body = decoded(&json!({"thinkingConfig": {"thinkingBudget": 100}}));
        body.reasoning = None;
        assert_eq!(encoded(&body, Quirks::default().features), json!({}));
    }

    #[test]
    fn a_long_seed_is_folded() {
        assert_eq!(narrowed(7), 7);
        assert_eq!(narrowed(-7), -7);
        assert_eq!(narrowed(1 << 40 | 5), 5);
        assert_eq!(narrowed(i64::MIN), 0);
    }
}
