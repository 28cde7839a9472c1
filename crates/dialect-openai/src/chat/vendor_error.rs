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
}

/// The error in a document, where it has one beside or instead of an answer.
pub(crate) fn find<'a>(document: &'a Value, envelope: Option<&str>) -> Option<&'a Value> {
    let present = |value: &&Value| !value.is_null();
    document
        .get("error")
        .filter(present)
        .or_else(|| document.get(envelope?)?.get("error").filter(present))
        .or_else(|| (document.get("object")?.as_str()? == "error").then_some(document))
}

impl VendorError {
    /// Reads an error object, or the bare sentence that some servers send instead.
    pub(crate) fn read(error: &Value) -> Self {
        let text = |key: &str| error.get(key).and_then(word);
        let message = match error {
            Value::String(sentence) => Some(sentence.clone()),
            _ => text("message")
                .or_else(|| error.get("detail").and_then(detail))
                .or_else(|| text("error")),
        };
        let status = ["code", "status_code", "http_status_code", "status"]
            .iter()
            .find_map(|key| http_status(error.get(*key)?));
        Self {
            message: clean(&message.unwrap_or_else(|| "no message".to_owned())),
            code: text("code"),
            r#type: text("type"),
            param: text("param"),
            status,
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

/// `detail` is a sentence, or a list of findings with a `msg` each.
fn detail(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(findings) => findings.first()?.get("msg")?.as_str().map(str::to_owned),
        _ => None,
    }
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
    }

    #[test]
    fn an_answer_without_error_has_none() {
        let chunk = json!({"object": "chat.completion.chunk", "error": null, "x_box": {"id": 1}});
        assert_eq!(find(&chunk, Some("x_box")), None);
    }
}
