//! Canned answers: a status, headers and a body served as they are, the body cut at chosen places.
//!
//! Conformance runs replay recorded traffic with it: real chunks do not end where events end.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;

use crate::http1::{Request, chunk};
use crate::ledger::{DEFAULT_CAPACITY, Ledger};
use crate::manners::Manners;
use crate::server::{Planned, Server, Service};
use crate::step::{Step, chunked_head, last_chunk, piece, whole};

/// One answer, served verbatim.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Canned {
    /// HTTP status.
    pub status: u16,
    /// Headers in order. Those that frame the body (`content-length`, `transfer-encoding`, `connection`) are replaced.
    pub headers: Vec<(String, String)>,
    /// The body, neither compressed nor framed.
    pub body: Bytes,
    /// Byte offsets at which the body is cut; each piece is one chunk and one write. Offsets outside the body are ignored.
    pub cuts: Vec<usize>,
    /// What follows the body.
    pub ending: CannedEnding,
}

/// What follows the body of a [`Canned`] answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CannedEnding {
    /// The framing says that the body is complete.
    #[default]
    Complete,
    /// Nothing, while the connection stays open.
    Hang,
    /// A FIN, before the framing says that the body is complete.
    Close,
    /// These bytes, again and again as one chunk each, until the client leaves.
    Endless(Bytes),
    /// There is no answer at all, not even a head, while the connection stays open.
    Silence,
    /// There is no answer at all: a FIN follows the request.
    HangUp,
}

impl Canned {
    /// An answer without headers, its body in one piece.
    #[must_use]
    pub fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
            cuts: Vec::new(),
            ending: CannedEnding::Complete,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds headers.
    #[must_use]
    pub fn with_headers<N: Into<String>, V: Into<String>>(
        mut self,
        headers: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let headers = headers.into_iter();
        self.headers
            .extend(headers.map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Sets the byte offsets at which the body is cut, in any order.
    #[must_use]
    pub fn with_cuts(mut self, cuts: impl IntoIterator<Item = usize>) -> Self {
        self.cuts = cuts.into_iter().collect();
        self
    }

    /// Cuts the body every `bytes` bytes; 1 sends byte by byte, 0 does not cut.
    #[must_use]
    pub fn cut_every(self, bytes: usize) -> Self {
        let length = self.body.len();
        match bytes {
            0 => self.with_cuts([]),
            step => self.with_cuts((step..length).step_by(step)),
        }
    }

    /// Says what follows the body.
    #[must_use]
    pub fn with_ending(mut self, ending: CannedEnding) -> Self {
        self.ending = ending;
        self
    }

    fn steps(&self) -> Vec<Step> {
        match &self.ending {
            CannedEnding::Silence => return vec![Step::Hang],
            CannedEnding::HangUp => return vec![Step::Close],
            _ => {}
        }
        let headers: Vec<(String, String)> = self
            .headers
            .iter()
            .filter(|(name, value)| !(name.clone() + value).contains(['\r', '\n']))
            .cloned()
            .collect();
        if self.body.is_empty() && self.ending == CannedEnding::Complete {
            return vec![whole(self.status, &headers, b"")];
        }
        let mut cuts = self.cuts.clone();
        cuts.push(self.body.len());
        cuts.sort_unstable();
        cuts.dedup();
        let mut steps = vec![Step::Write(chunked_head(self.status, &headers))];
        let mut from = 0;
        for to in cuts {
            if to > from && to <= self.body.len() {
                steps.extend(piece(&self.body[from..to]));
                from = to;
            }
        }
        steps.push(match &self.ending {
            CannedEnding::Hang => Step::Hang,
            CannedEnding::Close => Step::Close,
            CannedEnding::Endless(bytes) if !bytes.is_empty() => Step::Repeat {
                bytes: chunk(bytes),
                pause: Duration::ZERO,
            },
            _ => last_chunk(),
        });
        steps
    }
}

/// A server of canned answers on a loopback port; it stops when this value is dropped.
#[derive(Debug)]
pub struct CannedServer {
    answers: Arc<Answers>,
    server: Server,
}

#[derive(Debug, Default)]
struct Answers {
    current: RwLock<Current>,
}

#[derive(Debug, Default)]
struct Current {
    any: Option<Canned>,
    by_path: BTreeMap<String, Canned>,
}

impl CannedServer {
    /// Serves one answer to every request, whatever its method and path.
    ///
    /// # Errors
    /// The operating system gives no port.
    pub async fn start(canned: Canned) -> io::Result<Self> {
        let server = Self::start_by_path(Vec::<(String, Canned)>::new()).await?;
        server.set(canned);
        Ok(server)
    }

    /// Serves an answer for each path (without query), and 404 with an empty body for any other.
    ///
    /// # Errors
    /// The operating system gives no port.
    pub async fn start_by_path<P: Into<String>>(
        answers: impl IntoIterator<Item = (P, Canned)>,
    ) -> io::Result<Self> {
        let by_path = answers
            .into_iter()
            .map(|(path, canned)| (path.into(), canned))
            .collect();
        let answers = Arc::new(Answers {
            current: RwLock::new(Current { any: None, by_path }),
        });
        let ledger = Arc::new(Ledger::new(DEFAULT_CAPACITY));
        let service: Arc<dyn Service> = Arc::<Answers>::clone(&answers);
        let server = Server::start(service, ledger, Manners::default())?;
        Ok(Self { answers, server })
    }

    /// Replaces the answer to every path that has none of its own, from the next request on.
    pub fn set(&self, canned: Canned) {
        self.answers.edit(|current| current.any = Some(canned));
    }

    /// Replaces the answer to one path, from the next request on.
    pub fn set_path(&self, path: impl Into<String>, canned: Canned) {
        let path = path.into();
        self.answers.edit(|current| {
            current.by_path.insert(path, canned);
        });
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// `http://` and the address, without a path.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// What was received.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        self.server.ledger()
    }
}

impl Answers {
    fn edit(&self, change: impl FnOnce(&mut Current)) {
        // Every change is complete before anything can panic.
        change(&mut self.current.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Service for Answers {
    fn answer(&self, request: &Request) -> Planned {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let found = current.by_path.get(&request.path).or(current.any.as_ref());
        let missing = Canned::new(404, Bytes::new());
        let canned = found.unwrap_or(&missing);
        let request_id = canned.headers.iter().find(|(name, _)| {
            name.eq_ignore_ascii_case("x-request-id") || name.eq_ignore_ascii_case("request-id")
        });
        Planned {
            status: canned.status,
            request_id: request_id.map_or_else(String::new, |(_, value)| value.clone()),
            charge: None,
            fault: None,
            steps: canned.steps(),
        }
    }

    fn too_large(&self, _: &Request) -> Planned {
        Planned {
            status: 413,
            request_id: String::new(),
            charge: None,
            fault: None,
            steps: Canned::new(413, Bytes::new()).steps(),
        }
    }
}
