//! Hand-written exchanges in the form of the recorded ones: one per kind, and what vendors document
//! but no recording shows.

use bytes::Bytes;
use interline_dialect_openai::{Mode, Quirks, decode_request, encode_request};
use serde_json::Value;

use crate::recorded::ask;
use crate::support::expected::differences;
use crate::support::recording::Recording;

const FIXTURES: &[&str] = &[
    include_str!("fixtures/completion.json"),
    include_str!("fixtures/stream.json"),
    include_str!("fixtures/tools.json"),
    include_str!("fixtures/tools-stream.json"),
    include_str!("fixtures/structured.json"),
    include_str!("fixtures/vision.json"),
    include_str!("fixtures/reasoning.json"),
    include_str!("fixtures/error.json"),
    include_str!("fixtures/error-midstream.json"),
    include_str!("fixtures/azure-content-filter.json"),
    include_str!("fixtures/cerebras-queue.json"),
    include_str!("fixtures/deepseek-balance.json"),
    include_str!("fixtures/fireworks-completion.json"),
    include_str!("fixtures/fireworks-error.json"),
    include_str!("fixtures/fireworks-stream.json"),
    include_str!("fixtures/mistral-validation.json"),
    include_str!("fixtures/openrouter-error-in-200.json"),
    include_str!("fixtures/openrouter-midstream.json"),
    include_str!("fixtures/openrouter-moderation.json"),
    include_str!("fixtures/xai-credits.json"),
];

fn fixtures() -> impl Iterator<Item = Recording> {
    FIXTURES
        .iter()
        .map(|text| Recording::of(&serde_json::from_str(text).expect("a fixture is JSON")))
}

#[tokio::test]
async fn every_kind_of_exchange_comes_out_as_expected_at_every_cut() {
    for fixture in fixtures() {
        for seed in 0..50 {
            let answer = ask(&fixture, seed).await;
            let found = differences(&fixture.expected, &answer);
            assert!(found.is_empty(), "{} cut {seed}: {found:?}", fixture.id);
        }
    }
}

#[test]
fn a_request_of_plain_form_is_written_from_the_types_as_it_came() {
    for fixture in fixtures() {
        let body = Bytes::from(fixture.request.to_string());
        let mut request = decode_request(body, Vec::new())
            .expect("a good request")
            .request;
        // An edit drops the bytes, so that only the types are left.
        request.edit(|_| {});
        let mode = if fixture.is_stream() {
            Mode::Stream
        } else {
            Mode::Unary
        };
        let sent = encode_request(&request, mode, &Quirks::default()).expect("carried");
        let mut sent: Value = serde_json::from_slice(&sent).expect("JSON");
        let mut arrived = fixture.request.clone();
        for body in [&mut sent, &mut arrived] {
            body.as_object_mut()
                .expect("an object")
                .remove("stream_options");
        }
        assert_eq!(sent, arrived, "{}", fixture.id);
    }
}
