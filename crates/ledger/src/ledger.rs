//! The ledger: reserves what a call may cost before it is sent, and settles what it did cost.
//!
//! # The bound
//! A call is admitted only where `spent + held + estimate ≤ limit − floor` holds for every budget that
//! counts it, and settling changes `spent + held` by `actual − estimate`. So what is spent in a window
//! never exceeds the limit by more than the sum of `actual − estimate` over the calls that were under way
//! when the last one was admitted: by nothing where estimates are upper bounds. Calls whose price is
//! said to be nothing are not held; what they cost all the same comes on top.
//!
//! # Clocks
//! Time is an argument. The window is chosen when a call is reserved, and the call is charged there
//! whenever it ends. The last eight windows of each budget are remembered, so a clock that is set back
//! finds what it had spent there and gives nothing twice, and one that jumps ahead and back finds the
//! window it left.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use interline_core::{
    AccountChange, Error, NanoUsd, Result, SliceAsk, SpendAccount, SpendCell, SpendMovement,
    StateStore, Tally, Target,
};

use crate::books::{Books, Taking};
use crate::calendar::unix_seconds;
use crate::hours::{Hours, KEPT_HOURS};
use crate::rules::Rules;
use crate::{
    BudgetRoom, BudgetStatus, LedgerConfig, MemoryStore, Payer, Reservation, SpendQuery, SpendRow,
};

const HOUR_SECONDS: i64 = 3_600;

/// Spend and budgets of one process. Cheap to clone: one shared pointer.
#[derive(Clone)]
pub struct Ledger(Arc<Inner>);

struct Inner {
    store: Arc<dyn StateStore>,
    books: Mutex<Books>,
}

impl Ledger {
    /// A ledger that lives as long as the process.
    ///
    /// # Errors
    /// `InvalidRequest` where the configuration makes no sense, see [`LedgerConfig::check`].
    pub fn in_memory(config: LedgerConfig, now: SystemTime) -> Result<Self> {
        Self::empty(config, Arc::new(MemoryStore::new()), now)
    }

    /// A ledger that goes on from what a store had kept.
    ///
    /// # Errors
    /// `InvalidRequest` where the configuration makes no sense, and what the store says where it cannot
    /// be read.
    pub async fn open(
        config: LedgerConfig,
        store: Arc<dyn StateStore>,
        now: SystemTime,
    ) -> Result<Self> {
        let ledger = Self::empty(config, store, now)?;
        let stored = ledger.0.store.load(KEPT_HOURS).await?;
        ledger.books().restore(stored, &*ledger.0.store);
        Ok(ledger)
    }

    fn empty(config: LedgerConfig, store: Arc<dyn StateStore>, now: SystemTime) -> Result<Self> {
        let books = Books {
            rules: Rules::new(config, unix_seconds(now), None)?,
            hours: Hours::default(),
        };
        Ok(Self(Arc::new(Inner {
            store,
            books: Mutex::new(books),
        })))
    }

    /// Follows a new configuration. Budgets that count the same calls over the same windows go on with
    /// what they had spent, new ones begin with what the remembered hours say was spent in their window.
    ///
    /// # Errors
    /// `InvalidRequest` where the configuration makes no sense; the old one then stays.
    pub fn reconfigure(&self, config: LedgerConfig, now: SystemTime) -> Result<()> {
        config.check()?;
        let mut books = self.books();
        let nothing = Rules::new(LedgerConfig::default(), 0, None)?;
        let before = std::mem::replace(&mut books.rules, nothing);
        books.rules = Rules::new(config, unix_seconds(now), Some(before))?;
        Ok(())
    }

    /// Takes from every budget that counts the attempt what it may cost, or from none.
    ///
    /// `estimate` is `None` where nobody can price the call.
    ///
    /// # Errors
    /// `Budget`: there is no room, the call is above a cap, or a budget counts it and nobody can price
    /// it. The error says what would help; its retry hint is the time until the next window, or `Never`
    /// where waiting does not help.
    pub fn reserve(
        &self,
        payer: &Payer,
        target: &Target,
        estimate: Option<NanoUsd>,
        now: SystemTime,
    ) -> Result<Reservation> {
        let accounts = self.admit(payer, target, estimate, now, Taking::Hold)?;
        let amount = estimate.unwrap_or_default().max(NanoUsd::ZERO);
        if amount > NanoUsd::ZERO && !accounts.is_empty() {
            let held = accounts
                .iter()
                .map(|account| AccountChange::new(account.clone(), NanoUsd::ZERO, amount))
                .collect();
            self.0.store.record(SpendMovement::new(held, Vec::new()));
        }
        let hour = unix_seconds(now).div_euclid(HOUR_SECONDS);
        let cells = payer
            .owners()
            .map(|owner| SpendCell::new(hour, target.provider.clone(), target.model.clone(), owner))
            .collect();
        Ok(Reservation::new(self.clone(), accounts, cells, estimate))
    }

    /// Whether [`Ledger::reserve`] would find room now, for a router that filters its candidates.
    ///
    /// # Errors
    /// What [`Ledger::reserve`] would say.
    pub fn afford(
        &self,
        payer: &Payer,
        target: &Target,
        estimate: Option<NanoUsd>,
        now: SystemTime,
    ) -> Result<()> {
        self.admit(payer, target, estimate, now, Taking::Look)
            .map(drop)
    }

    fn admit(
        &self,
        payer: &Payer,
        target: &Target,
        estimate: Option<NanoUsd>,
        now: SystemTime,
        taking: Taking,
    ) -> Result<Vec<SpendAccount>> {
        self.books()
            .admit((payer, target), estimate, now, taking, &*self.0.store)
    }

    /// Sees to it that this process has at hand what a call may take of budgets that it shares.
    ///
    /// Asked once per call before its attempts. With a store for one process it returns at once.
    ///
    /// # Errors
    /// `Unavailable` where a shared store cannot be asked. What is at hand still serves, so a caller may
    /// go on.
    ///
    /// # Cancellation
    /// Nothing is held.
    pub async fn prepare(
        &self,
        payer: &Payer,
        targets: &[Target],
        estimate: NanoUsd,
        now: SystemTime,
    ) -> Result<()> {
        let shortages = self
            .books()
            .shortages(payer, targets, estimate, now, &*self.0.store);
        for shortage in shortages {
            let ask = SliceAsk::new(shortage.account, shortage.limit, shortage.wanted);
            let slice = self.0.store.slice(&ask).await?;
            if let Some(account) = self.books().find(&ask.account) {
                account.granted = account.granted.saturating_add(slice.granted.get());
                account.elsewhere = slice.left.get();
            }
        }
        Ok(())
    }

    pub(crate) fn close(
        &self,
        accounts: Vec<SpendAccount>,
        held: NanoUsd,
        spent: NanoUsd,
        cells: Vec<SpendCell>,
        tally: Option<Tally>,
    ) {
        let movement = self.books().settle(accounts, held, spent, cells, tally);
        if !movement.accounts.is_empty() || !movement.cells.is_empty() {
            self.0.store.record(movement);
        }
    }

    /// What all budgets together leave to a call. Without a target, those that count only calls to a
    /// provider or a model are left out: they exclude that target and make nobody else cheaper.
    #[must_use]
    pub fn room(&self, payer: &Payer, target: Option<&Target>, now: SystemTime) -> BudgetRoom {
        self.books().room(payer, target, now, &*self.0.store)
    }

    /// Every budget as it stands, in the order of the configuration.
    #[must_use]
    pub fn budgets(&self, now: SystemTime) -> Vec<BudgetStatus> {
        self.books().statuses(now, &*self.0.store)
    }

    /// What calls used and cost.
    ///
    /// # Errors
    /// `InvalidRequest` where the question joins keys and tags, which are not kept together.
    pub fn spend(&self, query: &SpendQuery) -> Result<Vec<SpendRow>> {
        query.ask(&self.books().hours)
    }

    /// Waits until everything settled so far is kept; to be called before the process ends.
    ///
    /// # Errors
    /// What keeps the store from writing.
    pub async fn flush(&self) -> Result<()> {
        self.0.store.flush().await
    }

    /// What keeps the store from writing now; `None` while it is well.
    #[must_use]
    pub fn trouble(&self) -> Option<Error> {
        self.0.store.trouble()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        // A panic under the lock leaves sums of whole steps behind: they are still good.
        self.0.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger")
            .field("store", &self.0.store)
            .finish_non_exhaustive()
    }
}
