//! Hand-written exchanges, one per kind, in the form of the recorded ones.

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
