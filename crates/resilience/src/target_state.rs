//! What [`SimpleBreaker`](crate::SimpleBreaker) knows of one target: circuit, pause, quarantine.
//!
//! Three separate things, because they have separate causes: a circuit speaks of the endpoint's
//! health, a pause is the vendor's own wish, a quarantine is about our credential.
//! Results of attempts that were admitted before the circuit last changed are ignored: they speak of
//! a time that is over.
//! Pure: time is an argument.

use std::collections::VecDeque;
use std::time::Duration;

use interline_core::{Error, HealthImpact, TargetHealth};
use tokio::time::Instant;

use crate::timeouts::later;
use crate::{HealthState, Outcome, SimpleBreakerConfig, Skip, SkipReason, Ticket as Carried};

/// What is known of one target. Default: nothing bad.
#[derive(Debug, Default)]
pub(crate) struct TargetState {
    circuit: Circuit,
    /// Counts openings and closings, so that late results are told apart.
    epoch: u64,
    /// Counts probes, so that only the latest one decides.
    probes: u64,
    /// The latest counted failures, oldest first; never more than the config's threshold.
    failures: VecDeque<Instant>,
    paused_until: Option<Instant>,
    quarantined_until: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Circuit {
    #[default]
    Closed,
    /// Passed over until then; the first one to ask afterwards probes.
    Open { until: Instant },
    /// Somebody probes; if nothing is heard of it until then, somebody else may.
    Probing { until: Instant },
}

/// What an admitted attempt remembers for its settlement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ticket {
    epoch: u64,
    role: Role,
}

impl Ticket {
    /// As the numbers that a permit carries.
    pub(crate) const fn carried(self) -> Carried {
        let (role, number) = match self.role {
            Role::Ordinary => (0, 0),
            Role::Probe(number) => (1, number),
            Role::LastResort { quarantined } => (2, quarantined as u64),
        };
        Carried::new([self.epoch, role, number, 0])
    }

    /// Back from the numbers that a permit carried.
    pub(crate) const fn from_carried(carried: &Carried) -> Self {
        let [epoch, role, number, _] = carried.numbers;
        let role = match role {
            1 => Role::Probe(number),
            2 => Role::LastResort {
                quarantined: number != 0,
            },
            _ => Role::Ordinary,
        };
        Self { epoch, role }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Role {
    #[default]
    Ordinary,
    /// With its number.
    Probe(u64),
    /// Admitted although the target was refused.
    LastResort {
        /// Whether the credential was among the reasons.
        quarantined: bool,
    },
}

impl TargetState {
    /// Asks to call the target. The second value tells a change to announce.
    pub(crate) fn admit(
        &mut self,
        now: Instant,
        config: &SimpleBreakerConfig,
    ) -> (Result<Ticket, Skip>, Option<HealthState>) {
        if let Some(skip) = self.refusal(now) {
            return (Err(skip), None);
        }
        match self.circuit {
            Circuit::Closed => (Ok(self.ticket(Role::Ordinary)), None),
            Circuit::Open { .. } | Circuit::Probing { .. } => {
                let until = later(now, config.skip_for);
                self.circuit = Circuit::Probing { until };
                self.probes += 1;
                let ticket = self.ticket(Role::Probe(self.probes));
                (Ok(ticket), Some(HealthState::Probing))
            }
        }
    }

    /// A ticket for a call that is made although the target is refused.
    pub(crate) fn admit_anyway(&self, now: Instant) -> Ticket {
        let quarantined = self.quarantined_until.is_some_and(|until| until > now);
        self.ticket(Role::LastResort { quarantined })
    }

    /// Takes note of how an attempt ended. Tells a change to announce.
    pub(crate) fn settle(
        &mut self,
        ticket: Ticket,
        outcome: Outcome<'_>,
        now: Instant,
        config: &SimpleBreakerConfig,
    ) -> Option<HealthState> {
        match outcome {
            Outcome::Success => self.succeeded(ticket),
            Outcome::Failure(error) | Outcome::Stalled(error) => {
                self.failed(ticket, error, now, config)
            }
            Outcome::Cancelled => {
                self.release_probe(ticket, now);
                None
            }
        }
    }

    /// How the target is doing, for the balancer.
    pub(crate) fn health(&self, now: Instant, config: &SimpleBreakerConfig) -> TargetHealth {
        let recent = self
            .failures
            .iter()
            .filter(|at| is_recent(**at, now, config.window))
            .count();
        let recent = u32::try_from(recent).unwrap_or(u32::MAX);
        match self.refusal(now) {
            Some(skip) => TargetHealth::closed_for(skip.retry_in, recent),
            None => TargetHealth::available(recent),
        }
    }

    /// Whether the circuit is closed and nothing else stands against a call.
    pub(crate) fn is_calm(&self, now: Instant) -> bool {
        matches!(self.circuit, Circuit::Closed) && self.refusal(now).is_none()
    }

    /// Whether nothing would be lost by forgetting the target.
    pub(crate) fn is_forgettable(&self, now: Instant, config: &SimpleBreakerConfig) -> bool {
        matches!(self.circuit, Circuit::Closed)
            && self.refusal(now).is_none()
            && !self
                .failures
                .iter()
                .any(|at| is_recent(*at, now, config.window))
    }

    /// Why and how long the target is refused now.
    fn refusal(&self, now: Instant) -> Option<Skip> {
        let left = |until: Option<Instant>| until.and_then(|until| time_left(until, now));
        let pause = left(self.paused_until);
        let quarantine = left(self.quarantined_until);
        let circuit = match self.circuit {
            Circuit::Closed => None,
            Circuit::Open { until } => {
                time_left(until, now).map(|left| Skip::new(SkipReason::Unhealthy, left))
            }
            Circuit::Probing { until } => {
                time_left(until, now).map(|left| Skip::new(SkipReason::Probing, left))
            }
        };
        // The reason that must not be overridden is named first; the wait is the longest one.
        let reason = match (pause, quarantine, circuit) {
            (Some(_), _, _) => SkipReason::Paused,
            (None, Some(_), _) => SkipReason::Credential,
            (None, None, Some(skip)) => skip.reason,
            (None, None, None) => return None,
        };
        let retry_in = pause.max(quarantine).max(circuit.map(|skip| skip.retry_in));
        Some(Skip::new(reason, retry_in.unwrap_or_default()))
    }

    fn succeeded(&mut self, ticket: Ticket) -> Option<HealthState> {
        if ticket.role == (Role::LastResort { quarantined: true }) {
            self.quarantined_until = None;
        }
        // A probe that another one followed still tells good news, and so does a last resort.
        let closes = !matches!(self.circuit, Circuit::Closed)
            && ticket.role != Role::Ordinary
            && ticket.epoch == self.epoch;
        if !closes {
            return None;
        }
        self.failures.clear();
        self.change(Circuit::Closed);
        Some(HealthState::Available)
    }

    fn failed(
        &mut self,
        ticket: Ticket,
        error: &Error,
        now: Instant,
        config: &SimpleBreakerConfig,
    ) -> Option<HealthState> {
        match error.health_impact() {
            HealthImpact::Endpoint | HealthImpact::Host => {
                let paused = self.pause(error, now, config);
                self.count_failure(ticket, now, config).or(paused)
            }
            HealthImpact::RateLimit => {
                self.release_probe(ticket, now);
                self.pause(error, now, config)
            }
            HealthImpact::Credential => {
                self.release_probe(ticket, now);
                let until = later(now, config.credential_quarantine);
                let is_news = self.quarantined_until.is_none_or(|old| old <= now);
                self.quarantined_until = self.quarantined_until.max(Some(until));
                is_news.then_some(HealthState::Skipped {
                    reason: SkipReason::Credential,
                    duration: config.credential_quarantine,
                })
            }
            _ => {
                self.release_probe(ticket, now);
                None
            }
        }
    }

    fn count_failure(
        &mut self,
        ticket: Ticket,
        now: Instant,
        config: &SimpleBreakerConfig,
    ) -> Option<HealthState> {
        if ticket.epoch != self.epoch {
            return None;
        }
        let opens = match self.circuit {
            Circuit::Closed => {
                self.failures.push_back(now);
                while self.failures.len() > config.threshold() {
                    self.failures.pop_front();
                }
                self.failures
                    .retain(|at| is_recent(*at, now, config.window));
                self.failures.len() >= config.threshold()
            }
            Circuit::Probing { .. } => self.is_latest_probe(ticket),
            Circuit::Open { .. } => false,
        };
        if !opens {
            return None;
        }
        let until = later(now, config.skip_for);
        self.change(Circuit::Open { until });
        Some(HealthState::Skipped {
            reason: SkipReason::Unhealthy,
            duration: config.skip_for,
        })
    }

    /// Remembers how long the vendor asked to wait; a later, shorter wish never shortens it.
    fn pause(
        &mut self,
        error: &Error,
        now: Instant,
        config: &SimpleBreakerConfig,
    ) -> Option<HealthState> {
        let duration = error.retry_after()?.min(config.max_pause);
        let until = later(now, duration);
        if self.paused_until.is_some_and(|old| old >= until) || duration.is_zero() {
            return None;
        }
        self.paused_until = Some(until);
        Some(HealthState::Skipped {
            reason: SkipReason::Paused,
            duration,
        })
    }

    /// A probe that found nothing out lets the next caller probe at once.
    fn release_probe(&mut self, ticket: Ticket, now: Instant) {
        if matches!(self.circuit, Circuit::Probing { .. }) && self.is_latest_probe(ticket) {
            self.circuit = Circuit::Open { until: now };
        }
    }

    fn is_latest_probe(&self, ticket: Ticket) -> bool {
        ticket.epoch == self.epoch && ticket.role == Role::Probe(self.probes)
    }

    const fn ticket(&self, role: Role) -> Ticket {
        Ticket {
            epoch: self.epoch,
            role,
        }
    }

    const fn change(&mut self, circuit: Circuit) {
        self.circuit = circuit;
        self.epoch += 1;
    }
}

fn is_recent(at: Instant, now: Instant, window: Duration) -> bool {
    now.saturating_duration_since(at) <= window
}

/// The time until `until`; `None` where it is over.
fn time_left(until: Instant, now: Instant) -> Option<Duration> {
    until
        .checked_duration_since(now)
        .filter(|left| !left.is_zero())
}
