//! Stands before a target's gate: an attempt that passes holds what it may cost until it is over.
//!
//! The money is held first and given back where the gate refuses: the other way round, the gate would have
//! to be told of an attempt that was never made.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use interline_catalog::Prices;
use interline_core::{ErrorKind, NanoUsd, Phase, Target};
use interline_ledger::{BudgetTier, Reservation};
use interline_resilience::{
    Account, Admission, Admit, Ask, Companion, Outcome, Permit, Queued, Skip, SkipReason,
    TargetGate,
};

use super::Purse;

/// A target's gate, and the price of passing it.
#[derive(Debug)]
pub(crate) struct Metered {
    gate: Arc<TargetGate>,
    purse: Arc<Purse>,
    prices: Option<Prices>,
}

impl Metered {
    pub(crate) const fn new(
        gate: Arc<TargetGate>,
        purse: Arc<Purse>,
        prices: Option<Prices>,
    ) -> Self {
        Self {
            gate,
            purse,
            prices,
        }
    }

    fn hold(&self, target: &Target) -> Result<Box<dyn Companion>, Skip> {
        match self.purse.reserve(target, self.prices.as_ref()) {
            Ok(reservation) => Ok(Box::new(Held {
                target: target.clone(),
                amount: reservation.estimate().unwrap_or_default(),
                reservation: Some(reservation),
                purse: Arc::clone(&self.purse),
                prices: self.prices,
            })),
            Err(error) => {
                let wait = error.retry_after().unwrap_or(Duration::ZERO);
                Err(Skip::new(SkipReason::Budget, wait))
            }
        }
    }
}

impl Admission for Metered {
    fn admit(&self, ask: &Ask<'_>) -> Admit {
        let held = match self.hold(ask.target) {
            Ok(held) => held,
            Err(skip) => return Admit::Skip(skip),
        };
        match self.gate.admit(ask) {
            Admit::Go(permit) => Admit::Go(permit.accompanied_by(held)),
            refused => refused,
        }
    }

    fn admit_anyway(&self, ask: &Ask<'_>) -> Option<Permit> {
        let held = self.hold(ask.target).ok()?;
        Some(self.gate.admit_anyway(ask)?.accompanied_by(held))
    }

    fn is_calm(&self, ask: &Ask<'_>) -> bool {
        // A second attempt beside the first costs twice: only where money is no object.
        let is_rich = matches!(self.purse.tier(), None | Some(BudgetTier::Best));
        is_rich && self.gate.is_calm(ask)
    }

    fn queue(&self, ask: &Ask<'_>) -> Result<Queued, Skip> {
        let held = self.hold(ask.target)?;
        Ok(self.gate.queue(ask)?.accompanied_by(held))
    }
}

/// What one attempt holds.
struct Held {
    target: Target,
    amount: NanoUsd,
    /// There until the attempt is over.
    reservation: Option<Reservation>,
    purse: Arc<Purse>,
    prices: Option<Prices>,
}

impl Companion for Held {
    fn ended(mut self: Box<Self>, outcome: Outcome<'_>, account: &Account) {
        if let Some(reservation) = self.reservation.take() {
            let charged = self.charge(reservation, outcome, account);
            self.purse.ended(self.amount, charged);
        }
    }
}

impl Held {
    /// Charges the attempt, and says how much.
    fn charge(
        &self,
        mut reservation: Reservation,
        outcome: Outcome<'_>,
        account: &Account,
    ) -> NanoUsd {
        let priced = |usage| self.prices.as_ref().and_then(|prices| prices.cost(usage));
        match outcome {
            Outcome::Success => {
                let usage = self.purse.used(account.spent.usage);
                if let (Some(written), Some(habit)) =
                    (usage.output_tokens, self.purse.habit(&self.target))
                {
                    habit.note(written);
                }
                let cost = priced(&usage);
                reservation.settle(usage, cost);
                cost.unwrap_or(self.amount)
            }
            Outcome::Failure(error) | Outcome::Stalled(error) if !error.maybe_billed() => {
                if error.phase() > Phase::BeforeSend {
                    reservation.sent();
                }
                reservation.release();
                NanoUsd::ZERO
            }
            Outcome::Failure(error) if error.kind() == ErrorKind::LowQuality => {
                let usage = self.purse.take_refused(&self.target).unwrap_or_default();
                let cost = priced(&usage);
                reservation.settle(usage, cost);
                cost.unwrap_or(self.amount)
            }
            // It broke off, and the vendor may have been at work.
            _ => {
                let usage = self.purse.used_so_far(account);
                let cost = usage.as_ref().and_then(priced);
                reservation.note(usage.unwrap_or_default(), cost);
                drop(reservation);
                cost.unwrap_or(self.amount)
            }
        }
    }
}

impl Drop for Held {
    /// The attempt was never made: its money goes back, as the reservation's own drop does.
    fn drop(&mut self) {
        if self.reservation.take().is_some() {
            self.purse.ended(self.amount, NanoUsd::ZERO);
        }
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held")
            .field("target", &self.target)
            .field("amount", &self.amount)
            .finish_non_exhaustive()
    }
}
