//! Random draws that a seed decides: one short sequence per call.
//!
//! SplitMix64 (Steele, Lea and Flood, 2014): eight bytes of state and no dependency are enough for
//! jitter. Not for secrets.
//! A call's sequence depends on the engine's seed and the call's number only, so that concurrent
//! calls do not disturb each other's pauses.

/// The draws of one call.
#[derive(Clone, Debug)]
pub(crate) struct Draws(u64);

impl Draws {
    /// The draws of the call with this number.
    pub(crate) const fn of_call(seed: u64, call: u64) -> Self {
        // Mixing first keeps neighbouring seeds and numbers from giving neighbouring sequences.
        Self(mix(seed) ^ mix(call.wrapping_add(GOLDEN_GAMMA)))
    }

    /// The next draw, in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(GOLDEN_GAMMA);
        // An f64 holds 53 bits exactly.
        (mix(self.0) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// 2⁶⁴ divided by the golden ratio, made odd: the algorithm's step.
const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_and_the_calls_number_decide_every_draw() {
        let draws = |seed, call| {
            let mut draws = Draws::of_call(seed, call);
            [draws.unit(), draws.unit(), draws.unit()]
        };
        assert_eq!(draws(1, 2), draws(1, 2));
        assert_ne!(draws(1, 2), draws(1, 3));
        assert_ne!(draws(1, 2), draws(2, 2));
    }

    #[test]
    fn draws_fill_the_unit_interval_evenly() {
        let mut draws = Draws::of_call(7, 7);
        let mut tenths = [0_u32; 10];
        for _ in 0..10_000 {
            let draw = draws.unit();
            assert!((0.0..1.0).contains(&draw));
            tenths[(draw * 10.0) as usize] += 1;
        }
        assert!(tenths.iter().all(|n| (850..1150).contains(n)), "{tenths:?}");
    }
}
