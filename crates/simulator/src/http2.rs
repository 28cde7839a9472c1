//! HTTP/2: the same answers and faults as over HTTP/1.1, and the violations that only HTTP/2 has.
//!
//! The steps of an answer are bytes of HTTP/1.1; [`crate::http1_meaning`] reads back what they say, and that is sent.
//! The `h2` crate keeps its promises, so a GOAWAY that denies a request and a flood of resets are frames written past it.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::{BufMut, Bytes, BytesMut};
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::fault::{Fault, Http2Fault};
use crate::http1::{AfterRequest, MAX_BODY_BYTES, Request, chunk};
use crate::http1_meaning::{Http1Meaning, Meaning};
use crate::ledger::{Ledger, Outcome};
use crate::server::{OpenConnection, Planned, Service};
use crate::socket::Socket;
use crate::step::{PerByte, Step};

/// How long streams may take to notice that their connection is gone; chosen, not measured.
const FAREWELL: std::time::Duration = std::time::Duration::from_secs(1);

/// Serves the streams of one connection until one side closes.
pub(crate) async fn serve_http2(
    socket: Socket,
    service: Arc<dyn Service>,
    connection: OpenConnection,
    mut evictions: watch::Receiver<u64>,
    window_bytes: u32,
) {
    let mut io = SharedSocket(Arc::new(Mutex::new(socket)));
    let mut builder = h2::server::Builder::new();
    builder.initial_window_size(window_bytes);
    let Ok(mut http2) = builder.handshake::<_, Bytes>(io.clone()).await else {
        return;
    };
    let (tell, mut violence) = mpsc::channel::<Violence>(1);
    let mut streams = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = evictions.changed() => return,
            Some(act) = violence.recv() => match act {
                Violence::Frames(bytes) => {
                    if io.write_all(&bytes).await.is_err() || io.flush().await.is_err() {
                        return;
                    }
                }
                Violence::LastFrame(bytes) => {
                    let _ = io.write_all(&bytes).await;
                    let _ = io.shutdown().await;
                    // Closing with unread bytes would be an RST that destroys the frame.
                    let mut scratch = vec![0; 4096];
                    let _ = tokio::time::timeout(FAREWELL, async {
                        while matches!(io.read(&mut scratch).await, Ok(read) if read > 0) {}
                    }).await;
                    return;
                }
                Violence::Close => return,
            },
            Some(_) = streams.join_next() => {}
            accepted = http2.accept() => {
                let Some(Ok((request, respond))) = accepted else { break };
                let exchange = Exchange {
                    service: Arc::clone(&service),
                    ledger: Arc::clone(&connection.ledger),
                    connection: connection.number,
                    tell: tell.clone(),
                };
                streams.spawn(exchange.run(request, respond));
            }
        }
    }
    let _ = tokio::time::timeout(FAREWELL, async {
        while streams.join_next().await.is_some() {}
    })
    .await;
}

/// What happens to the whole connection.
#[derive(Debug)]
enum Violence {
    /// Frames that no stream would send.
    Frames(Bytes),
    /// The same, and the end of the connection.
    LastFrame(Bytes),
    Close,
}

/// One stream.
struct Exchange {
    service: Arc<dyn Service>,
    ledger: Arc<Ledger>,
    connection: u64,
    tell: mpsc::Sender<Violence>,
}

/// How the steps ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Complete,
    VendorHungUp,
    ClientLeft,
}

impl Exchange {
    async fn run(self, request: http::Request<RecvStream>, respond: SendResponse<Bytes>) {
        let Some(request) = read(request).await else {
            return;
        };
        let number = self
            .ledger
            .opened(self.connection, &request, Instant::now());
        let planned = self.service.answer(&request);
        self.ledger.planned(number, &planned);
        let ending = self.answer(number, planned, respond).await;
        let outcome = match ending {
            Ending::Complete => Outcome::Answered,
            Ending::VendorHungUp => Outcome::VendorHungUp,
            Ending::ClientLeft => Outcome::ClientLeft { at: Instant::now() },
        };
        self.ledger.closed(number, outcome);
    }

    async fn answer(
        &self,
        number: u64,
        planned: Planned,
        mut respond: SendResponse<Bytes>,
    ) -> Ending {
        if let Some(fault @ Fault::Http2(violation)) = &planned.fault {
            let violation = *violation;
            self.ledger.fired(number, fault);
            let stream = u32::from(respond.stream_id());
            match violation {
                Http2Fault::RefusedStream => respond.send_reset(Reason::REFUSED_STREAM),
                Http2Fault::ResetStream { code } => respond.send_reset(Reason::from(code)),
                Http2Fault::GoAway => self.tell(Violence::LastFrame(go_away())).await,
                Http2Fault::ResetFlood { frames } => {
                    self.tell(Violence::Frames(resets(stream, frames))).await;
                    // The client must see the resets before the end of this task says something of its own.
                    let _ = poll_fn(|cx| respond.poll_reset(cx)).await;
                }
            }
            return Ending::VendorHungUp;
        }
        let mut sender = Sender {
            respond,
            body: None,
            meaning: Http1Meaning::default(),
            ended: false,
        };
        self.perform(number, planned, &mut sender).await
    }

    async fn perform(&self, number: u64, planned: Planned, sender: &mut Sender) -> Ending {
        let mut fault = planned.fault;
        for step in planned.steps {
            let done = match step {
                Step::Write(bytes) => self.write(number, sender, &bytes).await,
                Step::Wait(pause) => sender.unless_left(sleep(pause)).await,
                Step::Trickle {
                    bytes,
                    per_byte,
                    pause,
                } => {
                    let mut done = Some(());
                    for byte in bytes {
                        let framed = match per_byte {
                            PerByte::Raw => Bytes::copy_from_slice(&[byte]),
                            PerByte::Chunk => chunk(&[byte]),
                        };
                        if !pause.is_zero() {
                            done = sender.unless_left(sleep(pause)).await;
                        }
                        if done.is_some() {
                            done = self.write(number, sender, &framed).await;
                        }
                        if done.is_none() {
                            break;
                        }
                    }
                    done
                }
                Step::Repeat { bytes, pause } => loop {
                    if !pause.is_zero() && sender.unless_left(sleep(pause)).await.is_none() {
                        break None;
                    }
                    if self.write(number, sender, &bytes).await.is_none() {
                        break None;
                    }
                    // Without a pause a fast reader would never let another task run.
                    tokio::task::yield_now().await;
                },
                Step::Fire => {
                    if let Some(fault) = fault.take() {
                        self.ledger.fired(number, &fault);
                    }
                    Some(())
                }
                Step::Hang => sender.unless_left(std::future::pending()).await,
                Step::Close => {
                    self.tell(Violence::Close).await;
                    return Ending::VendorHungUp;
                }
                Step::Reset => {
                    sender.reset();
                    return Ending::VendorHungUp;
                }
            };
            if done.is_none() {
                return Ending::ClientLeft;
            }
        }
        match sender.end() {
            Some(()) => Ending::Complete,
            None => Ending::ClientLeft,
        }
    }

    async fn write(&self, number: u64, sender: &mut Sender, bytes: &[u8]) -> Option<()> {
        for meaning in sender.meaning.read(bytes) {
            match meaning {
                Meaning::Head { status, headers } => sender.head(status, &headers)?,
                Meaning::Data(data) => {
                    let length = data.len() as u64;
                    sender.data(data).await?;
                    self.ledger.sent(number, length);
                }
                Meaning::End => sender.end()?,
                Meaning::Garbage => sender.reset(),
            }
        }
        Some(())
    }

    async fn tell(&self, violence: Violence) {
        // Nobody listens once the connection is gone, which is what was wanted.
        let _ = self.tell.send(violence).await;
    }
}

/// Writes one answer; `None` means that the client does not want it any more.
struct Sender {
    respond: SendResponse<Bytes>,
    body: Option<SendStream<Bytes>>,
    meaning: Http1Meaning,
    ended: bool,
}

impl Sender {
    fn head(&mut self, status: u16, headers: &[(String, String)]) -> Option<()> {
        let mut head = http::Response::builder().status(status);
        for (name, value) in headers {
            head = head.header(name, value);
        }
        self.body = Some(
            self.respond
                .send_response(head.body(()).ok()?, false)
                .ok()?,
        );
        Some(())
    }

    /// Sends as the client's window allows.
    async fn data(&mut self, mut data: Bytes) -> Option<()> {
        let Some(body) = &mut self.body else {
            return Some(());
        };
        while !data.is_empty() {
            body.reserve_capacity(data.len());
            let capacity = poll_fn(|cx| {
                if let Poll::Ready(left) = body.poll_reset(cx) {
                    return Poll::Ready(left.err().map(Err).or(None));
                }
                body.poll_capacity(cx)
            });
            let capacity = capacity.await?.ok()?;
            let piece = data.split_to(capacity.min(data.len()));
            body.send_data(piece, false).ok()?;
        }
        Some(())
    }

    fn end(&mut self) -> Option<()> {
        if std::mem::replace(&mut self.ended, true) {
            return Some(());
        }
        let body = self.body.as_mut()?;
        body.send_data(Bytes::new(), true).ok()
    }

    fn reset(&mut self) {
        self.ended = true;
        match &mut self.body {
            Some(body) => body.send_reset(Reason::INTERNAL_ERROR),
            None => self.respond.send_reset(Reason::INTERNAL_ERROR),
        }
    }

    async fn unless_left(&mut self, wait: impl Future<Output = ()>) -> Option<()> {
        let left = poll_fn(|cx| match &mut self.body {
            Some(body) => body.poll_reset(cx).map(|_| ()),
            None => self.respond.poll_reset(cx).map(|_| ()),
        });
        tokio::select! {
            biased;
            () = left => None,
            () = wait => Some(()),
        }
    }
}

/// The whole request, or nothing where the client left in the middle or sent too much.
async fn read(request: http::Request<RecvStream>) -> Option<Request> {
    let (head, mut stream) = request.into_parts();
    let mut body = BytesMut::new();
    while let Some(data) = stream.data().await {
        let data = data.ok()?;
        body.extend_from_slice(&data);
        if body.len() > MAX_BODY_BYTES {
            return None;
        }
        stream.flow_control().release_capacity(data.len()).ok()?;
    }
    let headers = head.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    Some(Request {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: headers.collect(),
        body: body.freeze(),
        connection: AfterRequest::Keep,
    })
}

/// The head of a frame: length, type, no flags, stream.
fn frame_head(length: u32, kind: u8, stream: u32) -> BytesMut {
    let mut frame = BytesMut::with_capacity(32);
    frame.put_uint(u64::from(length), 3);
    frame.put_u8(kind);
    frame.put_u8(0);
    frame.put_u32(stream);
    frame
}

/// GOAWAY without an error that denies every stream.
fn go_away() -> Bytes {
    let mut frame = frame_head(8, 7, 0);
    frame.put_u32(0);
    frame.put_u32(u32::from(Reason::NO_ERROR));
    frame.freeze()
}

/// `RST_STREAM` of one stream, so many times.
fn resets(stream: u32, frames: usize) -> Bytes {
    let mut frame = frame_head(4, 3, stream);
    frame.put_u32(u32::from(Reason::INTERNAL_ERROR));
    frame.repeat(frames).into()
}

/// A socket that `h2` reads and writes, and that frames can be written to past it.
#[derive(Clone)]
struct SharedSocket(Arc<Mutex<Socket>>);

impl SharedSocket {
    fn lock(&self) -> MutexGuard<'_, Socket> {
        // Held for one poll only; a panic in between leaves a socket, whatever its state.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncRead for SharedSocket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_read(cx, buffer)
    }
}

impl AsyncWrite for SharedSocket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.lock()).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_shutdown(cx)
    }
}
