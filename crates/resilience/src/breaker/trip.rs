//! When results trip a breaker: pure arithmetic over counts.

use std::time::Duration;

use super::config::AdaptiveTrip;
use super::window::{Counts, ratio};

/// How many failures in a row chance makes with at most the given probability, where one request in
/// `1 / baseline` fails.
pub(crate) fn streak_length(chance: f64, baseline: f64) -> u64 {
    (chance.ln() / baseline.ln()).ceil() as u64
}

impl AdaptiveTrip {
    /// The shortest streak that may trip.
    pub(crate) fn shortest_streak(&self) -> u64 {
        streak_length(self.streak_chance, self.baseline_floor)
    }

    /// How often requests fail anyway: here before the streak, or elsewhere, whichever is worse.
    pub(crate) fn baseline(&self, own: f64, elsewhere: f64) -> f64 {
        own.max(elsewhere)
            .clamp(self.baseline_floor, self.baseline_cap)
    }

    /// Whether a streak is more than chance explains and no small part of its cohort.
    ///
    /// Chernoff's bound on the binomial tail: so many failures or more among so many requests have at
    /// most the probability e^-(cohort · divergence of the two ratios). Where all of the cohort failed,
    /// this is `baseline` to the power of `failures`: five in a row at 5 %.
    /// Why not a length alone: the cohort may hold as many requests under way as failures, and nine
    /// failures among eighteen are a thousand times likelier than nine in a row.
    pub(crate) fn streak_trips(&self, failures: u64, cohort: u64, baseline: f64) -> bool {
        let share = ratio(failures, cohort);
        if share < self.cohort_share || share <= baseline {
            return false;
        }
        let failed = failures as f64 * (share / baseline).ln();
        let others = cohort.saturating_sub(failures) as f64;
        let not_failed = if others > 0.0 {
            others * ((1.0 - share) / (1.0 - baseline)).ln()
        } else {
            0.0
        };
        // Sums of logarithms are off by a hair.
        failed + not_failed >= -self.streak_chance.ln() - 1e-9
    }

    /// Whether too many fail, of the results as well as of the requests sent in the same time.
    ///
    /// The second half keeps fast failures from tripping before slow successes are in.
    pub(crate) fn ratio_trips(&self, counts: Counts, sent: u64) -> bool {
        is_share(counts, sent, self.failure_ratio, self.failure_samples)
    }

    /// Whether so many fail that somebody healthier should be asked.
    pub(crate) fn is_outlier(&self, counts: Counts, sent: u64) -> bool {
        is_share(counts, sent, self.outlier_ratio, self.outlier_samples)
    }

    /// Whether results show that somebody is healthy.
    pub(crate) fn is_healthy(&self, counts: Counts) -> bool {
        counts.samples() >= u64::from(self.outlier_samples)
            && counts.failure_ratio() < self.healthy_below
    }

    /// Whether too many successes are slow.
    pub(crate) fn slow_trips(&self, counts: Counts) -> bool {
        counts.successes >= u64::from(self.slow_samples)
            && ratio(counts.slow, counts.successes) >= self.slow_ratio
    }

    /// Whether a first token came late, measured by the group's median.
    pub(crate) fn is_slow(&self, first_token: Duration, median: Option<Duration>) -> bool {
        let usual = median.unwrap_or_default().as_secs_f64() * self.slow_factor;
        first_token > self.slow_floor && first_token.as_secs_f64() > usual
    }
}

fn is_share(counts: Counts, sent: u64, share: f64, samples: u32) -> bool {
    counts.samples() >= u64::from(samples)
        && counts.failure_ratio() >= share
        && ratio(counts.failures, sent.max(counts.failures)) >= share
}
