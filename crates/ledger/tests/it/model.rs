//! The ledger against a naive reference that remembers every call and adds them up anew each time.

use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use proptest::test_runner::Config;
use proptest::{prop_assert_eq, sample};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

use interline_core::{Priority, Target, Usage};
use interline_ledger::{
    Budget, BudgetTier, Ledger, LedgerConfig, Payer, Period, Reservation, Scope, Share, SpendQuery,
};

use super::support::{NOON, at, nano};

const DAY: i64 = 86_400;

#[derive(Clone, Debug)]
enum Step {
    /// Moves the clock, back too.
    Clock(i64),
    Reserve {
        alice: bool,
        batch: bool,
        claude: bool,
        priority: Priority,
        estimate: i64,
    },
    Note(sample::Index, i64),
    Settle(sample::Index, Option<i64>),
    Drop(sample::Index),
    Release(sample::Index),
}

#[derive(Clone, Debug)]
struct Call {
    second: i64,
    alice: bool,
    batch: bool,
    claude: bool,
    estimate: i64,
    noted: Option<i64>,
    is_sent: bool,
    /// What it was charged, once it is over.
    charged: Option<i64>,
}

#[derive(Clone, Debug)]
struct Model {
    second: i64,
    calls: Vec<Call>,
    /// Which calls are under way, in the order in which the ledger's reservations are kept.
    open: Vec<usize>,
    last_admitted: bool,
}

/// A limit, the length of its window in seconds, and which calls count.
type Counted = (i64, i64, fn(&Call) -> bool);

const BUDGETS: [Counted; 4] = [
    (1_000, DAY, |_| true),
    (400, DAY, |call| call.alice),
    (700, DAY, |call| call.batch),
    (2_500, 7 * DAY, |call| call.claude),
];

fn window(second: i64, length: i64) -> i64 {
    // The first of January 1970 was a Thursday; weeks begin on Monday.
    let shift = if length == DAY { 0 } else { 3 * DAY };
    (second + shift).div_euclid(length)
}

impl Model {
    fn used(&self, budget: usize, second: i64) -> i64 {
        let (_, length, counts) = BUDGETS[budget];
        let here =
            |call: &&Call| counts(call) && window(call.second, length) == window(second, length);
        self.calls
            .iter()
            .filter(here)
            .map(|call| call.charged.unwrap_or(call.estimate))
            .sum()
    }

    fn admits(&self, call: &Call, priority: Priority) -> bool {
        BUDGETS
            .iter()
            .enumerate()
            .all(|(index, (limit, _, counts))| {
                let floor = match priority {
                    Priority::Critical => 0,
                    Priority::Low => limit * 20 / 100,
                    _ => limit * 5 / 100,
                };
                !counts(call) || self.used(index, self.second) + call.estimate <= limit - floor
            })
    }

    fn end(&mut self, index: &sample::Index, cost: impl FnOnce(&Call) -> i64) {
        if self.open.is_empty() {
            return;
        }
        let at = self.open.remove(index.index(self.open.len()));
        let call = &mut self.calls[at];
        call.charged = Some(cost(call));
    }
}

impl ReferenceStateMachine for Model {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        Just(Self {
            second: i64::try_from(NOON).expect("small"),
            calls: Vec::new(),
            open: Vec::new(),
            last_admitted: false,
        })
        .boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        let priority = sample::select(Priority::ALL.to_vec());
        let index = any::<sample::Index>;
        prop_oneof![
            2 => (-2 * DAY..3 * DAY).prop_map(Step::Clock),
            10 => (any::<bool>(), any::<bool>(), any::<bool>(), priority, 1..300_i64).prop_map(
                |(alice, batch, claude, priority, estimate)| Step::Reserve {
                    alice, batch, claude, priority, estimate,
                }
            ),
            2 => (index(), 0..400_i64).prop_map(|(index, cost)| Step::Note(index, cost)),
            5 => (index(), proptest::option::of(0..400_i64))
                .prop_map(|(index, cost)| Step::Settle(index, cost)),
            2 => index().prop_map(Step::Drop),
            1 => index().prop_map(Step::Release),
        ]
        .boxed()
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        match step {
            Step::Clock(by) => {
                // Within the eight windows that a ledger remembers.
                let noon = i64::try_from(NOON).expect("small");
                state.second = (state.second + by).clamp(noon - 2 * DAY, noon + 2 * DAY);
            }
            Step::Reserve {
                alice,
                batch,
                claude,
                priority,
                estimate,
            } => {
                let call = Call {
                    second: state.second,
                    alice: *alice,
                    batch: *batch,
                    claude: *claude,
                    estimate: *estimate,
                    noted: None,
                    is_sent: false,
                    charged: None,
                };
                state.last_admitted = state.admits(&call, *priority);
                if state.last_admitted {
                    state.open.push(state.calls.len());
                    state.calls.push(call);
                }
            }
            Step::Note(index, cost) => {
                if !state.open.is_empty() {
                    let call = state.open[index.index(state.open.len())];
                    state.calls[call].noted = Some(*cost);
                    state.calls[call].is_sent = true;
                }
            }
            Step::Settle(index, cost) => {
                state.end(index, |call| cost.or(call.noted).unwrap_or(call.estimate));
            }
            Step::Drop(index) => state.end(index, |call| match call.is_sent {
                true => call.noted.unwrap_or(call.estimate),
                false => 0,
            }),
            Step::Release(index) => state.end(index, |_| 0),
        }
        state
    }
}

struct Real {
    ledger: Ledger,
    open: Vec<Reservation>,
}

impl Real {
    fn take(&mut self, index: &sample::Index) -> Option<Reservation> {
        (!self.open.is_empty()).then(|| self.open.remove(index.index(self.open.len())))
    }
}

impl StateMachineTest for Real {
    type SystemUnderTest = Self;
    type Reference = Model;

    fn init_test(_: &Model) -> Self {
        let budget =
            |index: usize, per, scope| Budget::new(nano(BUDGETS[index].0), per).with_scope(scope);
        let config = LedgerConfig::new([
            budget(0, Period::Day, Scope::Whole),
            budget(1, Period::Day, Scope::Key("alice".to_owned())),
            budget(2, Period::Day, Scope::Tag("batch".to_owned())),
            budget(3, Period::Week, Scope::Provider("claude".to_owned())),
        ])
        .with_reserve(Share::percent(5))
        .with_share_of_left(None);
        Self {
            ledger: Ledger::in_memory(config, at(NOON)).expect("a good configuration"),
            open: Vec::new(),
        }
    }

    fn apply(mut real: Self, model: &Model, step: Step) -> Self {
        let now = at(model.second.unsigned_abs());
        match step {
            Step::Clock(_) => {}
            Step::Reserve {
                alice,
                batch,
                claude,
                priority,
                estimate,
            } => {
                let mut payer = Payer::new().with_priority(priority);
                if alice {
                    payer = payer.with_key("alice");
                }
                if batch {
                    payer = payer.with_tags(["batch"]);
                }
                let provider = if claude { "claude" } else { "openai" };
                let target = Target::new(provider, "m");
                let held = real
                    .ledger
                    .reserve(&payer, &target, Some(nano(estimate)), now);
                assert_eq!(held.is_ok(), model.last_admitted, "{held:?}");
                real.open.extend(held);
            }
            Step::Note(index, cost) => {
                if !real.open.is_empty() {
                    let at = index.index(real.open.len());
                    real.open[at].note(Usage::default(), Some(nano(cost)));
                }
            }
            Step::Settle(index, cost) => {
                if let Some(held) = real.take(&index) {
                    held.settle(Usage::default(), cost.map(nano));
                }
            }
            Step::Drop(index) => drop(real.take(&index)),
            Step::Release(index) => {
                if let Some(held) = real.take(&index) {
                    held.release();
                }
            }
        }
        real
    }

    fn check_invariants(real: &Self, model: &Model) {
        let statuses = real.ledger.budgets(at(model.second.unsigned_abs()));
        for (index, status) in statuses.iter().enumerate() {
            let used = status.spent.get() + status.held.get();
            assert_eq!(used, model.used(index, model.second), "budget {index}");
            let is_out = used >= BUDGETS[index].0;
            assert!(!is_out || status.tier == BudgetTier::Exhausted);
        }
        let rows = real.ledger.spend(&SpendQuery::default()).expect("rows");
        let cost: i64 = rows.iter().map(|row| row.tally.cost.get()).sum();
        let charged: i64 = model.calls.iter().filter_map(|call| call.charged).sum();
        assert_eq!(cost, charged, "the hours hold what calls were charged");
    }
}

prop_state_machine! {
    #![proptest_config(Config { cases: 256, ..Config::default() })]

    #[test]
    fn a_ledger_agrees_with_a_reference_that_adds_everything_up(sequential 1..80 => Real);
}

#[test]
fn weeks_of_the_reference_begin_on_monday() {
    let monday = 1_795_392_000;
    let check = || -> Result<(), proptest::test_runner::TestCaseError> {
        prop_assert_eq!(window(monday, 7 * DAY), window(monday - 1, 7 * DAY) + 1);
        Ok(())
    };
    check().expect("a Monday");
}
