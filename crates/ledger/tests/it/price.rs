//! What a reservation costs the process, measured on demand: `cargo test --release -p interline-ledger
//! --test it -- --ignored --nocapture price`.

use interline_core::Usage;
use interline_ledger::{Budget, Payer, Scope};
use tokio::time::Instant;

use super::support::{daily, ledger, nano, noon, target};

const CALLS: u32 = 200_000;

fn budgets(keys: usize) -> Vec<Budget> {
    let mut budgets = vec![daily(nano(i64::MAX))];
    for key in 0..keys {
        let scope = Scope::Key(key.to_string());
        budgets.push(daily(nano(i64::MAX)).with_scope(scope));
    }
    budgets
}

#[test]
#[ignore = "a measurement, not a check"]
#[expect(clippy::print_stderr, reason = "a measurement tells its reader")]
fn price_of_reserving_and_settling() {
    for (name, budgets) in [
        ("no budget", Vec::new()),
        ("1 budget", budgets(0)),
        ("1,001 budgets, 2 of which count", budgets(1_000)),
    ] {
        for threads in [1_u32, 2] {
            let ledger = ledger(budgets.clone());
            let payer = Payer::new().with_key("7");
            let begin = Instant::now();
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| {
                        for _ in 0..CALLS {
                            let cost = Some(nano(100));
                            let held = ledger.reserve(&payer, &target(), cost, noon());
                            let mut held = held.expect("room");
                            held.sent();
                            held.settle(Usage::new(10, 10), cost);
                        }
                    });
                }
            });
            let each = begin.elapsed().as_nanos() / u128::from(CALLS);
            eprintln!("{name}, {threads} threads: {each} ns for reserve and settle");
        }
    }
}
