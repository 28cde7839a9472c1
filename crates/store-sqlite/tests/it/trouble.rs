//! A file that cannot be written for a while loses nothing and says so.

use interline_core::{ErrorKind, RetryHint};
use interline_ledger::Payer;

use super::support::{Folder, call, open, spent};

#[tokio::test]
async fn what_cannot_be_written_is_told_and_written_once_later() {
    let folder = Folder::new("trouble");
    let ledger = open(&folder.file()).await;
    call(&ledger, &Payer::new(), 7);
    ledger.flush().await.expect("a good disk");

    let other = rusqlite::Connection::open(folder.file()).expect("another program");
    other.execute_batch("BEGIN IMMEDIATE").expect("its lock");
    call(&ledger, &Payer::new(), 11);
    let error = ledger.flush().await.expect_err("the file is locked");
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Unavailable, RetryHint::Backoff)
    );
    assert!(error.to_string().contains("spend.db"), "{error}");
    assert!(ledger.trouble().is_some());
    call(&ledger, &Payer::new(), 13);
    assert!(ledger.flush().await.is_err());
    assert_eq!(spent(&ledger), (31, 0), "budgets hold meanwhile");

    other.execute_batch("ROLLBACK").expect("its end");
    // The batch that failed is written first, what came later behind it.
    while ledger.flush().await.is_err() {}
    assert!(ledger.trouble().is_none());
    drop(ledger);
    assert_eq!(spent(&open(&folder.file()).await), (31, 0));
}
