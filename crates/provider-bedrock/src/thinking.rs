//! What to say about thinking, in the words of the model's maker.
//!
//! Thinking is a hint, so it gives way to what is not. Claude refuses it where a tool is forced, where
//! the answer's beginning is prescribed, and where a tool loop is under way whose last step carries no
//! signed thinking; there it is left out. A budget counts towards `maxTokens`: one that does not fit
//! becomes half of the caller's bound, and below the least budget thinking is left out.
//! Nova takes its highest effort only without a bound and without sampling parameters, else the middle
//! (`docs.aws.amazon.com/nova/latest/nova2-userguide/extended-thinking.html`, read in August 2026).

use interline_core::{Effort, ReasoningConfig};
use serde_json::{Map, Value, json};

use crate::model_family::{ModelFamily, ThinkingStyle};

/// The least budget that Claude takes, in tokens.
const LEAST_BUDGET_TOKENS: u64 = 1024;

/// Budget per effort, in tokens (chosen, not measured; the least is Claude's own).
const BUDGETS: [(Effort, u64); 4] = [
    (Effort::Minimal, LEAST_BUDGET_TOKENS),
    (Effort::Low, 2048),
    (Effort::Medium, 8192),
    (Effort::High, 16_384),
];

/// Budget for an effort above `high`, such as `xhigh` or `max`, in tokens (chosen, not measured).
const HIGHEST_BUDGET_TOKENS: u64 = 32_768;

/// What the rest of the request says that bears on thinking.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation<'a> {
    pub(crate) family: ModelFamily,
    /// The caller's bound on the answer, in tokens.
    pub(crate) max_tokens: Option<u64>,
    pub(crate) has_sampling: bool,
    pub(crate) forces_tool: bool,
    /// The conversation as it goes out.
    pub(crate) messages: &'a [Value],
}

/// The fields that ask for thinking; none where there is nothing to say.
pub(crate) fn fields(wish: &ReasoningConfig, situation: Situation<'_>) -> Map<String, Value> {
    let said = match *wish == ReasoningConfig::default() {
        true => None,
        false => said(wish, situation),
    };
    match said {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

fn said(wish: &ReasoningConfig, situation: Situation<'_>) -> Option<Value> {
    let is_off = wish.enabled == Some(false)
        || wish.effort == Some(Effort::None)
        || wish.budget_tokens == Some(0);
    let style = situation.family.thinking;
    if is_off {
        return match style {
            ThinkingStyle::Nova => Some(json!({"reasoningConfig": {"type": "disabled"}})),
            // It cannot be switched off.
            ThinkingStyle::Effort => Some(json!({"reasoning_effort": "low"})),
            _ if situation.family.thinks_unasked => Some(json!({"thinking": {"type": "disabled"}})),
            _ => None,
        };
    }
    let is_claude = matches!(style, ThinkingStyle::Budget | ThinkingStyle::Adaptive);
    if is_claude && (situation.forces_tool || ends_with_model(situation.messages)) {
        return None;
    }
    match style {
        ThinkingStyle::None => None,
        ThinkingStyle::Budget if in_unsigned_tool_loop(situation.messages) => None,
        ThinkingStyle::Budget => {
            let budget = bounded(budget_of(wish), situation.max_tokens)?;
            Some(json!({"thinking": {"type": "enabled", "budget_tokens": budget}}))
        }
        ThinkingStyle::Adaptive => {
            // Newer models leave the thoughts out unless asked; a caller would wait in silence.
            let mut said = json!({"thinking": {"type": "adaptive", "display": "summarized"}});
            if let Some(effort) = effort_of(wish) {
                said["output_config"] = json!({"effort": effort});
            }
            Some(said)
        }
        ThinkingStyle::Nova => {
            let is_free = situation.max_tokens.is_none() && !situation.has_sampling;
            let effort = match three_steps(wish) {
                "high" if !is_free => "medium",
                effort => effort,
            };
            Some(json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": effort}}))
        }
        ThinkingStyle::Effort => Some(json!({"reasoning_effort": three_steps(wish)})),
    }
}

fn budget_of(wish: &ReasoningConfig) -> u64 {
    if let Some(tokens) = wish.budget_tokens {
        return tokens;
    }
    let effort = wish.effort.as_ref().unwrap_or(&Effort::Medium);
    BUDGETS
        .iter()
        .find(|(known, _)| known == effort)
        .map_or(HIGHEST_BUDGET_TOKENS, |(_, tokens)| *tokens)
}

fn bounded(budget: u64, max_tokens: Option<u64>) -> Option<u64> {
    let budget = match max_tokens {
        Some(bound) if budget >= bound => bound / 2,
        _ => budget.max(LEAST_BUDGET_TOKENS),
    };
    let fits = max_tokens.is_none_or(|bound| budget < bound);
    (budget >= LEAST_BUDGET_TOKENS && fits).then_some(budget)
}

/// Claude's word: the caller's, or the least whose budget holds the caller's; none where the caller
/// gives no measure.
fn effort_of(wish: &ReasoningConfig) -> Option<&str> {
    let effort = match (&wish.effort, wish.budget_tokens) {
        (Some(effort), _) => effort,
        (None, Some(tokens)) => BUDGETS
            .iter()
            .find(|(_, budget)| tokens <= *budget)
            .map_or(&Effort::High, |(effort, _)| effort),
        (None, None) => return None,
    };
    // The scale begins at `low`.
    Some(match effort {
        Effort::Minimal => Effort::Low.as_str(),
        other => other.as_str(),
    })
}

/// The word on a scale of low, medium and high.
fn three_steps(wish: &ReasoningConfig) -> &'static str {
    let effort = effort_of(wish).unwrap_or("medium");
    match effort {
        "low" => "low",
        "medium" => "medium",
        _ => "high",
    }
}

fn ends_with_model(messages: &[Value]) -> bool {
    messages
        .last()
        .is_some_and(|message| message["role"] == "assistant")
}

/// Whether the last thing the model said is a tool call without thinking before it.
fn in_unsigned_tool_loop(messages: &[Value]) -> bool {
    let blocks = |message: &Value| message["content"].as_array().cloned().unwrap_or_default();
    let answered = messages.last().is_some_and(|message| {
        let is_result = |block: &Value| block.get("toolResult").is_some();
        blocks(message).iter().any(is_result)
    });
    let said = messages
        .iter()
        .rev()
        .find(|message| message["role"] == "assistant");
    let first = said.and_then(|message| blocks(message).into_iter().next());
    answered && first.is_none_or(|first| first.get("reasoningContent").is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

    fn situation(model: &str, max_tokens: Option<u64>) -> Situation<'static> {
        Situation {
            family: ModelFamily::of(model),
            max_tokens,
            has_sampling: false,
            forces_tool: false,
            messages: &[],
        }
    }

    #[track_caller]
    fn check(model: &str, wish: &ReasoningConfig, max_tokens: Option<u64>, expected: Value) {
        let said = fields(wish, situation(model, max_tokens));
        assert_eq!([Value::Object(said)], [expected], "{model} {wish:?}");
    }

    #[test]
    fn every_maker_is_asked_in_its_own_words() {
        let high = ReasoningConfig::effort(Effort::High);
        let budget =
            |tokens: u64| json!({"thinking": {"type": "enabled", "budget_tokens": tokens}});
        check(BUDGET, &high, None, budget(16_384));
        check(BUDGET, &ReasoningConfig::budget(1500), None, budget(1500));
        check(
            "anthropic.claude-opus-4-7",
            &high,
            None,
            json!({"thinking": {"type": "adaptive", "display": "summarized"},
                "output_config": {"effort": "high"}}),
        );
        let nova = |effort: &str| json!({"reasoningConfig": {"type": "enabled", "maxReasoningEffort": effort}});
        check("us.amazon.nova-2-lite-v1:0", &high, None, nova("high"));
        check("us.amazon.nova-2-lite-v1:0", &high, Some(9), nova("medium"));
        check(
            "openai.gpt-oss-20b-1:0",
            &high,
            None,
            json!({"reasoning_effort": "high"}),
        );
        check("us.deepseek.r1-v1:0", &high, None, json!({}));
        check(
            "anthropic.claude-3-haiku-20240307-v1:0",
            &high,
            None,
            json!({}),
        );
    }

    #[test]
    fn off_is_said_only_where_thinking_is_on_by_itself() {
        let off = ReasoningConfig::switched(Some(false));
        check(BUDGET, &off, None, json!({}));
        check(
            "anthropic.claude-sonnet-5",
            &off,
            None,
            json!({"thinking": {"type": "disabled"}}),
        );
        check(
            "openai.gpt-oss-20b-1:0",
            &off,
            None,
            json!({"reasoning_effort": "low"}),
        );
        check(BUDGET, &ReasoningConfig::default(), None, json!({}));
    }

    #[test]
    fn the_callers_bound_stands_and_the_budget_shrinks() {
        let wish = ReasoningConfig::budget(3000);
        let budget =
            |tokens: u64| json!({"thinking": {"type": "enabled", "budget_tokens": tokens}});
        check(BUDGET, &wish, Some(4000), budget(3000));
        check(BUDGET, &wish, Some(3000), budget(1500));
        check(BUDGET, &wish, Some(1500), json!({}));
    }

    #[test]
    fn thinking_gives_way_where_claude_refuses_it() {
        let wish = ReasoningConfig::budget(2000);
        let mut forced = situation(BUDGET, None);
        forced.forces_tool = true;
        assert!(fields(&wish, forced).is_empty());
        let after = |first: Value| {
            [
                json!({"role": "assistant", "content": [first, {"toolUse": {}}]}),
                json!({"role": "user", "content": [{"toolResult": {}}]}),
            ]
        };
        let unsigned = after(json!({"text": "a"}));
        let signed = after(json!({"reasoningContent": {}}));
        let in_loop = |messages| Situation {
            messages,
            ..situation(BUDGET, None)
        };
        assert!(fields(&wish, in_loop(&unsigned)).is_empty());
        assert!(!fields(&wish, in_loop(&signed)).is_empty());
        assert!(
            fields(&wish, in_loop(&signed[..1])).is_empty(),
            "a beginning is prescribed"
        );
    }
}
