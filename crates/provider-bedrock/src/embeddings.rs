//! Embeddings of Titan and Cohere models, over InvokeModel.
//!
//! Converse does not embed, and InvokeModel takes each maker's own body. Titan takes one text in a call,
//! so several texts are several calls, a few at a time, and fail together; Cohere takes 96.
//! Cohere's models want to know what the vectors are for: without a word they are for documents.

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use interline_core::{
    CallContext, EmbedBody, EmbedInput, EmbedPurpose, EmbedRequest, EmbedResponse,
    EmbeddingProvider, Error, ErrorKind, Extra, FormatId, ModelId, Result, Usage, async_trait,
};
use interline_transport::{Accept, HttpRequest};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::Bedrock;
use crate::bedrock::MAX_RESPONSE_BYTES;
use interline_transport::json::{Fields, Flaw};

/// InvokeModel, in the body of whichever maker the model has.
pub const INVOKE_FORMAT: FormatId = FormatId::from_static("bedrock.invoke");

/// How many calls of one request are under way at once (chosen, not measured).
const AT_ONCE: usize = 4;

/// How many texts Cohere takes in one call.
const COHERE_TEXTS: usize = 96;

/// The header with the count that Cohere's body does not give.
const TOKENS_HEADER: &str = "x-amzn-bedrock-input-token-count";

/// Whose body it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Maker {
    Titan,
    Cohere,
}

impl Maker {
    fn of(model: &ModelId) -> Result<Self> {
        if model.as_str().contains("titan-embed-text") || model.as_str().contains("titan-embed-g1")
        {
            return Ok(Self::Titan);
        }
        if model.as_str().contains("cohere.embed") {
            return Ok(Self::Cohere);
        }
        let message = format!(
            "embeddings of `{model}` are not known: use a model of amazon.titan-embed-text or cohere.embed"
        );
        Err(unsupported(message).with_param("model"))
    }

    const fn texts_per_call(self) -> usize {
        match self {
            Self::Titan => 1,
            Self::Cohere => COHERE_TEXTS,
        }
    }
}

#[async_trait]
impl EmbeddingProvider for Bedrock {
    async fn embed(&self, cx: &CallContext, req: &EmbedRequest) -> Result<EmbedResponse> {
        let vectors = self.try_embed(cx, req).await;
        vectors.map_err(|error| error.with_target(&self.id, &req.model))
    }
}

impl Bedrock {
    async fn try_embed(&self, cx: &CallContext, req: &EmbedRequest) -> Result<EmbedResponse> {
        req.validate()?;
        let maker = Maker::of(&req.model)?;
        let bodies = encode(req, maker)?;
        let url = self.address.of_model(req.model.as_str(), "invoke")?;
        let calls = bodies.into_iter().map(|body| self.invoke(cx, &url, body));
        let mut answers = stream::iter(calls).buffered(AT_ONCE);
        let mut whole = EmbedResponse::new(req.model.as_str(), Vec::new());
        while let Some(answer) = answers.try_next().await? {
            whole.embeddings.extend(answer.embeddings);
            let so_far = whole.usage.input_tokens.unwrap_or(0);
            let more = answer.usage.input_tokens;
            whole.usage.input_tokens = more.map(|more| so_far.saturating_add(more));
            whole.meta = answer.meta;
        }
        whole.fits(req)?;
        Ok(whole)
    }

    /// One call.
    async fn invoke(&self, cx: &CallContext, url: &str, body: Bytes) -> Result<EmbedResponse> {
        let request = HttpRequest::post_json(url, body, Accept::Json);
        let response = self.exchange(cx, request).await?;
        let meta = response.meta();
        let tokens = response.headers.get(TOKENS_HEADER);
        let tokens = tokens.and_then(|count| count.to_str().ok()?.trim().parse().ok());
        let body = response.bytes(MAX_RESPONSE_BYTES).await?;
        let answer: Answer = serde_json::from_slice(&body).map_err(|source| {
            Error::protocol("the embeddings break the format").with_source(source)
        })?;
        let mut usage = Usage::default();
        usage.input_tokens = answer.input_text_token_count.or(tokens);
        let mut decoded = EmbedResponse::new("", answer.vectors()).with_usage(usage);
        decoded.meta = meta;
        Ok(decoded)
    }
}

/// An answer of either maker.
#[derive(Deserialize)]
struct Answer {
    /// Titan's.
    embedding: Option<Vec<f32>>,
    #[serde(rename = "inputTextTokenCount")]
    input_text_token_count: Option<u64>,
    /// Cohere's.
    embeddings: Option<Vectors>,
}

/// Cohere's vectors: alone, or by the type that was asked for.
#[derive(Deserialize)]
#[serde(untagged)]
enum Vectors {
    Alone(Vec<Vec<f32>>),
    Typed { float: Vec<Vec<f32>> },
}

impl Answer {
    fn vectors(self) -> Vec<Vec<f32>> {
        match self.embeddings {
            Some(Vectors::Alone(vectors) | Vectors::Typed { float: vectors }) => vectors,
            None => self.embedding.into_iter().collect(),
        }
    }
}

/// The bodies of all calls, in the order of the texts.
fn encode(req: &EmbedRequest, maker: Maker) -> Result<Vec<Bytes>> {
    let mut texts = Vec::with_capacity(req.inputs.len());
    for input in &req.inputs {
        let Some(text) = input.as_text() else {
            let message = "Bedrock embeds texts, not tokens: send the words";
            return Err(unsupported(message).with_param("input"));
        };
        texts.push(text);
    }
    let bodies = texts.chunks(maker.texts_per_call()).map(|texts| {
        let mut body = Map::new();
        match maker {
            Maker::Titan => {
                body.insert("inputText".into(), json!(texts.concat()));
                body.extend(
                    req.dimensions
                        .map(|count| ("dimensions".into(), json!(count))),
                );
            }
            Maker::Cohere => {
                body.insert("texts".into(), json!(texts));
                body.insert("input_type".into(), json!(input_type(req.purpose.as_ref())));
                let dimensions = req.dimensions;
                body.extend(dimensions.map(|count| ("output_dimension".into(), json!(count))));
            }
        }
        let rest = req.extra.for_format(&INVOKE_FORMAT);
        for (key, value) in rest.into_iter().flatten() {
            body.entry(key.as_str()).or_insert_with(|| value.clone());
        }
        Bytes::from(Value::Object(body).to_string())
    });
    Ok(bodies.collect())
}

fn input_type(purpose: Option<&EmbedPurpose>) -> &str {
    match purpose {
        Some(EmbedPurpose::Query) => "search_query",
        Some(EmbedPurpose::Classification) => "classification",
        Some(EmbedPurpose::Clustering | EmbedPurpose::Similarity) => "clustering",
        Some(EmbedPurpose::Other(word)) => word,
        _ => "search_document",
    }
}

/// Reads the body of an embedding call as a client of Bedrock's sent it; for tools that replay or
/// compare recorded traffic.
///
/// # Errors
/// `InvalidRequest` with the path of the value at fault as `param`; `Unsupported` for a model whose
/// body is not known.
pub fn decode_embed_request(model: impl Into<ModelId>, body: &[u8]) -> Result<EmbedRequest> {
    let model = model.into();
    let value: Value = serde_json::from_slice(body).map_err(|source| {
        Error::invalid_request(format!("request body is not valid JSON: {source}"))
    })?;
    let typed = match Maker::of(&model)? {
        Maker::Titan => decode_titan(&value),
        Maker::Cohere => decode_cohere(&value),
    };
    let typed = typed.map_err(Flaw::into_invalid_request)?;
    Ok(EmbedRequest::from_body(model, typed))
}

fn decode_titan(value: &Value) -> Result<EmbedBody, Flaw> {
    let fields = Fields::of(value)?;
    let mut body = EmbedBody::default();
    body.inputs = vec![EmbedInput::from(fields.required_str("inputText")?)];
    body.dimensions = dimensions(fields, "dimensions")?;
    body.extra = Extra::new(INVOKE_FORMAT, fields.rest(&["inputText", "dimensions"]));
    Ok(body)
}

fn decode_cohere(value: &Value) -> Result<EmbedBody, Flaw> {
    let fields = Fields::of(value)?;
    let mut body = EmbedBody::default();
    for (index, text) in fields.list("texts")?.iter().enumerate() {
        let flaw = || Flaw::new("must be text").within(index).within("texts");
        body.inputs.push(text.as_str().ok_or_else(flaw)?.into());
    }
    body.purpose = fields.str("input_type")?.map(|word| match word {
        "search_query" => EmbedPurpose::Query,
        "search_document" => EmbedPurpose::Document,
        "classification" => EmbedPurpose::Classification,
        "clustering" => EmbedPurpose::Clustering,
        other => EmbedPurpose::Other(other.to_owned()),
    });
    body.dimensions = dimensions(fields, "output_dimension")?;
    let known = ["texts", "input_type", "output_dimension"];
    body.extra = Extra::new(INVOKE_FORMAT, fields.rest(&known));
    Ok(body)
}

fn dimensions(fields: Fields<'_>, key: &str) -> Result<Option<u32>, Flaw> {
    let count = fields.u64(key)?.map(u32::try_from).transpose();
    count.map_err(|_| Flaw::new("is too large").within(key))
}

fn unsupported(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{answering, bedrock};

    const TITAN: &str = "amazon.titan-embed-text-v2:0";
    const COHERE: &str = "cohere.embed-english-v3";

    async fn embed(body: &'static str, req: &EmbedRequest) -> (Result<EmbedResponse>, Value) {
        let transport = answering(200, body);
        let answer = bedrock(&transport).embed(&CallContext::new("c"), req).await;
        let sent = transport.last();
        assert!(sent.url.ends_with("/invoke"), "{}", sent.url);
        (answer, serde_json::from_slice(&sent.body).expect("JSON"))
    }

    #[tokio::test]
    async fn titan_embeds_each_text_in_a_call_of_its_own() {
        let req = EmbedRequest::new(TITAN, ["a", "b"]).with_dimensions(2);
        let body = r#"{"embedding":[0.5,0.25],"inputTextTokenCount":3}"#;
        let (answer, sent) = embed(body, &req).await;
        let answer = answer.expect("vectors");
        assert_eq!(answer.embeddings, [[0.5, 0.25], [0.5, 0.25]]);
        assert_eq!(answer.usage.input_tokens, Some(6));
        assert_eq!(sent, json!({"inputText": "b", "dimensions": 2}));
    }

    #[tokio::test]
    async fn cohere_embeds_many_texts_for_a_purpose() {
        let req = EmbedRequest::new(COHERE, ["a", "b"]).with_purpose(EmbedPurpose::Query);
        for body in [
            r#"{"embeddings":[[0.5],[0.25]],"id":"i"}"#,
            r#"{"embeddings":{"float":[[0.5],[0.25]]},"id":"i"}"#,
        ] {
            let (answer, sent) = embed(body, &req).await;
            assert_eq!(answer.expect("vectors").embeddings, [[0.5], [0.25]]);
            assert_eq!(
                sent,
                json!({"texts": ["a", "b"], "input_type": "search_query"})
            );
        }
    }

    #[tokio::test]
    async fn what_is_no_vector_for_each_text_is_refused() {
        let req = EmbedRequest::new(TITAN, ["a"]);
        for body in ["{}", r#"{"embedding":[]}"#, "<html>"] {
            let (answer, _) = embed(body, &req).await;
            assert_eq!(answer.expect_err("refused").kind(), ErrorKind::Protocol);
        }
    }

    #[test]
    fn requests_survive_the_types() {
        for (model, body) in [
            (
                TITAN,
                json!({"inputText": "a", "dimensions": 256, "normalize": true}),
            ),
            (
                COHERE,
                json!({"texts": ["a", "b"], "input_type": "clustering",
                "output_dimension": 512, "truncate": "END"}),
            ),
        ] {
            let req = decode_embed_request(model, body.to_string().as_bytes()).expect("good");
            let maker = Maker::of(&req.model).expect("known");
            let sent = encode(&req, maker).expect("encodable");
            let sent: Value = serde_json::from_slice(&sent[0]).expect("JSON");
            assert_eq!(sent, body);
        }
    }

    #[test]
    fn tokens_and_unknown_models_are_unsupported() {
        let tokens = EmbedRequest::new(TITAN, [vec![1, 2]]);
        let error = encode(&tokens, Maker::Titan).expect_err("tokens");
        assert_eq!(
            (error.kind(), error.param()),
            (ErrorKind::Unsupported, Some("input"))
        );
        let error = decode_embed_request("other", b"{}").expect_err("unknown");
        assert_eq!(
            (error.kind(), error.param()),
            (ErrorKind::Unsupported, Some("model"))
        );
    }
}
