//! What a process finds that comes after another.

use std::sync::Arc;

use interline_core::Target;
use interline_ledger::{Dimension, Ledger, LedgerConfig, Payer, SpendQuery};
use interline_store_sqlite::SqliteStore;

use super::support::{Folder, call, config, nano, noon, open, spent};

#[tokio::test]
async fn a_restart_goes_on_where_the_last_process_stopped() {
    let folder = Folder::new("restart");
    let slow = Payer::new().with_key("slow").with_tags(["a", "b"]);
    let query = SpendQuery::by([Dimension::Hour, Dimension::Key, Dimension::Model]);
    let ledger = open(&folder.file()).await;
    for _ in 0..100 {
        call(&ledger, &Payer::new(), 7);
        call(&ledger, &slow, 5);
    }
    let (before, rows) = (spent(&ledger), ledger.spend(&query).expect("rows"));
    drop(ledger);
    for _ in 0..3 {
        let ledger = open(&folder.file()).await;
        assert_eq!(spent(&ledger), before);
        assert_eq!(ledger.spend(&query).expect("rows"), rows);
        let tags = ledger
            .spend(&SpendQuery::by([Dimension::Tag]))
            .expect("rows");
        assert_eq!(tags.len(), 2);
    }
}

#[tokio::test]
async fn a_flush_makes_others_see_it_at_once() {
    let folder = Folder::new("flush");
    let ledger = open(&folder.file()).await;
    call(&ledger, &Payer::new(), 7);
    ledger.flush().await.expect("a good disk");
    let reader = rusqlite::Connection::open(folder.file()).expect("a second reader");
    let cost = "SELECT sum(cost_nano_usd) FROM spend_hour";
    let cost: i64 = reader.query_row(cost, [], |row| row.get(0)).expect("a sum");
    assert_eq!(cost, 7);
    assert!(ledger.trouble().is_none());
}

#[tokio::test]
async fn a_call_under_way_when_its_process_ends_is_settled_by_its_guard() {
    let folder = Folder::new("under-way");
    let ledger = open(&folder.file()).await;
    let target = Target::new("p", "m");
    let mut held = ledger
        .reserve(&Payer::new(), &target, Some(nano(900)), noon())
        .expect("room");
    held.sent();
    ledger.flush().await.expect("a good disk");
    drop(held);
    drop(ledger);
    assert_eq!(spent(&open(&folder.file()).await), (900, 0));
}

#[tokio::test]
async fn a_budget_that_was_added_later_survives_a_restart_with_what_it_began_with() {
    let folder = Folder::new("added");
    let store = Arc::new(SqliteStore::open(folder.file()).expect("a good file"));
    let before = LedgerConfig::default();
    let ledger = Ledger::open(before, store, noon()).await.expect("a ledger");
    call(&ledger, &Payer::new().with_key("slow"), 40);
    ledger
        .reconfigure(config(), noon())
        .expect("a good configuration");
    assert_eq!(spent(&ledger), (40, 40));
    call(&ledger, &Payer::new(), 2);
    drop(ledger);
    for _ in 0..2 {
        assert_eq!(spent(&open(&folder.file()).await), (42, 40));
    }
}
