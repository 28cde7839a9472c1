//! The calls that these tests share.

use std::time::Duration;

use interline_simulator::{Dialect, Vendor};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

/// Longest time that a test waits for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn client() -> Client {
    // Another test of this process may have installed it first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().unwrap()
}

/// A model call in the vendor's dialect, with `more` merged into its body.
pub(crate) fn call(client: &Client, vendor: &Vendor, more: &Value) -> RequestBuilder {
    let mut body =
        json!({"model": "sim", "messages": [{"role": "user", "content": "Hello, you!"}]});
    let request = match vendor.dialect() {
        Dialect::Anthropic => {
            body["max_tokens"] = json!(1024);
            client
                .post(format!("{}/v1/messages", vendor.base_url()))
                .header("anthropic-version", "2023-06-01")
        }
        _ => client.post(format!("{}/chat/completions", vendor.base_url())),
    };
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    request.json(&body)
}

pub(crate) fn streaming() -> Value {
    json!({"stream": true})
}

/// The parsed `data` of every event of a stream, `[DONE]` as a string.
pub(crate) fn data_of(body: &str) -> Vec<Value> {
    body.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap_or_else(|_| json!(data)))
        .collect()
}

/// What arrived of a body, and whether it ended as HTTP says.
pub(crate) async fn read_to_end(mut response: Response) -> (Vec<u8>, Result<(), reqwest::Error>) {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(piece)) => body.extend_from_slice(&piece),
            Ok(None) => return (body, Ok(())),
            Err(error) => return (body, Err(error)),
        }
    }
}

/// Fails the test if `wait` takes longer than [`PATIENCE`].
#[track_caller]
pub(crate) fn soon<F: Future>(wait: F) -> impl Future<Output = F::Output> {
    let caller = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(done) => done,
            Err(_) => panic!("nothing happened within {PATIENCE:?} at {caller}"),
        }
    }
}
