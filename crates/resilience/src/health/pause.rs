//! How long a vendor asked to be left alone. A later, shorter wish never shortens an earlier one.

use std::time::Duration;

use tokio::time::Instant;

use crate::sync::{AtomicU64, Ordering};

/// The longest wish that is believed: 1 h (chosen, not measured), long enough for hourly quotas and short
/// enough for a vendor that answers nonsense.
pub(crate) const MAX_PAUSE: Duration = Duration::from_secs(3600);

/// How long a vendor asked to be left alone.
#[derive(Debug)]
pub(crate) struct Pause {
    origin: Instant,
    /// In nanoseconds since the origin.
    until: AtomicU64,
}

impl Pause {
    /// Nobody asked for anything.
    pub(crate) const fn new(now: Instant) -> Self {
        Self {
            origin: now,
            until: AtomicU64::new(0),
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

    /// Takes note of a wish; gives the pause where that is news.
    pub(crate) fn extend(
        &self,
        wish: Duration,
        longest: Duration,
        now: Instant,
    ) -> Option<Duration> {
        let pause = wish.min(longest);
        let nanos = u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX);
        let until = self.nanos(now).saturating_add(nanos);
        let before = self.until.fetch_max(until, Ordering::Relaxed);
        (before < until && !pause.is_zero()).then_some(pause)
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
    fn a_shorter_wish_never_shortens_a_longer_one() {
        let t0 = Instant::now();
        let pause = Pause::new(t0);
        assert_eq!(pause.left(t0), None);
        assert_eq!(pause.extend(S(20), MAX_PAUSE, t0), Some(S(20)));
        assert_eq!(pause.extend(S(5), MAX_PAUSE, t0 + S(1)), None);
        assert_eq!(pause.left(t0 + S(1)), Some(S(19)));
        assert_eq!(pause.left(t0 + S(20)), None);
    }

    #[test]
    fn an_absurd_wish_is_cut() {
        let t0 = Instant::now();
        let pause = Pause::new(t0);
        assert_eq!(pause.extend(Duration::MAX, MAX_PAUSE, t0), Some(MAX_PAUSE));
        assert_eq!(pause.extend(Duration::ZERO, MAX_PAUSE, t0), None);
    }
}
