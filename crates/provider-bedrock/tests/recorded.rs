//! Recorded traffic: every Converse case comes out as its recording says, and every recorded request is
//! written again from the types.
//!
//! The cases live outside the repository; without them the tests say so on stderr and pass.

use std::path::Path;

use interline_core::{ChatRequest, Error, ErrorKind, Result};
use interline_provider_bedrock::{Bedrock, decode_embed_request, decode_request, encode_request};
use interline_testkit::{Outcome, RecordedCase, ReplayTransport, UsageRule, differences};
use serde_json::{Value, json};

/// The cases whose protocol begins with `api`.
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn cases(api: &str) -> Vec<RecordedCase> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/fixtures/wire");
    if !Path::new(dir).is_dir() {
        eprintln!("SKIPPED: no recorded traffic at {dir}");
        return Vec::new();
    }
    let mut cases = RecordedCase::read_all(Path::new(dir)).expect("readable cases");
    cases.retain(|case| case.api.starts_with(api));
    cases
}

/// The model in the path `/model/{model}/{operation}`.
fn model(case: &RecordedCase) -> String {
    let segment = case.request.path.split('/').nth(2).unwrap_or_default();
    segment.replace("%3A", ":").replace("%2F", "/")
}

fn request(case: &RecordedCase) -> Result<ChatRequest> {
    decode_request(model(case), case.request.body.to_string().into())
}

/// Numbers without the freedom of their spelling: `1` and `1.0` are the same.
fn canonical(mut body: Value) -> Value {
    for key in ["temperature", "topP"] {
        if let Some(number) = body.pointer_mut(&format!("/inferenceConfig/{key}")) {
            *number = json!(number.as_f64());
        }
    }
    body
}

#[test]
fn every_request_is_written_again_from_the_types() {
    for case in cases("bedrock.converse") {
        let mut request = request(&case).unwrap_or_else(|error| panic!("{}: {error}", case.id));
        // An edit drops the bytes that the request was read from.
        request.edit(|_| {});
        let sent = encode_request(&request).unwrap_or_else(|error| panic!("{}: {error}", case.id));
        let sent: Value = serde_json::from_slice(&sent).expect("JSON");
        assert_eq!(
            canonical(sent),
            canonical(case.request.body.clone()),
            "{}",
            case.id
        );
    }
}

async fn outcome(case: &RecordedCase, piece_bytes: usize) -> Outcome {
    let headers: Vec<_> = case.response.headers.iter().collect();
    let headers = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let body = case.response_body().expect("a readable body");
    let transport = ReplayTransport::new(case.response.status, headers, body, piece_bytes);
    let bedrock = Bedrock::builder()
        .base_url("https://proxy.example")
        .api_key("replayed")
        .transport(transport)
        .build()
        .expect("good settings");
    if case.kind == "embeddings" {
        let body = case.request.body.to_string();
        let request = decode_embed_request(model(case), body.as_bytes()).expect("a good request");
        return Outcome::of_embeddings(&bedrock, &request).await;
    }
    let request = request(case).expect("a good request");
    if case.is_stream() {
        Outcome::of_stream(&bedrock, &request).await
    } else {
        Outcome::of_complete(&bedrock, &request).await
    }
}

#[track_caller]
fn check(case: &RecordedCase, outcome: &Outcome) {
    let found = differences(&case.expected, outcome, UsageRule::InputExcludesCache);
    assert!(found.is_empty(), "{}: {found:#?}", case.id);
}

#[tokio::test]
async fn every_answer_is_read_as_recorded_whatever_the_pieces() {
    for case in cases("bedrock.converse") {
        for piece_bytes in [1, 13, 1000, usize::MAX] {
            check(&case, &outcome(&case, piece_bytes).await);
        }
    }
}

#[tokio::test]
async fn every_embedding_is_read_as_recorded() {
    let is_embedding = |case: &RecordedCase| case.kind == "embeddings";
    for case in cases("bedrock.invoke").into_iter().filter(is_embedding) {
        check(&case, &outcome(&case, 100).await);
    }
}

#[tokio::test]
async fn every_recorded_stream_cut_before_its_stop_is_a_protocol_error() {
    let mut streams = cases("bedrock.converse-stream");
    streams.retain(|case| case.response.status == 200);
    for case in streams {
        let whole = case.response_body().expect("a readable body");
        let stop = b"messageStop";
        let stop = whole
            .windows(stop.len())
            .rposition(|bytes| bytes == stop)
            .expect("a stop");
        for length in (0..stop).step_by(stop / 40 + 1) {
            let error = cut(&case, whole.slice(..length)).await;
            assert_eq!(error.kind(), ErrorKind::Protocol, "{} at {length}", case.id);
        }
    }
}

async fn cut(case: &RecordedCase, body: bytes::Bytes) -> Error {
    let transport = ReplayTransport::new(200, [], body, 500);
    let bedrock = Bedrock::builder()
        .base_url("https://proxy.example")
        .api_key("replayed")
        .transport(transport)
        .build()
        .expect("good settings");
    let request = request(case).expect("a good request");
    let outcome = Outcome::of_stream(&bedrock, &request).await;
    outcome.error.expect("a cut stream fails")
}
