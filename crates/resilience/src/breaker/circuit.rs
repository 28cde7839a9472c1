//! What is known of one target: the lock-free cells that every request touches, and behind a lock
//! what only transitions need.
//!
//! Pure: time is an argument. Everything is measured from the moment at which the circuit was made.

use std::time::Duration;

use tokio::time::Instant;

use super::config::{BreakerConfig, OpenSchedule, TripRule};
use super::probes::Probes;
use super::recent_failures::RecentFailures;
use super::sent::Sent;
use super::status::{BreakerState, Mode, Status};
use super::streak::Streak;
use super::verdict::Trip;
use super::window::{Counts, Window};
use crate::sync::{AtomicU64, Mutex, MutexGuard, Ordering};
use crate::{Skip, SkipReason};

/// How long somebody has to wait who asks for a target that an operator took out of service: longer
/// than any call waits.
const UNTIL_FURTHER_NOTICE: Duration = Duration::from_secs(24 * 3600);

/// What is known of one target: shared by the [`Breaker`](super::Breaker)s of all routes that use it.
///
/// On a cache line of its own, so that targets do not slow each other down.
#[derive(Debug)]
#[repr(align(64))]
pub struct Circuit {
    word: AtomicU64,
    pub(crate) sent: Sent,
    pub(crate) streak: Streak,
    pub(crate) window: Window,
    pub(crate) recent: RecentFailures,
    /// When the target last sent a first byte, in nanoseconds plus one; 0 before the first one.
    last_first_byte: AtomicU64,
    /// When the latest request went to it while it was degraded, in milliseconds plus one.
    last_trial: AtomicU64,
    /// Failures that count half.
    halves: AtomicU64,
    details: Mutex<Details>,
    pub(crate) config: BreakerConfig,
    origin: Instant,
}

/// What only transitions need.
#[derive(Debug, Default)]
pub(crate) struct Details {
    pub(crate) probes: Probes,
    pub(crate) trial: Trial,
    /// How long the circuit was opened for last time, before jitter; it fades while in service.
    memory: Duration,
    closed_at_ms: u64,
}

/// What a degraded target did since its last review.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trial {
    pub(crate) trip: Option<Trip>,
    pub(crate) counts: Counts,
    pub(crate) began_ms: u64,
}

/// A point in time, as the caller and as the circuit see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) now: Instant,
    /// Since the circuit's origin.
    pub(crate) nanos: u64,
}

impl Moment {
    pub(crate) const fn ms(self) -> u64 {
        self.nanos / 1_000_000
    }

    pub(crate) const fn second(self) -> u64 {
        self.nanos / 1_000_000_000
    }

    /// How long until a millisecond; zero where it is over.
    pub(crate) const fn until(self, ms: u64) -> Duration {
        Duration::from_nanos(ms.saturating_mul(1_000_000).saturating_sub(self.nanos))
    }

    /// The millisecond by which a duration is surely over.
    pub(crate) fn after(self, duration: Duration) -> u64 {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.saturating_add(nanos).div_ceil(1_000_000)
    }
}

impl Circuit {
    /// A target of which nothing bad is known.
    #[must_use]
    pub fn new(config: BreakerConfig, now: Instant) -> Self {
        let config = config.in_range();
        let failures = match config.trip {
            TripRule::Count { failures, .. } => failures,
            TripRule::Adaptive(_) => 0,
        };
        Self {
            word: AtomicU64::new(Status::INITIAL.pack()),
            sent: Sent::default(),
            streak: Streak::default(),
            window: Window::default(),
            recent: RecentFailures::new(failures),
            last_first_byte: AtomicU64::new(0),
            last_trial: AtomicU64::new(0),
            halves: AtomicU64::new(0),
            details: Mutex::new(Details::default()),
            config,
            origin: now,
        }
    }

    /// The numbers it works with.
    #[must_use]
    pub const fn config(&self) -> &BreakerConfig {
        &self.config
    }

    /// Whether nothing would be lost by forgetting the target: it is in service, nobody decided
    /// otherwise, and it has not been used for long.
    #[must_use]
    pub fn is_forgettable(&self, now: Instant) -> bool {
        let at = self.at(now);
        let status = self.status();
        let used = self.sent.latest_second().unwrap_or_default();
        let idle = Duration::from_secs(at.second().saturating_sub(used));
        status.mode == Mode::Auto
            && status.state_at(at.ms()) == BreakerState::Closed
            && idle >= self.config.forget_after
    }

    pub(crate) fn at(&self, now: Instant) -> Moment {
        let since = now.saturating_duration_since(self.origin);
        Moment {
            now,
            nanos: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
        }
    }

    pub(crate) fn status(&self) -> Status {
        Status::unpack(self.word.load(Ordering::Acquire))
    }

    /// Only with the lock held. A swap, because `end_ramp` writes without the lock.
    pub(crate) fn set_status(&self, status: Status) {
        let _ = self.word.swap(status.pack(), Ordering::AcqRel);
    }

    /// Makes a ramp that is over a closed circuit, so that admission need not look at the clock.
    pub(crate) fn end_ramp(&self, status: Status) {
        let closed = Status {
            state: BreakerState::Closed,
            until_ms: 0,
            ..status
        };
        // Whoever changed the word meanwhile treats both states alike.
        let _ = self.word.compare_exchange(
            status.pack(),
            closed.pack(),
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
    }

    /// A panic inside such a short section leaves plain data behind, so a poisoned lock is still good.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Details> {
        match self.details.lock() {
            Ok(details) => details,
            Err(poisoned) => poisoned.into_inner(),
        }
    }

    /// Why and for how long nobody is let through.
    pub(crate) fn refusal(status: Status, at: Moment) -> Option<Skip> {
        let reason = match (status.mode, status.state) {
            (Mode::Closed | Mode::MetricsOnly, _) => return None,
            (Mode::Open, _) => {
                return Some(Skip::new(SkipReason::Unhealthy, UNTIL_FURTHER_NOTICE));
            }
            (Mode::Auto, BreakerState::Open) => SkipReason::Unhealthy,
            (Mode::Auto, BreakerState::HalfOpen) => SkipReason::Probing,
            (Mode::Auto, _) => return None,
        };
        let left = at.until(status.until_ms);
        (!left.is_zero()).then(|| Skip::new(reason, left))
    }

    /// The share of requests that goes through, 0–1.
    pub(crate) fn weight(&self, status: Status, at: Moment) -> f64 {
        match status.mode {
            Mode::Open => return 0.0,
            Mode::Closed | Mode::MetricsOnly => return 1.0,
            Mode::Auto => {}
        }
        match status.state {
            BreakerState::Closed => 1.0,
            BreakerState::Ramping => {
                let left = at.until(status.until_ms).as_secs_f64();
                let ramp = self.config.ramp.as_secs_f64();
                let from = self.config.ramp_from;
                // A ramp of no length is over at once.
                let done = if ramp > 0.0 { 1.0 - left / ramp } else { 1.0 };
                from + (1.0 - from) * done.clamp(0.0, 1.0)
            }
            BreakerState::Degraded => self.config.degraded.weight,
            BreakerState::Open | BreakerState::HalfOpen => 0.0,
        }
    }

    /// Failures that count at the moment.
    pub(crate) fn recent_failures(&self, at: Moment) -> u32 {
        match self.config.trip {
            TripRule::Count { window, .. } => self.recent.count(at.nanos, nanos(window)),
            TripRule::Adaptive(_) => {
                u32::try_from(self.window.sum(at.second()).failures).unwrap_or(u32::MAX)
            }
        }
    }

    /// Takes note of a first byte.
    pub(crate) fn heard_from(&self, at: Moment) {
        let stamp = at.nanos.saturating_add(1);
        // Most often somebody was heard of in the meantime; a load is cheaper than a write.
        if self.last_first_byte.load(Ordering::Relaxed) < stamp {
            self.last_first_byte.fetch_max(stamp, Ordering::Relaxed);
        }
    }

    /// When the target last sent a first byte to anybody, in nanoseconds since the origin.
    pub(crate) fn last_heard(&self) -> Option<u64> {
        self.last_first_byte.load(Ordering::Relaxed).checked_sub(1)
    }

    /// Whether another request may go to a degraded target; then it is the latest one.
    pub(crate) fn take_trial(&self, at: Moment) -> bool {
        let last = self.last_trial.load(Ordering::Relaxed);
        let every = nanos(self.config.degraded.trial_every) / 1_000_000;
        (last == 0 || at.ms() + 1 >= last.saturating_add(every))
            && self
                .last_trial
                .compare_exchange(last, at.ms() + 1, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// Counts half a failure; whether it makes a whole one.
    pub(crate) fn half_failure(&self) -> bool {
        self.halves.fetch_add(1, Ordering::Relaxed) % 2 == 1
    }

    /// Forgets results, as a new period begins; only with the lock held.
    pub(crate) fn forget_results(&self) {
        self.window.clear();
        self.streak.clear();
        self.recent.clear();
        self.sent.begin_period();
    }
}

impl Details {
    /// For how long the circuit opens now; remembers it. `draw` in [0, 1) decides the jitter.
    pub(crate) fn next_open(
        &mut self,
        status: Status,
        at: Moment,
        schedule: &OpenSchedule,
        draw: f64,
    ) -> Duration {
        let was_in_service = !matches!(status.state, BreakerState::Open | BreakerState::HalfOpen);
        let faded = if was_in_service {
            let closed = at.ms().saturating_sub(self.closed_at_ms) as f64 / 1000.0;
            let half_lives = closed / schedule.memory_half_life.as_secs_f64().max(1e-3);
            self.memory.mul_f64(0.5_f64.powf(half_lives))
        } else {
            self.memory
        };
        let grown = Duration::try_from_secs_f64(faded.as_secs_f64() * schedule.factor);
        let duration = grown
            .unwrap_or(schedule.cap)
            .clamp(schedule.first, schedule.cap);
        self.memory = duration;
        let floor = schedule.jitter_floor;
        duration.mul_f64(floor + (1.0 - floor) * draw.clamp(0.0, 1.0))
    }

    /// Takes note that the circuit closes.
    pub(crate) fn closed(&mut self, at: Moment) {
        self.probes.clear();
        self.closed_at_ms = at.ms();
    }
}

/// Nanoseconds; 584 years for more.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
