//! Recorded vendor traffic as inputs to begin with, where it is there.

use std::path::Path;

use interline_testkit::RecordedCase;

/// The longest recorded text that is worth mutating, in bytes (chosen: longer ones repeat themselves).
const MAX_BYTES: usize = 12 * 1024;

/// The most inputs of one kind (chosen: every target begins with all of its seeds).
const MAX_SEEDS: usize = 60;

/// What was recorded; empty where nothing is there.
#[derive(Default)]
pub(crate) struct Recordings(Vec<RecordedCase>);

/// Reads the recordings of a folder.
///
/// # Errors
/// A sentence for people where a file is not what it should be.
pub(crate) fn read(folder: Option<&Path>) -> Result<Recordings, String> {
    match folder {
        None => Ok(Recordings::default()),
        Some(folder) => RecordedCase::read_all(folder)
            .map(Recordings)
            .map_err(|error| error.to_string()),
    }
}

impl Recordings {
    fn of<'a>(&'a self, apis: &'a [&str]) -> impl Iterator<Item = &'a RecordedCase> {
        self.0
            .iter()
            .filter(move |case| apis.iter().any(|api| is_of(&case.api, api)))
    }

    /// Bodies of requests.
    pub(crate) fn requests(&self, apis: &[&str]) -> Vec<Vec<u8>> {
        let bodies = self.of(apis).filter(|case| case.request.body.is_object());
        short(bodies.map(|case| case.request.body.to_string().into_bytes()))
    }

    /// Bodies of whole answers.
    pub(crate) fn answers(&self, apis: &[&str]) -> Vec<Vec<u8>> {
        let good = |case: &&RecordedCase| case.response.status == 200 && !case.is_stream();
        short(self.of(apis).filter(good).filter_map(body))
    }

    /// Bodies of streams.
    pub(crate) fn streams(&self, apis: &[&str]) -> Vec<Vec<u8>> {
        let good = |case: &&RecordedCase| case.response.status == 200 && case.is_stream();
        short(self.of(apis).filter(good).filter_map(body))
    }

    /// Bodies of errors.
    pub(crate) fn errors(&self, apis: &[&str]) -> Vec<Vec<u8>> {
        let bad = |case: &&RecordedCase| case.response.status >= 400;
        short(self.of(apis).filter(bad).filter_map(body))
    }

    /// Headers of answers, a line for each.
    pub(crate) fn headers(&self) -> Vec<Vec<u8>> {
        let lines = self.0.iter().map(|case| {
            let headers = case.response.headers.iter();
            let lines = headers.map(|(name, value)| format!("{name}: {value}\n"));
            lines.collect::<String>().into_bytes()
        });
        short(lines.filter(|lines| lines.windows(5).any(|five| five == b"retry")))
    }
}

/// Whether a protocol's name is `wanted`; `*.operation` stands for any vendor's.
fn is_of(api: &str, wanted: &str) -> bool {
    match (wanted.strip_prefix("*."), api.split_once('.')) {
        (Some(wanted), Some((_, operation))) => operation == wanted,
        _ => api == wanted,
    }
}

fn body(case: &RecordedCase) -> Option<Vec<u8>> {
    Some(case.response_body().ok()?.to_vec())
}

fn short(bodies: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<u8>> {
    bodies
        .filter(|body| body.len() <= MAX_BYTES)
        .take(MAX_SEEDS)
        .collect()
}
