//! What the tasks write: reports on standard output, complaints on standard error.
//!
//! Both go through `anstream`, which drops colours when the stream is no terminal or `NO_COLOR` is set.

use std::io::Write;

/// Writes one line to standard output.
///
/// A reader that went away (`cargo xtask tidy | head`) is no reason to fail, so write errors are dropped.
pub(crate) fn say(line: &str) {
    let mut out = anstream::stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).ok();
}

/// Writes one line to standard error.
pub(crate) fn complain(line: &str) {
    let mut out = anstream::stderr();
    writeln!(out, "{line}").and_then(|()| out.flush()).ok();
}
