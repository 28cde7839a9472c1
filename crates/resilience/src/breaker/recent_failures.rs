//! When the latest failures were, for the rule that counts them: as many as the rule needs, no more.

use crate::sync::{AtomicU64, Ordering};

/// The times of the latest failures, in nanoseconds since the circuit's origin.
#[derive(Debug)]
pub(crate) struct RecentFailures {
    /// 0 where there was none, else the time plus one.
    times: Box<[AtomicU64]>,
    next: AtomicU64,
}

impl RecentFailures {
    /// Remembers so many.
    pub(crate) fn new(count: u32) -> Self {
        Self {
            times: (0..count).map(|_| AtomicU64::new(0)).collect(),
            next: AtomicU64::new(0),
        }
    }

    /// Remembers a failure in place of the oldest.
    pub(crate) fn record(&self, nanos: u64) {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let slots = self.times.len().max(1) as u64;
        if let Some(slot) = self.times.get((turn % slots) as usize) {
            slot.store(nanos.saturating_add(1), Ordering::Relaxed);
        }
    }

    /// How many are at most `window_nanos` old.
    pub(crate) fn count(&self, nanos: u64, window_nanos: u64) -> u32 {
        let is_recent = |slot: &&AtomicU64| {
            let time = slot.load(Ordering::Relaxed);
            time != 0 && nanos.saturating_sub(time - 1) <= window_nanos
        };
        let count = self.times.iter().filter(is_recent).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        for slot in &self.times {
            slot.store(0, Ordering::Relaxed);
        }
    }
}
