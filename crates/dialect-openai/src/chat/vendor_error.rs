//! A vendor's error object, in all the shapes that servers of this format give it.

use interline_transport::redact;
use serde_json::Value;

/// Longest vendor message that is kept, in characters (chosen, not measured): enough for any
/// sentence, not enough to echo a whole prompt.
const MESSAGE_CHARS: usize = 2_000;

/// What a vendor says about a failure.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct VendorError {
    pub(crate) message: String,
    pub(crate) code: Option<String>,
    pub(crate) r#type: Option<String>,
    pub(crate) param: Option<String>,
    /// The HTTP status that the object itself names.
    pub(crate) status: Option<u16>,
    /// Further words that say what went wrong: an inner code, or what a filter found.
    pub(crate) marks: Vec<String>,
    /// What a vendor behind this one said, for the phrases in it; never told to anybody.
    pub(crate) upstream: Option<String>,
}

/// The error in a document, where it has one beside or instead of an answer.
pub(crate) fn find<'a>(document: &'a Value, envelope: Option<&str>) -> Option<&'a Value> {
    let present = |value: &&Value| !value.is_null();
    let error = document.get("error").filter(present);
    // A bare sentence has its code beside it.
    let error = match error {
        Some(Value::String(_)) => Some(document),
        other => other,
    };
    error
        .or_else(|| document.get(envelope?)?.get("error").filter(present))
        .or_else(|| (document.get("object")?.as_str()? == "error").then_some(document))
        .or_else(|| is_bare_error(document).then_some(document))
}

/// Whether a document is an error without any wrapping: a message and a code instead of an answer.
fn is_bare_error(document: &Value) -> bool {
    let has = |key: &str| document.get(key).is_some_and(|value| !value.is_null());
    document.get("message").is_some_and(Value::is_string)
        && !has("choices")
        && !has("usage")
        && (has("code") || has("type"))
}

impl VendorError {
    /// Reads an error object, or the bare sentence that some servers send instead.
    pub(crate) fn read(error: &Value) -> Self {
        let text = |key: &str| error.get(key).and_then(word);
        let finding = ["message", "detail"]
            .iter()
            .find_map(|key| finding(error.get(*key)?));
        let message = match error {
            Value::String(_) => word(error),
            _ => text("message")
                .or_else(|| error.get("detail").and_then(word))
                .or_else(|| finding.and_then(|finding| word(finding.get("msg")?)))
                .or_else(|| text("error")),
        };
        let status = [
            "code",
            "status_code",
            "raw_status_code",
            "http_status_code",
            "status",
        ]
        .iter()
        .find_map(|key| http_status(error.get(*key)?));
        let metadata = error.get("metadata");
        let upstream = metadata.and_then(|metadata| metadata.get("raw"));
        Self {
            message: clean(&message.unwrap_or_else(|| "no message".to_owned())),
            code: text("code"),
            r#type: text("type"),
            param: text("param").or_else(|| place(finding?.get("loc")?)),
            status,
            marks: marks(error),
            upstream: upstream.map(|raw| word(raw).unwrap_or_else(|| raw.to_string())),
        }
    }

    /// The code, or the type where there is no code.
    pub(crate) fn name(&self) -> Option<String> {
        self.code.clone().or_else(|| self.r#type.clone())
    }
}

/// A text or number as text.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The first finding of a validator: `[{"msg", "loc"}]`, bare or under `detail`.
fn finding(value: &Value) -> Option<&Value> {
    let findings = value.get("detail").unwrap_or(value);
    findings.get(0).filter(|finding| finding.is_object())
}

/// Where a validator found fault, as a path; it counts the body itself as the first step.
fn place(steps: &Value) -> Option<String> {
    let steps = steps.as_array()?.iter().filter_map(word);
    let path: Vec<String> = steps.skip_while(|step| step == "body").collect();
    (!path.is_empty()).then(|| path.join("."))
}

/// An inner code, and what a filter found.
fn marks(error: &Value) -> Vec<String> {
    let inner = error.pointer("/innererror/code").and_then(word);
    let flagged = error
        .pointer("/metadata/flagged_input")
        .map(|_| "flagged_input".to_owned());
    inner.into_iter().chain(flagged).collect()
}

fn http_status(value: &Value) -> Option<u16> {
    let status = match value {
        Value::Number(number) => number.as_u64()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    (400..600).contains(&status).then_some(status as u16)
}

fn clean(message: &str) -> String {
    let message = redact(message);
    match message.char_indices().nth(MESSAGE_CHARS) {
        Some((end, _)) => format!("{}…", message.get(..end).unwrap_or_default()),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(document: &Value, message: &str, name: Option<&str>, status: Option<u16>) {
        let error = VendorError::read(find(document, Some("x_box")).unwrap_or(document));
        assert_eq!(error.message, message, "{document}");
        assert_eq!(error.name().as_deref(), name, "{document}");
        assert_eq!(error.status, status, "{document}");
    }

    #[test]
    fn every_shape_of_error_object_is_read() {
        check(
            &json!({"error": {"message": "no", "type": "t", "code": "c"}}),
            "no",
            Some("c"),
            None,
        );
        check(
            &json!({"error": {"message": "no", "type": "t", "code": 503}}),
            "no",
            Some("503"),
            Some(503),
        );
        check(&json!({"error": "no"}), "no", None, None);
        check(&json!(""), "no message", None, None);
        check(&json!({"detail": ""}), "no message", None, None);
        check(&json!({"x_box": {"error": "no"}}), "no", None, None);
        check(
            &json!({"object": "error", "message": "no", "type": "BadRequestError", "code": 400}),
            "no",
            Some("400"),
            Some(400),
        );
        check(&json!({"detail": "Not Found"}), "Not Found", None, None);
        check(
            &json!({"detail": [{"msg": "field required"}]}),
            "field required",
            None,
            None,
        );
        check(
            &json!({"code": "invalid-argument", "error": "no"}),
            "no",
            Some("invalid-argument"),
            None,
        );
        check(
            &json!({"message": "no", "type": "t", "param": "p", "code": "wrong_api_key"}),
            "no",
            Some("wrong_api_key"),
            None,
        );
        check(
            &json!({"object": "error", "message": "no", "type": "t", "code": "3210",
                "raw_status_code": 400}),
            "no",
            Some("3210"),
            Some(400),
        );
    }

    #[test]
    fn a_validators_finding_names_its_place() {
        let finding = json!([{"type": "extra_forbidden", "loc": ["body", "messages", 0, "name"],
            "msg": "Extra inputs are not permitted", "input": null}]);
        for document in [
            json!({"detail": finding}),
            json!({"object": "error", "message": {"detail": finding}, "type": "t", "code": null}),
        ] {
            let error = VendorError::read(find(&document, None).unwrap_or(&document));
            assert_eq!(error.message, "Extra inputs are not permitted");
            assert_eq!(error.param.as_deref(), Some("messages.0.name"));
        }
    }

    #[test]
    fn inner_codes_filters_and_vendors_behind_are_heard() {
        let error = VendorError::read(&json!({"message": "m", "innererror": {"code": "inner"},
            "metadata": {"flagged_input": "…", "raw": {"error": "upstream"}}}));
        assert_eq!(error.marks, ["inner", "flagged_input"]);
        assert_eq!(error.upstream.as_deref(), Some(r#"{"error":"upstream"}"#));
    }

    #[test]
    fn an_answer_without_error_has_none() {
        let chunk = json!({"object": "chat.completion.chunk", "error": null, "x_box": {"id": 1}});
        assert_eq!(find(&chunk, Some("x_box")), None);
    }
}
