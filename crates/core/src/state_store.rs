//! Where spend outlives the process, or is shared by many: the seam between a ledger and its store.
//!
//! Why a ledger does not simply ask the store before every attempt: an attempt is admitted
//! synchronously, a store over the network would add its round trip and its outages to every call, and a
//! guard that settles when it is dropped cannot wait.
//! So a process always decides from memory. What a fleet shares it shares in *slices*: the store hands
//! out parts of what an account has left, atomically, and a process spends no more than its slices.
//! A store for one process hands out everything at once ([`StateStore::first_slice`] is the whole limit),
//! and is then never asked again.
//! The sum of all slices never exceeds the limit by more than the first slices, so the bound of a ledger
//! holds for the fleet, and a frozen store stops only what lies beyond the slices already given.

use std::fmt;

use crate::{NanoUsd, Result, SpendAccount, SpendCell, SpendMovement, Tally, async_trait};

/// Keeps the spend of one process, or shares it over a fleet.
#[async_trait]
pub trait StateStore: fmt::Debug + Send + Sync + 'static {
    /// Hands out what was kept, so that a ledger goes on from it.
    ///
    /// Accounts are those that this process alone continues, with what was spent; what calls held when
    /// the process before this one died counts as spent, because their vendors may have been paid.
    /// Cells are those of the newest `hours` hours that have any.
    ///
    /// # Errors
    /// `Internal` or `Unavailable` where the store cannot be read.
    async fn load(&self, hours: usize) -> Result<StoredSpend>;

    /// What this process may spend of a new window with this limit before it asks for a slice:
    /// the whole limit where no other process spends from it.
    fn first_slice(&self, limit: NanoUsd) -> NanoUsd;

    /// Takes a further part of what an account has left, for this process alone.
    ///
    /// # Errors
    /// `Unavailable` where the store cannot be asked; the slices already taken stay valid.
    ///
    /// # Cancellation
    /// A slice that was taken and not received is lost to others until the store lets it expire.
    async fn slice(&self, ask: &SliceAsk) -> Result<Slice>;

    /// Takes note of a movement, in memory and at once: it is called where attempts start and end, and
    /// in destructors.
    ///
    /// A store keeps it within the second. It must bound what waits by merging movements, never by
    /// dropping them, and must number its writes so that one which is tried twice counts once.
    fn record(&self, movement: SpendMovement);

    /// Waits until everything recorded before is kept.
    ///
    /// # Errors
    /// What keeps the store from writing; the movements stay in memory and are tried again.
    async fn flush(&self) -> Result<()>;

    /// What keeps the store from writing now; `None` while it is well.
    fn trouble(&self) -> Option<crate::Error>;
}

/// What a store had kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredSpend {
    /// What was spent of each account.
    pub accounts: Vec<(SpendAccount, NanoUsd)>,
    /// What calls used, hour by hour.
    pub cells: Vec<(SpendCell, Tally)>,
}

impl StoredSpend {
    /// Spent amounts of accounts, and cells.
    #[must_use]
    pub const fn new(
        accounts: Vec<(SpendAccount, NanoUsd)>,
        cells: Vec<(SpendCell, Tally)>,
    ) -> Self {
        Self { accounts, cells }
    }
}

/// Asks for a part of what an account has left.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SliceAsk {
    /// The account.
    pub account: SpendAccount,
    /// What may be spent of it by all processes together.
    pub limit: NanoUsd,
    /// What this process wants in addition to what it has; the store may give more or less.
    pub wanted: NanoUsd,
}

impl SliceAsk {
    /// Asks for `wanted` of an account with this limit.
    #[must_use]
    pub const fn new(account: SpendAccount, limit: NanoUsd, wanted: NanoUsd) -> Self {
        Self {
            account,
            limit,
            wanted,
        }
    }
}

/// A part of an account that one process may spend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Slice {
    /// What this process may spend in addition to what it had.
    pub granted: NanoUsd,
    /// What is left in the store for whoever asks next.
    pub left: NanoUsd,
}

impl Slice {
    /// Grants an amount, and says what is left behind.
    #[must_use]
    pub const fn new(granted: NanoUsd, left: NanoUsd) -> Self {
        Self { granted, left }
    }
}
