//! Which limits hold, how output is reserved, and how long callers may queue.

use std::time::Duration;

use super::{Bucket, Shares};

/// The limits of one credential and limit group. Default: none, but what vendors tell is learned.
///
/// A limit of 0 counts as 1: a target that must not be called should not be a target.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct LimitConfig {
    /// Requests per minute.
    pub rpm: Option<u64>,
    /// Tokens per minute, read and written together.
    pub tpm: Option<u64>,
    /// Tokens read per minute, without those from the vendor's cache: the vendors that limit input apart
    /// do not count them.
    pub itpm: Option<u64>,
    /// Tokens written per minute.
    pub otpm: Option<u64>,
    /// Requests per day.
    pub rpd: Option<u64>,
    /// Tokens per day, read and written together.
    pub tpd: Option<u64>,
    /// Calls at a time.
    pub concurrency: Option<u64>,
    /// What may be used of a minute's limit at once, as a share in [0, 0.5], but at least three
    /// units or a tenth of a small limit. The rest of the limit is spread evenly. Default: 0.05.
    ///
    /// resilience.md §2.5 names a tenth, on top of the limit. Here the burst is part of the limit, which
    /// is what a vendor that counts a sliding minute demands, and so it costs that share of a busy
    /// minute: a twentieth keeps more than 90 % of the limit in use (scenario tests in this folder).
    pub burst_share: BurstShare,
    /// What follows from refusals where the vendor never told its limit.
    pub untold: UntoldLimits,
    /// How many output tokens are reserved for a call.
    pub output: OutputReserve,
    /// How long callers may wait for room.
    pub queue: QueueRule,
    /// How much of each bucket each priority may use.
    pub shares: Shares,
}

impl LimitConfig {
    /// No limit but those that the vendor tells.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Limits requests per minute.
    #[must_use]
    pub fn with_rpm(mut self, limit: impl Into<Option<u64>>) -> Self {
        self.rpm = limit.into();
        self
    }

    /// Limits tokens per minute, read and written together.
    #[must_use]
    pub fn with_tpm(mut self, limit: impl Into<Option<u64>>) -> Self {
        self.tpm = limit.into();
        self
    }

    /// Limits tokens read per minute.
    #[must_use]
    pub fn with_itpm(mut self, limit: impl Into<Option<u64>>) -> Self {
        self.itpm = limit.into();
        self
    }

    /// Limits tokens written per minute.
    #[must_use]
    pub fn with_otpm(mut self, limit: impl Into<Option<u64>>) -> Self {
        self.otpm = limit.into();
        self
    }

    /// Limits requests per day.
    #[must_use]
    pub fn with_rpd(mut self, limit: impl Into<Option<u64>>) -> Self {
        self.rpd = limit.into();
        self
    }

    /// Limits tokens per day, read and written together.
    #[must_use]
    pub fn with_tpd(mut self, limit: impl Into<Option<u64>>) -> Self {
        self.tpd = limit.into();
        self
    }

    /// Limits calls at a time.
    #[must_use]
    pub fn with_concurrency(mut self, limit: impl Into<Option<u64>>) -> Self {
        self.concurrency = limit.into();
        self
    }

    /// Sets what may be used of a minute's limit at once, in [0, 0.5].
    #[must_use]
    pub const fn with_burst_share(mut self, share: f64) -> Self {
        self.burst_share = BurstShare::new(share);
        self
    }

    /// Says what follows from refusals where the vendor never told its limit.
    #[must_use]
    pub const fn with_untold(mut self, untold: UntoldLimits) -> Self {
        self.untold = untold;
        self
    }

    /// Says how many output tokens are reserved.
    #[must_use]
    pub const fn with_output(mut self, output: OutputReserve) -> Self {
        self.output = output;
        self
    }

    /// Says how long callers may wait for room.
    #[must_use]
    pub const fn with_queue(mut self, queue: QueueRule) -> Self {
        self.queue = queue;
        self
    }

    /// Says how much of each bucket each priority may use.
    #[must_use]
    pub const fn with_shares(mut self, shares: Shares) -> Self {
        self.shares = shares;
        self
    }

    /// The same rules without the limits.
    #[must_use]
    pub const fn without_limits(mut self) -> Self {
        self.rpm = None;
        self.tpm = None;
        self.itpm = None;
        self.otpm = None;
        self.rpd = None;
        self.tpd = None;
        self.concurrency = None;
        self
    }

    /// Whether anything is limited beforehand.
    #[must_use]
    pub fn is_unlimited(&self) -> bool {
        [
            Bucket::Requests,
            Bucket::Tokens,
            Bucket::InputTokens,
            Bucket::OutputTokens,
            Bucket::RequestsPerDay,
            Bucket::TokensPerDay,
            Bucket::Concurrency,
        ]
        .into_iter()
        .all(|bucket| self.limit(bucket).is_none())
    }

    /// The limit of one bucket.
    #[must_use]
    pub const fn limit(&self, bucket: Bucket) -> Option<u64> {
        match bucket {
            Bucket::Requests => self.rpm,
            Bucket::Tokens => self.tpm,
            Bucket::InputTokens => self.itpm,
            Bucket::OutputTokens => self.otpm,
            Bucket::RequestsPerDay => self.rpd,
            Bucket::TokensPerDay => self.tpd,
            Bucket::Concurrency => self.concurrency,
        }
    }
}

/// The share of a minute's limit that may be used at once, in [0, 0.5].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BurstShare(f64);

impl BurstShare {
    /// A share; what is not in [0, 0.5] counts as the nearest end.
    #[must_use]
    pub const fn new(share: f64) -> Self {
        Self(share.clamp(0.0, 0.5))
    }

    /// The share.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl Default for BurstShare {
    fn default() -> Self {
        Self::new(0.05)
    }
}

/// What follows from refusals where the vendor never told its limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UntoldLimits {
    /// One is guessed from what was sent, and lowered and raised by trying. The default.
    #[default]
    Guess,
    /// Nothing but the wait that the vendor asks for: right where others use up the same limit in bursts,
    /// so that no guess can be right.
    Ignore,
}

/// How many output tokens are reserved for a call whose answer is not known yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OutputReserve {
    /// As many as the call allows: right for vendors that charge so themselves, such as Azure.
    MaxTokens,
    /// What nine of ten answers lately kept below, at most as many as the call allows. The default
    /// (resilience.md §2.5).
    #[default]
    Learned,
}

/// How many callers may wait for room, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueRule {
    /// How many may wait at a time; 0: nobody waits. Default: 256 (resilience.md §2.5).
    pub length: usize,
    /// The longest expected wait with which a caller is let in. One caller may wait longer where the
    /// limit itself gives room more seldom than that. Default: 2 s (resilience.md §2.5).
    pub max_wait: Duration,
    /// Once the first in line has waited that long, the last one goes first: then the oldest callers have
    /// most likely given up. Default: 5 s (resilience.md §2.5).
    pub newest_first_after: Duration,
}

impl Default for QueueRule {
    fn default() -> Self {
        Self::new(256, Duration::from_secs(2))
    }
}

impl QueueRule {
    /// So many callers, none of whom is expected to wait longer than `max_wait`.
    #[must_use]
    pub const fn new(length: usize, max_wait: Duration) -> Self {
        Self {
            length,
            max_wait,
            newest_first_after: Duration::from_secs(5),
        }
    }

    /// Says after which wait of the first in line the last one goes first.
    #[must_use]
    pub const fn with_newest_first_after(mut self, wait: Duration) -> Self {
        self.newest_first_after = wait;
        self
    }
}
