//! A failure in this format's shape, for callers.

use serde_json::{Map, Value, json};

/// Anthropic's word per HTTP status; statuses not listed are `api_error`.
const TYPES: [(u16, &str); 12] = [
    (400, "invalid_request_error"),
    (401, "authentication_error"),
    (402, "billing_error"),
    (403, "permission_error"),
    (404, "not_found_error"),
    (408, "timeout_error"),
    (413, "request_too_large"),
    (422, "invalid_request_error"),
    (429, "rate_limit_error"),
    (503, "overloaded_error"),
    (504, "timeout_error"),
    (529, "overloaded_error"),
];

/// What a failure says to the caller.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ErrorBody {
    /// The HTTP status it goes with, or would have gone with had the stream not begun.
    pub status: u16,
    /// The stable snake_case code.
    pub code: String,
    /// What happened, for people; no secret in it.
    pub message: String,
    /// The request field at fault.
    pub param: Option<String>,
    /// What each attempt came to, as a JSON array.
    pub attempts: Option<Value>,
    /// The id of the call.
    pub request_id: Option<String>,
}

impl ErrorBody {
    /// A failure with a status, a stable code and a message.
    pub fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            param: None,
            attempts: None,
            request_id: None,
        }
    }

    /// Names the request field at fault.
    #[must_use]
    pub fn with_param(mut self, param: impl Into<Option<String>>) -> Self {
        self.param = param.into();
        self
    }

    /// Adds what each attempt came to.
    #[must_use]
    pub fn with_attempts(mut self, attempts: impl Into<Option<Value>>) -> Self {
        self.attempts = attempts.into();
        self
    }

    /// Adds the id of the call.
    #[must_use]
    pub fn with_request_id(mut self, id: impl Into<Option<String>>) -> Self {
        self.request_id = id.into();
        self
    }
}

/// The body `{"type":"error","error":{"type","message","code",…},"request_id"}`.
///
/// `error.type` is Anthropic's word for the status, which its SDKs raise exceptions by; `error.code`
/// is the stable code, which Anthropic does not have.
#[must_use]
pub fn encode_error(error: &ErrorBody) -> Value {
    let kind = TYPES
        .iter()
        .find(|(status, _)| *status == error.status)
        .map_or("api_error", |(_, kind)| *kind);
    let mut inner = Map::new();
    inner.insert("type".into(), json!(kind));
    inner.insert("message".into(), json!(error.message));
    inner.insert("code".into(), json!(error.code));
    if let Some(param) = &error.param {
        inner.insert("param".into(), json!(param));
    }
    if let Some(attempts) = &error.attempts {
        inner.insert("attempts".into(), attempts.clone());
    }
    let mut body = json!({"type": "error", "error": inner});
    if let Some(id) = &error.request_id {
        body["request_id"] = json!(id);
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_has_anthropics_word_and_our_code() {
        let error = ErrorBody::new(502, "all_targets_failed", "2 targets failed")
            .with_attempts(json!([{"provider": "a"}]))
            .with_request_id("r1".to_owned());
        assert_eq!(
            encode_error(&error),
            json!({
                "type": "error",
                "error": {
                    "type": "api_error",
                    "message": "2 targets failed",
                    "code": "all_targets_failed",
                    "attempts": [{"provider": "a"}],
                },
                "request_id": "r1",
            })
        );
    }

    #[test]
    fn the_status_chooses_the_word() {
        let word =
            |status| encode_error(&ErrorBody::new(status, "c", "m"))["error"]["type"].clone();
        assert_eq!(word(400), "invalid_request_error");
        assert_eq!(word(429), "rate_limit_error");
        assert_eq!(word(529), "overloaded_error");
        assert_eq!(word(599), "api_error");
    }
}
