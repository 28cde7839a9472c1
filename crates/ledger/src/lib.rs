//! Spend and budgets: what a call may cost is reserved before it is sent, what it did cost is settled
//! after it, and the sums are exact.
//!
//! ```
//! use std::time::SystemTime;
//!
//! use interline_core::{NanoUsd, Target, Usage};
//! use interline_ledger::{Budget, BudgetTier, Ledger, LedgerConfig, Payer, Period};
//!
//! let ten_dollars = NanoUsd::from_usd("10").expect("an amount");
//! let config = LedgerConfig::new([Budget::new(ten_dollars, Period::Day)]);
//! let now = SystemTime::now();
//! let ledger = Ledger::in_memory(config, now)?;
//!
//! let payer = Payer::new().with_key("alice");
//! let target = Target::new("openai", "gpt-4o");
//! let estimate = NanoUsd::from_usd("0.03");
//! let mut reservation = ledger.reserve(&payer, &target, estimate, now)?;
//! reservation.sent();
//! reservation.settle(Usage::new(900, 120), NanoUsd::from_usd("0.0035"));
//!
//! let status = &ledger.budgets(now)[0];
//! assert_eq!(status.left.to_string(), "9.9965");
//! assert_eq!(ledger.room(&payer, None, now).tier, BudgetTier::Best);
//! # Ok::<(), interline_core::Error>(())
//! ```
//!
//! Deliberately absent: prices (`catalog` has them), estimates (`routing` makes them), files and networks
//! (stores do). Nothing here waits, except where a store shared by a fleet is asked for more.

mod ledger;
mod reservation;

mod budget;
mod config;
mod payer;
mod share;
mod tier;

mod query;
mod status;

mod memory_store;

mod account;
mod books;
mod calendar;
mod hours;
mod refusal;
mod rules;

pub use budget::{Budget, Period, Scope};
pub use config::{LedgerConfig, UnpricedCalls};
pub use ledger::Ledger;
pub use memory_store::MemoryStore;
pub use payer::Payer;
pub use query::{Dimension, SpendQuery, SpendRow};
pub use reservation::Reservation;
pub use share::Share;
pub use status::{BudgetRoom, BudgetStatus};
pub use tier::BudgetTier;
