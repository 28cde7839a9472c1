//! Where an answer is cut into pieces on its way: vendors' chunks do not end at event boundaries.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// Answers up to this many bytes are also served one byte at a time; larger ones would take long and show no more.
const BYTE_BY_BYTE_LIMIT: usize = 8 * 1024;

/// How many times an answer is cut at random; chosen, not measured.
const RANDOM_ROUNDS: u64 = 3;

/// One way to cut an answer.
pub(crate) struct Cuts {
    pub(crate) name: String,
    /// Offsets at which a new piece begins, ascending.
    pub(crate) offsets: Vec<usize>,
}

/// Every way in which an answer of `length` bytes is served; the same for the same seed.
pub(crate) fn of(length: usize, seed: u64, case: &str) -> Vec<Cuts> {
    let mut all = vec![Cuts {
        name: "whole".to_owned(),
        offsets: Vec::new(),
    }];
    if length <= BYTE_BY_BYTE_LIMIT {
        all.push(Cuts {
            name: "byte by byte".to_owned(),
            offsets: (1..length).collect(),
        });
    }
    for round in 0..RANDOM_ROUNDS {
        let mixed = case.bytes().fold(seed ^ round << 32, |state, byte| {
            state.rotate_left(5).wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte)
        });
        let mut rng = StdRng::seed_from_u64(mixed);
        let share = rng.random_range(0.002..0.2);
        let offsets = (1..length).filter(|_| rng.random_bool(share)).collect();
        all.push(Cuts {
            name: format!("random {round}"),
            offsets,
        });
    }
    all
}
