//! One window of one budget: what was spent, what calls under way hold, what may be used.

use interline_core::NanoUsd;

/// One window of one budget, in nano-USD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    /// What calls cost that are over.
    pub(crate) spent: i64,
    /// What calls under way have reserved.
    pub(crate) held: i64,
    /// What this process may spend, of the limit that counted when it was granted.
    pub(crate) granted: i64,
    /// What the store has left for whoever asks next, as it last said; 0 where this process has all.
    pub(crate) elsewhere: i64,
    /// The limit that `granted` is a part of.
    pub(crate) limit: i64,
}

impl Account {
    /// A window of which nothing is used, with the part of the limit that this process may spend.
    pub(crate) const fn new(limit: NanoUsd, first_slice: NanoUsd) -> Self {
        Self {
            spent: 0,
            held: 0,
            granted: first_slice.get(),
            elsewhere: limit.get().saturating_sub(first_slice.get()),
            limit: limit.get(),
        }
    }

    /// Follows a limit that was configured anew; the first slice grows and shrinks with it.
    pub(crate) fn follow(&mut self, limit: NanoUsd, first_slice: impl Fn(NanoUsd) -> NanoUsd) {
        if limit.get() == self.limit {
            return;
        }
        let before = first_slice(NanoUsd::new(self.limit)).get();
        let grown = first_slice(limit).get().saturating_sub(before);
        self.granted = self.granted.saturating_add(grown).min(limit.get());
        self.elsewhere = limit.get().saturating_sub(self.granted);
        self.limit = limit.get();
    }

    /// What this process may still reserve without asking its store.
    pub(crate) const fn at_hand(&self) -> i64 {
        self.granted
            .saturating_sub(self.spent)
            .saturating_sub(self.held)
    }

    /// What is left of the whole budget, as far as this process knows; negative where calls cost more
    /// than they had reserved.
    pub(crate) const fn left(&self) -> i64 {
        self.at_hand().saturating_add(self.elsewhere)
    }

    pub(crate) const fn hold(&mut self, amount: i64) {
        self.held = self.held.saturating_add(amount);
    }

    pub(crate) const fn settle(&mut self, held: i64, spent: i64) {
        self.held = self.held.saturating_sub(held);
        self.spent = self.spent.saturating_add(spent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_changes_keeps_what_was_spent() {
        let all = |limit| limit;
        let mut account = Account::new(NanoUsd::new(100), NanoUsd::new(100));
        account.settle(0, 30);
        account.follow(NanoUsd::new(200), all);
        assert_eq!(account.left(), 170);
        account.follow(NanoUsd::new(20), all);
        assert_eq!(account.left(), -10);
    }
}
