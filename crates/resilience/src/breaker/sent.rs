//! Gives every admitted request its number, and knows how many were sent in the last ten seconds.
//!
//! One counter, and per second one word that remembers where the counter stood when that second's
//! first request came (16 bits for the second, 48 for the count). Only that first request writes, so
//! the ring costs the others a load.
//! Where two threads meet at a turn of the second, the count may be off by the requests in between.

use super::window::SECONDS;
use crate::sync::{AtomicU64, Ordering};

const TAG_BITS: u32 = 16;
const TAG_MASK: u64 = (1 << TAG_BITS) - 1;

/// The counter of requests.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    next: AtomicU64,
    /// Requests that ended without saying anything about the target.
    ignored: AtomicU64,
    /// Where `next - ignored` stood when the current period began.
    base: AtomicU64,
    /// The second of the latest request, plus one; 0 before the first one.
    latest: AtomicU64,
    marks: [AtomicU64; SECONDS as usize],
}

impl Sent {
    /// The number of a request that is sent in this second.
    pub(crate) fn next(&self, second: u64) -> u64 {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let tag = second & TAG_MASK;
        if let Some(mark) = self.marks.get((second % SECONDS) as usize) {
            let word = mark.load(Ordering::Relaxed);
            if word & TAG_MASK != tag || word == 0 {
                let standing = number.saturating_sub(self.ignored.load(Ordering::Relaxed));
                // Whoever is first marks the second; for the others the mark is as good.
                let _ = mark.compare_exchange(
                    word,
                    tag | ((standing + 1) << TAG_BITS),
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                );
                self.latest.store(second + 1, Ordering::Relaxed);
            }
        }
        number
    }

    /// The number of the newest request; 0 before the first one.
    pub(crate) fn newest(&self) -> u64 {
        self.next.load(Ordering::Relaxed).saturating_sub(1)
    }

    /// Takes out a request of the last ten seconds.
    pub(crate) fn ignore(&self) {
        self.ignored.fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests were sent in the ten seconds that end with this one, and in this period.
    pub(crate) fn in_window(&self, second: u64) -> u64 {
        let tag = second & TAG_MASK;
        let is_recent = |word: &u64| *word != 0 && tag.wrapping_sub(*word) & TAG_MASK < SECONDS;
        let marks = self.marks.iter().map(|mark| mark.load(Ordering::Relaxed));
        let Some(oldest) = marks
            .filter(is_recent)
            .map(|word| (word >> TAG_BITS) - 1)
            .min()
        else {
            return 0;
        };
        let base = self.base.load(Ordering::Relaxed);
        self.standing().saturating_sub(oldest.max(base))
    }

    /// Begins a new period: earlier requests are no longer part of the window.
    pub(crate) fn begin_period(&self) {
        self.base.store(self.standing(), Ordering::Relaxed);
    }

    /// The second of the latest request, where there was one.
    pub(crate) fn latest_second(&self) -> Option<u64> {
        self.latest.load(Ordering::Relaxed).checked_sub(1)
    }

    fn standing(&self) -> u64 {
        let ignored = self.ignored.load(Ordering::Relaxed);
        self.next.load(Ordering::Relaxed).saturating_sub(ignored)
    }
}
