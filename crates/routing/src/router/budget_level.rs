//! What the money that is left does to a choice: from the best for the task down to the cheapest.

use crate::OptimizeFor;

/// How much of a budget is left, in a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum BudgetLevel {
    /// Enough, or nobody counts.
    #[default]
    Ample,
    /// Less than the upper bound.
    Middle,
    /// Less than the lower bound.
    Low,
    /// Nothing.
    Exhausted,
}

/// Where the levels of a budget begin, as shares of the whole, 0–1.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct BudgetBounds {
    /// Above it the budget is ample. Default: 0.8 (chosen, not measured).
    pub upper: f64,
    /// Below it the budget is low. Default: 0.2 (chosen, not measured).
    pub lower: f64,
}

impl Default for BudgetBounds {
    fn default() -> Self {
        Self {
            upper: 0.8,
            lower: 0.2,
        }
    }
}

impl BudgetBounds {
    /// Bounds of one's own, as shares of the whole.
    #[must_use]
    pub const fn new(upper: f64, lower: f64) -> Self {
        Self { upper, lower }
    }
}

/// How much a call matters, where money runs short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Urgency {
    /// It feels a cut last.
    Critical,
    /// As most calls.
    #[default]
    Standard,
    /// It absorbs cuts first.
    Low,
}

/// What a budget makes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BudgetEffect {
    /// It is made, for this objective.
    Choose(OptimizeFor),
    /// It is not made: there is no money for calls of its kind.
    Refuse,
}

impl BudgetLevel {
    /// The level of a budget of which the share `left` (0–1) is left. What is no number is nothing.
    #[must_use]
    pub fn of(left: f64, bounds: BudgetBounds) -> Self {
        if left > bounds.upper {
            Self::Ample
        } else if left > bounds.lower {
            Self::Middle
        } else if left > 0.0 {
            Self::Low
        } else {
            Self::Exhausted
        }
    }

    /// Its name in traces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ample => "ample",
            Self::Middle => "middle",
            Self::Low => "low",
            Self::Exhausted => "exhausted",
        }
    }

    /// What becomes of a call that asks for `asked`.
    ///
    /// | left | critical | standard | low |
    /// |---|---|---|---|
    /// | ample | as asked | as asked | as asked |
    /// | middle | as asked | balanced | cost |
    /// | low | balanced | cost | refused |
    /// | exhausted | refused | refused | refused |
    ///
    /// Who asked for `cost` gets it in every row.
    #[must_use]
    pub const fn effect(self, asked: OptimizeFor, urgency: Urgency) -> BudgetEffect {
        let wanted = match (self, urgency) {
            (Self::Exhausted, _) | (Self::Low, Urgency::Low) => return BudgetEffect::Refuse,
            (Self::Ample, _) | (Self::Middle, Urgency::Critical) => asked,
            (Self::Middle, Urgency::Standard) | (Self::Low, Urgency::Critical) => {
                OptimizeFor::Balanced
            }
            (Self::Middle, Urgency::Low) | (Self::Low, Urgency::Standard) => OptimizeFor::Cost,
        };
        match asked {
            OptimizeFor::Cost => BudgetEffect::Choose(OptimizeFor::Cost),
            _ => BudgetEffect::Choose(wanted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_belong_to_the_level_below() {
        let level = |left| BudgetLevel::of(left, BudgetBounds::default());
        assert_eq!(level(1.0), BudgetLevel::Ample);
        assert_eq!(level(0.8), BudgetLevel::Middle);
        assert_eq!(level(0.2), BudgetLevel::Low);
        assert_eq!(level(0.0), BudgetLevel::Exhausted);
        assert_eq!(level(-1.0), BudgetLevel::Exhausted);
        assert_eq!(level(f64::NAN), BudgetLevel::Exhausted);
    }

    #[test]
    fn low_priority_absorbs_the_cuts_first_and_critical_last() {
        use BudgetEffect::{Choose, Refuse};
        use OptimizeFor::{Balanced, Cost, Quality};
        let effects = |level: BudgetLevel| {
            [Urgency::Critical, Urgency::Standard, Urgency::Low]
                .map(|urgency| level.effect(Quality, urgency))
        };
        assert_eq!(effects(BudgetLevel::Ample), [Choose(Quality); 3]);
        assert_eq!(
            effects(BudgetLevel::Middle),
            [Choose(Quality), Choose(Balanced), Choose(Cost)]
        );
        assert_eq!(
            effects(BudgetLevel::Low),
            [Choose(Balanced), Choose(Cost), Refuse]
        );
        assert_eq!(effects(BudgetLevel::Exhausted), [Refuse; 3]);
    }

    #[test]
    fn who_asks_for_little_cost_keeps_it() {
        let effect = BudgetLevel::Middle.effect(OptimizeFor::Cost, Urgency::Standard);
        assert_eq!(effect, BudgetEffect::Choose(OptimizeFor::Cost));
    }
}
