//! What a body that broke off means: the connection's fault or the format's.

use std::io;

use interline_core::{ConnectionFault, Error, ErrorKind, Phase, RetryHint};

use crate::error_cause::{find, has_io_kind, root_text};
use crate::peer::Peer;

/// The error of a body that could not be read to its end.
///
/// Its phase is `BeforeOutput`; who knows that content has already flowed raises it.
pub(crate) fn body_error(error: reqwest::Error, peer: &Peer) -> Error {
    let error = error.without_url();
    let root = root_text(&error);
    let core = match find::<hyper::Error>(&error) {
        Some(http) if http.is_parse() || is_malformed(http) => Error::protocol(format!(
            "the body from {peer} breaks HTTP's framing: {root}"
        )),
        _ => Error::new(
            ErrorKind::Unavailable,
            format!("the body from {peer} broke off: {root}"),
        )
        .with_phase(Phase::BeforeOutput)
        .with_retry(RetryHint::Backoff)
        .with_connection_fault(ConnectionFault::Reset),
    };
    core.with_source(error)
}

/// Whether the bytes were wrong, as opposed to missing.
fn is_malformed(error: &hyper::Error) -> bool {
    has_io_kind(error, |kind| {
        matches!(
            kind,
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
        )
    })
}
