//! Smooth weighted rotation: each target as often as its weight says, evenly spread.
//!
//! The rule, known from nginx: every target that takes part gains its weight, the richest is
//! chosen and pays the sum of the weights.
//! Weights 5, 1, 1 give `a a b a c a a`, not `a a a a a b c`.
//! Targets that do not take part (ill, or unable) neither gain nor pay, so they cause no burst when
//! they return.

use std::sync::{Mutex, PoisonError};

/// The memory of a route's rotation, shared by all its calls.
#[derive(Debug, Default)]
pub struct Rotation {
    /// What each target of the route has gained and not yet paid, by its place in the route.
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

    /// Orders `members`, pairs of place and weight, by whose turn it is, and takes the first's turn.
    pub(crate) fn take_turn(&self, members: &mut [(usize, u32)]) {
        // A panic elsewhere cannot leave the numbers in a state that is worse than unfair.
        let mut credit = self.credit.lock().unwrap_or_else(PoisonError::into_inner);
        let places = members
            .iter()
            .map(|(place, _)| place + 1)
            .max()
            .unwrap_or(0);
        if credit.len() < places {
            credit.resize(places, 0);
        }
        let of = |credit: &[i64], place: usize| credit.get(place).copied().unwrap_or(0);
        let mut sum = 0;
        for (place, weight) in members.iter() {
            sum += i64::from(*weight);
            if let Some(own) = credit.get_mut(*place) {
                *own += i64::from(*weight);
            }
        }
        members.sort_by_key(|(place, _)| (std::cmp::Reverse(of(&credit, *place)), *place));
        if let Some((first, _)) = members.first()
            && let Some(own) = credit.get_mut(*first)
        {
            *own -= sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop, prop_assert, prop_assert_eq, proptest};

    use super::*;

    fn turns(rotation: &Rotation, members: &[(usize, u32)], count: usize) -> Vec<usize> {
        (0..count)
            .map(|_| {
                let mut members = members.to_vec();
                rotation.take_turn(&mut members);
                members[0].0
            })
            .collect()
    }

    #[test]
    fn heavy_targets_are_spread_and_not_bunched() {
        let members = [(0, 5), (1, 1), (2, 1)];
        let seen = turns(&Rotation::new(), &members, 7);
        assert_eq!(seen, [0, 0, 1, 0, 2, 0, 0]);
    }

    #[test]
    fn a_target_that_was_away_comes_back_without_a_burst() {
        let rotation = Rotation::new();
        let both = [(0, 1), (1, 1)];
        turns(&rotation, &both, 4);
        turns(&rotation, &[(1, 1)], 100);
        let mut seen = turns(&rotation, &both, 4);
        seen.sort_unstable();
        assert_eq!(seen, [0, 0, 1, 1]);
    }

    proptest! {
        #[test]
        fn over_one_round_everybody_gets_exactly_the_weight(weights in prop::collection::vec(1_u32..20, 1..8)) {
            let members: Vec<_> = weights.iter().copied().enumerate().collect();
            let round = weights.iter().sum::<u32>() as usize;
            let seen = turns(&Rotation::new(), &members, round);
            for (place, weight) in members {
                let count = seen.iter().filter(|seen| **seen == place).count();
                prop_assert_eq!(count, weight as usize);
            }
            prop_assert!(!seen.is_empty());
        }
    }
}
