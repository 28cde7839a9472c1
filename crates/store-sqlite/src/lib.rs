//! Keeps the spend of one process in an SQLite file, so that budgets survive a restart.
//!
//! ```no_run
//! use std::sync::Arc;
//! use std::time::SystemTime;
//!
//! use interline_ledger::{Ledger, LedgerConfig};
//! use interline_store_sqlite::SqliteStore;
//!
//! # async fn start() -> interline_core::Result<()> {
//! let store = Arc::new(SqliteStore::open("/var/lib/interline/spend.db")?);
//! let ledger = Ledger::open(LedgerConfig::default(), store, SystemTime::now()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//! - **A restart loses at most a second.** Movements are merged in memory for 200 ms and then written by
//!   one thread in one transaction that is synced to disk; the second leaves 800 ms for the disk.
//! - **Nothing counts twice.** Each transaction carries a number, and one whose number is already in the
//!   file is not applied again.
//! - **Calls under way when the process dies are charged what they had reserved**, once, when the file is
//!   opened next: their vendors may have been paid. Those of the last second may be lost like any other.
//! - **A disk that refuses loses nothing silently.** What cannot be written stays in memory, merged, is
//!   tried again every second, is told as an error event and by `trouble`, and as a last event with its
//!   sums where the process ends before it could be written.
//! - **One process at a time.** A lock beside the file (`….lock`) keeps a second one out; the system
//!   releases it when a process dies. Others may read the file at any time, with the SQLite shell say.
//!   The lock does not hold on network file systems that do not carry locks: use a local disk.
//!
//! # Why not …
//! *one row for each call?* The file would grow without bound; rows of an hour do not, and their sums are
//! exact. *a channel to the thread?* A bounded one would have to block callers or drop; merging into a map
//! does neither, and the map is bounded by names and hours.

mod store;

mod file_lock;
mod pending;
mod rows;
mod schema;
mod writer;

pub use store::SqliteStore;
