//! Calls at a time.
//!
//! A refused caller is told how long until a slot is likely to be free: by Little's law that is the mean
//! time for which slots are held, divided by their number.

use crate::sync::{AtomicU64, Ordering};

/// The weight of the latest call in the mean: an eighth follows a change within some ten calls (chosen,
/// not measured).
const WEIGHT: i64 = 8;
/// What is said while nobody has given a slot back yet: 100 ms (chosen, not measured).
const UNKNOWN_WAIT: i64 = 100_000_000;
/// Nobody should ask again sooner than a millisecond (chosen, not measured).
const SHORTEST_WAIT: i64 = 1_000_000;

/// Calls at a time. Without a limit it only counts.
#[derive(Debug)]
pub(crate) struct Slots {
    /// 0 without a limit.
    limit: u64,
    used: AtomicU64,
    /// The mean time for which a slot is held, in nanoseconds; 0 until one was given back.
    mean_hold: AtomicU64,
}

impl Slots {
    /// So many slots, all free, or any number.
    pub(crate) fn new(limit: Option<u64>) -> Self {
        let limit = match limit {
            None => 0,
            Some(0) => 1,
            Some(limit) => limit,
        };
        Self {
            limit,
            used: AtomicU64::new(0),
            mean_hold: AtomicU64::new(0),
        }
    }

    /// How many slots there are, where they are limited.
    pub(crate) fn limit(&self) -> Option<u64> {
        (self.limit != 0).then_some(self.limit)
    }

    /// How many are in use.
    pub(crate) fn in_use(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// How full the slots would be with so many calls more.
    pub(crate) fn used_with(&self, calls: u64) -> Option<f64> {
        let limit = self.limit()?;
        Some(self.in_use().saturating_add(calls) as f64 / limit as f64)
    }

    /// Takes a slot, or says in how many nanoseconds one is likely to be free.
    pub(crate) fn take(&self, share: f64) -> Result<(), i64> {
        let room = self.room(share);
        let take = |used| (used < room).then_some(used + 1);
        match self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
        {
            Ok(_) => Ok(()),
            Err(_) => Err(self.until_free(1)),
        }
    }

    /// How many nanoseconds until a slot is likely to be free once `ahead` others have taken theirs.
    pub(crate) fn wait(&self, ahead: u64, share: f64) -> i64 {
        let room = self.room(share);
        let wanted = self.in_use().saturating_add(ahead);
        if wanted < room {
            0
        } else {
            self.until_free(wanted - room + 1)
        }
    }

    /// Gives a slot back that was held for so many nanoseconds.
    pub(crate) fn give_back(&self, held: i64) {
        self.undo();
        if self.limit == 0 {
            // Nobody ever waits for a slot.
            return;
        }
        let held = held.max(0);
        let update = |mean: u64| {
            let mean = mean.cast_signed();
            let next = if mean == 0 {
                held
            } else {
                mean + (held - mean) / WEIGHT
            };
            Some(next.max(1).cast_unsigned())
        };
        // Never `None`, so never an error.
        let _ = self
            .mean_hold
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, update);
    }

    /// Gives a slot back that was not used after all.
    pub(crate) fn undo(&self) {
        let less = |used: u64| used.checked_sub(1);
        let _ = self
            .used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// The number of slots that calls of that share may fill; at least one.
    fn room(&self, share: f64) -> u64 {
        if self.limit == 0 {
            return u64::MAX;
        }
        ((self.limit as f64 * share) as u64).max(1)
    }

    fn until_free(&self, places: u64) -> i64 {
        let mean = match self.mean_hold.load(Ordering::Relaxed) {
            0 => return UNKNOWN_WAIT,
            mean => u128::from(mean),
        };
        let wait = mean * u128::from(places) / u128::from(self.limit.max(1));
        i64::try_from(wait).unwrap_or(i64::MAX).max(SHORTEST_WAIT)
    }
}
