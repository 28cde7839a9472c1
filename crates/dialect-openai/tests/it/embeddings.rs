//! Embeddings over a transport: what is sent, what comes back, how failures look; and round trips.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use interline_core::{
    CallContext, EmbedInput, EmbedRequest, EmbedResponse, EmbeddingProvider, ErrorKind, Phase,
    Result, Usage,
};
use interline_dialect_openai::Endpoint;
use interline_dialect_openai::embeddings::{
    EmbeddingQuirks, EmbeddingsAdapter, Encoding, FORMAT, VectorEncodings, decode_request,
    decode_response, encode_request, encode_response,
};
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
use serde_json::{Value, json};

use crate::support::canned::Canned;

/// A hand-written answer with one vector of two numbers.
const ONE: &str = r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,-1]}],"model":"own-name","usage":{"prompt_tokens":4,"total_tokens":4}}"#;

fn adapter(transport: &Arc<Canned>) -> EmbeddingsAdapter {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_static("Bearer key"));
    let (transport, quirks) = (Arc::clone(transport), EmbeddingQuirks::new());
    let base = "https://llm.example/base/v1/";
    EmbeddingsAdapter::new("mine", transport, base, headers, quirks)
}

async fn embed(transport: Canned, texts: &[&str]) -> Result<EmbedResponse> {
    let request = EmbedRequest::new("m", texts.iter().copied());
    adapter(&Arc::new(transport))
        .embed(&CallContext::new("c"), &request)
        .await
}

#[tokio::test]
async fn one_request_goes_out_and_the_headers_around_the_answer_come_back() {
    let headers = [("content-type", "application/json"), ("x-request-id", "r1")];
    let canned = Arc::new(Canned::new(200, &headers, ONE.as_bytes(), 1));
    let request = EmbedRequest::new("m", ["hi"]);
    let answer = adapter(&canned)
        .embed(&CallContext::new("c"), &request)
        .await
        .expect("an answer");
    assert_eq!(answer.embeddings, [[0.5, -1.0]]);
    assert_eq!(answer.model, "own-name");
    assert_eq!(answer.usage, Usage::new(4, 0));
    assert_eq!(answer.meta.request_id.as_deref(), Some("r1"));
    let sent = canned.request();
    assert_eq!(sent.url, "https://llm.example/base/v1/embeddings");
    assert_eq!(sent.headers["authorization"], "Bearer key");
    let body: Value = serde_json::from_slice(&sent.body).expect("JSON");
    assert_eq!(body, json!({"model": "m", "input": ["hi"]}));
}

#[tokio::test]
async fn the_model_may_stand_in_the_path() {
    let canned = Arc::new(Canned::json(200, ONE));
    let endpoint = Endpoint::new("deployments/{model}/embeddings").with_query("api-version=1");
    let adapter = adapter(&canned).with_endpoint(endpoint);
    let request = EmbedRequest::new("ada 2", ["hi"]);
    let answer = adapter.embed(&CallContext::new("c"), &request).await;
    answer.expect("an answer");
    assert_eq!(
        canned.request().url,
        "https://llm.example/base/v1/deployments/ada%202/embeddings?api-version=1"
    );
}

#[track_caller]
fn failed(answer: Result<EmbedResponse>, kind: ErrorKind, status: u16, told: &str) {
    let error = answer.expect_err("a failure");
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(error.status(), Some(status));
    assert!(error.message().contains(told), "{error}");
    assert!(error.to_string().contains("mine/m"), "{error}");
}

#[tokio::test]
async fn failures_name_the_target_the_status_and_the_reason() {
    let refused = r#"{"error":{"message":"no such model","type":"invalid_request_error","code":"model_not_found"}}"#;
    let answer = embed(Canned::json(404, refused), &["hi"]).await;
    failed(answer, ErrorKind::NotFound, 404, "no such model");
    let answer = embed(Canned::json(200, ONE), &["hi", "ho"]).await;
    let told = "asked for 2 embeddings and got 1";
    failed(answer, ErrorKind::Protocol, 200, told);
    let empty = ONE.replace("[0.5,-1]", "[]");
    let answer = embed(Canned::json(200, &empty), &["hi"]).await;
    failed(answer, ErrorKind::Protocol, 200, "has no numbers");
    let page = Canned::new(200, &[("content-type", "text/html")], b"<p>login", 0);
    let answer = embed(page, &["hi"]).await;
    failed(answer, ErrorKind::Protocol, 200, "a web page: <p>login");
}

#[tokio::test]
async fn what_cannot_be_carried_is_refused_before_anything_is_sent() {
    let canned = Arc::new(Canned::json(200, ONE));
    let quirks = EmbeddingQuirks::new().with_dimensions(None);
    let adapter = EmbeddingsAdapter::new(
        "mine",
        Arc::<Canned>::clone(&canned),
        "https://h",
        HeaderMap::new(),
        quirks,
    );
    let request = EmbedRequest::new("m", ["hi"]).with_dimensions(8);
    let error = adapter
        .embed(&CallContext::new("c"), &request)
        .await
        .expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.phase(), Phase::BeforeSend);
    assert!(canned.requests.lock().expect("not poisoned").is_empty());
}

#[test]
fn keys_are_not_shown() {
    let adapter = adapter(&Arc::new(Canned::json(200, ONE)));
    let shown = format!("{adapter:?}");
    assert!(!shown.contains("Bearer"), "{shown}");
    assert!(shown.contains("authorization"), "{shown}");
}

fn inputs() -> impl Strategy<Value = Vec<EmbedInput>> {
    let texts = prop::collection::vec("\\PC{1,12}".prop_map(EmbedInput::Text), 1..5);
    let tokens = prop::collection::vec(any::<u32>(), 1..6).prop_map(EmbedInput::Tokens);
    prop_oneof![texts, prop::collection::vec(tokens, 1..4)]
}

fn vectors() -> impl Strategy<Value = Vec<Vec<f32>>> {
    let number = prop::num::f32::NORMAL | prop::num::f32::ZERO;
    prop::collection::vec(prop::collection::vec(number, 1..5), 1..5)
}

proptest! {
    #[test]
    fn a_request_that_is_written_is_read_back(
        inputs in inputs(),
        dimensions in prop::option::of(1..4096u32),
    ) {
        let mut request = EmbedRequest::new("m", inputs);
        if let Some(dimensions) = dimensions {
            request = request.with_dimensions(dimensions);
        }
        let body = encode_request(&request, &EmbeddingQuirks::new()).expect("carried");
        let back = decode_request(body).expect("our own words").request;
        assert_eq!(back.inputs, request.inputs);
        assert_eq!(back.dimensions, request.dimensions);
        assert!(back.origin_in(&FORMAT).is_some());
    }

    #[test]
    fn vectors_survive_both_encodings_bit_by_bit(
        vectors in vectors(),
        encoding in prop_oneof![Just(Encoding::Float), Just(Encoding::Base64)],
    ) {
        let response = EmbedResponse::new("m", vectors.clone());
        let body = encode_response(&response, encoding, "m");
        let back = decode_response(body, &EmbeddingQuirks::new()).expect("our own words");
        assert_eq!(back.embeddings, vectors);
    }

    #[test]
    fn no_body_makes_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let body = Bytes::from(bytes);
        let _ = decode_request(body.clone());
        let signed = EmbeddingQuirks::new().with_encodings(VectorEncodings::SignedBytes);
        let _ = decode_response(body.clone(), &signed);
        let _ = interline_dialect_openai::models::decode_models(&body);
    }

    #[test]
    fn no_mutilated_answer_makes_a_reader_panic(
        place in 0..ONE.len(),
        with in "[\\[\\]{},:\"0-9eE.-]{0,3}",
    ) {
        let mut body = ONE.to_owned();
        body.replace_range(place..=place, &with);
        if let Ok(answer) = decode_response(Bytes::from(body), &EmbeddingQuirks::new()) {
            assert!(answer.embeddings.iter().flatten().all(|number| number.is_finite()));
        }
    }
}
