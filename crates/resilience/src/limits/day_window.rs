//! One limit per day, as a count that starts anew every day.
//!
//! Not a bucket that fills evenly: a day's quota may be used at any hour, and a bucket that holds a whole
//! day's worth would let two of them through within a day.
//! The day begins with the first use, because nobody told when the vendor's does; where the vendor
//! tells when its count starts anew, the day ends then.
//! Times are nanoseconds since the limiter began.

use crate::sync::{AtomicU64, Ordering};

/// A day, in nanoseconds.
pub(crate) const DAY: i64 = 24 * 3600 * 1_000_000_000;

/// No use yet, as the bits of the time at which the days begin.
const UNUSED: u64 = i64::MIN.cast_unsigned();

/// One limit per day. Without one it lets everything through.
#[derive(Debug)]
pub(crate) struct DayWindow {
    /// 0 without a limit.
    limit: AtomicU64,
    /// When day 0 began, as the bits of an `i64`.
    begin: AtomicU64,
    /// The day's number in the upper 16 bits, its count in the lower 48.
    count: AtomicU64,
}

const COUNT_BITS: u32 = 48;
const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;

impl DayWindow {
    /// A day of which nothing is used, or no limit.
    pub(crate) fn new(limit: Option<u64>) -> Self {
        let limit = match limit {
            None => 0,
            Some(0) => 1,
            Some(limit) => limit,
        };
        Self {
            limit: AtomicU64::new(limit),
            begin: AtomicU64::new(UNUSED),
            count: AtomicU64::new(0),
        }
    }

    /// The limit per day, where there is one.
    pub(crate) fn limit(&self) -> Option<u64> {
        Some(self.limit.load(Ordering::Relaxed)).filter(|limit| *limit != 0)
    }

    /// Changes the limit.
    pub(crate) fn set(&self, limit: u64) {
        self.limit.store(limit.max(1), Ordering::Relaxed);
    }

    /// Takes `units`, or says how many nanoseconds are left of the day.
    pub(crate) fn take(&self, units: u64, share: f64, now: i64) -> Result<(), i64> {
        let Some(limit) = self.limit().filter(|_| units > 0) else {
            return Ok(());
        };
        let units = units.min(limit);
        let room = ((limit as f64 * share) as u64).max(units);
        let taken = self.update(now, |used| {
            let next = used.saturating_add(units);
            (next <= room).then_some(next)
        });
        if taken { Ok(()) } else { Err(self.left(now)) }
    }

    /// How many nanoseconds until `units` can be taken.
    pub(crate) fn wait(&self, units: u64, share: f64, now: i64) -> i64 {
        let Some(limit) = self.limit().filter(|_| units > 0) else {
            return 0;
        };
        let units = units.min(limit);
        let room = ((limit as f64 * share) as u64).max(units);
        if self.used(now).saturating_add(units) <= room {
            0
        } else {
            self.left(now)
        }
    }

    /// Gives back what was taken at `taken_at`; a day that is over has nothing to give back.
    pub(crate) fn refund(&self, units: u64, taken_at: i64, now: i64) {
        if self.limit().is_some() && self.number(taken_at) == self.number(now) {
            self.update(now, |used| Some(used.saturating_sub(units)));
        }
    }

    /// Takes `units` whether they are there or not.
    pub(crate) fn charge(&self, units: u64, now: i64) {
        if self.limit().is_some() {
            self.update(now, |used| Some(used.saturating_add(units)));
        }
    }

    /// Leaves at most `remaining` units of the day.
    pub(crate) fn lower_to(&self, remaining: u64, now: i64) {
        if let Some(limit) = self.limit() {
            let at_least = limit.saturating_sub(remaining);
            self.update(now, |used| Some(used.max(at_least)));
        }
    }

    /// Says that the day ends in `nanos`.
    pub(crate) fn end_in(&self, nanos: i64, now: i64) {
        let number = i64::from(self.number(now));
        let end = now.saturating_add(nanos.clamp(0, DAY));
        let begin = end.saturating_sub(DAY.saturating_mul(number + 1));
        self.begin.store(begin.cast_unsigned(), Ordering::Relaxed);
    }

    /// How much of the day's limit is used, as a share.
    pub(crate) fn used_share(&self, now: i64) -> Option<f64> {
        let limit = self.limit()?;
        Some(self.used(now) as f64 / limit as f64)
    }

    /// How much of the day's limit would be used with so many units more, as a share.
    pub(crate) fn used_with(&self, units: u64, now: i64) -> Option<f64> {
        let limit = self.limit()?;
        Some(self.used(now).saturating_add(units) as f64 / limit as f64)
    }

    /// What is used of the day.
    fn used(&self, now: i64) -> u64 {
        let cell = self.count.load(Ordering::Relaxed);
        if cell >> COUNT_BITS == u64::from(self.number(now)) {
            cell & COUNT_MASK
        } else {
            0
        }
    }

    /// What is left of the day.
    fn left(&self, now: i64) -> i64 {
        DAY - now.saturating_sub(self.begin(now)).rem_euclid(DAY)
    }

    /// The day's number; after 180 years they repeat.
    fn number(&self, now: i64) -> u16 {
        let days = now.saturating_sub(self.begin(now)).div_euclid(DAY);
        (days & 0xffff) as u16
    }

    fn begin(&self, now: i64) -> i64 {
        let begin = self.begin.load(Ordering::Relaxed);
        if begin != UNUSED {
            return begin.cast_signed();
        }
        match self.begin.compare_exchange(
            UNUSED,
            now.cast_unsigned(),
            Ordering::Relaxed,
            Ordering::Relaxed,
        ) {
            Ok(_) => now,
            Err(seen) => seen.cast_signed(),
        }
    }

    /// Changes the day's count, where `change` gives another one.
    fn update(&self, now: i64, change: impl Fn(u64) -> Option<u64>) -> bool {
        let number = u64::from(self.number(now));
        let mut cell = self.count.load(Ordering::Relaxed);
        loop {
            let used = if cell >> COUNT_BITS == number {
                cell & COUNT_MASK
            } else {
                0
            };
            let Some(next) = change(used) else {
                return false;
            };
            let next = number << COUNT_BITS | next.min(COUNT_MASK);
            match self
                .count
                .compare_exchange_weak(cell, next, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return true,
                Err(seen) => cell = seen,
            }
        }
    }
}
