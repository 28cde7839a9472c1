//! A folder of its own for each test, and short words for ledgers over files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use interline_core::{NanoUsd, Target, Usage};
use interline_ledger::{Budget, Ledger, LedgerConfig, Payer, Period, Scope};
use interline_store_sqlite::SqliteStore;

/// A folder that goes when the test ends.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(test: &str) -> Self {
        let name = format!("interline-spend-{test}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.join("spend.db")
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// 2026-11-21, 12:00 UTC.
pub(crate) fn noon() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_262_400)
}

pub(crate) fn nano(amount: i64) -> NanoUsd {
    NanoUsd::new(amount)
}

pub(crate) fn config() -> LedgerConfig {
    let limit = nano(i64::MAX / 2);
    LedgerConfig::new([
        Budget::new(limit, Period::Day),
        Budget::new(limit, Period::Month).with_scope(Scope::Key("slow".to_owned())),
    ])
    .with_share_of_left(None)
}

pub(crate) async fn open(file: &Path) -> Ledger {
    let store = Arc::new(SqliteStore::open(file).expect("a good file"));
    Ledger::open(config(), store, noon())
        .await
        .expect("a ledger")
}

pub(crate) fn call(ledger: &Ledger, payer: &Payer, cost: i64) {
    let mut held = ledger
        .reserve(payer, &Target::new("p", "m"), Some(nano(cost)), noon())
        .expect("room");
    held.sent();
    held.settle(Usage::new(3, 4), Some(nano(cost)));
}

/// What was spent of the day, and of the month of the key `slow`.
pub(crate) fn spent(ledger: &Ledger) -> (i64, i64) {
    let budgets = ledger.budgets(noon());
    (budgets[0].spent.get(), budgets[1].spent.get())
}
