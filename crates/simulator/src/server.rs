//! The listening side: accepts connections on loopback, and can close and reopen its door on the same port.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
#[cfg(feature = "tls")]
use tokio_rustls::TlsAcceptor;

use crate::charge::Charge;
use crate::connection::serve_connection;
use crate::fault::Fault;
use crate::http1::Request;
#[cfg(feature = "http2")]
use crate::http2::serve_http2;
use crate::ledger::Ledger;
use crate::manners::Manners;
use crate::socket::Socket;
use crate::step::Step;
#[cfg(feature = "tls")]
use crate::tls::{Offer, handshake};

/// Connections that the kernel queues before they are accepted; tokio's own default.
const BACKLOG: u32 = 1024;

/// What happens to a client that connects, before it has sent anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Door {
    /// Connections are accepted and served.
    #[default]
    Open,
    /// Nobody listens: the operating system refuses. The port stays reserved, and idle connections are closed.
    Refuse,
    /// Connections are accepted and at once reset (RST). Idle connections are closed.
    Reset,
    /// Connections are accepted and at once closed (FIN). Idle connections are closed.
    Close,
    /// Connections are accepted, and what they send is discarded without an answer. Idle connections are closed.
    Silent,
    /// Nobody answers a connection attempt, as if packets were lost: the client's connect timeout has to run out. Idle
    /// connections are closed.
    ///
    /// It fills the port's own queue, which works on Linux; elsewhere the client may be refused instead.
    Unreachable,
}

/// Decides what a request gets; the server does the rest.
pub(crate) trait Service: Send + Sync + 'static {
    /// The answer to a request that was read completely.
    fn answer(&self, request: &Request) -> Planned;
    /// The answer to a request whose body is above the limit; the connection closes after it.
    fn too_large(&self, request: &Request) -> Planned;
}

/// An answer, ready to be performed.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) status: u16,
    pub(crate) request_id: String,
    /// What is billed for it.
    pub(crate) charge: Option<Charge>,
    /// The fault that a [`Step::Fire`] among the steps announces.
    pub(crate) fault: Option<Fault>,
    pub(crate) steps: Vec<Step>,
}

/// A running server; it stops when this value is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    ledger: Arc<Ledger>,
    doors: mpsc::Sender<DoorRequest>,
    accept_loop: JoinHandle<()>,
}

type DoorRequest = (Door, oneshot::Sender<io::Result<()>>);

impl Server {
    /// Listens on a free port of 127.0.0.1.
    pub(crate) fn start(
        service: Arc<dyn Service>,
        ledger: Arc<Ledger>,
        manners: Manners,
    ) -> io::Result<Self> {
        let socket = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let listener = socket.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let (doors, door_requests) = mpsc::channel(1);
        let accept_loop = AcceptLoop {
            address,
            service,
            #[cfg(feature = "tls")]
            tls: tls_of(&manners),
            manners,
            ledger: Arc::clone(&ledger),
            evictions: watch::Sender::new(0),
            connections: JoinSet::new(),
        };
        Ok(Self {
            address,
            ledger,
            doors,
            accept_loop: tokio::spawn(accept_loop.run(listener, door_requests)),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Changes the door and returns once the change has taken effect.
    pub(crate) async fn set_door(&self, door: Door) -> io::Result<()> {
        let gone = || io::Error::other("the simulated server has stopped");
        let (done, confirmed) = oneshot::channel();
        self.doors.send((door, done)).await.map_err(|_| gone())?;
        confirmed.await.map_err(|_| gone())?
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The loop owns the connection tasks, so they end with it.
        self.accept_loop.abort();
    }
}

struct AcceptLoop {
    address: SocketAddr,
    service: Arc<dyn Service>,
    #[cfg(feature = "tls")]
    tls: Option<TlsAcceptor>,
    manners: Manners,
    ledger: Arc<Ledger>,
    /// Grows each time idle connections have to go.
    evictions: watch::Sender<u64>,
    connections: JoinSet<()>,
}

/// The port, listening or only reserved.
enum Port {
    Listening(TcpListener),
    /// Bound without listening: the kernel refuses connections, and nobody else can take the port.
    Reserved(TcpSocket),
    /// Listening without accepting, the queue full of callers.
    Full {
        listener: TcpListener,
        _callers: Vec<TcpStream>,
    },
    /// Neither, after the operating system refused a change.
    Lost,
}

impl AcceptLoop {
    async fn run(mut self, listener: TcpListener, mut requests: mpsc::Receiver<DoorRequest>) {
        let mut door = Door::Open;
        let mut port = Port::Listening(listener);
        loop {
            tokio::select! {
                biased;
                request = requests.recv() => {
                    let Some((wanted, done)) = request else { return };
                    let changed = self.change(&mut port, wanted).await;
                    if changed.is_ok() {
                        door = wanted;
                        if door != Door::Open {
                            self.evictions.send_modify(|generation| *generation += 1);
                            match door {
                                Door::Refuse => self.ledger.fired_on_connection("refused"),
                                Door::Unreachable => self.ledger.fired_on_connection("unreachable"),
                                _ => {}
                            }
                        }
                    }
                    // The caller may have given up waiting; the door is changed all the same.
                    let _ = done.send(changed);
                }
                stream = accept(&port) => self.welcome(stream, door),
                Some(_) = self.connections.join_next() => {}
            }
        }
    }

    /// Brings the port into the state that a door needs.
    async fn change(&self, port: &mut Port, door: Door) -> io::Result<()> {
        let now = match std::mem::replace(port, Port::Lost) {
            Port::Full { listener, .. } if door != Door::Unreachable => {
                drop(listener);
                Port::Lost
            }
            now => now,
        };
        *port = match (now, door) {
            (full @ Port::Full { .. }, _) => full,
            (now, Door::Unreachable) => {
                drop(now);
                let listener = bind(self.address)?.listen(1)?;
                let _callers = fill_queue(self.address).await;
                Port::Full { listener, _callers }
            }
            (Port::Listening(listener), Door::Refuse) => {
                drop(listener);
                Port::Reserved(bind(self.address)?)
            }
            (reserved @ Port::Reserved(_), Door::Refuse) => reserved,
            (Port::Lost, Door::Refuse) => Port::Reserved(bind(self.address)?),
            (listening @ Port::Listening(_), _) => listening,
            (Port::Reserved(socket), _) => Port::Listening(socket.listen(BACKLOG)?),
            (Port::Lost, _) => Port::Listening(bind(self.address)?.listen(BACKLOG)?),
        };
        Ok(())
    }

    /// Serves a connection in a task of its own.
    fn serve(&mut self, stream: TcpStream, connection: OpenConnection) {
        let service = Arc::clone(&self.service);
        let evictions = self.evictions.subscribe();
        let idle_timeout = self.manners.idle_timeout;
        #[cfg(feature = "tls")]
        if let Some(acceptor) = self.tls.clone() {
            #[cfg(feature = "http2")]
            let window_bytes = self.manners.http2_window_bytes.unwrap_or_default();
            self.connections.spawn(async move {
                let Ok(socket) = handshake(&acceptor, stream).await else {
                    connection
                        .ledger
                        .fired_on_connection("tls_handshake_failed");
                    return;
                };
                #[cfg(feature = "http2")]
                if socket.speaks_http2() {
                    return serve_http2(socket, service, connection, evictions, window_bytes).await;
                }
                serve_connection(socket, service, connection, evictions, idle_timeout).await;
            });
            return;
        }
        let socket = Socket::Plain(stream);
        self.connections.spawn(serve_connection(
            socket,
            service,
            connection,
            evictions,
            idle_timeout,
        ));
    }

    fn welcome(&mut self, stream: TcpStream, door: Door) {
        // Pieces must leave as they are written; a refusal to do so changes timing, not meaning.
        let _ = stream.set_nodelay(true);
        let connection = OpenConnection::new(Arc::clone(&self.ledger));
        match door {
            Door::Open => self.serve(stream, connection),
            Door::Close => self.ledger.fired_on_connection("closed_on_accept"),
            Door::Reset => {
                self.ledger.fired_on_connection("reset_on_accept");
                let _ = stream.set_zero_linger();
            }
            Door::Silent => {
                self.ledger.fired_on_connection("silent_on_accept");
                let mut evictions = self.evictions.subscribe();
                self.connections.spawn(async move {
                    // Held open until the client leaves or the door changes to something else that closes it.
                    tokio::select! {
                        () = until_client_leaves(&stream) => {}
                        _ = evictions.changed() => {}
                    }
                    drop(connection);
                });
            }
            // Nobody can have been accepted.
            Door::Refuse | Door::Unreachable => {}
        }
    }
}

/// The next connection; never, while the port does not listen.
async fn accept(port: &Port) -> TcpStream {
    loop {
        match port {
            Port::Listening(listener) => match listener.accept().await {
                Ok((stream, _)) => return stream,
                Err(error) => {
                    tracing::debug!(%error, "accept failed");
                    // Out of file descriptors, most likely: give others time to close some.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            },
            Port::Reserved(_) | Port::Full { .. } | Port::Lost => std::future::pending().await,
        }
    }
}

/// Connects until nobody answers any more: the connections that wait in the queue of a port that accepts none.
async fn fill_queue(address: SocketAddr) -> Vec<TcpStream> {
    // Queues hold one or two more than they are told; chosen with room, not measured.
    const MOST: usize = 8;
    // Loopback answers within microseconds; chosen, not measured.
    const ANSWER: Duration = Duration::from_millis(100);
    let mut waiting = Vec::new();
    while waiting.len() < MOST {
        match tokio::time::timeout(ANSWER, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => waiting.push(stream),
            Ok(Err(_)) | Err(_) => break,
        }
    }
    waiting
}

#[cfg(feature = "tls")]
fn tls_of(manners: &Manners) -> Option<TlsAcceptor> {
    let certificate = manners.tls.as_ref()?;
    #[cfg(feature = "http2")]
    if manners.http2_window_bytes.is_some() {
        return Some(certificate.acceptor(Offer::Http2));
    }
    Some(certificate.acceptor(Offer::Http1))
}

async fn until_client_leaves(stream: &TcpStream) {
    let mut scratch = [0_u8; 4096];
    loop {
        if stream.readable().await.is_err() {
            return;
        }
        match stream.try_read(&mut scratch) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Without it the port could not be taken again while old connections linger.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Counts a connection as active for as long as it lives.
#[derive(Debug)]
pub(crate) struct OpenConnection {
    pub(crate) number: u64,
    pub(crate) ledger: Arc<Ledger>,
}

impl OpenConnection {
    fn new(ledger: Arc<Ledger>) -> Self {
        Self {
            number: ledger.connected(),
            ledger,
        }
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.ledger.disconnected();
    }
}
