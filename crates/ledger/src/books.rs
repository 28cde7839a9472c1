//! Everything a ledger remembers: budgets with their windows, and the hours.
//!
//! One short lock guards it. Reserving takes from several budgets at once, all or nothing, and a caller
//! must see either everything of a settled call or nothing; cells of atomics would give neither.

use std::time::{Duration, SystemTime};

use interline_core::{
    AccountChange, NanoUsd, Priority, Result, SpendAccount, SpendCell, SpendMovement, StateStore,
    StoredSpend, Tally, Target,
};

use crate::account::Account;
use crate::calendar::unix_seconds;
use crate::hours::Hours;
use crate::refusal::{Refusal, Wish, above_cap, unpriced};
use crate::rules::Rules;
use crate::status::time_of;
use crate::tier::Level;
use crate::{BudgetRoom, BudgetStatus, BudgetTier, Payer, UnpricedCalls};

/// Everything a ledger remembers.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) rules: Rules,
    pub(crate) hours: Hours,
}

/// An account that lacks what a call wants of it.
#[derive(Debug)]
pub(crate) struct Shortage {
    pub(crate) account: SpendAccount,
    pub(crate) limit: NanoUsd,
    pub(crate) wanted: NanoUsd,
}

impl Books {
    /// Continues with what a store had kept.
    pub(crate) fn restore(&mut self, stored: StoredSpend, store: &dyn StateStore) {
        for (cell, tally) in stored.cells {
            let standing = self.rules.standing(&cell.owner);
            self.hours.add(cell, &tally, standing);
        }
        for (account, spent) in stored.accounts {
            if let Some(rule) = self.rules.by_id(&account.budget) {
                let limit = rule.budget.limit;
                let window = rule
                    .accounts
                    .entry(account.window_start)
                    .or_insert_with(|| Account::new(limit, store.first_slice(limit)));
                window.settle(0, spent.get());
            }
        }
    }

    /// Finds room for a call in every budget that counts it, and takes it where `taking` says so.
    pub(crate) fn admit(
        &mut self,
        (payer, target): (&Payer, &Target),
        estimate: Option<NanoUsd>,
        now: SystemTime,
        taking: Taking,
        store: &dyn StateStore,
    ) -> Result<Vec<SpendAccount>> {
        let second = unix_seconds(now);
        let counting = self.rules.counting(payer, Some(target));
        let config = &self.rules.config;
        let is_bound = !counting.is_empty() || config.per_request.is_some();
        if estimate.is_none() && is_bound && config.unpriced == UnpricedCalls::Refuse {
            return Err(unpriced(target));
        }
        let amount = estimate.unwrap_or_default().max(NanoUsd::ZERO);
        if let Some(cap) = config.per_request.filter(|cap| payer.spent + amount > *cap) {
            return Err(above_cap(cap, payer.spent, amount));
        }
        let wish = Wish {
            amount: amount.get(),
            priority: payer.priority,
            share_of_left: config.share_of_left,
        };
        let mut accounts = Vec::with_capacity(counting.len());
        let mut refusal: Option<Refusal> = None;
        for index in &counting {
            let Some(rule) = self.rules.budgets.get_mut(*index) else {
                continue;
            };
            let (window, account) = rule.account(second, &self.hours, store);
            let account = *account;
            // A call whose price is known to be nothing takes nothing, so no budget stops it.
            if amount > NanoUsd::ZERO
                && let Some(found) = Refusal::of(rule, window, &account, wish)
            {
                refusal = Some(found.worst(refusal));
            }
            accounts.push(SpendAccount::new(rule.id.clone(), window.start));
        }
        if estimate.is_none()
            && let Some(found) = self.nothing_left(&counting, payer.priority, second)
        {
            refusal = Some(found);
        }
        if let Some(refusal) = refusal {
            return Err(refusal.into_error(wish, second));
        }
        if taking == Taking::Hold {
            for account in &accounts {
                if let Some(account) = self.find(account) {
                    account.hold(amount.get());
                }
            }
        }
        Ok(accounts)
    }

    /// Whether a call that nobody can price meets a budget of which nothing is left.
    fn nothing_left(&self, counting: &[usize], priority: Priority, second: i64) -> Option<Refusal> {
        let wish = Wish {
            amount: 1,
            priority,
            share_of_left: None,
        };
        counting.iter().find_map(|index| {
            let rule = self.rules.budgets.get(*index)?;
            let window = rule.calendar.window_at(second);
            let account = rule.accounts.get(&window.start)?;
            Refusal::of(rule, window, account, wish)
        })
    }

    /// Ends a call: gives back what it held, charges what it cost, counts it in its cells.
    pub(crate) fn settle(
        &mut self,
        accounts: Vec<SpendAccount>,
        held: NanoUsd,
        spent: NanoUsd,
        cells: Vec<SpendCell>,
        tally: Option<Tally>,
    ) -> SpendMovement {
        for account in &accounts {
            if let Some(account) = self.find(account) {
                account.settle(held.get(), spent.get());
            }
        }
        let given_back = NanoUsd::new(-held.get());
        let changes = accounts
            .into_iter()
            .map(|account| AccountChange::new(account, spent, given_back))
            .collect();
        let mut counted = Vec::new();
        if let Some(tally) = tally {
            for cell in cells {
                let standing = self.rules.standing(&cell.owner);
                counted.push((self.hours.add(cell, &tally, standing), tally));
            }
        }
        SpendMovement::new(changes, counted)
    }

    /// What is left for a call in all budgets that count it.
    pub(crate) fn room(
        &mut self,
        payer: &Payer,
        target: Option<&Target>,
        now: SystemTime,
        store: &dyn StateStore,
    ) -> BudgetRoom {
        let second = unix_seconds(now);
        let mut room = BudgetRoom::unbounded();
        for index in self.rules.counting(payer, target) {
            let Some(rule) = self.rules.budgets.get_mut(index) else {
                continue;
            };
            let (window, account) = rule.account(second, &self.hours, store);
            let left = account.left();
            let usable = left.saturating_sub(rule.floor(payer.priority)).max(0);
            let tier = BudgetTier::of(rule.level(left), payer.priority);
            let wait = Duration::from_secs(window.end.saturating_sub(second).unsigned_abs());
            room.narrow(tier, NanoUsd::new(usable), wait);
        }
        room
    }

    /// Every budget as it stands.
    pub(crate) fn statuses(
        &mut self,
        now: SystemTime,
        store: &dyn StateStore,
    ) -> Vec<BudgetStatus> {
        let second = unix_seconds(now);
        let hours = &self.hours;
        let rules = self.rules.budgets.iter_mut();
        rules
            .map(|rule| {
                let (window, account) = rule.account(second, hours, store);
                let account = *account;
                let level = rule.level(account.left());
                BudgetStatus {
                    budget: rule.budget.clone(),
                    spent: NanoUsd::new(account.spent),
                    held: NanoUsd::new(account.held),
                    left: NanoUsd::new(account.left().max(0)),
                    tier: BudgetTier::of(level, Priority::Standard),
                    is_reserve_only: level == Level::Reserve,
                    resets_at: time_of(window.end),
                    resets_at_text: rule.calendar.write(window.end),
                }
            })
            .collect()
    }

    /// The accounts of which this process has too little at hand, although others may have more.
    pub(crate) fn shortages(
        &mut self,
        payer: &Payer,
        targets: &[Target],
        wanted: NanoUsd,
        now: SystemTime,
        store: &dyn StateStore,
    ) -> Vec<Shortage> {
        let second = unix_seconds(now);
        let mut counting = self.rules.counting(payer, None);
        for target in targets {
            counting.extend(self.rules.counting(payer, Some(target)));
        }
        counting.sort_unstable();
        counting.dedup();
        let mut found = Vec::new();
        for index in counting {
            let Some(rule) = self.rules.budgets.get_mut(index) else {
                continue;
            };
            let (window, account) = rule.account(second, &self.hours, store);
            let account = *account;
            let wanted = wanted.max(store.first_slice(rule.budget.limit)).get();
            if account.granted < account.limit && account.at_hand() < wanted {
                found.push(Shortage {
                    account: SpendAccount::new(rule.id.clone(), window.start),
                    limit: rule.budget.limit,
                    wanted: NanoUsd::new(wanted.saturating_sub(account.at_hand().max(0))),
                });
            }
        }
        found
    }

    pub(crate) fn find(&mut self, account: &SpendAccount) -> Option<&mut Account> {
        let rule = self.rules.by_id(&account.budget)?;
        rule.accounts.get_mut(&account.window_start)
    }
}

/// Whether room that was found is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taking {
    Hold,
    Look,
}
