//! The plan of one call: who may answer it, best first, and who may not, and why.
//!
//! Ill targets stay in the plan, because ill health must never strand a caller.
//! The strategies that balance put them last, the one that is back soonest first.
//! `fallback` keeps the order written: passing over its first choice is a fallback, which the
//! attempt engine makes and reports.

use interline_core::{
    Capabilities, Error, ErrorKind, Feature, FeatureSet, HealthView, Result, Target,
};

use crate::order::order;
use crate::{Rotation, Strategy, WeightedTarget};

/// A target of a route with what it can do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Member {
    /// The target and its share.
    pub target: WeightedTarget,
    /// What the adapter with the model can do.
    pub capabilities: Capabilities,
}

impl Member {
    /// A target that can do this.
    pub fn new(target: impl Into<WeightedTarget>, capabilities: Capabilities) -> Self {
        Self {
            target: target.into(),
            capabilities,
        }
    }
}

/// Who may answer one call, best first, and who may not, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// Who may answer, best first; never empty.
    pub targets: Vec<Target>,
    /// Who may not.
    pub excluded: Vec<Exclusion>,
    /// Wishes that some targets cannot follow and will not be told about.
    pub ignored: Vec<IgnoredHints>,
}

/// A target that cannot carry what the request needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exclusion {
    /// Who is excluded.
    pub target: Target,
    /// What it lacks.
    pub lacks: Vec<Feature>,
}

/// Wishes that a target cannot follow.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IgnoredHints {
    /// Who.
    pub target: Target,
    /// Which wishes.
    pub hints: Vec<Feature>,
}

/// Decides who may answer a call that needs `needed`, best first.
///
/// `route` is the name for messages, `draw` a random number for the strategies that draw lots.
///
/// # Errors
/// `Unsupported` where nobody can carry the request; it names the field and who lacks it.
pub fn plan(
    route: &str,
    strategy: Strategy,
    members: &[Member],
    needed: FeatureSet,
    health: &dyn HealthView,
    rotation: &Rotation,
    draw: u64,
) -> Result<Plan> {
    let mut plan = Plan::default();
    let mut well = Vec::with_capacity(members.len());
    let mut ill = Vec::new();
    for (place, member) in members.iter().enumerate() {
        let target = &member.target.target;
        let lacks: Vec<_> = member.capabilities.lacks(needed).collect();
        if !lacks.is_empty() {
            let target = target.clone();
            plan.excluded.push(Exclusion { target, lacks });
            continue;
        }
        let hints: Vec<_> = member.capabilities.ignores(needed).collect();
        if !hints.is_empty() {
            let target = target.clone();
            plan.ignored.push(IgnoredHints { target, hints });
        }
        let closed_for = match strategy {
            Strategy::Fallback => None,
            Strategy::RoundRobin | Strategy::Random | Strategy::Weighted => {
                health.health(target).closed_for
            }
        };
        match closed_for {
            None => well.push((place, member.target.weight.get())),
            Some(duration) => ill.push((duration, place)),
        }
    }
    if well.is_empty() && ill.is_empty() {
        return Err(nobody(route, &plan.excluded));
    }
    order(strategy, &mut well, rotation, draw);
    ill.sort();
    plan.targets = well
        .into_iter()
        .map(|(place, _)| place)
        .chain(ill.into_iter().map(|(_, place)| place))
        .filter_map(|place| members.get(place))
        .map(|member| member.target.target.clone())
        .collect();
    Ok(plan)
}

fn nobody(route: &str, excluded: &[Exclusion]) -> Error {
    let names = |features: &[Feature]| {
        let names: Vec<_> = features.iter().map(|f| format!("`{}`", f.name())).collect();
        names.join(", ")
    };
    let who: Vec<_> = excluded
        .iter()
        .map(|one| format!("{} lacks {}", one.target, names(&one.lacks)))
        .collect();
    let error = Error::new(
        ErrorKind::Unsupported,
        format!(
            "no target of `{route}` can carry this request: {}",
            who.join("; ")
        ),
    );
    // The field that stops most targets is the one to drop or to find a target for.
    let worst = Feature::ALL.into_iter().rev().max_by_key(|feature| {
        let lacked = excluded.iter().filter(|one| one.lacks.contains(feature));
        lacked.count()
    });
    match worst {
        Some(feature) if !excluded.is_empty() => error.with_param(feature.name()),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use interline_core::TargetHealth;

    use super::*;

    /// Who is closed, and for how many seconds.
    struct Closed(&'static [(&'static str, u64)]);

    impl HealthView for Closed {
        fn health(&self, target: &Target) -> TargetHealth {
            let found = self.0.iter().find(|(name, _)| *name == target.to_string());
            found.map_or_else(TargetHealth::default, |(_, seconds)| {
                TargetHealth::closed_for(Duration::from_secs(*seconds), 3)
            })
        }
    }

    fn members(list: &[(&str, FeatureSet)]) -> Vec<Member> {
        list.iter()
            .map(|(name, features)| {
                let target: Target = name.parse().expect("a target");
                Member::new(target, Capabilities::new(*features))
            })
            .collect()
    }

    fn planned(
        strategy: Strategy,
        list: &[(&str, FeatureSet)],
        needed: &[Feature],
        closed: &'static [(&'static str, u64)],
    ) -> Result<Plan> {
        plan(
            "chat",
            strategy,
            &members(list),
            needed.iter().copied().collect(),
            &Closed(closed),
            &Rotation::new(),
            7,
        )
    }

    fn names(plan: &Plan) -> Vec<String> {
        plan.targets.iter().map(ToString::to_string).collect()
    }

    const ALL: FeatureSet = FeatureSet::all();

    #[test]
    fn a_target_that_lacks_a_semantic_feature_is_excluded_with_the_reason() {
        let list = [("a/m", ALL.without(Feature::Tools)), ("b/m", ALL)];
        let plan = planned(Strategy::Fallback, &list, &[Feature::Tools], &[]).expect("a plan");
        assert_eq!(names(&plan), ["b/m"]);
        assert_eq!(plan.excluded[0].target.to_string(), "a/m");
        assert_eq!(plan.excluded[0].lacks, [Feature::Tools]);
    }

    #[test]
    fn a_hint_that_is_lacked_is_noted_and_excludes_nobody() {
        let list = [("a/m", ALL.without(Feature::Seed)), ("b/m", ALL)];
        let plan = planned(Strategy::Fallback, &list, &[Feature::Seed], &[]).expect("a plan");
        assert_eq!(names(&plan), ["a/m", "b/m"]);
        assert_eq!(plan.ignored.len(), 1);
        assert_eq!(plan.ignored[0].hints, [Feature::Seed]);
    }

    #[test]
    fn where_nobody_is_left_the_error_names_the_field_and_who_lacks_it() {
        let none = ALL.without(Feature::Tools);
        let list = [("a/m", none), ("b/m", none.without(Feature::Images))];
        let needed = [Feature::Tools, Feature::Images];
        let error = planned(Strategy::Fallback, &list, &needed, &[]).expect_err("nobody");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.param(), Some("tools"));
        assert_eq!(
            error.message(),
            "no target of `chat` can carry this request: a/m lacks `tools`; b/m lacks `tools`, `images`"
        );
    }

    #[test]
    fn fallback_keeps_the_order_whatever_the_health() {
        let list = [("a/m", ALL), ("b/m", ALL)];
        let plan = planned(Strategy::Fallback, &list, &[], &[("a/m", 30)]).expect("a plan");
        assert_eq!(names(&plan), ["a/m", "b/m"]);
    }

    #[test]
    fn balancing_puts_ill_targets_last_and_the_soonest_back_first() {
        let list = [("a/m", ALL), ("b/m", ALL), ("c/m", ALL)];
        for strategy in [Strategy::RoundRobin, Strategy::Random, Strategy::Weighted] {
            let closed = &[("a/m", 30), ("b/m", 5)];
            let plan = planned(strategy, &list, &[], closed).expect("a plan");
            assert_eq!(names(&plan), ["c/m", "b/m", "a/m"], "{strategy}");
        }
    }

    #[test]
    fn a_plan_survives_that_everybody_is_ill() {
        let list = [("a/m", ALL), ("b/m", ALL)];
        let closed = &[("a/m", 30), ("b/m", 5)];
        let plan = planned(Strategy::Weighted, &list, &[], closed).expect("a plan");
        assert_eq!(names(&plan), ["b/m", "a/m"]);
    }
}
