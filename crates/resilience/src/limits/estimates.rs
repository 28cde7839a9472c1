//! What lately settled calls teach about the next one: how long answers are, and how far off the
//! estimates of input are.
//!
//! Output: the length that nine of ten answers keep below, followed by small steps: up by 9 % after a
//! longer answer, down by 1 % after a shorter one, which balance where one answer in ten is longer.
//! Input: a moving mean of used by estimated tokens, in all and without what the vendor has cached.
//! One number each without a lock; an update that is lost to another one costs nothing.

use super::OutputReserve;
use crate::sync::{AtomicU64, Ordering};

/// Answers before their length is trusted (chosen, not measured).
const ENOUGH_ANSWERS: u64 = 10;
/// Reserved for a call that sets no bound while nothing is known: a long page of text (chosen, not
/// measured).
const UNKNOWN_OUTPUT: u64 = 1024;
/// 1.09 and 0.99 are about e^0.09 and e^-0.01: 0.1 · 9 % up balances 0.9 · 1 % down.
const STEP_UP: f64 = 1.094;
const STEP_DOWN: f64 = 0.990_05;
/// The weight of the latest call in the means (chosen, not measured).
const WEIGHT: f64 = 1.0 / 16.0;
/// How far off an estimate is believed to be (chosen, not measured): caches make input almost free,
/// tokenizers are off by less.
const RATIO_RANGE: (f64, f64) = (1.0 / 64.0, 8.0);

/// What lately settled calls teach about the next one.
#[derive(Debug)]
pub(crate) struct Estimates {
    answers: AtomicU64,
    output: AtomicU64,
    input_ratio: AtomicU64,
    fresh_ratio: AtomicU64,
}

impl Estimates {
    pub(crate) fn new() -> Self {
        Self {
            answers: AtomicU64::new(0),
            output: AtomicU64::new(0),
            input_ratio: AtomicU64::new(1.0_f64.to_bits()),
            fresh_ratio: AtomicU64::new(1.0_f64.to_bits()),
        }
    }

    /// Output to reserve for a call that may write at most `most`.
    pub(crate) fn output(&self, reserve: OutputReserve, most: Option<u64>) -> u64 {
        let bound = most.unwrap_or(u64::MAX);
        if reserve == OutputReserve::Learned
            && self.answers.load(Ordering::Relaxed) >= ENOUGH_ANSWERS
        {
            return (load(&self.output) as u64).min(bound);
        }
        most.unwrap_or(UNKNOWN_OUTPUT)
    }

    /// Input to reserve for an estimate, in all.
    pub(crate) fn input(&self, estimate: u64) -> u64 {
        scaled(estimate, load(&self.input_ratio))
    }

    /// Input to reserve for an estimate, without what the vendor has cached.
    pub(crate) fn fresh(&self, estimate: u64) -> u64 {
        scaled(estimate, load(&self.fresh_ratio))
    }

    /// Learns from an answer's length.
    pub(crate) fn learn_output(&self, tokens: u64) {
        let tokens = tokens as f64;
        let known = load(&self.output);
        let next = if self.answers.fetch_add(1, Ordering::Relaxed) == 0 {
            tokens
        } else if tokens > known {
            known * STEP_UP
        } else {
            known * STEP_DOWN
        };
        store(&self.output, next.max(1.0));
    }

    /// Learns from the input that a call used, in all and fresh, beside its estimate.
    pub(crate) fn learn_input(&self, estimate: u64, input: u64, fresh: u64) {
        if estimate == 0 {
            return;
        }
        for (cell, used) in [(&self.input_ratio, input), (&self.fresh_ratio, fresh)] {
            let (low, high) = RATIO_RANGE;
            let ratio = (used as f64 / estimate as f64).clamp(low, high);
            let known = load(cell);
            store(cell, known + (ratio - known) * WEIGHT);
        }
    }
}

fn scaled(estimate: u64, ratio: f64) -> u64 {
    if ratio == 1.0 {
        // The usual case while nothing is learned, without a detour over floating point.
        return estimate;
    }
    (estimate as f64 * ratio).ceil() as u64
}

fn load(cell: &AtomicU64) -> f64 {
    f64::from_bits(cell.load(Ordering::Relaxed))
}

fn store(cell: &AtomicU64, value: f64) {
    cell.store(value.to_bits(), Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_settles_where_nine_of_ten_answers_are_shorter() {
        let estimates = Estimates::new();
        // Every length from 100 to 1000 in an order that repeats nothing within a hundred answers.
        for n in 0..4000_u64 {
            estimates.learn_output(100 + n * 37 % 100 * 9);
        }
        let learned = estimates.output(OutputReserve::Learned, None);
        assert!((800..=1000).contains(&learned), "{learned}");
        assert_eq!(estimates.output(OutputReserve::Learned, Some(300)), 300);
        assert_eq!(estimates.output(OutputReserve::MaxTokens, Some(5000)), 5000);
    }

    #[test]
    fn nothing_is_guessed_from_a_few_answers() {
        let estimates = Estimates::new();
        estimates.learn_output(5);
        assert_eq!(estimates.output(OutputReserve::Learned, Some(700)), 700);
        assert_eq!(
            estimates.output(OutputReserve::Learned, None),
            UNKNOWN_OUTPUT
        );
    }

    #[test]
    fn cached_input_is_learned_to_be_almost_free() {
        let estimates = Estimates::new();
        for _ in 0..100 {
            estimates.learn_input(1000, 1500, 100);
        }
        let (input, fresh) = (estimates.input(1000), estimates.fresh(1000));
        assert!((1490..=1500).contains(&input), "{input}");
        assert!((100..=110).contains(&fresh), "{fresh}");
    }
}
