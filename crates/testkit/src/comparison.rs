//! Compares what an adapter made of a recorded answer with what it should have made of it.

use std::fmt::Debug;

use interline_core::{Error, ErrorKind, FinishReason, TimeoutStage};
use interline_transport::redact;
use serde_json::Value;

use crate::{Expected, ExpectedToolCall, Outcome, UsageRule};

/// What differs, one sentence each; empty where the adapter is right.
#[must_use]
pub fn differences(expected: &Expected, outcome: &Outcome, rule: UsageRule) -> Vec<String> {
    let mut found = Differences(Vec::new());
    found.answer(expected, outcome);
    found.usage(expected, outcome, rule);
    found.embeddings(expected, outcome);
    found.models(expected, outcome);
    match (&outcome.error, expects_error(expected)) {
        (Some(error), true) => found.error(expected, error),
        (Some(error), false) => found.0.push(format!("failed with {error}")),
        (None, true) => found
            .0
            .push("answered where an error was expected".to_owned()),
        (None, false) => {}
    }
    found.0
}

fn expects_error(expected: &Expected) -> bool {
    expected.error_class.is_some() || expected.error_class_any_of.is_some()
}

struct Differences(Vec<String>);

impl Differences {
    fn same<T: PartialEq + Debug>(&mut self, what: &str, expected: Option<T>, got: &T) {
        if let Some(expected) = expected
            && expected != *got
        {
            self.0
                .push(format!("{what}: expected {expected:?}, got {got:?}"));
        }
    }

    fn answer(&mut self, expected: &Expected, outcome: &Outcome) {
        self.same("text", expected.text.as_ref(), &&outcome.text);
        self.same("reasoning", expected.thinking(), &outcome.reasoning);
        self.same("refusal", expected.refusal.as_ref(), &&outcome.refusal);
        if let Some(calls) = &expected.tool_calls {
            self.tool_calls(calls, outcome);
        }
        // A failed stream has no reason to end but its error.
        let reason = match (&outcome.finish_reason, &outcome.error) {
            (_, Some(_)) => Some("error"),
            (reason, None) => reason.as_ref().map(FinishReason::as_str),
        };
        if let Some(any_of) = &expected.finish_reason_any_of {
            if !reason.is_some_and(|reason| any_of.iter().any(|one| one == reason)) {
                self.0.push(format!(
                    "finish reason: expected one of {any_of:?}, got {reason:?}"
                ));
            }
        } else if expected.finish_reason.is_some() {
            self.same(
                "finish reason",
                Some(expected.finish_reason.as_deref()),
                &reason,
            );
        }
    }

    fn tool_calls(&mut self, expected: &[ExpectedToolCall], outcome: &Outcome) {
        self.same(
            "tool calls",
            Some(expected.len()),
            &outcome.tool_calls.len(),
        );
        for (position, (want, got)) in expected.iter().zip(&outcome.tool_calls).enumerate() {
            self.same(
                &format!("tool call {position} name"),
                Some(&want.name),
                &&got.name,
            );
            let what = format!("tool call {position} arguments");
            match &want.arguments_raw {
                Some(raw) => self.same(&what, Some(raw), &&got.arguments),
                None => self.same(&what, Some(want.arguments.clone()), &got.arguments_json()),
            }
        }
    }

    fn usage(&mut self, expected: &Expected, outcome: &Outcome, rule: UsageRule) {
        let Some(want) = expected.usage else { return };
        let got = outcome.usage;
        let input = want.normalised_input(rule);
        self.same("input tokens", input.map(Some), &got.input_tokens);
        self.same(
            "output tokens",
            want.normalised_output(rule).map(Some),
            &got.output_tokens,
        );
        self.same(
            "cached",
            want.cached_input_tokens.map(Some),
            &got.cached_input_tokens,
        );
        let written = want.cache_creation_input_tokens;
        self.same("cache writes", written.map(Some), &got.cache_write_tokens);
        self.same(
            "reasoning tokens",
            want.reasoning_tokens.map(Some),
            &got.reasoning_tokens,
        );
        let billed = want.billed_input_tokens;
        self.same("billed input", billed.map(Some), &got.billed_input_tokens);
        let billed = want.billed_output_tokens;
        self.same("billed output", billed.map(Some), &got.billed_output_tokens);
    }

    fn embeddings(&mut self, expected: &Expected, outcome: &Outcome) {
        let Some(want) = &expected.embeddings else {
            return;
        };
        let got = &outcome.embeddings;
        self.same("vectors", want.count, &got.len());
        if let Some(dimensions) = want.dimensions {
            let odd = got.iter().find(|vector| vector.len() != dimensions);
            let odd = odd.map_or(dimensions, Vec::len);
            self.same("dimensions", Some(dimensions), &odd);
        }
        let first = got.first().map(Vec::as_slice).unwrap_or_default();
        let first = &first[..first.len().min(want.first_values.len())];
        self.same("first numbers", Some(want.first_values.as_slice()), &first);
    }

    fn models(&mut self, expected: &Expected, outcome: &Outcome) {
        let Some(want) = &expected.models else { return };
        let got = &outcome.models;
        self.same("models", want.count, &got.len());
        let first = &got[..got.len().min(want.ids.len())];
        self.same("names of models", Some(want.ids.as_slice()), &first);
    }

    fn error(&mut self, expected: &Expected, error: &Error) {
        self.same("status", expected.http_status.map(Some), &error.status());
        let class = class_of(error);
        if let Some(any_of) = &expected.error_class_any_of {
            if !any_of.iter().any(|one| one == class) {
                self.0.push(format!(
                    "error class: expected one of {any_of:?}, got {class}"
                ));
            }
        } else {
            self.same("error class", expected.error_class.as_deref(), &class);
        }
        let words: Vec<String> = expected
            .error_code_raw
            .iter()
            .map(plain)
            .chain(expected.error_type_raw.clone())
            .collect();
        let code = error.vendor_code().unwrap_or_default();
        if !words.is_empty() && !words.iter().any(|word| word == code) {
            self.0.push(format!(
                "vendor code: expected one of {words:?}, got {code:?}"
            ));
        }
        let message = expected.error_message.as_deref().map(redact);
        self.same("message", message.as_deref(), &error.message());
        let delay = expected.retry_after_s.or(expected.retry_delay_s_body);
        let got = error.retry_after().map(|delay| delay.as_secs_f64());
        self.same("retry after", delay.map(Some), &got);
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn class_of(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::RateLimited => "rate_limit",
        ErrorKind::Authentication => "authentication",
        ErrorKind::Permission => "permission",
        ErrorKind::InvalidRequest | ErrorKind::PayloadTooLarge | ErrorKind::Unsupported => {
            "invalid_request"
        }
        ErrorKind::ContextLength => "context_length",
        ErrorKind::ContentFiltered => "content_policy",
        ErrorKind::NotFound => "not_found",
        ErrorKind::Timeout(TimeoutStage::Total | TimeoutStage::FirstToken) => "timeout",
        ErrorKind::Overloaded => "overloaded",
        ErrorKind::Unavailable => "server_error",
        ErrorKind::QuotaExhausted => "quota",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use interline_core::ToolCall;
    use serde_json::json;

    use super::*;

    fn expected(value: Value) -> Expected {
        serde_json::from_value(value).expect("an expectation")
    }

    #[test]
    fn a_right_answer_has_no_differences() {
        let outcome = Outcome {
            text: "hi".into(),
            tool_calls: vec![ToolCall::new("1", "f", "")],
            finish_reason: Some(FinishReason::ToolCalls),
            ..Outcome::default()
        };
        let want = expected(json!({
            "text": "hi", "finish_reason": "tool_calls",
            "tool_calls": [{"name": "f", "arguments": {}}],
        }));
        assert_eq!(
            differences(&want, &outcome, UsageRule::InputIncludesCache),
            Vec::<String>::new()
        );
    }

    #[test]
    fn every_wrong_field_is_named() {
        let want = expected(json!({
            "text": "hi", "reasoning": "hm", "refusal": "no", "finish_reason": "stop",
            "tool_calls": [{"name": "f", "arguments": {}}],
            "usage": {"input_tokens": 1, "output_tokens": 2, "cached_input_tokens": 1,
                      "cache_creation_input_tokens": 1, "reasoning_tokens": 1,
                      "billed_input_tokens": 1, "billed_output_tokens": 1},
        }));
        let found = differences(&want, &Outcome::default(), UsageRule::InputExcludesCache);
        assert_eq!(found.len(), 12, "{found:#?}");
    }

    #[test]
    fn a_plan_for_tools_is_thinking() {
        let want = expected(json!({"tool_plan": "first add, ", "reasoning": "then stop"}));
        let outcome = Outcome {
            reasoning: "first add, then stop".into(),
            ..Outcome::default()
        };
        let rule = UsageRule::InputIncludesCache;
        assert_eq!(differences(&want, &outcome, rule), Vec::<String>::new());
        assert_eq!(differences(&want, &Outcome::default(), rule).len(), 1);
    }

    #[test]
    fn vectors_and_lists_are_compared_by_size_and_beginning() {
        let want = expected(json!({
            "embeddings": {"count": 2, "dimensions": 3, "first_values": [0.1, 0.2]},
            "models": {"count": 2, "ids": ["a"]},
        }));
        let mut outcome = Outcome {
            embeddings: vec![vec![0.1, 0.2, 0.3], vec![0.0; 3]],
            models: vec!["a".into(), "b".into()],
            ..Outcome::default()
        };
        let rule = UsageRule::InputIncludesCache;
        assert_eq!(differences(&want, &outcome, rule), Vec::<String>::new());
        outcome.embeddings = vec![vec![0.5]];
        outcome.models = vec!["b".into()];
        let found = differences(&want, &outcome, rule);
        assert_eq!(found.len(), 5, "{found:#?}");
    }

    #[test]
    fn an_error_is_compared_by_class_code_message_and_wait() {
        let want = expected(json!({
            "http_status": 429, "error_class": "rate_limit", "error_code_raw": 429,
            "error_message": "slow down", "retry_after_s": 2.0,
        }));
        let outcome = Outcome {
            error: Some(Error::invalid_request("other")),
            ..Outcome::default()
        };
        let found = differences(&want, &outcome, UsageRule::InputIncludesCache);
        assert_eq!(found.len(), 5, "{found:#?}");
        assert_eq!(
            differences(&want, &Outcome::default(), UsageRule::InputIncludesCache).len(),
            1
        );
    }
}
