//! How a request says how much to think.
//!
//! Cohere knows a switch and a bound in tokens, no effort: an effort below `high` becomes a bound, and
//! from `high` on thinking is unbounded, as Cohere advises. Models that do not think refuse the field,
//! so it is left out for those whose names are known not to.

use interline_core::{Effort, ReasoningConfig};
use serde_json::{Value, json};

use crate::fields::{Fields, Flaw};

/// Bound per effort, in tokens (chosen, not measured).
const BOUNDS: [(Effort, u64); 3] = [
    (Effort::Minimal, 1_024),
    (Effort::Low, 2_048),
    (Effort::Medium, 8_192),
];

/// Beginnings of the names of models that do not think (`docs.cohere.com/docs/models`, 2026-08).
const WITHOUT_THINKING: [&str; 8] = [
    "c4ai-",
    "command-a-03-",
    "command-a-translate",
    "command-a-vision",
    "command-light",
    "command-nightly",
    "command-r",
    "tiny-aya",
];

/// Whether a model thinks, as far as its name tells; models of other names may.
pub(crate) fn may_think(model: &str) -> bool {
    model != "command" && !WITHOUT_THINKING.iter().any(|name| model.starts_with(name))
}

/// Takes the wish out of a request.
pub(crate) fn take(fields: &mut Fields) -> Result<Option<ReasoningConfig>, Flaw> {
    let Some(mut thinking) = fields.object("thinking")? else {
        return Ok(None);
    };
    let word = thinking.required_string("type")?;
    let mut config = ReasoningConfig::switched(match word.as_str() {
        "enabled" => Some(true),
        "disabled" => Some(false),
        _ => {
            return Err(Flaw::new(
                "thinking.type",
                "must be `enabled` or `disabled`",
            ));
        }
    });
    config.budget_tokens = thinking.unsigned("token_budget")?;
    let rest = thinking.into_rest();
    if !rest.is_empty() {
        fields.keep("thinking", rest.into());
    }
    Ok(Some(config))
}

/// The field's value; `None` where there is nothing to say.
pub(crate) fn encode(wish: &ReasoningConfig) -> Option<Value> {
    let is_off = wish.enabled == Some(false)
        || wish.effort == Some(Effort::None)
        || wish.budget_tokens == Some(0);
    if is_off {
        return Some(json!({"type": "disabled"}));
    }
    let of_effort = || {
        let effort = wish.effort.as_ref()?;
        let (_, tokens) = BOUNDS.iter().find(|(known, _)| known == effort)?;
        Some(*tokens)
    };
    match wish.budget_tokens.or_else(of_effort) {
        Some(tokens) => Some(json!({"type": "enabled", "token_budget": tokens})),
        None if wish.effort.is_some() || wish.enabled == Some(true) => {
            Some(json!({"type": "enabled"}))
        }
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wish: &ReasoningConfig, sent: &Value) {
        assert_eq!(encode(wish).as_ref(), Some(sent));
    }

    #[test]
    fn switch_bound_and_effort_become_one_field() {
        check(
            &ReasoningConfig::switched(Some(true)),
            &json!({"type": "enabled"}),
        );
        check(
            &ReasoningConfig::switched(Some(false)),
            &json!({"type": "disabled"}),
        );
        check(
            &ReasoningConfig::effort(Effort::None),
            &json!({"type": "disabled"}),
        );
        check(
            &ReasoningConfig::budget(500),
            &json!({"type": "enabled", "token_budget": 500}),
        );
        check(
            &ReasoningConfig::effort(Effort::Low),
            &json!({"type": "enabled", "token_budget": 2048}),
        );
        check(
            &ReasoningConfig::effort(Effort::High),
            &json!({"type": "enabled"}),
        );
        assert_eq!(encode(&ReasoningConfig::switched(None)), None);
    }

    #[test]
    fn models_that_do_not_think_are_known_by_name() {
        assert!(may_think("command-a-reasoning-08-2025"));
        assert!(may_think("command-a-plus-05-2026"));
        assert!(may_think("a-model-of-tomorrow"));
        assert!(!may_think("command-a-03-2025"));
        assert!(!may_think("command-r7b-12-2024"));
        assert!(!may_think("command"));
    }
}
