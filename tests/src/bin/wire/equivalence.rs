//! Which differences between two requests say the same to the vendor: rules as data, with a reason each.

mod gemini;
mod openai;
mod responses;

use serde_json::{Map, Value};

/// A rule by which two spellings of a request become one.
pub(crate) struct Equivalence {
    /// How the protocols begin that it holds for; empty for all.
    pub(crate) apis: &'static [&'static str],
    /// Why the spellings mean the same.
    pub(crate) reason: &'static str,
    /// Rewrites one value, whose children are rewritten already, to the common spelling. The first
    /// argument is the key under which it stands, empty in lists and at the top.
    pub(crate) apply: fn(&str, &mut Value),
}

/// The rules of every format.
const ALL: &[Equivalence] = &[
    Equivalence {
        apis: &[],
        reason: "a field that is null is absent",
        apply: |_, value| {
            if let Value::Object(fields) = value {
                fields.retain(|_, field| !field.is_null());
            }
        },
    },
    Equivalence {
        apis: &[],
        reason: "JSON has one kind of number: 1 is 1.0",
        apply: |_, value| {
            if let Some(number) = value.as_f64() {
                *value = number.into();
            }
        },
    },
    Equivalence {
        apis: &[],
        reason: "a string is short for one part of text",
        apply: |key, value| {
            if ["content", "system"].contains(&key)
                && let Some([part]) = value.as_array().map(Vec::as_slice)
                && let Some(text) = bare_text(part)
            {
                *value = text.into();
            }
        },
    },
    Equivalence {
        apis: &[],
        reason: "an empty list of tools or calls says what its absence says",
        apply: |_, value| {
            if let Value::Object(fields) = value {
                fields.retain(|key, field| {
                    !["tools", "tool_calls"].contains(&key.as_str())
                        || *field != Value::Array(vec![])
                });
            }
        },
    },
];

fn bare_text(part: &Value) -> Option<String> {
    let fields = part.as_object()?;
    let is_bare = fields.len() == 2 && fields.get("type")? == "text";
    let text = fields.get("text")?.as_str()?;
    is_bare.then(|| text.to_owned())
}

/// How two requests differ, and which rules made differences go.
pub(crate) struct Comparison {
    /// Where they say something else, one sentence each.
    pub(crate) differences: Vec<String>,
    /// The reasons of the rules by which other differences were found harmless.
    pub(crate) harmless: Vec<&'static str>,
}

/// Compares the recorded request of a protocol with the one that was sent.
pub(crate) fn compare(api: &str, mut recorded: Value, mut sent: Value) -> Comparison {
    let mut left = differences(&recorded, &sent);
    let mut harmless = Vec::new();
    let rules = [ALL, openai::RULES, responses::RULES, gemini::RULES];
    for rule in rules.into_iter().flatten() {
        if !rule.apis.is_empty() && !rule.apis.iter().any(|begin| api.starts_with(begin)) {
            continue;
        }
        rewrite("", &mut recorded, rule.apply);
        rewrite("", &mut sent, rule.apply);
        let still = differences(&recorded, &sent);
        if still != left {
            harmless.push(rule.reason);
            left = still;
        }
    }
    Comparison {
        differences: left,
        harmless,
    }
}

fn rewrite(key: &str, value: &mut Value, apply: fn(&str, &mut Value)) {
    match value {
        Value::Array(items) => {
            for item in items {
                rewrite("", item, apply);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                rewrite(key, field, apply);
            }
        }
        _ => {}
    }
    apply(key, value);
}

/// Gives a field the name of another one, unless that one is there.
fn rename(fields: &mut Map<String, Value>, from: &str, to: &str) {
    if !fields.contains_key(to)
        && let Some(value) = fields.remove(from)
    {
        fields.insert(to.to_owned(), value);
    }
}

/// Where two requests differ, one sentence each.
fn differences(recorded: &Value, sent: &Value) -> Vec<String> {
    let mut found = Vec::new();
    descend("", recorded, sent, &mut found);
    found
}

fn descend(path: &str, recorded: &Value, sent: &Value, found: &mut Vec<String>) {
    match (recorded, sent) {
        (Value::Object(left), Value::Object(right)) => fields(path, left, right, found),
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (position, (left, right)) in left.iter().zip(right).enumerate() {
                descend(&format!("{path}[{position}]"), left, right, found);
            }
        }
        _ if recorded == sent => {}
        _ => found.push(format!(
            "`{path}` was {}, is {}",
            shown(Some(recorded)),
            shown(Some(sent))
        )),
    }
}

fn fields(
    path: &str,
    left: &Map<String, Value>,
    right: &Map<String, Value>,
    found: &mut Vec<String>,
) {
    let more = right.keys().filter(|key| !left.contains_key(*key));
    for key in left.keys().chain(more) {
        let place = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        match (left.get(key), right.get(key)) {
            (Some(left), Some(right)) => descend(&place, left, right, found),
            (left, right) => {
                found.push(format!(
                    "`{place}` was {}, is {}",
                    shown(left),
                    shown(right)
                ));
            }
        }
    }
}

fn shown(value: Option<&Value>) -> String {
    const MOST: usize = 120;
    let Some(value) = value else {
        return "absent".to_owned();
    };
    let text = value.to_string();
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(api: &str, recorded: Value, sent: Value, differences: &[&str]) -> Comparison {
        let comparison = compare(api, recorded, sent);
        assert_eq!(comparison.differences, differences);
        comparison
    }

    #[test]
    fn spellings_of_the_same_are_harmless_and_say_why() {
        let long = json!({"max_completion_tokens": 5, "stop": ["x"], "user": null,
            "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]});
        let short = json!({"max_tokens": 5.0, "stop": "x",
            "messages": [{"role": "user", "content": "hi"}]});
        let comparison = check("openai.chat", long, short, &[]);
        assert_eq!(comparison.harmless.len(), 5, "{:?}", comparison.harmless);
        let snake = json!({"system_instruction": {"role": "user", "parts": {"text": "hi"}}});
        let camel = json!({"systemInstruction": {"parts": [{"text": "hi"}]}});
        check("gemini.generateContent", snake, camel, &[]);
    }

    #[test]
    fn what_means_something_else_is_a_difference() {
        let recorded = json!({"messages": [{"role": "user", "content": "hi"}], "seed": 0,
            "tools": [{"type": "function", "function": {"name": "f"}}]});
        let sent = json!({"messages": [{"role": "system", "content": "ho"}], "n": 1});
        let differences = [
            "`messages[0].content` was \"hi\", is \"ho\"",
            "`messages[0].role` was \"user\", is \"system\"",
            "`seed` was 0.0, is absent",
            "`tools` was [{\"function\":{\"name\":\"f\"},\"type\":\"function\"}], is absent",
            "`n` was absent, is 1.0",
        ];
        check("openai.chat", recorded, sent, &differences);
    }

    #[test]
    fn a_rule_holds_for_its_protocols_only() {
        let thinking = || json!({"reasoning_content": " "});
        check("deepseek.chat", json!({}), thinking(), &[]);
        let differs = ["`reasoning_content` was absent, is \" \""];
        check("groq.chat", json!({}), thinking(), &differs);
    }
}
