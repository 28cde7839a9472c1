//! The breaker of one target in one group: admission and settlement.
//!
//! The way of a request to a healthy target is lock-free: one load, one count on the way in, two or
//! three words on the way out. Everything else is in `transitions`.

use std::sync::Arc;
use std::time::Duration;

use interline_core::TargetHealth;
use tokio::time::Instant;

use super::circuit::{Circuit, Moment};
use super::config::{AdaptiveTrip, PanicRule, TripRule};
use super::fleet::Fleet;
use super::probes::{Sign, Worth};
use super::status::{BreakerState, Mode, Status};
use super::verdict::{BreakerTicket, Cause, Change, Role, Trip, Verdict};
use super::window::{Sample, ratio};
use crate::{Skip, SkipReason};

/// The breaker of one target in one group. See the [module](super).
///
/// So many requests in a row, sent to a target in service, must have got no first byte before one of them
/// counts as stalled. Chosen, not measured: at one request a second they are three seconds apart.
const STALL_WITNESSES: u64 = 3;

/// Cheap to clone; clones share their state.
#[derive(Clone, Debug)]
pub struct Breaker {
    pub(super) fleet: Arc<Fleet>,
    pub(super) index: usize,
    pub(super) circuit: Arc<Circuit>,
}

impl Breaker {
    pub(super) const fn new(fleet: Arc<Fleet>, index: usize, circuit: Arc<Circuit>) -> Self {
        Self {
            fleet,
            index,
            circuit,
        }
    }

    /// Asks to send a request now. `draw` in [0, 1) decides where only a share goes through.
    ///
    /// [`BreakerTicket::change`] tells what that changed.
    ///
    /// # Errors
    /// The target is out of service, or this request does not belong to the share that goes through;
    /// then it may be asked again at once, and [`Breaker::admit_anyway`] lets it through.
    pub fn admit(&self, now: Instant, draw: f64) -> Result<BreakerTicket, Skip> {
        self.admit_patiently(now, draw, self.fleet.stall_limit())
    }

    /// The same for a request whose silence is nothing unusual for so long: a whole answer shows nothing
    /// before it is complete.
    pub(crate) fn admit_patiently(
        &self,
        now: Instant,
        draw: f64,
        patience: Duration,
    ) -> Result<BreakerTicket, Skip> {
        let at = self.circuit.at(now);
        let status = self.circuit.status();
        if let Some(skip) = Circuit::refusal(status, at) {
            return Err(skip);
        }
        match status.mode {
            Mode::Auto => self.admit_by_state(status, at, draw, patience),
            // What the breaker would have refused goes through all the same.
            Mode::MetricsOnly => Ok(self
                .admit_by_state(status, at, draw, patience)
                .unwrap_or_else(|_| self.ticket(Role::Ordinary, status, at, draw))),
            Mode::Closed | Mode::Open => Ok(self.ticket(Role::Ordinary, status, at, draw)),
        }
    }

    /// Why and for how long nobody is let through; `None` where a request may ask.
    ///
    /// The first thing that [`Breaker::admit`] looks at, for those who ask many targets in a row: it
    /// takes nothing, and of a target in service not even the clock's reading is looked at.
    #[inline]
    #[must_use]
    pub fn refusal(&self, now: Instant) -> Option<Skip> {
        let status = self.circuit.status();
        if status.lets_through() {
            return None;
        }
        Circuit::refusal(status, self.circuit.at(now))
    }

    /// Asks to send a request although [`Breaker::admit`] refused it, because nobody else is left.
    ///
    /// Ask once for a request, and ask the target first that is back soonest. `None` means that not
    /// even a trickle may go there now: somebody else of the group is in service, or too many went.
    pub fn admit_anyway(&self, now: Instant, draw: f64) -> Option<BreakerTicket> {
        let at = self.circuit.at(now);
        let status = self.circuit.status();
        if status.mode == Mode::Open {
            return None;
        }
        if status.lets_through() {
            return Some(self.ticket(Role::Ordinary, status, at, draw));
        }
        if Circuit::refusal(status, at).is_none()
            && let Ok(ticket) = self.probe(at, draw, self.fleet.stall_limit())
        {
            return Some(ticket);
        }
        self.may_panic(now)
            .then(|| self.ticket(Role::LastResort, status, at, draw))
    }

    /// Whether a request may go to the target although something says that it is out of service.
    pub(crate) fn may_panic(&self, now: Instant) -> bool {
        let panic = self.circuit.config.panic;
        match panic {
            PanicRule::Always => true,
            PanicRule::Trickle { .. } => {
                !self.fleet.is_somebody_in_service(self.index) && self.fleet.may_trickle(panic, now)
            }
        }
    }

    /// Takes note of the first byte that a request got back.
    pub fn first_byte(&self, ticket: &BreakerTicket, now: Instant) {
        let at = self.circuit.at(now);
        self.circuit.heard_from(at);
        if ticket.is_probe() {
            self.probe_shows(ticket, Sign::Life, at);
        }
    }

    /// Takes note of the first content that a request got back, after that time.
    pub fn first_token(&self, ticket: &BreakerTicket, after: Duration, now: Instant) {
        if ticket.is_probe() {
            let worth = self.worth(Some(after));
            self.probe_shows(ticket, Sign::Content(worth), self.circuit.at(now));
        }
    }

    /// Whether a request without a first byte should be given up: it is older than `limit` (see
    /// [`Fleet::stall_limit`]) and its target has not sent a first byte to *anybody* since it was sent.
    ///
    /// While the target is in service, three requests must have met with this silence: one
    /// alone may simply take its time, and the timeout of its caller is there for it.
    /// A target that is merely slow never matches. Once a target is out of service, `limit` without a
    /// first byte to anybody is enough for requests from before, so that those which others outlived by a
    /// moment need not wait for their timeout: ask again every now and then. Not for probes: there are so
    /// few of them that each may be the only one, and slow.
    /// Settle the request as [`Verdict::STALL`] then.
    #[must_use]
    pub fn stalled(&self, ticket: &BreakerTicket, now: Instant, limit: Duration) -> bool {
        // So few requests go to a degraded target that a slow one would look like a silent one.
        if self.circuit.status().state == BreakerState::Degraded {
            return false;
        }
        let nanos = self.circuit.at(now).nanos;
        let is_older = |since: u64| Duration::from_nanos(nanos.saturating_sub(since)) >= limit;
        let heard = self.circuit.last_heard();
        let is_in_service = !matches!(
            self.circuit.status().state,
            BreakerState::Open | BreakerState::HalfOpen
        );
        if heard.is_none_or(|heard| heard < ticket.sent_nanos) {
            let later = self.circuit.sent.newest().saturating_sub(ticket.sequence);
            let is_witnessed = !is_in_service || later + 1 >= STALL_WITNESSES;
            return is_witnessed && is_older(ticket.sent_nanos);
        }
        !is_in_service && !ticket.is_probe() && heard.is_some_and(is_older)
    }

    /// Takes note of how a request ended; once for each ticket. Tells what that changed.
    pub fn settle(&self, ticket: BreakerTicket, verdict: Verdict, now: Instant) -> Option<Change> {
        let status = self.circuit.status();
        if ticket.period != status.period {
            return None;
        }
        let at = self.circuit.at(now);
        match status.state {
            BreakerState::Closed | BreakerState::Ramping => self.count(ticket, verdict, at),
            BreakerState::Degraded => self
                .count(ticket, verdict, at)
                .or_else(|| self.judge_trial(ticket, verdict, at)),
            BreakerState::Open | BreakerState::HalfOpen => self.judge_probe(ticket, verdict, at),
        }
    }

    /// The share of requests that goes through, 0–1: for display, and for balancers that ask
    /// [`Breaker::admit_anyway`] at once. Those that ask [`Breaker::admit`] get it applied there.
    #[must_use]
    pub fn weight(&self, now: Instant) -> f32 {
        let status = self.circuit.status();
        let own = self.circuit.weight(status, self.circuit.at(now));
        let has_share = matches!(status.state, BreakerState::Ramping | BreakerState::Degraded);
        if has_share && status.mode == Mode::Auto {
            self.fleet.share(own, self.floor(), now) as f32
        } else {
            own as f32
        }
    }

    /// How the target is doing, for the balancer.
    #[must_use]
    pub fn health(&self, now: Instant) -> TargetHealth {
        let at = self.circuit.at(now);
        let failures = self.circuit.recent_failures(at);
        match Circuit::refusal(self.circuit.status(), at) {
            Some(skip) => TargetHealth::closed_for(skip.retry_in, failures),
            None => TargetHealth::available(failures),
        }
    }

    /// How the target is treated.
    #[must_use]
    pub fn state(&self, now: Instant) -> BreakerState {
        self.circuit.status().state_at(self.circuit.at(now).ms())
    }

    /// Who decides.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.circuit.status().mode
    }

    /// Failures per result in the last ten seconds, 0–1; `None` without results.
    #[must_use]
    pub fn failure_ratio(&self, now: Instant) -> Option<f64> {
        let counts = self.circuit.window.sum(self.circuit.at(now).second());
        (counts.samples() > 0).then(|| counts.failure_ratio())
    }

    /// What is known of the target, whichever group it is asked in.
    #[must_use]
    pub const fn circuit(&self) -> &Arc<Circuit> {
        &self.circuit
    }

    /// The group that the target is compared with.
    #[must_use]
    pub const fn fleet(&self) -> &Arc<Fleet> {
        &self.fleet
    }

    fn admit_by_state(
        &self,
        status: Status,
        at: Moment,
        draw: f64,
        patience: Duration,
    ) -> Result<BreakerTicket, Skip> {
        match status.state {
            BreakerState::Closed => Ok(self.ticket(Role::Ordinary, status, at, draw)),
            BreakerState::Ramping if at.ms() >= status.until_ms => {
                self.circuit.end_ramp(status);
                Ok(self.ticket(Role::Ordinary, status, at, draw))
            }
            BreakerState::Ramping | BreakerState::Degraded => {
                if !self.is_mine(status, at, draw) {
                    return Err(Skip::new(SkipReason::Unhealthy, Duration::ZERO));
                }
                let mut ticket = self.ticket(Role::Ordinary, status, at, draw);
                if status.state == BreakerState::Degraded && at.ms() >= status.until_ms {
                    ticket.change = self.review(ticket.period, at);
                }
                Ok(ticket)
            }
            BreakerState::Open | BreakerState::HalfOpen => self.probe(at, draw, patience),
        }
    }

    /// The share of the group's capacity that must be left in service.
    fn floor(&self) -> f64 {
        1.0 - self.circuit.config.max_ejection
    }

    /// Whether a request belongs to the share that goes to a target which has only a share.
    fn is_mine(&self, status: Status, at: Moment, draw: f64) -> bool {
        let own = self.circuit.weight(status, at);
        let share = self.fleet.share(own, self.floor(), at.now);
        // Others can do without a degraded target unless its share had to be raised.
        let is_trial = status.state == BreakerState::Degraded && share <= own;
        draw < share && (!is_trial || self.circuit.take_trial(at))
    }

    pub(super) fn ticket(
        &self,
        role: Role,
        status: Status,
        at: Moment,
        draw: f64,
    ) -> BreakerTicket {
        BreakerTicket {
            sequence: self.circuit.sent.next(at.second()),
            sent_nanos: at.nanos,
            draw,
            period: status.period,
            role,
            change: None,
        }
    }

    /// Counts a result of a target in service, and trips where it is one too many.
    fn count(&self, ticket: BreakerTicket, verdict: Verdict, at: Moment) -> Option<Change> {
        let circuit = &*self.circuit;
        match (verdict, &circuit.config.trip) {
            (Verdict::Ignored, _) => {
                circuit.streak.ignore(ticket.sequence);
                if at.nanos.saturating_sub(ticket.sent_nanos) < WINDOW_NANOS {
                    circuit.sent.ignore();
                }
                None
            }
            (Verdict::Success { .. }, TripRule::Count { .. }) => {
                circuit.window.record(Sample::Success, at.second());
                None
            }
            (Verdict::Success { first_token }, TripRule::Adaptive(rule)) => {
                circuit.streak.succeed(ticket.sequence);
                if self.is_slow(rule, first_token) {
                    circuit.window.record(Sample::Slow, at.second());
                    self.consider_slowness(rule, ticket, at)
                } else {
                    circuit.window.record(Sample::Success, at.second());
                    None
                }
            }
            (Verdict::Failure { retry_after, .. }, TripRule::Count { failures, window }) => {
                circuit.window.record(Sample::Failure, at.second());
                circuit.recent.record(at.nanos);
                self.count_failures(*failures, *window, ticket, retry_after, at)
            }
            (
                Verdict::Failure {
                    cause: Cause::Overload,
                    ..
                },
                TripRule::Adaptive(_),
            ) if !circuit.half_failure() => self.count(ticket, Verdict::Ignored, at),
            (Verdict::Failure { cause, retry_after }, TripRule::Adaptive(rule)) => {
                circuit.window.record(Sample::Failure, at.second());
                self.consider_failure(rule, ticket, cause, retry_after, at)
            }
        }
    }

    /// How much a success says that took so long to its first content.
    pub(super) fn worth(&self, first_token: Option<Duration>) -> Worth {
        match &self.circuit.config.trip {
            TripRule::Adaptive(rule) if self.is_slow(rule, first_token) => Worth::Half,
            _ => Worth::Full,
        }
    }

    pub(super) fn is_slow(&self, rule: &AdaptiveTrip, first_token: Option<Duration>) -> bool {
        first_token
            .is_some_and(|first_token| rule.is_slow(first_token, self.fleet.median_first_token()))
    }

    /// Trips where the streak is too long or the share of failures too large.
    fn consider_failure(
        &self,
        rule: &AdaptiveTrip,
        ticket: BreakerTicket,
        cause: Cause,
        retry_after: Option<Duration>,
        at: Moment,
    ) -> Option<Change> {
        let circuit = &*self.circuit;
        let run = circuit.streak.fail(ticket.sequence);
        let counts = circuit.window.sum(at.second());
        if run.failures >= rule.shortest_streak() {
            let mut before = counts;
            before.failures = before.failures.saturating_sub(run.failures);
            let elsewhere = self.fleet.failure_ratio_elsewhere(self.index, at.now);
            // Fast failures say little about a target that the group cannot do without: where everybody
            // fails at 60 % all of them would go, one after the other, for being the worst at the moment.
            let is_doubtful = cause != Cause::Stall && !self.can_be_spared(0.0, at.now);
            let baseline = match is_doubtful {
                true => rule.baseline_cap,
                false => rule.baseline(before.failure_ratio(), elsewhere),
            };
            let newest = match cause {
                Cause::Error | Cause::Overload => circuit.sent.newest(),
                Cause::Stall => ticket.sequence,
            };
            let cohort = circuit.streak.cohort(run, newest);
            if rule.streak_trips(run.failures, cohort, baseline) {
                return self.open(Trip::Streak, ticket, retry_after, at);
            }
        }
        let sent = circuit.sent.in_window(at.second());
        if rule.ratio_trips(counts, sent)
            && let Some(change) = self.eject(Trip::Ratio, ticket, retry_after, at)
        {
            return Some(change);
        }
        if rule.is_outlier(counts, sent)
            && self.fleet.is_somebody_healthier(self.index, rule, at.now)
        {
            return self.degrade(Trip::Outlier, ticket, at);
        }
        None
    }

    fn consider_slowness(
        &self,
        rule: &AdaptiveTrip,
        ticket: BreakerTicket,
        at: Moment,
    ) -> Option<Change> {
        let counts = self.circuit.window.sum(at.second());
        // Where everybody is slow, nobody is better.
        let elsewhere = self.fleet.slow_ratio_elsewhere(self.index, at.now);
        if !rule.slow_trips(counts) || elsewhere > ratio(counts.slow, counts.successes) / 2.0 {
            return None;
        }
        self.degrade(Trip::Slow, ticket, at)
    }
}

const WINDOW_NANOS: u64 = super::window::SECONDS * 1_000_000_000;
