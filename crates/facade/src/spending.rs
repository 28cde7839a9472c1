//! Money: the ledger behind a client, and what calls are estimated to cost.
//!
//! Every attempt holds what it may cost before it is made, and is charged what it did cost when it is over:
//! [`Purse`] belongs to a call, [`Metered`] stands before each target's gate.

mod affordable;
mod metered;
mod place;
mod purse;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use interline_catalog::Prices;
use interline_core::{NanoUsd, Result, Target};
use interline_ledger::{Ledger, LedgerConfig};
use interline_routing::{CallSize, OutputHabit};

pub(crate) use affordable::leave_out_unaffordable;
pub(crate) use metered::Metered;
pub(crate) use place::SpendPlace;
pub(crate) use purse::Purse;

/// Targets whose usual answers are remembered; callers may name any model, and memory is bounded. Chosen,
/// not measured: as many as gates are kept.
const MOST_HABITS: usize = 4096;

/// The ledger behind a client.
#[derive(Debug)]
pub(crate) struct Spending {
    pub(crate) ledger: Ledger,
    pub(crate) place: SpendPlace,
    /// Whether anything is bounded, so that estimates are worth the work.
    is_bound: bool,
    habits: Arc<Habits>,
}

/// How much targets usually write.
#[derive(Debug, Default)]
struct Habits(Mutex<HashMap<Target, Arc<OutputHabit>>>);

impl Spending {
    /// The ledger of a new client.
    pub(crate) fn open(config: LedgerConfig, place: SpendPlace) -> Result<Self> {
        let is_bound = is_bound(&config);
        Ok(Self {
            ledger: place.open(config, SystemTime::now())?,
            place,
            is_bound,
            habits: Arc::default(),
        })
    }

    /// The same ledger under another configuration, for a client that succeeds another.
    pub(crate) fn succeeding(&self, config: LedgerConfig) -> Result<Self> {
        let is_bound = is_bound(&config);
        self.ledger.reconfigure(config, SystemTime::now())?;
        Ok(Self {
            ledger: self.ledger.clone(),
            place: self.place.clone(),
            is_bound,
            habits: Arc::clone(&self.habits),
        })
    }

    /// Whether anything is bounded.
    pub(crate) const fn is_bound(&self) -> bool {
        self.is_bound
    }

    fn habit(&self, target: &Target) -> Option<Arc<OutputHabit>> {
        // A panic inside such a short section leaves a whole map behind.
        let mut habits = self.habits.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(habit) = habits.get(target) {
            return Some(Arc::clone(habit));
        }
        if habits.len() >= MOST_HABITS {
            return None;
        }
        let habit = Arc::<OutputHabit>::default();
        habits.insert(target.clone(), Arc::clone(&habit));
        Some(habit)
    }
}

fn is_bound(config: &LedgerConfig) -> bool {
    !config.budgets.is_empty() || config.per_request.is_some()
}

/// What a call of that size may cost at these prices.
fn estimate(size: CallSize, prices: Option<&Prices>) -> Option<NanoUsd> {
    size.cost(prices?)
}
