//! Random draws that a seed decides, one stream for each purpose.
//!
//! SplitMix64, as in the engine: a stream is made of the run's seed and labels that say what it is
//! for, so that one more draw here never changes what is drawn elsewhere.
//! That keeps a run comparable with its twin that lacks one fault or one mechanism.

use std::time::Duration;

/// 2⁶⁴ divided by the golden ratio, made odd: the algorithm's step.
const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// A stream of draws.
#[derive(Clone, Debug)]
pub(crate) struct Stream(u64);

/// What a stream is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// What a scenario is made of.
    Plan,
    /// When calls come and what they want.
    Load,
    /// In which order a call asks its targets.
    Order,
    /// What a caller believes that a call will use.
    Estimate,
    /// How one exchange with a vendor goes.
    Exchange,
    /// Whether a fault hits one exchange.
    Fault,
    /// The pauses of a baseline.
    Baseline,
    /// The engine's own draws.
    Engine,
}

impl Stream {
    /// The stream of a run for a purpose; `labels` tell streams of one purpose apart.
    pub(crate) fn of(seed: u64, purpose: Purpose, labels: &[u64]) -> Self {
        let start = mix(seed ^ mix(purpose as u64 + 1));
        Self(labels.iter().fold(start, |state, label| {
            mix(state.wrapping_add(GOLDEN_GAMMA) ^ label.wrapping_mul(GOLDEN_GAMMA))
        }))
    }

    /// 64 random bits.
    pub(crate) const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN_GAMMA);
        mix(self.0)
    }

    /// A number in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        // An f64 holds 53 bits exactly.
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number in [`low`, `high`).
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + self.unit() * (high - low)
    }

    /// A whole number in [`low`, `high`].
    pub(crate) fn whole(&mut self, low: u32, high: u32) -> u32 {
        let width = u64::from(high.saturating_sub(low)) + 1;
        low + u32::try_from(self.bits() % width).unwrap_or(0)
    }

    /// True in this share of draws.
    pub(crate) fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// One of several things.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let index = usize::try_from(self.bits()).unwrap_or(usize::MAX) % from.len().max(1);
        *from.get(index).expect("there is something to pick from")
    }

    /// Puts things into a random order.
    pub(crate) fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            let bound = u32::try_from(last).unwrap_or(u32::MAX);
            things.swap(last, self.whole(0, bound) as usize);
        }
    }

    /// The time to the next arrival where `rate` come in a second on average.
    pub(crate) fn gap(&mut self, rate: f64) -> Duration {
        Duration::from_secs_f64(-(1.0 - self.unit()).ln() / rate)
    }

    /// A log-normal time.
    pub(crate) fn log_normal(&mut self, median: Duration, sigma: f64) -> Duration {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.unit()).cos();
        median.mul_f64((sigma * normal).exp())
    }
}

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_different_purposes_are_different() {
        let first = |purpose, labels: &[u64]| Stream::of(7, purpose, labels).bits();
        assert_ne!(first(Purpose::Load, &[1]), first(Purpose::Order, &[1]));
        assert_ne!(first(Purpose::Load, &[1, 2]), first(Purpose::Load, &[2, 1]));
        assert_eq!(first(Purpose::Load, &[1, 2]), first(Purpose::Load, &[1, 2]));
    }

    #[test]
    fn the_median_of_log_normal_times_is_as_asked() {
        let mut stream = Stream::of(1, Purpose::Exchange, &[]);
        let median = Duration::from_millis(600);
        let below = (0..10_000)
            .filter(|_| stream.log_normal(median, 0.4) < median)
            .count();
        assert!((4_800..5_200).contains(&below), "{below}");
    }

    #[test]
    fn gaps_have_the_mean_of_their_rate() {
        let mut stream = Stream::of(1, Purpose::Load, &[]);
        let sum: Duration = (0..10_000).map(|_| stream.gap(100.0)).sum();
        assert!((95.0..105.0).contains(&sum.as_secs_f64()), "{sum:?}");
    }
}
