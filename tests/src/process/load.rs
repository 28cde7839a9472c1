//! Steady load: a call every so often, streams and whole answers by turns, until it is told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

use super::caller::{Ask, Caller, Delivery, Heard};

/// Calls that are being made.
pub(super) struct Load {
    is_over: Arc<AtomicBool>,
    calls: JoinHandle<Vec<Heard>>,
}

impl Load {
    pub(super) fn start(caller: Caller, model: &'static str, every: Duration) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let calls = tokio::spawn(async move {
            let mut ticks = interval(every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            let mut calls = JoinSet::new();
            let mut turn = Delivery::Stream;
            while !over.load(Ordering::Relaxed) {
                ticks.tick().await;
                let ask = Ask::new(model, turn);
                calls.spawn(async move { caller.make(&ask).await });
                turn = match turn {
                    Delivery::Unary => Delivery::Stream,
                    Delivery::Stream => Delivery::Unary,
                };
            }
            calls.join_all().await
        });
        Self { is_over, calls }
    }

    /// Begins no further call, and hears out those that were begun.
    pub(super) async fn stop(self) -> Vec<Heard> {
        self.is_over.store(true, Ordering::Relaxed);
        self.calls.await.expect("callers do not panic")
    }
}

/// So many calls at once.
pub(super) async fn all_at_once(
    caller: Caller,
    model: &'static str,
    delivery: Delivery,
    count: usize,
) -> Vec<Heard> {
    begun(caller, model, delivery, count).join_all().await
}

/// The same, without waiting for their ends.
pub(super) fn begun(
    caller: Caller,
    model: &'static str,
    delivery: Delivery,
    count: usize,
) -> JoinSet<Heard> {
    let mut calls = JoinSet::new();
    for _ in 0..count {
        calls.spawn(caller.call(model, delivery));
    }
    calls
}
