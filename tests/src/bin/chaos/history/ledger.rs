//! The vendors' ledger: every exchange, when it came, how it ended, what it costs.

use std::collections::VecDeque;
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

/// Every exchange of a run in order of arrival, until it is taken out.
#[derive(Debug)]
pub(crate) struct Ledger {
    start: Instant,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    /// The number of the first entry that is still here.
    first: usize,
    entries: VecDeque<Entry>,
}

impl Ledger {
    /// An empty ledger of a run that starts now.
    pub(crate) fn new(start: Instant) -> Self {
        Self {
            start,
            book: Mutex::default(),
        }
    }

    /// The time since the start of the run.
    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Opens an exchange.
    pub(crate) fn open(self: &Arc<Self>, entry: Entry) -> Exchange {
        let mut book = self.lock();
        book.entries.push_back(entry);
        Exchange {
            ledger: Arc::clone(self),
            index: book.first + book.entries.len() - 1,
        }
    }

    /// Takes everything out.
    pub(crate) fn take(&self) -> Vec<Entry> {
        self.take_before(Duration::MAX)
    }

    /// Takes out the exchanges that came before a time; they must be over.
    pub(crate) fn take_before(&self, at: Duration) -> Vec<Entry> {
        let mut book = self.lock();
        let count = book.entries.partition_point(|entry| entry.at < at);
        book.first += count;
        book.entries.drain(..count).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
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
        let mut book = self.ledger.lock();
        let place = self.index.checked_sub(book.first);
        if let Some(entry) = place.and_then(|place| book.entries.get_mut(place)) {
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
