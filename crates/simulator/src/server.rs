//! The listening side: accepts connections on loopback, and can close and reopen its door on the same port.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::connection::serve_connection;
use crate::fault::Fault;
use crate::http1::Request;
use crate::ledger::Ledger;
use crate::step::Step;

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
    /// Connections are accepted, and what they send is discarded without an answer. Idle connections are closed.
    Silent,
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
    pub(crate) async fn start(service: Arc<dyn Service>, ledger: Arc<Ledger>) -> io::Result<Self> {
        let socket = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let listener = socket.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        let (doors, door_requests) = mpsc::channel(1);
        let accept_loop = AcceptLoop {
            address,
            service,
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
                    let changed = self.change(&mut port, wanted);
                    if changed.is_ok() {
                        door = wanted;
                        if door != Door::Open {
                            self.evictions.send_modify(|generation| *generation += 1);
                            if door == Door::Refuse {
                                self.ledger.fired_on_connection("refused");
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
    fn change(&self, port: &mut Port, door: Door) -> io::Result<()> {
        let now = std::mem::replace(port, Port::Lost);
        *port = match (now, door) {
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

    fn welcome(&mut self, stream: TcpStream, door: Door) {
        // Pieces must leave as they are written; a refusal to do so changes timing, not meaning.
        let _ = stream.set_nodelay(true);
        let connection = OpenConnection::new(Arc::clone(&self.ledger));
        match door {
            Door::Open => {
                let service = Arc::clone(&self.service);
                let evictions = self.evictions.subscribe();
                self.connections
                    .spawn(serve_connection(stream, service, connection, evictions));
            }
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
            Door::Refuse => {}
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
            Port::Reserved(_) | Port::Lost => std::future::pending().await,
        }
    }
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
