//! A route: a name's targets, their weights, and the strategy that orders them.
//!
//! Mistakes in targets are kept until somebody asks for the targets, so that routes can be written
//! down without a `?` on each line.

use std::num::NonZeroU32;

use interline_core::{Error, Result, Target};

use crate::balancer::{Affinity, Balance, Capacity, ScoreWeights};
use crate::{Strategy, Strictness};

/// Where requests for one name may go, and by which rule.
#[derive(Clone, Debug)]
pub struct Route {
    balance: Balance,
    strictness: Strictness,
    targets: Vec<WeightedTarget>,
    mistake: Option<Error>,
}

/// More targets than that are refused: a mistake, since no call asks more than a handful.
const MAX_TARGETS: usize = 4096;

/// A target with its share of the calls, and what else a route says of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct WeightedTarget {
    /// The provider and model.
    pub target: Target,
    /// Its share, relative to the others of the route. Default: 1.
    /// `random`, `capacity`, `cost` and `score` do not look at it.
    pub weight: NonZeroU32,
    /// Its group under `fallback`, from 1, lower ones first. Default: one more than that of the target
    /// before it, so that every target is a group of its own.
    pub priority: Option<NonZeroU32>,
    /// How its calls are paid for. Default: by use.
    pub capacity: Capacity,
    /// How good its answers are, 0–1, for `score`. Default: unknown, which counts as 0.5.
    pub quality: Option<f32>,
}

impl WeightedTarget {
    /// A target with the weight 1.
    #[must_use]
    pub const fn new(target: Target) -> Self {
        Self {
            target,
            weight: NonZeroU32::MIN,
            priority: None,
            capacity: Capacity::OnDemand,
            quality: None,
        }
    }

    /// Sets the share.
    #[must_use]
    pub const fn with_weight(mut self, weight: NonZeroU32) -> Self {
        self.weight = weight;
        self
    }

    /// Sets its group under `fallback`, lower ones first.
    #[must_use]
    pub const fn with_priority(mut self, priority: NonZeroU32) -> Self {
        self.priority = Some(priority);
        self
    }

    /// Says how its calls are paid for.
    #[must_use]
    pub const fn with_capacity(mut self, capacity: Capacity) -> Self {
        self.capacity = capacity;
        self
    }

    /// Says how good its answers are, 0–1; see [`Route::targets`].
    #[must_use]
    pub const fn with_quality(mut self, quality: f32) -> Self {
        self.quality = Some(quality);
        self
    }
}

impl From<Target> for WeightedTarget {
    fn from(target: Target) -> Self {
        Self::new(target)
    }
}

/// What can be read as a target: a [`Target`], or text of the form `provider/model`.
pub trait IntoTarget {
    /// Reads the target.
    ///
    /// # Errors
    /// `InvalidRequest` where the text is not of the form `provider/model`.
    fn into_target(self) -> Result<Target>;
}

impl IntoTarget for Target {
    fn into_target(self) -> Result<Target> {
        Ok(self)
    }
}

impl IntoTarget for &str {
    fn into_target(self) -> Result<Target> {
        self.parse()
    }
}

impl IntoTarget for String {
    fn into_target(self) -> Result<Target> {
        self.parse()
    }
}

impl Route {
    /// Targets that are tried in this order.
    pub fn fallback<T: IntoTarget>(targets: impl IntoIterator<Item = T>) -> Self {
        targets.into_iter().fold(
            Self::empty(Strategy::Fallback),
            |route, target| match target.into_target() {
                Ok(target) => route.with_target(target),
                Err(error) => route.with_mistake(error),
            },
        )
    }

    /// A route without targets yet.
    #[must_use]
    pub fn empty(strategy: Strategy) -> Self {
        Self {
            balance: Balance::new(strategy),
            strictness: Strictness::Lenient,
            targets: Vec::new(),
            mistake: None,
        }
    }

    /// Orders the targets by another rule.
    #[must_use]
    pub const fn with_strategy(mut self, strategy: Strategy) -> Self {
        self.balance.strategy = strategy;
        self
    }

    /// Says what the strategy `score` looks at.
    #[must_use]
    pub const fn with_score(mut self, weights: ScoreWeights) -> Self {
        self.balance.score = weights;
        self
    }

    /// Says whether calls that belong together stay with one target while it is well.
    #[must_use]
    pub const fn with_affinity(mut self, affinity: Affinity) -> Self {
        self.balance.affinity = affinity;
        self
    }

    /// Says whether a target that cannot follow a hint is asked without it, or not at all.
    #[must_use]
    pub const fn with_strictness(mut self, strictness: Strictness) -> Self {
        self.strictness = strictness;
        self
    }

    /// Adds a target at the end.
    #[must_use]
    pub fn with_target(mut self, target: impl Into<WeightedTarget>) -> Self {
        self.targets.push(target.into());
        self
    }

    /// Sets a target's share of the calls, from 1.
    #[must_use]
    pub fn with_weight(mut self, target: impl IntoTarget, weight: u32) -> Self {
        match self.set_weight(target, weight) {
            Ok(()) => self,
            Err(error) => self.with_mistake(error),
        }
    }

    fn set_weight(&mut self, target: impl IntoTarget, weight: u32) -> Result<()> {
        let target = target.into_target()?;
        let weight = NonZeroU32::new(weight).ok_or_else(|| {
            Error::invalid_request(format!(
                "weight 0 of `{target}` would never be chosen: leave the target out"
            ))
        })?;
        let member = self
            .targets
            .iter_mut()
            .find(|member| member.target == target)
            .ok_or_else(|| {
                Error::invalid_request(format!("`{target}` has a weight but is not in the route"))
            })?;
        member.weight = weight;
        Ok(())
    }

    /// Keeps the first mistake.
    fn with_mistake(mut self, error: Error) -> Self {
        self.mistake.get_or_insert(error);
        self
    }

    /// The rule.
    #[must_use]
    pub const fn strategy(&self) -> Strategy {
        self.balance.strategy
    }

    /// How it balances.
    #[must_use]
    pub const fn balance(&self) -> &Balance {
        &self.balance
    }

    /// What becomes of hints that a target cannot follow.
    #[must_use]
    pub const fn strictness(&self) -> Strictness {
        self.strictness
    }

    /// The targets in the order written.
    ///
    /// # Errors
    /// `InvalidRequest` where a target, weight or quality is wrong, named twice, or where there is none or
    /// more than 4096.
    pub fn targets(&self) -> Result<&[WeightedTarget]> {
        if let Some(mistake) = &self.mistake {
            return Err(mistake.clone());
        }
        if self.targets.is_empty() {
            return Err(Error::invalid_request(
                "the route has no targets: name at least one `provider/model`",
            ));
        }
        if self.targets.len() > MAX_TARGETS {
            return Err(Error::invalid_request(format!(
                "the route has {} targets: at most {MAX_TARGETS} are possible",
                self.targets.len()
            )));
        }
        for (place, member) in self.targets.iter().enumerate() {
            if let Some(quality) = member.quality.filter(|one| !(0.0..=1.0).contains(one)) {
                return Err(Error::invalid_request(format!(
                    "quality {quality} of `{}` is not a number from 0 to 1",
                    member.target
                )));
            }
            if self
                .targets
                .iter()
                .take(place)
                .any(|m| m.target == member.target)
            {
                return Err(Error::invalid_request(format!(
                    "`{}` is in the route twice: use a weight instead",
                    member.target
                )));
            }
        }
        Ok(&self.targets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(route: &Route, named: &str) {
        let error = route.targets().expect_err("a mistake");
        assert!(error.message().contains(named), "{error}");
    }

    #[test]
    fn targets_keep_their_order_and_weights() {
        let route = Route::fallback(["a/m", "b/n/o"]).with_weight("b/n/o", 3);
        let targets = route.targets().expect("a good route");
        let shown: Vec<_> = targets
            .iter()
            .map(|member| (member.target.to_string(), member.weight.get()))
            .collect();
        assert_eq!(shown, [("a/m".to_owned(), 1), ("b/n/o".to_owned(), 3)]);
    }

    #[test]
    fn mistakes_surface_when_the_targets_are_read() {
        refused(&Route::fallback(["a/m", "gpt-4o"]), "`gpt-4o`");
        refused(&Route::fallback(Vec::<String>::new()), "no targets");
        refused(&Route::fallback(["a/m", "a/m"]), "twice");
        refused(&Route::fallback(["a/m"]).with_weight("a/m", 0), "weight 0");
        refused(&Route::fallback(["a/m"]).with_weight("b/m", 2), "`b/m`");
        let many = (0..=MAX_TARGETS).map(|n| format!("a/m{n}"));
        refused(&Route::fallback(many), "at most 4096");
        for quality in [1.5, -0.1, f32::NAN] {
            let target = WeightedTarget::new(Target::new("a", "m")).with_quality(quality);
            let route = Route::empty(Strategy::Score).with_target(target);
            refused(&route, "quality");
        }
    }
}
