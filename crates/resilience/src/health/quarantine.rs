//! How long something is left alone that a vendor refuses: a credential, or a model to a credential.
//!
//! 60 s after the first refusal, then twice as long each time, up to an hour (resilience.md §2.1).
//! Refusals of calls that were under way when it began say nothing new, and neither do their successes:
//! only a call that was sent since then ends it.

use std::time::Duration;

use tokio::time::Instant;

use crate::sync::{AtomicU64, Ordering};

/// The longest quarantine (resilience.md §2.1).
const LONGEST: Duration = Duration::from_secs(3600);
/// 60 s double to an hour within six steps, and any other first length soon enough.
const MOST_DOUBLINGS: u64 = 12;

/// How long something is left alone that a vendor refuses.
#[derive(Debug)]
pub(crate) struct Quarantine {
    origin: Instant,
    /// When the latest one began and ends, in nanoseconds since the origin.
    began: AtomicU64,
    until: AtomicU64,
    /// Quarantines in a row.
    in_a_row: AtomicU64,
}

impl Quarantine {
    /// Nothing was refused.
    pub(crate) const fn new(now: Instant) -> Self {
        Self {
            origin: now,
            began: AtomicU64::new(0),
            until: AtomicU64::new(0),
            in_a_row: AtomicU64::new(0),
        }
    }

    /// How long it still is; `None` where it is over.
    pub(crate) fn left(&self, now: Instant) -> Option<Duration> {
        let until = self.until.load(Ordering::Relaxed);
        if until == 0 {
            // The usual case, which need not look at the clock's reading.
            return None;
        }
        let left = until.saturating_sub(self.nanos(now));
        (left > 0).then(|| Duration::from_nanos(left))
    }

    /// Takes note of a refusal; gives the quarantine where one begins. The first one in a row lasts
    /// `first`; where that is nothing, there is none.
    pub(crate) fn refused(&self, first: Duration, now: Instant) -> Option<Duration> {
        let until = self.until.load(Ordering::Relaxed);
        let at = self.nanos(now);
        if until > at || first.is_zero() {
            return None;
        }
        let doublings = self.in_a_row.load(Ordering::Relaxed).min(MOST_DOUBLINGS);
        let length = first.saturating_mul(1 << doublings).min(LONGEST.max(first));
        let nanos = u64::try_from(length.as_nanos()).unwrap_or(u64::MAX);
        self.until
            .compare_exchange(
                until,
                at.saturating_add(nanos),
                Ordering::Relaxed,
                Ordering::Relaxed,
            )
            .ok()?;
        self.began.store(at, Ordering::Relaxed);
        self.in_a_row.fetch_add(1, Ordering::Relaxed);
        Some(length)
    }

    /// Takes note of the success of a call that was sent then; tells whether that ended a quarantine.
    pub(crate) fn accepted(&self, sent: Instant, now: Instant) -> bool {
        if self.in_a_row.load(Ordering::Relaxed) == 0
            || self.nanos(sent) < self.began.load(Ordering::Relaxed)
        {
            return false;
        }
        self.in_a_row.store(0, Ordering::Relaxed);
        self.until.swap(0, Ordering::Relaxed) > self.nanos(now)
    }

    fn nanos(&self, now: Instant) -> u64 {
        let since = now.saturating_duration_since(self.origin);
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn it_doubles_up_to_an_hour_and_a_success_ends_it() {
        let mut now = Instant::now();
        let quarantine = Quarantine::new(now);
        for expected in [60, 120, 240, 480, 960, 1920, 3600, 3600] {
            assert_eq!(quarantine.refused(S(60), now), Some(S(expected)));
            assert_eq!(
                quarantine.refused(S(60), now + S(1)),
                None,
                "it is known already"
            );
            assert_eq!(quarantine.left(now + S(1)), Some(S(expected - 1)));
            now += S(expected);
            assert_eq!(quarantine.left(now), None);
        }
        assert!(!quarantine.accepted(now, now));
        assert_eq!(quarantine.refused(S(60), now + S(1)), Some(S(60)));
        assert!(!quarantine.accepted(now, now + S(2)), "it was sent before");
        assert!(quarantine.accepted(now + S(2), now + S(3)));
        assert_eq!(quarantine.left(now + S(3)), None);
    }
}
