//! This crate's own gateway binary over sockets, with Murmur behind it.

#![cfg(feature = "gateway")]

use std::process::Stdio;
use std::time::Duration;

use interline_simulator::{Canned, CannedServer};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// How long the gateway may take to start; a debug build on a busy machine needs a few seconds.
const START_LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn the_gateway_serves_chat_and_embeddings_of_an_outside_vendor() {
    let murmur = murmur().await;
    let (_gateway, address) = gateway(&murmur.base_url()).await;
    let messages = json!([{"role": "user", "content": "Hi!"}]);

    let chat = json!({"model": "chat", "messages": messages}).to_string();
    let answer = post(&address, "/v1/chat/completions", &chat).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        answer.contains(r#""content":"Hello from outside.""#),
        "{answer}"
    );
    assert!(answer.contains("x-interline-provider: mine"), "{answer}");
    assert!(answer.contains(r#""completion_tokens":9"#), "{answer}");

    let message = json!({"model": "chat", "max_tokens": 9, "messages": messages}).to_string();
    let answer = post(&address, "/v1/messages", &message).await;
    assert!(
        answer.contains(r#""text":"Hello from outside.""#),
        "{answer}"
    );

    let vectors = json!({"model": "mine/murmur-ear", "input": ["a", "b"]}).to_string();
    let answer = post(&address, "/v1/embeddings", &vectors).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("[0.25,-0.5]"), "{answer}");

    let sent = murmur.ledger().exchanges();
    let paths: Vec<&str> = sent.iter().map(|exchange| exchange.path.as_str()).collect();
    assert_eq!(paths, ["/talk", "/talk", "/hear"]);
    assert_eq!(
        sent[0].body["turns"],
        json!([{"who": "person", "word": "Hi!"}])
    );
}

/// A vendor that says always the same.
async fn murmur() -> CannedServer {
    let end = json!({"end": {"why": "done", "heard": 21, "said": 6, "thought": 3}});
    let said = json!([{"word": "Hello from outside."}, end]);
    let traces = json!({"traces": [[0.25, -0.5], [0.0, 1.0]], "heard": 2});
    let json =
        |body: String| Canned::new(200, body).with_header("content-type", "application/json");
    let answers = [
        ("/talk", json(said.to_string())),
        ("/hear", json(traces.to_string())),
    ];
    CannedServer::start_by_path(answers).await.expect("a port")
}

/// The binary with a configuration of its own, and the address that it says it listens on.
async fn gateway(murmur: &str) -> (Child, String) {
    let config = format!("{}/gateway.yaml", env!("CARGO_TARGET_TMPDIR"));
    let text = format!(
        "version: 1\nlisten: 127.0.0.1:0\nproviders:\n  mine: {{ kind: murmur, base_url: \"{murmur}\", \
         api_key: \"${{MURMUR_API_KEY}}\" }}\nroutes:\n  chat: {{ targets: [mine/murmur-1] }}\n"
    );
    std::fs::write(&config, text).expect("cargo's folder for tests can be written");
    let mut gateway = Command::new(env!("CARGO_BIN_EXE_outside-gateway"))
        .args(["serve", "--config", &config])
        .env("MURMUR_API_KEY", "conformance")
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the gateway starts");
    let mut lines = BufReader::new(gateway.stderr.take().expect("stderr is piped")).lines();
    let address = tokio::time::timeout(START_LIMIT, async {
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some((_, address)) = line.split_once("listening on http://") {
                return Some(address.trim().to_owned());
            }
        }
        None
    });
    let address = address.await.ok().flatten().expect("an address");
    // Somebody must read on, or the gateway would block once the pipe is full.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (gateway, address)
}

/// The whole answer to a request, head included.
async fn post(address: &str, path: &str, body: &str) -> String {
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    let mut socket = TcpStream::connect(address)
        .await
        .expect("the gateway accepts");
    socket
        .write_all(request.as_bytes())
        .await
        .expect("the gateway reads");
    let mut answer = String::new();
    socket
        .read_to_string(&mut answer)
        .await
        .expect("the gateway answers");
    answer
}
