//! Where spend is kept: in memory, in a file, or in a store of the program's own.

use std::fmt;
use std::future::Future;
#[cfg(feature = "sqlite")]
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake};
use std::thread::{self, Thread};
use std::time::SystemTime;

use interline_core::{Result, StateStore};
use interline_ledger::{Ledger, LedgerConfig};

/// Where spend is kept.
#[derive(Clone, Default)]
pub(crate) enum SpendPlace {
    /// As long as the process lives.
    #[default]
    Memory,
    /// In an SQLite file.
    #[cfg(feature = "sqlite")]
    File(PathBuf),
    /// In a store that the program brings, which others may share.
    Store(Arc<dyn StateStore>),
}

impl SpendPlace {
    /// Opens the ledger there. Blocks for as long as its store takes, at start-up only.
    pub(crate) fn open(&self, config: LedgerConfig, now: SystemTime) -> Result<Ledger> {
        match self {
            Self::Memory => Ledger::in_memory(config, now),
            #[cfg(feature = "sqlite")]
            Self::File(path) => {
                let store = interline_store_sqlite::SqliteStore::open(path)?;
                wait_for(Ledger::open(config, Arc::new(store), now))
            }
            Self::Store(store) => wait_for(Ledger::open(config, Arc::clone(store), now)),
        }
    }

    /// Whether other processes may spend from the same budgets, so that there is something to fetch.
    pub(crate) const fn is_shared(&self) -> bool {
        matches!(self, Self::Store(_))
    }

    /// Whether both are the same place.
    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Memory, Self::Memory) => true,
            #[cfg(feature = "sqlite")]
            (Self::File(one), Self::File(other)) => one == other,
            (Self::Store(one), Self::Store(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl fmt::Debug for SpendPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("memory"),
            #[cfg(feature = "sqlite")]
            Self::File(path) => write!(f, "`{}`", path.display()),
            Self::Store(store) => store.fmt(f),
        }
    }
}

/// Waits for a future on this thread. A client is built in one go, outside or inside of a runtime; a file is
/// read by a thread of its own, which wakes this one.
fn wait_for<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(thread::current())).into();
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(done) => return done,
            Poll::Pending => thread::park(),
        }
    }
}
