//! Which differences between two requests say the same to the vendor: data, with a reason each.

use serde_json::{Map, Value};

/// A rule by which two spellings of a request become one.
pub(crate) struct Equivalence {
    /// Why the spellings mean the same.
    #[expect(dead_code, reason = "for whoever reads the list")]
    reason: &'static str,
    /// Rewrites one value, whose children are rewritten already, to the common spelling. The first
    /// argument is the key under which it stands, empty in lists and at the top.
    apply: fn(&str, &mut Value),
}

/// The rules, in the order in which they are applied.
const EQUIVALENCES: [Equivalence; 3] = [
    Equivalence {
        reason: "a field that is null is absent to every vendor here",
        apply: |_, value| {
            if let Value::Object(fields) = value {
                fields.retain(|_, field| !field.is_null());
            }
        },
    },
    Equivalence {
        reason: "JSON has one kind of number: 1 is 1.0",
        apply: |_, value| {
            if let Some(number) = value.as_f64() {
                *value = number.into();
            }
        },
    },
    Equivalence {
        reason: "a string is short for one part of text",
        apply: |key, value| {
            if key == "content"
                && let Some([part]) = value.as_array().map(Vec::as_slice)
                && let Some(text) = bare_text(part)
            {
                *value = text.into();
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

/// The request in the common spelling.
pub(crate) fn common(mut request: Value) -> Value {
    for rule in &EQUIVALENCES {
        rewrite("", &mut request, rule.apply);
    }
    request
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

/// Where two requests differ, one sentence each.
pub(crate) fn differences(recorded: &Value, sent: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", recorded, sent, &mut found);
    found
}

fn compare(path: &str, recorded: &Value, sent: &Value, found: &mut Vec<String>) {
    match (recorded, sent) {
        (Value::Object(left), Value::Object(right)) => compare_fields(path, left, right, found),
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (position, (left, right)) in left.iter().zip(right).enumerate() {
                compare(&format!("{path}[{position}]"), left, right, found);
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

fn compare_fields(
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
            (Some(left), Some(right)) => compare(&place, left, right, found),
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
