//! The plan of one call: who may answer it, best first, and who may not, and why.
//!
//! Ill targets stay in the plan, because ill health must never strand a caller: see [`crate::balancer`].

use interline_core::{
    Capabilities, Error, ErrorKind, HealthView, NanoUsd, Operation, Result, Target,
};

use crate::balancer::{Affinity, Balance, Entrant, Rank, SessionKey, Standing, Stickiness, rank};
use crate::{Lack, Needs, Pricing, Rotation, StateRealm, TargetFacts, WeightedTarget};

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
    /// Its price, its tier, and where it works.
    pub facts: TargetFacts,
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
            facts: TargetFacts::new(),
        }
    }

    /// Says what is known of it; a price among that is a known one.
    #[must_use]
    pub fn with_facts(mut self, facts: TargetFacts) -> Self {
        if facts.prices.is_some() {
            self.pricing = Pricing::Known;
        }
        self.facts = facts;
        self
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
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// Who may answer, best first; never empty.
    pub targets: Vec<Target>,
    /// How each of them came to its place, in the same order.
    pub placements: Vec<Placement>,
    /// Whether the call's session had its way.
    pub stickiness: Stickiness,
    /// Who may not.
    pub excluded: Vec<Exclusion>,
    /// Wishes that some targets cannot follow and will not be told about.
    pub ignored: Vec<IgnoredHints>,
}

/// How a target came to its place.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Placement {
    /// How it stood.
    pub standing: Standing,
    /// What the strategy thought of it, the lower the better, in the strategy's own unit; for a target that
    /// is limited or closed: for how many seconds.
    pub figure: f32,
    /// The share that it gets while it recovers, where this call belongs to it: nobody need draw again
    /// whether it may be asked.
    pub drawn_share: Option<f32>,
}

/// What holds at the moment of a call.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Circumstances<'a> {
    /// How the targets are doing.
    pub health: &'a dyn HealthView,
    /// Whose turn it is, where turns are taken.
    pub rotation: &'a Rotation,
    /// What the call belongs to.
    pub session: Option<SessionKey>,
    /// What the call would cost at each member, in the same order; unknown where the list is shorter.
    pub prices: &'a [Option<NanoUsd>],
    /// A random number.
    pub draw: u64,
}

impl<'a> Circumstances<'a> {
    /// A call that belongs to nothing and whose price nobody knows.
    #[must_use]
    pub const fn new(health: &'a dyn HealthView, rotation: &'a Rotation, draw: u64) -> Self {
        Self {
            health,
            rotation,
            session: None,
            prices: &[],
            draw,
        }
    }

    /// Says what the call belongs to.
    #[must_use]
    pub const fn with_session(mut self, session: Option<SessionKey>) -> Self {
        self.session = session;
        self
    }

    /// Says what the call would cost at each member, in the same order.
    #[must_use]
    pub const fn with_prices(mut self, prices: &'a [Option<NanoUsd>]) -> Self {
        self.prices = prices;
        self
    }
}

impl std::fmt::Debug for Circumstances<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Circumstances")
            .field("session", &self.session)
            .field("prices", &self.prices)
            .field("draw", &self.draw)
            .finish_non_exhaustive()
    }
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

impl Exclusion {
    /// Excludes `target` for one reason.
    #[must_use]
    pub fn new(target: Target, lack: Lack) -> Self {
        Self {
            target,
            lacks: vec![lack],
        }
    }
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
/// `route` is the name for messages, `balance` the rule that orders those who may.
///
/// # Errors
/// `Unsupported` where nobody can carry the request; it names the field and who lacks it.
/// `ContextLength` where it is too long for everybody.
pub fn plan(
    route: &str,
    balance: &Balance,
    members: &[Member],
    needs: &Needs,
    now: &Circumstances<'_>,
) -> Result<Plan> {
    let mut plan = Plan::default();
    let mut entrants = Vec::with_capacity(members.len());
    let mut group = 0;
    for (place, member) in members.iter().enumerate() {
        let target = &member.target.target;
        // A target that says nothing of its group is one of its own, behind the one before it.
        group = member.target.priority.map_or(group + 1, u32::from);
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
        let entrant = Entrant::new(now.health.health(target))
            .with_slot(place)
            .with_weight(member.target.weight)
            .with_priority(group)
            .with_capacity(member.target.capacity)
            .with_quality(member.target.quality)
            .with_price(now.prices.get(place).copied().flatten());
        entrants.push(match balance.affinity {
            Affinity::Off => entrant,
            _ => entrant.with_name(target),
        });
    }
    if entrants.is_empty() {
        return Err(nobody(route, &plan.excluded));
    }
    let mut ranks = vec![Rank::default(); entrants.len()];
    let ranking = rank(
        balance,
        &entrants,
        now.rotation,
        now.session,
        now.draw,
        &mut ranks,
    );
    plan.stickiness = ranking.stickiness;
    for rank in ranks {
        let slot = entrants.get(rank.place()).map(|entrant| entrant.slot);
        if let Some(member) = slot.and_then(|slot| members.get(slot)) {
            plan.targets.push(member.target.target.clone());
            plan.placements.push(Placement {
                standing: rank.standing(),
                figure: rank.figure(),
                drawn_share: rank.drawn_share(),
            });
        }
    }
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
    let is_window = |lack: &Lack| matches!(lack, Lack::ContextWindow { .. });
    let is_long = |one: &Exclusion| one.lacks.iter().any(is_window);
    // Callers know that word, and shorten the conversation.
    let kind = match excluded.iter().all(is_long) {
        true if !excluded.is_empty() => ErrorKind::ContextLength,
        _ => ErrorKind::Unsupported,
    };
    let error = Error::new(
        kind,
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
    use crate::{Strategy, Strictness};

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
            &Balance::new(strategy),
            &members(list),
            &needs,
            &Circumstances::new(&Closed(closed), &Rotation::new(), 7),
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
            &Balance::new(Strategy::Fallback),
            members,
            needs,
            &Circumstances::new(&health, &rotation, 7),
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
        let balancing = Strategy::ALL.into_iter();
        for strategy in balancing.filter(|one| *one != Strategy::Fallback) {
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
