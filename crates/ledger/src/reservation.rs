//! What one attempt holds of its budgets until it is over, however it ends.

use interline_core::{NanoUsd, SpendAccount, SpendCell, Tally, Usage};

use crate::Ledger;

/// What one attempt holds of its budgets.
///
/// It ends exactly once, and every way out charges by this rule:
///
/// | the attempt … | is charged |
/// |---|---|
/// | ended, and its cost is known ([`settle`](Self::settle) with an amount) | that cost |
/// | ended, and nobody knows what it cost ([`settle`](Self::settle) with `None`) | what was [noted](Self::note), else what was reserved |
/// | surely cost nothing ([`release`](Self::release)) | nothing |
/// | was dropped before it was [sent](Self::sent) | nothing |
/// | was dropped after it was sent: cancel, panic, stream cut | what was noted, else what was reserved |
///
/// The last two rows of unknown cost count as calls of unknown cost beside what they are charged.
/// A cost is charged to the window and the hour in which the call was reserved, whenever it ends.
#[derive(Debug)]
#[must_use = "dropped before it is marked as sent, a reservation is given back"]
pub struct Reservation {
    ledger: Ledger,
    accounts: Vec<SpendAccount>,
    cells: Vec<SpendCell>,
    estimate: Option<NanoUsd>,
    noted: Option<NanoUsd>,
    usage: Usage,
    progress: Progress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Planned,
    Sent,
    Over,
}

impl Reservation {
    pub(crate) fn new(
        ledger: Ledger,
        accounts: Vec<SpendAccount>,
        cells: Vec<SpendCell>,
        estimate: Option<NanoUsd>,
    ) -> Self {
        Self {
            ledger,
            accounts,
            cells,
            estimate,
            noted: None,
            usage: Usage::default(),
            progress: Progress::Planned,
        }
    }

    /// What it holds; `None` where nobody could price the call.
    #[must_use]
    pub const fn estimate(&self) -> Option<NanoUsd> {
        self.estimate
    }

    /// The request is about to reach the vendor: from here on a drop is charged.
    pub fn sent(&mut self) {
        if self.progress == Progress::Planned {
            self.progress = Progress::Sent;
        }
    }

    /// Takes note of what the call has used and cost so far; a later note replaces an earlier one.
    ///
    /// A cost of `None` leaves what was noted before.
    pub fn note(&mut self, usage: Usage, cost: Option<NanoUsd>) {
        self.sent();
        self.usage.update(usage);
        self.noted = cost.or(self.noted);
    }

    /// The attempt is over; `cost` is `None` where nobody knows it.
    pub fn settle(mut self, usage: Usage, cost: Option<NanoUsd>) {
        self.usage.update(usage);
        self.end(cost);
    }

    /// The attempt surely cost nothing: it was never sent, or the vendor refused it.
    pub fn release(mut self) {
        if self.progress == Progress::Sent {
            self.end(Some(NanoUsd::ZERO));
        }
    }

    fn end(&mut self, cost: Option<NanoUsd>) {
        self.progress = Progress::Over;
        let unknown = self.noted.or(self.estimate).unwrap_or_default();
        let charge = cost.unwrap_or(unknown).max(NanoUsd::ZERO);
        let mut tally = Tally::of_call(&self.usage, charge);
        match (cost, self.estimate) {
            (Some(_), Some(estimate)) if charge > NanoUsd::ZERO => {
                tally.estimated = estimate;
                tally.estimated_cost = charge;
            }
            (Some(_), _) => {}
            (None, _) => tally.unknown_cost_calls = 1,
        }
        self.close(charge, Some(tally));
    }

    fn close(&mut self, charge: NanoUsd, tally: Option<Tally>) {
        let held = self.estimate.unwrap_or_default().max(NanoUsd::ZERO);
        let accounts = std::mem::take(&mut self.accounts);
        let cells = std::mem::take(&mut self.cells);
        self.ledger.close(accounts, held, charge, cells, tally);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        match self.progress {
            Progress::Over => {}
            Progress::Planned => {
                self.progress = Progress::Over;
                self.close(NanoUsd::ZERO, None);
            }
            Progress::Sent => self.end(None),
        }
    }
}
