//! What one attempt has shown of itself so far, as its transport reports it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use interline_core::{Progress, ProgressSink};
use tokio::time::Instant;

use crate::admission::Witness;
use crate::timeouts::Limit;

/// How long until a silent attempt that is no stall is looked at again (chosen, not measured).
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// What one attempt has shown of itself so far.
///
/// Written by the task that polls the attempt, read by the timers around it; relaxed atomics are
/// enough, since no other data hangs on them.
#[derive(Debug)]
pub(crate) struct AttemptProgress {
    started: Instant,
    witness: Witness,
    is_silent: AtomicBool,
    is_stalled: AtomicBool,
    has_headers: AtomicBool,
    /// When the last sign of life came, in nanoseconds since the start.
    last_sign_nanos: AtomicU64,
}

impl AttemptProgress {
    /// An attempt that starts now; `witness` is told of the vendor's first sign of life.
    pub(crate) const fn new(started: Instant, witness: Witness) -> Self {
        Self {
            started,
            witness,
            is_silent: AtomicBool::new(true),
            is_stalled: AtomicBool::new(false),
            has_headers: AtomicBool::new(false),
            last_sign_nanos: AtomicU64::new(0),
        }
    }

    /// When the attempt started.
    pub(crate) const fn started(&self) -> Instant {
        self.started
    }

    /// Whether the vendor has not shown any sign of life.
    pub(crate) fn is_silent(&self) -> bool {
        self.is_silent.load(Ordering::Relaxed)
    }

    /// Whether the attempt was found to be stalled.
    pub(crate) fn is_stalled(&self) -> bool {
        self.is_stalled.load(Ordering::Relaxed)
    }

    /// When silence is to be looked into next, or has turned out to be a stall; `None` where there is
    /// a sign of life.
    pub(crate) fn stall(&self, length: Duration) -> Option<Limit> {
        if !self.is_silent() {
            return None;
        }
        let limit = Limit::stall(self.started, length);
        let now = Instant::now();
        if now < limit.at {
            return Some(limit);
        }
        if self.witness.stalled(now, length) {
            self.is_stalled.store(true, Ordering::Relaxed);
            return Some(limit);
        }
        // Others may meet with the same silence yet: a later look may find what this one did not.
        Some(Limit::stall(now, LOOK_AGAIN))
    }

    /// Whether the vendor's response headers arrived.
    pub(crate) fn has_headers(&self) -> bool {
        self.has_headers.load(Ordering::Relaxed)
    }

    /// When the last sign of life came; the start where there was none.
    pub(crate) fn last_sign(&self) -> Instant {
        self.started + Duration::from_nanos(self.last_sign_nanos.load(Ordering::Relaxed))
    }
}

impl ProgressSink for AttemptProgress {
    fn report(&self, progress: Progress) {
        match progress {
            Progress::Headers => self.has_headers.store(true, Ordering::Relaxed),
            Progress::Bytes(_) | Progress::Ping => {}
            // Not the vendor's doing, so not a sign of its life.
            _ => return,
        }
        let now = Instant::now();
        if self.is_silent.swap(false, Ordering::Relaxed) {
            self.witness.first_byte(now);
        }
        let since = now.saturating_duration_since(self.started);
        let nanos = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        self.last_sign_nanos.fetch_max(nanos, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_what_the_vendor_does_is_a_sign_of_life() {
        let progress = AttemptProgress::new(Instant::now(), Witness::default());
        let second = Duration::from_secs(1);
        let step = async |report| {
            tokio::time::advance(second).await;
            progress.report(report);
            (
                progress.last_sign() - progress.started(),
                progress.has_headers(),
            )
        };
        assert_eq!(step(Progress::Sending).await, (Duration::ZERO, false));
        assert_eq!(step(Progress::Headers).await, (second * 2, true));
        assert_eq!(step(Progress::Bytes(1)).await, (second * 3, true));
        assert_eq!(step(Progress::Ping).await, (second * 4, true));
        assert_eq!(step(Progress::Sending).await, (second * 4, true));
    }
}
