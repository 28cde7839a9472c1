//! The seam fits a store that a fleet shares: ledgers of several processes, one limit.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;

use interline_core::{
    Error, ErrorKind, NanoUsd, Result, RetryHint, Slice, SliceAsk, SpendAccount, SpendMovement,
    StateStore, StoredSpend, Usage, async_trait,
};
use interline_ledger::{Ledger, LedgerConfig, Payer};

use super::support::{daily, nano, noon, target};

const FIRST_SLICE: i64 = 10;

/// A store that many share: it knows how much of each account was handed out.
#[derive(Debug, Default)]
struct Shared {
    handed_out: Mutex<HashMap<SpendAccount, i64>>,
    processes: i64,
}

#[async_trait]
impl StateStore for Shared {
    async fn load(&self, _: usize) -> Result<StoredSpend> {
        Ok(StoredSpend::default())
    }

    fn first_slice(&self, _: NanoUsd) -> NanoUsd {
        NanoUsd::new(FIRST_SLICE)
    }

    async fn slice(&self, ask: &SliceAsk) -> Result<Slice> {
        let mut accounts = self.handed_out.lock().expect("no panic under the lock");
        let handed_out = accounts
            .entry(ask.account.clone())
            .or_insert(self.processes * FIRST_SLICE);
        let free = ask.limit.get() - *handed_out;
        let granted = ask.wanted.get().max(50).min(free);
        *handed_out += granted;
        Ok(Slice::new(nano(granted), nano(free - granted)))
    }

    fn record(&self, _: SpendMovement) {}

    async fn flush(&self) -> Result<()> {
        Ok(())
    }

    fn trouble(&self) -> Option<Error> {
        None
    }
}

async fn process(store: &Arc<Shared>) -> Ledger {
    let config = LedgerConfig::new([daily(nano(1_000))]).with_share_of_left(None);
    Ledger::open(config, Arc::clone(store) as Arc<dyn StateStore>, noon())
        .await
        .expect("a ledger")
}

#[tokio::test]
async fn processes_that_share_a_budget_keep_its_limit_together() {
    let store = Arc::new(Shared {
        processes: 3,
        ..Shared::default()
    });
    let fleet = [
        process(&store).await,
        process(&store).await,
        process(&store).await,
    ];
    let payer = Payer::new();
    let mut spent = 0;
    for round in 0..200 {
        for ledger in &fleet {
            let cost = nano(3 + round % 5);
            ledger
                .prepare(&payer, &[target()], cost, noon())
                .await
                .expect("the store is well");
            if let Ok(held) = ledger.reserve(&payer, &target(), Some(cost), noon()) {
                held.settle(Usage::default(), Some(cost));
                spent += cost.get();
            }
        }
    }
    assert!(spent <= 1_000, "{spent}");
    assert!(spent > 900, "{spent}");
}

#[tokio::test]
async fn without_the_store_a_process_spends_what_it_has_and_then_says_so() {
    let store = Arc::new(Shared::default());
    let ledger = process(&store).await;
    let ask = || ledger.reserve(&Payer::new(), &target(), Some(nano(6)), noon());
    ask()
        .expect("the first slice")
        .settle(Usage::default(), Some(nano(6)));
    let error = ask().expect_err("4 are at hand");
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Budget, RetryHint::Backoff)
    );
}
