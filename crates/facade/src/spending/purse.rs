//! What one call brings to its attempts: who pays, how large it is, and what it has cost so far.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use interline_catalog::Prices;
use interline_core::{Error, NanoUsd, Result, Target, Usage};
use interline_ledger::{BudgetTier, Payer};
use interline_resilience::Account;
use interline_routing::{BudgetLevel, CallSize, OutputHabit};

use super::{Spending, estimate};
use crate::CallOptions;

/// What one call brings to its attempts.
#[derive(Debug)]
pub(crate) struct Purse {
    spending: Arc<Spending>,
    payer: Payer,
    size: CallSize,
    /// Which targets budgets pay for, where any counts the call.
    tier: Option<BudgetTier>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What attempts that are over cost, and what those under way hold.
    committed: NanoUsd,
    /// The first refusal, for a call that nobody was paid to serve.
    refusal: Option<Error>,
    /// What answers used that a quality gate refused: their attempts end as failures, which tell nothing.
    refused: Vec<(Target, Usage)>,
}

impl Purse {
    /// For a call of that size.
    pub(crate) fn new(
        spending: &Arc<Spending>,
        size: CallSize,
        options: &CallOptions,
    ) -> Arc<Self> {
        let tags: Vec<String> = options.tags.iter().map(tag).collect();
        let mut payer = Payer::new()
            .with_tags(tags.iter().map(String::as_str))
            .with_priority(options.priority);
        if let Some(key) = &options.key {
            payer = payer.with_key(key);
        }
        let room = spending.ledger.room(&payer, None, SystemTime::now());
        Arc::new(Self {
            spending: Arc::clone(spending),
            payer,
            size,
            tier: room.left.is_some().then_some(room.tier),
            state: Mutex::default(),
        })
    }

    /// Which targets budgets pay for; `None` where no budget counts the call, whoever serves it.
    pub(crate) const fn tier(&self) -> Option<BudgetTier> {
        self.tier
    }

    /// The same in the router's words. Priorities are in the tier already. Where nothing is left, targets
    /// that cost nothing may still serve; the ledger refuses the others, and says until when.
    pub(crate) const fn level(&self) -> BudgetLevel {
        match self.tier {
            None | Some(BudgetTier::Best) => BudgetLevel::Ample,
            Some(BudgetTier::Balanced) => BudgetLevel::Middle,
            Some(_) => BudgetLevel::Low,
        }
    }

    /// Whether the cheapest target comes first, whatever its route says.
    pub(crate) const fn wants_cheapest(&self) -> bool {
        matches!(
            self.tier,
            Some(BudgetTier::Cheapest | BudgetTier::Exhausted)
        )
    }

    /// What the call may cost at a target.
    pub(super) fn estimate(&self, target: &Target, prices: Option<&Prices>) -> Option<NanoUsd> {
        let size = match self.size.max_output_tokens {
            Some(_) => self.size,
            None => {
                let habit = self.habit(target);
                let usual = habit.and_then(|habit| habit.usual_tokens());
                self.size.with_usual_output_tokens(usual)
            }
        };
        estimate(size, prices)
    }

    pub(super) fn habit(&self, target: &Target) -> Option<Arc<OutputHabit>> {
        match self.spending.is_bound() {
            true => self.spending.habit(target),
            false => None,
        }
    }

    /// Whether there is room for the call at a target.
    ///
    /// # Errors
    /// `Budget`, which says what would help and when.
    pub(crate) fn afford(&self, target: &Target, prices: Option<&Prices>) -> Result<()> {
        if !self.spending.is_bound() {
            return Ok(());
        }
        let estimate = self.estimate(target, prices);
        let ledger = &self.spending.ledger;
        ledger.afford(&self.payer, target, estimate, SystemTime::now())
    }

    /// Sees to it that parts of shared budgets are at hand. A store that cannot be asked is no reason to
    /// refuse: what is at hand serves.
    pub(crate) async fn fetch(&self, targets: &[(Target, Option<Prices>)]) {
        if !self.spending.place.is_shared() || !self.spending.is_bound() {
            return;
        }
        let estimates = targets
            .iter()
            .filter_map(|(target, prices)| self.estimate(target, prices.as_ref()));
        let largest = estimates.max().unwrap_or_default();
        let targets: Vec<_> = targets.iter().map(|(target, _)| target.clone()).collect();
        let ledger = &self.spending.ledger;
        let asked = ledger.prepare(&self.payer, &targets, largest, SystemTime::now());
        if let Err(error) = asked.await {
            tracing::warn!(target: "interline", error = %error, "the shared store of budgets cannot be asked");
        }
    }

    /// Takes what an attempt may cost.
    pub(super) fn reserve(
        &self,
        target: &Target,
        prices: Option<&Prices>,
    ) -> Result<interline_ledger::Reservation> {
        let estimate = match self.spending.is_bound() {
            true => self.estimate(target, prices),
            false => None,
        };
        let mut state = self.state();
        let payer = self.payer.clone().with_spent(state.committed);
        let ledger = &self.spending.ledger;
        match ledger.reserve(&payer, target, estimate, SystemTime::now()) {
            Ok(reservation) => {
                state.committed = state.committed + estimate.unwrap_or_default();
                Ok(reservation)
            }
            Err(error) => {
                state.refusal.get_or_insert_with(|| error.clone());
                Err(error)
            }
        }
    }

    /// Takes note that an attempt which held `held` cost `cost`.
    pub(super) fn ended(&self, held: NanoUsd, cost: NanoUsd) {
        let mut state = self.state();
        let change = NanoUsd::new(cost.get().saturating_sub(held.get()));
        state.committed = state.committed + change;
    }

    /// Takes note of what an answer used that a quality gate refuses.
    pub(crate) fn answer_refused(&self, target: &Target, usage: Usage) {
        self.state().refused.push((target.clone(), usage));
    }

    /// What the answer used that a quality gate just refused.
    pub(super) fn take_refused(&self, target: &Target) -> Option<Usage> {
        let mut state = self.state();
        let place = state.refused.iter().position(|(one, _)| one == target)?;
        Some(state.refused.swap_remove(place).1)
    }

    /// What an answer used, as far as it has to be known to be priced: vendors leave the output of vectors
    /// out, because there is none.
    pub(super) fn used(&self, mut usage: Usage) -> Usage {
        if self.size.max_output_tokens == Some(0) {
            usage.output_tokens = usage.output_tokens.or(Some(0));
        }
        usage
    }

    /// What an attempt used that broke off; `None` where nothing is known of it.
    pub(super) fn used_so_far(&self, account: &Account) -> Option<Usage> {
        let mut usage = account.spent.usage;
        let emitted = account.spent.emitted;
        if emitted == 0 && usage.is_unknown() {
            return None;
        }
        usage.input_tokens = usage.input_tokens.or(Some(self.size.input_tokens));
        usage.output_tokens = Some(usage.output_tokens.unwrap_or(0).max(emitted));
        Some(usage)
    }

    /// The ledger's own words, for a call that nobody was paid to serve.
    pub(crate) fn refusal(&self) -> Option<Error> {
        self.state().refusal.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic under the lock leaves sums of whole steps behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A tag as budgets name it: `name=value`, or `name` where it has no value.
fn tag((name, value): (&String, &String)) -> String {
    match value.as_str() {
        "" => name.clone(),
        value => format!("{name}={value}"),
    }
}
