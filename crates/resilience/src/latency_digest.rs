//! Median and 95th percentile of latencies, as they were lately: lock-free counts that fade.
//!
//! Buckets grow with the latency, eight to an octave, so a quantile is off by a sixteenth at most.
//! Once a minute every count is halved: what happened ten minutes ago weighs a thousandth. The
//! quantiles are kept in one word and renewed while recording, so that reading them is one load.
//! Why not a moving average: stall limits and hedging ask for a tail, and an average has none.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Per octave; a power of two.
const STEPS: u64 = 8;
/// Latencies up to 2²⁰ ms, some 17 minutes, are told apart.
const OCTAVES: u64 = 20;
const BUCKETS: usize = (STEPS * (OCTAVES - 2)) as usize;

/// How often counts are halved: once a minute (chosen, not measured).
const HALF_LIFE_SECS: u64 = 60;

/// From so many samples on, the quantiles are renewed only with every so-manyth.
const RENEW_EVERY: u64 = 32;

/// So many times the 95th percentile is no longer usual (simulated: with 3, a silent target at a
/// median of 0.6 s is out of service after 5.9 s, with 2 after 4.8 s; no slow one is suspected by either).
const STALL_FACTOR: u32 = 2;
/// No silence shorter than this is a stall (chosen, simulated).
const STALL_FLOOR: Duration = Duration::from_secs(3);
/// With fewer samples the digest has no say in what a stall is (chosen, not measured).
const STALL_SAMPLES: u32 = 20;

/// Latencies of one route, as they were lately.
#[derive(Debug)]
pub struct LatencyDigest {
    origin: Instant,
    buckets: Box<[AtomicU32]>,
    /// The minute for which counts were last halved.
    minute: AtomicU64,
    /// Samples since the quantiles were renewed.
    unseen: AtomicU64,
    summary: AtomicU64,
}

/// What a [`LatencyDigest`] knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LatencySummary {
    /// The median; `None` without samples.
    pub p50: Option<Duration>,
    /// What 95 of 100 do not exceed; `None` without samples.
    pub p95: Option<Duration>,
    /// How many samples that rests on, faded ones as the part that is left; 255 for more.
    pub samples: u32,
}

impl LatencyDigest {
    /// A digest that knows nothing yet.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            origin: now,
            buckets: (0..BUCKETS).map(|_| AtomicU32::new(0)).collect(),
            minute: AtomicU64::new(0),
            unseen: AtomicU64::new(0),
            summary: AtomicU64::new(0),
        }
    }

    /// Takes note of a latency.
    pub fn record(&self, latency: Duration, now: Instant) {
        self.fade(now);
        if let Some(bucket) = self.buckets.get(index(millis(latency))) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        let unseen = self.unseen.fetch_add(1, Ordering::Relaxed) + 1;
        if unseen >= RENEW_EVERY || self.summary().samples < RENEW_EVERY as u32 {
            self.renew();
        }
    }

    /// The quantiles, up to 32 samples behind.
    #[must_use]
    pub fn summary(&self) -> LatencySummary {
        let word = self.summary.load(Ordering::Relaxed);
        let part = |shift: u32| Some((word >> shift) & QUANTILE_MASK).filter(|ms| *ms > 0);
        LatencySummary {
            p50: part(P50_SHIFT).map(Duration::from_millis),
            p95: part(P95_SHIFT).map(Duration::from_millis),
            samples: (word & SAMPLES_MASK) as u32,
        }
    }

    /// From when on silence is suspicious: twice the 95th percentile, within 3 s and the
    /// timeout of the first token; half of that timeout while fewer than 20 samples are known.
    #[must_use]
    pub fn stall_limit(&self, first_token_timeout: Duration) -> Duration {
        let summary = self.summary();
        match summary.p95 {
            Some(p95) if summary.samples >= STALL_SAMPLES => p95
                .saturating_mul(STALL_FACTOR)
                .max(STALL_FLOOR)
                .min(first_token_timeout),
            _ => first_token_timeout / 2,
        }
    }

    /// Halves all counts once for every minute that went by.
    fn fade(&self, now: Instant) {
        let minute = now.saturating_duration_since(self.origin).as_secs() / HALF_LIFE_SECS;
        let last = self.minute.load(Ordering::Relaxed);
        if minute <= last {
            return;
        }
        let is_mine =
            self.minute
                .compare_exchange(last, minute, Ordering::Relaxed, Ordering::Relaxed);
        if is_mine.is_err() {
            return;
        }
        let halvings = u32::try_from(minute - last).unwrap_or(u32::MAX).min(31);
        for bucket in &self.buckets {
            // Others may add meanwhile; what they add is not taken away.
            let count = bucket.load(Ordering::Relaxed);
            bucket.fetch_sub(count - (count >> halvings), Ordering::Relaxed);
        }
        self.renew();
    }

    fn renew(&self) {
        self.unseen.store(0, Ordering::Relaxed);
        let counts = || {
            self.buckets
                .iter()
                .map(|b| u64::from(b.load(Ordering::Relaxed)))
        };
        let total: u64 = counts().sum();
        let quantile = |percent: u64| {
            let rank = (total * percent).div_ceil(100).max(1);
            let mut seen = 0;
            counts()
                .position(|count| {
                    seen += count;
                    seen >= rank
                })
                .map_or(0, middle)
        };
        let word =
            (quantile(50) << P50_SHIFT) | (quantile(95) << P95_SHIFT) | total.min(SAMPLES_MASK);
        self.summary.store(word, Ordering::Relaxed);
    }
}

const SAMPLES_MASK: u64 = 0xff;
const QUANTILE_MASK: u64 = (1 << 28) - 1;
const P50_SHIFT: u32 = 8;
const P95_SHIFT: u32 = 36;

fn millis(latency: Duration) -> u64 {
    let ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
    ms.clamp(1, (1 << OCTAVES) - 1)
}

/// Below eight milliseconds each has its bucket, above that eight share an octave.
fn index(ms: u64) -> usize {
    let octave = u64::from(ms.ilog2()).saturating_sub(STEPS.ilog2().into());
    (octave * STEPS + (ms >> octave)) as usize
}

/// The middle of a bucket, in milliseconds.
fn middle(index: usize) -> u64 {
    let index = index as u64;
    if index < 2 * STEPS {
        return index;
    }
    let octave = index / STEPS - 1;
    let lowest = (STEPS + index % STEPS) << octave;
    lowest + (1 << octave) / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn digest(latencies: impl IntoIterator<Item = u64>) -> (LatencyDigest, Instant) {
        let now = Instant::now();
        let digest = LatencyDigest::new(now);
        for ms in latencies {
            digest.record(Duration::from_millis(ms), now);
        }
        (digest, now)
    }

    #[track_caller]
    fn is_near(found: Option<Duration>, expected_ms: f64) {
        let found = found.unwrap().as_secs_f64() * 1000.0;
        let error = (found - expected_ms).abs() / expected_ms;
        assert!(error <= 1.0 / 16.0, "{found} is not near {expected_ms}");
    }

    #[test]
    fn every_latency_has_a_bucket_whose_middle_is_near() {
        let mut last = 0;
        for ms in 1..(1_u64 << OCTAVES) {
            let index = index(ms);
            assert!(index == last || index == last + 1, "{ms}");
            last = index;
            let off = middle(index).abs_diff(ms);
            assert!(off * 16 <= ms, "{ms} is told as {}", middle(index));
        }
        assert!(last < BUCKETS, "{last} of {BUCKETS}");
    }

    #[test]
    fn quantiles_are_those_of_the_samples() {
        let (digest, _) = digest(1..=1000);
        is_near(digest.summary().p50, 500.0);
        is_near(digest.summary().p95, 950.0);
        assert_eq!(digest.summary().samples, 255);
    }

    #[test]
    fn nothing_is_known_without_samples() {
        let (digest, _) = digest([]);
        assert_eq!(digest.summary(), LatencySummary::default());
    }

    #[test]
    fn extremes_are_clamped() {
        let (digest, now) = digest([0]);
        assert_eq!(digest.summary().p50, Some(Duration::from_millis(1)));
        digest.record(Duration::MAX, now);
        assert!(digest.summary().p95.unwrap() > Duration::from_secs(900));
    }

    #[test]
    fn the_past_fades_by_half_a_minute_after_minute() {
        let (digest, now) = digest([100; 64]);
        for _ in 0..17 {
            digest.record(Duration::from_secs(2), now + 4 * MINUTE);
        }
        // 64 became 4 in four minutes, so 17 newer ones are the majority.
        assert_eq!(digest.summary().samples, 21);
        is_near(digest.summary().p50, 2000.0);
        digest.record(Duration::from_secs(2), now + 100 * MINUTE);
        assert_eq!(digest.summary().samples, 1);
    }

    #[test]
    fn the_stall_limit_is_twice_the_tail_within_its_bounds() {
        const S: fn(u64) -> Duration = Duration::from_secs;
        let limit = |ms: u64, count, timeout| digest(vec![ms; count]).0.stall_limit(timeout);
        assert_eq!(limit(600, 19, S(30)), S(15), "half the timeout");
        assert_eq!(limit(600, 20, S(30)), S(3), "the floor");
        is_near(Some(limit(4000, 20, S(30))), 8000.0);
        assert_eq!(limit(20_000, 20, S(30)), S(30), "the timeout");
        assert_eq!(limit(600, 20, S(2)), S(2), "a timeout below the floor");
    }
}
