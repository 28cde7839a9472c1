//! At which rate requests were sent in the last ten seconds, nearly: this period's count and the previous
//! one's by the share of it that is within them.
//!
//! Needed where a vendor refuses for its rate and nobody knows its limit: then what was sent is the best
//! guess. Close enough for that, in one number without a lock. Ten seconds, because a minute would take
//! a limiter that is ten seconds old for a sixth of what it sent.

use super::rate::SECOND;
use crate::sync::{AtomicU64, Ordering};

const BITS: u32 = 20;
const MASK: u64 = (1 << BITS) - 1;
/// The length of a period.
const PERIOD: i64 = 10 * SECOND;
/// Periods in a minute.
const PER_MINUTE: u64 = 6;

/// The period's number in the upper bits, the previous period's count and this one's in 20 bits each.
#[derive(Debug)]
pub(crate) struct RequestCount(AtomicU64);

#[derive(Clone, Copy)]
struct Counts {
    period: u64,
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
                counts.period << (2 * BITS)
                    | counts.previous << BITS
                    | (counts.current + 1).min(MASK),
            )
        };
        // Never `None`, so never an error.
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// Requests of the last ten seconds, as so many in a minute.
    pub(crate) fn per_minute(&self, now: i64) -> u64 {
        let counts = Counts::of(self.0.load(Ordering::Relaxed)).at(now);
        let still = (PERIOD - now.rem_euclid(PERIOD)).cast_unsigned();
        let previous =
            u128::from(counts.previous) * u128::from(still) / u128::from(PERIOD.cast_unsigned());
        let sent = counts.current + u64::try_from(previous).unwrap_or(counts.previous);
        sent.saturating_mul(PER_MINUTE)
    }
}

impl Counts {
    const fn of(cell: u64) -> Self {
        Self {
            period: cell >> (2 * BITS),
            previous: (cell >> BITS) & MASK,
            current: cell & MASK,
        }
    }

    fn at(self, now: i64) -> Self {
        let periods = now.max(0).cast_unsigned() / PERIOD.cast_unsigned();
        let period = periods & ((1 << (64 - 2 * BITS)) - 1);
        match period.wrapping_sub(self.period) {
            0 => self,
            1 => Self {
                period,
                previous: self.current,
                current: 0,
            },
            _ => Self {
                period,
                previous: 0,
                current: 0,
            },
        }
    }
}
