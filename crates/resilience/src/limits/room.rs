//! The room that limits leave for one more call: what a balancer compares.
//!
//! Reads only. By the time the call is made, others may have taken the room: reserving decides.

use std::time::Duration;

use tokio::time::Instant;

use super::limiter::BUCKETS;
use super::queue::Ahead;
use super::{Bucket, Limiter, Need};

/// The room that limits leave for one more call.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Room {
    /// How full the fullest bucket would be with the call: 1 is empty of room, more is debt; `None` where
    /// nothing is limited.
    pub used: Option<f32>,
    /// How long there is no room; `None` where there is some now.
    pub wait: Option<Duration>,
}

impl Room {
    /// What is left where a call needs room here and there.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let fuller = |a: f32, b: f32| if a > b { a } else { b };
        Self {
            used: match (self.used, other.used) {
                (Some(a), Some(b)) => Some(fuller(a, b)),
                (one, None) | (None, one) => one,
            },
            wait: self.wait.max(other.wait),
        }
    }
}

impl Limiter {
    /// The room that is left for one more call.
    #[must_use]
    pub fn room(&self, now: Instant, need: &Need) -> Room {
        let amounts = self.amounts(need);
        let at = self.nanos(now);
        let used = BUCKETS
            .into_iter()
            .filter_map(|bucket| self.used_with(bucket, amounts.of(bucket), at))
            .reduce(f64::max);
        let wait = used.and_then(|_| self.lacking(amounts, Ahead::default(), need.priority, at));
        Room {
            used: used.map(|used| used as f32),
            wait: wait.map(|wait| wait.retry_in),
        }
    }

    /// How full a bucket would be with so many units more.
    fn used_with(&self, bucket: Bucket, units: u64, at: i64) -> Option<f64> {
        match bucket {
            Bucket::Concurrency => self.slots.used_with(units),
            Bucket::RequestsPerDay => self.requests_day.used_with(units, at),
            Bucket::TokensPerDay => self.tokens_day.used_with(units, at),
            bucket => self.rate(bucket)?.used_with(units, at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LimitConfig;

    fn near(found: Option<f32>, expected: f32) -> bool {
        found.is_some_and(|found| (found - expected).abs() < 0.01)
    }

    #[test]
    fn without_limits_there_is_room() {
        let now = Instant::now();
        let limiter = Limiter::new(LimitConfig::default(), now);
        assert_eq!(limiter.room(now, &Need::default()), Room::default());
    }

    #[test]
    fn the_bucket_that_would_be_fullest_counts() {
        let now = Instant::now();
        let config = LimitConfig::new().with_concurrency(4).with_rpm(1000);
        let limiter = Limiter::new(config, now);
        let need = Need::default();
        let room = limiter.room(now, &need);
        assert!(near(room.used, 0.25), "one of four slots: {room:?}");
        for _ in 0..3 {
            let _ = limiter.reserve(now, &need).expect("room for three");
        }
        let room = limiter.room(now, &need);
        assert!(near(room.used, 1.0), "{room:?}");
        // The last tenth is for urgent calls.
        assert!(room.wait.is_some(), "{room:?}");
    }

    #[test]
    fn a_small_limit_is_fuller_by_the_same_call() {
        let now = Instant::now();
        let room = |rpm| {
            let limiter = Limiter::new(LimitConfig::new().with_rpm(rpm), now);
            limiter.room(now, &Need::default()).used.expect("a limit")
        };
        assert!(room(30) > 50.0 * room(3500), "{} {}", room(30), room(3500));
    }

    #[test]
    fn two_limits_leave_what_the_tighter_one_leaves() {
        let slack = Room {
            used: Some(0.5),
            wait: None,
        };
        let tight = Room {
            used: Some(1.5),
            wait: Some(Duration::from_secs(2)),
        };
        assert_eq!(slack.and(tight), tight);
        assert_eq!(slack.and(Room::default()), slack);
    }
}
