//! The configured budgets, ready to be asked which of them count a call.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use interline_core::{
    AccountChange, NanoUsd, Priority, Result, SpendAccount, SpendCell, SpendMovement, SpendOwner,
    StateStore, Target,
};

use crate::account::Account;
use crate::calendar::{Calendar, Window};
use crate::hours::{Hours, Standing};
use crate::tier::Level;
use crate::{Budget, LedgerConfig, Payer, Scope};

/// Windows of one budget that are remembered: a clock that is set back finds what it had spent.
const KEPT_WINDOWS: usize = 8;

const HOUR_SECONDS: i64 = 3_600;

/// The configured budgets.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) config: LedgerConfig,
    pub(crate) budgets: Vec<Rule>,
    by_id: HashMap<Arc<str>, usize>,
    whole: Vec<usize>,
    by_key: HashMap<String, Vec<usize>>,
    by_tag: HashMap<String, Vec<usize>>,
    by_provider: HashMap<String, Vec<usize>>,
    by_model: HashMap<String, Vec<usize>>,
}

/// One budget with its windows.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) id: Arc<str>,
    pub(crate) budget: Budget,
    pub(crate) calendar: Calendar,
    pub(crate) accounts: BTreeMap<i64, Account>,
    /// The window that was asked for last.
    window: Window,
    /// When the budget came to be; a window that began before is filled from the hours.
    since: i64,
    balanced_below: i64,
    downgrade_below: i64,
    reserve: i64,
}

impl Rules {
    /// The budgets of a configuration; windows of `before` go on.
    pub(crate) fn new(config: LedgerConfig, second: i64, before: Option<Self>) -> Result<Self> {
        let calendars = config.calendars()?;
        let mut before = before.map_or_else(HashMap::new, |rules| {
            let known = rules.budgets.into_iter();
            known.map(|rule| (Arc::clone(&rule.id), rule)).collect()
        });
        let mut rules = Self {
            budgets: Vec::with_capacity(config.budgets.len()),
            by_id: HashMap::new(),
            whole: Vec::new(),
            by_key: HashMap::new(),
            by_tag: HashMap::new(),
            by_provider: HashMap::new(),
            by_model: HashMap::new(),
            config,
        };
        for (index, (budget, calendar)) in rules.config.budgets.iter().zip(calendars).enumerate() {
            let id: Arc<str> = budget.id().into();
            let (accounts, since) = match before.remove(&id) {
                Some(known) => (known.accounts, known.since),
                None => (BTreeMap::new(), second),
            };
            rules.by_id.insert(Arc::clone(&id), index);
            let place = match &budget.scope {
                Scope::Whole => &mut rules.whole,
                Scope::Key(name) => rules.by_key.entry(name.clone()).or_default(),
                Scope::Tag(name) => rules.by_tag.entry(name.clone()).or_default(),
                Scope::Provider(name) => rules.by_provider.entry(name.clone()).or_default(),
                Scope::Model(name) => rules.by_model.entry(name.clone()).or_default(),
            };
            place.push(index);
            rules.budgets.push(Rule {
                id,
                window: calendar.window_at(second),
                calendar,
                accounts,
                since,
                balanced_below: rules.config.balanced_below.of(budget.limit).get(),
                downgrade_below: rules.config.downgrade_below.of(budget.limit).get(),
                reserve: rules.config.reserve.of(budget.limit).get(),
                budget: budget.clone(),
            });
        }
        Ok(rules)
    }

    /// The budgets that count a call; without a target those that count it whoever serves.
    pub(crate) fn counting(&self, payer: &Payer, target: Option<&Target>) -> Vec<usize> {
        let mut found = self.whole.clone();
        let mut add = |map: &HashMap<String, Vec<usize>>, name: &str| {
            if !map.is_empty() {
                found.extend(map.get(name).into_iter().flatten());
            }
        };
        if let Some(key) = &payer.key {
            add(&self.by_key, key);
        }
        for tag in &payer.tags {
            add(&self.by_tag, tag);
        }
        if let Some(target) = target {
            add(&self.by_provider, target.provider.as_str());
            add(&self.by_model, target.model.as_str());
            if !self.by_model.is_empty() {
                add(&self.by_model, &target.to_string());
            }
        }
        found
    }

    /// Whether a cell's owner has a budget of its own.
    pub(crate) fn standing(&self, owner: &SpendOwner) -> Standing {
        let has_one = match owner {
            SpendOwner::Key(name) => self.by_key.contains_key(&**name),
            SpendOwner::Tag(name) => self.by_tag.contains_key(&**name),
            _ => false,
        };
        match has_one {
            true => Standing::HasBudget,
            false => Standing::Ordinary,
        }
    }

    pub(crate) fn by_id(&mut self, id: &str) -> Option<&mut Rule> {
        let index = *self.by_id.get(id)?;
        self.budgets.get_mut(index)
    }
}

impl Rule {
    /// The window at an instant, and its account, opened where the window is new.
    pub(crate) fn account(
        &mut self,
        second: i64,
        hours: &Hours,
        store: &dyn StateStore,
    ) -> (Window, &mut Account) {
        if !self.window.contains(second) {
            self.window = self.calendar.window_at(second);
        }
        let window = self.window;
        if !self.accounts.contains_key(&window.start) {
            let account = self.open(window, hours, store);
            self.accounts.insert(window.start, account);
            self.forget(window.start);
        }
        let account = self
            .accounts
            .get_mut(&window.start)
            .expect("the account was just found or inserted");
        account.follow(self.budget.limit, |limit| store.first_slice(limit));
        (window, account)
    }

    fn open(&self, window: Window, hours: &Hours, store: &dyn StateStore) -> Account {
        let limit = self.budget.limit;
        let mut account = Account::new(limit, store.first_slice(limit));
        if window.start < self.since && account.granted == limit.get() {
            let spent = self.spent_in(window, hours);
            account.spent = spent.get();
            if spent > NanoUsd::ZERO {
                // The store only adds up what it is told, and has not heard of this account.
                let opened = SpendAccount::new(Arc::clone(&self.id), window.start);
                let change = AccountChange::new(opened, spent, NanoUsd::ZERO);
                store.record(SpendMovement::new(vec![change], Vec::new()));
            }
        }
        account
    }

    /// What the hours say was spent in a window; an hour that lies only partly in it counts whole.
    fn spent_in(&self, window: Window, hours: &Hours) -> NanoUsd {
        let first = window.start.div_euclid(HOUR_SECONDS);
        let end = window.end.saturating_sub(1).div_euclid(HOUR_SECONDS);
        hours
            .between(first, end.saturating_add(1))
            .filter(|(cell, _)| counts(&self.budget.scope, cell))
            .map(|(_, tally)| tally.cost)
            .sum()
    }

    /// Forgets the windows farthest from the current one.
    fn forget(&mut self, current: i64) {
        while self.accounts.len() > KEPT_WINDOWS {
            let ends = [
                self.accounts.keys().next(),
                self.accounts.keys().next_back(),
            ];
            let farthest = ends
                .into_iter()
                .flatten()
                .copied()
                .max_by_key(|start| start.abs_diff(current));
            let Some(farthest) = farthest else { return };
            self.accounts.remove(&farthest);
        }
    }

    /// What a call of this priority must leave untouched.
    pub(crate) const fn floor(&self, priority: Priority) -> i64 {
        match priority {
            Priority::Critical => 0,
            Priority::Low => self.downgrade_below,
            _ => self.reserve,
        }
    }

    pub(crate) const fn level(&self, left: i64) -> Level {
        if left <= 0 {
            Level::Nothing
        } else if left >= self.balanced_below {
            Level::Plenty
        } else if left > self.downgrade_below {
            Level::Middle
        } else if left > self.reserve {
            Level::Scarce
        } else {
            Level::Reserve
        }
    }
}

/// Whether a budget of this scope counts the calls of a cell; each call is in one cell that counts.
fn counts(scope: &Scope, cell: &SpendCell) -> bool {
    let is_tag = matches!(cell.owner, SpendOwner::Tag(_));
    match scope {
        Scope::Tag(name) => matches!(&cell.owner, SpendOwner::Tag(tag) if **tag == **name),
        Scope::Key(name) => matches!(&cell.owner, SpendOwner::Key(key) if **key == **name),
        Scope::Whole => !is_tag,
        Scope::Provider(name) => !is_tag && cell.provider.as_str() == name,
        Scope::Model(name) => {
            let target = || Target::new(&cell.provider, &cell.model).to_string();
            !is_tag && (cell.model.as_str() == name || target() == *name)
        }
    }
}
