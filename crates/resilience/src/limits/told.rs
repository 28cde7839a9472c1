//! Limits that the vendor tells in its answers.
//!
//! A told limit holds unless the configured one is lower. What remains is taken for what the vendor knew
//! when it counted: everything that was reserved after the answered call was sent comes off it, and the
//! result only ever lowers what we hold for free. So a bucket that others empty besides us is noticed,
//! and an answer that crossed with our own calls never gives them back.
//! Answers to calls that were sent before the newest answered one are ignored.
//!
//! What remains may be used up in one go until the vendor refuses a call although room was left by its
//! own word: some count a minute and punish bursts within it all the same. From then on told limits are
//! spread over the minute like configured ones.

use interline_core::{LimitUnit, LimitWindow, ToldLimit};

use super::day_window::DayWindow;
use super::rate::{Pace, Rate};
use super::{Bucket, Hold, Limiter};
use crate::sync::Ordering;

impl Limiter {
    /// Learns what the answer to the holder's call says about limits.
    pub fn learn(&self, hold: &Hold, told: &[ToldLimit], now: tokio::time::Instant) {
        let now = self.nanos(now);
        let sent_at = hold.at.max(0).cast_unsigned();
        if told.is_empty() || self.newest.fetch_max(sent_at, Ordering::Relaxed) > sent_at {
            return;
        }
        for limit in told {
            let since = self.sent_since(hold, limit.unit);
            let per_minute = match limit.unit {
                LimitUnit::Requests => Some((&self.requests, Bucket::Requests)),
                LimitUnit::Tokens => Some((&self.tokens, Bucket::Tokens)),
                LimitUnit::InputTokens => Some((&self.input, Bucket::InputTokens)),
                LimitUnit::OutputTokens => Some((&self.output, Bucket::OutputTokens)),
                _ => None,
            };
            let per_day = match limit.unit {
                LimitUnit::Requests => Some((&self.requests_day, Bucket::RequestsPerDay)),
                LimitUnit::Tokens => Some((&self.tokens_day, Bucket::TokensPerDay)),
                _ => None,
            };
            match limit.window {
                LimitWindow::Minute => {
                    if let Some((rate, bucket)) = per_minute {
                        self.learn_rate(rate, bucket, limit, since, now);
                    }
                }
                LimitWindow::Day => {
                    if let Some((day, bucket)) = per_day {
                        self.learn_day(day, bucket, limit, since, now);
                    }
                }
                _ => {}
            }
        }
    }

    fn learn_rate(&self, rate: &Rate, bucket: Bucket, told: &ToldLimit, since: u64, now: i64) {
        // A limit of nothing is how some vendors say that they do not limit.
        if let Some(limit) = told.limit.filter(|limit| *limit > 0) {
            let configured = self.config.limit(bucket);
            let share = self.config.burst_share.get();
            let pace = match configured.filter(|configured| *configured <= limit) {
                Some(configured) => Pace::strict(configured, share),
                None if self.refuses_bursts.load(Ordering::Relaxed) != 0 => {
                    Pace::strict(limit, share)
                }
                None => Pace::told(limit),
            };
            if bucket == Bucket::Requests {
                self.adaptive.forget();
                self.told_requests.store(limit, Ordering::Relaxed);
            }
            if !rate.keeps(pace) {
                rate.set(Some(pace), now);
            }
        }
        if let Some(remaining) = told.remaining.filter(|_| told.limit != Some(0)) {
            rate.lower_to(difference(remaining, since), now);
        }
    }

    /// Spreads what the vendor told over the minute, beginning with an empty bucket, where by its word room
    /// was left when it refused.
    pub(super) fn spread_told_limits(&self, now: i64) {
        let rates = [&self.requests, &self.tokens, &self.input, &self.output];
        let has_room = |rate: &&Rate| rate.used(now).is_none_or(|used| used < 1.0);
        if !rates.iter().all(has_room) || self.refuses_bursts.swap(1, Ordering::Relaxed) != 0 {
            return;
        }
        for rate in rates {
            if let Some(limit) = rate.limit() {
                let pace = Pace::strict(limit, self.config.burst_share.get());
                rate.set(Some(pace), now);
                rate.lower_to(0, now);
            }
        }
    }

    fn learn_day(&self, day: &DayWindow, bucket: Bucket, told: &ToldLimit, since: u64, now: i64) {
        let Some(limit) = told.limit.filter(|limit| *limit > 0) else {
            return;
        };
        let configured = self.config.limit(bucket).unwrap_or(u64::MAX);
        day.set(limit.min(configured));
        if let Some(reset) = told.reset {
            day.end_in(i64::try_from(reset.as_nanos()).unwrap_or(i64::MAX), now);
        }
        if let Some(remaining) = told.remaining {
            day.lower_to(remaining.saturating_sub(since), now);
        }
    }

    /// What was reserved of a unit after the holder's call.
    fn sent_since(&self, hold: &Hold, unit: LimitUnit) -> u64 {
        let [requests, input, output] = [0, 1, 2].map(|one: usize| {
            let total = self
                .sent
                .get(one)
                .map_or(0, |sent| sent.load(Ordering::Relaxed));
            total.saturating_sub(hold.marks.get(one).copied().unwrap_or(total))
        });
        match unit {
            LimitUnit::Requests => requests,
            LimitUnit::InputTokens => input,
            LimitUnit::OutputTokens => output,
            _ => input.saturating_add(output),
        }
    }
}

fn difference(a: u64, b: u64) -> i64 {
    let of = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    of(a).saturating_sub(of(b))
}
