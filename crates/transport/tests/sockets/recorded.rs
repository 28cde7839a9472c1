//! Recorded event streams of real vendors, where the recordings are at hand: nothing may be lost.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::HeaderMap;
use interline_transport::{HttpResponse, SseEvent, SseLimits};
use serde_json::Value;

const RECORDINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/fixtures/wire");

fn cases() -> Vec<PathBuf> {
    let read = |path: &Path| {
        std::fs::read_dir(path)
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path())
            .collect::<Vec<_>>()
    };
    let mut cases: Vec<_> = read(Path::new(RECORDINGS))
        .iter()
        .flat_map(|vendor| read(vendor))
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .collect();
    cases.sort();
    cases
}

async fn events(body: &str, chunk_bytes: usize) -> Vec<SseEvent> {
    let chunks: Vec<_> = body
        .as_bytes()
        .chunks(chunk_bytes)
        .map(|chunk| Ok(Bytes::copy_from_slice(chunk)))
        .collect();
    HttpResponse::new(200, HeaderMap::new(), stream::iter(chunks))
        .sse(SseLimits::default())
        .map(|event| event.unwrap())
        .collect()
        .await
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "skipping must be loud")]
async fn recorded_streams_lose_nothing_whatever_the_cuts() {
    let cases = cases();
    if cases.is_empty() {
        eprintln!("SKIPPED: no recordings at {RECORDINGS}");
        return;
    }
    let mut streams = 0;
    for path in cases {
        let case: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let Some(body) = case["response"]["body"].as_str() else {
            continue;
        };
        // A separate reader of well-formed streams: blocks between blank lines that have data.
        let plain = body.replace("\r\n", "\n");
        if !plain.starts_with(['d', 'e', ':']) || !plain.contains("data:") {
            continue;
        }
        let blocks = plain
            .split("\n\n")
            .filter(|block| block.lines().any(|line| line.starts_with("data:")));
        streams += 1;
        let whole = events(body, body.len()).await;
        assert_eq!(whole.len(), blocks.count(), "{}", path.display());
        for chunk_bytes in [1, 7, 1000] {
            assert_eq!(events(body, chunk_bytes).await, whole, "{}", path.display());
        }
    }
    assert!(streams > 100, "only {streams} streams among the recordings");
}
