//! What budgets there are, and what follows from how much of them is left.

use std::collections::HashSet;

use interline_core::{Error, NanoUsd, Result};

use crate::calendar::Calendar;
use crate::{Budget, Share};

/// Budgets, the levels at which they bind, and caps for single calls.
///
/// The default has no budget: spend is counted and nothing is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LedgerConfig {
    /// Budgets; a call needs room in each that counts it.
    pub budgets: Vec<Budget>,
    /// Below this share left, calls go to balanced targets instead of the best. Default: 80 %, as
    /// issue and contract name it; chosen, not measured.
    pub balanced_below: Share,
    /// Below this share left, calls go to the cheapest target that can serve them, and low ones are
    /// refused. Default: 20 %, as the contract names it; chosen, not measured.
    pub downgrade_below: Share,
    /// The last share, which only critical calls may use. Default: 0 %.
    pub reserve: Share,
    /// What one request may cost over all its attempts. Default: no cap.
    pub per_request: Option<NanoUsd>,
    /// The share of what is left that one attempt may take. Default: 10 %; `None` for no such cap.
    pub share_of_left: Option<Share>,
    /// What happens to calls that a budget counts and that nobody can price. Default: refused.
    pub unpriced: UnpricedCalls,
}

/// What happens to calls that a budget counts and that nobody can price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnpricedCalls {
    /// They are refused: a price that nobody knows must not look free.
    #[default]
    Refuse,
    /// They go ahead, hold nothing, and are counted as calls of unknown cost.
    Allow,
}

impl Default for LedgerConfig {
    fn default() -> Self {
        Self {
            budgets: Vec::new(),
            balanced_below: Share::percent(80),
            downgrade_below: Share::percent(20),
            reserve: Share::ZERO,
            per_request: None,
            share_of_left: Some(Share::percent(10)),
            unpriced: UnpricedCalls::Refuse,
        }
    }
}

impl LedgerConfig {
    /// These budgets at the default levels.
    #[must_use]
    pub fn new(budgets: impl IntoIterator<Item = Budget>) -> Self {
        Self {
            budgets: budgets.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Sets where calls go to balanced targets, and where to the cheapest.
    #[must_use]
    pub const fn with_levels(mut self, balanced_below: Share, downgrade_below: Share) -> Self {
        self.balanced_below = balanced_below;
        self.downgrade_below = downgrade_below;
        self
    }

    /// Keeps the last share for critical calls.
    #[must_use]
    pub const fn with_reserve(mut self, reserve: Share) -> Self {
        self.reserve = reserve;
        self
    }

    /// Caps what one request may cost over all its attempts.
    #[must_use]
    pub const fn with_per_request(mut self, cap: Option<NanoUsd>) -> Self {
        self.per_request = cap;
        self
    }

    /// Caps which share of what is left one attempt may take.
    #[must_use]
    pub const fn with_share_of_left(mut self, cap: Option<Share>) -> Self {
        self.share_of_left = cap;
        self
    }

    /// Says what happens to calls that nobody can price.
    #[must_use]
    pub const fn with_unpriced(mut self, unpriced: UnpricedCalls) -> Self {
        self.unpriced = unpriced;
        self
    }

    /// Looks for settings that make no sense.
    ///
    /// # Errors
    /// `InvalidRequest` for the first: it names the place, such as `budgets[1].time_zone`, also as the
    /// error's parameter.
    pub fn check(&self) -> Result<()> {
        self.calendars().map(drop)
    }

    /// The calendar of each budget, where all settings make sense.
    pub(crate) fn calendars(&self) -> Result<Vec<Calendar>> {
        if self.downgrade_below > self.balanced_below {
            return Err(wrong(
                "downgrade_below",
                format_args!(
                    "{} is above balanced_below ({}): the cheapest targets come after the balanced ones",
                    self.downgrade_below, self.balanced_below
                ),
            ));
        }
        if self.reserve > self.downgrade_below {
            return Err(wrong(
                "reserve",
                format_args!(
                    "{} is above downgrade_below ({}): the reserve is the last part of a budget",
                    self.reserve, self.downgrade_below
                ),
            ));
        }
        if let Some(cap) = self.per_request.filter(|cap| *cap <= NanoUsd::ZERO) {
            return Err(wrong(
                "per_request_usd",
                format_args!(
                    "{cap} USD would refuse every call: give more than 0, or leave it out"
                ),
            ));
        }
        if self.share_of_left == Some(Share::ZERO) {
            return Err(wrong(
                "share_of_left",
                format_args!("0 would refuse every call: give more than 0, or switch it off"),
            ));
        }
        let mut seen = HashSet::new();
        self.budgets
            .iter()
            .enumerate()
            .map(|(index, budget)| {
                if budget.limit <= NanoUsd::ZERO {
                    return Err(wrong(
                        &format!("budgets[{index}].limit_usd"),
                        format_args!(
                            "{} USD would refuse every call: give more than 0, or leave the budget out",
                            budget.limit
                        ),
                    ));
                }
                if budget.scope.name().is_some_and(|name| name.trim().is_empty()) {
                    return Err(wrong(
                        &format!("budgets[{index}].scope"),
                        format_args!("it names nothing: give a name, or leave the scope out"),
                    ));
                }
                if !seen.insert(budget.id()) {
                    return Err(wrong(
                        &format!("budgets[{index}]"),
                        format_args!(
                            "another budget counts the same calls per {} in {}: keep one of them",
                            budget.per, budget.time_zone
                        ),
                    ));
                }
                Calendar::new(&budget.time_zone, budget.per).ok_or_else(|| {
                    wrong(
                        &format!("budgets[{index}].time_zone"),
                        format_args!(
                            "`{}` is no known time zone: use an IANA name such as `Europe/Berlin`, or `UTC`",
                            budget.time_zone
                        ),
                    )
                })
            })
            .collect()
    }
}

fn wrong(place: &str, why: std::fmt::Arguments<'_>) -> Error {
    Error::invalid_request(format!("{place}: {why}")).with_param(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Period, Scope};

    fn day(nano_usd: i64) -> Budget {
        Budget::new(NanoUsd::new(nano_usd), Period::Day)
    }

    #[track_caller]
    fn check(config: &LedgerConfig, place: &str) {
        let error = config.check().expect_err("a bad configuration");
        assert_eq!(error.param(), Some(place), "{error}");
        assert!(error.to_string().contains(place), "{error}");
    }

    #[test]
    fn bad_settings_are_refused_with_their_place() {
        let two = |second| LedgerConfig::new([day(1), second]);
        check(&LedgerConfig::new([day(0)]), "budgets[0].limit_usd");
        check(&two(day(-5)), "budgets[1].limit_usd");
        check(&two(day(7)), "budgets[1]");
        check(
            &two(day(1).with_time_zone("Mars/Olympus_Mons")),
            "budgets[1].time_zone",
        );
        check(
            &two(day(1).with_scope(Scope::Key(" ".to_owned()))),
            "budgets[1].scope",
        );
        let levels =
            |a, b| LedgerConfig::default().with_levels(Share::percent(a), Share::percent(b));
        check(&levels(20, 80), "downgrade_below");
        check(&levels(80, 20).with_reserve(Share::percent(30)), "reserve");
        check(
            &LedgerConfig::default().with_per_request(Some(NanoUsd::ZERO)),
            "per_request_usd",
        );
        check(
            &LedgerConfig::default().with_share_of_left(Some(Share::ZERO)),
            "share_of_left",
        );
    }
}
