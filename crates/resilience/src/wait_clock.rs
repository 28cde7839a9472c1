//! How long a committed stream has been waiting for its vendor, so that a slow reader is never taken
//! for a silent vendor.
//!
//! Time counts only from a poll that found nothing to the next frame. Time in which the reader does
//! not ask counts for nobody.
//! Two bounds: `idle` without any sign of life, `progress` without content although pings come.
//! Pure: time is an argument.

use std::time::Duration;

use interline_core::{Frame, TimeoutStage};
use tokio::time::Instant;

use crate::Timeouts;
use crate::timeouts::Limit;

/// How long a committed stream has been waiting for its vendor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WaitClock {
    idle: Duration,
    progress: Duration,
    waiting_since: Option<Instant>,
    /// Waiting that is over, summed up since the last content.
    waited_without_content: Duration,
}

impl WaitClock {
    /// A clock that nobody waits on yet.
    pub(crate) const fn new(timeouts: &Timeouts) -> Self {
        Self {
            idle: timeouts.idle,
            progress: timeouts.progress,
            waiting_since: None,
            waited_without_content: Duration::ZERO,
        }
    }

    /// The vendor has nothing for us now. Gives the moment at which waiting ends.
    pub(crate) fn wait(&mut self, now: Instant, last_sign: Instant) -> Limit {
        let since = *self.waiting_since.get_or_insert(now);
        let silent_since = since.max(last_sign);
        let left = self.progress.saturating_sub(self.waited_without_content);
        let mut progress = Limit::new(TimeoutStage::Idle, since, left);
        progress.length = self.progress;
        Limit::new(TimeoutStage::Idle, silent_since, self.idle).earlier(progress)
    }

    /// A frame came.
    pub(crate) fn frame(&mut self, now: Instant, content: Content) {
        let waited = self
            .waiting_since
            .take()
            .map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        match content {
            Content::Some => self.waited_without_content = Duration::ZERO,
            Content::None => self.waited_without_content += waited,
        }
    }
}

/// Whether a frame held content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// It did.
    Some,
    /// It was a sign of life only.
    None,
}

impl Content {
    /// Whether `frame` holds content.
    pub(crate) fn of(frame: &Frame) -> Self {
        if frame.has_content() {
            Self::Some
        } else {
            Self::None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    fn clock() -> (WaitClock, Instant) {
        (WaitClock::new(&Timeouts::default()), Instant::now())
    }

    #[test]
    fn waiting_ends_after_the_idle_limit() {
        let (mut clock, t0) = clock();
        assert_eq!(clock.wait(t0, t0).at, t0 + S(20));
        assert_eq!(clock.wait(t0 + S(5), t0).at, t0 + S(20));
    }

    #[test]
    fn a_sign_of_life_starts_the_idle_limit_anew() {
        let (mut clock, t0) = clock();
        clock.wait(t0, t0);
        assert_eq!(clock.wait(t0 + S(15), t0 + S(15)).at, t0 + S(35));
    }

    #[test]
    fn time_in_which_the_reader_does_not_ask_counts_for_nobody() {
        let (mut clock, t0) = clock();
        clock.wait(t0, t0);
        clock.frame(t0 + S(1), Content::Some);
        assert_eq!(clock.wait(t0 + S(100), t0).at, t0 + S(120));
    }

    #[test]
    fn signs_of_life_alone_end_after_the_progress_limit() {
        let (mut clock, t0) = clock();
        let mut now = t0;
        for _ in 0..11 {
            clock.wait(now, now);
            now += S(10);
            clock.frame(now, Content::None);
        }
        let limit = clock.wait(now, now);
        assert_eq!((limit.at, limit.length), (now + S(10), S(120)));
        clock.frame(now, Content::Some);
        assert_eq!(clock.wait(now, now).at, now + S(20));
    }
}
