//! Writes an error in the format's own shape.

use serde_json::{Value, json};

use super::merge::{object, set};

/// An error as a caller is to see it; whoever fills it has taken care that no secret is in it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ErrorBody<'a> {
    /// The HTTP status the error goes out with, or would.
    pub status: u16,
    /// The stable snake_case code.
    pub code: &'a str,
    /// What happened, for people.
    pub message: &'a str,
    /// The request field at fault.
    pub param: Option<&'a str>,
    /// The attempts that led here, as a JSON list.
    pub attempts: Option<Value>,
}

impl<'a> ErrorBody<'a> {
    /// An error with its status, stable code and message.
    #[must_use]
    pub const fn new(status: u16, code: &'a str, message: &'a str) -> Self {
        Self {
            status,
            code,
            message,
            param: None,
            attempts: None,
        }
    }

    /// Names the request field at fault.
    #[must_use]
    pub const fn with_param(mut self, param: Option<&'a str>) -> Self {
        self.param = param;
        self
    }

    /// Lists the attempts that led here.
    #[must_use]
    pub fn with_attempts(mut self, attempts: Option<Value>) -> Self {
        self.attempts = attempts;
        self
    }
}

/// Writes `{"error": {"message", "type", "param", "code"}}`, with `attempts` where there are any.
#[must_use]
pub fn encode_error(error: &ErrorBody<'_>) -> Value {
    let mut fields = object([
        ("message", error.message.into()),
        ("type", error_type(error.status).into()),
        ("param", error.param.map_or(Value::Null, Value::from)),
        ("code", error.code.into()),
    ]);
    set(&mut fields, "attempts", error.attempts.clone());
    json!({ "error": fields })
}

const fn error_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        500.. => "server_error",
        _ => "invalid_request_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_has_all_four_fields_and_attempts_only_where_there_are_any() {
        let error = ErrorBody::new(404, "not_found", "no such model").with_param(Some("model"));
        assert_eq!(
            encode_error(&error),
            json!({"error": {"message": "no such model", "type": "invalid_request_error",
                "param": "model", "code": "not_found"}})
        );
        let error = ErrorBody::new(502, "all_targets_failed", "nobody answered")
            .with_attempts(Some(json!([{"provider": "a"}])));
        assert_eq!(
            encode_error(&error)["error"]["attempts"][0]["provider"],
            "a"
        );
    }
}
