//! What a request that got no response headers means: which fault, and whether the vendor saw it.
//!
//! The kinds of errors below reqwest decide, not its words: hyper says where the exchange stood,
//! rustls and the operating system say why, h2 says whether the vendor refused unseen.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use interline_core::{ConnectionFault, Error, ErrorKind, Phase, RetryHint, TimeoutStage};

use crate::error_cause::{causes, find, has_io_kind, is_local_exhaustion, root_text};
use crate::peer::{Peer, Security};

/// Whether any of the request may have been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Nothing,
    Perhaps,
}

/// Which connection carried the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connection {
    /// One from the pool, which the server may have given up in the meantime.
    Pooled,
    /// One made for the request, as far as can be told.
    PerhapsNew,
}

/// The error of a request to `peer` that got no response headers.
pub(crate) fn send_error(
    error: reqwest::Error,
    peer: &Peer,
    sent: Sent,
    connection: Connection,
    connect_timeout: Duration,
) -> Error {
    // The URL may hold a key in its query.
    let error = error.without_url();
    let found = if is_local_exhaustion(&error) {
        Found::new(
            ErrorKind::Internal,
            Phase::BeforeSend,
            "this machine cannot open another connection",
        )
    } else if error.is_builder() {
        Found::new(
            ErrorKind::InvalidRequest,
            Phase::BeforeSend,
            "the request cannot be built",
        )
    } else if error.is_connect() {
        unconnected(&error, peer)
    } else {
        unanswered(&error, sent, connection)
    };
    let root = root_text(&error);
    let message = match found.kind {
        ErrorKind::Timeout(_) => format!("no connection to {peer} within {connect_timeout:?}"),
        _ => format!("{} ({peer}): {root}", found.what),
    };
    let retry = match found.kind {
        ErrorKind::InvalidRequest => RetryHint::Never,
        _ => RetryHint::Backoff,
    };
    let core = Error::new(found.kind, message)
        .with_phase(found.phase)
        .with_retry(retry)
        .with_source(error);
    match found.fault {
        Some(fault) => core.with_connection_fault(fault),
        None => core,
    }
}

struct Found {
    kind: ErrorKind,
    phase: Phase,
    fault: Option<ConnectionFault>,
    what: &'static str,
}

impl Found {
    const fn new(kind: ErrorKind, phase: Phase, what: &'static str) -> Self {
        Self {
            kind,
            phase,
            fault: None,
            what,
        }
    }

    const fn connection(fault: ConnectionFault, phase: Phase, what: &'static str) -> Self {
        Self {
            kind: ErrorKind::Unavailable,
            phase,
            fault: Some(fault),
            what,
        }
    }
}

/// There was never a connection.
fn unconnected(error: &reqwest::Error, peer: &Peer) -> Found {
    use io::ErrorKind as Io;
    let phase = Phase::BeforeSend;
    if error.is_timeout() {
        return Found {
            kind: ErrorKind::Timeout(TimeoutStage::Connect),
            phase,
            fault: Some(ConnectionFault::Connect),
            what: "",
        };
    }
    if error.is_dns() {
        return Found::connection(ConnectionFault::Dns, phase, "the name cannot be resolved");
    }
    match find::<rustls::Error>(error) {
        Some(rustls::Error::InvalidMessage(_)) => {
            return Found::connection(
                ConnectionFault::Tls,
                phase,
                "the TLS handshake failed; if the server speaks plain HTTP, use http://",
            );
        }
        Some(_) => {
            return Found::connection(ConnectionFault::Tls, phase, "the TLS handshake failed");
        }
        None => {}
    }
    // Once TCP stands, only the handshake can see these.
    let broken_off = has_io_kind(error, |kind| {
        matches!(
            kind,
            Io::UnexpectedEof | Io::ConnectionReset | Io::ConnectionAborted | Io::BrokenPipe
        )
    });
    if peer.security == Security::Tls && broken_off {
        return Found::connection(ConnectionFault::Tls, phase, "the TLS handshake broke off");
    }
    Found::connection(ConnectionFault::Connect, phase, "no connection")
}

/// There was a connection, and no answer came over it.
fn unanswered(error: &(dyn StdError + 'static), sent: Sent, connection: Connection) -> Found {
    let http = find::<hyper::Error>(error);
    if http.is_some_and(hyper::Error::is_user) {
        return Found::new(
            ErrorKind::Internal,
            Phase::BeforeSend,
            "the request cannot be written",
        );
    }
    let is_unsent = sent == Sent::Nothing || http.is_some_and(hyper::Error::is_canceled);
    if is_unsent || is_refused(error) {
        // A new connection that ends at once is an endpoint that does not serve; nothing about it
        // is stale, and an endless row of them must count.
        let fault = match connection {
            Connection::PerhapsNew if !is_refused(error) => ConnectionFault::Reset,
            _ => ConnectionFault::Stale,
        };
        return Found::connection(
            fault,
            Phase::BeforeSend,
            "the connection was closed before anything was sent",
        );
    }
    if http.is_some_and(hyper::Error::is_parse) {
        return Found::new(
            ErrorKind::Protocol,
            Phase::BeforeOutput,
            "the answer is not HTTP",
        );
    }
    // A stream that the vendor resets came over a connection that lives.
    let fault = match connection {
        Connection::Pooled if !is_reset_stream(error) => ConnectionFault::Stale,
        _ => ConnectionFault::Reset,
    };
    Found::connection(
        fault,
        Phase::BeforeOutput,
        "the connection was closed before an answer",
    )
}

/// Whether the vendor reset the one stream of HTTP/2 that carried the request.
fn is_reset_stream(error: &(dyn StdError + 'static)) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<h2::Error>())
        .any(|error| error.is_remote() && error.is_reset())
}

/// Whether the vendor says, in HTTP/2's words, that it did not look at the request.
fn is_refused(error: &(dyn StdError + 'static)) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<h2::Error>())
        .any(|error| {
            let reason = error.reason();
            error.is_remote()
                && ((error.is_reset() && reason == Some(h2::Reason::REFUSED_STREAM))
                    || (error.is_go_away() && reason == Some(h2::Reason::NO_ERROR)))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Has a real HTTP/2 peer reset a stream, and gives the error that the client sees.
    async fn reset_with(reason: h2::Reason) -> h2::Error {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let server = tokio::spawn(async move {
            let mut connection = h2::server::handshake(far).await.unwrap();
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                respond.send_reset(reason);
            }
        });
        let (mut client, connection) = h2::client::handshake(near).await.unwrap();
        let driver = tokio::spawn(connection);
        let request = http::Request::get("https://h/").body(()).unwrap();
        let (response, _) = client.send_request(request, true).unwrap();
        let error = response.await.unwrap_err();
        drop(client);
        driver.abort();
        server.abort();
        error
    }

    #[tokio::test]
    async fn a_stream_refused_unseen_is_a_stale_connection() {
        let refused = io::Error::other(reset_with(h2::Reason::REFUSED_STREAM).await);
        let found = unanswered(&refused, Sent::Perhaps, Connection::PerhapsNew);
        assert_eq!(found.fault, Some(ConnectionFault::Stale));
        assert_eq!(found.phase, Phase::BeforeSend);
    }

    #[tokio::test]
    async fn a_stream_reset_for_another_reason_may_have_been_seen() {
        let reset = io::Error::other(reset_with(h2::Reason::INTERNAL_ERROR).await);
        for connection in [Connection::PerhapsNew, Connection::Pooled] {
            let found = unanswered(&reset, Sent::Perhaps, connection);
            assert_eq!(found.fault, Some(ConnectionFault::Reset), "{connection:?}");
            assert_eq!(found.phase, Phase::BeforeOutput);
        }
    }

    #[test]
    fn nothing_sent_means_nobody_saw_it() {
        let error = io::Error::from(io::ErrorKind::ConnectionReset);
        for (connection, fault) in [
            (Connection::Pooled, ConnectionFault::Stale),
            (Connection::PerhapsNew, ConnectionFault::Reset),
        ] {
            let found = unanswered(&error, Sent::Nothing, connection);
            assert_eq!(found.fault, Some(fault));
            assert_eq!(found.phase, Phase::BeforeSend);
        }
    }
}
