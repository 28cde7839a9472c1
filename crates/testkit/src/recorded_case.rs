//! One recorded exchange with a vendor: what was sent, what came back, what it means.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as STANDARD;
use bytes::Bytes;
use interline_core::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::Value;

use crate::Expected;

/// One recorded exchange, read from a JSON file.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct RecordedCase {
    /// Unique name: folder and file stem.
    pub id: String,
    /// The vendor's folder.
    pub provider: String,
    /// The wire protocol, such as `openai.chat`.
    pub api: String,
    /// What the case is about, such as `tools-stream`.
    pub kind: String,
    /// The model asked for.
    #[serde(default)]
    pub model: Option<String>,
    /// Features seen in the exchange; `stream` is among them.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What was sent.
    pub request: RecordedRequest,
    /// What came back.
    pub response: RecordedResponse,
    /// What a correct adapter extracts.
    pub expected: Expected,
}

/// What was sent.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The HTTP method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// Headers in lower case, secrets removed.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The JSON body; null for GET.
    #[serde(default)]
    pub body: Value,
}

/// What came back.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct RecordedResponse {
    /// The HTTP status.
    pub status: u16,
    /// Headers in lower case.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body as text.
    #[serde(default)]
    pub body: Option<String>,
    /// The body in base64, where it is not text.
    #[serde(default)]
    pub body_base64: Option<String>,
}

impl RecordedCase {
    /// Reads every case below `dir` (`<provider>/<case>.json`), in the order of their names.
    ///
    /// # Errors
    /// `InvalidRequest` that names the file that cannot be read or parsed.
    pub fn read_all(dir: &Path) -> Result<Vec<Self>> {
        let mut files = Vec::new();
        for folder in entries(dir)? {
            if folder.is_dir() {
                let is_json = |file: &PathBuf| file.extension().is_some_and(|ext| ext == "json");
                files.extend(entries(&folder)?.into_iter().filter(is_json));
            }
        }
        files.sort();
        files.iter().map(|file| Self::read(file)).collect()
    }

    /// Reads one case.
    ///
    /// # Errors
    /// `InvalidRequest` that names the file that cannot be read or parsed.
    pub fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read(file).map_err(|source| unreadable(file, &source))?;
        serde_json::from_slice(&text).map_err(|source| unreadable(file, &source))
    }

    /// Whether the exchange was a streaming one, refused ones included.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        self.tags
            .iter()
            .any(|tag| tag == "stream" || tag == "stream_requested")
            || self.request.body.get("stream").and_then(Value::as_bool) == Some(true)
    }

    /// The body that came back.
    ///
    /// # Errors
    /// `InvalidRequest` where the file holds it in base64 that is none.
    pub fn response_body(&self) -> Result<Bytes> {
        match &self.response.body_base64 {
            None => Ok(Bytes::from(self.response.body.clone().unwrap_or_default())),
            Some(text) => match STANDARD.decode(text) {
                Ok(bytes) => Ok(Bytes::from(bytes)),
                Err(source) => Err(Error::invalid_request(format!(
                    "the body of case `{}` is not base64: {source}",
                    self.id
                ))),
            },
        }
    }
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    std::fs::read_dir(dir)
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(|source| unreadable(dir, &source))
}

fn unreadable(path: &Path, source: &dyn std::fmt::Display) -> Error {
    Error::new(
        ErrorKind::InvalidRequest,
        format!("cannot read `{}`: {source}", path.display()),
    )
}
