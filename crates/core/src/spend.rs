//! The words in which spend is kept: accounts of budgets, cells of an hour, and what moves between them.
//!
//! They are in core because a ledger and the stores behind it meet at them, and a store may be written
//! outside of this repository.

use std::sync::Arc;

use crate::{ModelId, NanoUsd, ProviderId, Usage};

/// One budget in one of its windows: what spend counts against.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct SpendAccount {
    /// Names the budget; two budgets that count the same calls over the same windows have one name.
    pub budget: Arc<str>,
    /// When the window began, in seconds since 1970 UTC.
    pub window_start: i64,
}

impl SpendAccount {
    /// A budget's window that began at `window_start` seconds since 1970 UTC.
    pub fn new(budget: impl Into<Arc<str>>, window_start: i64) -> Self {
        Self {
            budget: budget.into(),
            window_start,
        }
    }
}

/// Who is said to have made a call.
///
/// A call counts once for its key, or for nobody, and once more for each of its tags; sums over all
/// calls therefore leave the tags out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SpendOwner {
    /// A call without a key.
    Nobody,
    /// The name of a caller's key, never the key itself.
    Key(Arc<str>),
    /// A word that the caller put on the call.
    Tag(Arc<str>),
}

/// What calls of one hour are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub struct SpendCell {
    /// Whole hours since 1970 UTC.
    pub hour: i64,
    /// The connection that was called.
    pub provider: ProviderId,
    /// The model that was asked for.
    pub model: ModelId,
    /// Who called.
    pub owner: SpendOwner,
}

impl SpendCell {
    /// The calls of `owner` to a model in one hour, counted in whole hours since 1970 UTC.
    #[must_use]
    pub const fn new(hour: i64, provider: ProviderId, model: ModelId, owner: SpendOwner) -> Self {
        Self {
            hour,
            provider,
            model,
            owner,
        }
    }
}

/// What a number of calls used and cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Attempts that were sent to a vendor.
    pub calls: u64,
    /// Those of them whose cost nobody knows for sure; `cost` holds what was reserved for them.
    pub unknown_cost_calls: u64,
    /// Tokens read, cached ones included, as far as vendors told.
    pub input_tokens: u64,
    /// The part of them that came from a vendor's cache.
    pub cached_input_tokens: u64,
    /// Tokens written, as far as vendors told.
    pub output_tokens: u64,
    /// What was charged.
    pub cost: NanoUsd,
    /// What had been estimated, over the calls whose estimate and cost are both known.
    pub estimated: NanoUsd,
    /// What the same calls cost.
    pub estimated_cost: NanoUsd,
}

impl Tally {
    /// One call that was charged `cost`.
    #[must_use]
    pub fn of_call(usage: &Usage, cost: NanoUsd) -> Self {
        Self {
            calls: 1,
            input_tokens: usage.input_tokens.unwrap_or(0),
            cached_input_tokens: usage.cached_input_tokens.unwrap_or(0),
            output_tokens: usage.output_tokens.unwrap_or(0),
            cost,
            ..Self::default()
        }
    }

    /// Adds what other calls used and cost; figures stop at their largest value.
    pub fn add(&mut self, other: &Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.unknown_cost_calls = self
            .unknown_cost_calls
            .saturating_add(other.unknown_cost_calls);
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.cached_input_tokens = self
            .cached_input_tokens
            .saturating_add(other.cached_input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.cost = self.cost + other.cost;
        self.estimated = self.estimated + other.estimated;
        self.estimated_cost = self.estimated_cost + other.estimated_cost;
    }

    /// What calls cost for each dollar that had been estimated: 1 where the estimates were right,
    /// above it where they were too low; `None` where nothing was estimated.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a ratio to look at: 52 bits of an amount are plenty"
    )]
    pub fn estimate_ratio(&self) -> Option<f64> {
        let estimated = self.estimated.get();
        (estimated > 0).then(|| self.estimated_cost.get() as f64 / estimated as f64)
    }
}

/// How one account changes; both figures are differences and may be negative.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountChange {
    /// The account.
    pub account: SpendAccount,
    /// By how much what was spent grows.
    pub spent: NanoUsd,
    /// By how much what calls under way hold grows.
    pub held: NanoUsd,
}

impl AccountChange {
    /// Changes `account` by these differences.
    #[must_use]
    pub const fn new(account: SpendAccount, spent: NanoUsd, held: NanoUsd) -> Self {
        Self {
            account,
            spent,
            held,
        }
    }
}

/// Changes that belong together: a store keeps all of them or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpendMovement {
    /// What happens to accounts.
    pub accounts: Vec<AccountChange>,
    /// What is added to cells.
    pub cells: Vec<(SpendCell, Tally)>,
}

impl SpendMovement {
    /// Changes of accounts together with additions to cells.
    #[must_use]
    pub const fn new(accounts: Vec<AccountChange>, cells: Vec<(SpendCell, Tally)>) -> Self {
        Self { accounts, cells }
    }
}
