//! An admission that never suspects silence: the stall guard switched off, everything else as it was.
//!
//! For the negative control only: what an attempt used does not reach the limits beneath, which then
//! count what was reserved.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use interline_core::ToldLimit;
use interline_resilience::{
    Account, Admission, Admit, Ask, Lease, Outcome, Permit, Queued, Skip, TargetGate, Ticket,
};
use tokio::time::Instant;

/// A gate that never suspects silence.
#[derive(Debug)]
pub(crate) struct Unsuspecting(pub(crate) TargetGate);

impl Admission for Unsuspecting {
    fn admit(&self, ask: &Ask<'_>) -> Admit {
        match self.0.admit(ask) {
            Admit::Go(permit) => Admit::Go(veiled(permit)),
            skip => skip,
        }
    }

    fn admit_anyway(&self, ask: &Ask<'_>) -> Option<Permit> {
        self.0.admit_anyway(ask).map(veiled)
    }

    fn is_calm(&self, ask: &Ask<'_>) -> bool {
        self.0.is_calm(ask)
    }

    fn queue(&self, ask: &Ask<'_>) -> Result<Queued, Skip> {
        self.0.queue(ask)
    }
}

/// Hides a permit behind a lease that never suspects silence.
fn veiled(permit: Permit) -> Permit {
    let lease = Veil(Mutex::new(Some(permit)));
    Permit::new(Arc::new(lease), Ticket::default())
}

#[derive(Debug)]
struct Veil(Mutex<Option<Permit>>);

impl Veil {
    fn lock(&self) -> MutexGuard<'_, Option<Permit>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease for Veil {
    fn first_byte(&self, _: &Ticket, now: Instant) {
        if let Some(permit) = &*self.lock() {
            permit.first_byte(now);
        }
    }

    fn first_token(&self, _: &Ticket, after: Duration, now: Instant) {
        if let Some(permit) = &mut *self.lock() {
            permit.first_token(after, now);
        }
    }

    fn stalled(&self, _: &Ticket, _: Instant, _: Duration) -> bool {
        false
    }

    fn told(&self, _: &Ticket, limits: &[ToldLimit], now: Instant) {
        if let Some(permit) = &*self.lock() {
            permit.told(limits, now);
        }
    }

    fn settle(&self, _: &Ticket, outcome: Outcome<'_>, _: &Account, now: Instant) {
        let permit = self.lock().take();
        if let Some(permit) = permit {
            permit.settle(outcome, now);
        }
    }
}
