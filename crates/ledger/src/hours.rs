//! What calls used and cost, hour by hour, in bounded memory.
//!
//! The bounds, all chosen and not measured:
//! - 840 hours that have calls are kept: a month and the week around it. The oldest go first. Hours are
//!   counted and not subtracted from the clock, so that a clock which jumps ahead forgets nothing.
//! - Beyond 1,000 cells in an hour, new keys and tags are counted together as `other`; beyond 2,000, new
//!   models too. Names that have a budget of their own keep their cell.
//! - Beyond 100,000 cells in all (some 30 MB) the oldest hour goes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use interline_core::{ModelId, SpendCell, SpendOwner, Tally};

/// Hours with calls that are remembered.
pub(crate) const KEPT_HOURS: usize = 840;

const CELLS_PER_HOUR: usize = 1_000;
const CELLS: usize = 100_000;

/// What keys, tags and models are called that found no cell of their own.
pub(crate) const OTHER: &str = "other";

/// The cells of the hours that are remembered.
#[derive(Debug, Default)]
pub(crate) struct Hours {
    by_hour: BTreeMap<i64, HashMap<SpendCell, Tally>>,
    cells: usize,
}

/// Whether a name keeps its cell when an hour is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    HasBudget,
    Ordinary,
}

impl Hours {
    /// Adds to a cell; gives back the cell that was added to.
    pub(crate) fn add(&mut self, cell: SpendCell, tally: &Tally, standing: Standing) -> SpendCell {
        let hour = cell.hour;
        let cells = self.by_hour.entry(hour).or_default();
        let cell = fold(cells, cell, standing);
        match cells.get_mut(&cell) {
            Some(known) => known.add(tally),
            None => {
                cells.insert(cell.clone(), *tally);
                self.cells += 1;
                self.prune(hour);
            }
        }
        cell
    }

    /// The cells of the hours from `first` until before `end`.
    pub(crate) fn between(
        &self,
        first: i64,
        end: i64,
    ) -> impl Iterator<Item = (&SpendCell, &Tally)> {
        self.by_hour
            .range(first..end.max(first))
            .flat_map(|(_, cells)| cells)
    }

    fn prune(&mut self, current: i64) {
        while self.by_hour.len() > KEPT_HOURS || self.cells > CELLS {
            let Some(oldest) = self.by_hour.keys().copied().find(|hour| *hour != current) else {
                return;
            };
            let gone = self.by_hour.remove(&oldest).map_or(0, |cells| cells.len());
            self.cells -= gone;
        }
    }
}

/// The cell itself, or the one it shares with others where its hour is full.
fn fold(cells: &HashMap<SpendCell, Tally>, mut cell: SpendCell, standing: Standing) -> SpendCell {
    if cells.len() < CELLS_PER_HOUR || standing == Standing::HasBudget || cells.contains_key(&cell)
    {
        return cell;
    }
    cell.owner = match cell.owner {
        SpendOwner::Key(_) => SpendOwner::Key(Arc::from(OTHER)),
        SpendOwner::Tag(_) => SpendOwner::Tag(Arc::from(OTHER)),
        other => other,
    };
    if cells.len() >= 2 * CELLS_PER_HOUR && !cells.contains_key(&cell) {
        cell.model = ModelId::new(OTHER);
    }
    cell
}

#[cfg(test)]
mod tests {
    use interline_core::{NanoUsd, ProviderId, Usage};

    use super::*;

    fn call() -> Tally {
        Tally::of_call(&Usage::new(1, 1), NanoUsd::new(1))
    }

    fn cell(hour: i64, model: &str, key: &str) -> SpendCell {
        SpendCell::new(
            hour,
            ProviderId::from("p"),
            ModelId::from(model),
            SpendOwner::Key(key.into()),
        )
    }

    fn total(hours: &Hours) -> u64 {
        let all = hours.between(i64::MIN, i64::MAX);
        all.map(|(_, tally)| tally.calls).sum()
    }

    #[test]
    fn a_flood_of_names_is_counted_together() {
        let mut hours = Hours::default();
        for n in 0..5_000 {
            let name = n.to_string();
            hours.add(cell(0, &name, &name), &call(), Standing::Ordinary);
        }
        assert!(hours.cells <= 2_002, "{}", hours.cells);
        assert_eq!(total(&hours), 5_000);
        let mine = cell(0, "m", "mine");
        let counted = hours.add(mine.clone(), &call(), Standing::HasBudget);
        assert_eq!(counted, mine);
    }

    #[test]
    fn the_oldest_hours_go_first_and_a_clock_that_jumps_forgets_nothing() {
        let mut hours = Hours::default();
        for hour in 0..100 {
            hours.add(cell(hour, "m", "k"), &call(), Standing::Ordinary);
        }
        hours.add(cell(9_000_000, "m", "k"), &call(), Standing::Ordinary);
        assert_eq!(total(&hours), 101);
        for hour in 100..2_000 {
            hours.add(cell(hour, "m", "k"), &call(), Standing::Ordinary);
        }
        assert_eq!(hours.by_hour.len(), KEPT_HOURS);
        assert_eq!(hours.between(0, 1_161).count(), 0);
    }
}
