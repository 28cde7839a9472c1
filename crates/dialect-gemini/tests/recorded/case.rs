//! Reads the recorded cases.

use std::fs;
use std::path::Path;

use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/fixtures/wire");

/// The recorded protocols of this format, with how many cases each has.
const APIS: [(&str, usize); 4] = [
    ("gemini.generateContent", 27),
    ("gemini.streamGenerateContent", 22),
    ("vertex.generateContent", 17),
    ("vertex.streamGenerateContent", 7),
];

/// One recorded exchange.
pub(crate) struct Case {
    pub(crate) id: String,
    json: Value,
}

impl Case {
    pub(crate) fn request(&self) -> &Value {
        &self.json["request"]["body"]
    }

    pub(crate) fn model(&self) -> &str {
        self.json["model"].as_str().expect("a model")
    }

    pub(crate) fn is_stream(&self) -> bool {
        let api = self.json["api"].as_str().expect("an api");
        api.ends_with("streamGenerateContent")
    }

    pub(crate) fn is_vertex(&self) -> bool {
        self.id.starts_with("vertex/")
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

/// All cases of the format; none, loudly, where the folder is missing.
#[allow(clippy::print_stderr, reason = "skipping must be loud")]
pub(crate) fn cases() -> Vec<Case> {
    if !Path::new(FOLDER).is_dir() {
        eprintln!("SKIPPED: no recorded cases at {FOLDER}");
        return Vec::new();
    }
    let vendors = ["gemini", "vertex"];
    let folders = vendors.map(|vendor| fs::read_dir(Path::new(FOLDER).join(vendor)));
    let mut cases: Vec<Case> = folders
        .into_iter()
        .flat_map(|folder| folder.expect("a readable folder"))
        .map(|entry| fs::read(entry.expect("a readable folder").path()).expect("a readable file"))
        .map(|bytes| serde_json::from_slice::<Value>(&bytes).expect("JSON"))
        .filter(|json| APIS.iter().any(|(api, _)| json["api"] == *api))
        .map(|json| Case {
            id: json["id"].as_str().expect("an id").to_owned(),
            json,
        })
        .collect();
    cases.sort_by(|a, b| a.id.cmp(&b.id));
    for (api, count) in APIS {
        let found = cases.iter().filter(|case| case.json["api"] == api).count();
        assert!(found >= count, "{found} cases of {api}, {count} are known");
    }
    cases
}
