//! The limiter beside a naive one: exact arithmetic, one plain struct per bucket, no atomics.
//!
//! Both see the same random calls. They must agree on every decision, but where the naive one is within
//! a few nanoseconds of deciding otherwise: the limiter rounds every cost up to whole nanoseconds.

use std::time::Duration;

use interline_core::Usage;
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use tokio::time::Instant;

use super::{Hold, LimitConfig, Limiter, Need, OutputReserve, Priority, Settlement, Shares, Spent};

const RPM: u64 = 60;
const TPM: u64 = 6000;
const SLOTS: u64 = 8;
const SHARE: f64 = 0.1;
const MINUTE_NANOS: i128 = 60_000_000_000;
/// A burst of 600 tokens is held with a nanosecond for each, and operations round by one each.
const TOLERANCE_NANOS: i128 = 1000;

#[derive(Clone, Debug)]
enum Step {
    Advance { millis: u64 },
    Reserve { tokens: u64, priority: Priority },
    Settle { which: usize, how: How },
}

#[derive(Clone, Copy, Debug)]
enum How {
    Answered { percent: u64 },
    Broken { percent: u64 },
    Refused,
    Unsent,
}

/// What may happen next does not depend on what happened.
struct AnyStep;

impl ReferenceStateMachine for AnyStep {
    type State = ();
    type Transition = Step;

    fn init_state() -> BoxedStrategy<()> {
        Just(()).boxed()
    }

    fn transitions((): &()) -> BoxedStrategy<Step> {
        let how = prop_oneof![
            (0_u64..300).prop_map(|percent| How::Answered { percent }),
            (0_u64..300).prop_map(|percent| How::Broken { percent }),
            Just(How::Refused),
            Just(How::Unsent),
        ];
        prop_oneof![
            (0_u64..4000).prop_map(|millis| Step::Advance { millis }),
            (0_u64..1200, 0_usize..3).prop_map(|(tokens, rank)| Step::Reserve {
                tokens,
                priority: Priority::ALL[rank],
            }),
            (0_usize..8, how).prop_map(|(which, how)| Step::Settle { which, how }),
        ]
        .boxed()
    }

    fn apply((): (), _: &Step) {}
}

/// A bucket that leaks, in units times the nanoseconds of a minute: no division, so no rounding.
#[derive(Debug)]
struct Naive {
    per_minute: i128,
    burst: i128,
    limit: i128,
    level: i128,
}

impl Naive {
    fn new(limit: u64) -> Self {
        let burst = ((limit as f64 * SHARE) as i128).max(3.min(i128::from(limit) / 10));
        Self {
            per_minute: i128::from(limit) - burst + 1,
            burst,
            limit: i128::from(limit),
            level: 0,
        }
    }

    fn pass(&mut self, nanos: i128) {
        self.level = (self.level - nanos * self.per_minute).max(0);
    }

    fn units(&self, units: u64) -> i128 {
        i128::from(units).min(self.limit) * MINUTE_NANOS
    }

    /// How much room is left after taking so many units; none is lacking where it is not negative.
    fn room(&self, units: u64, share: f64) -> i128 {
        let burst = (self.burst * MINUTE_NANOS) as f64 * share;
        (burst as i128).max(self.units(units)) - self.level - self.units(units)
    }

    fn change(&mut self, units: i128) {
        let most = self.burst * MINUTE_NANOS + MINUTE_NANOS * self.per_minute;
        let change = units.clamp(-self.limit, self.limit) * MINUTE_NANOS;
        self.level = (self.level + change).clamp(0, most.max(self.level));
    }
}

#[derive(Debug)]
struct Both {
    limiter: Limiter,
    now: Instant,
    requests: Naive,
    tokens: Naive,
    open: Vec<(Hold, u64)>,
}

struct Limits;

impl StateMachineTest for Limits {
    type SystemUnderTest = Both;
    type Reference = AnyStep;

    fn init_test((): &()) -> Both {
        let now = Instant::now();
        let config = LimitConfig::new()
            .with_rpm(RPM)
            .with_tpm(TPM)
            .with_concurrency(SLOTS)
            .with_burst_share(SHARE)
            .with_output(OutputReserve::MaxTokens);
        Both {
            limiter: Limiter::new(config, now),
            now,
            requests: Naive::new(RPM),
            tokens: Naive::new(TPM),
            open: Vec::new(),
        }
    }

    fn apply(mut both: Both, (): &(), step: Step) -> Both {
        match step {
            Step::Advance { millis } => {
                both.now += Duration::from_millis(millis);
                let nanos = i128::from(millis) * 1_000_000;
                both.requests.pass(nanos);
                both.tokens.pass(nanos);
            }
            Step::Reserve { tokens, priority } => both.reserve(tokens, priority),
            Step::Settle { which, how } => both.settle(which, how),
        }
        both
    }

    fn check_invariants(both: &Both, (): &()) {
        assert_eq!(both.limiter.calls_held(), both.open.len() as u64);
        let tokens: u64 = both.open.iter().map(|(_, tokens)| tokens).sum();
        assert_eq!(both.limiter.tokens_held(), tokens);
    }
}

impl Both {
    fn reserve(&mut self, tokens: u64, priority: Priority) {
        let share = Shares::default().of(priority);
        let need = Need::new(0, tokens).with_priority(priority);
        let room = self
            .requests
            .room(1, share)
            .div_euclid(self.requests.per_minute)
            .min(if tokens == 0 {
                i128::MAX
            } else {
                self.tokens
                    .room(tokens, share)
                    .div_euclid(self.tokens.per_minute)
            });
        let has_slot = (self.open.len() as u64) < (SLOTS as f64 * share) as u64;
        let expected = has_slot && room >= 0;
        let taken = self.limiter.reserve(self.now, &need);
        let is_close = has_slot && room.abs() <= TOLERANCE_NANOS;
        assert!(
            taken.is_ok() == expected || is_close,
            "{taken:?}, but the naive one has {room} ns left"
        );
        match taken {
            Ok(hold) => {
                self.requests.level += self.requests.units(1);
                self.tokens.level += self.tokens.units(tokens);
                self.open.push((hold, tokens));
            }
            Err(wait) => {
                assert!(!wait.retry_in.is_zero());
                let lacking = -room;
                let told = i128::try_from(wait.retry_in.as_nanos()).unwrap_or(i128::MAX);
                assert!(
                    told + TOLERANCE_NANOS >= lacking,
                    "{wait:?} of {lacking} ns"
                );
            }
        }
    }

    fn settle(&mut self, which: usize, how: How) {
        if self.open.is_empty() {
            return;
        }
        let (hold, tokens) = self.open.swap_remove(which % self.open.len());
        let spent = |percent| Spent::new(Usage::new(0, tokens * percent / 100));
        let (settlement, used) = match how {
            How::Answered { percent } => {
                (Settlement::Answered(spent(percent)), tokens * percent / 100)
            }
            How::Broken { percent } => {
                let used = (tokens * percent / 100).max(tokens);
                (Settlement::Broken(spent(percent)), used)
            }
            How::Refused => (Settlement::Refused, 0),
            How::Unsent => (Settlement::Unsent, 0),
        };
        if matches!(how, How::Unsent) {
            self.requests.change(-1);
        }
        self.tokens.change(i128::from(used) - i128::from(tokens));
        self.limiter.settle(hold, settlement, self.now);
    }
}

prop_state_machine! {
    #[test]
    fn the_limiter_decides_as_a_naive_one_does(sequential 1..120 => Limits);
}
