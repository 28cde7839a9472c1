//! How much a target usually writes, learned from its answers.

use std::sync::atomic::{AtomicU64, Ordering};

/// What one answer changes of the mean, as one part of so many. Chosen, not measured: about the last
/// thirty answers count.
const MEMORY: u64 = 16;
/// The mean is kept in so many parts of a token, so that small changes are not rounded away.
const SCALE: u64 = 1_024;

/// The moving mean of the tokens that a target writes per answer. Shared without locks.
#[derive(Debug, Default)]
pub struct OutputHabit {
    /// The mean in parts of a token plus one; 0 before the first answer.
    mean: AtomicU64,
}

impl OutputHabit {
    /// Of a target that was never asked.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            mean: AtomicU64::new(0),
        }
    }

    /// Takes note of an answer.
    pub fn note(&self, output_tokens: u64) {
        let new = output_tokens.min(u64::MAX / SCALE / MEMORY) * SCALE;
        let update = |old: u64| {
            let mean = match old.checked_sub(1) {
                None => new,
                Some(mean) => (mean * (MEMORY - 1) + new) / MEMORY,
            };
            Some(mean + 1)
        };
        // The closure never refuses, so this cannot fail; notes of one instant may come in any order.
        let _ = self
            .mean
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, update);
    }

    /// What it usually writes; `None` before the first answer.
    #[must_use]
    pub fn usual_tokens(&self) -> Option<u64> {
        let mean = self.mean.load(Ordering::Relaxed).checked_sub(1)?;
        Some(mean.div_ceil(SCALE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_answer_sets_the_mean_and_later_ones_move_it() {
        let habit = OutputHabit::new();
        assert_eq!(habit.usual_tokens(), None);
        habit.note(100);
        assert_eq!(habit.usual_tokens(), Some(100));
        for _ in 0..200 {
            habit.note(1_000);
        }
        let usual = habit.usual_tokens().expect("learned");
        assert!((990..=1_000).contains(&usual), "{usual}");
    }

    #[test]
    fn absurd_counts_neither_overflow_nor_stay() {
        let habit = OutputHabit::new();
        habit.note(u64::MAX);
        habit.note(u64::MAX);
        for _ in 0..2_000 {
            habit.note(10);
        }
        assert!(habit.usual_tokens().is_some_and(|usual| usual <= 11));
    }
}
