//! Canned answers.

use std::time::Duration;

use interline_simulator::{Canned, CannedEnding, CannedServer};
use serde_json::json;

use crate::client::client;

#[tokio::test]
async fn body_arrives_whole_wherever_it_is_cut() {
    let body = "data: {\"text\":\"Grüße\"}\n\ndata: [DONE]\n\n";
    let canned = Canned::new(200, body)
        .with_header("content-type", "text/event-stream")
        .with_header("Content-Length", "3");
    let server = CannedServer::start(canned.clone()).await.unwrap();
    let client = client();
    for every in 0..=body.len() {
        server.set(canned.clone().cut_every(every));
        let response = client.get(server.base_url()).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(
            response.text().await.unwrap(),
            body,
            "cut every {every} bytes"
        );
    }
    assert_eq!(
        server.ledger().connections(),
        1,
        "connections are kept alive"
    );
}

#[tokio::test]
async fn each_piece_is_a_chunk_of_its_own() {
    let canned = Canned::new(200, "abcdef").with_cuts([4, 1, 1, 99]);
    let server = CannedServer::start(canned).await.unwrap();
    let mut response = client().get(server.base_url()).send().await.unwrap();
    let mut pieces = Vec::new();
    while let Some(piece) = response.chunk().await.unwrap() {
        pieces.push(piece);
    }
    assert_eq!(pieces, ["a", "bcd", "ef"]);
}

#[tokio::test]
async fn paths_have_their_own_answers_and_the_ledger_has_the_requests() {
    let server = CannedServer::start_by_path([("/v1/models", Canned::new(200, "{}"))])
        .await
        .unwrap();
    server.set_path(
        "/v1/chat",
        Canned::new(429, "").with_header("retry-after", "2"),
    );
    let client = client();
    let url = |path: &str| format!("{}{path}", server.base_url());
    let list = client.get(url("/v1/models?limit=1")).send().await.unwrap();
    assert_eq!(list.status(), 200);
    let limited = client
        .post(url("/v1/chat"))
        .json(&json!({"a": 1}))
        .send()
        .await
        .unwrap();
    assert_eq!(limited.status(), 429);
    assert_eq!(limited.headers()["retry-after"], "2");
    assert_eq!(client.get(url("/")).send().await.unwrap().status(), 404);
    let exchanges = server.ledger().exchanges();
    assert_eq!(exchanges[1].method, "POST");
    assert_eq!(exchanges[1].body, json!({"a": 1}));
}

#[tokio::test]
async fn an_answer_may_end_before_its_time() {
    let server = CannedServer::start(Canned::default()).await.unwrap();
    let client = client();
    let ending = |ending| {
        server.set(Canned::new(200, "abc").with_ending(ending));
        client.get(server.base_url()).send()
    };
    assert!(ending(CannedEnding::HangUp).await.is_err(), "no answer");
    let cut = ending(CannedEnding::Close).await.unwrap();
    assert!(cut.text().await.is_err(), "half a body");
    let mut endless = ending(CannedEnding::Endless("de".into())).await.unwrap();
    let mut read = 0;
    while read < 1000 {
        read += endless.chunk().await.unwrap().unwrap().len();
    }
    drop(endless);
    let moment = Duration::from_millis(200);
    let silent = tokio::time::timeout(moment, ending(CannedEnding::Silence));
    assert!(silent.await.is_err(), "not even a head");
    let mut hanging = ending(CannedEnding::Hang).await.unwrap();
    assert_eq!(hanging.chunk().await.unwrap().unwrap(), "abc");
    let more = tokio::time::timeout(moment, hanging.chunk());
    assert!(more.await.is_err(), "and nothing more");
}
