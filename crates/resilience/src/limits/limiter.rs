//! The limits of one credential and limit group: reserve all or nothing, settle, queue.

use std::time::Duration;

use tokio::time::Instant;

use super::adaptive::Adaptive;
use super::day_window::DayWindow;
use super::estimates::Estimates;
use super::queue::{Ahead, Order, Queue};
use super::rate::{Pace, Rate};
use super::slots::Slots;
use super::{
    Bucket, BucketUse, Hold, LimitConfig, Need, Place, Priority, Settlement, Spent, Turn,
    UntoldLimits, Wait,
};
use crate::sync::{AtomicU64, Ordering};

/// The order in which buckets are asked: those first that refuse most often for nothing.
pub(super) const BUCKETS: [Bucket; 7] = [
    Bucket::Concurrency,
    Bucket::Requests,
    Bucket::Tokens,
    Bucket::InputTokens,
    Bucket::OutputTokens,
    Bucket::RequestsPerDay,
    Bucket::TokensPerDay,
];

/// How long a caller in line sleeps at most before it looks again: others may settle for less than they
/// reserved. 250 ms (chosen, not measured) make a full queue look a thousand times a second.
const LONGEST_NAP: i64 = 250_000_000;
/// The shortest sleep of a caller in line: 1 ms is what timers can keep.
const SHORTEST_NAP: i64 = 1_000_000;

/// The limits of one credential and limit group.
///
/// Every method is lock-free but those of callers that queue.
#[derive(Debug)]
pub struct Limiter {
    pub(super) config: LimitConfig,
    /// When it began: times are kept in nanoseconds since then.
    origin: Instant,
    pub(super) requests: Rate,
    pub(super) tokens: Rate,
    pub(super) input: Rate,
    pub(super) output: Rate,
    pub(super) requests_day: DayWindow,
    pub(super) tokens_day: DayWindow,
    pub(super) slots: Slots,
    queue: Queue,
    estimates: Estimates,
    pub(super) adaptive: Adaptive,
    /// The vendor's limit of requests per minute; 0 until it told one.
    pub(super) told_requests: AtomicU64,
    /// 1 where the vendor refuses bursts although by its own word room was left.
    pub(super) refuses_bursts: AtomicU64,
    /// When the newest call was sent whose answer told limits.
    pub(super) newest: AtomicU64,
    /// Requests, tokens to read and tokens to write that were ever reserved.
    pub(super) sent: [AtomicU64; 3],
    /// Tokens that are reserved and not settled.
    held: AtomicU64,
    rejected: AtomicU64,
    hearing: Hearing,
}

/// Whose word a limiter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hearing {
    /// The vendor's, told or guessed from refusals.
    Vendor,
    /// Only the configuration's.
    Nobody,
}

/// Tokens to reserve: read in all, read without what the vendor has cached, written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Amounts {
    pub(crate) input: u64,
    pub(crate) fresh: u64,
    pub(crate) output: u64,
}

impl Amounts {
    /// How much of a bucket that is.
    pub(super) const fn of(self, bucket: Bucket) -> u64 {
        match bucket {
            Bucket::Concurrency | Bucket::Requests | Bucket::RequestsPerDay => 1,
            Bucket::Tokens | Bucket::TokensPerDay => self.input.saturating_add(self.output),
            Bucket::InputTokens => self.fresh,
            Bucket::OutputTokens => self.output,
        }
    }
}

impl Ahead {
    /// How much of a bucket those ahead want.
    const fn of(self, bucket: Bucket) -> u64 {
        match bucket {
            Bucket::Concurrency | Bucket::Requests | Bucket::RequestsPerDay => self.callers,
            _ => self.amounts.of(bucket),
        }
    }
}

impl Limiter {
    /// A limiter of which nothing is used, that begins at `now`.
    #[must_use]
    pub fn new(config: LimitConfig, now: Instant) -> Self {
        let rate = |bucket| {
            let share = config.burst_share.get();
            Rate::new(config.limit(bucket).map(|limit| Pace::strict(limit, share)))
        };
        Self {
            origin: now,
            requests: rate(Bucket::Requests),
            tokens: rate(Bucket::Tokens),
            input: rate(Bucket::InputTokens),
            output: rate(Bucket::OutputTokens),
            requests_day: DayWindow::new(config.rpd),
            tokens_day: DayWindow::new(config.tpd),
            slots: Slots::new(config.concurrency),
            queue: Queue::new(config.queue),
            estimates: Estimates::new(),
            adaptive: Adaptive::new(),
            told_requests: AtomicU64::new(0),
            refuses_bursts: AtomicU64::new(0),
            newest: AtomicU64::new(0),
            sent: [const { AtomicU64::new(0) }; 3],
            held: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            config,
            hearing: Hearing::Vendor,
        }
    }

    /// A limiter of configured limits that no vendor is heard about: what only learning needs is not counted.
    pub(crate) fn fixed(config: LimitConfig, now: Instant) -> Self {
        Self {
            hearing: Hearing::Nobody,
            ..Self::new(config, now)
        }
    }

    /// What it was made of.
    #[must_use]
    pub const fn config(&self) -> &LimitConfig {
        &self.config
    }

    /// Reserves what a call needs from every bucket, or nothing.
    ///
    /// # Errors
    /// How long to wait, where room is lacking or others wait who came first.
    pub fn reserve(&self, now: Instant, need: &Need) -> Result<Hold, Wait> {
        let amounts = self.amounts(need);
        let now = self.nanos(now);
        let rank = need.priority.rank();
        let taken = if self.queue.blocks(rank) {
            let ahead = self.queue.ahead_of_newcomer(rank);
            let least = Wait::new(Bucket::Requests, SHORTEST_NAP);
            Err(least.longer(self.lacking(amounts, ahead, need.priority, now)))
        } else {
            self.take(amounts, need, now)
        };
        if taken.is_err() {
            self.rejected.fetch_add(1, Ordering::Relaxed);
        }
        taken
    }

    /// Whether every bucket has room for a call now.
    #[must_use]
    pub fn has_room(&self, now: Instant, need: &Need) -> bool {
        let amounts = self.amounts(need);
        let now = self.nanos(now);
        self.lacking(amounts, Ahead::default(), need.priority, now)
            .is_none()
    }

    /// Takes a place in line.
    ///
    /// # Errors
    /// How long the wait would be, where the line is full, the wait longer than the rule allows, or over
    /// only after `deadline`.
    pub fn enter(&self, now: Instant, deadline: Instant, need: &Need) -> Result<Place, Wait> {
        let amounts = self.amounts(need);
        let at = self.nanos(now);
        let rank = need.priority.rank();
        let mut lines = self.queue.lock();
        let ahead = lines.ahead(rank, u64::MAX);
        let least = Wait::new(Bucket::Requests, SHORTEST_NAP);
        let wait = least.longer(self.lacking(amounts, ahead, need.priority, at));
        let rule = &self.queue.rule;
        let longest = if ahead.callers == 0 {
            rule.max_wait.max(self.spacing(amounts))
        } else {
            rule.max_wait
        };
        let is_full = lines.len() >= rule.length;
        let is_late = now + wait.retry_in >= deadline;
        if is_full || is_late || wait.retry_in > longest {
            return Err(wait);
        }
        let number = self.queue.push(&mut lines, rank, at, amounts);
        Ok(Place {
            number,
            need: *need,
            ask_at: now + wait.retry_in.min(nap(LONGEST_NAP)),
            expected: wait.retry_in,
        })
    }

    /// Asks whether it is the turn of a caller in line.
    #[must_use]
    pub fn claim(&self, place: &Place, now: Instant) -> Turn {
        let Place { number, need, .. } = place;
        let amounts = self.amounts(need);
        let rank = need.priority.rank();
        let at = self.nanos(now);
        let flip = nanos_of(self.queue.rule.newest_first_after);
        let mut lines = self.queue.lock();
        let wait = match lines.order(rank, *number, flip, at) {
            Order::Mine => match self.take(amounts, need, at) {
                Ok(hold) => {
                    self.queue.remove(&mut lines, rank, *number);
                    return Turn::Go(hold);
                }
                Err(wait) => Some(wait),
            },
            Order::After(ahead) => self.lacking(amounts, ahead, need.priority, at),
        };
        let wait = wait.map_or(0, |wait| nanos_of(wait.retry_in));
        Turn::At(now + nap(wait.clamp(SHORTEST_NAP, LONGEST_NAP)))
    }

    /// Gives a place in line back; of no effect where it was called.
    pub fn leave(&self, place: &Place) {
        let mut lines = self.queue.lock();
        self.queue
            .remove(&mut lines, place.need.priority.rank(), place.number);
    }

    /// Settles what a call held.
    pub fn settle(&self, hold: Hold, settlement: Settlement, now: Instant) {
        let now = self.nanos(now);
        self.slots.give_back(now.saturating_sub(hold.at));
        let held = hold.input.saturating_add(hold.output);
        let less = |total: u64| Some(total.saturating_sub(held));
        // Never `None`, so never an error.
        let _ = self
            .held
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        match settlement {
            Settlement::Unsent => {
                self.requests.refund(1, now);
                self.requests_day.refund(1, hold.at, now);
                self.adjust(&hold, Amounts::default(), now);
            }
            Settlement::Refused => self.adjust(&hold, Amounts::default(), now),
            Settlement::Broken(spent) => {
                let seen = seen(&hold, &spent);
                let at_least = Amounts {
                    input: seen.input.max(hold.input),
                    fresh: seen.fresh.max(hold.fresh),
                    output: seen.output.max(spent.emitted).max(hold.output),
                };
                self.adjust(&hold, at_least, now);
            }
            Settlement::Answered(spent) => {
                let used = seen(&hold, &spent);
                self.adjust(&hold, used, now);
                if let Some(output) = spent.usage.output_tokens {
                    self.estimates.learn_output(output);
                }
                if spent.usage.input_tokens.is_some() {
                    self.estimates
                        .learn_input(hold.estimate, used.input, used.fresh);
                }
                if let Some(limit) = self.adaptive.answered(now) {
                    self.limit_requests(limit, now);
                }
            }
        }
    }

    /// Takes note that the vendor refused the holder's call for its rate. Where the vendor never told
    /// its limit, one is guessed and lowered. Where it did, and room was left by its own word, it wants
    /// its limit spread evenly.
    pub fn refused_for_rate(&self, hold: &Hold, now: Instant) {
        let now = self.nanos(now);
        if self.told_requests.load(Ordering::Relaxed) != 0 {
            self.spread_told_limits(now);
            return;
        }
        if self.config.untold == UntoldLimits::Ignore {
            return;
        }
        if let Some(limit) = self.adaptive.refused(self.config.rpm, hold.at, now) {
            self.limit_requests(limit, now);
        }
    }

    /// How full every bucket is that has a limit.
    pub fn uses(&self, now: Instant) -> impl Iterator<Item = BucketUse> + '_ {
        let now = self.nanos(now);
        BUCKETS.into_iter().filter_map(move |bucket| {
            let (limit, used) = match bucket {
                Bucket::Concurrency => {
                    let limit = self.slots.limit()?;
                    (limit, self.slots.in_use() as f64 / limit as f64)
                }
                Bucket::RequestsPerDay => (
                    self.requests_day.limit()?,
                    self.requests_day.used_share(now)?,
                ),
                Bucket::TokensPerDay => {
                    (self.tokens_day.limit()?, self.tokens_day.used_share(now)?)
                }
                bucket => {
                    let rate = self.rate(bucket)?;
                    (rate.limit()?, rate.used(now)?)
                }
            };
            Some(BucketUse::new(bucket, limit, used))
        })
    }

    /// Whether any bucket counts tokens.
    #[must_use]
    pub fn counts_tokens(&self) -> bool {
        let rates = [&self.tokens, &self.input, &self.output];
        rates.iter().any(|rate| rate.limit().is_some()) || self.tokens_day.limit().is_some()
    }

    /// How full the fullest bucket is; 0 where nothing is limited.
    #[must_use]
    pub fn utilisation(&self, now: Instant) -> f64 {
        self.uses(now).map(|one| one.used).fold(0.0, f64::max)
    }

    /// Calls that hold something.
    #[must_use]
    pub fn calls_held(&self) -> u64 {
        self.slots.in_use()
    }

    /// Tokens that are reserved and not settled.
    #[must_use]
    pub fn tokens_held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// Callers in line.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.queue.len()
    }

    /// How often room was lacking since it began.
    #[must_use]
    pub fn rejected(&self) -> u64 {
        self.rejected.load(Ordering::Relaxed)
    }

    /// A time as this limiter keeps it.
    pub(super) fn nanos(&self, now: Instant) -> i64 {
        nanos_of(now.saturating_duration_since(self.origin))
    }

    pub(super) fn amounts(&self, need: &Need) -> Amounts {
        Amounts {
            input: self.estimates.input(need.input),
            fresh: self.estimates.fresh(need.input),
            output: self.estimates.output(self.config.output, need.output),
        }
    }

    /// Takes from every bucket or from none.
    fn take(&self, amounts: Amounts, need: &Need, now: i64) -> Result<Hold, Wait> {
        let share = self.config.shares.of(need.priority);
        for (done, bucket) in BUCKETS.into_iter().enumerate() {
            let Err(lacking) = self.take_one(bucket, amounts.of(bucket), share, now) else {
                continue;
            };
            for earlier in BUCKETS.into_iter().take(done) {
                self.undo(earlier, amounts.of(earlier), now);
            }
            let all = self.lacking(amounts, Ahead::default(), need.priority, now);
            return Err(Wait::new(bucket, lacking).longer(all));
        }
        let held = amounts.input.saturating_add(amounts.output);
        self.held.fetch_add(held, Ordering::Relaxed);
        Ok(Hold {
            at: now,
            estimate: need.input,
            input: amounts.input,
            fresh: amounts.fresh,
            output: amounts.output,
            marks: self.mark(amounts, now),
        })
    }

    /// Counts what is sent, and gives the counts after it: what vendors tell later is held against them.
    fn mark(&self, amounts: Amounts, now: i64) -> [u64; 3] {
        if self.hearing == Hearing::Nobody {
            return [0; 3];
        }
        if self.config.untold != UntoldLimits::Ignore {
            self.adaptive.sent(now);
        }
        let [requests, input, output] = &self.sent;
        let mark = |total: &AtomicU64, more| total.fetch_add(more, Ordering::Relaxed) + more;
        [
            mark(requests, 1),
            mark(input, amounts.input),
            mark(output, amounts.output),
        ]
    }

    fn take_one(&self, bucket: Bucket, units: u64, share: f64, now: i64) -> Result<(), i64> {
        match bucket {
            Bucket::Concurrency => self.slots.take(share),
            Bucket::RequestsPerDay => self.requests_day.take(units, share, now),
            Bucket::TokensPerDay => self.tokens_day.take(units, share, now),
            bucket => self
                .rate(bucket)
                .map_or(Ok(()), |rate| rate.take(units, share, now)),
        }
    }

    fn undo(&self, bucket: Bucket, units: u64, now: i64) {
        match bucket {
            Bucket::Concurrency => self.slots.undo(),
            Bucket::RequestsPerDay => self.requests_day.refund(units, now, now),
            Bucket::TokensPerDay => self.tokens_day.refund(units, now, now),
            bucket => {
                if let Some(rate) = self.rate(bucket) {
                    rate.refund(units, now);
                }
            }
        }
    }

    /// How long until there is room in every bucket, once those ahead have taken theirs.
    pub(super) fn lacking(
        &self,
        amounts: Amounts,
        ahead: Ahead,
        priority: Priority,
        now: i64,
    ) -> Option<Wait> {
        let share = self.config.shares.of(priority);
        BUCKETS
            .into_iter()
            .map(|bucket| {
                let (units, before) = (amounts.of(bucket), ahead.of(bucket));
                let nanos = match bucket {
                    Bucket::Concurrency => self.slots.wait(before, share),
                    Bucket::RequestsPerDay => {
                        self.requests_day
                            .wait(units.saturating_add(before), share, now)
                    }
                    Bucket::TokensPerDay => {
                        self.tokens_day
                            .wait(units.saturating_add(before), share, now)
                    }
                    bucket => self
                        .rate(bucket)
                        .map_or(0, |rate| rate.wait(units, before, share, now)),
                };
                Wait::new(bucket, nanos)
            })
            .filter(|wait| !wait.retry_in.is_zero())
            .max_by_key(|wait| wait.retry_in)
    }

    /// The time in which a need of that size fills up.
    fn spacing(&self, amounts: Amounts) -> Duration {
        let spacing = |bucket| {
            self.rate(bucket)
                .map_or(0, |rate| rate.spacing(amounts.of(bucket)))
        };
        nap(BUCKETS.into_iter().map(spacing).max().unwrap_or(0))
    }

    /// Charges what was used in place of what was held.
    fn adjust(&self, hold: &Hold, used: Amounts, now: i64) {
        let held = Amounts {
            input: hold.input,
            fresh: hold.fresh,
            output: hold.output,
        };
        for bucket in [
            Bucket::Tokens,
            Bucket::InputTokens,
            Bucket::OutputTokens,
            Bucket::TokensPerDay,
        ] {
            let (held, used) = (held.of(bucket), used.of(bucket));
            let more = used.saturating_sub(held);
            let less = held.saturating_sub(used);
            match (bucket, self.rate(bucket)) {
                (Bucket::TokensPerDay, _) if more > 0 => self.tokens_day.charge(more, now),
                (Bucket::TokensPerDay, _) => self.tokens_day.refund(less, hold.at, now),
                (_, Some(rate)) if more > 0 => rate.charge(more, now),
                (_, Some(rate)) => rate.refund(less, now),
                (_, None) => {}
            }
        }
    }

    /// Sets a limit of requests per minute that was guessed; the configured one stays the highest.
    fn limit_requests(&self, limit: u64, now: i64) {
        let limit = self.config.rpm.map_or(limit, |most| limit.min(most));
        let pace = Pace::strict(limit, self.config.burst_share.get());
        self.requests.set(Some(pace), now);
        // What was sent under a higher guess is no debt of a lower one.
        self.requests.forgive(now);
    }

    pub(super) const fn rate(&self, bucket: Bucket) -> Option<&Rate> {
        match bucket {
            Bucket::Requests => Some(&self.requests),
            Bucket::Tokens => Some(&self.tokens),
            Bucket::InputTokens => Some(&self.input),
            Bucket::OutputTokens => Some(&self.output),
            _ => None,
        }
    }
}

/// What the vendor said was used; what it did not say counts as held.
fn seen(hold: &Hold, spent: &Spent) -> Amounts {
    Amounts {
        input: spent.usage.input_tokens.unwrap_or(hold.input),
        fresh: spent.fresh_input().unwrap_or(hold.fresh),
        output: spent
            .usage
            .output_tokens
            .unwrap_or(hold.output.max(spent.emitted)),
    }
}

fn nanos_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

fn nap(nanos: i64) -> Duration {
    Duration::from_nanos(nanos.max(0).cast_unsigned())
}
