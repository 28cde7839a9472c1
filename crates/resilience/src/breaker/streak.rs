//! The run of failures that no newer request has broken, and how many requests it is judged against.
//!
//! Failures are often fast and successes slow, so a run of failures in the order of *completion* says
//! little: at a high rate it happens by chance. The run is therefore compared with its cohort, all
//! requests *sent* since its first one, and only a success that was sent after that one breaks it.
//!
//! Count (16 bits) and first request (48 bits) share one atomic word, so they never disagree. A second
//! word counts cancelled requests of the cohort; it repeats the first request, so that a count that
//! belongs to an earlier run is recognised.

use crate::sync::{AtomicU64, Ordering};

const COUNT_BITS: u32 = 16;
const FULL: u64 = (1 << COUNT_BITS) - 1;
const SEQUENCE_MASK: u64 = u64::MAX >> COUNT_BITS;

/// A run of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) failures: u64,
    /// The oldest request among them.
    pub(crate) first: u64,
}

impl Run {
    const fn unpack(word: u64) -> Self {
        Self {
            failures: word & FULL,
            first: word >> COUNT_BITS,
        }
    }

    const fn pack(self) -> u64 {
        self.failures | (self.first << COUNT_BITS)
    }
}

/// The current run. Requests are known by the number in which they were sent.
#[derive(Debug, Default)]
pub(crate) struct Streak {
    run: AtomicU64,
    cancelled: AtomicU64,
}

impl Streak {
    /// Counts a failure. Gives the run that it is part of.
    pub(crate) fn fail(&self, sequence: u64) -> Run {
        let sequence = sequence & SEQUENCE_MASK;
        let mut word = self.run.load(Ordering::Acquire);
        loop {
            let old = Run::unpack(word);
            let run = Run {
                failures: (old.failures + 1).min(FULL),
                first: match old.failures {
                    0 => sequence,
                    _ => old.first.min(sequence),
                },
            };
            match self.run.compare_exchange_weak(
                word,
                run.pack(),
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return run,
                Err(actual) => word = actual,
            }
        }
    }

    /// Ends the run, unless the success was sent before it began.
    pub(crate) fn succeed(&self, sequence: u64) {
        let mut word = self.run.load(Ordering::Acquire);
        loop {
            let run = Run::unpack(word);
            if run.failures == 0 || sequence & SEQUENCE_MASK <= run.first {
                return;
            }
            match self
                .run
                .compare_exchange_weak(word, 0, Ordering::AcqRel, Ordering::Acquire)
            {
                Ok(_) => return,
                Err(actual) => word = actual,
            }
        }
    }

    /// Takes a request out of the cohort: it ended without saying anything about the target.
    pub(crate) fn ignore(&self, sequence: u64) {
        let run = Run::unpack(self.run.load(Ordering::Acquire));
        if run.failures == 0 || (sequence & SEQUENCE_MASK) < run.first {
            return;
        }
        let mut word = self.cancelled.load(Ordering::Relaxed);
        loop {
            let known = Run::unpack(word);
            let next = Run {
                failures: match known.first == run.first {
                    true => (known.failures + 1).min(FULL),
                    false => 1,
                },
                first: run.first,
            };
            match self.cancelled.compare_exchange_weak(
                word,
                next.pack(),
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return,
                Err(actual) => word = actual,
            }
        }
    }

    /// How many requests this run is judged against: those from its first to `newest`, without the
    /// cancelled ones; never less than its failures.
    pub(crate) fn cohort(&self, run: Run, newest: u64) -> u64 {
        let sent = (newest & SEQUENCE_MASK).saturating_sub(run.first) + 1;
        let cancelled = Run::unpack(self.cancelled.load(Ordering::Relaxed));
        let cancelled = match cancelled.first == run.first {
            true => cancelled.failures,
            false => 0,
        };
        sent.saturating_sub(cancelled).max(run.failures)
    }

    /// Forgets the run.
    pub(crate) fn clear(&self) {
        self.run.store(0, Ordering::Release);
        self.cancelled.store(0, Ordering::Relaxed);
    }
}
