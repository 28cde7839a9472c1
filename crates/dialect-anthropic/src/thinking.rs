//! What to say about thinking, and how much room the answer then needs.
//!
//! Thinking is a hint, so it gives way to what is not: it is left out where a tool is forced, where
//! the answer's beginning is prescribed, and where a tool loop is under way whose last step carries
//! no signed thinking. Anthropic refuses all three
//! (`platform.claude.com/docs/en/build-with-claude/extended-thinking`).
//!
//! Thinking counts towards `max_tokens`. A caller's bound stands: a budget that does not fit below it
//! becomes half of it, and below the least budget thinking is left out. Without a bound, the budget
//! comes on top of the default.

use interline_core::{Effort, ReasoningConfig};
use serde_json::{Value, json};

use crate::generation::{Generation, ThinkingOff, ThinkingStyle};

/// The least budget that the API takes, in tokens.
const LEAST_BUDGET_TOKENS: u64 = 1024;

/// Budget per effort, in tokens (chosen, not measured; the least is the API's own).
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
    pub(crate) generation: Generation,
    /// The caller's bound on the answer.
    pub(crate) max_tokens: Option<u64>,
    /// The bound where the caller has none.
    pub(crate) default_max_tokens: u64,
    pub(crate) forces_tool: bool,
    /// The conversation as it goes out.
    pub(crate) messages: &'a [Value],
}

/// What the request says about thinking.
#[derive(Debug, PartialEq)]
pub(crate) struct ThinkingPlan {
    pub(crate) thinking: Option<Value>,
    pub(crate) effort: Option<String>,
    pub(crate) max_tokens: u64,
    pub(crate) is_on: bool,
}

/// Decides what to say.
pub(crate) fn plan(wish: Option<&ReasoningConfig>, situation: Situation<'_>) -> ThinkingPlan {
    let without = |thinking| ThinkingPlan {
        thinking,
        effort: None,
        max_tokens: situation.max_tokens.unwrap_or(situation.default_max_tokens),
        is_on: false,
    };
    let Some(wish) = wish.filter(|wish| **wish != ReasoningConfig::default()) else {
        return without(None);
    };
    if wish.enabled == Some(false) || wish.effort == Some(Effort::None) {
        return without(match situation.generation.off {
            ThinkingOff::Disabled => Some(json!({"type": "disabled"})),
            ThinkingOff::Silent => None,
        });
    }
    if situation.forces_tool || ends_with_model(situation.messages) {
        return without(None);
    }
    match situation.generation.thinking {
        ThinkingStyle::Adaptive => adaptive(wish, situation),
        ThinkingStyle::Budget if in_unsigned_tool_loop(situation.messages) => without(None),
        ThinkingStyle::Budget => match bounded(budget_of(wish), situation.max_tokens) {
            Some(budget) => ThinkingPlan {
                thinking: Some(json!({"type": "enabled", "budget_tokens": budget})),
                effort: None,
                max_tokens: room(budget, situation),
                is_on: true,
            },
            None => without(None),
        },
    }
}

fn adaptive(wish: &ReasoningConfig, situation: Situation<'_>) -> ThinkingPlan {
    ThinkingPlan {
        // Newer models leave the thoughts out unless asked; a caller would wait in silence.
        thinking: Some(json!({"type": "adaptive", "display": "summarized"})),
        effort: effort_of(wish),
        max_tokens: room(budget_of(wish), situation),
        is_on: true,
    }
}

fn room(budget: u64, situation: Situation<'_>) -> u64 {
    situation
        .max_tokens
        .unwrap_or_else(|| situation.default_max_tokens.saturating_add(budget))
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

/// The effort word: the caller's, or the least whose budget holds the caller's; none where the caller
/// gives no measure.
fn effort_of(wish: &ReasoningConfig) -> Option<String> {
    let effort = match (&wish.effort, wish.budget_tokens) {
        (Some(effort), _) => effort,
        (None, Some(tokens)) => BUDGETS
            .iter()
            .find(|(_, budget)| tokens <= *budget)
            .map_or(&Effort::High, |(effort, _)| effort),
        (None, None) => return None,
    };
    // Anthropic's scale begins at `low`.
    Some(match effort {
        Effort::Minimal => Effort::Low.as_str().to_owned(),
        other => other.as_str().to_owned(),
    })
}

fn bounded(budget: u64, max_tokens: Option<u64>) -> Option<u64> {
    let budget = match max_tokens {
        Some(bound) if budget >= bound => bound / 2,
        _ => budget.max(LEAST_BUDGET_TOKENS),
    };
    let fits = max_tokens.is_none_or(|bound| budget < bound);
    (budget >= LEAST_BUDGET_TOKENS && fits).then_some(budget)
}

fn ends_with_model(messages: &[Value]) -> bool {
    messages
        .last()
        .is_some_and(|message| message["role"] == "assistant")
}

/// Whether the last thing the model said is a tool call without thinking before it.
fn in_unsigned_tool_loop(messages: &[Value]) -> bool {
    let said = messages
        .iter()
        .rev()
        .find(|message| message["role"] == "assistant")
        .and_then(|message| message["content"].as_array());
    let Some(blocks) = said else { return false };
    let kind = |block: &Value| block["type"].as_str().unwrap_or_default().to_owned();
    let answered = messages.last().is_some_and(|message| {
        message["content"]
            .as_array()
            .is_some_and(|blocks| blocks.iter().any(|block| kind(block) == "tool_result"))
    });
    answered
        && !blocks
            .first()
            .is_some_and(|first| kind(first).ends_with("thinking"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = r#"[{"role":"user","content":[{"type":"text","text":"hi"}]}]"#;

    /// `[thinking, max_tokens]` for a caller's bound and a conversation.
    fn said(model: &str, wish: &ReasoningConfig, bound: Option<u64>, messages: &str) -> Value {
        let messages: Vec<Value> = serde_json::from_str(messages).expect("JSON");
        let situation = Situation {
            generation: Generation::of(model),
            max_tokens: bound,
            default_max_tokens: 4096,
            forces_tool: false,
            messages: &messages,
        };
        let plan = plan(Some(wish), situation);
        json!([plan.thinking, plan.max_tokens])
    }

    fn budget(tokens: u64) -> Value {
        json!({"type": "enabled", "budget_tokens": tokens})
    }

    #[test]
    fn effort_becomes_a_budget_that_the_answer_does_not_pay_for() {
        let said = |effort| {
            let wish = ReasoningConfig::effort(effort);
            said("claude-haiku-4-5", &wish, None, USER)
        };
        assert_eq!(said(Effort::Minimal), json!([budget(1024), 5120]));
        assert_eq!(said(Effort::Medium), json!([budget(8192), 12_288]));
        assert_eq!(
            said(Effort::Other("max".into())),
            json!([budget(32_768), 36_864])
        );
        assert_eq!(said(Effort::None), json!([{"type": "disabled"}, 4096]));
    }

    #[test]
    fn the_callers_bound_stands_and_the_budget_shrinks() {
        let said = |bound| {
            let wish = ReasoningConfig::budget(3000);
            said("claude-haiku-4-5", &wish, Some(bound), USER)
        };
        assert_eq!(said(4000), json!([budget(3000), 4000]));
        assert_eq!(said(3000), json!([budget(1500), 3000]));
        assert_eq!(said(1500), json!([null, 1500]));
    }

    #[test]
    fn newer_models_think_adaptively() {
        let said = |wish: &ReasoningConfig| said("claude-opus-4-7", wish, Some(900), USER);
        let adaptive = json!({"type": "adaptive", "display": "summarized"});
        let low = ReasoningConfig::effort(Effort::Low);
        assert_eq!(said(&low), json!([adaptive, 900]));
        let off = ReasoningConfig::switched(Some(false));
        assert_eq!(said(&off), json!([null, 900]));
    }

    #[test]
    fn a_tool_loop_without_signed_thinking_goes_on_without() {
        let after = |first: &str| {
            let messages = format!(
                r#"[{{"role":"assistant","content":[{first}{{"type":"tool_use"}}]}},
                    {{"role":"user","content":[{{"type":"tool_result"}}]}}]"#
            );
            let wish = ReasoningConfig::effort(Effort::Low);
            said("claude-haiku-4-5", &wish, None, &messages)
        };
        assert_eq!(after(""), json!([null, 4096]));
        assert_eq!(
            after(r#"{"type":"thinking"},"#),
            json!([budget(2048), 6144])
        );
    }
}
