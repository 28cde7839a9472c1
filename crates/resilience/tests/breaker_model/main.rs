//! The breaker against a naive reference that keeps the whole history, over random operations.

#![allow(clippy::unwrap_used, reason = "the reference is a helper of tests")]
#![allow(
    clippy::print_stderr,
    reason = "what random operations met is worth reading"
)]

mod reference;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use interline_resilience::breaker::{
    Breaker, BreakerConfig, BreakerState, BreakerTicket, Change, Circuit, Fleet, Member, TripRule,
    Verdict,
};
use interline_resilience::{LatencyDigest, SkipReason};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use tokio::time::Instant;

use reference::{End, Expected, Model, Mood, Role, State, Told};

const TARGETS: usize = 2;

#[derive(Clone, Debug)]
enum Operation {
    Advance(u64),
    Admit { target: usize, draw: f64 },
    AdmitAnyway { target: usize },
    Settle { which: usize, end: End },
}

/// The model as a source of operations.
#[derive(Debug)]
struct Reference;

impl ReferenceStateMachine for Reference {
    type State = Model;
    type Transition = Operation;

    fn init_state() -> BoxedStrategy<Model> {
        let config = prop_oneof![1 => Just(simple()), 3 => Just(adaptive())];
        let mood = || {
            prop_oneof![
                Just(Mood::Well),
                Just(Mood::Ill),
                Just(Mood::Slow),
                Just(Mood::Unsteady)
            ]
        };
        (config, [mood(), mood()])
            .prop_map(|(config, moods)| Model::new(config, &moods))
            .boxed()
    }

    fn transitions(model: &Model) -> BoxedStrategy<Operation> {
        let under_way = model.under_way.len();
        let sends = prop_oneof![
            4 => prop_oneof![9 => 0_u64..200, 2 => 200_u64..3000, 1 => 3000_u64..40_000].prop_map(Operation::Advance),
            8 => (0..TARGETS, 0.0..1.0_f64)
                .prop_map(|(target, draw)| Operation::Admit { target, draw }),
            2 => (0..TARGETS).prop_map(|target| Operation::AdmitAnyway { target }),
        ];
        if under_way == 0 {
            return sends.boxed();
        }
        let moods: Vec<Mood> = model
            .under_way
            .iter()
            .map(|r| model.moods[r.target])
            .collect();
        let settles = (0..under_way).prop_flat_map(move |which| {
            ends(moods[which]).prop_map(move |end| Operation::Settle { which, end })
        });
        prop_oneof![1 => sends, 1 => settles].boxed()
    }

    fn preconditions(model: &Model, operation: &Operation) -> bool {
        match operation {
            Operation::Settle { which, .. } => *which < model.under_way.len(),
            _ => true,
        }
    }

    fn apply(mut model: Model, operation: &Operation) -> Model {
        match *operation {
            Operation::Advance(ms) => model.advance(ms),
            Operation::Admit { target, draw } => model.admit(target, draw),
            Operation::AdmitAnyway { target } => model.admit_anyway(target),
            Operation::Settle { which, end } => model.settle(which, end),
        }
        model
    }
}

/// How requests to a target in this mood end.
fn ends(mood: Mood) -> impl Strategy<Value = End> {
    let (success, slow, error, stall) = match mood {
        Mood::Well => (20, 1, 1, 0),
        Mood::Ill => (2, 0, 6, 2),
        Mood::Slow => (1, 8, 1, 0),
        Mood::Unsteady => (7, 1, 3, 0),
    };
    prop_oneof![
        success => Just(End::Success),
        slow => Just(End::Slow),
        error => Just(End::Error),
        stall => Just(End::Stall),
        1 => Just(End::Ignored),
    ]
}

fn simple() -> BreakerConfig {
    BreakerConfig::simple()
}

/// Small numbers, so that random operations meet every rule; no jitter, so that times are known.
fn adaptive() -> BreakerConfig {
    let mut config = BreakerConfig::adaptive();
    config.open.jitter_floor = 1.0;
    config.degraded.review_samples = 3;
    config.degraded.trial_every = Duration::from_millis(50);
    if let TripRule::Adaptive(rule) = &mut config.trip {
        rule.streak_chance = 1e-3;
        rule.failure_samples = 6;
        rule.slow_samples = 4;
        rule.outlier_samples = 5;
    }
    config
}

/// The real thing.
#[derive(Debug)]
struct Machine {
    start: Instant,
    breakers: Vec<Breaker>,
    under_way: Vec<(usize, BreakerTicket)>,
}

impl StateMachineTest for Machine {
    type SystemUnderTest = Self;
    type Reference = Reference;

    fn init_test(model: &Model) -> Self {
        let start = Instant::now();
        let latency = Arc::new(LatencyDigest::new(start));
        let members =
            (0..TARGETS).map(|_| Member::new(Arc::new(Circuit::new(model.config, start))));
        let fleet = Fleet::new(members, latency, Duration::from_secs(10), start);
        Self {
            start,
            breakers: fleet.breakers(),
            under_way: Vec::new(),
        }
    }

    fn apply(mut machine: Self, model: &Model, operation: Operation) -> Self {
        let now = machine.start + Duration::from_millis(model.now_ms);
        let found = match operation {
            Operation::Advance(_) => Expected::Nothing,
            Operation::Admit { target, draw } => match machine.breakers[target].admit(now, draw) {
                Ok(ticket) => machine.admitted(target, ticket),
                Err(skip) => Expected::Refused {
                    ms: skip.retry_in.as_millis() as u64,
                    is_probing: skip.reason == SkipReason::Probing,
                },
            },
            Operation::AdmitAnyway { target } => {
                match machine.breakers[target].admit_anyway(now, 0.5) {
                    Some(ticket) => machine.admitted(target, ticket),
                    None => Expected::NotEvenAnyway,
                }
            }
            Operation::Settle { which, end } => {
                let (target, ticket) = machine.under_way.swap_remove(which);
                let change = machine.breakers[target].settle(ticket, verdict(end), now);
                Expected::Settled(change.map(told))
            }
        };
        assert_eq!(
            found, model.expected,
            "at {} ms: {operation:?}",
            model.now_ms
        );
        machine
    }

    fn check_invariants(machine: &Self, model: &Model) {
        let now = machine.start + Duration::from_millis(model.now_ms);
        for (breaker, target) in machine.breakers.iter().zip(&model.targets) {
            let expected = match target.state {
                State::Ramping { end_ms } if model.now_ms >= end_ms => BreakerState::Closed,
                State::Closed => BreakerState::Closed,
                State::Ramping { .. } => BreakerState::Ramping,
                State::Degraded { .. } => BreakerState::Degraded,
                State::Open { .. } => BreakerState::Open,
                State::HalfOpen => BreakerState::HalfOpen,
            };
            assert_eq!(breaker.state(now), expected);
            let health = breaker.health(now);
            assert!(
                health
                    .closed_for
                    .is_none_or(|left| left <= Duration::from_secs(30))
            );
        }
    }
}

impl Machine {
    fn admitted(&mut self, target: usize, ticket: BreakerTicket) -> Expected {
        self.under_way.push((target, ticket));
        Expected::Admitted {
            role: match (ticket.is_probe(), ticket.is_last_resort()) {
                (true, _) => Role::Probe,
                (_, true) => Role::LastResort,
                _ => Role::Ordinary,
            },
            change: ticket.change().map(told),
        }
    }
}

fn verdict(end: End) -> Verdict {
    let first_token = |secs| Some(Duration::from_secs(secs));
    match end {
        End::Success => Verdict::Success {
            first_token: first_token(1),
        },
        End::Slow => Verdict::Success {
            first_token: first_token(4),
        },
        End::Error => Verdict::ERROR,
        End::Stall => Verdict::STALL,
        End::Ignored => Verdict::Ignored,
    }
}

fn told(change: Change) -> Told {
    match change {
        Change::Opened { trip, duration } => {
            Told::Opened(trip, duration.as_nanos().div_ceil(1_000_000) as u64)
        }
        Change::Degraded { trip } => Told::Degraded(trip),
        Change::Probing => Told::Probing,
        Change::Closed { ramp } => Told::Closed {
            ramp_ms: ramp.as_millis() as u64,
        },
        other => panic!("nothing asked for {other:?}"),
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_breaker_decides_as_its_whole_history_says(sequential 1..250 => Machine);
}

/// A model that never opens proves little.
#[test]
fn random_operations_meet_every_rule() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = Reference::sequential_strategy(1..250);
    let mut met: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..400 {
        let (mut model, operations, _) = strategy.new_tree(&mut runner).unwrap().current();
        for operation in &operations {
            model = Reference::apply(model, operation);
            let what = match &model.expected {
                Expected::Settled(Some(Told::Opened(trip, _))) => {
                    format!("opened by {}", trip.code())
                }
                Expected::Settled(Some(change)) => format!("{change:?}"),
                Expected::Admitted { role, change } => format!("{role:?}, {change:?}"),
                Expected::Refused { ms: 0, .. } => "not the share".to_owned(),
                Expected::Refused { is_probing, .. } => format!("refused, probing: {is_probing}"),
                other => format!("{other:?}"),
            };
            *met.entry(what).or_default() += 1;
        }
    }
    eprintln!("{met:#?}");
    for rule in [
        "opened by count",
        "opened by streak",
        "opened by ratio",
        "opened by probe",
        "Degraded(Slow)",
        "Degraded(Outlier)",
        "Closed { ramp_ms: 0 }",
        "Closed { ramp_ms: 10000 }",
        "Ordinary, Some(Closed { ramp_ms: 10000 })",
        "Probe, Some(Probing)",
        "Probe, None",
        "LastResort, None",
        "NotEvenAnyway",
        "not the share",
        "refused, probing: true",
        "refused, probing: false",
    ] {
        let times = met.get(rule).copied().unwrap_or_default();
        assert!(times >= 10, "{rule}: {times} times");
    }
}
