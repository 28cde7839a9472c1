//! Quota: the rate limits that a vendor keeps, and what it says about them.
//!
//! Token buckets that refill evenly, as the vendors describe theirs: a full bucket is a burst, an empty one is a 429 with
//! the time after which the same request would pass. A request takes from every bucket or from none.

use std::time::Duration;

use tokio::time::Instant;

use crate::reply::TokenUsage;

/// Limits that a vendor enforces with 429 and reports in its headers.
///
/// ```
/// use interline_simulator::EnforcedLimits;
///
/// let free_tier = EnforcedLimits::new().with_requests_per_minute(30).with_tokens_per_minute(6000);
/// assert_eq!(free_tier.requests_per_minute, Some(30));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EnforcedLimits {
    /// Model calls per minute; unset means any number.
    pub requests_per_minute: Option<u64>,
    /// Tokens per minute; unset means any number.
    pub tokens_per_minute: Option<u64>,
    /// How much may come at once, as the time in which the bucket fills. Default: one minute's worth, as vendors document
    /// limits "per minute".
    pub burst: Duration,
    /// Which tokens a request takes.
    pub token_charge: TokenCharge,
}

/// Which tokens a request takes from its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenCharge {
    /// Those of the prompt and the answer.
    Used,
    /// Those of the prompt and the request's own maximum, as Azure counts before it answers; without a maximum, those used.
    Reserved,
}

impl EnforcedLimits {
    /// No limit yet; add those that should hold.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            requests_per_minute: None,
            tokens_per_minute: None,
            burst: Duration::from_secs(60),
            token_charge: TokenCharge::Used,
        }
    }

    /// Limits the model calls per minute; at least 1.
    #[must_use]
    pub const fn with_requests_per_minute(mut self, requests: u64) -> Self {
        self.requests_per_minute = Some(requests);
        self
    }

    /// Limits the tokens per minute; at least 1.
    #[must_use]
    pub const fn with_tokens_per_minute(mut self, tokens: u64) -> Self {
        self.tokens_per_minute = Some(tokens);
        self
    }

    /// Sets how much may come at once, as the time in which the bucket fills.
    #[must_use]
    pub const fn with_burst(mut self, burst: Duration) -> Self {
        self.burst = burst;
        self
    }

    /// Sets which tokens a request takes.
    #[must_use]
    pub const fn with_token_charge(mut self, charge: TokenCharge) -> Self {
        self.token_charge = charge;
        self
    }

    /// The tokens that a request takes.
    pub(crate) fn tokens_of(&self, usage: TokenUsage, max_tokens: Option<u64>) -> u64 {
        match (self.token_charge, max_tokens) {
            (TokenCharge::Reserved, Some(most)) => usage.input + most,
            _ => usage.input + usage.output,
        }
    }
}

impl Default for EnforcedLimits {
    fn default() -> Self {
        Self::new()
    }
}

/// What headers tell about the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) requests: BucketStanding,
    pub(crate) tokens: BucketStanding,
}

/// What headers tell about one limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BucketStanding {
    pub(crate) limit: u64,
    pub(crate) left: u64,
    pub(crate) full_in: Duration,
}

/// The limits and what is left of them.
#[derive(Debug)]
pub(crate) struct Quota {
    pub(crate) limits: EnforcedLimits,
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
}

impl Quota {
    /// Full buckets.
    pub(crate) fn new(limits: EnforcedLimits, now: Instant) -> Self {
        let bucket = |per_minute: Option<u64>| {
            per_minute.map(|per_minute| Bucket::new(per_minute.max(1), limits.burst, now))
        };
        Self {
            limits,
            requests: bucket(limits.requests_per_minute),
            tokens: bucket(limits.tokens_per_minute),
        }
    }

    /// Takes a request with its tokens, or says after how long it would pass.
    pub(crate) fn take(&mut self, tokens: u64, now: Instant) -> Result<(), Duration> {
        let wait = |bucket: &mut Option<Bucket>, amount| {
            let bucket = bucket.as_mut();
            bucket.map_or(Duration::ZERO, |bucket| bucket.wait_for(amount, now))
        };
        let wait = wait(&mut self.requests, 1).max(wait(&mut self.tokens, tokens));
        if !wait.is_zero() {
            return Err(wait);
        }
        if let Some(bucket) = &mut self.requests {
            bucket.level -= 1.0;
        }
        if let Some(bucket) = &mut self.tokens {
            bucket.level -= tokens as f64;
        }
        Ok(())
    }

    /// What to report now; a limit that is not set is reported as `unset` says.
    pub(crate) fn standing(&mut self, unset: Standing, now: Instant) -> Standing {
        let of = |bucket: &mut Option<Bucket>, unset| {
            let bucket = bucket.as_mut();
            bucket.map_or(unset, |bucket| bucket.standing(now))
        };
        Standing {
            requests: of(&mut self.requests, unset.requests),
            tokens: of(&mut self.tokens, unset.tokens),
        }
    }
}

#[derive(Debug)]
struct Bucket {
    per_minute: u64,
    capacity: f64,
    level: f64,
    filled_at: Instant,
}

impl Bucket {
    fn new(per_minute: u64, burst: Duration, now: Instant) -> Self {
        // A bucket that holds less than one would never let anything pass.
        let capacity = (per_minute as f64 * burst.as_secs_f64() / 60.0).max(1.0);
        Self {
            per_minute,
            capacity,
            level: capacity,
            filled_at: now,
        }
    }

    fn per_second(&self) -> f64 {
        self.per_minute as f64 / 60.0
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.level = (self.level + passed * self.per_second()).min(self.capacity);
        self.filled_at = now;
    }

    /// Until `amount` is there; for more than the bucket holds, until it is full.
    fn wait_for(&mut self, amount: u64, now: Instant) -> Duration {
        self.fill(now);
        let wanted = amount as f64;
        let lacking = if wanted > self.capacity {
            // It never passes; vendors announce a wait all the same.
            (self.capacity - self.level).max(1.0)
        } else {
            wanted - self.level
        };
        // Less than a thousandth is the arithmetic's, not the client's.
        if lacking < 0.001 {
            return Duration::ZERO;
        }
        Duration::from_secs_f64(lacking / self.per_second())
    }

    fn standing(&mut self, now: Instant) -> BucketStanding {
        self.fill(now);
        BucketStanding {
            limit: self.per_minute,
            left: self.level.max(0.0) as u64,
            full_in: Duration::from_secs_f64((self.capacity - self.level) / self.per_second()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{EnforcedLimits, Quota, TokenCharge};
    use crate::reply::TokenUsage;
    use std::time::Duration;
    use tokio::time::Instant;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn burst_passes_and_then_the_rate() {
        let start = Instant::now();
        let limits = EnforcedLimits::new()
            .with_requests_per_minute(60)
            .with_burst(2 * SECOND);
        let mut quota = Quota::new(limits, start);
        assert_eq!(quota.take(0, start), Ok(()));
        assert_eq!(quota.take(0, start), Ok(()));
        assert_eq!(quota.take(0, start), Err(SECOND));
        let later = start + SECOND;
        assert_eq!(quota.take(0, later), Ok(()));
        assert_eq!(quota.take(0, later), Err(SECOND));
    }

    #[test]
    fn refused_request_takes_nothing() {
        let start = Instant::now();
        let limits = EnforcedLimits::new()
            .with_requests_per_minute(60)
            .with_tokens_per_minute(600)
            .with_burst(SECOND);
        let mut quota = Quota::new(limits, start);
        assert_eq!(
            quota.take(11, start),
            Err(Duration::from_millis(100)),
            "more than the bucket holds"
        );
        assert_eq!(quota.take(10, start), Ok(()));
        assert_eq!(quota.take(5, start), Err(SECOND), "the longer wait counts");
    }

    #[test]
    fn reserved_tokens_are_those_that_the_request_may_use() {
        let limits = EnforcedLimits::new().with_token_charge(TokenCharge::Reserved);
        let usage = TokenUsage::new(10, 5);
        assert_eq!(limits.tokens_of(usage, Some(100)), 110);
        assert_eq!(limits.tokens_of(usage, None), 15);
        assert_eq!(EnforcedLimits::new().tokens_of(usage, Some(100)), 15);
    }
}
