//! Successes, failures and slow answers of the last ten seconds: ten buckets of one second.
//!
//! One atomic word per bucket: 22 bits say which second it counts, then 14 bits each for successes,
//! failures and slow answers. A bucket whose second is over is replaced by the first result of its
//! next turn, so no timer sweeps and no lock is taken.
//! Ten buckets are coarse enough to be summed in nanoseconds and fine enough that at most a tenth of
//! the window vanishes at once. Exact counts, because a moving average hides bursts.

use crate::sync::{AtomicU64, Ordering};

/// How many seconds the window covers.
pub(crate) const SECONDS: u64 = 10;

const COUNT_BITS: u32 = 14;
const FULL: u64 = (1 << COUNT_BITS) - 1;
const TAG_MASK: u64 = (1 << 22) - 1;

/// Clocks of two threads differ by less than these seconds.
const AHEAD: u64 = 60;

/// One result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sample {
    Success,
    /// A success whose first token came late.
    Slow,
    Failure,
}

/// What the window holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Slow ones included.
    pub(crate) successes: u64,
    pub(crate) failures: u64,
    pub(crate) slow: u64,
}

impl Counts {
    pub(crate) const fn samples(self) -> u64 {
        self.successes + self.failures
    }

    /// Failures per sample, 0–1; 0 without samples.
    pub(crate) fn failure_ratio(self) -> f64 {
        ratio(self.failures, self.samples())
    }

    pub(crate) const fn plus(self, other: Self) -> Self {
        Self {
            successes: self.successes + other.successes,
            failures: self.failures + other.failures,
            slow: self.slow + other.slow,
        }
    }

    const fn unpack(word: u64) -> Self {
        Self {
            successes: word & FULL,
            failures: (word >> COUNT_BITS) & FULL,
            slow: (word >> (2 * COUNT_BITS)) & FULL,
        }
    }

    const fn pack(self, tag: u64) -> u64 {
        self.successes
            | (self.failures << COUNT_BITS)
            | (self.slow << (2 * COUNT_BITS))
            | (tag << (3 * COUNT_BITS))
    }

    /// With one more sample; unchanged in a second that is full, so that ratios stay what they were.
    const fn with(mut self, sample: Sample) -> Self {
        if self.successes == FULL || self.failures == FULL {
            return self;
        }
        match sample {
            Sample::Success => self.successes += 1,
            Sample::Failure => self.failures += 1,
            Sample::Slow => {
                self.successes += 1;
                self.slow += 1;
            }
        }
        self
    }
}

/// `part` of `whole`, 0–1; 0 of nothing.
pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    part as f64 / whole as f64
}

/// The results of the last [`SECONDS`] seconds.
#[derive(Debug, Default)]
pub(crate) struct Window {
    buckets: [AtomicU64; SECONDS as usize],
}

impl Window {
    /// Counts a result that came in this second.
    pub(crate) fn record(&self, sample: Sample, second: u64) {
        let Some(bucket) = self.buckets.get((second % SECONDS) as usize) else {
            return;
        };
        let tag = second & TAG_MASK;
        let mut word = bucket.load(Ordering::Relaxed);
        loop {
            let found = word >> (3 * COUNT_BITS);
            let counts = if found == tag {
                Counts::unpack(word)
            } else if found.wrapping_sub(tag) & TAG_MASK <= AHEAD {
                // Another thread's clock is a whole turn ahead: this result is out of the window.
                return;
            } else {
                Counts::default()
            };
            let next = counts.with(sample).pack(tag);
            match bucket.compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(actual) => word = actual,
            }
        }
    }

    /// What came in the [`SECONDS`] seconds that end with this one.
    pub(crate) fn sum(&self, second: u64) -> Counts {
        let tag = second & TAG_MASK;
        self.buckets
            .iter()
            .map(|bucket| bucket.load(Ordering::Relaxed))
            .filter(|word| tag.wrapping_sub(word >> (3 * COUNT_BITS)) & TAG_MASK < SECONDS)
            .fold(Counts::default(), |sum, word| {
                sum.plus(Counts::unpack(word))
            })
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        for bucket in &self.buckets {
            bucket.store(0, Ordering::Relaxed);
        }
    }
}
