//! The few requests that go through when every target of a group is out of service.
//!
//! One is due when a second has passed since the last, or so many requests have asked meanwhile,
//! whichever comes first: max(1/s, 5 % of traffic) in one atomic word.

use crate::sync::{AtomicU64, Ordering};

const ASKED_BITS: u32 = 24;
const ASKED_MASK: u64 = (1 << ASKED_BITS) - 1;

/// When the last one went through (milliseconds plus one, 40 bits), and how many asked since (24 bits).
#[derive(Debug, Default)]
pub(crate) struct Trickle {
    word: AtomicU64,
}

/// Whether a request may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Mine,
    NotMine,
}

impl Trickle {
    /// Asks at this millisecond; one is due after `interval_ms`, or with the `every`-th that asks.
    pub(crate) fn ask(&self, ms: u64, interval_ms: u64, every: u64) -> Turn {
        let mut word = self.word.load(Ordering::Relaxed);
        loop {
            let asked = (word & ASKED_MASK) + 1;
            let last = (word >> ASKED_BITS).checked_sub(1);
            let is_due = last.is_none_or(|last| ms.saturating_sub(last) >= interval_ms);
            let (next, turn) = if is_due || asked >= every {
                ((ms + 1) << ASKED_BITS, Turn::Mine)
            } else {
                let asked = asked.min(ASKED_MASK);
                ((word & !ASKED_MASK) | asked, Turn::NotMine)
            };
            match self
                .word
                .compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return turn,
                Err(actual) => word = actual,
            }
        }
    }
}
