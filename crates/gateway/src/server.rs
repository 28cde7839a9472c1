//! The listening side: accepts connections, bounds what an idle or slow client may hold, drains on shutdown.
//!
//! Why not `axum::serve`: it has no limit on how long a client may take to send its headers.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tower::ServiceExt;

use crate::impatient_stream::ImpatientStream;

/// How long things may take, and how many connections there may be.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ServerLimits {
    /// How long a client may take to send the headers of a request, and how long a kept-alive
    /// connection may wait for its next one. Default 10 s: SDKs send headers in one write, and their
    /// pools drop idle connections after about 5 s.
    pub header_read: Duration,
    /// How long a client may read nothing while there is something for it. Default 120 s (chosen, not
    /// measured): far longer than a busy client pauses.
    pub stalled_read: Duration,
    /// How long requests in flight may take to finish after a shutdown began. Default 30 s, the
    /// grace period that process supervisors grant by default.
    pub drain: Duration,
    /// How long the caller of a stream waits for its first byte before it gets a sign of life, and
    /// for each further one. Default 15 s (contract): below the idle limits of common load balancers.
    pub keep_alive: Duration,
    /// Connections served at once; further ones wait in the kernel's queue. Default 8192 (chosen,
    /// not measured).
    pub connections: usize,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            header_read: Duration::from_secs(10),
            stalled_read: Duration::from_secs(120),
            drain: Duration::from_secs(30),
            keep_alive: Duration::from_secs(15),
            connections: 8192,
        }
    }
}

/// How the drain at the end went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drained {
    /// Every request in flight was finished.
    Finished,
    /// Time ran out; this many connections were cut.
    Cut(usize),
}

/// How long connections that stand at a shutdown have to send the request that is on its way. Chosen, not
/// measured: some round trips in a data centre.
const LAST_REQUESTS: Duration = Duration::from_millis(100);

/// Serves `app` on `listener` until `shutdown` is ready, then finishes what is in flight.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    limits: ServerLimits,
    shutdown: impl Future<Output = ()>,
) -> Drained {
    let builder = Arc::new(connection_builder(limits));
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(limits.connections));
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            (stream, slot) = next_connection(&listener, &slots) => {
                let connection = Connection {
                    builder: Arc::clone(&builder),
                    app: app.clone(),
                    watcher: graceful.watcher(),
                    limits,
                };
                tokio::spawn(connection.serve(stream, slot));
            }
        }
    }
    for (stream, slot) in still_queued(listener, &slots) {
        let connection = Connection {
            builder: Arc::clone(&builder),
            app: app.clone(),
            watcher: graceful.watcher(),
            limits,
        };
        tokio::spawn(connection.serve(stream, slot));
    }
    sleep(LAST_REQUESTS).await;
    let open = graceful.count();
    let left = limits.drain.saturating_sub(LAST_REQUESTS);
    match timeout(left, graceful.shutdown()).await {
        Ok(()) => Drained::Finished,
        Err(_) => Drained::Cut(open),
    }
}

/// Closes the port, which tells load balancers to go elsewhere, and gives the connections that the kernel
/// had accepted already: reset, they would be calls lost for nothing.
fn still_queued(
    listener: TcpListener,
    slots: &Arc<Semaphore>,
) -> Vec<(TcpStream, OwnedSemaphorePermit)> {
    let mut queued = Vec::new();
    let Ok(listener) = listener.into_std() else {
        return queued;
    };
    while let Ok(slot) = Arc::clone(slots).try_acquire_owned()
        && let Ok((stream, _)) = listener.accept()
    {
        let stream = stream.set_nonblocking(true).map(|()| stream);
        if let Ok(stream) = stream.and_then(TcpStream::from_std) {
            queued.push((stream, slot));
        }
    }
    queued
}

fn connection_builder(limits: ServerLimits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_read);
    builder
        .http2()
        .timer(TokioTimer::new())
        // A client that vanished without a FIN is noticed within half a minute.
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10));
    builder
}

/// The next connection, together with its place among those served at once.
async fn next_connection(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> (TcpStream, OwnedSemaphorePermit) {
    let slot = Arc::clone(slots)
        .acquire_owned()
        .await
        .expect("the semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, slot),
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections");
                // Out of file descriptors, most likely; without a pause this loop would spin.
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

struct Connection {
    builder: Arc<auto::Builder<TokioExecutor>>,
    app: Router,
    watcher: Watcher,
    limits: ServerLimits,
}

impl Connection {
    async fn serve(self, stream: TcpStream, slot: OwnedSemaphorePermit) {
        // Events of a stream must leave as they are written; a refusal changes timing, not meaning.
        let _ = stream.set_nodelay(true);
        let seen = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&seen);
        let app = self.app.map_request(move |request: Request<_>| {
            mark.store(true, Ordering::Relaxed);
            request
        });
        let stream = ImpatientStream::new(stream, self.limits.stalled_read);
        let connection = self
            .builder
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app))
            .into_owned();
        let connection = self.watcher.watch(connection);
        tokio::select! {
            served = connection => {
                if let Err(error) = served {
                    tracing::debug!(%error, "connection ended");
                }
            }
            // hyper's header timer starts only once it knows whether HTTP/1 or HTTP/2 is spoken.
            () = silence(self.limits.header_read, &seen) => {
                tracing::debug!("a client connected and sent no request");
            }
        }
        drop(slot);
    }
}

/// Ready when no request was seen within `limit`; never otherwise.
async fn silence(limit: Duration, seen: &AtomicBool) {
    sleep(limit).await;
    if seen.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}
