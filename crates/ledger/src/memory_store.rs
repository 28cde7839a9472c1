//! The store that keeps nothing: spend lives as long as its process.

use interline_core::{
    NanoUsd, Result, Slice, SliceAsk, SpendMovement, StateStore, StoredSpend, async_trait,
};

/// Keeps nothing beyond what the ledger itself remembers.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct MemoryStore;

impl MemoryStore {
    /// A store that keeps nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

#[async_trait]
impl StateStore for MemoryStore {
    async fn load(&self, _: usize) -> Result<StoredSpend> {
        Ok(StoredSpend::default())
    }

    fn first_slice(&self, limit: NanoUsd) -> NanoUsd {
        limit
    }

    async fn slice(&self, _: &SliceAsk) -> Result<Slice> {
        Ok(Slice::default())
    }

    fn record(&self, _: SpendMovement) {}

    async fn flush(&self) -> Result<()> {
        Ok(())
    }

    fn trouble(&self) -> Option<interline_core::Error> {
        None
    }
}
