//! A limit that nobody told, found by trying: 30 % less after a refusal, 5 % more after a minute without,
//! twice as much every second once refusals have stopped for long.
//!
//! Starts with the first refusal for the rate, from what had been sent lately. Refusals of calls that were
//! sent before the last cut say nothing new: a burst of them cuts once.
//! Cuts and growth by the minute: resilience.md §2.5. That alone never gets up again after a vendor has
//! refused everything for a while, which says nothing about its limit (measured: 14 s of refusals left 6 %
//! of the calls answered after them). So a guess never goes below one request in a second, and after a
//! time without refusals it grows as fast as a new connection would; that time doubles whenever it turns
//! out that the limit was real.

use super::rate::{MINUTE, SECOND};
use super::request_count::RequestCount;
use crate::sync::{AtomicU64, Ordering};

/// What is left of the limit after a refusal, in percent.
const CUT: u64 = 70;
/// What it grows to in a minute without a refusal, in percent.
const GROWN: u64 = 105;
/// The lowest guess (chosen, not measured): a refused request in a second harms nobody, and a wrong guess
/// below it might go unnoticed for minutes.
const LOWEST: u64 = 60;
/// The highest: no vendor is sent as much, so that growth ends somewhere.
const HIGHEST: u64 = 10_000_000;
/// For how long there must be no refusal before the guess grows fast, at first and at most (chosen, not
/// measured): the first is shorter than the 15 s within which everything is back after a storm (I9).
const PATIENCE: (i64, i64) = (5 * SECOND, 5 * MINUTE);

/// A limit of requests per minute that nobody told.
#[derive(Debug)]
pub(crate) struct Adaptive {
    sent: RequestCount,
    /// 0 until a refusal.
    estimate: AtomicU64,
    /// When it was cut and when it changed, as the bits of an `i64`.
    cut_at: AtomicU64,
    changed_at: AtomicU64,
    /// How long there must be no refusal before it grows fast, as the bits of an `i64`.
    patience: AtomicU64,
}

impl Adaptive {
    pub(crate) const fn new() -> Self {
        Self {
            sent: RequestCount::new(),
            estimate: AtomicU64::new(0),
            cut_at: AtomicU64::new(0),
            changed_at: AtomicU64::new(0),
            patience: AtomicU64::new(PATIENCE.0.cast_unsigned()),
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
        let base = match self.estimate.load(Ordering::Relaxed) {
            0 => {
                let sent = self.sent.per_minute(now);
                known.map_or(sent, |known| known.min(sent))
            }
            estimate => {
                self.judge_patience(now.saturating_sub(cut_at.cast_signed()));
                estimate
            }
        };
        let cut = base.saturating_mul(CUT) / 100;
        self.change(cut.max(LOWEST), now)
    }

    /// Takes note of an answer; gives the new limit where it grows.
    pub(crate) fn answered(&self, now: i64) -> Option<u64> {
        let estimate = self.estimate.load(Ordering::Relaxed);
        if estimate == 0 || estimate >= HIGHEST {
            return None;
        }
        let since =
            |cell: &AtomicU64| now.saturating_sub(cell.load(Ordering::Relaxed).cast_signed());
        let is_fast = since(&self.cut_at) >= self.patience();
        let changed_at = self.changed_at.load(Ordering::Relaxed);
        let pause = if is_fast { SECOND } else { MINUTE };
        if now.saturating_sub(changed_at.cast_signed()) < pause {
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
        let grown = if is_fast {
            estimate.saturating_mul(2)
        } else {
            estimate.saturating_mul(GROWN).div_ceil(100)
        };
        self.change(grown, now)
    }

    /// Forgets the guess: the vendor told its limit.
    pub(crate) fn forget(&self) {
        self.estimate.store(0, Ordering::Relaxed);
    }

    /// A refusal that came after fast growth had begun shows that the limit is real; one long after that,
    /// that it is another one.
    fn judge_patience(&self, clean: i64) {
        let patience = self.patience();
        let next = if clean < patience {
            return;
        } else if clean >= PATIENCE.1.saturating_mul(2) {
            PATIENCE.0
        } else {
            patience.saturating_mul(2).min(PATIENCE.1)
        };
        self.patience.store(next.cast_unsigned(), Ordering::Relaxed);
    }

    fn patience(&self) -> i64 {
        self.patience.load(Ordering::Relaxed).cast_signed()
    }

    fn change(&self, estimate: u64, now: i64) -> Option<u64> {
        self.estimate.store(estimate, Ordering::Relaxed);
        self.changed_at
            .store(now.cast_unsigned(), Ordering::Relaxed);
        Some(estimate)
    }
}
