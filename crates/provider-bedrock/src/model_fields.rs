//! `additionalModelRequestFields`: what each maker's models know beyond Converse.
//!
//! Thinking and top-k are among them, in several spellings. A decoded request keeps the object whole,
//! next to its projection; it goes out again as it is while it still says what the types say, else what
//! it said of thinking or top-k is replaced.

use interline_core::{ChatBody, Effort, ReasoningConfig};
use serde_json::{Map, Value, json};

use crate::FORMAT;
use crate::model_family::Maker;
use crate::thinking::{self, Situation};

/// The object's key, on the wire and in the extra of a request.
pub(crate) const KEY: &str = "additionalModelRequestFields";

/// The keys that speak of thinking.
const THINKING: [&str; 5] = [
    "thinking",
    "reasoning_config",
    "reasoningConfig",
    "reasoning_effort",
    "output_config",
];

/// Where top-k may stand.
const TOP_K: [&str; 3] = ["/top_k", "/inferenceConfig/topK", "/topK"];

/// What the object says of thinking, in core's words.
pub(crate) fn reasoning(fields: &Value) -> Option<ReasoningConfig> {
    let text = |pointer: &str| fields.pointer(pointer).and_then(Value::as_str);
    if let Some(effort) = text("/reasoning_effort") {
        return Some(ReasoningConfig::effort(Effort::from(effort)));
    }
    let key = ["thinking", "reasoning_config", "reasoningConfig"]
        .into_iter()
        .find(|key| fields.get(key).is_some_and(Value::is_object))?;
    let config = fields.get(key)?;
    let enabled = match config.get("type").and_then(Value::as_str)? {
        "enabled" | "adaptive" => true,
        "disabled" => false,
        _ => return None,
    };
    let mut reasoning = ReasoningConfig::switched(Some(enabled));
    reasoning.budget_tokens = config.get("budget_tokens").and_then(Value::as_u64);
    let effort = config.get("maxReasoningEffort").and_then(Value::as_str);
    reasoning.effort = effort
        .or_else(|| text("/output_config/effort"))
        .map(Effort::from);
    Some(reasoning)
}

/// What the object says of top-k.
pub(crate) fn top_k(fields: &Value) -> Option<u64> {
    TOP_K
        .iter()
        .find_map(|place| fields.pointer(place)?.as_u64())
}

/// Writes the object; empty where there is nothing to say.
pub(crate) fn encode(body: &ChatBody, situation: Situation<'_>) -> Map<String, Value> {
    let kept = body.extra.get(&FORMAT, KEY);
    let kept = kept.filter(|kept| kept.is_object());
    let mut fields = kept.and_then(Value::as_object).cloned().unwrap_or_default();
    let is_claude = situation.family.maker == Maker::Claude;
    if kept.and_then(reasoning) != body.reasoning {
        fields.retain(|key, _| !THINKING.contains(&key.as_str()));
        if let Some(wish) = &body.reasoning {
            fields.extend(thinking::fields(wish, situation));
        }
    }
    // Claude takes no top-k while it thinks.
    let top_k_fits = situation.family.takes_top_k() && !(is_claude && is_thinking(&fields));
    if kept.and_then(top_k) != body.params.top_k {
        remove_top_k(&mut fields);
        if let Some(k) = body.params.top_k.filter(|_| top_k_fits) {
            put_top_k(&mut fields, k, situation.family.maker);
        }
    }
    fields
}

/// Whether the fields switch Claude's thinking on.
pub(crate) fn is_thinking(fields: &Map<String, Value>) -> bool {
    ["thinking", "reasoning_config"].iter().any(|key| {
        let kind = fields.get(*key).and_then(|config| config.get("type"));
        kind.is_some_and(|kind| kind != "disabled")
    })
}

fn remove_top_k(fields: &mut Map<String, Value>) {
    fields.remove("top_k");
    fields.remove("topK");
    if let Some(Value::Object(config)) = fields.get_mut("inferenceConfig") {
        config.remove("topK");
    }
}

fn put_top_k(fields: &mut Map<String, Value>, k: u64, maker: Maker) {
    if maker != Maker::Nova {
        fields.insert("top_k".into(), json!(k));
        return;
    }
    let config = fields.entry("inferenceConfig").or_insert_with(|| json!({}));
    if let Value::Object(config) = config {
        config.insert("topK".into(), json!(k));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format;
    use crate::model_family::ModelFamily;

    fn encoded(model: &str, body: &ChatBody) -> Value {
        let situation = Situation {
            family: ModelFamily::of(model),
            max_tokens: None,
            has_sampling: false,
            forces_tool: false,
            messages: &[],
        };
        Value::Object(encode(body, situation))
    }

    fn decoded(fields: &Value) -> ChatBody {
        let mut body = ChatBody::default();
        body.reasoning = reasoning(fields);
        body.params.top_k = top_k(fields);
        body.extra = format::mark(KEY, fields.clone());
        body
    }

    const CLAUDE: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

    #[test]
    fn all_spellings_are_read_and_go_out_as_they_came() {
        let budget = Some(ReasoningConfig::budget(1024));
        let mut nova = ReasoningConfig::effort(Effort::Low);
        nova.enabled = Some(true);
        for (fields, said, k) in [
            (
                json!({"thinking": {"type": "enabled", "budget_tokens": 1024}}),
                budget.clone(),
                None,
            ),
            (
                json!({"reasoning_config": {"type": "enabled", "budget_tokens": 1024}}),
                budget,
                None,
            ),
            (
                json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}),
                Some(nova),
                None,
            ),
            (
                json!({"reasoning_effort": "medium", "top_k": 5}),
                Some(ReasoningConfig::effort(Effort::Medium)),
                Some(5),
            ),
            (
                json!({"inferenceConfig": {"topK": 10}, "other": [1]}),
                None,
                Some(10),
            ),
            (json!({"thinking": "odd"}), None, None),
        ] {
            let body = decoded(&fields);
            assert_eq!((&body.reasoning, body.params.top_k), (&said, k), "{fields}");
            assert_eq!(encoded(CLAUDE, &body), fields);
        }
    }

    #[test]
    fn an_edited_wish_wins_over_the_kept_object() {
        let fields =
            json!({"thinking": {"type": "enabled", "budget_tokens": 1024}, "a": 1, "top_k": 5});
        let mut body = decoded(&fields);
        body.reasoning = None;
        assert_eq!(encoded(CLAUDE, &body), json!({"a": 1, "top_k": 5}));
        body.params.top_k = Some(9);
        assert_eq!(encoded(CLAUDE, &body), json!({"a": 1, "top_k": 9}));
    }

    #[test]
    fn top_k_is_spelled_as_the_maker_does_and_left_out_elsewhere() {
        let mut body = ChatBody::default();
        body.params.top_k = Some(7);
        assert_eq!(encoded(CLAUDE, &body), json!({"top_k": 7}));
        let nova = json!({"inferenceConfig": {"topK": 7}});
        assert_eq!(encoded("amazon.nova-lite-v1:0", &body), nova);
        assert_eq!(encoded("mistral.devstral-2-123b", &body), json!({}));
        body.reasoning = Some(ReasoningConfig::budget(2000));
        let thinking = json!({"thinking": {"type": "enabled", "budget_tokens": 2000}});
        assert_eq!(encoded(CLAUDE, &body), thinking);
    }
}
