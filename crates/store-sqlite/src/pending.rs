//! What waits to be written: movements, merged, so that memory is bounded by names and not by calls.

use std::collections::HashMap;
use std::sync::Arc;

use interline_core::{
    ModelId, NanoUsd, ProviderId, SpendAccount, SpendCell, SpendMovement, SpendOwner, Tally,
};

/// Cells that may wait; beyond it, which takes days of a disk that refuses, the calls of an hour that find no
/// cell are counted together. Chosen, not measured: some 20 MB.
const CELLS: usize = 50_000;

/// The name under which calls are counted together.
const OTHER: &str = "other";

/// What waits to be written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pending {
    /// By how much what was spent and what is held grows.
    pub(crate) accounts: HashMap<SpendAccount, (NanoUsd, NanoUsd)>,
    /// What is added to cells.
    pub(crate) cells: HashMap<SpendCell, Tally>,
}

impl Pending {
    pub(crate) fn is_empty(&self) -> bool {
        self.accounts.is_empty() && self.cells.is_empty()
    }

    pub(crate) fn add(&mut self, movement: SpendMovement) {
        for change in movement.accounts {
            let (spent, held) = self.accounts.entry(change.account).or_default();
            *spent = *spent + change.spent;
            *held = *held + change.held;
        }
        for (cell, tally) in movement.cells {
            let cell = self.fold(cell);
            self.cells.entry(cell).or_default().add(&tally);
        }
    }

    fn fold(&self, cell: SpendCell) -> SpendCell {
        if self.cells.len() < CELLS || self.cells.contains_key(&cell) {
            return cell;
        }
        let other: Arc<str> = Arc::from(OTHER);
        let owner = match cell.owner {
            SpendOwner::Tag(_) => SpendOwner::Tag(other),
            _ => SpendOwner::Key(other),
        };
        SpendCell::new(
            cell.hour,
            ProviderId::new(OTHER),
            ModelId::new(OTHER),
            owner,
        )
    }

    /// What calls cost that wait here, tags left out: each call is in one such cell.
    pub(crate) fn cost(&self) -> NanoUsd {
        let cells = self.cells.iter();
        cells
            .filter(|(cell, _)| !matches!(cell.owner, SpendOwner::Tag(_)))
            .map(|(_, tally)| tally.cost)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use interline_core::Usage;

    use super::*;

    #[test]
    fn what_waits_is_bounded_and_its_sum_is_exact() {
        let mut pending = Pending::default();
        for hour in 0..60_000 {
            let (provider, model) = (ProviderId::new("p"), ModelId::new("m"));
            let cell = SpendCell::new(
                hour % 3,
                provider,
                model,
                SpendOwner::Key(hour.to_string().into()),
            );
            let tally = Tally::of_call(&Usage::default(), NanoUsd::new(1));
            pending.add(SpendMovement::new(Vec::new(), vec![(cell, tally)]));
        }
        assert!(pending.cells.len() <= CELLS + 3);
        assert_eq!(pending.cost(), NanoUsd::new(60_000));
    }
}
