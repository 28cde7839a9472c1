//! The store: an open file, its lock, and the thread that writes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use interline_core::{
    Error, ErrorKind, NanoUsd, Result, Slice, SliceAsk, SpendMovement, StateStore, StoredSpend,
    async_trait,
};

use crate::file_lock::FileLock;
use crate::writer::{Desk, Writer};
use crate::{rows, schema};

/// Keeps the spend of one process in a file.
///
/// Dropping it writes what waits and ends its thread, which takes as long as the disk does.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    desk: Arc<Desk>,
    thread: Option<JoinHandle<()>>,
    _lock: FileLock,
}

impl SqliteStore {
    /// Opens a file, or makes it. Blocks for as long as it takes to check the file: to be called at start-up.
    ///
    /// # Errors
    /// `InvalidRequest` where the file is in use, damaged, of another program or of a newer version, or may
    /// not be written; the error names the file and the way out.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_path(path.as_ref())
    }

    fn open_path(path: &Path) -> Result<Self> {
        let lock = FileLock::take(path)?;
        let connection = schema::open(path)?;
        let sorry = |error: rusqlite::Error| schema::unusable(path, &error);
        let abandoned = rows::charge_abandoned(&connection).map_err(sorry)?;
        if abandoned > 0 {
            tracing::warn!(
                file = %path.display(),
                accounts = abandoned,
                "calls were under way when the last process ended; they are charged what they had reserved"
            );
        }
        rows::prune(&connection).map_err(sorry)?;
        let number = rows::last_batch(&connection).map_err(sorry)?;
        let desk = Arc::new(Desk::new());
        let writer = Writer {
            desk: Arc::clone(&desk),
            connection,
            path: path.to_owned(),
            number,
        };
        let thread = thread::Builder::new()
            .name("interline-spend".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| {
                let message = format!("no thread could be started that writes spend: {error}");
                Error::new(ErrorKind::Internal, message)
            })?;
        Ok(Self {
            path: path.to_owned(),
            desk,
            thread: Some(thread),
            _lock: lock,
        })
    }
}

#[async_trait]
impl StateStore for SqliteStore {
    async fn load(&self, hours: usize) -> Result<StoredSpend> {
        self.flush().await?;
        let connection = schema::open_reader(&self.path)?;
        rows::read(&connection, hours).map_err(|error| schema::unusable(&self.path, &error))
    }

    fn first_slice(&self, limit: NanoUsd) -> NanoUsd {
        limit
    }

    async fn slice(&self, _: &SliceAsk) -> Result<Slice> {
        Ok(Slice::default())
    }

    fn record(&self, movement: SpendMovement) {
        self.desk.record(movement);
    }

    async fn flush(&self) -> Result<()> {
        let mut progress = self.desk.progress();
        let before = progress.borrow_and_update().tries;
        let recorded = self.desk.hurry();
        let done = progress
            .wait_for(|now| {
                let failed = now.tries > before && now.trouble.is_some();
                now.written >= recorded || failed || now.is_over
            })
            .await;
        let over = || {
            Error::new(
                ErrorKind::Internal,
                "the thread that writes spend has ended",
            )
        };
        let done = done.map_err(|_| over())?;
        if done.written >= recorded {
            return Ok(());
        }
        Err(done.trouble.clone().unwrap_or_else(over))
    }

    fn trouble(&self) -> Option<Error> {
        self.desk.progress().borrow().trouble.clone()
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.desk.close();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!(file = %self.path.display(), "the thread that writes spend panicked");
        }
    }
}
