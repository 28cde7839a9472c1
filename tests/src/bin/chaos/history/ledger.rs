//! The vendors' ledger: every exchange, when it came, how it ended, what it costs.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// One exchange as its vendor saw it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Which call, by its number.
    pub(crate) call: usize,
    /// Which of its attempts, from 1.
    pub(crate) attempt: u32,
    /// Which vendor, by its place in the plan.
    pub(crate) vendor: usize,
    /// With which key.
    pub(crate) key: u16,
    /// When it came, since the start of the run.
    pub(crate) at: Duration,
    /// When it ended.
    pub(crate) ended: Option<Duration>,
    /// How.
    pub(crate) end: EntryEnd,
    /// Tokens sent.
    pub(crate) tokens: u32,
    /// Whether the vendor read the request.
    pub(crate) received: bool,
    /// Whether the vendor charges for it.
    pub(crate) billed: bool,
    /// How long the vendor asked to be left alone.
    pub(crate) told_to_wait: Option<Duration>,
    /// Which fault hit it, by its place in the plan.
    pub(crate) fault: Option<usize>,
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryEnd {
    /// It is under way.
    Open,
    /// The whole answer went out.
    Served,
    /// The vendor said no, or could not be reached.
    Failed,
    /// The answer broke off: cut, error event, broken connection.
    Cut,
    /// The client closed it first.
    Cancelled,
}

/// Every exchange of a run, in order of arrival.
#[derive(Debug)]
pub(crate) struct Ledger {
    start: Instant,
    entries: Mutex<Vec<Entry>>,
}

impl Ledger {
    /// An empty ledger of a run that starts now.
    pub(crate) fn new(start: Instant) -> Self {
        Self {
            start,
            entries: Mutex::default(),
        }
    }

    /// The time since the start of the run.
    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Opens an exchange.
    pub(crate) fn open(self: &Arc<Self>, entry: Entry) -> Exchange {
        let mut entries = self.lock();
        entries.push(entry);
        Exchange {
            ledger: Arc::clone(self),
            index: entries.len() - 1,
        }
    }

    /// Takes everything out.
    pub(crate) fn take(&self) -> Vec<Entry> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An exchange under way. Dropped before its end, it was cancelled by the client.
#[derive(Debug)]
pub(crate) struct Exchange {
    ledger: Arc<Ledger>,
    index: usize,
}

impl Exchange {
    /// Changes the entry.
    pub(crate) fn note(&self, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.ledger.lock().get_mut(self.index) {
            change(entry);
        }
    }

    /// Ends it; the first end stands.
    pub(crate) fn end(&self, end: EntryEnd) {
        let now = self.ledger.now();
        self.note(|entry| {
            if entry.end == EntryEnd::Open {
                entry.end = end;
                entry.ended = Some(now);
            }
        });
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.end(EntryEnd::Cancelled);
    }
}
