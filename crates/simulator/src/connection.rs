//! One connection: reads requests, performs the planned steps, and notices at once when the client leaves.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::http1::{AfterRequest, ReadError, chunk, read_request};
use crate::ledger::Outcome;
use crate::server::{OpenConnection, Planned, Service};
use crate::socket::Socket;
use crate::step::{PerByte, Step, whole};

/// Serves requests one after the other until one side closes.
pub(crate) async fn serve_connection(
    mut stream: Socket,
    service: Arc<dyn Service>,
    connection: OpenConnection,
    mut evictions: watch::Receiver<u64>,
    idle_timeout: Option<Duration>,
) {
    let ledger = &connection.ledger;
    let mut buffer = BytesMut::new();
    // A client that has just connected is not idle.
    let mut patience = None;
    loop {
        let read = tokio::select! {
            biased;
            _ = evictions.changed() => return,
            () = idled(patience) => {
                ledger.fired_on_connection("idle_closed");
                return;
            }
            read = read_request(&mut stream, &mut buffer) => read,
        };
        let received_at = Instant::now();
        let (request, planned, mut after) = match read {
            Ok(request) => {
                let number = ledger.opened(connection.number, &request, received_at);
                let after = request.connection;
                (number, service.answer(&request), after)
            }
            Err(ReadError::Gone) => return,
            Err(ReadError::TooLarge(request)) => {
                let number = ledger.opened(connection.number, &request, received_at);
                (number, service.too_large(&request), AfterRequest::Close)
            }
            Err(ReadError::Malformed(reason)) => {
                tracing::debug!(reason, "unreadable request");
                let headers = [("content-type".to_owned(), "text/plain".to_owned())];
                if let Step::Write(bytes) = whole(400, &headers, reason.as_bytes()) {
                    let _ = stream.write_all(&bytes).await;
                }
                return;
            }
        };
        ledger.planned(request, &planned);
        let ending = respond(&mut stream, &mut buffer, planned, |event| match event {
            Progress::Sent(bytes) => ledger.sent(request, bytes),
            Progress::Fired(fault) => ledger.fired(request, &fault),
        })
        .await;
        let outcome = match ending {
            Ending::Complete => Outcome::Answered,
            Ending::HungUp | Ending::Reset => Outcome::VendorHungUp,
            Ending::ClientLeft => Outcome::ClientLeft { at: Instant::now() },
        };
        ledger.closed(request, outcome);
        match ending {
            Ending::Reset => {
                stream.close_with_reset();
                return;
            }
            Ending::HungUp | Ending::ClientLeft => return,
            Ending::Complete => {}
        }
        if evictions.has_changed().unwrap_or(true) {
            after = AfterRequest::Close;
        }
        if after == AfterRequest::Close {
            drain(&mut stream).await;
            return;
        }
        patience = idle_timeout;
    }
}

/// Ends after the time for which a connection may idle; never, where any time is fine.
async fn idled(patience: Option<Duration>) {
    match patience {
        Some(patience) => sleep(patience).await,
        None => std::future::pending().await,
    }
}

/// How the steps ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Complete,
    HungUp,
    Reset,
    ClientLeft,
}

enum Progress {
    Sent(u64),
    Fired(crate::fault::Fault),
}

async fn respond(
    stream: &mut Socket,
    buffer: &mut BytesMut,
    planned: Planned,
    report: impl Fn(Progress),
) -> Ending {
    let (mut reader, mut writer) = tokio::io::split(stream);
    tokio::select! {
        biased;
        ending = perform(&mut writer, planned, &report) => ending.unwrap_or(Ending::ClientLeft),
        () = until_client_leaves(&mut reader, buffer) => Ending::ClientLeft,
    }
}

/// Reads on while an answer is written: the end of the stream is the client leaving, anything else is its next request.
pub(crate) async fn until_client_leaves(reader: &mut ReadHalf<&mut Socket>, buffer: &mut BytesMut) {
    loop {
        if buffer.len() > crate::http1::MAX_BODY_BYTES {
            // Enough is buffered; a client that still writes will have to wait for its answer.
            return std::future::pending().await;
        }
        buffer.reserve(1024);
        match reader.read_buf(buffer).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

async fn perform(
    writer: &mut WriteHalf<&mut Socket>,
    planned: Planned,
    report: &impl Fn(Progress),
) -> io::Result<Ending> {
    let mut fault = planned.fault;
    for step in planned.steps {
        match step {
            Step::Write(bytes) => write(writer, &bytes, report).await?,
            Step::Wait(duration) => pause(duration).await,
            Step::Trickle {
                bytes,
                per_byte,
                pause: duration,
            } => {
                for byte in bytes {
                    pause(duration).await;
                    let framed = match per_byte {
                        PerByte::Raw => Bytes::copy_from_slice(&[byte]),
                        PerByte::Chunk => chunk(&[byte]),
                    };
                    write(writer, &framed, report).await?;
                }
            }
            Step::Repeat {
                bytes,
                pause: duration,
            } => loop {
                pause(duration).await;
                write(writer, &bytes, report).await?;
                // Without a pause a fast reader would never let another task run.
                tokio::task::yield_now().await;
            },
            Step::Fire => {
                if let Some(fault) = fault.take() {
                    report(Progress::Fired(fault));
                }
            }
            Step::Hang => std::future::pending().await,
            Step::Close => return Ok(Ending::HungUp),
            Step::Reset => return Ok(Ending::Reset),
        }
    }
    Ok(Ending::Complete)
}

/// Sleeps, but not at all for nothing: the shortest sleep of the timer is a millisecond.
async fn pause(duration: Duration) {
    if !duration.is_zero() {
        sleep(duration).await;
    }
}

async fn write(
    writer: &mut WriteHalf<&mut Socket>,
    bytes: &[u8],
    report: &impl Fn(Progress),
) -> io::Result<()> {
    writer.write_all(bytes).await?;
    // TLS holds bytes back until it is told that there are no more for now.
    writer.flush().await?;
    report(Progress::Sent(bytes.len() as u64));
    Ok(())
}

/// Reads what the client still sends, for a moment: closing with unread bytes would be an RST that destroys the answer.
async fn drain(stream: &mut Socket) {
    let _ = stream.shutdown().await;
    let mut scratch = vec![0_u8; 64 * 1024];
    // One second is chosen, not measured: loopback needs microseconds.
    let _ = tokio::time::timeout(Duration::from_secs(1), async {
        while matches!(stream.read(&mut scratch).await, Ok(read) if read > 0) {}
    })
    .await;
}
