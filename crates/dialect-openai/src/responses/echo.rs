//! The fields of an answer that repeat its request, as clients of the format expect.

use std::collections::BTreeMap;

use interline_core::ChatRequest;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::FORMAT;
use crate::chat::merge::object;

/// The fields of an answer that repeat its request.
///
/// What the request leaves to the vendor is `null` where the format allows that, else the format's
/// default. `store` is always `false`: nobody here keeps the answer, so nobody could find it again.
#[derive(Clone, Debug)]
pub(crate) struct Echo(Map<String, Value>);

impl Echo {
    /// What an answer to `request` repeats: values as they arrived in this format.
    pub(crate) fn of(request: &ChatRequest) -> Self {
        let mut fields = defaults();
        let arrived: BTreeMap<String, &RawValue> = request
            .origin_in(&FORMAT)
            .and_then(|origin| serde_json::from_slice(&origin.body).ok())
            .unwrap_or_default();
        for (key, value) in &mut fields {
            let sent = arrived.get(key.as_str());
            let sent = sent.and_then(|sent| serde_json::from_str::<Value>(sent.get()).ok());
            if let Some(sent) = sent.filter(|sent| !sent.is_null()) {
                *value = sent;
            }
        }
        fields.insert("store".to_owned(), Value::Bool(false));
        Self(fields)
    }

    /// The fields, to be filled with the answer.
    pub(crate) fn fields(&self) -> Map<String, Value> {
        self.0.clone()
    }
}

fn defaults() -> Map<String, Value> {
    object([
        ("background", false.into()),
        ("instructions", Value::Null),
        ("max_output_tokens", Value::Null),
        ("max_tool_calls", Value::Null),
        ("metadata", json!({})),
        ("parallel_tool_calls", true.into()),
        ("previous_response_id", Value::Null),
        ("prompt_cache_key", Value::Null),
        ("reasoning", json!({"effort": null, "summary": null})),
        ("safety_identifier", Value::Null),
        ("service_tier", Value::Null),
        ("temperature", Value::Null),
        ("text", json!({"format": {"type": "text"}})),
        ("tool_choice", "auto".into()),
        ("tools", json!([])),
        ("top_logprobs", Value::Null),
        ("top_p", Value::Null),
        ("truncation", "disabled".into()),
        ("user", Value::Null),
    ])
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use interline_core::{Message, Origin};

    use super::*;

    #[test]
    fn what_was_sent_is_repeated_and_the_rest_has_the_formats_default() {
        let body = json!({"model": "m", "input": "secret", "tools": [{"type": "web_search"}],
            "temperature": 0.5, "store": true, "user": null});
        let request = ChatRequest::new("m", [Message::user("secret")])
            .with_origin(Origin::new(FORMAT, Bytes::from(body.to_string())));
        let fields = Echo::of(&request).fields();
        assert_eq!(fields["tools"], body["tools"]);
        assert_eq!(fields["temperature"], 0.5);
        assert_eq!(fields["store"], false);
        assert_eq!(fields["tool_choice"], "auto");
        assert_eq!(fields.get("input"), None);
    }
}
