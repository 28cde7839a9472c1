//! When a second attempt sets out beside one that stays silent: the hedged first token.
//!
//! The tail of first tokens is long and mostly bad luck: a second target asked after the 95th
//! percentile answers nearly all of it, for one attempt in twenty. That only pays while everybody is
//! well, so nothing is hedged while any candidate's breaker or limit is under strain, and the few that
//! are have a budget of their own beside the one of retries.
//! Streams only: their loser is cut before it has cost much, while a whole answer would be paid twice.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::LatencySummary;

/// With fewer samples the 95th percentile is no guide (chosen, not measured).
const SAMPLES: u32 = 50;
/// The shortest delay that follows from measured latencies (chosen, not measured): below it a second
/// attempt comes hardly sooner than the first one's answer.
const FLOOR: Duration = Duration::from_millis(200);
/// Tokens are counted in thousandths.
const TOKEN: f64 = 1000.0;
/// The most tokens that are held (chosen, not measured): as many as a retry budget begins with.
const CAP: u32 = 10_000;

/// When a second attempt sets out beside one that stays silent.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct HedgePolicy {
    /// How long the first attempt may stay silent. Default: the route's 95th percentile.
    pub after: HedgeAfter,
    /// Hedged attempts as a share of successes. Default: 0.05 (Dean and Barroso, The Tail at Scale).
    pub max_share: f64,
}

impl Default for HedgePolicy {
    fn default() -> Self {
        Self {
            after: HedgeAfter::P95,
            max_share: 0.05,
        }
    }
}

impl HedgePolicy {
    /// Sets how long the first attempt may stay silent.
    #[must_use]
    pub const fn with_after(mut self, after: HedgeAfter) -> Self {
        self.after = after;
        self
    }

    /// Sets the share of hedged attempts, above 0 and up to 1.
    #[must_use]
    pub const fn with_max_share(mut self, share: f64) -> Self {
        self.max_share = share;
        self
    }

    /// How long the first attempt may stay silent; `None` while too little is known.
    pub(crate) fn delay(&self, latency: LatencySummary) -> Option<Duration> {
        match self.after {
            HedgeAfter::Fixed(delay) => Some(delay),
            HedgeAfter::P95 => latency
                .p95
                .filter(|_| latency.samples >= SAMPLES)
                .map(|p95| p95.max(FLOOR)),
        }
    }
}

/// How long an attempt may stay silent before a second one sets out beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HedgeAfter {
    /// As long as 95 of 100 first tokens of the route take, at least 200 ms; never while fewer than
    /// 50 of them are known.
    P95,
    /// A time of your own.
    Fixed(Duration),
}

/// What hedged attempts are paid from: every success earns a share of one.
#[derive(Debug, Default)]
pub(crate) struct HedgeBudget(AtomicU32);

impl HedgeBudget {
    /// Adds the share that a success earns.
    pub(crate) fn deposit(&self, share: f64) {
        let earned = (share.clamp(0.0, 1.0) * TOKEN).round() as u32;
        let add = |held: u32| Some(held.saturating_add(earned).min(CAP));
        // The closure never refuses.
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// Takes one attempt, where there is one.
    pub(crate) fn take(&self) -> Option<HedgeToken<'_>> {
        let take = |held: u32| held.checked_sub(TOKEN as u32);
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .ok()?;
        Some(HedgeToken(Some(self)))
    }
}

/// One hedged attempt; given back where it is not made after all.
#[derive(Debug)]
#[must_use = "dropped, it is given back"]
pub(crate) struct HedgeToken<'a>(Option<&'a HedgeBudget>);

impl HedgeToken<'_> {
    /// The attempt is made.
    pub(crate) fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for HedgeToken<'_> {
    fn drop(&mut self) {
        if let Some(budget) = self.0 {
            budget.deposit(1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LatencyDigest;
    use tokio::time::Instant;

    fn summary(ms: u64, samples: usize) -> LatencySummary {
        let now = Instant::now();
        let digest = LatencyDigest::new(now);
        for _ in 0..samples {
            digest.record(Duration::from_millis(ms), now);
        }
        digest.summary()
    }

    #[test]
    fn the_delay_is_the_tail_once_it_is_known() {
        let delay = |ms, samples| HedgePolicy::default().delay(summary(ms, samples));
        assert_eq!(delay(1000, 49), None);
        let known = delay(1000, 64).unwrap();
        assert!(known.abs_diff(Duration::from_secs(1)) < Duration::from_millis(100));
        assert_eq!(delay(20, 64), Some(FLOOR));
    }

    #[test]
    fn a_fixed_delay_needs_no_samples() {
        let half = Duration::from_millis(500);
        let policy = HedgePolicy::default().with_after(HedgeAfter::Fixed(half));
        assert_eq!(policy.delay(LatencySummary::default()), Some(half));
    }

    #[test]
    fn twenty_successes_pay_for_one_hedge() {
        let budget = HedgeBudget::default();
        for _ in 0..19 {
            budget.deposit(0.05);
            assert!(budget.take().is_none());
        }
        budget.deposit(0.05);
        budget.take().unwrap().keep();
        assert!(budget.take().is_none());
    }

    #[test]
    fn a_hedge_that_is_not_made_costs_nothing_and_the_bucket_is_bounded() {
        let budget = HedgeBudget::default();
        budget.deposit(1.0);
        drop(budget.take().unwrap());
        assert!(budget.take().is_some());
        for _ in 0..100 {
            budget.deposit(1.0);
        }
        let taken = (0..100).map_while(|_| budget.take().map(HedgeToken::keep));
        assert_eq!(taken.count(), 10);
    }
}
