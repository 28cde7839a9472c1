//! Writes an answer for a caller of this format.

use bytes::Bytes;
use interline_core::{EmbedResponse, Origin, RawBody, Usage};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::numbers::packed;
use super::{Encoding, FORMAT};

/// Writes an answer; `model` is the name the caller is to see.
///
/// An answer of this format whose vectors already stand in the wanted encoding leaves as it came, byte
/// for byte, with only `model` replaced where it differs. Any other is written from the types.
#[must_use]
pub fn encode_response(response: &EmbedResponse, encoding: Encoding, model: &str) -> Bytes {
    let raw = response.raw.as_ref();
    if let Some(raw) = raw.filter(|raw| raw.format == FORMAT && is_written_in(encoding, raw))
        && let Some(body) = pass_through(raw, &response.model, model)
    {
        return body;
    }
    let mut out = String::from(r#"{"object":"list","data":["#);
    for (index, vector) in response.embeddings.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        out.push_str(r#"{"object":"embedding","index":"#);
        out.push_str(&index.to_string());
        out.push_str(r#","embedding":"#);
        out.push_str(&written(vector, encoding));
        out.push('}');
    }
    out.push_str(r#"],"model":"#);
    out.push_str(&Value::from(model).to_string());
    if let Some(usage) = usage(&response.usage) {
        out.push_str(r#","usage":"#);
        out.push_str(&usage.to_string());
    }
    out.push('}');
    Bytes::from(out)
}

fn written(vector: &[f32], encoding: Encoding) -> String {
    match encoding {
        Encoding::Float => {
            let numbers: Vec<String> = vector.iter().map(|number| number_text(*number)).collect();
            format!("[{}]", numbers.join(","))
        }
        // Base64 has no letter that JSON would escape.
        Encoding::Base64 => format!("\"{}\"", packed(vector)),
    }
}

/// The shortest digits that mean this number, whatever JSON cannot say as `null`.
fn number_text(number: f32) -> String {
    serde_json::to_string(&number).unwrap_or_else(|_| "null".to_owned())
}

/// What the format says of tokens; nothing where the vendor said nothing.
fn usage(usage: &Usage) -> Option<Value> {
    let read = usage.input_tokens?;
    Some(json!({"prompt_tokens": read, "total_tokens": read}))
}

fn pass_through(raw: &RawBody, own: &str, model: &str) -> Option<Bytes> {
    if own == model {
        return Some(raw.body.clone());
    }
    Origin::new(FORMAT, raw.body.clone())
        .with_keys(&[("model", Some(model.into()))])
        .ok()
}

/// The vectors of a body, unread.
#[derive(Deserialize)]
struct Vectors<'a> {
    #[serde(borrow)]
    data: Vec<Vector<'a>>,
}

#[derive(Deserialize)]
struct Vector<'a> {
    #[serde(borrow)]
    embedding: &'a RawValue,
}

fn is_written_in(encoding: Encoding, raw: &RawBody) -> bool {
    let begins_with = match encoding {
        Encoding::Float => '[',
        Encoding::Base64 => '"',
    };
    serde_json::from_slice::<Vectors<'_>>(&raw.body).is_ok_and(|vectors| {
        let mut values = vectors.data.iter().map(|vector| vector.embedding.get());
        values.all(|value| value.starts_with(begins_with))
    })
}

#[cfg(test)]
mod tests {
    use super::super::{EmbeddingQuirks, decode_response};
    use super::*;

    /// 1.0 and -2.5 as 32-bit floats, the lowest byte first.
    const PACKED: &str = "AACAPwAAIMA=";

    fn arrived(body: &str) -> EmbedResponse {
        let body = Bytes::copy_from_slice(body.as_bytes());
        decode_response(body, &EmbeddingQuirks::new()).expect("an answer")
    }

    fn answer(embedding: &str) -> String {
        format!(
            r#"{{"object":"list","data":[{{"object":"embedding","index":0,"embedding":{embedding}}}],"model":"m","usage":{{"prompt_tokens":2,"total_tokens":2}}}}"#
        )
    }

    #[test]
    fn bytes_pass_where_the_encodings_agree_and_only_there() {
        let floats = format!(" {}", answer("[1.00, -2.5]"));
        let base64 = format!(" {}", answer(&format!("\"{PACKED}\"")));
        for (body, own, other, wanted) in [
            (
                &floats,
                Encoding::Float,
                Encoding::Base64,
                answer(&format!("\"{PACKED}\"")),
            ),
            (
                &base64,
                Encoding::Base64,
                Encoding::Float,
                answer("[1.0,-2.5]"),
            ),
        ] {
            let response = arrived(body);
            assert_eq!(encode_response(&response, own, "m"), body.as_bytes());
            assert_eq!(encode_response(&response, other, "m"), wanted);
        }
    }

    #[test]
    fn the_caller_sees_the_model_it_asked_for() {
        let response = arrived(&answer("[1.0,-2.5]"));
        let shown = encode_response(&response, Encoding::Float, "route");
        let wanted = answer("[1.0,-2.5]").replace("\"m\"", "\"route\"");
        assert_eq!(shown, wanted);
    }

    #[test]
    fn unknown_tokens_are_not_written_as_zero() {
        let response = EmbedResponse::new("m", vec![vec![0.1]]);
        let body = encode_response(&response, Encoding::Float, "m");
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(body.get("usage"), None);
        assert_eq!(body["data"][0]["embedding"].to_string(), "[0.1]");
    }
}
