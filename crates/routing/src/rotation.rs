//! Smooth weighted rotation: each target as often as its weight says, evenly spread.
//!
//! The rule, known from nginx: every target that takes part gains its weight, the richest is
//! chosen and pays the sum of the weights.
//! Weights 5, 1, 1 give `a a b a c a a`, not `a a a a a b c`.
//! Targets that do not take part (ill, or unable) neither gain nor pay, so they cause no burst when
//! they return.

use std::sync::{Mutex, PoisonError};

use crate::balancer::{Entrant, Rank};

/// The memory of a route's rotation, shared by all its calls.
#[derive(Debug, Default)]
pub struct Rotation {
    /// What each target of the route has gained and not yet paid, by its slot.
    credit: Mutex<Vec<i64>>,
}

impl Rotation {
    /// A rotation that begins with the heaviest target.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            credit: Mutex::new(Vec::new()),
        }
    }

    /// Says of everybody who takes part how long it is until its turn, 0 for whose turn it is, and takes
    /// that one's turn; `preferred` takes its turn in place of the others where it is told.
    ///
    /// Grows its memory where there are more targets than ever before, and allocates nothing else.
    pub(crate) fn take_turn(
        &self,
        ranks: &mut [Rank],
        entrants: &[Entrant],
        takes_part: impl Fn(&Rank, &Entrant) -> bool,
        preferred: Option<usize>,
    ) {
        // A panic elsewhere cannot leave the numbers in a state that is worse than unfair.
        let mut credit = self.credit.lock().unwrap_or_else(PoisonError::into_inner);
        let slots = entrants.iter().map(|one| one.slot + 1).max().unwrap_or(0);
        if credit.len() < slots {
            credit.resize(slots, 0);
        }
        let (mut sum, mut most, mut richest) = (0, i64::MIN, None);
        for (rank, entrant) in ranks.iter().zip(entrants) {
            if let Some(own) = credit.get_mut(entrant.slot)
                && takes_part(rank, entrant)
            {
                let weight = i64::from(entrant.weight.get());
                sum += weight;
                *own += weight;
                if *own > most {
                    (most, richest) = (*own, Some(entrant.slot));
                }
            }
        }
        for (rank, entrant) in ranks.iter_mut().zip(entrants) {
            if takes_part(rank, entrant)
                && let Some(own) = credit.get(entrant.slot)
            {
                // Only whose turn it is has to be exact.
                rank.set_figure((most - own) as f32);
            }
        }
        let preferred = preferred.and_then(|place| entrants.get(place));
        let payer = preferred.map(|entrant| entrant.slot).or(richest);
        if let Some(own) = payer.and_then(|slot| credit.get_mut(slot)) {
            *own -= sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use interline_core::TargetHealth;
    use proptest::prelude::{prop, prop_assert, prop_assert_eq, proptest};

    use super::*;
    use crate::Strategy;
    use crate::balancer::{Balance, rank};

    const AWAY: TargetHealth = TargetHealth::closed_for(std::time::Duration::from_secs(9), 3);

    /// Who comes first in each of so many calls; a weight of 0 stands for a target that is away.
    fn turns(rotation: &Rotation, weights: &[u32], count: usize) -> Vec<usize> {
        let entrant = |weight: &u32| match NonZeroU32::new(*weight) {
            Some(weight) => Entrant::new(TargetHealth::default()).with_weight(weight),
            None => Entrant::new(AWAY),
        };
        let entrants = weights.iter().map(entrant).enumerate();
        let entrants: Vec<_> = entrants.map(|(slot, one)| one.with_slot(slot)).collect();
        let balance = Balance::new(Strategy::RoundRobin);
        (0..count)
            .map(|call| {
                let mut ranks = vec![Rank::default(); entrants.len()];
                rank(&balance, &entrants, rotation, None, call as u64, &mut ranks);
                ranks[0].place()
            })
            .collect()
    }

    #[test]
    fn heavy_targets_are_spread_and_not_bunched() {
        let seen = turns(&Rotation::new(), &[5, 1, 1], 7);
        assert_eq!(seen, [0, 0, 1, 0, 2, 0, 0]);
    }

    #[test]
    fn a_target_that_was_away_comes_back_without_a_burst() {
        let rotation = Rotation::new();
        turns(&rotation, &[1, 1], 4);
        turns(&rotation, &[0, 1], 100);
        let mut seen = turns(&rotation, &[1, 1], 4);
        seen.sort_unstable();
        assert_eq!(seen, [0, 0, 1, 1]);
    }

    proptest! {
        #[test]
        fn over_one_round_everybody_gets_exactly_the_weight(weights in prop::collection::vec(1_u32..20, 1..8)) {
            let round = weights.iter().sum::<u32>() as usize;
            let seen = turns(&Rotation::new(), &weights, round);
            for (place, weight) in weights.into_iter().enumerate() {
                let count = seen.iter().filter(|seen| **seen == place).count();
                prop_assert_eq!(count, weight as usize);
            }
            prop_assert!(!seen.is_empty());
        }
    }
}
