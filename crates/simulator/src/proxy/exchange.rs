//! One connection of a proxy: reads requests, lets them pass or breaks them, and hangs up on the vendor with the client.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use serde_json::json;
use tokio::io::{AsyncWriteExt, WriteHalf};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::rule::{ProxyFault, Struck};
use super::upstream::passes;
use super::{Passed, PassedEnd, Shared};
use crate::connection::until_client_leaves;
use crate::dialect::{Dialect, VendorError};
use crate::fault::{Ending, ErrorCase, RetryAfter};
use crate::http1::{
    AfterRequest, Framing, LAST_CHUNK, ReadError, Request, chunk, read_request, response_head,
};
use crate::plan::GARBAGE;
use crate::socket::Socket;
use crate::step::{Step, whole};

/// Size of the pieces of a throttled body, as a share of a second's worth; chosen, not measured.
const PIECES_PER_SECOND: u32 = 20;

/// Serves requests until one side closes or the proxy stops.
pub(super) async fn serve(mut socket: Socket, shared: Arc<Shared>, mut stop: watch::Receiver<u64>) {
    let mut buffer = BytesMut::new();
    loop {
        let read = tokio::select! {
            biased;
            _ = stop.changed() => return,
            read = read_request(&mut socket, &mut buffer) => read,
        };
        let request = match read {
            Ok(request) => request,
            Err(ReadError::Gone) => return,
            Err(ReadError::TooLarge(_)) => {
                return refuse(&mut socket, 413, "the request is above 32 MiB").await;
            }
            Err(ReadError::Malformed(reason)) => return refuse(&mut socket, 400, &reason).await,
        };
        let after = request.connection;
        let end = pass(&mut socket, &mut buffer, &request, &shared).await;
        match end {
            Connection::Keep if after == AfterRequest::Keep => {}
            Connection::Keep | Connection::Close => {
                let _ = socket.shutdown().await;
                return;
            }
            Connection::Reset => return socket.close_with_reset(),
        }
        if stop.has_changed().unwrap_or(true) {
            return;
        }
    }
}

/// What becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connection {
    Keep,
    Close,
    Reset,
}

async fn refuse(socket: &mut Socket, status: u16, reason: &str) {
    let headers = [("content-type".to_owned(), "text/plain".to_owned())];
    if let Step::Write(bytes) = whole(status, &headers, reason.as_bytes()) {
        let _ = socket.write_all(&bytes).await;
    }
}

/// Passes one request, and reports it.
async fn pass(
    socket: &mut Socket,
    buffer: &mut BytesMut,
    request: &Request,
    shared: &Shared,
) -> Connection {
    let started = Instant::now();
    let number = shared.requests.fetch_add(1, Ordering::Relaxed) + 1;
    let struck = shared.rules.strike(number, &request.path, started);
    let mut passed = Passed {
        number,
        method: request.method.clone(),
        path: request.path.clone(),
        faults: struck.names.clone(),
        status: 0,
        body_bytes: 0,
        duration: Duration::ZERO,
        end: PassedEnd::Complete,
    };
    let (mut reader, writer) = tokio::io::split(socket);
    let answering = Answering {
        writer,
        shared,
        request,
        struck,
    };
    let end = tokio::select! {
        biased;
        end = answering.run(&mut passed) => end,
        () = until_client_leaves(&mut reader, buffer) => {
            passed.end = PassedEnd::ClientLeft;
            Connection::Close
        }
    };
    passed.duration = started.elapsed();
    shared.report(&passed);
    end
}

struct Answering<'a> {
    writer: WriteHalf<&'a mut Socket>,
    shared: &'a Shared,
    request: &'a Request,
    struck: Struck<'a>,
}

impl Answering<'_> {
    async fn run(mut self, passed: &mut Passed) -> Connection {
        if !self.struck.latency.is_zero() {
            sleep(self.struck.latency).await;
        }
        let broken = match self.struck.fault {
            Some(ProxyFault::Status {
                status,
                retry_after,
            }) => {
                return self.error(*status, retry_after.as_ref(), passed).await;
            }
            Some(ProxyFault::Silence) => return std::future::pending().await,
            Some(ProxyFault::Close) => Connection::Close,
            Some(ProxyFault::Reset) => Connection::Reset,
            Some(ProxyFault::Garbage) => {
                // A client that left does not miss it.
                let _ = self.write(GARBAGE).await;
                Connection::Close
            }
            _ => return self.forward(passed).await,
        };
        passed.end = PassedEnd::Broken;
        broken
    }

    /// An error in the words of the vendor whose path it is.
    async fn error(
        &mut self,
        status: u16,
        retry_after: Option<&RetryAfter>,
        passed: &mut Passed,
    ) -> Connection {
        let dialect = match self.request.path.contains("/messages") {
            true => Dialect::Anthropic,
            false => Dialect::OpenAi,
        };
        let format = dialect.format();
        let case = ErrorCase::of_status(status);
        let error = VendorError::new(case, format.stock_message(case));
        let body = format.error_body(&error, "chaos-proxy").to_string();
        let mut headers = vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("x-chaos-proxy".to_owned(), "status".to_owned()),
        ];
        headers.extend(retry_after.map(|delay| delay.header(SystemTime::now())));
        passed.end = PassedEnd::Broken;
        self.whole(status, &headers, body, passed).await
    }

    async fn whole(
        &mut self,
        status: u16,
        headers: &[(String, String)],
        body: String,
        passed: &mut Passed,
    ) -> Connection {
        passed.status = status;
        let mut bytes = response_head(status, headers, Framing::Length(body.len()));
        bytes.extend_from_slice(body.as_bytes());
        if self.write(&bytes).await.is_none() {
            passed.end = PassedEnd::ClientLeft;
            return Connection::Close;
        }
        passed.body_bytes = body.len() as u64;
        Connection::Keep
    }

    async fn forward(&mut self, passed: &mut Passed) -> Connection {
        let mut answer = match self.shared.upstream.send(self.request).await {
            Ok(answer) => answer,
            Err(cause) => {
                let message =
                    format!("the vendor behind the chaos proxy cannot be reached: {cause}");
                let error = json!({"error": {"message": message, "type": "chaos_proxy", "code": "upstream_unreachable"}});
                let headers = [("content-type".to_owned(), "application/json".to_owned())];
                passed.end = PassedEnd::VendorFailed;
                return self.whole(502, &headers, error.to_string(), passed).await;
            }
        };
        passed.status = answer.status().as_u16();
        let headers: Vec<(String, String)> = answer
            .headers()
            .iter()
            .filter(|(name, _)| passes(name.as_str()))
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                (name.as_str().to_owned(), value)
            })
            .collect();
        let is_bodiless = self.request.method == "HEAD" || matches!(passed.status, 204 | 304);
        let told = answer
            .headers()
            .get("content-length")
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let framing = match told {
            Some(length) => Framing::Length(length),
            None if is_bodiless => Framing::Length(0),
            None => Framing::Chunked,
        };
        let head = response_head(passed.status, &headers, framing);
        if self.write(&head).await.is_none() {
            passed.end = PassedEnd::ClientLeft;
            return Connection::Close;
        }
        let limit = match self.struck.fault {
            Some(ProxyFault::Cut { after_bytes, .. } | ProxyFault::Stall { after_bytes }) => {
                *after_bytes
            }
            _ => u64::MAX,
        };
        loop {
            let piece = match answer.chunk().await {
                Ok(Some(piece)) => piece,
                Ok(None) => break,
                Err(_) => {
                    // Broken off here as it broke off there.
                    passed.end = PassedEnd::VendorFailed;
                    return Connection::Reset;
                }
            };
            let room = usize::try_from(limit - passed.body_bytes).unwrap_or(usize::MAX);
            let is_over = piece.len() > room;
            let piece = piece.slice(..piece.len().min(room));
            let length = piece.len() as u64;
            if self.body(piece, framing).await.is_none() {
                passed.end = PassedEnd::ClientLeft;
                return Connection::Close;
            }
            passed.body_bytes += length;
            if is_over {
                return self.end_early(passed, framing).await;
            }
        }
        if framing == Framing::Chunked && self.write(LAST_CHUNK).await.is_none() {
            passed.end = PassedEnd::ClientLeft;
            return Connection::Close;
        }
        Connection::Keep
    }

    /// What a cut or a stall does once its bytes have passed.
    async fn end_early(&mut self, passed: &mut Passed, framing: Framing) -> Connection {
        passed.end = PassedEnd::Broken;
        // Only now did it take effect.
        passed
            .faults
            .extend(self.struck.fault.map(ProxyFault::name));
        match self.struck.fault {
            Some(ProxyFault::Cut {
                ending: Ending::Rst,
                ..
            }) => {
                // A reset at once could destroy bytes that the client has not read yet; chosen, not measured.
                sleep(Duration::from_millis(20)).await;
                Connection::Reset
            }
            Some(ProxyFault::Cut {
                ending: Ending::Clean,
                ..
            }) if framing == Framing::Chunked => {
                let _ = self.write(LAST_CHUNK).await;
                Connection::Keep
            }
            Some(ProxyFault::Stall { .. }) => std::future::pending().await,
            _ => Connection::Close,
        }
    }

    /// Writes a piece of the body at the speed that the rules allow.
    async fn body(&mut self, mut piece: Bytes, framing: Framing) -> Option<()> {
        let Some(speed) = self.struck.bytes_per_second else {
            return self.framed(&piece, framing).await;
        };
        let step = (speed / PIECES_PER_SECOND).max(1);
        while !piece.is_empty() {
            let part = piece.split_to(piece.len().min(step as usize));
            sleep(Duration::from_secs_f64(
                part.len() as f64 / f64::from(speed),
            ))
            .await;
            self.framed(&part, framing).await?;
        }
        Some(())
    }

    async fn framed(&mut self, piece: &[u8], framing: Framing) -> Option<()> {
        match framing {
            Framing::Length(_) => self.write(piece).await,
            Framing::Chunked => self.write(&chunk(piece)).await,
        }
    }

    /// Writes at once; nothing means that the client left.
    async fn write(&mut self, bytes: &[u8]) -> Option<()> {
        self.writer.write_all(bytes).await.ok()?;
        self.writer.flush().await.ok()
    }
}
