//! Durations of a file: read by the transport's rule, and longer than nothing.

use std::time::Duration;

use interline_transport::parse_duration;

use super::located::Located;
use super::mistakes::Mistakes;

/// The duration, where it is written and right; notes a mistake where it is wrong.
pub(super) fn read(
    path: &str,
    text: Option<&Located<String>>,
    mistakes: &mut Mistakes<'_>,
) -> Option<Duration> {
    let text = text?;
    match parse_duration(&text.value) {
        Ok(duration) if duration.is_zero() => {
            mistakes.add(path, text.place, "must be longer than nothing");
            None
        }
        Ok(duration) => Some(duration),
        Err(error) => {
            mistakes.add(path, text.place, error.message());
            None
        }
    }
}
