//! `thinkingConfig`: how much to think, and whether thoughts are shown.
//!
//! The object says more than core has words for (thoughts unseen, a budget of the model's own choice),
//! so a decoded request keeps it whole, next to its projection; [`kept`] gives it back while it still
//! says what the types say. Otherwise it is written for the model's generation:
//! - an effort is a level, or the number of tokens that Google's own OpenAI-compatible endpoint takes
//!   for it (`ai.google.dev/gemini-api/docs/openai`); a budget on a model that knows levels is the
//!   level whose tokens reach it;
//! - a budget outside the model's bounds becomes the nearest bound;
//! - thinking that cannot be switched off becomes as little as possible;
//! - thoughts are asked for whenever thinking is.

use interline_core::{Effort, ReasoningConfig};
use serde_json::{Map, Value, json};

use crate::model_family::ThinkingControl;
use interline_transport::json::{Fields, Flaw};

/// Tokens per effort, as Google's OpenAI-compatible endpoint takes them.
const LOW_TOKENS: u64 = 1024;
const MEDIUM_TOKENS: u64 = 8192;
const HIGH_TOKENS: u64 = 24_576;

/// The budget that lets the model choose.
const OWN_CHOICE: i64 = -1;

/// What `thinkingConfig` says in core's words.
pub(crate) fn decode(config: Fields<'_>) -> Result<ReasoningConfig, Flaw> {
    let mut reasoning = ReasoningConfig::default();
    if let Some(level) = config.str("thinkingLevel")? {
        reasoning.effort = Some(Effort::from(level.to_ascii_lowercase().as_str()));
    }
    match config.i64("thinkingBudget")? {
        Some(0) => reasoning.enabled = Some(false),
        Some(tokens) => {
            reasoning.enabled = Some(true);
            reasoning.budget_tokens = u64::try_from(tokens).ok();
        }
        None if config.bool("includeThoughts")? == Some(true) => reasoning.enabled = Some(true),
        None => {}
    }
    Ok(reasoning)
}

/// The object as the caller wrote it, while the types still say the same.
pub(crate) fn kept<'a>(
    config: Option<&'a Value>,
    wish: Option<&ReasoningConfig>,
) -> Option<&'a Value> {
    let config = config?;
    let said = decode(Fields::of(config).ok()?).ok()?;
    (Some(&said) == wish).then_some(config)
}

/// Writes `thinkingConfig`; `None` where there is nothing to say.
pub(crate) fn encode(wish: &ReasoningConfig, control: ThinkingControl) -> Option<Value> {
    if *wish == ReasoningConfig::default() {
        return None;
    }
    let is_off = wish.enabled == Some(false)
        || wish.effort == Some(Effort::None)
        || wish.budget_tokens == Some(0);
    let mut config = Map::new();
    match control {
        ThinkingControl::None => return None,
        ThinkingControl::Budget {
            least,
            most,
            can_be_off,
        } => {
            let budget = match (is_off, can_be_off, tokens(wish, most)) {
                (true, true, _) => json!(0),
                (true, false, _) => json!(least),
                (false, _, Some(tokens)) => json!(tokens.clamp(least, most)),
                (false, _, None) => json!(OWN_CHOICE),
            };
            config.insert("thinkingBudget".into(), budget);
        }
        ThinkingControl::Level { lowest, middle } => {
            let level = if is_off {
                Some(lowest)
            } else {
                level(wish, lowest, middle)
            };
            if let Some(level) = level {
                config.insert("thinkingLevel".into(), json!(level));
            }
        }
    }
    if !is_off {
        config.insert("includeThoughts".into(), json!(true));
    }
    Some(Value::Object(config))
}

fn tokens(wish: &ReasoningConfig, most: u64) -> Option<u64> {
    let by_effort = wish.effort.as_ref().map(|effort| match effort {
        Effort::None => 0,
        Effort::Minimal | Effort::Low => LOW_TOKENS,
        Effort::Medium => MEDIUM_TOKENS,
        Effort::High => HIGH_TOKENS,
        _ => most,
    });
    wish.budget_tokens.or(by_effort)
}

fn level(
    wish: &ReasoningConfig,
    lowest: &'static str,
    middle: &'static str,
) -> Option<&'static str> {
    if let Some(effort) = &wish.effort {
        return Some(match effort {
            Effort::None | Effort::Minimal => lowest,
            Effort::Low => "low",
            Effort::Medium => middle,
            _ => "high",
        });
    }
    let tokens = wish.budget_tokens?;
    Some(if tokens <= LOW_TOKENS {
        "low"
    } else if tokens <= MEDIUM_TOKENS {
        middle
    } else {
        "high"
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model_family::ModelFamily;

    #[track_caller]
    fn check(model: &str, wish: &ReasoningConfig, expected: &Value) {
        let written = encode(wish, ModelFamily::of(model).thinking);
        assert_eq!(
            &written.unwrap_or(Value::Null),
            expected,
            "{model} {wish:?}"
        );
    }

    fn budget(tokens: i64) -> Value {
        json!({"thinkingBudget": tokens, "includeThoughts": true})
    }

    fn level(level: &str) -> Value {
        json!({"thinkingLevel": level, "includeThoughts": true})
    }

    #[test]
    fn efforts_become_tokens_or_levels() {
        let effort = |word: &str| ReasoningConfig::effort(Effort::from(word));
        check("gemini-2.5-pro", &effort("minimal"), &budget(1024));
        check("gemini-2.5-pro", &effort("high"), &budget(24_576));
        check("gemini-2.5-pro", &effort("max"), &budget(32_768));
        check(
            "gemini-3-flash-preview",
            &effort("minimal"),
            &level("minimal"),
        );
        check("gemini-3.1-pro-preview", &effort("minimal"), &level("low"));
        check("gemini-3-pro-preview", &effort("medium"), &level("high"));
        check("gemini-3.8-flash", &effort("xhigh"), &level("high"));
        check("gemini-2.0-flash", &effort("high"), &Value::Null);
    }

    #[test]
    fn budgets_stay_within_the_models_bounds() {
        check("gemini-2.5-pro", &ReasoningConfig::budget(64), &budget(128));
        check(
            "gemini-2.5-flash-lite",
            &ReasoningConfig::budget(64),
            &budget(512),
        );
        check(
            "gemini-2.5-flash",
            &ReasoningConfig::budget(90_000),
            &budget(24_576),
        );
        check(
            "gemini-3.1-pro-preview",
            &ReasoningConfig::budget(1025),
            &level("medium"),
        );
        check(
            "gemini-3.1-pro-preview",
            &ReasoningConfig::budget(9000),
            &level("high"),
        );
    }

    #[test]
    fn off_is_off_where_it_can_be_and_little_elsewhere() {
        let off = ReasoningConfig::switched(Some(false));
        check("gemini-2.5-flash", &off, &json!({"thinkingBudget": 0}));
        check("gemini-2.5-pro", &off, &json!({"thinkingBudget": 128}));
        check(
            "gemini-3-flash-preview",
            &off,
            &json!({"thinkingLevel": "minimal"}),
        );
        let on = ReasoningConfig::switched(Some(true));
        check("gemini-2.5-flash-lite", &on, &budget(-1));
        check(
            "gemini-flash-latest",
            &on,
            &json!({"includeThoughts": true}),
        );
        check(
            "gemini-2.5-flash",
            &ReasoningConfig::default(),
            &Value::Null,
        );
    }

    #[test]
    fn an_object_that_still_says_the_same_is_kept() {
        let config = json!({"thinkingBudget": -1, "includeThoughts": false});
        let said = decode(Fields::of(&config).expect("an object")).expect("good");
        assert_eq!(said, ReasoningConfig::switched(Some(true)));
        assert_eq!(kept(Some(&config), Some(&said)), Some(&config));
        assert_eq!(kept(Some(&config), Some(&ReasoningConfig::budget(5))), None);
        assert_eq!(kept(Some(&config), None), None);
        let level = json!({"thinkingLevel": "HIGH"});
        let said = decode(Fields::of(&level).expect("an object")).expect("good");
        assert_eq!(said, ReasoningConfig::effort(Effort::High));
    }
}
