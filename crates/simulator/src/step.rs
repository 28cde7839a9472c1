//! What a server does with a connection to answer one request: a list of steps on the socket.
//!
//! A plan of steps is plain data, so the code that decides (`plan`) is pure and the code that acts (`connection`) knows no fault.

use std::time::Duration;

use bytes::Bytes;

use crate::http1::{Framing, LAST_CHUNK, chunk, response_head};

/// One action on the socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Writes the bytes as they are, in one write.
    Write(Bytes),
    /// Lets time pass.
    Wait(Duration),
    /// Writes the bytes one by one, with a pause before each.
    Trickle {
        bytes: Bytes,
        per_byte: PerByte,
        pause: Duration,
    },
    /// Writes the bytes again and again, with a pause before each, until the client leaves.
    Repeat { bytes: Bytes, pause: Duration },
    /// Marks the place where the scripted fault takes effect, so that only faults that were reached are counted.
    Fire,
    /// Does nothing until the client leaves.
    Hang,
    /// Ends the connection with a FIN.
    Close,
    /// Ends the connection with an RST.
    Reset,
}

/// How single bytes are framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PerByte {
    Raw,
    Chunk,
}

/// A complete response with a content length, in one write.
pub(crate) fn whole(status: u16, headers: &[(String, String)], body: &[u8]) -> Step {
    let mut bytes = response_head(status, headers, Framing::Length(body.len()));
    bytes.extend_from_slice(body);
    Step::Write(bytes.freeze())
}

/// The head of a response whose body follows in chunks.
pub(crate) fn chunked_head(status: u16, headers: &[(String, String)]) -> Bytes {
    response_head(status, headers, Framing::Chunked).freeze()
}

/// One chunk of a body, or nothing for no bytes.
pub(crate) fn piece(payload: &[u8]) -> Option<Step> {
    (!payload.is_empty()).then(|| Step::Write(chunk(payload)))
}

/// The end of a chunked body.
pub(crate) fn last_chunk() -> Step {
    Step::Write(Bytes::from_static(LAST_CHUNK))
}
