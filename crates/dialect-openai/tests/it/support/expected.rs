//! Compares an answer with what a recorded case says a right adapter finds in it.

use interline_core::{Error, ErrorKind, ToolCall};
use interline_transport::redact;
use serde_json::{Value, json};

use super::answer::Answer;

/// Every difference, in words; nothing where the answer is right.
pub(crate) fn differences(expected: &Value, answer: &Answer) -> Vec<String> {
    let mut found = Vec::new();
    let mut check = |what: &str, got: Value| {
        if let Some(wanted) = expected.get(what)
            && *wanted != got
        {
            found.push(format!("{what}: wanted {wanted}, got {got}"));
        }
    };
    check("text", json!(answer.text));
    check("reasoning", json!(answer.reasoning));
    check("refusal", json!(answer.refusal));
    let calls: Vec<Value> = answer.calls.iter().map(call).collect();
    if expected.get("error_class").is_none() {
        check("tool_calls", calls.into());
    }
    let finish = match (&answer.failure, &answer.finish) {
        (Some(_), _) => json!("error"),
        (None, Some(reason)) => json!(reason.as_str()),
        (None, None) => Value::Null,
    };
    check("finish_reason", finish.clone());
    if let Some(Value::Array(any)) = expected.get("finish_reason_any_of")
        && !any.contains(&finish)
    {
        found.push(format!(
            "finish_reason: wanted one of {any:?}, got {finish}"
        ));
    }
    found.extend(usage(expected, answer));
    found.extend(failure(expected, answer));
    found
}

fn call((name, arguments): &(String, String)) -> Value {
    match ToolCall::new("", name, arguments).arguments_json() {
        Some(parsed) => json!({"name": name, "arguments": parsed}),
        None => json!({"name": name, "arguments_raw": arguments}),
    }
}

/// The cases give figures as on the wire. The types' inclusion rule differs from it only where the
/// vendor counts thinking beside the output, which shows when it is the larger of the two.
fn usage(expected: &Value, answer: &Answer) -> Vec<String> {
    let Some(wanted) = expected.get("usage") else {
        return Vec::new();
    };
    let count = |key: &str| wanted.get(key).and_then(Value::as_u64);
    let including = |whole: &str, part: &str| {
        let part = count(part).unwrap_or(0);
        count(whole).map(|whole| if part > whole { whole + part } else { whole })
    };
    [
        (
            "input_tokens",
            count("input_tokens"),
            answer.usage.input_tokens,
        ),
        (
            "output_tokens",
            including("output_tokens", "reasoning_tokens"),
            answer.usage.output_tokens,
        ),
        (
            "cached_input_tokens",
            count("cached_input_tokens"),
            answer.usage.cached_input_tokens,
        ),
        (
            "reasoning_tokens",
            count("reasoning_tokens"),
            answer.usage.reasoning_tokens,
        ),
    ]
    .into_iter()
    .filter(|(_, wanted, got)| wanted.is_some() && wanted != got)
    .map(|(key, wanted, got)| format!("usage.{key}: wanted {wanted:?}, got {got:?}"))
    .collect()
}

fn failure(expected: &Value, answer: &Answer) -> Vec<String> {
    let classes: Vec<&str> = match (
        expected.get("error_class"),
        expected.get("error_class_any_of"),
    ) {
        (Some(class), _) => class.as_str().into_iter().collect(),
        (None, Some(Value::Array(any))) => any.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    match (&answer.failure, classes.is_empty()) {
        (None, true) => Vec::new(),
        (None, false) => vec![format!("wanted an error of {classes:?}")],
        (Some(error), true) => vec![format!("unexpected {error:?}")],
        (Some(error), false) => {
            let mut found = Vec::new();
            if !classes.contains(&class(error.kind())) {
                found.push(format!("error class: wanted {classes:?}, got {error:?}"));
            }
            found.extend(details(expected, error));
            found
        }
    }
}

fn details(expected: &Value, error: &Error) -> Vec<String> {
    let text = |key: &str| match expected.get(key) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let name = text("error_code_raw").or_else(|| text("error_type_raw"));
    let status = text("http_status").or_else(|| Some("200".to_owned()));
    let retry_after = expected.get("retry_after_s").and_then(Value::as_f64);
    let checks = [
        ("code", name, error.vendor_code().map(str::to_owned)),
        (
            "message",
            text("error_message").map(|message| redact(&message)),
            Some(error.message().to_owned()),
        ),
        ("status", status, error.status().map(|s| s.to_string())),
        (
            "retry after",
            retry_after.map(|seconds| seconds.to_string()),
            error
                .retry_after()
                .map(|wait| wait.as_secs_f64().to_string()),
        ),
    ];
    let wrong = |(_, wanted, got): &(&str, Option<String>, Option<String>)| {
        wanted.is_some() && wanted != got
    };
    checks
        .into_iter()
        .filter(wrong)
        .map(|(what, wanted, got)| format!("error {what}: wanted {wanted:?}, got {got:?}"))
        .collect()
}

fn class(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest | ErrorKind::PayloadTooLarge => "invalid_request",
        ErrorKind::Authentication => "authentication",
        ErrorKind::Permission => "permission",
        ErrorKind::NotFound => "not_found",
        ErrorKind::ContextLength => "context_length",
        ErrorKind::ContentFiltered => "content_policy",
        ErrorKind::RateLimited => "rate_limit",
        ErrorKind::QuotaExhausted => "quota",
        ErrorKind::Overloaded => "overloaded",
        ErrorKind::Unavailable => "server_error",
        ErrorKind::Timeout(_) => "timeout",
        _ => "none",
    }
}
