//! A vendor that counts for itself, callers whose estimates are wrong: utilisation and refusals.
//!
//! The chaos suite's scenario 19 in small, in steps of simulated time.

use std::collections::VecDeque;
use std::time::Duration;

use interline_core::Usage;
use tokio::time::Instant;

use super::{LimitConfig, Limiter, Need, Settlement, Spent};
use crate::rng::Draws;

const MINUTE: Duration = Duration::from_secs(60);

/// A vendor that refuses what would exceed its limit over the last 60 s, by what was really used.
struct Vendor {
    limit: u64,
    used: VecDeque<(Instant, u64)>,
}

impl Vendor {
    fn takes(&mut self, now: Instant, tokens: u64) -> bool {
        while self.used.front().is_some_and(|(at, _)| *at + MINUTE <= now) {
            self.used.pop_front();
        }
        let sum: u64 = self.used.iter().map(|(_, tokens)| tokens).sum();
        let fits = sum + tokens <= self.limit;
        if fits {
            self.used.push_back((now, tokens));
        }
        fits
    }
}

/// Ten minutes of more callers than the limit can serve; the share of the limit that was used, and the
/// share of calls that the vendor refused.
fn squeeze(limit: u64, mean: u64, config: LimitConfig) -> (f64, f64) {
    let t0 = Instant::now();
    let limiter = Limiter::new(config, t0);
    let mut vendor = Vendor {
        limit,
        used: VecDeque::new(),
    };
    let mut draws = Draws::of_call(19, 1);
    let mut running: Vec<(Instant, super::Hold, u64, bool)> = Vec::new();
    let (mut served, mut refused, mut sent) = (0, 0, 0_u64);
    let step = Duration::from_millis(20);
    let mut now = t0;
    while now < t0 + 10 * MINUTE {
        running.retain(|(ends_at, hold, used, is_served)| {
            if *ends_at > now {
                return true;
            }
            let settlement = if *is_served {
                Settlement::Answered(Spent::new(Usage::new(used / 2, used - used / 2)))
            } else {
                Settlement::Refused
            };
            limiter.settle(*hold, settlement, now);
            false
        });
        // The truth is between half and one and a half of the estimate.
        let estimate = (mean as f64 * (0.5 + draws.unit())) as u64;
        let used = (estimate as f64 * (0.5 + draws.unit())) as u64;
        let need = Need::new(estimate / 2, estimate - estimate / 2);
        while let Ok(hold) = limiter.reserve(now, &need) {
            sent += 1;
            let is_served = vendor.takes(now, used);
            if is_served {
                served += used;
            } else {
                refused += 1;
            }
            let takes = Duration::from_secs_f64(0.5 + 2.0 * draws.unit());
            running.push((now + takes, hold, used, is_served));
        }
        now += step;
    }
    (
        served as f64 / (10 * limit) as f64,
        f64::from(refused) / sent as f64,
    )
}

#[test]
fn estimates_wrong_by_half_leave_nine_tenths_of_a_limit_in_use() {
    for (limit, mean) in [(400_000, 2000), (90_000, 900), (30_000, 500)] {
        let config = LimitConfig::new().with_tpm(limit);
        let (used, refused) = squeeze(limit, mean, config);
        assert!(used >= 0.9, "{used} of {limit} used");
        assert!(refused <= 0.01, "{refused} of the calls refused at {limit}");
    }
}
