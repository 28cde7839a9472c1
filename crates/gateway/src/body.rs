//! Reads a request body with a limit on its size and on the client's pauses.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::failure::Failure;

/// Largest body that is read: 32 MiB, enough for pictures and coding agents; the contract's figure.
pub(crate) const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;
/// Longest pause between two pieces of a body; chosen, not measured: longer than any retransmission
/// of a connection that still lives.
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// What is still read of a body that is too large, so that the client gets to see the refusal
/// instead of a reset connection: as much again, for at most five seconds (both chosen).
const MAX_DISCARDED_BYTES: usize = MAX_BODY_BYTES;
const MAX_DISCARD_TIME: Duration = Duration::from_secs(5);

/// Whether a client sends its body at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upload {
    /// It does.
    AtOnce,
    /// It waits to be told (`expect: 100-continue`), which reading the body does.
    WhenTold,
}

impl Upload {
    pub(crate) fn told_by(headers: &HeaderMap) -> Self {
        if headers.contains_key(header::EXPECT) {
            Self::WhenTold
        } else {
            Self::AtOnce
        }
    }
}

/// Reads the whole body.
pub(crate) async fn read(mut body: Body, upload: Upload) -> Result<Bytes, Failure> {
    let announced = axum::body::HttpBody::size_hint(&body).lower();
    let mut buffer = BytesMut::with_capacity(starting_capacity(announced));
    if announced > MAX_BODY_BYTES as u64 {
        if upload == Upload::AtOnce {
            discard(&mut body).await;
        }
        return Err(too_large());
    }
    loop {
        let frame = match timeout(MAX_PAUSE, body.frame()).await {
            Err(_) => return Err(stalled()),
            Ok(None) => return Ok(buffer.freeze()),
            Ok(Some(Err(error))) => {
                tracing::debug!(%error, "request body ended early");
                return Err(broken());
            }
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if buffer.len() + data.len() > MAX_BODY_BYTES {
            discard(&mut body).await;
            return Err(too_large());
        }
        buffer.extend_from_slice(&data);
    }
}

/// Trusts a small announcement only: a client may announce much and send nothing.
fn starting_capacity(announced: u64) -> usize {
    const TRUSTED: usize = 64 * 1024;
    usize::try_from(announced).map_or(TRUSTED, |bytes| bytes.min(TRUSTED))
}

async fn discard(body: &mut Body) {
    let mut left = MAX_DISCARDED_BYTES;
    let _ = timeout(MAX_DISCARD_TIME, async {
        while let Some(Ok(frame)) = body.frame().await {
            let read = frame.data_ref().map_or(0, Bytes::len);
            left = left.saturating_sub(read);
            if left == 0 {
                return;
            }
        }
    })
    .await;
}

fn too_large() -> Failure {
    Failure::new(
        413,
        "payload_too_large",
        format!(
            "request body is larger than the limit of {} MiB",
            MAX_BODY_BYTES / (1024 * 1024)
        ),
    )
}

fn stalled() -> Failure {
    Failure::new(
        408,
        "timeout",
        format!(
            "request body stalled: nothing arrived for {} s",
            MAX_PAUSE.as_secs()
        ),
    )
}

fn broken() -> Failure {
    Failure::new(
        400,
        "invalid_request",
        "request body ended before its announced length",
    )
}
