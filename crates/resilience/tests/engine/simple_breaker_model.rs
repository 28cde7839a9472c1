//! The simple breaker against a naive model that keeps the whole history.

use std::sync::Arc;
use std::time::Duration;

use interline_core::{Error, ErrorKind as K, HealthView, RetryHint};
use interline_resilience::{
    Admission, Admit, Ask, Observers, Outcome, Permit, SimpleBreaker, SimpleBreakerConfig,
    SkipReason,
};
use proptest::prelude::*;
use tokio::time::Instant;

use crate::bench::{bad_key, failure, rate_limited, target, unavailable};

#[derive(Clone, Debug)]
enum Op {
    Advance(u64),
    Admit,
    AdmitAnyway,
    /// Settles one of the permits that are out.
    Settle(usize, End),
}

#[derive(Clone, Copy, Debug)]
enum End {
    Success,
    Fault,
    RateLimit(u64),
    Credential,
    Mistake,
    Cancel,
}

impl End {
    fn error(self) -> Option<Error> {
        match self {
            Self::Success | Self::Cancel => None,
            Self::Fault => Some(unavailable()),
            Self::RateLimit(seconds) => Some(rate_limited(Duration::from_secs(seconds))),
            Self::Credential => Some(bad_key()),
            Self::Mistake => Some(failure(K::InvalidRequest, RetryHint::Never)),
        }
    }
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        3 => Just(End::Success),
        6 => Just(End::Fault),
        1 => (1_u64..90).prop_map(End::RateLimit),
        1 => Just(End::Credential),
        1 => Just(End::Mistake),
        1 => Just(End::Cancel),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => (0_u64..40).prop_map(Op::Advance),
        6 => Just(Op::Admit),
        1 => Just(Op::AdmitAnyway),
        6 => (any::<usize>(), end()).prop_map(|(which, end)| Op::Settle(which, end)),
    ]
}

/// One permit as the model sees it.
#[derive(Clone, Copy, Debug)]
struct Out {
    /// How often the circuit had opened or closed when it was given.
    period: usize,
    is_probe: bool,
    is_last_resort: bool,
    was_quarantined: bool,
    serial: usize,
}

/// Whole seconds, whole history.
#[derive(Debug, Default)]
struct Model {
    now: u64,
    permits: usize,
    /// Openings and closings, alternating: when each happened.
    changes: Vec<u64>,
    /// Counted failures of the current closed period.
    failures: Vec<u64>,
    /// From when on a probe may be sent, while open.
    due: u64,
    probe: Option<(usize, u64)>,
    paused_until: u64,
    quarantined_until: u64,
}

impl Model {
    fn is_open(&self) -> bool {
        self.changes.len() % 2 == 1
    }

    fn refusal(&self) -> Option<SkipReason> {
        if self.paused_until > self.now {
            return Some(SkipReason::Paused);
        }
        if self.quarantined_until > self.now {
            return Some(SkipReason::Credential);
        }
        if !self.is_open() {
            return None;
        }
        match self.probe {
            Some((_, lease)) if lease > self.now => Some(SkipReason::Probing),
            Some(_) => None,
            None => (self.due > self.now).then_some(SkipReason::Unhealthy),
        }
    }

    fn give(&mut self, is_last_resort: bool) -> Out {
        self.permits += 1;
        let is_probe = self.is_open() && !is_last_resort;
        if is_probe {
            self.probe = Some((self.permits, self.now + 30));
        }
        Out {
            period: self.changes.len(),
            is_probe,
            is_last_resort,
            was_quarantined: self.quarantined_until > self.now,
            serial: self.permits,
        }
    }

    fn settle(&mut self, out: Out, end: End) {
        let is_current = out.period == self.changes.len();
        let decides = is_current && self.probe.is_some_and(|(serial, _)| serial == out.serial);
        match end {
            End::Success => {
                if out.is_last_resort && out.was_quarantined {
                    self.quarantined_until = 0;
                }
                if self.is_open() && is_current && (out.is_probe || out.is_last_resort) {
                    self.changes.push(self.now);
                    self.failures.clear();
                    self.probe = None;
                }
            }
            End::Fault if self.is_open() => {
                if decides {
                    // Reopening counts as two changes: results from before are void.
                    self.changes.extend([self.now, self.now]);
                    self.due = self.now + 30;
                    self.probe = None;
                }
            }
            End::Fault => {
                if is_current {
                    self.failures.push(self.now);
                    let recent = self.failures.iter().filter(|at| self.now - **at <= 60);
                    if recent.count() >= 3 {
                        self.changes.push(self.now);
                        self.due = self.now + 30;
                    }
                }
            }
            other => {
                if decides {
                    self.probe = None;
                    self.due = self.now;
                }
                match other {
                    End::RateLimit(seconds) => {
                        self.paused_until = self.paused_until.max(self.now + seconds);
                    }
                    End::Credential => self.quarantined_until = self.now + 60,
                    _ => {}
                }
            }
        }
    }
}

proptest! {
    #[test]
    fn the_breaker_decides_as_its_whole_history_says(ops in proptest::collection::vec(op(), 1..120)) {
        let breaker =
            SimpleBreaker::new(SimpleBreakerConfig::default(), Arc::new(Observers::none()));
        let target = target("a");
        let start = Instant::now();
        let mut model = Model::default();
        let mut out: Vec<(Permit, Out)> = Vec::new();
        for op in ops {
            let now = start + Duration::from_secs(model.now);
            match op {
                Op::Advance(seconds) => model.now += seconds,
                Op::Admit => {
                    let expected = model.refusal();
                    match breaker.admit(&Ask::new(&target, now)) {
                        Admit::Go(permit) => {
                            prop_assert_eq!(expected, None);
                            out.push((permit, model.give(false)));
                        }
                        Admit::Skip(skip) => prop_assert_eq!(expected, Some(skip.reason)),
                        other => panic!("{other:?}"),
                    }
                }
                Op::AdmitAnyway => {
                    let permit = breaker.admit_anyway(&Ask::new(&target, now)).unwrap();
                    out.push((permit, model.give(true)));
                }
                Op::Settle(_, _) if out.is_empty() => {}
                Op::Settle(which, end) => {
                    let (permit, remembered) = out.swap_remove(which % out.len());
                    match (end, end.error()) {
                        (End::Cancel, _) => permit.settle(Outcome::Cancelled, now),
                        (_, Some(error)) => permit.settle(Outcome::Failure(&error), now),
                        (_, None) => permit.settle(Outcome::Success, now),
                    }
                    model.settle(remembered, end);
                }
            }
        }
        // Whatever happened, it ends: after every timer a call is let through, and a success heals.
        let later = start + Duration::from_secs(model.now + 4000);
        let Admit::Go(permit) = breaker.admit(&Ask::new(&target, later)) else {
            panic!("a target is never skipped for ever");
        };
        permit.settle(Outcome::Success, later);
        prop_assert!(matches!(breaker.admit(&Ask::new(&target, later)), Admit::Go(_)));
        let _ = breaker.health(&target);
    }
}
