//! What is left: of one budget for people to read, and for one call for a router to act on.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use interline_core::NanoUsd;

use crate::{Budget, BudgetTier};

/// One budget as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetStatus {
    /// The budget.
    pub budget: Budget,
    /// What calls cost that are over.
    pub spent: NanoUsd,
    /// What calls under way have reserved.
    pub held: NanoUsd,
    /// What is left, the reserve included; never below 0.
    pub left: NanoUsd,
    /// Which targets it pays for, for calls of standard priority.
    pub tier: BudgetTier,
    /// Whether only critical calls may use what is left.
    pub is_reserve_only: bool,
    /// When the next window begins.
    pub resets_at: SystemTime,
    /// The same in the budget's time zone, such as `2026-11-22T00:00:00+01:00`.
    pub resets_at_text: String,
}

/// What all budgets together leave to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetRoom {
    /// Which targets they pay for: what the scarcest of them says.
    pub tier: BudgetTier,
    /// What the call may take, without what is kept for more urgent ones; `None` without a budget.
    pub left: Option<NanoUsd>,
    /// How long until the scarcest budget's next window.
    pub resets_in: Option<Duration>,
}

impl BudgetRoom {
    /// No budget counts the call.
    pub(crate) const fn unbounded() -> Self {
        Self {
            tier: BudgetTier::Best,
            left: None,
            resets_in: None,
        }
    }

    pub(crate) fn narrow(&mut self, tier: BudgetTier, left: NanoUsd, wait: Duration) {
        if self.left.is_none() || (tier, wait) > (self.tier, self.resets_in.unwrap_or_default()) {
            self.resets_in = Some(wait);
        }
        self.tier = self.tier.max(tier);
        self.left = Some(self.left.map_or(left, |least| least.min(left)));
    }
}

/// An instant from seconds since 1970; what no clock can say becomes 1970.
pub(crate) fn time_of(second: i64) -> SystemTime {
    let distance = Duration::from_secs(second.unsigned_abs());
    let time = match second < 0 {
        true => UNIX_EPOCH.checked_sub(distance),
        false => UNIX_EPOCH.checked_add(distance),
    };
    time.unwrap_or(UNIX_EPOCH)
}
