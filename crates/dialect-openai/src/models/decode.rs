//! Reads a list of models.

use bytes::Bytes;
use interline_core::{Error, ListedModel, Result};
use interline_transport::body_snippet;
use serde_json::Value;

use crate::exchange::in_band_error;

/// Where vendors write how many tokens a model reads and writes in all: OpenRouter and Together, vLLM,
/// Groq, Mistral, llama.cpp.
const CONTEXT_WINDOW: [&str; 5] = [
    "/context_length",
    "/max_model_len",
    "/context_window",
    "/max_context_length",
    "/meta/n_ctx",
];

/// Where vendors write how many tokens a model may write: Groq, OpenRouter, Azure and others.
const MAX_OUTPUT: [&str; 3] = [
    "/max_completion_tokens",
    "/top_provider/max_completion_tokens",
    "/max_output_tokens",
];

/// Where vendors write a name for people.
const DISPLAY_NAME: [&str; 2] = ["/display_name", "/name"];

/// Reads a list of models: an object with the list in `data`, or the bare list.
///
/// # Errors
/// `Protocol` where the body is neither, or a model has no `id`; the vendor's own error, by its kind,
/// where the body reports one although the status says success.
pub fn decode_models(body: &Bytes) -> Result<Vec<ListedModel>> {
    let document: Value = serde_json::from_slice(body)
        .map_err(|_| broken(&format!("is not JSON: {}", body_snippet(body))))?;
    let items = match &document {
        Value::Array(items) => items,
        document => match document.get("data") {
            Some(Value::Array(items)) => items,
            // Servers without a model say `null`.
            Some(Value::Null) => return Ok(Vec::new()),
            _ => {
                return Err(in_band_error(body).unwrap_or_else(|| broken("has no list in `data`")));
            }
        },
    };
    items
        .iter()
        .enumerate()
        .map(|(position, item)| {
            model(item).ok_or_else(|| broken(&format!("has no `id` in `data[{position}]`")))
        })
        .collect()
}

fn broken(what: &str) -> Error {
    Error::protocol(format!("the vendor's list of models {what}"))
}

fn model(item: &Value) -> Option<ListedModel> {
    let id = item.get("id").and_then(Value::as_str)?;
    let mut model = ListedModel::new(id);
    model.display_name = first(item, &DISPLAY_NAME, |name| {
        let name = name
            .as_str()
            .filter(|name| !name.is_empty() && *name != id)?;
        Some(name.to_owned())
    });
    model.context_window = first(item, &CONTEXT_WINDOW, count);
    model.max_output_tokens = first(item, &MAX_OUTPUT, count);
    Some(model)
}

fn first<T>(item: &Value, places: &[&str], read: impl Fn(&Value) -> Option<T>) -> Option<T> {
    places.iter().find_map(|place| read(item.pointer(place)?))
}

/// A number of tokens; vendors write zero for models that read none.
fn count(value: &Value) -> Option<u64> {
    value.as_u64().filter(|count| *count > 0)
}

#[cfg(test)]
mod tests {
    use interline_core::ErrorKind;
    use serde_json::json;

    use super::*;

    fn decode(body: &Value) -> Result<Vec<ListedModel>> {
        decode_models(&Bytes::from(body.to_string()))
    }

    #[track_caller]
    fn check(item: &Value, window: Option<u64>, most: Option<u64>, name: Option<&str>) {
        let models = decode(&json!([item])).expect("a list");
        assert_eq!(models[0].context_window, window);
        assert_eq!(models[0].max_output_tokens, most);
        assert_eq!(models[0].display_name.as_deref(), name);
    }

    #[test]
    fn what_vendors_say_of_a_model_is_read_wherever_it_stands() {
        check(
            &json!({"id": "a", "object": "model", "owned_by": "x"}),
            None,
            None,
            None,
        );
        check(
            &json!({"id": "a", "context_length": 9, "display_name": "A"}),
            Some(9),
            None,
            Some("A"),
        );
        check(
            &json!({"id": "a", "max_model_len": 9, "context_length": 0}),
            Some(9),
            None,
            None,
        );
        check(
            &json!({"id": "a", "context_window": 9, "max_completion_tokens": 5}),
            Some(9),
            Some(5),
            None,
        );
        check(
            &json!({"id": "a", "max_context_length": 9, "name": "a"}),
            Some(9),
            None,
            None,
        );
        check(
            &json!({"id": "a", "name": "Maker: A", "top_provider": {"max_completion_tokens": 5}}),
            None,
            Some(5),
            Some("Maker: A"),
        );
        check(
            &json!({"id": "a", "meta": {"n_ctx": 9}}),
            Some(9),
            None,
            None,
        );
    }

    #[test]
    fn the_list_stands_in_data_or_alone_in_the_vendors_order() {
        for body in [
            json!({"object": "list", "data": [{"id": "b"}, {"id": "a"}]}),
            json!([{"id": "b"}, {"id": "a"}]),
        ] {
            let models = decode(&body).expect("a list");
            let ids: Vec<_> = models.iter().map(|model| model.id.as_str()).collect();
            assert_eq!(ids, ["b", "a"]);
        }
        assert_eq!(decode(&json!({"data": null})).expect("a list"), []);
    }

    #[track_caller]
    fn broken_by(body: &[u8], kind: ErrorKind, told: &str) {
        let error = decode_models(&Bytes::copy_from_slice(body)).expect_err("broken");
        assert_eq!(error.kind(), kind);
        assert!(error.message().contains(told), "{error}");
    }

    #[test]
    fn what_is_wrong_with_a_list_is_told() {
        broken_by(b"<p>", ErrorKind::Protocol, "is not JSON: <p>");
        broken_by(b"{}", ErrorKind::Protocol, "has no list in `data`");
        broken_by(
            br#"{"data":[{"id":"a"},{}]}"#,
            ErrorKind::Protocol,
            "has no `id` in `data[1]`",
        );
        broken_by(
            br#"{"error":{"message":"no such key","code":"invalid_api_key"}}"#,
            ErrorKind::Authentication,
            "no such key",
        );
    }
}
