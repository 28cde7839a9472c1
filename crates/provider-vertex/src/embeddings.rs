//! Embeddings: one `:predict` for all texts, or one `:embedContent` for each.

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use interline_core::{CallContext, EmbedRequest, EmbedResponse, Error, Result, Usage};
use interline_dialect_gemini::{EMBED_FORMAT, decode_embed_response, embed_texts, task_type};
use interline_transport::{Accept, HttpRequest, join_url};
use serde_json::{Map, Value, json};

use crate::exchange::Exchange;
use crate::predict;

/// The longest answer with vectors, in bytes (chosen, not measured: 250 texts of 3072 numbers take
/// 15 MiB).
const MAX_VECTORS_BYTES: usize = 64 * 1024 * 1024;

/// How many texts are embedded at once where each takes a call (chosen, not measured: enough to hide
/// the way there and back, too few to use up a new project's quota).
const CALLS_AT_ONCE: usize = 4;

/// Whether the model takes one text at a time, over `:embedContent`: newer Gemini embeddings and open
/// models do, by the same test of the name as in Google's own SDKs.
fn takes_one_text(model: &str) -> bool {
    (model.contains("gemini") && model != "gemini-embedding-001") || model.contains("maas")
}

/// Embeds all texts, over whichever method the model has.
pub(crate) async fn embed(
    exchange: &Exchange,
    cx: &CallContext,
    req: &EmbedRequest,
) -> Result<EmbedResponse> {
    let response = if takes_one_text(req.model.as_str()) {
        one_by_one(exchange, cx, req).await?
    } else {
        let url = address(exchange, req, "predict")?;
        let decode = |body| predict::decode(req.model.as_str(), body);
        ask(exchange, cx, url, predict::encode(req)?, decode).await?
    };
    response.fits(req)?;
    Ok(response)
}

async fn one_by_one(
    exchange: &Exchange,
    cx: &CallContext,
    req: &EmbedRequest,
) -> Result<EmbedResponse> {
    let url = address(exchange, req, "embedContent")?;
    let decode = |body| decode_embed_response(req.model.as_str(), body);
    let mut calls = Vec::new();
    for text in embed_texts(req)? {
        calls.push(ask(exchange, cx, url.clone(), one(req, text), decode));
    }
    let answers: Vec<EmbedResponse> = stream::iter(calls)
        .buffered(CALLS_AT_ONCE)
        .try_collect()
        .await?;
    Ok(joined(req, answers))
}

fn one(req: &EmbedRequest, text: &str) -> Bytes {
    let mut config: Map<String, Value> = req
        .extra
        .for_format(&EMBED_FORMAT)
        .cloned()
        .unwrap_or_default();
    if let Some(purpose) = &req.purpose {
        config.insert("taskType".into(), json!(task_type(purpose)));
    }
    if let Some(dimensions) = req.dimensions {
        config.insert("outputDimensionality".into(), json!(dimensions));
    }
    let mut body = json!({"content": {"parts": [{"text": text}]}});
    if !config.is_empty() {
        body["embedContentConfig"] = Value::Object(config);
    }
    Bytes::from(body.to_string())
}

/// One answer of many: their bytes are kept where there is only one, of what was said around them the
/// last.
fn joined(req: &EmbedRequest, answers: Vec<EmbedResponse>) -> EmbedResponse {
    let mut whole = EmbedResponse::new(req.model.as_str(), Vec::new());
    let mut usage = Usage::default();
    usage.input_tokens = answers.iter().try_fold(0_u64, |sum, answer| {
        Some(sum.saturating_add(answer.usage.input_tokens?))
    });
    whole.usage = usage;
    let alone = answers.len() == 1;
    for answer in answers {
        whole.embeddings.extend(answer.embeddings);
        if alone {
            whole.raw = answer.raw;
        }
        whole.meta = answer.meta;
    }
    whole
}

async fn ask(
    exchange: &Exchange,
    cx: &CallContext,
    url: String,
    body: Bytes,
    decode: impl FnOnce(Bytes) -> Result<EmbedResponse>,
) -> Result<EmbedResponse> {
    let request = HttpRequest::post_json(url, body, Accept::Json);
    let (mut answer, meta) = exchange.ask(cx, request, MAX_VECTORS_BYTES, decode).await?;
    answer.meta = meta;
    Ok(answer)
}

/// The address of a method of the request's model.
fn address(exchange: &Exchange, req: &EmbedRequest, method: &str) -> Result<String> {
    let (publisher, model) = match req.model.as_str().split_once('/') {
        Some((publisher, model)) => (publisher, model),
        None => ("google", req.model.as_str()),
    };
    for name in [publisher, model] {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.@".contains(c);
        if name.trim_matches('.').is_empty() || !name.chars().all(plain) {
            return Err(Error::invalid_request(format!(
                "model `{}` is no name of an embedding model: write `model` or `publisher/model`",
                req.model
            ))
            .with_param("model"));
        }
    }
    let path = format!("models/{model}:{method}");
    Ok(join_url(&exchange.place.publisher(publisher), &path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_tells_how_many_texts_a_call_takes() {
        for (model, one) in [
            ("text-embedding-005", false),
            ("gemini-embedding-001", false),
            ("gemini-embedding-2-preview", true),
            ("intfloat/multilingual-e5-large-instruct-maas", true),
        ] {
            assert_eq!(takes_one_text(model), one, "{model}");
        }
    }

    #[test]
    fn usage_is_the_sum_and_unknown_where_any_is() {
        let req = EmbedRequest::new("m", ["a", "b"]);
        let answer = |tokens| {
            let mut answer = EmbedResponse::new("m", vec![vec![0.5]]);
            answer.usage.input_tokens = tokens;
            answer
        };
        let whole = joined(&req, vec![answer(Some(2)), answer(Some(3))]);
        assert_eq!(whole.usage.input_tokens, Some(5));
        assert_eq!(whole.embeddings.len(), 2);
        let whole = joined(&req, vec![answer(Some(2)), answer(None)]);
        assert!(whole.usage.is_unknown());
        let absurd = joined(&req, vec![answer(Some(2)), answer(Some(u64::MAX))]);
        assert_eq!(absurd.usage.input_tokens, Some(u64::MAX));
    }
}
