//! Chaos proxy: stands between an application and a real vendor, and breaks a share of what passes.
//!
//! What no rule strikes passes unharmed: heads, bodies and events leave as they arrive. A request is read whole before it
//! goes on, because its fault is decided by then; an answer is never held back.
//!
//! ```no_run
//! # async fn run() -> std::io::Result<()> {
//! use interline_simulator::{ChaosProxy, ProxyFault, ProxyRule};
//!
//! let proxy = ChaosProxy::builder("https://api.openai.com")
//!     .with_rule(ProxyRule::new(ProxyFault::status(500)).with_rate(0.1))
//!     .with_rule(ProxyRule::new(ProxyFault::Silence).with_rate(0.05))
//!     .start(([127, 0, 0, 1], 8089).into())
//!     .await?;
//! println!("point the application's base URL at http://{}/v1", proxy.address());
//! # Ok(()) }
//! ```

mod exchange;
mod rule;
mod upstream;

pub use rule::{ProxyFault, ProxyRule};

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use self::exchange::serve;
use self::rule::Rules;
use self::upstream::Upstream;
use crate::socket::Socket;

/// One exchange that passed, or did not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Passed {
    /// 1 for the first request.
    pub number: u64,
    /// HTTP method in capitals; empty for a connection that was broken before a request.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// The faults that struck, by [`ProxyFault::name`].
    pub faults: Vec<&'static str>,
    /// The status that the application got; 0 for none.
    pub status: u16,
    /// Bytes of the body that the application got.
    pub body_bytes: u64,
    /// From the whole request to the end of the answer.
    pub duration: Duration,
    /// How it ended.
    pub end: PassedEnd,
}

/// How an exchange through a proxy ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PassedEnd {
    /// The answer is complete.
    Complete,
    /// A rule ended it before its time.
    Broken,
    /// The vendor could not be reached, or broke off by itself.
    VendorFailed,
    /// The application left.
    ClientLeft,
}

/// What a proxy has seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProxyCounts {
    /// Requests, and connections that were broken before one.
    pub exchanges: u64,
    /// Those that no rule struck.
    pub unharmed: u64,
    /// How often each fault struck, by [`ProxyFault::name`].
    pub faults: BTreeMap<&'static str, u64>,
}

type Observer = Arc<dyn Fn(&Passed) + Send + Sync>;

/// A proxy that is not running yet.
#[must_use = "a proxy runs once `start` is called"]
pub struct ChaosProxyBuilder {
    upstream: String,
    rules: Vec<ProxyRule>,
    seed: u64,
    observer: Observer,
}

impl fmt::Debug for ChaosProxyBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChaosProxyBuilder")
            .field("upstream", &self.upstream)
            .field("rules", &self.rules)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

impl ChaosProxyBuilder {
    /// Adds a rule. The first that strikes decides; latency and throttling add to what others do.
    pub fn with_rule(mut self, rule: ProxyRule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Sets what decides which requests are struck: the same seed strikes the same numbers. 0 by default.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Is told of every exchange at its end.
    pub fn with_observer(mut self, observer: impl Fn(&Passed) + Send + Sync + 'static) -> Self {
        self.observer = Arc::new(observer);
        self
    }

    /// Starts to listen; schedules begin now.
    ///
    /// # Errors
    /// The address cannot be taken, the vendor's URL is none, or TLS cannot be set up.
    pub async fn start(self, listen: SocketAddr) -> io::Result<ChaosProxy> {
        let upstream = Upstream::new(&self.upstream)?;
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            upstream,
            rules: Rules::new(self.rules, self.seed, Instant::now()),
            observer: self.observer,
            requests: AtomicU64::new(0),
            counts: Mutex::default(),
        });
        let stop = watch::Sender::new(0_u64);
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared), stop.subscribe()));
        Ok(ChaosProxy {
            address,
            shared,
            stop,
            accepting,
        })
    }
}

/// A running proxy; it stops at once when this value is dropped, and in good order by [`ChaosProxy::stop`].
#[derive(Debug)]
pub struct ChaosProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<u64>,
    accepting: JoinHandle<()>,
}

impl ChaosProxy {
    /// A proxy to the vendor at this URL; a path in it stands before the path of every request.
    pub fn builder(upstream: impl Into<String>) -> ChaosProxyBuilder {
        ChaosProxyBuilder {
            upstream: upstream.into(),
            rules: Vec::new(),
            seed: 0,
            observer: Arc::new(|_| {}),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has seen so far.
    #[must_use]
    pub fn counts(&self) -> ProxyCounts {
        self.shared.counts().clone()
    }

    /// Takes no more connections, lets answers under way end for at most `patience`, and says what it has seen.
    pub async fn stop(mut self, patience: Duration) -> ProxyCounts {
        self.stop.send_modify(|generation| *generation += 1);
        // Whoever is not done by then is cut off.
        let _ = tokio::time::timeout(patience, &mut self.accepting).await;
        self.counts()
    }
}

impl Drop for ChaosProxy {
    fn drop(&mut self) {
        // The loop owns the connections, so they end with it.
        self.accepting.abort();
    }
}

/// What all connections share.
struct Shared {
    upstream: Upstream,
    rules: Rules,
    observer: Observer,
    requests: AtomicU64,
    counts: Mutex<ProxyCounts>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Shared {
    fn counts(&self) -> MutexGuard<'_, ProxyCounts> {
        // Every change is complete before anything can panic.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn report(&self, passed: &Passed) {
        let mut counts = self.counts();
        counts.exchanges += 1;
        if passed.faults.is_empty() {
            counts.unharmed += 1;
        }
        for fault in &passed.faults {
            *counts.faults.entry(fault).or_insert(0) += 1;
        }
        drop(counts);
        (self.observer)(passed);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, mut stop: watch::Receiver<u64>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = stop.changed() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => welcome(stream, &shared, &mut connections, &stop),
                // Out of file descriptors, most likely: give others time to close some.
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

fn welcome(
    stream: TcpStream,
    shared: &Arc<Shared>,
    connections: &mut JoinSet<()>,
    stop: &watch::Receiver<u64>,
) {
    // Pieces must leave as they are written; a refusal to do so changes timing, not meaning.
    let _ = stream.set_nodelay(true);
    let socket = Socket::Plain(stream);
    let broken = |fault: &ProxyFault| Passed {
        number: 0,
        method: String::new(),
        path: String::new(),
        faults: vec![fault.name()],
        status: 0,
        body_bytes: 0,
        duration: Duration::ZERO,
        end: PassedEnd::Broken,
    };
    match shared.rules.at_the_door(Instant::now()) {
        Some(fault @ ProxyFault::Refuse) => {
            socket.close_with_reset();
            shared.report(&broken(fault));
        }
        Some(fault) => {
            shared.report(&broken(fault));
            let mut stop = stop.clone();
            connections.spawn(async move {
                // Held open, and never read, until the proxy stops; the application gives up before.
                let _ = stop.changed().await;
                drop(socket);
            });
        }
        None => {
            connections.spawn(serve(socket, Arc::clone(shared), stop.clone()));
        }
    }
}
