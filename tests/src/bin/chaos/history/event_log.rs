//! The engine's events: folded into one hash, and counted for the checks.
//!
//! The hash covers every event in order with its virtual time, so two runs are the same to the byte
//! or have different hashes.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use interline_core::{CallId, Target};
use interline_resilience::{CallEvent, HealthState, Observer, SkipReason};
use tokio::time::Instant;

/// How a target is treated from a moment on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Move {
    /// Since the start of the run.
    pub(crate) at: Duration,
    /// Which target, by its place in the plan.
    pub(crate) target: usize,
    /// How it is treated now.
    pub(crate) to: Standing,
    /// Up to when, where that was said.
    pub(crate) until: Option<Duration>,
}

/// How a target is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is called.
    Closed,
    /// It is skipped for ill health.
    Open,
    /// It is being tried out.
    Probing,
    /// It is called less than others.
    Degraded,
    /// It asked to wait, or its limits are used up.
    Paused,
    /// Its credential is refused.
    Quarantined,
}

impl Standing {
    /// What the report calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::Probing => "probing",
            Self::Degraded => "degraded",
            Self::Paused => "paused",
            Self::Quarantined => "quarantined",
        }
    }
}

/// How often each end of a call was told.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ends {
    /// Answered, failed or cancelled.
    pub(crate) call: u8,
    /// Of an answered stream: finished, failed or cancelled.
    pub(crate) stream: u8,
}

/// Hears every event of the engine.
pub(crate) struct EventLog {
    start: Instant,
    /// The targets, to say them by their place in the plan.
    targets: HashMap<Target, usize>,
    heard: Mutex<Heard>,
}

/// What the events say.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    hasher: DefaultHasher,
    /// One for each call that ended.
    pub(crate) ends: Vec<Ends>,
    /// Changes of health, in order.
    pub(crate) moves: Vec<Move>,
    /// When a call passed over which target because it is out of service.
    pub(crate) passed_over: Vec<(Duration, usize)>,
    /// Attempts that are marked as perhaps charged.
    pub(crate) perhaps_billed: Vec<(usize, u32)>,
    /// How many events there were.
    pub(crate) events: u64,
}

impl Heard {
    /// The hash over all events.
    pub(crate) fn hash(&self) -> u64 {
        self.hasher.finish()
    }
}

impl EventLog {
    /// A log of a run that starts now.
    pub(crate) fn new(start: Instant, targets: HashMap<Target, usize>, calls: usize) -> Self {
        let heard = Heard {
            ends: vec![Ends::default(); calls],
            ..Heard::default()
        };
        Self {
            start,
            targets,
            heard: Mutex::new(heard),
        }
    }

    /// What was heard of the calls from one number up to another; changes of health are all there,
    /// passed over targets are not.
    pub(crate) fn part(&self, from: usize, until: usize) -> Heard {
        let heard = self.lock();
        let marks = heard.perhaps_billed.iter();
        let within = |(call, _): &&(usize, u32)| (from..until).contains(call);
        Heard {
            hasher: heard.hasher.clone(),
            ends: heard.ends.get(from..until).unwrap_or_default().to_vec(),
            moves: heard.moves.clone(),
            passed_over: Vec::new(),
            perhaps_billed: marks.filter(within).copied().collect(),
            events: heard.events,
        }
    }

    /// Takes everything out.
    pub(crate) fn take(&self) -> Heard {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, target: &Target) -> usize {
        self.targets.get(target).copied().unwrap_or(usize::MAX)
    }
}

/// The number of a call, which its id is.
pub(crate) fn number(call: &CallId) -> usize {
    call.as_str().parse().unwrap_or(usize::MAX)
}

impl Observer for EventLog {
    fn on_event(&self, event: &CallEvent) {
        let at = self.start.elapsed();
        let mut heard = self.lock();
        heard.events += 1;
        at.as_nanos().hash(&mut heard.hasher);
        let end = |heard: &mut Heard, call: &CallId, change: fn(&mut Ends)| {
            if let Some(ends) = heard.ends.get_mut(number(call)) {
                change(ends);
            }
        };
        match event {
            CallEvent::AttemptStarted {
                call,
                target,
                attempt,
                ..
            } => (1_u8, number(call), self.place(target), attempt).hash(&mut heard.hasher),
            CallEvent::AttemptFailed {
                call,
                target,
                attempt,
                error,
                ..
            }
            | CallEvent::StreamFailed {
                call,
                target,
                attempt,
                error,
                ..
            } => {
                let number = number(call);
                (2_u8, number, self.place(target), attempt).hash(&mut heard.hasher);
                (error.kind().code(), error.status()).hash(&mut heard.hasher);
                if error.maybe_billed() {
                    heard.perhaps_billed.push((number, *attempt));
                }
                if matches!(event, CallEvent::StreamFailed { .. }) {
                    end(&mut heard, call, |ends| ends.stream += 1);
                }
            }
            CallEvent::AttemptAbandoned {
                call,
                target,
                attempt,
                ..
            } => {
                let number = number(call);
                (10_u8, number, self.place(target), attempt).hash(&mut heard.hasher);
                heard.perhaps_billed.push((number, *attempt));
            }
            CallEvent::Answered { call, attempt, .. } => {
                (3_u8, number(call), attempt).hash(&mut heard.hasher);
                end(&mut heard, call, |ends| ends.call += 1);
            }
            CallEvent::Failed { call, error, .. } => {
                (4_u8, number(call), error.kind().code()).hash(&mut heard.hasher);
                end(&mut heard, call, |ends| ends.call += 1);
            }
            CallEvent::Cancelled { call, .. } => {
                (5_u8, number(call)).hash(&mut heard.hasher);
                end(&mut heard, call, |ends| ends.call += 1);
            }
            CallEvent::StreamFinished { call, .. } | CallEvent::StreamCancelled { call, .. } => {
                (6_u8, number(call)).hash(&mut heard.hasher);
                end(&mut heard, call, |ends| ends.stream += 1);
            }
            CallEvent::HealthChanged { target, state } => {
                let target = self.place(target);
                (7_u8, target, format!("{state:?}")).hash(&mut heard.hasher);
                let to = standing(state);
                let until = match state {
                    HealthState::Skipped { duration, .. } => Some(at + *duration),
                    _ => None,
                };
                heard.moves.push(Move {
                    at,
                    target,
                    to,
                    until,
                });
            }
            CallEvent::Skipped {
                call,
                target,
                reason,
                retry_in,
                ..
            } => {
                let target = self.place(target);
                (8_u8, number(call), target, retry_in).hash(&mut heard.hasher);
                let is_ill = matches!(
                    reason,
                    SkipReason::Unhealthy | SkipReason::Probing | SkipReason::Host
                );
                // No wait means that the target is in service, and only this call was not its share.
                if is_ill && !retry_in.is_zero() {
                    heard.passed_over.push((at, target));
                }
            }
            CallEvent::Retrying { call, delay, .. } => {
                (9_u8, number(call), delay).hash(&mut heard.hasher);
            }
            other => format!("{other:?}").hash(&mut heard.hasher),
        }
    }
}

fn standing(state: &HealthState) -> Standing {
    match state {
        HealthState::Available => Standing::Closed,
        HealthState::Probing => Standing::Probing,
        HealthState::Degraded => Standing::Degraded,
        HealthState::Skipped { reason, .. } => match reason {
            SkipReason::Probing => Standing::Probing,
            SkipReason::Paused | SkipReason::Limited => Standing::Paused,
            SkipReason::Credential => Standing::Quarantined,
            _ => Standing::Open,
        },
        _ => Standing::Closed,
    }
}

impl fmt::Debug for EventLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLog").finish_non_exhaustive()
    }
}
