//! The mechanisms that `--without` switches off, and which scenarios each of them guards.
//!
//! The table is the suite's negative control: with a mechanism off exactly its scenarios must fail.
//! A scenario that passes without its guard proves nothing; one that fails without a mechanism that
//! does not guard it means that the table, or the engine, is wrong.

use std::fmt;

use clap::ValueEnum;

/// A mechanism that can be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Mechanism {
    /// Nobody is skipped for ill health, a pause or a credential.
    Breaker,
    /// Extra attempts are bounded per call only.
    RetryBudget,
    /// Neither silence before nor silence within an answer ends it before the call's deadline.
    StallGuard,
    /// Requests go out however little the vendor allows; no limit is guessed either.
    RateLimiter,
    /// No second attempt while the first is slow.
    Hedging,
}

impl Mechanism {
    /// What the command line calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Breaker => "breaker",
            Self::RetryBudget => "retry_budget",
            Self::StallGuard => "stall_guard",
            Self::RateLimiter => "rate_limiter",
            Self::Hedging => "hedging",
        }
    }

    /// The scenarios that fail without it.
    pub(crate) const fn guards(self) -> &'static [&'static str] {
        match self {
            Self::Breaker => &[
                "one-down-reset",
                "one-down-refused",
                "one-blackhole",
                "accept-then-close",
                "500-storm",
                "malformed-200",
                "tls-dns",
                "slow-dns",
                "quota-exhausted",
                "total-outage",
                "shared-infra",
                "two-of-three-reset",
                "two-of-three-blackhole",
                "two-of-three-blackhole-5rps",
                "flapping",
                "fast-fail-lure",
                "429-storm",
                "429-formats",
                "slow-headers",
                "lost-probe",
                "brown-out",
                "partial-two",
            ],
            Self::RetryBudget => &["uniform-20", "uniform-60"],
            Self::StallGuard => &[
                "one-blackhole",
                "two-of-three-blackhole",
                "two-of-three-blackhole-5rps",
                "slow-headers",
                "lost-probe",
                "stall-mid-stream",
                "trickle",
            ],
            Self::RateLimiter => &[
                "tpm-squeeze",
                "limit-halves",
                "capacity-aware",
                "batch-flood",
                "all-429",
                "429-formats",
            ],
            Self::Hedging => &["hedge-race"],
        }
    }

    /// All of them.
    pub(crate) const ALL: [Self; 5] = [
        Self::Breaker,
        Self::RetryBudget,
        Self::StallGuard,
        Self::RateLimiter,
        Self::Hedging,
    ];
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
