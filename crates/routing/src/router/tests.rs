//! Tests of the router: who decides what, and in which order the targets come.

use interline_catalog::{Prices, Rates};
use interline_core::{Capabilities, Faded, FeatureSet, TargetHealth, TargetLoad, TokenPrice};

use super::*;
use crate::balancer::Balance;
use crate::{Circumstances, Needs, Rotation, plan};

/// Name, USD per million tokens written, context window, seconds to the first token.
type Row = (&'static str, &'static str, u64, Option<f32>);

/// Best, middle and cheapest; the cheapest is the fastest and has the smallest window.
const ROWS: [Row; 4] = [
    ("a/best", "25", 200_000, Some(2.0)),
    ("b/good", "10", 200_000, Some(1.0)),
    ("c/cheap", "0.6", 8_000, Some(0.3)),
    ("d/other", "5", 1_000_000, None),
];

fn members() -> Vec<Member> {
    ROWS.iter()
        .map(|(name, usd, window, _)| {
            let price = TokenPrice::from_usd_per_mtok(usd).expect("a price");
            let mut can = Capabilities::new(FeatureSet::all());
            can.context_window = Some(*window);
            let target: Target = name.parse().expect("a target");
            let prices = Prices::new(Rates::new(price, price));
            Member::new(target, can).with_facts(TargetFacts::new().with_prices(prices))
        })
        .collect()
}

struct Measured;

impl HealthView for Measured {
    fn health(&self, target: &Target) -> TargetHealth {
        let row = ROWS.iter().find(|row| row.0 == target.to_string());
        let latency = row
            .and_then(|row| row.3)
            .map(|value| Faded::new(value, 1.0));
        TargetHealth::default().with_load(TargetLoad::default().with_latency(latency))
    }
}

fn ranking(names: &[&str]) -> Ranking {
    let targets: Vec<Target> = names
        .iter()
        .map(|name| name.parse().expect("a target"))
        .collect();
    Ranking::new(targets).expect("a list")
}

/// Coding has three targets of its own, everything else the default.
fn router() -> Router {
    let registry = TaskRegistry::new(ranking(&["b/good", "d/other"]))
        .with_task(Task::Coding, ranking(&["a/best", "b/good", "c/cheap"]));
    Router::new(registry)
}

fn classified(task: Task, complexity: Complexity) -> Classification {
    Classification::new(task, complexity, 0.9)
}

fn unsure(task: Task) -> Classification {
    Classification::new(task, Complexity::Simple, 0.3).abstained()
}

#[track_caller]
fn chosen(router: &Router, ask: &RouterAsk<'_>) -> Choice {
    router.choose(ask, &members(), &Measured).expect("a choice")
}

fn names(list: &[Target]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

fn no_tags() -> BTreeMap<String, String> {
    BTreeMap::new()
}

fn tags(name: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(name.to_owned(), value.to_owned())])
}

fn ask(tags: &BTreeMap<String, String>, auto: Option<OptimizeFor>) -> RouterAsk<'_> {
    RouterAsk::new(AutoModel::new(auto), CallSize::new(1_000), tags)
}

#[test]
fn a_tag_wins_over_the_classifier_and_the_unknown_gets_the_default() {
    let none = no_tags();
    let math = classified(Task::Math, Complexity::Medium);
    let tagged = ask(&none, None)
        .with_task(Task::Coding)
        .with_classification(&math);
    let choice = chosen(&router(), &tagged);
    assert_eq!(names(&choice.order), ["a/best", "b/good", "c/cheap"]);
    assert_eq!(choice.trace.task_from, TaskSource::Tag);
    assert_eq!(names(&choice.reserve), ["d/other"]);

    let coding = classified(Task::Coding, Complexity::Medium);
    let choice = chosen(&router(), &ask(&none, None).with_classification(&coding));
    assert_eq!(choice.trace.task_from, TaskSource::Classifier);
    assert_eq!(names(&choice.order)[0], "a/best");

    let choice = chosen(&router(), &ask(&none, None).with_classification(&math));
    assert_eq!(names(&choice.order), ["b/good", "d/other"]);
    assert!(choice.reserve.is_empty());

    let guess = unsure(Task::Coding);
    let choice = chosen(&router(), &ask(&none, None).with_classification(&guess));
    assert_eq!(choice.trace.task, None);
    assert_eq!(choice.trace.task_from, TaskSource::Unsure);
    assert_eq!(choice.trace.guess, Some((Task::Coding, 0.3)));
    assert_eq!(names(&choice.order), ["b/good", "d/other"]);

    let choice = chosen(&router(), &ask(&none, None));
    assert_eq!(choice.trace.task_from, TaskSource::Nobody);
}

#[track_caller]
fn check_objective(objective: OptimizeFor, expected: &[&str]) {
    let none = no_tags();
    let coding = ask(&none, Some(objective)).with_task(Task::Coding);
    let choice = chosen(&router(), &coding);
    assert_eq!(names(&choice.order), expected, "{objective}");
    assert_eq!(choice.trace.optimize_for_from, ObjectiveSource::Caller);
}

#[test]
fn each_objective_orders_in_its_own_way() {
    check_objective(OptimizeFor::Quality, &["a/best", "b/good", "c/cheap"]);
    check_objective(OptimizeFor::Cost, &["c/cheap", "b/good", "a/best"]);
    check_objective(OptimizeFor::Speed, &["c/cheap", "b/good", "a/best"]);
}

#[test]
fn simple_requests_begin_with_the_economy_tier_unless_quality_was_asked_for() {
    let none = no_tags();
    let simple = classified(Task::Coding, Complexity::Simple);
    let hard = classified(Task::Coding, Complexity::Complex);
    let first = |ask: &RouterAsk<'_>, router: &Router| names(&chosen(router, ask).order)[0].clone();
    let plain = ask(&none, None);
    let begins = |answer| first(&plain.clone().with_classification(answer), &router());
    assert_eq!(begins(&simple), "c/cheap");
    assert_eq!(begins(&hard), "a/best");
    let fact = classified(Task::SimpleQa, Complexity::Medium);
    let tagged = plain
        .clone()
        .with_task(Task::Coding)
        .with_classification(&fact);
    assert_eq!(first(&tagged, &router()), "c/cheap", "a short fact");
    let outright = ask(&none, Some(OptimizeFor::Quality)).with_classification(&simple);
    assert_eq!(first(&outright, &router()), "a/best");
    let off = router().with_tiers(ComplexityTiers::off());
    assert_eq!(
        first(&plain.clone().with_classification(&simple), &off),
        "a/best"
    );
    let guess = unsure(Task::Coding);
    let tagged = plain.with_task(Task::Coding).with_classification(&guess);
    assert_eq!(
        first(&tagged, &router()),
        "a/best",
        "a guess is not acted upon"
    );
}

#[test]
fn long_context_goes_where_it_fits() {
    let none = no_tags();
    let mut long = ask(&none, Some(OptimizeFor::Cost)).with_task(Task::Coding);
    long.size = CallSize::new(9_000);
    let choice = chosen(&router(), &long);
    assert_eq!(names(&choice.order), ["b/good", "a/best", "c/cheap"]);
    assert_eq!(choice.trace.candidates[2].fit, Fit::Doubtful);
    long.size = CallSize::new(7_000).with_max_output_tokens(2_000);
    assert_eq!(
        names(&chosen(&router(), &long).order)[2],
        "c/cheap",
        "the answer counts"
    );
    long.size = CallSize::new(500_000);
    let choice = chosen(&router(), &long);
    assert!(
        choice.trace.candidates[..3]
            .iter()
            .all(|one| one.fit == Fit::TooLong)
    );
    assert_eq!(
        names(&choice.reserve),
        ["d/other"],
        "it fits, and is asked where nobody else can"
    );
}

#[test]
fn rules_decide_where_the_caller_says_nothing() {
    let premium = Rule::new(["plan=premium".parse().expect("a condition")])
        .with_optimize_for(OptimizeFor::Speed)
        .with_constraints(Constraints::new().with_providers(["a", "b"]));
    let router = router().with_rule(premium);
    let tags = tags("plan", "premium");
    let choice = chosen(&router, &ask(&tags, None).with_task(Task::Coding));
    assert_eq!(
        names(&choice.order)[0],
        "c/cheap",
        "the fastest; the plan will exclude it"
    );
    assert_eq!(choice.trace.optimize_for_from, ObjectiveSource::Rule);
    assert_eq!(
        choice.constraints,
        Constraints::new().with_providers(["a", "b"])
    );
    assert_eq!(choice.trace.rules, ["plan=premium"]);
    let own = ask(&tags, Some(OptimizeFor::Quality)).with_task(Task::Coding);
    assert_eq!(
        chosen(&router, &own).trace.optimize_for_from,
        ObjectiveSource::Caller
    );
    let none = no_tags();
    let choice = chosen(&router, &ask(&none, None));
    assert!(choice.constraints.is_empty());
}

#[test]
fn wishes_only_reorder() {
    let price = TokenPrice::from_usd_per_mtok("12").expect("a price");
    let cheap = Preferences::new().with_max_price(PriceCap::new(None, Some(price)));
    let none = no_tags();
    let coding = ask(&none, None).with_task(Task::Coding);
    let choice = chosen(&router().with_preferences(cheap.clone()), &coding);
    assert_eq!(names(&choice.order), ["b/good", "c/cheap", "a/best"]);
    let fast = cheap
        .with_first_token_within(Duration::from_millis(500))
        .with_providers(["a", "c"]);
    let choice = chosen(&router().with_preferences(fast), &coding);
    assert_eq!(names(&choice.order), ["c/cheap", "a/best", "b/good"]);
    assert_eq!(choice.trace.candidates[2].missed_wishes, 2);
}

#[test]
fn what_is_left_of_the_budget_lowers_the_objective() {
    let none = no_tags();
    let coding = ask(&none, None).with_task(Task::Coding);
    let low = coding
        .clone()
        .with_budget(BudgetLevel::Low, Urgency::Standard);
    let choice = chosen(&router(), &low);
    assert_eq!(names(&choice.order)[0], "c/cheap");
    assert_eq!(choice.trace.optimize_for_from, ObjectiveSource::Budget);
    let critical = coding
        .clone()
        .with_budget(BudgetLevel::Middle, Urgency::Critical);
    assert_eq!(names(&chosen(&router(), &critical).order)[0], "a/best");
    let refused = coding.with_budget(BudgetLevel::Exhausted, Urgency::Critical);
    let error = router()
        .choose(&refused, &members(), &Measured)
        .expect_err("no money");
    assert_eq!(error.kind(), ErrorKind::Budget);
}

#[test]
fn a_written_list_stands_for_its_objective() {
    let coding = ranking(&["a/best", "b/good"])
        .with_list(
            OptimizeFor::Cost,
            vec![Target::new("d", "other"), Target::new("c", "cheap")],
        )
        .expect("a list");
    let registry = TaskRegistry::new(ranking(&["b/good"])).with_task(Task::Coding, coding);
    let none = no_tags();
    let cost = ask(&none, Some(OptimizeFor::Cost)).with_task(Task::Coding);
    let choice = chosen(&Router::new(registry), &cost);
    assert_eq!(names(&choice.order), ["d/other", "c/cheap"]);
    assert_eq!(names(&choice.reserve), ["b/good"]);
}

#[test]
fn a_router_that_knows_none_of_its_targets_says_so() {
    let none = no_tags();
    let error = router()
        .choose(&ask(&none, None), &[], &Measured)
        .expect_err("nobody");
    assert_eq!(error.kind(), ErrorKind::Internal);
}

#[test]
fn a_plan_holds_nobody_who_breaks_a_constraint_and_an_error_says_who_breaks_which() {
    let price = TokenPrice::from_usd_per_mtok("10").expect("a price");
    let constraints = Constraints::new()
        .with_providers(["a", "b", "c"])
        .with_max_price(PriceCap::new(None, Some(price)));
    let needs = Needs::default().with_size(CallSize::new(20_000));
    let planned = |needs: &Needs| {
        let rotation = Rotation::new();
        let now = Circumstances::new(&Measured, &rotation, 7);
        plan("auto", &Balance::default(), &members(), needs, &now)
    };
    let plan = planned(&needs.clone().with_constraints(constraints.clone())).expect("a plan");
    assert_eq!(names(&plan.targets), ["b/good"]);
    let lacks: Vec<_> = plan
        .excluded
        .iter()
        .map(|one| one.lacks[0].code())
        .collect();
    assert_eq!(lacks, ["price_cap", "context_window", "provider"]);
    let nobody = constraints.with_regions(["eu"]);
    let error = planned(&needs.with_constraints(nobody)).expect_err("no region is known");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    for words in [
        "a/best lacks region eu, a price within 10 USD per million tokens written",
        "b/good lacks region eu",
        "d/other lacks an allowed provider, region eu",
    ] {
        assert!(error.message().contains(words), "{error}");
    }
}

#[test]
fn what_is_too_long_for_everybody_is_told_as_such() {
    let needs = Needs::default().with_size(CallSize::new(5_000_000));
    let rotation = Rotation::new();
    let now = Circumstances::new(&Measured, &rotation, 7);
    let error = plan("auto", &Balance::default(), &members(), &needs, &now).expect_err("nobody");
    assert_eq!(error.kind(), ErrorKind::ContextLength);
    assert_eq!(error.param(), Some("messages"));
    let words = "c/cheap lacks a context window of about 5000000 tokens (it has 8000)";
    assert!(error.message().contains(words), "{error}");
}
