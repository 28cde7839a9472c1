//! Why a call finds no room, as an error that says what would help and when.

use std::time::Duration;

use interline_core::{Error, ErrorKind, NanoUsd, Priority, RetryHint, Target};

use crate::Share;
use crate::account::Account;
use crate::calendar::Window;
use crate::rules::Rule;

/// One budget that has no room for a call.
#[derive(Debug)]
pub(crate) struct Refusal {
    why: Why,
    /// When its window ends.
    end: i64,
    /// Whether the call would fit into a window of which nothing is used.
    fits_later: bool,
    /// The budget, as the caller reads it.
    budget: String,
    reset: String,
    left: NanoUsd,
    limit: NanoUsd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    /// More than the share of what is left that one attempt may take.
    Share(Share),
    /// More than what this process has at hand of a budget that it shares.
    Slice,
    /// More than what is left.
    Exhausted,
}

/// What a call asks of a budget.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    pub(crate) amount: i64,
    pub(crate) priority: Priority,
    pub(crate) share_of_left: Option<Share>,
}

impl Refusal {
    /// Whether a budget has no room for a call, and why.
    pub(crate) fn of(rule: &Rule, window: Window, account: &Account, wish: Wish) -> Option<Self> {
        let floor = rule.floor(wish.priority);
        let usable = |left: i64| left.saturating_sub(floor);
        let cap_of = |left: i64| {
            wish.share_of_left
                .map(|share| (share, share.of(NanoUsd::new(left.max(0))).get()))
        };
        let limit = rule.budget.limit.get();
        let left = account.left();
        let why = if wish.amount > usable(left) {
            Why::Exhausted
        } else if let Some((share, _)) = cap_of(left).filter(|(_, cap)| wish.amount > *cap) {
            Why::Share(share)
        } else if wish.amount > account.at_hand() {
            Why::Slice
        } else {
            return None;
        };
        let fits_later =
            wish.amount <= usable(limit) && cap_of(limit).is_none_or(|(_, cap)| wish.amount <= cap);
        Some(Self {
            why,
            end: window.end,
            fits_later,
            budget: format!("budget of {} per {}", rule.budget.scope, rule.budget.per),
            reset: rule.calendar.write(window.end),
            left: NanoUsd::new(usable(left).max(0)),
            limit: rule.budget.limit,
        })
    }

    /// The refusal that matters of several: the one that lasts longest, of the worst sort.
    pub(crate) fn worst(self, other: Option<Self>) -> Self {
        match other {
            Some(other) if (other.why, other.end) >= (self.why, self.end) => other,
            _ => self,
        }
    }

    pub(crate) fn into_error(self, wish: Wish, second: i64) -> Error {
        let Self {
            why,
            end,
            fits_later,
            budget,
            reset,
            left,
            limit,
        } = self;
        let cost = match wish.amount {
            0 => "an unknown amount".to_owned(),
            amount => format!("{} USD", NanoUsd::new(amount)),
        };
        let wait = Duration::from_secs(end.saturating_sub(second).unsigned_abs());
        let priority = wish.priority;
        let what = match why {
            Why::Exhausted => {
                format!(
                    "{left} of {limit} USD are left for {priority} calls, and this one may cost {cost}"
                )
            }
            Why::Share(share) => format!(
                "this call may cost {cost}, which is more than {share} of the {left} USD that are left"
            ),
            Why::Slice => format!(
                "this process has no part of it at hand that covers {cost}: try again in a moment"
            ),
        };
        let (what, hint) = match (why, fits_later) {
            (Why::Slice, _) => (what, RetryHint::Backoff),
            (_, true) => (
                format!(
                    "{what}; it starts anew at {reset}, in {}: wait, ask for less output or a cheaper \
                     model, or raise the budget",
                    short(wait)
                ),
                RetryHint::After(wait),
            ),
            (_, false) => (
                format!(
                    "{what}, and more than a new window allows ({limit} USD from {reset}): ask for less \
                     output or a cheaper model, or raise the budget"
                ),
                RetryHint::Never,
            ),
        };
        Error::new(ErrorKind::Budget, format!("{budget}: {what}")).with_retry(hint)
    }
}

/// A call that would take its request above the cap per request.
pub(crate) fn above_cap(cap: NanoUsd, spent: NanoUsd, amount: NanoUsd) -> Error {
    let before = match spent.get() {
        0 => String::new(),
        _ => format!(" beside the {spent} USD of earlier attempts"),
    };
    Error::new(
        ErrorKind::Budget,
        format!(
            "this call may cost {amount} USD{before}, and a request may cost {cap}: ask for less output or \
             a cheaper model, or raise per_request_usd"
        ),
    )
}

/// A call that a budget counts and nobody can price.
pub(crate) fn unpriced(target: &Target) -> Error {
    Error::new(
        ErrorKind::Budget,
        format!(
            "nobody knows what {target} costs, and a budget counts its calls: set its price, or let \
             unpriced calls through"
        ),
    )
}

/// Days, hours and minutes, such as `3 h 12 min`.
fn short(wait: Duration) -> String {
    let minutes = wait.as_secs().div_ceil(60);
    match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}
