//! Orders targets by a strategy. Randomness is drawn from one number that the caller passes in.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use crate::{Rotation, Strategy};

/// Orders `members`, pairs of place in the route and weight, best first.
pub(crate) fn order(
    strategy: Strategy,
    members: &mut [(usize, u32)],
    rotation: &Rotation,
    draw: u64,
) {
    match strategy {
        Strategy::Fallback => {}
        Strategy::RoundRobin => rotation.take_turn(members),
        Strategy::Random => members.shuffle(&mut StdRng::seed_from_u64(draw)),
        Strategy::Weighted => by_weighted_lot(members, &mut StdRng::seed_from_u64(draw)),
    }
}

/// Draws without putting back, each as likely as its weight says.
///
/// After Efraimidis and Spirakis (2006): sorting by `-ln(u) / weight` is such a draw.
fn by_weighted_lot(members: &mut [(usize, u32)], rng: &mut StdRng) {
    let mut keyed: Vec<_> = members
        .iter()
        .map(|member| {
            // One minus a number in [0, 1) is never zero, so its logarithm is finite.
            let uniform: f64 = 1.0 - rng.random::<f64>();
            (-uniform.ln() / f64::from(member.1), *member)
        })
        .collect();
    keyed.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    for (slot, (_, member)) in members.iter_mut().zip(keyed) {
        *slot = member;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fixed, so that a failure comes back; printed by every failing check.
    const SEED: u64 = 0x1A7E_5EED;
    const DRAWS: u32 = 20_000;

    /// How often each place came first, as a share of all draws.
    fn shares(strategy: Strategy, weights: &[u32]) -> Vec<f64> {
        let rotation = Rotation::new();
        let mut firsts = vec![0_u32; weights.len()];
        let mut draws = StdRng::seed_from_u64(SEED);
        for _ in 0..DRAWS {
            let mut members: Vec<_> = weights.iter().copied().enumerate().collect();
            order(strategy, &mut members, &rotation, draws.random());
            firsts[members[0].0] += 1;
        }
        firsts
            .into_iter()
            .map(|count| f64::from(count) / f64::from(DRAWS))
            .collect()
    }

    /// Four standard deviations of a share over 20,000 draws are at most 0.0142.
    #[track_caller]
    fn check(strategy: Strategy, weights: &[u32], expected: &[f64]) {
        let seen = shares(strategy, weights);
        for (seen, expected) in seen.iter().zip(expected) {
            assert!(
                (seen - expected).abs() < 0.0142,
                "{strategy} {weights:?}: share {seen}, expected {expected}, seed {SEED:#x}"
            );
        }
    }

    #[test]
    fn random_treats_everybody_alike_whatever_the_weights() {
        check(Strategy::Random, &[1, 7, 2], &[1.0 / 3.0; 3]);
    }

    #[test]
    fn weighted_follows_the_weights() {
        check(Strategy::Weighted, &[1, 7, 2], &[0.1, 0.7, 0.2]);
        check(Strategy::Weighted, &[1, 1], &[0.5, 0.5]);
    }

    #[test]
    fn round_robin_follows_the_weights() {
        check(Strategy::RoundRobin, &[1, 7, 2], &[0.1, 0.7, 0.2]);
    }

    #[test]
    fn fallback_always_begins_with_the_first() {
        check(Strategy::Fallback, &[1, 7, 2], &[1.0, 0.0, 0.0]);
    }

    #[test]
    fn the_same_draw_gives_the_same_order() {
        for strategy in [Strategy::Random, Strategy::Weighted] {
            let run = || {
                let mut members: Vec<_> = (0..9).map(|place| (place, 1)).collect();
                order(strategy, &mut members, &Rotation::new(), SEED);
                members
            };
            assert_eq!(run(), run(), "{strategy}, seed {SEED:#x}");
        }
    }
}
