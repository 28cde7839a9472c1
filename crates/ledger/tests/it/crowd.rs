//! A thousand callers at the edge of a budget: the overshoot is what calls under way cost beyond their
//! estimates, and not a cent more.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use interline_core::Usage;
use interline_ledger::{Ledger, Payer};
use tokio::sync::Barrier;

use super::support::{daily, ledger, nano, noon, sums, target};

const CALLERS: u64 = 1_000;
const ESTIMATE: i64 = 1_000;

struct Crowd {
    admitted: u64,
    spent: i64,
    /// The most that calls under way ever were beyond their estimates, when one was admitted.
    bound: i64,
}

/// Everybody asks at once, `rounds` times; a call costs its estimate plus `over(caller)`.
async fn crowd(ledger: Ledger, rounds: u64, over: fn(u64) -> i64) -> Crowd {
    let barrier = Arc::new(Barrier::new(usize::try_from(CALLERS).expect("small")));
    let admitted = Arc::new(AtomicU64::new(0));
    // What the calls under way will cost beyond their estimates, and its peak. It is raised before a
    // call is admitted and lowered after it settles, so its peak is never below the true one.
    let under_way = Arc::new(AtomicI64::new(0));
    let bound = Arc::new(AtomicI64::new(0));
    let tasks: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (ledger, barrier) = (ledger.clone(), Arc::clone(&barrier));
            let (admitted, under_way) = (Arc::clone(&admitted), Arc::clone(&under_way));
            let bound = Arc::clone(&bound);
            tokio::spawn(async move {
                barrier.wait().await;
                for _ in 0..rounds {
                    let beyond = over(caller).max(0);
                    let now = under_way.fetch_add(beyond, Ordering::SeqCst) + beyond;
                    let estimate = Some(nano(ESTIMATE));
                    let held = ledger.reserve(&Payer::new(), &target(), estimate, noon());
                    if let Ok(mut held) = held {
                        bound.fetch_max(now, Ordering::SeqCst);
                        admitted.fetch_add(1, Ordering::SeqCst);
                        held.sent();
                        tokio::task::yield_now().await;
                        let cost = Some(nano(ESTIMATE + over(caller)));
                        held.settle(Usage::default(), cost);
                    }
                    under_way.fetch_sub(beyond, Ordering::SeqCst);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a caller");
    }
    let [(spent, held)] = sums(&ledger)[..] else {
        panic!("one budget");
    };
    assert_eq!(held, 0, "nothing stays held");
    Crowd {
        admitted: admitted.load(Ordering::SeqCst),
        spent,
        bound: bound.load(Ordering::SeqCst),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn with_estimates_that_are_upper_bounds_there_is_no_overshoot() {
    let limit = 700 * ESTIMATE;
    let crowd = crowd(ledger([daily(nano(limit))]), 3, |_| -100).await;
    assert!(crowd.spent <= limit, "{} of {limit}", crowd.spent);
    assert!(crowd.admitted >= 700);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn exact_estimates_use_a_budget_up_to_the_last_cent() {
    let limit = 700 * ESTIMATE + 999;
    let crowd = crowd(ledger([daily(nano(limit))]), 3, |_| 0).await;
    assert_eq!((crowd.admitted, crowd.spent), (700, 700 * ESTIMATE));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn overshoot_is_bounded_by_what_calls_under_way_cost_beyond_their_estimates() {
    let limit = 700 * ESTIMATE;
    let over = |caller: u64| i64::try_from(caller % 7).expect("small") * 150;
    let crowd = crowd(ledger([daily(nano(limit))]), 3, over).await;
    let overshoot = crowd.spent - limit;
    assert!(
        overshoot <= crowd.bound,
        "{overshoot} above {}",
        crowd.bound
    );
    #[expect(clippy::print_stderr, reason = "the figures that the docs quote")]
    {
        let (admitted, bound) = (crowd.admitted, crowd.bound);
        eprintln!("{admitted} calls admitted, overshoot {overshoot} nano-USD, bound {bound}");
    }
}

#[test]
fn all_under_way_at_once_reach_the_bound_and_no_further() {
    let limit = 700 * ESTIMATE;
    let ledger = ledger([daily(nano(limit))]);
    let ask = || ledger.reserve(&Payer::new(), &target(), Some(nano(ESTIMATE)), noon());
    let held: Vec<_> = (0..CALLERS).filter_map(|_| ask().ok()).collect();
    assert_eq!(held.len(), 700);
    for held in held {
        held.settle(Usage::default(), Some(nano(ESTIMATE + 300)));
        assert!(ask().is_err(), "nothing is admitted beyond the limit");
    }
    assert_eq!(sums(&ledger), [(limit + 700 * 300, 0)]);
}
