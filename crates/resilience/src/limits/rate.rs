//! One limit per minute, as a bucket that fills evenly: the generic cell rate algorithm (GCRA).
//!
//! The whole state is one moment, the *theoretical arrival time*: until then the bucket would take to be
//! full again. It lies in the past while the bucket is full; taking from the bucket moves it on, and a
//! bucket whose moment lies further ahead than the burst is empty. It may lie further ahead still: then
//! the bucket is in debt.
//! One compare-and-swap takes, gives back or charges. Times are nanoseconds since the limiter began.
//!
//! A need greater than the burst is let through where the bucket is full, and one greater than the
//! limit counts as the whole limit: whether the vendor takes it is the vendor's to say.

use crate::sync::{AtomicU64, Ordering};

/// A second, in nanoseconds.
pub(crate) const SECOND: i64 = 1_000_000_000;
/// A minute, in nanoseconds.
pub(crate) const MINUTE: i64 = 60_000_000_000;

/// Fraction bits of the time per unit: ten million tokens per minute are 6,000 ns each, and rounding
/// each to whole nanoseconds would be off by as much as 1 in 6,000.
const FRACTION_BITS: u32 = 20;

/// What a bucket holds at least, unless that is more than a tenth of its limit: three calls at once, so
/// that a page that makes a few does not queue at a limit of 30 (chosen, not measured).
const SMALL_BURST: u64 = 3;

/// How fast a bucket fills and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    /// Units per minute.
    pub(crate) limit: u64,
    burst: u64,
    per_minute: u64,
}

impl Pace {
    /// At most `limit` over any 60 s: what fills within a minute and what is held make up the limit.
    pub(crate) fn strict(limit: u64, burst_share: f64) -> Self {
        let limit = limit.max(1);
        let burst = (limit as f64 * burst_share) as u64;
        let burst = burst.max(SMALL_BURST.min(limit / 10)).max(1);
        Self {
            limit,
            burst,
            // The first unit of a burst is the one that the rate would have let through at that moment.
            per_minute: limit.saturating_sub(burst).saturating_add(1),
        }
    }

    /// All of `limit` at once, where the vendor itself says with every answer what remains.
    pub(crate) fn told(limit: u64) -> Self {
        let limit = limit.max(1);
        Self {
            limit,
            burst: limit,
            per_minute: limit,
        }
    }

    /// The time in which the burst fills up, in nanoseconds, with one more for each unit: every cost is
    /// rounded up, and so many single units still have to fit.
    fn depth(self) -> u64 {
        let burst = u128::from(self.burst);
        let depth = ((burst * u128::from(self.unit())) >> FRACTION_BITS) + burst;
        u64::try_from(depth).unwrap_or(u64::MAX)
    }

    /// Nanoseconds per unit, with a binary fraction, rounded up.
    fn unit(self) -> u64 {
        (MINUTE.cast_unsigned() << FRACTION_BITS).div_ceil(self.per_minute)
    }
}

/// One limit per minute. Without one it lets everything through.
#[derive(Debug)]
pub(crate) struct Rate {
    /// The theoretical arrival time, as the bits of an `i64`.
    full_at: AtomicU64,
    /// Nanoseconds per unit with a binary fraction; 0 without a limit.
    unit: AtomicU64,
    /// What the bucket holds, in nanoseconds.
    depth: AtomicU64,
    limit: AtomicU64,
}

/// One reading of the settings, so that one decision uses one of them throughout.
#[derive(Clone, Copy, Debug)]
struct Settings {
    unit: u64,
    depth: i64,
    limit: u64,
}

impl Settings {
    /// The time in which so many units fill up.
    fn time(self, units: u64) -> i64 {
        let units = u128::from(units.min(self.limit));
        let nanos = (units * u128::from(self.unit)).div_ceil(1 << FRACTION_BITS);
        i64::try_from(nanos).unwrap_or(MINUTE).min(MINUTE)
    }

    /// How far ahead a call of that share may move the moment.
    fn allowance(self, share: f64, cost: i64) -> i64 {
        ((self.depth as f64 * share) as i64).max(cost)
    }
}

impl Rate {
    /// A full bucket, or no limit.
    pub(crate) fn new(pace: Option<Pace>) -> Self {
        let rate = Self {
            full_at: AtomicU64::new(0),
            unit: AtomicU64::new(0),
            depth: AtomicU64::new(0),
            limit: AtomicU64::new(0),
        };
        rate.set(pace, 0);
        rate
    }

    /// The limit per minute, where there is one.
    pub(crate) fn limit(&self) -> Option<u64> {
        self.settings().map(|settings| settings.limit)
    }

    /// Whether that is how fast it fills and how much it holds.
    pub(crate) fn keeps(&self, pace: Pace) -> bool {
        self.unit.load(Ordering::Relaxed) == pace.unit()
            && self.depth.load(Ordering::Relaxed) == pace.depth()
            && self.limit.load(Ordering::Relaxed) == pace.limit
    }

    /// Changes the limit. What is used of it stays the same number of units.
    pub(crate) fn set(&self, pace: Option<Pace>, now: i64) {
        let old = self.unit.load(Ordering::Relaxed);
        let Some(pace) = pace else {
            self.unit.store(0, Ordering::Relaxed);
            return;
        };
        let unit = pace.unit();
        self.limit.store(pace.limit, Ordering::Relaxed);
        self.depth.store(pace.depth(), Ordering::Relaxed);
        self.unit.store(unit, Ordering::Relaxed);
        if old != 0 && old != unit {
            let scale = unit as f64 / old as f64;
            self.update(|full_at| {
                let ahead = full_at.saturating_sub(now).max(0);
                now.saturating_add(((ahead as f64 * scale) as i64).min(MINUTE))
            });
        }
    }

    /// Takes `units`, or says how many nanoseconds are lacking.
    pub(crate) fn take(&self, units: u64, share: f64, now: i64) -> Result<(), i64> {
        let Some(settings) = self.settings().filter(|_| units > 0) else {
            return Ok(());
        };
        let cost = settings.time(units);
        let allowance = settings.allowance(share, cost);
        let mut full_at = self.full_at.load(Ordering::Relaxed);
        loop {
            let next = full_at.cast_signed().max(now).saturating_add(cost);
            let lacking = next.saturating_sub(now).saturating_sub(allowance);
            if lacking > 0 {
                return Err(lacking);
            }
            match self.full_at.compare_exchange_weak(
                full_at,
                next.cast_unsigned(),
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return Ok(()),
                Err(seen) => full_at = seen,
            }
        }
    }

    /// How many nanoseconds until `units` can be taken once `ahead` of them are.
    pub(crate) fn wait(&self, units: u64, ahead: u64, share: f64, now: i64) -> i64 {
        let Some(settings) = self.settings().filter(|_| units > 0) else {
            return 0;
        };
        let cost = settings.time(units);
        let allowance = settings.allowance(share, cost);
        let full_at = self.full_at.load(Ordering::Relaxed).cast_signed().max(now);
        // What waits ahead may be more than one limit, so it is not capped like one need.
        let ahead = (u128::from(ahead) * u128::from(settings.unit)) >> FRACTION_BITS;
        full_at
            .saturating_add(i64::try_from(ahead).unwrap_or(i64::MAX))
            .saturating_add(cost)
            .saturating_sub(now)
            .saturating_sub(allowance)
            .max(0)
    }

    /// The time in which `units` fill up.
    pub(crate) fn spacing(&self, units: u64) -> i64 {
        self.settings().map_or(0, |settings| settings.time(units))
    }

    /// Gives `units` back; a bucket is never fuller than full.
    pub(crate) fn refund(&self, units: u64, now: i64) {
        let Some(settings) = self.settings().filter(|_| units > 0) else {
            return;
        };
        let back = settings.time(units);
        self.update(|full_at| {
            if full_at <= now {
                full_at
            } else {
                full_at.saturating_sub(back).max(now)
            }
        });
    }

    /// Takes `units` whether they are there or not. A bucket owes no more than a minute fills.
    pub(crate) fn charge(&self, units: u64, now: i64) {
        let Some(settings) = self.settings().filter(|_| units > 0) else {
            return;
        };
        let cost = settings.time(units);
        let most = now.saturating_add(settings.depth).saturating_add(MINUTE);
        // Never earlier than it was: a bucket that another charge put deeper in debt stays there.
        self.update(|full_at| full_at.max(now).saturating_add(cost).min(most.max(full_at)));
    }

    /// Leaves at most `remaining` units in the bucket; less than none is debt.
    pub(crate) fn lower_to(&self, remaining: i64, now: i64) {
        let Some(settings) = self.settings() else {
            return;
        };
        let time = settings.time(remaining.unsigned_abs());
        let time = if remaining < 0 { -time } else { time };
        let at_least = now.saturating_add(settings.depth).saturating_sub(time);
        self.update(|full_at| full_at.max(at_least));
    }

    /// Lets the bucket owe nothing.
    pub(crate) fn forgive(&self, now: i64) {
        if let Some(settings) = self.settings() {
            let empty = now.saturating_add(settings.depth);
            self.update(|full_at| full_at.min(empty));
        }
    }

    /// How much of what the bucket holds is used: 0 full, 1 empty, more in debt.
    pub(crate) fn used(&self, now: i64) -> Option<f64> {
        let settings = self.settings()?;
        let full_at = self.full_at.load(Ordering::Relaxed).cast_signed();
        let ahead = full_at.saturating_sub(now).max(0);
        Some(ahead as f64 / settings.depth.max(1) as f64)
    }

    /// How much of what the bucket holds would be used with so many units more.
    pub(crate) fn used_with(&self, units: u64, now: i64) -> Option<f64> {
        let settings = self.settings()?;
        let full_at = self.full_at.load(Ordering::Relaxed).cast_signed();
        let ahead = full_at.saturating_sub(now).max(0);
        let ahead = ahead.saturating_add(settings.time(units));
        Some(ahead as f64 / settings.depth.max(1) as f64)
    }

    fn settings(&self) -> Option<Settings> {
        let unit = self.unit.load(Ordering::Relaxed);
        (unit != 0).then(|| Settings {
            unit,
            depth: self.depth.load(Ordering::Relaxed).cast_signed(),
            limit: self.limit.load(Ordering::Relaxed),
        })
    }

    fn update(&self, change: impl Fn(i64) -> i64) {
        let mut full_at = self.full_at.load(Ordering::Relaxed);
        loop {
            let next = change(full_at.cast_signed()).cast_unsigned();
            if next == full_at {
                return;
            }
            match self.full_at.compare_exchange_weak(
                full_at,
                next,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return,
                Err(seen) => full_at = seen,
            }
        }
    }
}
