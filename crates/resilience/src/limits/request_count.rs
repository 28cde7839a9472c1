//! How many requests were sent in the last minute, nearly: this minute's count and the previous one's by
//! the share of it that is within the last 60 s.
//!
//! Needed where a vendor refuses for its rate and nobody knows its limit: then what was sent is the best
//! guess. Close enough for that, in one number without a lock.

use super::rate::MINUTE;
use crate::sync::{AtomicU64, Ordering};

const BITS: u32 = 20;
const MASK: u64 = (1 << BITS) - 1;

/// The minute's number in the upper bits, the previous minute's count and this one's in 20 bits each.
#[derive(Debug)]
pub(crate) struct RequestCount(AtomicU64);

#[derive(Clone, Copy)]
struct Counts {
    minute: u64,
    previous: u64,
    current: u64,
}

impl RequestCount {
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Counts a request.
    pub(crate) fn add(&self, now: i64) {
        let add = |cell| {
            let counts = Counts::of(cell).at(now);
            Some(
                counts.minute << (2 * BITS)
                    | counts.previous << BITS
                    | (counts.current + 1).min(MASK),
            )
        };
        // Never `None`, so never an error.
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// Requests within the last 60 s.
    pub(crate) fn last_minute(&self, now: i64) -> u64 {
        let counts = Counts::of(self.0.load(Ordering::Relaxed)).at(now);
        let still = (MINUTE - now.rem_euclid(MINUTE)).cast_unsigned();
        let previous =
            u128::from(counts.previous) * u128::from(still) / u128::from(MINUTE.cast_unsigned());
        counts.current + u64::try_from(previous).unwrap_or(counts.previous)
    }
}

impl Counts {
    const fn of(cell: u64) -> Self {
        Self {
            minute: cell >> (2 * BITS),
            previous: (cell >> BITS) & MASK,
            current: cell & MASK,
        }
    }

    fn at(self, now: i64) -> Self {
        let minutes = now.max(0).cast_unsigned() / MINUTE.cast_unsigned();
        let minute = minutes & ((1 << (64 - 2 * BITS)) - 1);
        match minute.wrapping_sub(self.minute) {
            0 => self,
            1 => Self {
                minute,
                previous: self.current,
                current: 0,
            },
            _ => Self {
                minute,
                previous: 0,
                current: 0,
            },
        }
    }
}
