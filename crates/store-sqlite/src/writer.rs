//! The one thread that writes: waits, takes what has gathered, writes it in one transaction.
//!
//! A thread and not a task, because writing blocks; the caller's side only adds to a map.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use interline_core::{Error, ErrorKind, RetryHint, SpendMovement};
use rusqlite::Connection;
use tokio::sync::watch;

use crate::pending::Pending;
use crate::{rows, schema};

/// How long movements gather before they are written. Chosen: a restart loses at most a second, and this
/// leaves 800 ms for the disk.
const GATHER: Duration = Duration::from_millis(200);

/// How long until a write that failed is tried again. Chosen, not measured.
const RETRY: Duration = Duration::from_secs(1);

/// Failed writes in a row of which one is told again: about a minute of them.
const TELL_EVERY: u64 = 60;

/// Batches after which old rows are dropped: an hour or more of constant writing.
const PRUNE_EVERY: i64 = 18_000;

/// What the callers' side and the thread share.
#[derive(Debug)]
pub(crate) struct Desk {
    state: Mutex<State>,
    changed: Condvar,
    progress: watch::Sender<Progress>,
}

#[derive(Debug, Default)]
struct State {
    pending: Pending,
    /// Movements recorded so far.
    recorded: u64,
    is_urgent: bool,
    is_closing: bool,
}

/// How far the thread has come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// Movements that are in the file.
    pub(crate) written: u64,
    /// Writes tried so far.
    pub(crate) tries: u64,
    /// Why the last of them failed.
    pub(crate) trouble: Option<Error>,
    /// Nothing will be written any more.
    pub(crate) is_over: bool,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::new(State::default()),
            changed: Condvar::new(),
            progress: watch::Sender::new(Progress::default()),
        }
    }

    pub(crate) fn record(&self, movement: SpendMovement) {
        let mut state = self.lock();
        let was_empty = state.pending.is_empty();
        state.pending.add(movement);
        state.recorded += 1;
        drop(state);
        if was_empty {
            self.changed.notify_one();
        }
    }

    /// Has everything recorded so far written without delay; gives back how much that is.
    pub(crate) fn hurry(&self) -> u64 {
        let mut state = self.lock();
        state.is_urgent = true;
        let recorded = state.recorded;
        drop(state);
        self.changed.notify_one();
        recorded
    }

    /// Has everything written once more, and the thread end.
    pub(crate) fn close(&self) {
        self.lock().is_closing = true;
        self.changed.notify_one();
    }

    pub(crate) fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Sums of whole movements are good whatever happened to their thread.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for something to write, and then for more of it to gather.
    fn take(&self) -> Taken {
        let state = self.lock();
        let idle =
            |state: &mut State| state.pending.is_empty() && !state.is_closing && !state.is_urgent;
        let state = self
            .changed
            .wait_while(state, idle)
            .unwrap_or_else(PoisonError::into_inner);
        let mut state = self.pause(state, GATHER);
        state.is_urgent = false;
        Taken {
            batch: std::mem::take(&mut state.pending),
            through: state.recorded,
            is_closing: state.is_closing,
        }
    }

    fn pause<'a>(&self, state: MutexGuard<'a, State>, time: Duration) -> MutexGuard<'a, State> {
        let patient = |state: &mut State| !state.is_closing && !state.is_urgent;
        let waited = self.changed.wait_timeout_while(state, time, patient);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Waits before a write that failed is tried again; says whether the store is closing.
    fn wait_to_retry(&self) -> bool {
        let mut state = self.pause(self.lock(), RETRY);
        state.is_urgent = false;
        state.is_closing
    }

    fn report(&self, written: Option<u64>, trouble: Option<Error>) {
        self.progress.send_modify(|progress| {
            progress.written = written.unwrap_or(progress.written);
            progress.tries += 1;
            progress.trouble = trouble;
        });
    }
}

struct Taken {
    batch: Pending,
    through: u64,
    is_closing: bool,
}

/// The thread's own side.
pub(crate) struct Writer {
    pub(crate) desk: Arc<Desk>,
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    /// The number of the last batch in the file.
    pub(crate) number: i64,
}

impl Writer {
    /// Writes until the store is closed.
    pub(crate) fn run(mut self) {
        loop {
            let Taken {
                batch,
                through,
                mut is_closing,
            } = self.desk.take();
            let mut failures = 0;
            while let Err(error) = self.write(&batch) {
                let trouble = self.trouble(&error);
                if failures % TELL_EVERY == 0 {
                    tracing::error!(
                        file = %self.path.display(),
                        error = %trouble,
                        waiting_usd = %batch.cost(),
                        "spend cannot be written; it stays in memory and is tried again every second"
                    );
                }
                failures += 1;
                self.desk.report(None, Some(trouble));
                if is_closing {
                    tracing::error!(
                        file = %self.path.display(),
                        lost_usd = %(batch.cost() + self.desk.lock().pending.cost()),
                        "the process ends, and this spend could not be written"
                    );
                    return;
                }
                is_closing = self.desk.wait_to_retry();
            }
            if failures > 0 {
                tracing::info!(file = %self.path.display(), "spend is written again");
            }
            self.desk.report(Some(through), None);
            if is_closing && self.desk.lock().pending.is_empty() {
                return;
            }
        }
    }

    fn write(&mut self, batch: &Pending) -> rusqlite::Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let number = self.number + 1;
        rows::write(&mut self.connection, number, batch)?;
        self.number = number;
        if number % PRUNE_EVERY == 0
            && let Err(error) = rows::prune(&self.connection)
        {
            // The batch is in the file: failing here would have it written again.
            tracing::warn!(file = %self.path.display(), %error, "old spend could not be dropped");
        }
        Ok(())
    }

    fn trouble(&self, error: &rusqlite::Error) -> Error {
        let what = schema::unusable(&self.path, error);
        Error::new(ErrorKind::Unavailable, what.message()).with_retry(RetryHint::Backoff)
    }
}

impl Drop for Writer {
    /// Lets go of whoever waits for a write, even where the thread panicked.
    fn drop(&mut self) {
        self.desk
            .progress
            .send_modify(|progress| progress.is_over = true);
    }
}
