//! Results on standard output. A reader that has seen enough (`| head`) is no error.

use std::io::{self, Write};

/// Writes `text`, without its colours where they are not wanted.
pub(super) fn write(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
