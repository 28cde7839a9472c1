//! The breaker's transitions: rare, and therefore under the circuit's lock.
//!
//! Each looks again at the state once it holds the lock, so that of several requests that want the
//! same transition exactly one makes it. A doubtful trip first takes the fleet's lock, so that two
//! members cannot both leave when only one can be spared.

use std::time::Duration;

use tokio::time::Instant;

use super::circuit::{Details, Moment, Trial, nanos};
use super::config::{LeaseLength, TripRule};
use super::machine::Breaker;
use super::probes::{Finding, Held, Sign};
use super::status::{BreakerState, Mode, Status};
use super::verdict::{BreakerTicket, Change, Role, Trip, Verdict};
use super::window::{Counts, ratio};
use crate::rng::Draws;
use crate::{Skip, SkipReason};

/// After so many times the review's interval, few results are enough.
const PATIENCE: u32 = 3;

impl Breaker {
    /// Lets somebody else decide, or the breaker again. Earlier results are forgotten.
    pub fn force(&self, mode: Mode, now: Instant) -> Option<Change> {
        let mut details = self.circuit.lock();
        let status = self.circuit.status();
        if status.mode == mode {
            return None;
        }
        details.closed(self.circuit.at(now));
        self.circuit.forget_results();
        self.circuit.set_status(Status {
            mode,
            ..status.next_period(BreakerState::Closed, 0)
        });
        Some(Change::Forced(mode))
    }

    /// Keeps an open circuit open for as long as the vendor asks, up to the configured limit; never
    /// shortens it.
    pub fn extend_open(&self, retry_after: Duration, now: Instant) -> Option<Change> {
        let _details = self.circuit.lock();
        let status = self.circuit.status();
        if status.state != BreakerState::Open {
            return None;
        }
        let at = self.circuit.at(now);
        let duration = retry_after.min(self.circuit.config.open.max_retry_after);
        let until_ms = at.after(duration);
        if until_ms <= status.until_ms {
            return None;
        }
        self.circuit.set_status(Status { until_ms, ..status });
        Some(Change::Extended { duration })
    }

    /// Sends a request as a probe, where it is time and a place is free.
    pub(super) fn probe(
        &self,
        at: Moment,
        draw: f64,
        patience: Duration,
    ) -> Result<BreakerTicket, Skip> {
        let mut details = self.circuit.lock();
        let status = self.circuit.status();
        let reason = match status.state {
            BreakerState::Open => SkipReason::Unhealthy,
            BreakerState::HalfOpen => SkipReason::Probing,
            // Somebody closed it in the meantime.
            _ => return Ok(self.ticket(Role::Ordinary, status, at, draw)),
        };
        let left = at.until(status.until_ms);
        if !left.is_zero() {
            return Err(Skip::new(reason, left));
        }
        let rule = &self.circuit.config.probes;
        if details.probes.count_lasting(at.ms(), rule) == Finding::Back {
            let change = self.close(&mut details, status, at);
            let mut ticket = self.ticket(Role::Ordinary, self.circuit.status(), at, draw);
            ticket.change = Some(change);
            return Ok(ticket);
        }
        let free_from_ms = details.probes.free_from_ms(rule);
        if free_from_ms > at.ms() {
            let until_ms = free_from_ms;
            self.circuit.set_status(Status { until_ms, ..status });
            return Err(Skip::new(reason, at.until(until_ms)));
        }
        let lease = match rule.lease {
            LeaseLength::Fixed(length) => length,
            LeaseLength::BeyondStallLimit(margin) => patience
                .min(self.longest_lease())
                .max(self.fleet.stall_limit())
                .saturating_add(margin),
        };
        let mut ticket = self.ticket(Role::Probe, status, at, draw);
        details.probes.grant(ticket.sequence, at.after(lease), rule);
        self.circuit.set_status(Status {
            state: BreakerState::HalfOpen,
            until_ms: details.probes.free_from_ms(rule),
            ..status
        });
        if status.state == BreakerState::Open {
            ticket.change = Some(Change::Probing);
        }
        Ok(ticket)
    }

    /// Takes note of what a probe has shown of itself, so that it is not taken for lost.
    pub(super) fn probe_shows(&self, ticket: &BreakerTicket, sign: Sign, at: Moment) {
        let mut details = self.circuit.lock();
        let status = self.circuit.status();
        if status.period != ticket.period || status.state != BreakerState::HalfOpen {
            return;
        }
        let until_ms = at.after(self.longest_lease());
        details.probes.show(ticket.sequence, sign, until_ms);
        self.circuit.set_status(Status {
            until_ms: details.probes.free_from_ms(&self.circuit.config.probes),
            ..status
        });
    }

    /// How long a probe may be out that shows signs of life, and no more: as long as a target is out of
    /// service at most.
    fn longest_lease(&self) -> Duration {
        self.circuit.config.open.cap
    }

    /// Takes note of a result that came while the target was out of service.
    pub(super) fn judge_probe(
        &self,
        ticket: BreakerTicket,
        verdict: Verdict,
        at: Moment,
    ) -> Option<Change> {
        if ticket.role == Role::Ordinary {
            return None;
        }
        let mut details = self.circuit.lock();
        let status = self.circuit.status();
        if status.period != ticket.period || !is_out_of_service(status) {
            return None;
        }
        let rule = &self.circuit.config.probes;
        let finding = match verdict {
            Verdict::Success { first_token } => {
                let worth = self.worth(first_token);
                details.probes.succeed(ticket.sequence, worth, rule)
            }
            Verdict::Failure { .. } => details.probes.fail(ticket.sequence, rule),
            Verdict::Ignored => match details.probes.release(ticket.sequence) {
                Held::Yes | Held::No => Finding::Undecided,
            },
        };
        match finding {
            Finding::Back => Some(self.close(&mut details, status, at)),
            Finding::StillIll => {
                let retry_after = retry_after(verdict);
                Some(self.open_locked(&mut details, status, Trip::Probe, ticket, retry_after, at))
            }
            Finding::Undecided => {
                self.await_probes(&details, status, verdict);
                None
            }
        }
    }

    /// Opens the circuit on hard evidence.
    pub(super) fn open(
        &self,
        trip: Trip,
        ticket: BreakerTicket,
        retry_after: Option<Duration>,
        at: Moment,
    ) -> Option<Change> {
        let mut details = self.circuit.lock();
        let status = self.may_trip(ticket)?;
        Some(self.open_locked(&mut details, status, trip, ticket, retry_after, at))
    }

    /// Opens the circuit on doubtful evidence, if the group can do without the target.
    pub(super) fn eject(
        &self,
        trip: Trip,
        ticket: BreakerTicket,
        retry_after: Option<Duration>,
        at: Moment,
    ) -> Option<Change> {
        let _ejection = self.fleet.lock_ejection();
        if !self.can_be_spared(0.0, at.now) {
            return None;
        }
        self.open(trip, ticket, retry_after, at)
    }

    /// Leaves the target a small share of its requests, if somebody else is in full service.
    pub(super) fn degrade(&self, trip: Trip, ticket: BreakerTicket, at: Moment) -> Option<Change> {
        if self.circuit.status().state == BreakerState::Degraded {
            return None;
        }
        let _ejection = self.fleet.lock_ejection();
        let rule = &self.circuit.config.degraded;
        // How small its share becomes depends on what the group can do without.
        if !self.fleet.is_somebody_whole(self.index) {
            return None;
        }
        let mut details = self.circuit.lock();
        let status = self.may_trip(ticket)?;
        if status.state == BreakerState::Degraded {
            return None;
        }
        details.trial = Trial {
            trip: Some(trip),
            counts: Counts::default(),
            began_ms: at.ms(),
        };
        // What was sent before has been judged: so few requests follow that it would outvote them.
        self.circuit.forget_results();
        let until_ms = at.after(rule.review_every);
        self.circuit
            .set_status(status.next_period(BreakerState::Degraded, until_ms));
        Some(Change::Degraded { trip })
    }

    /// Opens the circuit where so many failures lie within the window.
    pub(super) fn count_failures(
        &self,
        failures: u32,
        window: Duration,
        ticket: BreakerTicket,
        retry_after: Option<Duration>,
        at: Moment,
    ) -> Option<Change> {
        // With the lock held, whoever counts last sees what the others wrote before they took it.
        let mut details = self.circuit.lock();
        if self.circuit.recent.count(at.nanos, nanos(window)) < failures {
            return None;
        }
        let status = self.may_trip(ticket)?;
        Some(self.open_locked(&mut details, status, Trip::Count, ticket, retry_after, at))
    }

    /// Counts a result of a degraded target, and reviews it where that is due.
    pub(super) fn judge_trial(
        &self,
        ticket: BreakerTicket,
        verdict: Verdict,
        at: Moment,
    ) -> Option<Change> {
        let TripRule::Adaptive(rule) = &self.circuit.config.trip else {
            return None;
        };
        let is_due = {
            let mut details = self.circuit.lock();
            let counts = &mut details.trial.counts;
            match verdict {
                Verdict::Success { first_token } => {
                    counts.successes += 1;
                    counts.slow += u64::from(self.is_slow(rule, first_token));
                }
                Verdict::Failure { .. } => counts.failures += 1,
                Verdict::Ignored => {}
            }
            at.ms() >= self.circuit.status().until_ms
        };
        if is_due {
            self.review(ticket.period, at)
        } else {
            None
        }
    }

    /// Brings a degraded target back, or puts that off.
    pub(super) fn review(&self, period: u32, at: Moment) -> Option<Change> {
        let TripRule::Adaptive(rule) = &self.circuit.config.trip else {
            return None;
        };
        let mut details = self.circuit.lock();
        let status = self.circuit.status();
        let is_due = status.period == period
            && status.state == BreakerState::Degraded
            && at.ms() >= status.until_ms;
        if !is_due {
            return None;
        }
        let config = &self.circuit.config.degraded;
        let Trial {
            trip,
            counts,
            began_ms,
        } = details.trial;
        let is_thin = counts.samples() < u64::from(config.review_samples);
        let is_pointless = trip == Some(Trip::Outlier)
            && !self.fleet.is_somebody_healthier(self.index, rule, at.now);
        let is_sound = counts.failure_ratio() < rule.healthy_below
            && ratio(counts.slow, counts.successes) < config.slow_below;
        let waited = Duration::from_millis(at.ms().saturating_sub(began_ms));
        let is_overdue = waited >= config.review_every.saturating_mul(PATIENCE);
        if is_pointless || (is_sound && (!is_thin || is_overdue)) {
            return Some(self.ramp_up(status, at));
        }
        if !is_thin || !is_sound {
            details.trial = Trial {
                trip,
                counts: Counts::default(),
                began_ms: at.ms(),
            };
        }
        self.circuit.set_status(Status {
            until_ms: at.after(config.review_every),
            ..status
        });
        None
    }

    /// The status, where a result of this request may change it; only with the lock held.
    fn may_trip(&self, ticket: BreakerTicket) -> Option<Status> {
        let status = self.circuit.status();
        let may =
            status.is_automatic() && status.period == ticket.period && !is_out_of_service(status);
        may.then_some(status)
    }

    pub(super) fn can_be_spared(&self, weight: f64, now: Instant) -> bool {
        let left = self.fleet.capacity_left(self.index, weight, now);
        // Sums of shares are off by a hair.
        left + 1e-9 >= 1.0 - self.circuit.config.max_ejection
    }

    fn open_locked(
        &self,
        details: &mut Details,
        status: Status,
        trip: Trip,
        ticket: BreakerTicket,
        retry_after: Option<Duration>,
        at: Moment,
    ) -> Change {
        let schedule = &self.circuit.config.open;
        // The draw decided whether this request went through, so it is no longer evenly spread.
        let draw = Draws::of_call(ticket.draw.to_bits(), ticket.sequence).unit();
        let wish = retry_after
            .unwrap_or_default()
            .min(schedule.max_retry_after);
        let duration = details.next_open(status, at, schedule, draw).max(wish);
        details.probes.clear();
        self.circuit
            .set_status(status.next_period(BreakerState::Open, at.after(duration)));
        Change::Opened { trip, duration }
    }

    fn close(&self, details: &mut Details, status: Status, at: Moment) -> Change {
        details.closed(at);
        self.circuit.forget_results();
        self.ramp_up(status.next_period(BreakerState::Closed, 0), at)
    }

    /// Takes the target back into service, by and by where others can take the rest.
    fn ramp_up(&self, status: Status, at: Moment) -> Change {
        let ramp = match self.fleet.is_somebody_in_service(self.index) {
            true => self.circuit.config.ramp,
            false => Duration::ZERO,
        };
        let state = match ramp.is_zero() {
            true => BreakerState::Closed,
            false => BreakerState::Ramping,
        };
        self.circuit.set_status(Status {
            state,
            until_ms: at.after(ramp),
            ..status
        });
        Change::Closed { ramp }
    }

    /// Says from when on another probe may be sent.
    fn await_probes(&self, details: &Details, status: Status, verdict: Verdict) {
        let is_news = matches!(verdict, Verdict::Success { .. });
        // While open, only good news of a last resort begins the probing early.
        if status.state == BreakerState::Open && !is_news {
            return;
        }
        self.circuit.set_status(Status {
            state: BreakerState::HalfOpen,
            until_ms: details.probes.free_from_ms(&self.circuit.config.probes),
            ..status
        });
    }
}

const fn is_out_of_service(status: Status) -> bool {
    matches!(status.state, BreakerState::Open | BreakerState::HalfOpen)
}

fn retry_after(verdict: Verdict) -> Option<Duration> {
    match verdict {
        Verdict::Failure { retry_after, .. } => retry_after,
        Verdict::Success { .. } | Verdict::Ignored => None,
    }
}
