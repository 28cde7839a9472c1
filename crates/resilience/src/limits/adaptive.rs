//! A limit that nobody told, found by trying: 30 % less after a refusal, 5 % more after a minute without.
//!
//! Starts with the first refusal for the rate, from what had been sent in the minute before. Refusals of
//! calls that were sent before the last cut say nothing new: a burst of them cuts once.
//! Figures: resilience.md §2.5.

use super::rate::MINUTE;
use super::request_count::RequestCount;
use crate::sync::{AtomicU64, Ordering};

/// What is left of the limit after a refusal, in percent.
const CUT: u64 = 70;
/// What it grows to in a minute without a refusal, in percent.
const GROWN: u64 = 105;

/// A limit of requests per minute that nobody told.
#[derive(Debug)]
pub(crate) struct Adaptive {
    sent: RequestCount,
    /// 0 until a refusal.
    estimate: AtomicU64,
    /// When it was cut and when it changed, as the bits of an `i64`.
    cut_at: AtomicU64,
    changed_at: AtomicU64,
}

impl Adaptive {
    pub(crate) const fn new() -> Self {
        Self {
            sent: RequestCount::new(),
            estimate: AtomicU64::new(0),
            cut_at: AtomicU64::new(0),
            changed_at: AtomicU64::new(0),
        }
    }

    /// Counts a request that is about to be sent.
    pub(crate) fn sent(&self, now: i64) {
        self.sent.add(now);
    }

    /// Takes note of a refusal of a request that was sent at `sent_at`; gives the new limit.
    pub(crate) fn refused(&self, known: Option<u64>, sent_at: i64, now: i64) -> Option<u64> {
        let cut_at = self.cut_at.load(Ordering::Relaxed);
        if sent_at < cut_at.cast_signed()
            || self
                .cut_at
                .compare_exchange(
                    cut_at,
                    // Requests of this very moment were sent before the cut, too.
                    now.saturating_add(1).cast_unsigned(),
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                )
                .is_err()
        {
            return None;
        }
        let sent = self.sent.last_minute(now);
        let base = match self.estimate.load(Ordering::Relaxed) {
            0 => known.map_or(sent, |known| known.min(sent)),
            estimate => estimate,
        };
        self.change(base.saturating_mul(CUT) / 100, now)
    }

    /// Takes note of an answer; gives the new limit where it grows.
    pub(crate) fn answered(&self, now: i64) -> Option<u64> {
        let estimate = self.estimate.load(Ordering::Relaxed);
        if estimate == 0 {
            return None;
        }
        let changed_at = self.changed_at.load(Ordering::Relaxed);
        if now.saturating_sub(changed_at.cast_signed()) < MINUTE {
            return None;
        }
        self.changed_at
            .compare_exchange(
                changed_at,
                now.cast_unsigned(),
                Ordering::Relaxed,
                Ordering::Relaxed,
            )
            .ok()?;
        self.change(estimate.saturating_mul(GROWN).div_ceil(100), now)
    }

    /// Forgets the guess: the vendor told its limit.
    pub(crate) fn forget(&self) {
        self.estimate.store(0, Ordering::Relaxed);
    }

    fn change(&self, estimate: u64, now: i64) -> Option<u64> {
        let estimate = estimate.max(1);
        self.estimate.store(estimate, Ordering::Relaxed);
        self.changed_at
            .store(now.cast_unsigned(), Ordering::Relaxed);
        Some(estimate)
    }
}
