//! Reads the recorded cases.

use std::fs;
use std::path::Path;

use serde_json::Value;

const FOLDER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../shared/fixtures/wire/anthropic"
);

/// One recorded exchange.
pub(crate) struct Case {
    pub(crate) id: String,
    json: Value,
}

impl Case {
    pub(crate) fn request(&self) -> &Value {
        &self.json["request"]["body"]
    }

    pub(crate) fn is_stream(&self) -> bool {
        self.request()["stream"] == true
    }

    pub(crate) fn status(&self) -> u16 {
        let status = self.json["response"]["status"].as_u64();
        u16::try_from(status.expect("a status")).expect("a status")
    }

    pub(crate) fn headers(&self) -> Vec<(&str, &str)> {
        let headers = self.json["response"]["headers"].as_object();
        headers
            .expect("headers")
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
            .collect()
    }

    pub(crate) fn body(&self) -> &str {
        self.json["response"]["body"].as_str().expect("a body")
    }

    pub(crate) fn expected(&self) -> &Value {
        &self.json["expected"]
    }
}

/// All cases of the Messages API; none, loudly, where the folder is missing.
#[allow(clippy::print_stderr, reason = "skipping must be loud")]
pub(crate) fn cases() -> Vec<Case> {
    let Ok(folder) = fs::read_dir(Path::new(FOLDER)) else {
        eprintln!("SKIPPED: no recorded cases at {FOLDER}");
        return Vec::new();
    };
    let mut cases: Vec<Case> = folder
        .map(|entry| fs::read(entry.expect("readable folder").path()).expect("readable file"))
        .map(|bytes| serde_json::from_slice::<Value>(&bytes).expect("JSON"))
        .filter(|json| json["api"] == "anthropic.messages")
        .map(|json| Case {
            id: json["id"].as_str().expect("an id").to_owned(),
            json,
        })
        .collect();
    cases.sort_by(|a, b| a.id.cmp(&b.id));
    assert!(!cases.is_empty(), "{FOLDER} holds no Messages case");
    cases
}
