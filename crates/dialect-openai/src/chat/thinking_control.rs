//! How a request says how much to think.
//!
//! The reference knows words only. A budget becomes the word of its size, and a bare switch has no
//! word at all; vendors that know more get what was asked.

use interline_core::{Effort, ReasoningConfig};
use serde_json::{Value, json};

use super::ThinkingControl;

/// Thinking budgets up to this many tokens are called `low` (chosen, not measured).
const LOW_BUDGET_TOKENS: u64 = 2_048;
/// Thinking budgets up to this many tokens are called `medium` (chosen, not measured).
const MEDIUM_BUDGET_TOKENS: u64 = 8_192;

/// The field that says how much to think, where there is anything to say.
pub(crate) fn field(
    reasoning: &ReasoningConfig,
    control: ThinkingControl,
) -> Option<(&'static str, Value)> {
    match control {
        ThinkingControl::Effort => effort_field(reasoning),
        ThinkingControl::EffortAndSwitch if is_off(reasoning) => {
            Some(("thinking", json!({"type": "disabled"})))
        }
        ThinkingControl::EffortAndSwitch => effort_field(reasoning).or_else(|| {
            let on = reasoning.enabled == Some(true);
            on.then(|| ("thinking", json!({"type": "enabled"})))
        }),
        ThinkingControl::ReasoningObject => {
            let object = match (
                &reasoning.effort,
                reasoning.budget_tokens,
                reasoning.enabled,
            ) {
                (Some(effort), _, _) => json!({"effort": effort.as_str()}),
                (None, Some(tokens), _) => json!({"max_tokens": tokens}),
                (None, None, Some(enabled)) => json!({"enabled": enabled}),
                (None, None, None) => return None,
            };
            Some(("reasoning", object))
        }
    }
}

/// Whether the caller wants no thinking.
pub(crate) fn is_off(reasoning: &ReasoningConfig) -> bool {
    reasoning.enabled == Some(false) || reasoning.effort == Some(Effort::None)
}

fn effort_field(reasoning: &ReasoningConfig) -> Option<(&'static str, Value)> {
    Some(("reasoning_effort", effort_word(reasoning)?.into()))
}

/// The word for how much to think; none where there is only a bare switch.
pub(crate) fn effort_word(reasoning: &ReasoningConfig) -> Option<&str> {
    Some(match (&reasoning.effort, reasoning.budget_tokens) {
        (Some(effort), _) => effort.as_str(),
        (None, Some(..=LOW_BUDGET_TOKENS)) => Effort::Low.as_str(),
        (None, Some(..=MEDIUM_BUDGET_TOKENS)) => Effort::Medium.as_str(),
        (None, Some(_)) => Effort::High.as_str(),
        (None, None) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(
        reasoning: &ReasoningConfig,
        control: ThinkingControl,
        expected: &Option<(&'static str, Value)>,
    ) {
        assert_eq!(&field(reasoning, control), expected, "{reasoning:?}");
    }

    #[test]
    fn each_control_says_what_it_can() {
        use ThinkingControl as C;
        let high = ReasoningConfig::effort(Effort::High);
        let none = ReasoningConfig::effort(Effort::None);
        let budget = ReasoningConfig::budget(3_000);
        let on = ReasoningConfig::switched(Some(true));
        let off = ReasoningConfig::switched(Some(false));
        let word = |word: &str| Some(("reasoning_effort", Value::from(word)));
        check(&high, C::Effort, &word("high"));
        check(&none, C::Effort, &word("none"));
        check(&budget, C::Effort, &word("medium"));
        check(&on, C::Effort, &None);
        let switch = |word: &str| Some(("thinking", json!({ "type": word })));
        check(&high, C::EffortAndSwitch, &word("high"));
        check(&none, C::EffortAndSwitch, &switch("disabled"));
        check(&off, C::EffortAndSwitch, &switch("disabled"));
        check(&on, C::EffortAndSwitch, &switch("enabled"));
        let object = |object: Value| Some(("reasoning", object));
        check(
            &high,
            C::ReasoningObject,
            &object(json!({"effort": "high"})),
        );
        check(
            &budget,
            C::ReasoningObject,
            &object(json!({"max_tokens": 3_000})),
        );
        check(&off, C::ReasoningObject, &object(json!({"enabled": false})));
        check(&ReasoningConfig::default(), C::ReasoningObject, &None);
    }
}
