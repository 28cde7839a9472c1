//! A route: a name's targets, their weights, and the strategy that orders them.
//!
//! Mistakes in targets are kept until somebody asks for the targets, so that routes can be written
//! down without a `?` on each line.

use std::num::NonZeroU32;

use interline_core::{Error, Result, Target};

use crate::{Strategy, Strictness};

/// Where requests for one name may go, and by which rule.
#[derive(Clone, Debug)]
pub struct Route {
    strategy: Strategy,
    strictness: Strictness,
    targets: Vec<WeightedTarget>,
    mistake: Option<Error>,
}

/// A target with its share of the calls.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WeightedTarget {
    /// The provider and model.
    pub target: Target,
    /// Its share, relative to the others of the route. Default: 1.
    /// Strategies other than `round_robin` and `weighted` do not look at it.
    pub weight: NonZeroU32,
}

impl WeightedTarget {
    /// A target with the weight 1.
    #[must_use]
    pub const fn new(target: Target) -> Self {
        Self {
            target,
            weight: NonZeroU32::MIN,
        }
    }

    /// Sets the share.
    #[must_use]
    pub const fn with_weight(mut self, weight: NonZeroU32) -> Self {
        self.weight = weight;
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
    pub const fn empty(strategy: Strategy) -> Self {
        Self {
            strategy,
            strictness: Strictness::Lenient,
            targets: Vec::new(),
            mistake: None,
        }
    }

    /// Orders the targets by another rule.
    #[must_use]
    pub const fn with_strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
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
        self.strategy
    }

    /// What becomes of hints that a target cannot follow.
    #[must_use]
    pub const fn strictness(&self) -> Strictness {
        self.strictness
    }

    /// The targets in the order written.
    ///
    /// # Errors
    /// `InvalidRequest` where a target or weight is wrong, named twice, or where there is none.
    pub fn targets(&self) -> Result<&[WeightedTarget]> {
        if let Some(mistake) = &self.mistake {
            return Err(mistake.clone());
        }
        if self.targets.is_empty() {
            return Err(Error::invalid_request(
                "the route has no targets: name at least one `provider/model`",
            ));
        }
        for (place, member) in self.targets.iter().enumerate() {
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
    }
}
