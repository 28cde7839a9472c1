//! The recorded traffic beside the repository.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use http::HeaderMap;
use interline_dialect_openai::{ChatAdapter, Quirks, StreamEnd};
use serde_json::Value;

use super::canned::Canned;

/// The wire protocols of this crate.
const PROTOCOLS: &[&str] = &[
    "azure.chat",
    "cerebras.chat",
    "deepseek.chat",
    "gpustack.chat",
    "groq.chat",
    "huggingface.chat",
    "llamacpp.chat",
    "mistral.chat",
    "ollama.openai-chat",
    "openai.chat",
    "openrouter.chat",
    "perplexity.chat",
    "together.chat",
    "vercel-gateway.chat",
    "vllm.chat",
    "xai.chat",
    "zai.chat",
];

/// One recorded exchange.
#[derive(Debug)]
pub(crate) struct Recording {
    pub(crate) id: String,
    pub(crate) protocol: String,
    pub(crate) model: String,
    pub(crate) request: Value,
    pub(crate) expected: Value,
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// Every recorded exchange of this crate's protocols; says so on stderr where there is none.
pub(crate) fn recordings() -> Vec<Recording> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/fixtures/wire");
    let mut found = Vec::new();
    for vendor in folder(Path::new(root)) {
        for path in folder(&vendor) {
            let Ok(text) = fs::read_to_string(&path) else {
                continue;
            };
            let case: Value = serde_json::from_str(&text).expect("a recorded case is JSON");
            let protocol = case["api"].as_str().unwrap_or_default();
            if PROTOCOLS.contains(&protocol) {
                found.push(Recording::of(&case));
            }
        }
    }
    if found.is_empty() {
        eprintln!("SKIPPED: no recorded traffic at {root}");
    }
    found
}

fn folder(path: &Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = fs::read_dir(path) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

impl Recording {
    pub(crate) fn of(case: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let headers = case["response"]["headers"].as_object();
        Self {
            id: text(&case["id"]),
            protocol: text(&case["api"]),
            model: text(&case["request"]["body"]["model"]),
            request: case["request"]["body"].clone(),
            expected: case["expected"].clone(),
            status: case["response"]["status"]
                .as_u64()
                .and_then(|status| status.try_into().ok())
                .expect("a status"),
            headers: headers
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
            body: text(&case["response"]["body"]),
        }
    }

    pub(crate) fn is_stream(&self) -> bool {
        self.request["stream"] == true
    }

    /// What the protocol's vendor does differently, as far as answers go.
    pub(crate) fn quirks(&self) -> Quirks {
        match self.protocol.as_str() {
            "azure.chat" | "cerebras.chat" | "deepseek.chat" | "fireworks.chat"
            | "mistral.chat" | "openai.chat" | "openrouter.chat" | "together.chat" | "xai.chat" => {
                Quirks::new()
            }
            "groq.chat" => Quirks::new().with_envelope("x_groq"),
            _ => Quirks::new().with_stream_end(StreamEnd::DoneOrFinished),
        }
    }

    /// An adapter whose vendor gives the recorded response, cut by `seed`.
    pub(crate) fn adapter(&self, seed: u64) -> ChatAdapter {
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let transport = Canned::new(self.status, &headers, self.body.as_bytes(), seed);
        ChatAdapter::new(
            "recorded",
            Arc::new(transport),
            "http://recorded.example/v1",
            HeaderMap::new(),
            self.quirks(),
        )
    }
}
