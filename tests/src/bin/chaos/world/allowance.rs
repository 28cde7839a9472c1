//! What a vendor allows each key, enforced as vendors do: buckets that refill all the time.

use std::collections::HashMap;
use std::time::Duration;

use interline_core::{LimitUnit, LimitWindow, ToldLimit};

use crate::plan::VendorLimits;

/// The buckets of all keys of one vendor.
#[derive(Debug, Default)]
pub(crate) struct Allowance {
    keys: HashMap<u16, Buckets>,
}

/// What one key has left.
#[derive(Clone, Copy, Debug)]
struct Buckets {
    requests: f64,
    tokens: f64,
    at: Duration,
}

/// How much of a minute's allowance may come at once: a tenth, because Azure punishes more.
const BURST_SHARE: f64 = 0.1;

impl Allowance {
    /// Charges a request of so many tokens; `Err` with the wait where it may not come now.
    pub(crate) fn charge(
        &mut self,
        limits: &VendorLimits,
        key: u16,
        tokens: u32,
        now: Duration,
    ) -> Result<(), Duration> {
        let (rpm, tpm) = limits.now(now);
        let full = Buckets {
            requests: burst(rpm),
            tokens: tpm.map_or(0.0, burst),
            at: now,
        };
        let buckets = self.keys.entry(key).or_insert(full);
        let minutes = (now - buckets.at).as_secs_f64() / 60.0;
        buckets.at = now;
        buckets.requests = (buckets.requests + rpm * minutes).min(full.requests);
        let wait = wait(1.0 - buckets.requests, rpm);
        let Some(tpm) = tpm else {
            return take(&mut buckets.requests, 1.0, wait);
        };
        buckets.tokens = (buckets.tokens + tpm * minutes).min(full.tokens);
        let tokens = f64::from(tokens);
        // A request larger than the bucket is served from a full one and leaves a debt.
        let missing = tokens.min(full.tokens) - buckets.tokens;
        take(
            &mut buckets.requests,
            1.0,
            wait.max(self::wait(missing, tpm)),
        )?;
        buckets.tokens -= tokens;
        Ok(())
    }
}

impl Allowance {
    /// What a key has left, as vendors tell it after an answer.
    pub(crate) fn told(&self, limits: &VendorLimits, key: u16, now: Duration) -> Vec<ToldLimit> {
        let (rpm, tpm) = limits.now(now);
        let Some(buckets) = self.keys.get(&key) else {
            return Vec::new();
        };
        let told = |unit, per_minute: f64, left: f64| {
            // Vendors tell what is left of the whole minute, and punish bursts all the same.
            let missing = burst(per_minute) - left;
            ToldLimit::new(unit, LimitWindow::Minute)
                .with_limit(per_minute as u64)
                .with_remaining((per_minute - missing).max(0.0) as u64)
                .with_reset(wait(missing, per_minute))
        };
        let requests = told(LimitUnit::Requests, rpm, buckets.requests);
        let tokens = tpm.map(|tpm| told(LimitUnit::Tokens, tpm, buckets.tokens));
        [requests].into_iter().chain(tokens).collect()
    }
}

fn take(from: &mut f64, amount: f64, wait: Duration) -> Result<(), Duration> {
    if !wait.is_zero() {
        return Err(wait);
    }
    *from -= amount;
    Ok(())
}

/// The most that may come at once; one request always may.
fn burst(per_minute: f64) -> f64 {
    (per_minute * BURST_SHARE).max(1.0)
}

/// How long until so much has come back.
fn wait(missing: f64, per_minute: f64) -> Duration {
    if missing <= 1e-9 {
        Duration::ZERO
    } else {
        Duration::from_secs_f64(missing * 60.0 / per_minute)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_gets_its_burst_and_then_its_rate() {
        let limits = VendorLimits {
            rpm: 60.0,
            tpm: None,
            change: None,
        };
        let mut allowance = Allowance::default();
        let mut at = |seconds| allowance.charge(&limits, 0, 1, Duration::from_secs_f64(seconds));
        assert_eq!((0..7).filter(|_| at(0.0).is_ok()).count(), 6);
        assert_eq!(at(0.5), Err(Duration::from_millis(500)));
        assert_eq!(at(1.0), Ok(()));
        assert!(at(1.0).is_err());
    }
}
