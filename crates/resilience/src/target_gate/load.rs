//! How busy a target is, how fast it answers and how often it fails of late: what balancers compare.
//!
//! One for each target, shared by all routes that use it, whatever their breakers.
//! Times to the first token and to whole answers are kept apart, because a whole answer takes as long as a
//! stream's last token.
//! A rise of the latency is believed at once, a fall bit by bit (peak EWMA), and a failure counts as an
//! answer that took long: who fails fast must not look fast.

use std::time::Duration;

use interline_core::{Faded, HealthImpact, History, TargetLoad};
use tokio::time::Instant;

use crate::sync::{AtomicU64, Ordering};
use crate::{Account, Form, Outcome};

/// How fast figures fade: after this time without news, to 1/e (resilience.md §2.6).
const FADE: Duration = Duration::from_secs(10);
/// What a failure counts as, at least (resilience.md §2.6).
const PENALTY: Duration = Duration::from_secs(5);
/// What a failure counts as at most, however long the vendor wants to be left alone (resilience.md §2.6).
const MOST_PENALTY: Duration = Duration::from_secs(60);
/// What a single result counts at most where nothing was heard for long: one call is no certainty.
const MOST_NEWS: f32 = 0.5;

/// How busy a target is, how fast it answers and how often it fails of late.
#[derive(Debug)]
pub(crate) struct Load {
    origin: Instant,
    in_flight: AtomicU64,
    first_token: Cell,
    whole: Cell,
    errors: Cell,
}

impl Load {
    /// A target that nobody called yet.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            origin: now,
            in_flight: AtomicU64::new(0),
            first_token: Cell::default(),
            whole: Cell::default(),
            errors: Cell::default(),
        }
    }

    /// A call begins.
    pub(crate) fn begin(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// A stream gave its first content after that time.
    pub(crate) fn first_token(&self, after: Duration, now: Instant) {
        self.first_token.peak(after, self.stamp(now));
    }

    /// A call that was sent then ended so.
    pub(crate) fn settle(
        &self,
        sent: Instant,
        outcome: Outcome<'_>,
        account: &Account,
        now: Instant,
    ) {
        let less = |calls: u64| calls.checked_sub(1);
        // An end without a begin changes nothing.
        let _ = self
            .in_flight
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        let stamp = self.stamp(now);
        let elapsed = now.saturating_duration_since(sent);
        match outcome {
            Outcome::Success => {
                self.errors.mean(0.0, stamp);
                if account.first_token.is_none() {
                    self.whole.peak(elapsed, stamp);
                }
            }
            Outcome::Failure(error) | Outcome::Stalled(error) => {
                if !is_targets(error.health_impact()) {
                    return;
                }
                let wish = error.retry_after().unwrap_or_default().min(MOST_PENALTY);
                let penalty = PENALTY.max(wish).max(elapsed.min(MOST_PENALTY));
                self.errors.mean(1.0, stamp);
                self.first_token.peak(penalty, stamp);
                self.whole.peak(penalty, stamp);
            }
            // Somebody who lost patience knows that it takes at least that long.
            Outcome::Cancelled if account.first_token.is_none() => {
                self.first_token.at_least(elapsed, stamp);
                self.whole.at_least(elapsed, stamp);
            }
            Outcome::Cancelled => {}
        }
    }

    /// What is known now, for a call of that form; without limits.
    pub(crate) fn read(&self, form: Form, now: Instant) -> TargetLoad {
        let stamp = self.stamp(now);
        let latency = match form {
            Form::Stream => &self.first_token,
            Form::Whole | Form::Embeddings | Form::TokenCount => &self.whole,
        };
        let errors = self.errors.read(stamp);
        let history = match errors {
            Some(_) => History::Some,
            None => History::None,
        };
        let in_flight = self.in_flight.load(Ordering::Relaxed);
        TargetLoad::UNKNOWN
            .with_in_flight(u32::try_from(in_flight).unwrap_or(u32::MAX))
            .with_history(history)
            .with_latency(latency.read(stamp))
            .with_errors(errors)
    }

    /// Milliseconds since it was made, from 1; 0 stands for never. Full after 49 days: figures no longer
    /// fade then.
    fn stamp(&self, now: Instant) -> u32 {
        let ms = now.saturating_duration_since(self.origin).as_millis();
        u32::try_from(ms).unwrap_or(u32::MAX - 1).saturating_add(1)
    }
}

/// Whether a failure speaks of how the target serves: the caller's own mistakes do not.
const fn is_targets(impact: HealthImpact) -> bool {
    matches!(
        impact,
        HealthImpact::Endpoint
            | HealthImpact::Host
            | HealthImpact::RateLimit
            | HealthImpact::Credential
    )
}

/// A figure with the time when it was last seen, in one word.
#[derive(Debug, Default)]
struct Cell(AtomicU64);

impl Cell {
    /// The figure and how much it is still worth.
    fn read(&self, stamp: u32) -> Option<Faded> {
        let (value, seen) = unpack(self.0.load(Ordering::Relaxed))?;
        Some(Faded::new(value, worth(seen, stamp)))
    }

    /// Takes note of a latency: the higher one at once, a lower one as a part.
    fn peak(&self, latency: Duration, stamp: u32) {
        let sample = latency.as_secs_f32();
        self.update(stamp, |known| match known {
            Some((value, seen)) if sample < value => Some(blend(value, sample, worth(seen, stamp))),
            _ => Some(sample),
        });
    }

    /// Takes note that a latency is no lower.
    fn at_least(&self, latency: Duration, stamp: u32) {
        let sample = latency.as_secs_f32();
        self.update(stamp, |known| {
            known
                .is_some_and(|(value, _)| sample > value)
                .then_some(sample)
        });
    }

    /// Takes note of a result: 1 for a failure, 0 for an answer.
    fn mean(&self, sample: f32, stamp: u32) {
        self.update(stamp, |known| {
            let least = 1.0 - MOST_NEWS;
            Some(match known {
                Some((value, seen)) => blend(value, sample, worth(seen, stamp).max(least)),
                None => blend(0.0, sample, least),
            })
        });
    }

    fn update(&self, stamp: u32, change: impl Fn(Option<(f32, u32)>) -> Option<f32>) {
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            let known = unpack(word);
            let Some(value) = change(known) else {
                return;
            };
            // The clock of another thread may be a little ahead.
            let stamp = known.map_or(stamp, |(_, seen)| seen.max(stamp));
            let next = u64::from(value.to_bits()) << 32 | u64::from(stamp);
            match self
                .0
                .compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return,
                Err(found) => word = found,
            }
        }
    }
}

/// `None` where nothing was seen.
const fn unpack(word: u64) -> Option<(f32, u32)> {
    let stamp = (word & 0xffff_ffff) as u32;
    if stamp == 0 {
        return None;
    }
    Some((f32::from_bits((word >> 32) as u32), stamp))
}

fn blend(old: f32, new: f32, kept: f32) -> f32 {
    new + (old - new) * kept
}

/// What a figure is worth that was seen at `seen`.
fn worth(seen: u32, stamp: u32) -> f32 {
    let age = stamp.saturating_sub(seen);
    if age == 0 {
        // The usual case under load, which need not raise anything to a power.
        return 1.0;
    }
    (age as f32 * (-1.0 / (FADE.as_millis() as f32))).exp()
}

#[cfg(test)]
mod tests {
    use interline_core::{Error, ErrorKind, Phase};

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn failed(kind: ErrorKind) -> Error {
        Error::new(kind, "scripted").with_phase(Phase::BeforeOutput)
    }

    /// A call of so many milliseconds that ends so.
    fn call(load: &Load, began: Instant, ms: u32, outcome: Outcome<'_>) {
        load.begin();
        load.settle(began, outcome, &Account::default(), began + ms * MS);
    }

    fn latency(load: &Load, now: Instant) -> f32 {
        let latency = load.read(Form::Whole, now).latency.expect("a latency");
        latency.or_usual(0.0)
    }

    #[test]
    fn a_rise_is_believed_at_once_and_a_fall_bit_by_bit() {
        let now = Instant::now();
        let load = Load::new(now);
        call(&load, now, 100, Outcome::Success);
        call(&load, now, 2000, Outcome::Success);
        assert!((latency(&load, now + 2000 * MS) - 2.0).abs() < 0.01);
        // One fast answer two seconds later is worth 1 - exp(-0.2) of the mean.
        call(&load, now + 3900 * MS, 100, Outcome::Success);
        let seen = latency(&load, now + 4000 * MS);
        assert!((1.6..1.7).contains(&seen), "{seen}");
    }

    #[test]
    fn who_fails_fast_does_not_look_fast() {
        let now = Instant::now();
        let load = Load::new(now);
        let error = failed(ErrorKind::Unavailable);
        call(&load, now, 1, Outcome::Failure(&error));
        let known = load.read(Form::Stream, now + MS);
        assert_eq!(known.latency.map(|one| one.value), Some(5.0));
        assert_eq!(known.errors.map(|one| one.value), Some(0.5));
        assert_eq!(known.history, History::Some);
        assert_eq!(known.in_flight, 0);
    }

    #[test]
    fn the_callers_own_mistakes_say_nothing() {
        let now = Instant::now();
        let load = Load::new(now);
        let error = Error::invalid_request("no such field");
        call(&load, now, 1, Outcome::Failure(&error));
        assert_eq!(load.read(Form::Whole, now), TargetLoad::UNKNOWN);
    }

    #[test]
    fn a_caller_who_went_away_can_only_make_it_look_slower() {
        let now = Instant::now();
        let load = Load::new(now);
        call(&load, now, 500, Outcome::Success);
        call(&load, now, 100, Outcome::Cancelled);
        assert!((latency(&load, now + 500 * MS) - 0.5).abs() < 0.01);
        call(&load, now, 900, Outcome::Cancelled);
        assert!((latency(&load, now + 900 * MS) - 0.9).abs() < 0.01);
    }

    #[test]
    fn streams_and_whole_answers_are_kept_apart() {
        let now = Instant::now();
        let load = Load::new(now);
        load.begin();
        load.first_token(300 * MS, now + 300 * MS);
        assert_eq!(load.read(Form::Stream, now).in_flight, 1);
        let account = Account {
            first_token: Some(300 * MS),
            ..Account::default()
        };
        load.settle(now, Outcome::Success, &account, now + 9000 * MS);
        assert_eq!(load.read(Form::Whole, now).latency, None);
        let stream = load.read(Form::Stream, now).latency.expect("a latency");
        assert!((stream.value - 0.3).abs() < 0.001, "{stream:?}");
    }

    #[test]
    fn what_was_seen_long_ago_is_worth_nothing() {
        let now = Instant::now();
        let load = Load::new(now);
        call(&load, now, 100, Outcome::Success);
        let later = load.read(Form::Whole, now + 100_000 * MS);
        assert!(later.latency.expect("a latency").freshness < 1e-4);
    }

    #[test]
    fn errors_are_a_share_of_late_calls() {
        let now = Instant::now();
        let load = Load::new(now);
        let error = failed(ErrorKind::Unavailable);
        for n in 0..400 {
            let outcome = if n % 5 == 0 {
                Outcome::Failure(&error)
            } else {
                Outcome::Success
            };
            call(&load, now + n * 100 * MS, 10, outcome);
        }
        let seen = load.read(Form::Whole, now + 40_000 * MS).errors;
        let seen = seen.expect("errors").value;
        assert!((0.15..0.25).contains(&seen), "{seen}");
    }
}
