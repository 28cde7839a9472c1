//! The plan of one call: who may answer it, best first, and who may not, and why.
//!
//! Ill targets stay in the plan, because ill health must never strand a caller.
//! The strategies that balance put them last, the one that is back soonest first.
//! `fallback` keeps the order written: passing over its first choice is a fallback, which the
//! attempt engine makes and reports.

use interline_core::{Capabilities, Error, ErrorKind, HealthView, Operation, Result, Target};

use crate::order::order;
use crate::{Lack, Needs, Pricing, Rotation, StateRealm, Strategy, WeightedTarget};

/// A target of a route with what it can do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Member {
    /// The target and its share.
    pub target: WeightedTarget,
    /// What the adapter with the model can do.
    pub capabilities: Capabilities,
    /// Which kinds of calls it serves.
    pub operations: Vec<Operation>,
    /// Whose signed reasoning it may receive, by format.
    pub realms: Vec<StateRealm>,
    /// Whether its price is known.
    pub pricing: Pricing,
}

impl Member {
    /// A target for chat that can do this, receives nobody's signed reasoning, and costs nobody knows what.
    pub fn new(target: impl Into<WeightedTarget>, capabilities: Capabilities) -> Self {
        Self {
            target: target.into(),
            capabilities,
            operations: vec![Operation::Chat],
            realms: Vec::new(),
            pricing: Pricing::Any,
        }
    }

    /// Says that its price is known.
    #[must_use]
    pub const fn with_known_price(mut self) -> Self {
        self.pricing = Pricing::Known;
        self
    }

    /// Adds a kind of calls.
    #[must_use]
    pub fn with_operation(mut self, operation: Operation) -> Self {
        self.operations.push(operation);
        self
    }

    /// Lets it receive signed reasoning.
    #[must_use]
    pub fn with_realm(mut self, realm: StateRealm) -> Self {
        self.realms.push(realm);
        self
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
    pub lacks: Vec<Lack>,
}

/// What a target is asked without.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IgnoredHints {
    /// Who.
    pub target: Target,
    /// Wishes that it cannot follow, and signed reasoning that it must not see.
    pub hints: Vec<Lack>,
}

/// Decides who may answer a call with these needs, best first.
///
/// `route` is the name for messages, `draw` a random number for the strategies that draw lots.
///
/// # Errors
/// `Unsupported` where nobody can carry the request; it names the field and who lacks it.
pub fn plan(
    route: &str,
    strategy: Strategy,
    members: &[Member],
    needs: &Needs,
    health: &dyn HealthView,
    rotation: &Rotation,
    draw: u64,
) -> Result<Plan> {
    let mut plan = Plan::default();
    let mut well = Vec::with_capacity(members.len());
    let mut ill = Vec::new();
    for (place, member) in members.iter().enumerate() {
        let target = &member.target.target;
        let (lacks, hints) = needs.missing_in(member);
        if !lacks.is_empty() {
            let target = target.clone();
            plan.excluded.push(Exclusion { target, lacks });
            continue;
        }
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
    let who: Vec<_> = excluded
        .iter()
        .map(|one| {
            let lacks: Vec<_> = one.lacks.iter().map(in_words).collect();
            format!("{} lacks {}", one.target, lacks.join(", "))
        })
        .collect();
    let error = Error::new(
        ErrorKind::Unsupported,
        format!(
            "no target of `{route}` can carry this request: {}",
            who.join("; ")
        ),
    );
    // The field that stops most targets is the one to drop or to find a target for; the first one
    // that was found where several stop as many.
    let all = || excluded.iter().flat_map(|one| &one.lacks);
    let stopped = |field: &str| {
        let by_field = |one: &&Exclusion| one.lacks.iter().any(|lack| lack.field() == field);
        excluded.iter().filter(by_field).count()
    };
    let fields: Vec<_> = all().map(Lack::field).collect();
    match fields.into_iter().rev().max_by_key(|field| stopped(field)) {
        Some(field) => error.with_param(field),
        None => error,
    }
}

fn in_words(lack: &Lack) -> String {
    match lack {
        Lack::Native(need) | Lack::UnknownField(need) => {
            format!("`{}` (needs {})", need.field, need.format)
        }
        Lack::Feature(feature) => format!("`{}`", feature.name()),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use interline_core::{Feature, FeatureSet, FormatId, NativeNeed, TargetHealth};

    use super::*;
    use crate::Strictness;

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
        let needs = Needs {
            features: needed.iter().copied().collect(),
            ..Needs::default()
        };
        plan(
            "chat",
            strategy,
            &members(list),
            &needs,
            &Closed(closed),
            &Rotation::new(),
            7,
        )
    }

    const RESPONSES: FormatId = FormatId::from_static("openai.responses");
    const MESSAGES: FormatId = FormatId::from_static("anthropic.messages");

    /// `r/m` speaks Responses, `a/m` Anthropic's Messages without seeds.
    fn two_formats() -> [Member; 2] {
        let member = |name: &str, features, format: FormatId, realm| {
            let can = Capabilities::new(features).with_format(format.clone());
            let target: Target = name.parse().expect("a target");
            Member::new(target, can).with_realm(StateRealm::new(format, realm))
        };
        [
            member("r/m", ALL, RESPONSES, "openai"),
            member("a/m", ALL.without(Feature::Seed), MESSAGES, "anthropic"),
        ]
    }

    fn planned_for(members: &[Member], needs: &Needs) -> Result<Plan> {
        let (health, rotation) = (Closed(&[]), Rotation::new());
        plan(
            "chat",
            Strategy::Fallback,
            members,
            needs,
            &health,
            &rotation,
            7,
        )
    }

    fn texts(lacks: &[Lack]) -> Vec<String> {
        lacks.iter().map(ToString::to_string).collect()
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

    #[test]
    fn a_native_need_excludes_who_does_not_speak_its_format() {
        let needs = Needs {
            native: vec![NativeNeed::new(RESPONSES, "previous_response_id")],
            ..Needs::default()
        };
        let plan = planned_for(&two_formats(), &needs).expect("a plan");
        assert_eq!(names(&plan), ["r/m"]);
        assert_eq!(
            texts(&plan.excluded[0].lacks),
            ["previous_response_id needs openai.responses"]
        );
        let [_, anthropic] = two_formats();
        let error = planned_for(&[anthropic], &needs).expect_err("nobody");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(error.param(), Some("previous_response_id"));
        assert_eq!(
            error.message(),
            "no target of `chat` can carry this request: \
             a/m lacks `previous_response_id` (needs openai.responses)"
        );
    }

    #[test]
    fn where_prices_must_be_known_a_target_of_unknown_price_is_excluded() {
        let [first, second] = two_formats();
        let members = [first, second.with_known_price()];
        let needs = Needs::default().with_pricing(Pricing::Known);
        let plan = planned_for(&members, &needs).expect("a plan");
        assert_eq!(names(&plan), ["a/m"]);
        assert_eq!(texts(&plan.excluded[0].lacks), ["a known price"]);
        let plan = planned_for(&members, &Needs::default()).expect("a plan");
        assert_eq!(names(&plan), ["r/m", "a/m"]);
    }

    #[test]
    fn a_target_without_the_operation_is_excluded() {
        let [responses, anthropic] = two_formats();
        let members = [responses.with_operation(Operation::Embeddings), anthropic];
        let needs = Needs::new(Operation::Embeddings);
        let plan = planned_for(&members, &needs).expect("a plan");
        assert_eq!(names(&plan), ["r/m"]);
        assert_eq!(texts(&plan.excluded[0].lacks), ["embeddings"]);
        let error = planned_for(&members[1..], &needs).expect_err("nobody");
        assert!(error.message().ends_with("a/m lacks embeddings"), "{error}");
    }

    /// Everything that may be left out for a target.
    fn wishes() -> Needs {
        Needs {
            features: [Feature::Seed].into_iter().collect(),
            unknown_fields: vec![NativeNeed::new(RESPONSES, "safety_identifier")],
            native_parts: vec![RESPONSES],
            signed: vec![
                StateRealm::new(RESPONSES, "openai"),
                StateRealm::new(RESPONSES, "xai"),
            ],
            ..Needs::default()
        }
    }

    #[test]
    fn what_a_target_is_asked_without_is_noted() {
        let plan = planned_for(&two_formats(), &wishes()).expect("a plan");
        assert_eq!(names(&plan), ["r/m", "a/m"]);
        assert_eq!(
            texts(&plan.ignored[0].hints),
            ["signed reasoning of openai.responses"],
            "another vendor of the format issued some of it"
        );
        assert_eq!(
            texts(&plan.ignored[1].hints),
            [
                "seed",
                "safety_identifier needs openai.responses",
                "signed reasoning of openai.responses",
                "message parts of openai.responses",
            ]
        );
    }

    #[test]
    fn a_strict_route_excludes_instead_of_leaving_out() {
        let mut needs = wishes().with_strictness(Strictness::Strict);
        needs.signed.truncate(1);
        let plan = planned_for(&two_formats(), &needs).expect("a plan");
        assert_eq!(names(&plan), ["r/m"]);
        assert_eq!(plan.ignored, []);
        assert_eq!(plan.excluded[0].lacks.len(), 4);
        let [_, anthropic] = two_formats();
        let error = planned_for(&[anthropic], &needs).expect_err("nobody");
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(
            error.param(),
            Some("seed"),
            "the first of those that stop as many"
        );
        for word in ["`seed`", "`safety_identifier` (needs openai.responses)"] {
            assert!(error.message().contains(word), "{error}");
        }
    }
}
